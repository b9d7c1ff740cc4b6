"""Every number of the plan, dialled on a real server: each does what `callcenter route` says.

One server a date, nobody signed in. What the plan says is asked of the command as people use it;
what happens is what the caller hears, what arrives at the far ends, and the one order of each call.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from pathlib import Path

import pytest

from callcenter.clock import SHANGHAI
from callcenter.numberplan.cli import as_row
from callcenter.numberplan.decide import decide
from callcenter.numberplan.loader import load
from callcenter.numberplan.model import Plan
from callcenter.orders.record import LegRole, OrderRecord, Outcome
from callcenter.simulator.agent import Call, Side
from callcenter.simulator.audio import RATE
from callcenter.simulator.heard import Catalog
from callcenter.simulator.outside import Outside
from callcenter.simulator.rtp import FRAME
from callcenter.store.orders import OrderFilter
from tests.support.city import City, edit, new_caller, running_city, until, within

BEFORE_ALL_CUTOVERS = "2017-04-20T10:00"
TRIAL_RUN = "2017-12-01T10:00"
FORMAL_RUN = "2018-07-02T10:00"
CARRIERS = ("telecom", "unicom")
CALLS_AT_ONCE = 14
FORWARDS_AT_ONCE = 6
"""Of those; from each carrier. It has 29 channels, which the forwarded legs need too."""
RIVALS = 3
Row = dict[str, str | None]


@dataclass(frozen=True)
class Dialled:
    """One call that was made, and what `route` said about it."""

    caller: str
    trunk: str
    says: Row


@asynccontextmanager
async def rehearsal(folder: Path, at: str) -> AsyncIterator[tuple[City, Dialler]]:
    async with running_city(folder, "--at", at) as city:
        plan = load(city.server.settings.plan).plan
        assert plan is not None
        yield city, Dialler(city, plan)


async def what_route_says(city: City, at: str) -> list[Row]:
    """`callcenter route --all --at … --json`, of the plan that the server has."""
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("callcenter")), "route"),
        *("--all", "--at", at, "--json"),
        env={**os.environ, **city.server.settings.environment()},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await within(process.communicate())
    assert process.returncode == 0
    rows: list[Row] = json.loads(printed)
    return rows


class Dialler:
    """Dials numbers and compares what happens with what was said."""

    def __init__(self, city: City, plan: Plan) -> None:
        self.city, self.plan = city, plan
        self._lines: dict[str | None, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._calls = {trunk: asyncio.Semaphore(CALLS_AT_ONCE) for trunk in CARRIERS}
        self._forwards = {trunk: asyncio.Semaphore(FORWARDS_AT_ONCE) for trunk in CARRIERS}

    def emergencies(self) -> list[Row]:
        """What `route` says about the emergency numbers: the same at every moment."""
        now = datetime.now(SHANGHAI)
        return [as_row(decide(self.plan, number, None, now)) for number in self.plan.emergencies]

    async def dial_all(self, rows: Iterable[Row]) -> list[Dialled]:
        """Dial every number, many at a time; all that went wrong is told together."""
        calls = [
            Dialled(new_caller(), trunk, says)
            for says, trunk in zip(rows, cycle(CARRIERS), strict=False)
        ]
        results = await asyncio.gather(*(self._one(each) for each in calls), return_exceptions=True)
        wrong = [
            f"{call.says['number']} on {call.trunk}: {result!r}"
            for call, result in zip(calls, results, strict=True)
            if isinstance(result, BaseException)
        ]
        assert not wrong, "\n".join(wrong)
        return calls

    async def _one(self, dialled: Dialled) -> None:
        says = dialled.says
        # Two numbers may share an own line: one after the other, so that each finds its far end.
        async with AsyncExitStack() as turn:
            if says["trunk"]:
                await turn.enter_async_context(self._lines[says["target"]])
                await turn.enter_async_context(self._forwards[dialled.trunk])
            await turn.enter_async_context(self._calls[dialled.trunk])
            call = await self.city.call(says["number"] or "", dialled.caller, trunk=dialled.trunk)
            try:
                await within(self._follow(call, dialled))
            finally:
                await call.hang_up()

    async def _follow(self, call: Call, dialled: Dialled) -> None:
        match dialled.says["action"]:
            case "queue":
                await self._is_queued(call, dialled.says)
            case "announce":
                await self._is_announced(call, dialled.says)
            case "forward" | "emergency":
                await self._is_forwarded(call, dialled)
            case "reject":
                assert (await call.until_ended()).status == 404
            case other:
                raise AssertionError(f"route says {other}")

    async def _is_queued(self, call: Call, says: Row) -> None:
        prompt = says["announcement"] or self.plan.queues[says["target"] or ""].greeting
        assert prompt is not None
        assert await call.until_answered()
        seconds = len(self.city.recording(prompt)) / RATE + 0.5  # some of the music
        await call.media.until_heard(round(seconds * RATE / FRAME))
        assert await self._heard(call, prompt) == [prompt]
        assert call.ending is None, "waiting in the queue"

    async def _is_announced(self, call: Call, says: Row) -> None:
        assert (await call.until_ended()).by is Side.REMOTE
        prompt = says["announcement"] or ""
        assert await self._heard(call, prompt) == [prompt]

    async def _is_forwarded(self, call: Call, dialled: Dialled) -> None:
        says = dialled.says
        line = says["target"] or ""
        far = await self.city.outside.call_to(line, trunk=says["trunk"])
        assert dialled.caller[-8:] in far.headers("From")[0]
        assert await call.until_answered()
        heard: set[str] = set()

        async def its_voice() -> bool:
            heard.update(await self._heard_voices(call, line))
            return bool(heard)

        # It lasts two seconds and goes round: its middle is in any three that come without a break.
        await call.media.until_heard(3 * RATE // FRAME + 5)
        await until(its_voice, lambda: f"hears nobody at {line}", every=1.0)
        assert heard == {line}
        number = self.plan.numbers.get(says["number"] or "")
        keys = (number and number.after_answer_digits) or ""
        await far.call.media.until_digits(len(keys))
        assert far.digits == keys

    async def _heard(self, call: Call, prompt: str) -> Sequence[str]:
        """What was heard, of this prompt and others that could be taken for it."""
        names = sorted(self.plan.prompts, key=lambda name: (name.split("_")[0], name))
        at = names.index(prompt)
        near = {prompt, "greeting", *names[max(0, at - RIVALS) : at + RIVALS + 1]}
        near |= {name for name in names if name.endswith(prompt.rsplit("_", maxsplit=1)[-1])}
        sounds = {name: ("", self.city.recording(name)) for name in near}
        heard = await asyncio.to_thread(Catalog(sounds).listen, call.heard())
        return list(heard.names)

    async def _heard_voices(self, call: Call, line: str) -> Sequence[str]:
        """Whose voice was heard: the right line's or one of some others."""
        middle = slice(RATE // 2, 3 * RATE // 2)
        others = [n.own_line[0].digits for n in self.plan.numbers.values() if n.own_line][:RIVALS]
        voices = {each: ("", Outside.voice(each)[middle]) for each in (line, *others)}
        return (await asyncio.to_thread(Catalog(voices).listen, call.heard())).names

    async def check_orders(self, calls: Sequence[Dialled]) -> None:
        """Each call has left exactly one order, and it says the same as `route`."""
        orders = await self.orders_when_done(len(calls))
        by_caller = {order.caller or "": order for order in orders}
        assert sorted(by_caller) == sorted(f"+86{call.caller}" for call in calls)
        wrong = [
            f"{call.says['number']}: {found} instead of {wanted}"
            for call in calls
            if (found := found_in(by_caller[f"+86{call.caller}"])) != (wanted := wanted_of(call))
        ]
        assert not wrong, "\n".join(wrong)

    async def orders_when_done(self, count: int) -> list[OrderRecord]:
        orders: list[OrderRecord] = []

        async def all_done() -> bool:
            page = await self.city.orders.page(OrderFilter(), limit=1000)
            orders[:] = [order.record for order in page.orders]
            return len(orders) >= count and all(
                order.outcome and all(leg.ended for leg in order.legs) for order in orders
            )

        await until(all_done, lambda: f"{len(orders)} of {count} orders, or not finished")
        assert len(orders) == count
        assert len({order.number for order in orders}) == count
        return orders


def found_in(order: OrderRecord) -> tuple[object, ...]:
    lines = [(leg.place, leg.party) for leg in order.legs if leg.role is LegRole.PARTNER]
    return (
        order.trunk,
        order.hotline,
        order.first_dialled,
        order.owner,
        order.hotline_service,
        order.queue,
        order.outcome,
        order.ended_by,
        lines,
    )


def wanted_of(call: Dialled) -> tuple[object, ...]:
    says = call.says
    forwarded = says["action"] in ("forward", "emergency")
    outcome, ended_by = {
        "queue": (Outcome.ABANDONED, "caller"),
        "forward": (Outcome.FORWARDED, "caller"),
        "emergency": (Outcome.EMERGENCY, "caller"),
        "announce": (Outcome.ANNOUNCED, "system"),
        "reject": (Outcome.REJECTED, "system"),
    }[says["action"] or ""]
    return (
        call.trunk,
        says["number"] if says["mode"] else None,
        says["number"],
        says["owner"],
        says["service"],
        says["target"] if says["action"] == "queue" else None,
        outcome,
        ended_by,
        [(says["trunk"], says["target"])] if forwarded else [],
    )


@pytest.mark.parametrize(
    ("at", "actions"),
    [
        pytest.param(BEFORE_ALL_CUTOVERS, {"queue": 1, "forward": 66}, marks=pytest.mark.long),
        (TRIAL_RUN, {"queue": 44, "forward": 23}),
        pytest.param(
            FORMAL_RUN, {"queue": 16, "announce": 28, "forward": 23}, marks=pytest.mark.long
        ),
    ],
    ids=["before all cutovers", "trial run", "formal run"],
)
async def test_all_67_numbers_and_the_emergencies_do_what_route_says(
    tmp_path: Path, at: str, actions: dict[str, int]
) -> None:
    async with rehearsal(tmp_path, at) as (city, dialler):
        rows = await what_route_says(city, at)
        assert Counter(row["action"] for row in rows) == actions
        assert {row["number"] for row in rows} == set(dialler.plan.numbers)
        # Side by side in time, the three kinds of route take their channels evenly.
        mixed = sorted(rows, key=lambda row: (row["number"] or "")[::-1])
        await dialler.check_orders(await dialler.dial_all([*mixed, *dialler.emergencies()]))


async def test_retired_numbers_are_refused_as_unallocated(tmp_path: Path) -> None:
    """No date of retirement is planned; once somebody writes one, it holds."""
    async with rehearsal(tmp_path, FORMAL_RUN) as (city, dialler):
        settings = city.server.settings
        edit(
            settings.plan, "dialplan/numbers.yaml", "# retired_from: .*", "retired_from: 2018-07-02"
        )

        async def is_in_force() -> bool:
            return (await city.ask("GET", "/plan/route?number=87222160"))["action"] == "reject"

        await until(is_in_force, lambda: "the edit has no effect")
        rows = [r for r in await what_route_says(city, FORMAL_RUN) if r["mode"] == "direct_retire"]
        assert Counter(row["action"] for row in rows) == {"reject": 28}
        await dialler.check_orders(await dialler.dial_all(rows))
