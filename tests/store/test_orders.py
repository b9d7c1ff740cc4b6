"""The order store keeps each call's latest order, and every change of what was entered."""

from __future__ import annotations

import asyncio
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from callcenter.orders.entry import (
    EntryPatch,
    EntryRefusedError,
    OrderEntry,
    RefusalReason,
    RequestType,
)
from callcenter.orders.record import OrderRecord, Outcome
from callcenter.store.cursors import Cursor
from callcenter.store.orders import (
    EntryConflictError,
    OrderFilter,
    OrderNotFoundError,
    OrderStore,
    default_url,
)
from tests.fakes.orders import ENDED, MORNING, TRANSFERRED, WAITING, another


async def test_what_is_filed_is_found_whole(store: OrderStore) -> None:
    await store.file([ENDED], 7)
    assert (await store.find("320481-20171122-0252")).record == ENDED


async def test_a_partner_is_kept_with_number_and_unit(store: OrderStore) -> None:
    await store.file([TRANSFERRED], 7)
    assert (await store.find(ENDED.number)).record == TRANSFERRED


async def test_an_order_is_found_without_its_area(store: OrderStore) -> None:
    await store.file([ENDED], 7)
    assert (await store.find("20171122-0252")).record == ENDED
    with pytest.raises(OrderNotFoundError):
        await store.find("20171122-9999")


async def test_a_newer_version_replaces_the_order_and_its_legs(store: OrderStore) -> None:
    await store.file([WAITING], 1)
    await store.file([ENDED], 2)
    assert (await store.find(ENDED.number)).record == ENDED


async def test_an_older_version_changes_nothing(store: OrderStore) -> None:
    await store.file([ENDED], 2)
    await store.file([WAITING], 2)
    assert (await store.find(ENDED.number)).record == ENDED


async def test_the_latest_of_a_batch_counts(store: OrderStore) -> None:
    await store.file([WAITING, ENDED, WAITING], 3)
    assert (await store.find(ENDED.number)).record == ENDED
    assert (await store.page(OrderFilter())).total == 1


async def test_the_place_in_the_journal_is_kept(store: OrderStore) -> None:
    assert await store.cursor() == Cursor(0, "")
    await store.file([WAITING], 5)
    await store.file([WAITING, ENDED], 9)
    assert await store.cursor() == Cursor(9, "call-1 4")


async def test_a_failed_filing_leaves_neither_order_nor_position(store: OrderStore) -> None:
    broken = replace(another(3), opened=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"(?i)not.null"):
        await store.file([WAITING, broken], 5)
    assert await store.cursor() == Cursor()
    assert (await store.page(OrderFilter())).total == 0


async def test_a_number_that_another_call_has_is_told_apart_and_nothing_is_lost(
    store: OrderStore,
) -> None:
    await store.file([WAITING], 1)
    await store.file([replace(WAITING, call="call-2")], 2)
    assert (await store.find("20171122-0252")).record.call == "call-1"
    assert (await store.find("20171122-0252-2")).record.call == "call-2"
    await store.file([replace(ENDED, call="call-2")], 3)
    assert (await store.find("20171122-0252-2")).record.outcome is Outcome.ANSWERED


async def test_numbers_in_one_batch_are_told_apart_too(store: OrderStore) -> None:
    await store.file([WAITING], 1)
    copies = [replace(WAITING, call=f"call-{n}") for n in (2, 3)]
    await store.file([*copies, another(253), ENDED], 2)
    page = await store.page(OrderFilter())
    assert {order.record.call: order.record.number for order in page.orders} == {
        "call-1": WAITING.number,
        "call-2": f"{WAITING.number}-2",
        "call-3": f"{WAITING.number}-3",
        "call-253": another(253).number,
    }


async def test_a_batch_of_new_known_and_old_orders(store: OrderStore) -> None:
    await store.file([WAITING, another(8, version=9), another(9)], 1)
    batch = [ENDED, another(8, version=3, operator="007"), replace(another(9), version=2, legs=())]
    await store.file([*batch, another(10)], 2)

    async def kept(number: str) -> OrderRecord:
        return (await store.find(number)).record

    assert await kept(ENDED.number) == ENDED
    assert await kept(another(8).number) == another(8, version=9)
    assert await kept(another(9).number) == another(9, version=2, legs=())
    assert await kept(another(10).number) == another(10)


async def test_the_highest_sequence_of_a_day(store: OrderStore) -> None:
    assert await store.highest_sequence("20171122") == 0
    await store.file([another(9), another(12001), another(250)], 3)
    assert await store.highest_sequence("20171122") == 12001
    assert await store.highest_sequence("20171123") == 0


async def test_each_filter_selects(store: OrderStore) -> None:
    other_day = another(300, opened=MORNING + 86400, caller="+8613800001111")
    await store.file([ENDED, another(253, first_dialled="12319", hotline=None), other_day], 3)

    async def found(wanted: OrderFilter) -> list[str]:
        return [order.record.call for order in (await store.page(wanted)).orders]

    assert await found(OrderFilter()) == ["call-300", "call-253", "call-1"]
    assert await found(OrderFilter(day=date(2017, 11, 22))) == ["call-253", "call-1"]
    assert await found(OrderFilter(caller="13800001111")) == ["call-300"]
    assert await found(OrderFilter(caller="138_0001111")) == []
    assert await found(OrderFilter(hotline="12319")) == ["call-253"]
    assert await found(OrderFilter(open=True)) == ["call-300", "call-253"]
    assert await found(OrderFilter(outcome=Outcome.ANSWERED)) == ["call-1"]
    assert await found(OrderFilter(operator="001")) == ["call-1"]
    assert await found(OrderFilter(operator="002")) == []


