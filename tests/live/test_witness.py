"""An outside witness of our figures: Asterisk's own queue, given the same traffic by sipp.

Both distribute to whoever talked longest ago, with the same wrap-up; callers come at least 200 ms
apart. The same events, calls and members must be in both queue_logs, at the same times within
100 ms; and sipp's own counts must be ours.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from time import time

import pytest

from bench.sides import Rules, Side, native, ours
from bench.telephones import Statistics, keep, register, seats
from callcenter.analytics.periods import By
from callcenter.analytics.report import Of
from callcenter.analytics.span import Span
from callcenter.orders.record import Outcome
from callcenter.store.figures import FigureStore
from callcenter.store.orders import OrderStore
from tests.support.city import until
from tests.support.witness import (
    WRAP_UP,
    Story,
    furthest,
    journalled,
    schedule,
    story,
    watched,
)

SEATS = 5
"""Of which the first one declines."""
RULES = Rules(wrap_up=WRAP_UP, answer_first=True, pause_who_declines=True)
TOLERANCE = 0.1
"""Seconds."""
FOREVER = Span(0, 4_000_000_000_000)


@asynccontextmanager
async def staffed(side: Side, folder: Path, order: Sequence[str] = ()) -> AsyncIterator[None]:
    await register(folder / "registering", side.seats, side.server, side.passwords)
    async with seats(folder / "seats", side.seats, "declining"):
        await side.get_ready(order)
        yield


async def the_witness(folder: Path, rounds: int) -> tuple[Story, Statistics]:
    """Asterisk's own queue."""
    with tempfile.TemporaryDirectory(prefix="cc-witness-") as made:
        async with native(Path(made), SEATS, RULES) as side, staffed(side, folder):
            async with watched(side.settings.queue_log) as lines:
                counts = await keep(
                    folder / "callers", side.carrier, side.server, schedule(SEATS - 1, rounds)
                )
            members = {f"PJSIP/{seat}": seat for seat in side.plan.seats}
    return story(lines, members), counts


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(4, id="short"),
        pytest.param(30, id="long", marks=(pytest.mark.long, pytest.mark.timeout(400))),
    ],
)
async def test_asterisks_own_queue_tells_the_same_of_the_same_traffic(
    rounds: int, tmp_path: Path
) -> None:
    told, their_counts = await the_witness(tmp_path / "app_queue", rounds)
    # Who was never called is equal to app_queue: ours sign in in the order in which it tried them.
    order = list(dict.fromkeys(tried(told)))
    assert len(order) == SEATS
    planned = schedule(SEATS - 1, rounds)
    folder = tmp_path / "callcenter"
    with tempfile.TemporaryDirectory(prefix="cc-witness-") as made:
        async with ours(Path(made), SEATS, RULES) as side, staffed(side, folder, order):
            began = time()
            counts = await keep(folder / "callers", side.carrier, side.server, planned)
            data = side.settings.data
            file = side.settings.own_queue_log
            lines = journalled(data / "journal.db")

            def is_written() -> bool:
                return file.read_text().splitlines() == [each.line for each in lines]

            await until(is_written, lambda: "queue_log is not what the journal leads to")
            store = OrderStore.of(side.settings, read_only=True)
            figures = FigureStore(store.engine)

            async def is_filed() -> bool:
                total = (await figures.report(FOREVER, By.DAY, Of.QUEUE, now())).total
                return total.offered == len(planned) and total.in_progress == 0

            await until(is_filed, lambda: "not every call is filed")
            total = (await figures.report(FOREVER, By.QUARTER, Of.HOTLINE, now())).total
            work = (await figures.report(FOREVER, By.QUARTER, Of.OPERATOR, now())).total_work
            await store.close()
            members = dict(zip(side.plan.operators, side.plan.seats, strict=True))
    own = story((each for each in lines if each.at >= began - 1.0), members)

    assert own.in_short() == told.in_short()
    assert [(e.event, e.member) for e in own.members] == [(e.event, e.member) for e in told.members]
    difference = furthest(own, told)
    print(f"{len(planned)} calls, furthest apart: {difference * 1000:.0f} ms")
    assert difference <= TOLERANCE

    # sipp counts a call that hung up after an answer; that the caller was still waiting is known
    # to the schedule alone: the last three.
    assert counts == their_counts == Statistics(len(planned), len(planned), 0)
    assert total.offered == counts.made
    assert total.outcomes[Outcome.ABANDONED] == told.count("ABANDON") == 3
    assert total.outcomes[Outcome.ANSWERED] == told.count("CONNECT") == len(planned) - 3
    assert total.in_progress == 0
    assert work is not None
    assert work.taken == total.outcomes[Outcome.ANSWERED]
    assert work.missed == told.count("RINGNOANSWER") == 1
    assert work.seconds["talking"] == pytest.approx(total.talk_seconds, abs=0.0005)
    assert total.talk_seconds == pytest.approx(talk(told), abs=TOLERANCE * len(planned))


def tried(told: Story) -> list[str]:
    """The members, in the order in which the queue rang them."""
    rang = [
        each
        for happened in told.calls.values()
        for each in happened
        if each.event in ("RINGNOANSWER", "CONNECT")
    ]
    return [each.member for each in sorted(rang, key=lambda each: each.at)]


def talk(told: Story) -> float:
    """Seconds that members talked."""
    return sum(
        end.at - begin.at
        for happened in told.calls.values()
        for begin, end in pairwise(happened)
        if begin.event == "CONNECT"
    )


def now() -> int:
    return round(time() * 1000)
