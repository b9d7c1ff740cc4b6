"""Operators' changes are filed once each, and reports read them: SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from callcenter.analytics.periods import By
from callcenter.analytics.record import StateChange
from callcenter.analytics.report import Of, report
from callcenter.analytics.span import read_span
from callcenter.store.cursors import Cursor
from callcenter.store.feeds import StateFeed
from callcenter.store.figures import FigureStore
from callcenter.store.journal import Entry, Journal
from callcenter.store.orders import OrderStore
from callcenter.store.projector import Projector
from tests.analytics.naive import facts_of
from tests.fakes.shifts import CALLS, SHIFT, SIGN_IN

MORNING = read_span("2017-11-22T10:00", "2017-11-22T12:00")
NOW = SIGN_IN + 3_600_000


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = Journal(tmp_path / "journal.db")
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def figures(store: OrderStore) -> FigureStore:
    return FigureStore(store.engine)


@pytest.mark.parametrize("of", Of)
async def test_a_report_of_the_store_is_that_of_the_records(
    store: OrderStore, figures: FigureStore, of: Of
) -> None:
    await store.file(CALLS, 1)
    await figures.file(SHIFT, 9)
    facts, states = facts_of(CALLS, SHIFT, NOW)
    wanted = report(facts, states, MORNING, By.QUARTER, of)
    assert wanted.total.offered
    assert await figures.report(MORNING, By.QUARTER, of, NOW) == wanted


async def test_filing_may_be_repeated(figures: FigureStore) -> None:
    assert await figures.cursor() == Cursor()
    for records, position in ((SHIFT[:4], 4), (SHIFT[2:], 9), (SHIFT, 9)):
        await figures.file(records, position)
    assert await figures.cursor() == Cursor(9, f"001 {SHIFT[-1].at}")
    _, states = await figures.facts(MORNING, NOW)
    assert [each.change for each in states] == list(SHIFT)


async def test_who_signed_in_long_before_is_there(figures: FigureStore) -> None:
    early = replace(SHIFT[1], at=SIGN_IN - 40 * 24 * 3_600_000)
    other = replace(SHIFT[0], operator="002", at=SIGN_IN - 5)
    await figures.file([early, other], 2)
    found = await figures.report(MORNING, By.DAY, Of.OPERATOR, NOW)
    assert [(row.key, row.work.seconds) for row in found.rows if row.work is not None] == [
        ("001", {"ready": 4200.0}),
        ("002", {"not_ready": 3600.005}),
    ]


async def test_nothing_filed_is_an_empty_report(figures: FigureStore) -> None:
    found = await figures.report(MORNING, By.HOUR, Of.HOTLINE, NOW)
    assert (found.rows, found.total.offered) == ((), 0)
    assert await figures.newest() == 0


async def test_the_newest_thing_is_a_call_or_a_change(
    store: OrderStore, figures: FigureStore
) -> None:
    await figures.file(SHIFT, 9)
    assert await figures.newest() == SHIFT[-1].at
    await store.file(CALLS, 1)
    assert await figures.newest() == round((CALLS[-1].ended or 0) * 1000)


class Brittle:
    """The store, which fails at first."""

    def __init__(self, figures: FigureStore) -> None:
        self._figures = figures
        self.failures = 2

    async def prepare(self) -> None:
        await self._figures.prepare()

    async def cursor(self) -> Cursor:
        return await self._figures.cursor()

    def identity(self, record: StateChange) -> str:
        return self._figures.identity(record)

    async def file(self, records: Sequence[StateChange], position: int) -> None:
        if self.failures:
            self.failures -= 1
            raise OperationalError("insert", None, Exception("the disk is full"))
        await self._figures.file(records, position)


async def test_an_outage_of_the_store_loses_no_change(
    figures: FigureStore, journal: Journal
) -> None:
    entries = [
        Entry(seq, change.at / 1000, "", 3, "DeadlineReached", "{}", states=(change,))
        for seq, change in enumerate(SHIFT, start=1)
    ]
    await journal.commit(entries[:5])
    brittle = Brittle(figures)
    projector = Projector(StateFeed(journal), brittle, lambda: 100.0, batch=2)
    for _ in range(2):
        with pytest.raises(OperationalError):
            await projector.catch_up()
    await journal.commit(entries[5:])
    await projector.catch_up()
    _, states = await figures.facts(MORNING, NOW)
    assert [each.change for each in states] == list(SHIFT)
    await Projector(StateFeed(journal), figures, lambda: 100.0).catch_up()  # after a restart
    assert (await figures.cursor()).position == len(SHIFT)
