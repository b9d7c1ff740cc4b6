"""The journal forgets what is old: no event, no number, and it can still be gone on with."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.calls.audit import AuditRecord
from callcenter.orders.outbound import Called, OutboundRecord
from callcenter.store import forgetting
from callcenter.store.feeds import OrderFeed
from callcenter.store.journal import Entry, Journal, Snapshot
from callcenter.store.orders import OrderFilter, OrderStore
from callcenter.store.projector import Projector
from tests.fakes.orders import ENDED, another

NUMBER = "51987200000"
BLOCK = AuditRecord(
    "1-1", 1.0, "009", "", "block_caller", "", "", f"number=+86{NUMBER}, reason=骂人, x=1", ""
)
MADE = OutboundRecord(
    "out1", 1, "call-1", "001", "seat01", Called.CITIZEN, f"+86{NUMBER}", 1.0, None, 2.0
)


def entry(seq: int) -> Entry:
    number = f"320481-20171122-{seq:04}"
    return Entry(
        seq, 1000.0 + seq, "plan", 1, "CallArrived", f'{{"caller": "+86{NUMBER}"}}',
        records=(replace(ENDED, call=f"call-{seq}", number=number),),
        audit=(replace(BLOCK, id=str(seq)),),
        outbound=(replace(MADE, call=f"out{seq}"),),
        texts="{}",
    )  # fmt: skip


def snapshot(seq: int) -> Snapshot:
    return Snapshot(seq, 1, f'{{"caller": "+86{NUMBER}"}}')


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    yield journal
    await journal.close()


def ours(number: str) -> bool:
    return number == "12345"


async def all_of_it(journal: Journal, before: float) -> int:
    done = 0
    while count := await journal.forget(before, ours):
        done += count
    return done


async def seqs(journal: Journal) -> list[int]:
    return [each.seq for each in await journal.entries_after(0)]


async def test_old_events_go_and_younger_ones_stay(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "EVENTS", 2)
    await journal.commit([entry(seq) for seq in range(1, 9)], snapshot(8))
    assert await all_of_it(journal, before=1006.0) == 5
    assert await seqs(journal) == [6, 7, 8]
    assert await all_of_it(journal, before=1006.0) == 0


async def test_what_the_snapshot_does_not_hold_stays_and_so_does_the_last_event(
    journal: Journal,
) -> None:
    await journal.commit([entry(seq) for seq in range(1, 4)], snapshot(2))
    assert await all_of_it(journal, before=9999.0) == 2
    await journal.keep_snapshot(snapshot(3))
    assert await all_of_it(journal, before=9999.0) == 0
    assert await seqs(journal) == [3]
    assert await journal.last_plan() == "{}"


async def test_the_orders_can_be_made_again_without_the_persons(
    journal: Journal, tmp_path: Path
) -> None:
    await journal.commit([entry(seq) for seq in range(1, 4)], snapshot(2))
    late = Entry(4, 5000.0, "plan", 1, "LegRinging", "{}", records=(another(9, caller=None),))
    await journal.commit([late], Snapshot(4, 1, "{}"))
    assert await all_of_it(journal, before=2000.0) == 3
    store = OrderStore.in_folder(tmp_path)
    await Projector(OrderFeed(journal), store, lambda: 0.0).catch_up()
    page = await store.page(OrderFilter())
    await store.close()
    assert len(page.orders) == 4
    old = [each.record for each in page.orders if each.record.call != "call-9"]
    assert {(each.caller, each.caller_raw, each.outcome) for each in old} == {
        (None, "", ENDED.outcome)
    }
    assert {each.legs[2].party for each in old} == {"001"}, "who worked is a figure"
    ((_, row), *_) = await journal.audit_after(0, 1)
    assert row.detail == "number=erased, reason=erased, x=1"


def test_no_old_number_is_in_the_file(tmp_path: Path) -> None:
    async def forget() -> None:
        journal = Journal(tmp_path / "journal.db")
        await journal.open()
        await journal.commit([entry(seq) for seq in range(1, 99)], snapshot(2))
        last = Entry(99, 5000.0, "plan", 1, "LegRinging", "{}")
        await journal.commit([last], Snapshot(99, 1, "{}"))
        assert await all_of_it(journal, before=2000.0) == 98
        await journal.close()

    asyncio.run(forget())
    assert NUMBER.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


async def test_a_death_in_the_middle_leads_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "EVENTS", 1)
    first, second = (Journal(tmp_path / "journal.db") for _ in range(2))
    await first.open()
    await first.commit([entry(seq) for seq in range(1, 4)], snapshot(3))
    assert await first.forget(9999.0, ours) == 1
    await first.close()
    await second.open()
    assert await all_of_it(second, before=9999.0) == 1
    records = [record for _, record in await second.orders_after(0, 10)]
    assert [record.caller for record in records] == [None, None, ENDED.caller]
    await second.close()


async def test_a_record_that_nobody_can_read_goes_with_its_event(
    journal: Journal, tmp_path: Path
) -> None:
    await journal.commit([entry(seq) for seq in range(1, 4)], snapshot(3))
    with closing(sqlite3.connect(tmp_path / "journal.db")) as other, other:
        other.execute("UPDATE orders SET body = '{}' WHERE seq = 1")
    assert await all_of_it(journal, before=9999.0) == 2
    records = await journal.orders_after(0, 10)
    assert [(seq, record.caller) for seq, record in records] == [(2, None), (3, ENDED.caller)]