async def test_pages(store: OrderStore) -> None:
    await store.file([another(n, opened=MORNING + n) for n in range(1, 6)], 5)
    page = await store.page(OrderFilter(), limit=2, offset=2)
    assert [order.record.call for order in page.orders] == ["call-3", "call-2"]
    assert page.total == 5


async def test_an_entry_is_kept_apart_from_what_the_call_knows(store: OrderStore) -> None:
    await store.file([WAITING], 1)
    patch = EntryPatch(type=RequestType.COMPLAINT, content="路灯不亮")
    await store.save_entry(WAITING.number, patch, who="001", now=MORNING + 60, expected=0)
    await store.file([ENDED], 2)
    order = await store.find(WAITING.number)
    assert order.record == ENDED
    assert order.entry.entry == OrderEntry(type=RequestType.COMPLAINT, content="路灯不亮")
    assert (order.entry.version, order.entry.entered_by) == (1, "001")


async def test_every_change_of_an_entry_is_kept(store: OrderStore) -> None:
    await store.file([ENDED], 1)
    first = EntryPatch(type=RequestType.ENQUIRY, answered_on_spot=True)
    await store.save_entry(ENDED.number, first, who="001", now=MORNING, expected=0)
    second = EntryPatch(answered_on_spot=None, refusal=RefusalReason.MILITARY)
    await store.save_entry(ENDED.number, second, who="leader", now=MORNING + 1, expected=1)
    changes = [
        (c.version, c.field, c.old, c.new, c.changed_by) for c in await store.changes(ENDED.number)
    ]
    assert changes == [
        (1, "answered_on_spot", None, "true", "001"),
        (1, "type", None, "enquiry", "001"),
        (2, "answered_on_spot", "true", None, "leader"),
        (2, "refusal", None, "military", "leader"),
    ]


async def test_the_same_entry_again_is_no_change(store: OrderStore) -> None:
    await store.file([ENDED], 1)
    patch = EntryPatch(content="路灯不亮")
    await store.save_entry(ENDED.number, patch, who="001", now=MORNING, expected=0)
    again = await store.save_entry(ENDED.number, patch, who="002", now=MORNING + 1, expected=1)
    assert (again.entry.version, again.entry.entered_by) == (1, "001")
    assert len(await store.changes(ENDED.number)) == 1


async def test_the_second_writer_sees_what_the_first_one_saved(store: OrderStore) -> None:
    await store.file([ENDED], 1)
    first = EntryPatch(content="路灯不亮")
    await store.save_entry(ENDED.number, first, who="001", now=MORNING, expected=0)
    with pytest.raises(EntryConflictError) as conflict:
        await store.save_entry(
            ENDED.number, EntryPatch(content="别的"), who="002", now=MORNING, expected=0
        )
    assert conflict.value.current.entry.content == "路灯不亮"


async def test_of_writers_at_the_same_time_exactly_one_wins(store: OrderStore) -> None:
    await store.file([ENDED], 1)
    results = await asyncio.gather(
        *(
            store.save_entry(
                ENDED.number, EntryPatch(content=f"第{n}个"), who="001", now=MORNING, expected=0
            )
            for n in range(5)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(result, EntryConflictError) for result in results) == 4
    assert (await store.find(ENDED.number)).entry.version == 1


async def test_a_refused_entry_changes_nothing(store: OrderStore) -> None:
    await store.file([ENDED], 1)
    with pytest.raises(EntryRefusedError):
        await store.save_entry(
            ENDED.number,
            EntryPatch(answered_on_spot=True, refusal=RefusalReason.MILITARY),
            who="001",
            now=MORNING,
            expected=0,
        )
    assert (await store.find(ENDED.number)).entry.version == 0


async def test_a_sign_that_postgresql_cannot_hold_stops_no_filing(store: OrderStore) -> None:
    await store.file([replace(ENDED, caller_raw="0519\x0087")], 1)
    assert (await store.find(ENDED.number)).record.caller_raw == "0519\ufffd87"


async def test_a_store_that_is_only_read_sees_what_the_server_writes(
    store: OrderStore, address: URL
) -> None:
    await store.file([WAITING], 1)
    reader = OrderStore(address, read_only=True)
    assert (await reader.find(WAITING.number)).record == WAITING
    await store.file([ENDED], 2)
    assert (await reader.find(WAITING.number)).record == ENDED
    with pytest.raises(DBAPIError, match=r"read-?only"):
        await reader.file([another(9)], 3)
    await reader.close()


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(file.stat().st_mode) for file in folder.glob("orders.db*")}


async def test_other_users_of_the_machine_read_no_callers_numbers(tmp_path: Path) -> None:
    made = OrderStore.in_folder(tmp_path)
    await made.prepare()
    await made.file([WAITING], 1)
    assert modes(tmp_path) == {0o600}
    await made.close()


async def test_a_store_is_read_after_the_server_has_stopped(tmp_path: Path) -> None:
    writer = OrderStore(default_url(tmp_path))
    await writer.prepare()
    await writer.file([ENDED], 1)
    await writer.close()
    reader = OrderStore(default_url(tmp_path), read_only=True)
    assert (await reader.find(ENDED.number)).record == ENDED
    await reader.close()


async def test_an_order_is_found_by_its_call_and_by_a_partners_reference(store: OrderStore) -> None:
    sent = replace(ENDED, reference="CG-2017/0815")
    await store.file([sent, another(253)], 1)
    assert (await store.find(ENDED.call)).record == sent
    page = await store.page(OrderFilter(reference="CG-2017/0815"))
    assert [order.record for order in page.orders] == [sent]
    assert (await store.page(OrderFilter(reference="CG"))).total == 0
