"""The journal keeps what was committed, whole and in order, and nothing of what was not."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.orders.record import Channel, OrderRecord, Outcome
from callcenter.store import journal as journal_module
from callcenter.store.journal import KEPT_SNAPSHOTS, Entry, Journal, Snapshot
from tests.fakes.waiting import until


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "data" / "journal.db")
    await journal.open()
    yield journal
    await journal.close()


def an_entry(seq: int, *records: OrderRecord, cursor: tuple[str, int] | None = None) -> Entry:
    return Entry(seq, 1000.0 + seq, "plan", 1, "LegRinging", "{}", None, records, cursor)


def a_record(call: str, outcome: Outcome | None = None) -> OrderRecord:
    return OrderRecord(
        call=call,
        number="320481-20171122-0001",
        version=1,
        channel=Channel.PHONE,
        opened=1000.0,
        caller="+8651987200000",
        caller_raw="051987200000",
        caller_withheld=False,
        trunk="telecom",
        dialled="12345",
        first_dialled="12345",
        hotline="12345",
        hotline_service="政府公共服务热线",
        owner="政务办",
        outcome=outcome,
    )


async def test_entries_come_back_in_order_without_their_records(journal: Journal) -> None:
    await journal.commit([an_entry(1, a_record("a")), an_entry(2)])
    assert await journal.entries_after(0) == [an_entry(1), an_entry(2)]
    assert await journal.entries_after(1) == [an_entry(2)]


async def test_order_records_follow_their_own_sequence(journal: Journal) -> None:
    first, second = a_record("a"), a_record("b", Outcome.ABANDONED)
    await journal.commit([an_entry(1, first), an_entry(2), an_entry(3, second)])
    assert await journal.orders_after(0, limit=10) == [(1, first), (2, second)]
    assert await journal.orders_after(1, limit=10) == [(2, second)]


async def test_of_some_order_records_each_calls_last_one_is_told(journal: Journal) -> None:
    records = [a_record(call) for call in "abacb"]
    await journal.commit([an_entry(seq, record) for seq, record in enumerate(records, 1)])

    async def latest(seq: int, limit: int) -> list[tuple[int, str]]:
        return [(seq, record.call) for seq, record in await journal.latest_orders_after(seq, limit)]

    assert await latest(0, limit=10) == [(3, "a"), (4, "c"), (5, "b")]
    assert await latest(0, limit=3) == [(2, "b"), (3, "a")]
    assert await latest(3, limit=10) == [(4, "c"), (5, "b")]
    assert await latest(5, limit=10) == []


async def test_one_sync_serves_all_who_came_while_another_was_under_way(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    await journal.commit([an_entry(1)])
    await asyncio.gather(*(journal.synced() for _ in range(3)))
    assert len(synced) == 1
    await journal.synced()
    assert len(synced) == 1, "nothing was committed since"
    await journal.commit([an_entry(2)])
    await journal.synced()
    assert len(synced) == 2


async def test_what_is_to_be_filed_is_on_the_disk(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(file: int) -> None:
        raise OSError(5, "Input/output error")

    await journal.commit([an_entry(1, a_record("a"))])
    with monkeypatch.context() as patched, pytest.raises(OSError, match="Input/output"):
        patched.setattr(os, "fdatasync", broken)
        await journal.latest_orders_after(0, limit=10)
    assert await journal.latest_orders_after(0, limit=10) == [(1, a_record("a"))]


async def test_what_was_committed_moves_into_the_database(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "CHECKPOINT_ENTRIES", 3)
    database = tmp_path / "data" / "journal.db"
    before = database.stat().st_size
    for seq in range(1, 4):
        await journal.commit([an_entry(seq)])
    await until(lambda: database.stat().st_size > before)
    assert await journal.entries_after(0) == [an_entry(1), an_entry(2), an_entry(3)]


async def test_new_records_are_told(journal: Journal) -> None:
    await journal.commit([an_entry(1)])
    assert not journal.changed.is_set()
    await journal.commit([an_entry(2, a_record("a"))])
    assert journal.changed.is_set()


async def test_a_commit_is_whole_or_not_at_all(journal: Journal) -> None:
    await journal.commit([an_entry(1)])
    with pytest.raises(sqlite3.IntegrityError):
        await journal.commit([an_entry(2, a_record("a"), cursor=("queue_log", 9)), an_entry(1)])
    assert await journal.entries_after(0) == [an_entry(1)]
    assert await journal.orders_after(0, limit=10) == []
    assert await journal.cursor("queue_log") == 0


async def test_a_disk_that_is_full_in_the_midst_of_a_commit_leaves_nothing_of_it(
    journal: Journal, tmp_path: Path
) -> None:
    """SQLite has ended the transaction by itself then."""
    limit = "PRAGMA max_page_count={}".format
    pages = (tmp_path / "data" / "journal.db-wal").stat().st_size // 4096 + 4
    await journal._do(lambda: journal._db.execute(limit(pages)))
    with pytest.raises(sqlite3.OperationalError, match="database or disk is full"):
        await journal.commit([an_entry(seq, a_record("a")) for seq in range(1, 1000)])
    assert await journal.entries_after(0) == []
    await journal._do(lambda: journal._db.execute(limit(1_000_000)))
    await journal.commit([an_entry(1)])
    assert await journal.entries_after(0) == [an_entry(1)]


async def test_a_place_in_a_file_moves_on_with_its_event(journal: Journal) -> None:
    assert await journal.cursor("queue_log") == 0
    await journal.commit([an_entry(1, cursor=("queue_log", 120))])
    await journal.commit([an_entry(2, cursor=("queue_log", 240))])
    assert await journal.cursor("queue_log") == 240


async def test_plans_are_kept_by_hash(journal: Journal) -> None:
    for seq in (1, 2):
        await journal.commit([replace(an_entry(seq), plan="abc", texts="text")])
    assert await journal.plan("abc") == "text"
    assert await journal.plan("def") is None


async def test_the_plan_in_force_last_is_known(journal: Journal) -> None:
    assert await journal.last_plan() is None
    await journal.commit([replace(an_entry(1), plan="old", texts="first")])
    await journal.commit([replace(an_entry(2), texts="second"), an_entry(3)])
    assert await journal.last_plan() == "second"


async def test_only_the_last_snapshots_are_kept(journal: Journal, tmp_path: Path) -> None:
    assert await journal.last_snapshot() is None
    for seq in range(1, KEPT_SNAPSHOTS + 3):
        await journal.keep_snapshot(Snapshot(seq, 1, f"state {seq}"))
    last = KEPT_SNAPSHOTS + 2
    assert await journal.last_snapshot() == Snapshot(last, 1, f"state {last}")
    rows = sqlite3.connect(tmp_path / "data" / "journal.db").execute("SELECT seq FROM snapshots")
    assert len(rows.fetchall()) == KEPT_SNAPSHOTS


async def test_what_was_committed_is_there_for_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    first = Journal(path)
    await first.open()
    await first.commit([an_entry(1, a_record("a", Outcome.ANSWERED))])
    # Not closed: as after a kill.
    second = Journal(path)
    await second.open()
    assert await second.entries_after(0) == [an_entry(1)]
    await second.close()
    await first.close()
