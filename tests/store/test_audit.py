"""The audit follows the journal: every row once, however often and from whatever journal."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from callcenter.calls.audit import AuditRecord
from callcenter.store.audit import AuditFilter, AuditStore
from callcenter.store.feeds import AuditFeed
from callcenter.store.journal import Entry, Journal
from callcenter.store.orders import OrderStore
from callcenter.store.projector import Projector
from tests.fakes.orders import MORNING

ROW = AuditRecord(
    id="1511317865.250000-1",
    at=MORNING,
    who="009",
    address="10.0.0.9",
    act="whisper",
    operator="001",
    call="1511317865.1",
    detail="seat=seat20",
    refusal="",
)


def row(number: int, **changes: str) -> AuditRecord:
    at = MORNING + number
    return replace(ROW, id=f"{at:.6f}-{number}", at=at, **changes)


class FakeJournal:
    """A journal in memory."""

    def __init__(self, *rows: AuditRecord) -> None:
        self.changed = asyncio.Event()
        self.kept = list(enumerate(rows, 1))
        self.read_from: list[int] = []

    def write(self, *rows: AuditRecord) -> None:
        self.kept += enumerate(rows, len(self.kept) + 1)

    async def after(self, seq: int, limit: int) -> list[tuple[int, AuditRecord]]:
        self.read_from.append(seq)
        return [pair for pair in self.kept if pair[0] > seq][:limit]

    latest_after = after


async def file(journal: FakeJournal, store: OrderStore) -> AuditStore:
    audit = AuditStore(store.engine)
    await Projector(journal, audit, lambda: MORNING).catch_up()
    return audit


async def test_rows_are_filed_and_listed_newest_first(store: OrderStore) -> None:
    audit = await file(FakeJournal(row(1), row(2), row(3)), store)
    page = await audit.page(AuditFilter(), limit=2)
    assert (page.rows, page.total) == ((row(3), row(2)), 3)
    assert (await audit.page(AuditFilter(), offset=2)).rows == (row(1),)


async def test_the_list_can_be_narrowed(store: OrderStore) -> None:
    refused = row(2, who="002", refusal="not_a_team_leader", operator="003")
    audit = await file(FakeJournal(row(1), refused, row(86_400, act="listen", call="x")), store)
    for wanted, found in (
        (AuditFilter(day=date(2017, 11, 22)), 2),
        (AuditFilter(who="002"), 1),
        (AuditFilter(operator="003"), 1),
        (AuditFilter(act="listen"), 1),
        (AuditFilter(call="x"), 1),
        (AuditFilter(refused=True), 1),
        (AuditFilter(refused=False), 2),
    ):
        assert (await audit.page(wanted)).total == found, wanted


async def test_what_is_filed_again_changes_nothing(store: OrderStore) -> None:
    audit = AuditStore(store.engine)
    await audit.file([row(1), row(2)], 2)
    await audit.file([row(1), row(2)], 2)
    assert (await audit.page(AuditFilter())).total == 2


async def test_a_restart_goes_on_where_it_stopped(store: OrderStore) -> None:
    journal = FakeJournal(row(1), row(2))
    await file(journal, store)
    journal.write(row(3))
    journal.read_from.clear()
    audit = await file(journal, store)
    assert 0 not in journal.read_from
    assert (await audit.page(AuditFilter())).total == 3


async def test_a_journal_that_is_another_one_is_filed_whole(store: OrderStore) -> None:
    await file(FakeJournal(row(1), row(2)), store)
    audit = await file(FakeJournal(row(5), row(6), row(7)), store)
    assert (await audit.page(AuditFilter())).total == 5


async def test_a_sign_that_postgresql_cannot_hold_is_replaced(store: OrderStore) -> None:
    audit = await file(FakeJournal(row(1, call="a\0b")), store)
    assert (await audit.page(AuditFilter())).rows[0].call == "a\ufffdb"


async def test_the_journal_keeps_rows_with_their_event(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    entry = Entry(1, MORNING, "plan", 2, "Act", "{}", audit=(row(1), row(2)))
    await journal.commit([entry])
    feed = AuditFeed(journal)
    assert feed.changed.is_set()
    assert await feed.after(0, 10) == [(1, row(1)), (2, row(2))]
    assert await feed.latest_after(1, 10) == [(2, row(2))]
    await journal.close()


@pytest.mark.parametrize("limit", [1, 2])
async def test_no_more_is_read_than_asked_for(tmp_path: Path, limit: int) -> None:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    await journal.commit([Entry(1, MORNING, "plan", 2, "Act", "{}", audit=(row(1), row(2)))])
    assert len(await journal.audit_after(0, limit)) == limit
    await journal.close()
