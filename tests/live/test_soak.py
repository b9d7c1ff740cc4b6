"""Twenty calls a second with somebody speaking in each, while parts of the house break by turns.

sipp calls and answers. In the end every call is in one order with one outcome, nobody who talked
heard nothing for a second, and nothing has grown.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from bench.capture import seeing
from bench.gaps import Ear
from bench.sides import ours
from bench.telephones import CALLER_VOICE, VOICE, Load, Statistics, register, seats, talk
from callcenter.orders.record import Outcome
from tests.support.city import until
from tests.support.faulty_way import FaultyWay
from tests.support.soak import Filed, Needs, Soak, growth

RATE = 20.0
"""Calls a second."""
TALK = 4.0
"""Seconds."""
LONGEST_WAIT = 20.0
"""Seconds from a seat's answer to the caller's, if the controller is gone in between."""
SEATS = 150
LONGEST_GAP = 1.0
"""Seconds."""
ROUNDED = 1.0
"""Seconds: of times that Asterisk's own queue tells."""
MOST = 0.95
"""Of the calls."""
QUIET_SHARE = 1 / 3
"""Of a long soak, in the end: no more faults, so that one controller's memory can be watched."""
WARM_CALLS = 8000
"""Asterisk's memory is flat after so many."""
FLAT = 0.05
"""By that share memory may grow."""
SLACK = 20
"""Files, or tasks: of requests that are under way."""
SHORT = [pytest.mark.timeout(300)]
LONG = [pytest.mark.long, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("seconds", [pytest.param(20, marks=SHORT), pytest.param(1800, marks=LONG)])
async def test_no_call_is_lost_and_nothing_grows(seconds: int, tmp_path: Path) -> None:
    load = Load(calls=round(RATE * seconds), rate=RATE, talk=TALK)
    async with (
        FaultyWay.laid(tmp_path) as way,
        ours(tmp_path / "house", SEATS) as side,
    ):
        await register(tmp_path / "registering", side.seats, side.server, side.passwords)
        ears = [
            Ear(side.server, side.carrier, VOICE, LONGEST_GAP),
            Ear(side.server, side.seats, CALLER_VOICE, LONGEST_GAP),
        ]
        async with (
            seats(tmp_path / "seats", side.seats, speak=TALK + LONGEST_WAIT),
            Soak.of(side, way) as soak,
        ):
            await side.get_ready()
            before = await soak.needs()
            with (
                seeing(ears[0].see, side.server, side.carrier, VOICE),
                seeing(ears[1].see, side.server, side.seats, CALLER_VOICE),
            ):
                calling = asyncio.create_task(
                    talk(tmp_path / "callers", side.carrier, side.server, load)
                )
                quiet_from = await break_by_turns(soak, calling, seconds)
                counted = await calling
            orders = await all_filed(soak, counted)
            wrong = [f"{caller}: {each}" for caller, each in orders.items() if len(each) != 1]
            wrong += [each for ear in ears for each in ear.wrong]
            talked = {
                caller
                for caller, each in orders.items()
                if max(order.talked for order in each) > LONGEST_GAP + ROUNDED
            }
            wrong += [f"{each} heard nobody: {orders[each]}" for each in talked - ears[0].heard]
            wrong += [f"{each} was not heard: {orders[each]}" for each in talked - ears[1].heard]
            wrong += await left_over(soak, before)
            wrong += grown(soak, quiet_from)
            # Who waits without a controller is answered, by music, and may go before an operator.
            wrong += [
                f"{caller}: {filed}"
                for caller, each in orders.items()
                for filed in each
                if filed.outcome not in {Outcome.ANSWERED, Outcome.ABANDONED}
            ]
            outcomes = Counter(filed.outcome for each in orders.values() for filed in each)
            if wrong:
                soak.keep(tmp_path / "kept")
            assert not wrong, f"{len(wrong)} faults, {outcomes}:\n" + "\n".join(wrong[:50])
            assert counted == Statistics(load.calls, load.calls, 0), outcomes
            assert outcomes[Outcome.ANSWERED] >= MOST * load.calls, outcomes


async def break_by_turns(soak: Soak, calling: asyncio.Task[Statistics], seconds: int) -> float:
    """One fault after the other, in any order, each at any moment, until the last third of the
    calls; when that began."""
    random = Random(20171201)
    loop = asyncio.get_running_loop()
    until_ = loop.time() + seconds * (1 - QUIET_SHARE)
    while True:
        for fault in random.sample(soak.faults, len(soak.faults)):
            await asyncio.wait({calling}, timeout=random.uniform(0.5, 2.0))
            if calling.done() or loop.time() > until_:
                return loop.time()
            await fault()


async def all_filed(soak: Soak, counted: Statistics) -> dict[str, list[Filed]]:
    """Every caller's orders, once there are as many as calls, and all are over."""
    found: dict[str, list[Filed]] = {}

    async def all_are_there() -> bool:
        found.clear()
        found.update(await soak.orders())
        outcomes = [filed.outcome for each in found.values() for filed in each]
        return len(outcomes) >= counted.made and None not in outcomes

    await until(
        all_are_there,
        lambda: f"{counted}, and callers with an order: {len(found)}",
        every=1.0,
        patience=60.0,
    )
    return found


async def left_over(soak: Soak, before: Needs) -> list[str]:
    """What is open though no call is up, after a while."""
    grown: list[str] = []

    async def nothing() -> bool:
        grown[:] = (await soak.needs()).no_more_than(before, SLACK)
        return not grown

    try:
        await until(nothing, lambda: "", every=1.0, patience=30.0)
    except AssertionError:
        return grown
    return []


def grown(soak: Soak, quiet_from: float) -> list[str]:
    """Whose memory is not flat, as far as a soak as long as this one can tell."""
    first = soak.sizes["asterisk"][0].at
    since = {"asterisk": first + WARM_CALLS / RATE, "callcenter": quiet_from}
    found = []
    for name, sizes in soak.sizes.items():
        pid = sizes[-1].pid
        share = growth([each for each in sizes if each.pid == pid and each.at >= since[name]])
        if share > FLAT:
            found.append(f"{name}'s memory has grown by {share:.0%}")
    return found
