"""Recordings are kept by call and file, once however often they are filed, and never forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcenter.store.orders import OrderStore
from callcenter.store.recordings import RecordingStore, RemovedBecause, Totals
from tests.fakes.orders import ENDED, MORNING, another
from tests.fakes.recordings import RECORDING

OLDER = replace(RECORDING, call="call-0", file="2017/11/21/call-0.wav", began=MORNING - 86400)
SECOND = replace(RECORDING, file="2017/11/22/call-1_2.wav", began=MORNING + 60, repaired=True)


@pytest.fixture
async def table(store: OrderStore) -> RecordingStore:
    return RecordingStore(store.engine)


@pytest.fixture
async def filled(table: RecordingStore) -> RecordingStore:
    for each in (SECOND, RECORDING, OLDER):
        await table.file(each)
    return table


async def test_filing_again_changes_nothing(table: RecordingStore) -> None:
    for _ in range(2):
        await table.file(RECORDING)
    assert [row async for row in table.all()] == [RECORDING]


async def test_a_recording_can_come_before_its_order_and_for_a_call_have_several_files(
    filled: RecordingStore,
) -> None:
    assert await filled.of_call("call-1") == (RECORDING, SECOND)
    assert await filled.of_call("call-7") == ()
    assert [each.id for each in (RECORDING, SECOND)] == ["call-1", "call-1_2"]


async def test_they_are_listed_newest_first(filled: RecordingStore) -> None:
    assert await filled.newest(2) == (SECOND, RECORDING)


async def test_all_are_read_a_page_at_a_time(
    filled: RecordingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.store.recordings._PAGE", 2)
    assert [row async for row in filled.all()] == [OLDER, RECORDING, SECOND]


async def test_a_removed_one_stays_and_says_when_and_why(filled: RecordingStore) -> None:
    assert await filled.begun_before(MORNING + 60, 10) == (OLDER, RECORDING)
    assert await filled.begun_before(MORNING + 60, 1) == (OLDER,)
    for moment in (5.0, 6.0):
        await filled.mark_removed([OLDER], moment, RemovedBecause.RETENTION)
    removed = replace(OLDER, removed=5.0, removed_because=RemovedBecause.RETENTION)
    assert await filled.of_call("call-0") == (removed,)
    assert await filled.begun_before(MORNING + 60, 10) == (RECORDING,)


async def test_the_totals_are_of_what_is_there(filled: RecordingStore) -> None:
    size = RECORDING.bytes
    assert await filled.totals(MORNING) == Totals(3, 3 * size, OLDER.began, 2 * size)
    await filled.mark_removed([OLDER], 5.0, RemovedBecause.RETENTION)
    assert await filled.totals(MORNING + 1) == Totals(2, 2 * size, MORNING, size)


async def test_without_any_the_totals_are_zero(table: RecordingStore) -> None:
    assert await table.totals(0.0) == Totals()


async def test_calls_with_an_order_and_no_recording_are_found(
    filled: RecordingStore, store: OrderStore
) -> None:
    await store.file([ENDED, another(253)], 1)
    calls = ["call-0", "call-1", "call-253", "foreign"]
    assert await filled.without_row(calls) == {"call-253"}
    assert await filled.without_row([]) == frozenset()


async def test_each_recording_has_its_orders_number(
    filled: RecordingStore, store: OrderStore
) -> None:
    await store.file([ENDED], 1)
    assert await filled.order_numbers(["call-0", "call-1"]) == {"call-1": "20171122-0252"}
