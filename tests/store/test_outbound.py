"""Calls made on orders' behalf follow the journal; each is on its order, with its recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from callcenter.orders.outbound import Called, OutboundOutcome, OutboundRecord
from callcenter.orders.record import Gap
from callcenter.store.feeds import OutboundFeed
from callcenter.store.journal import Entry, Journal
from callcenter.store.orders import OrderStore
from callcenter.store.outbound import OutboundStore
from callcenter.store.projector import Projector
from callcenter.store.recordings import RecordingStore
from tests.fakes.orders import ENDED, MORNING

MADE = OutboundRecord(
    call="out1511320265000.1",
    version=1,
    order_call=ENDED.call,
    operator="001",
    seat="seat01",
    called=Called.CITIZEN,
    number="+8651987200000",
    began=MORNING + 2400,
)
OVER = replace(
    MADE,
    version=4,
    answered=MORNING + 2426,
    ended=MORNING + 2495,
    outcome=OutboundOutcome.ANSWERED,
    ended_by="caller",
    gaps=(Gap(MORNING + 2430, MORNING + 2440), Gap(MORNING + 2450)),
)
BUSY = replace(
    OVER,
    call="out1511320200000.2",
    began=MORNING + 2335,
    answered=None,
    outcome=OutboundOutcome.BUSY,
)


async def test_an_orders_calls_are_kept_in_order_of_time(store: OrderStore) -> None:
    made = OutboundStore(store.engine)
    await made.file([OVER, BUSY], 2)
    assert await made.of_order(ENDED.call) == (BUSY, OVER)
    assert await made.of_order("call-7") == ()


async def test_the_latest_record_stays_whatever_is_filed_again(store: OrderStore) -> None:
    made = OutboundStore(store.engine)
    for records in ([MADE], [MADE, OVER], [MADE]):
        await made.file(records, 1)
    assert await made.of_order(ENDED.call) == (OVER,)


async def test_they_come_from_the_journal(store: OrderStore, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    entry = Entry(1, MORNING, "plan", 1, "LegEnded", "{}", outbound=(MADE, OVER))
    await journal.commit([entry])
    assert journal.outbound_added.is_set()
    made = OutboundStore(store.engine)
    await Projector(OutboundFeed(journal), made, lambda: MORNING).catch_up()
    await journal.close()
    assert await made.of_order(ENDED.call) == (OVER,)
    assert (await made.cursor()).position == 2


async def test_their_recordings_are_of_the_order(store: OrderStore) -> None:
    await store.file([ENDED], 1)
    await OutboundStore(store.engine).file([OVER], 1)
    recordings = RecordingStore(store.engine)
    calls = (ENDED.call, OVER.call, "unknown")
    assert await recordings.order_numbers(calls) == {
        ENDED.call: "20171122-0252",
        OVER.call: "20171122-0252",
    }
    assert await recordings.without_row(calls) == {ENDED.call, OVER.call}


async def test_an_order_tells_what_is_needed_to_call_on_its_behalf(store: OrderStore) -> None:
    withheld = replace(
        ENDED, call="call-2", number="320481-20171122-0253", caller_withheld=True, legs=()
    )
    await store.file([ENDED, withheld], 1)
    reference = (await store.find("20171122-0252")).reference()
    assert (reference.call, reference.caller) == (ENDED.call, "+8651987200000")
    assert reference.operators == ("001",)
    assert not reference.for_anybody
    assert (await store.find("20171122-0253")).reference().caller is None


async def test_whoever_is_free_may_answer_a_message(store: OrderStore) -> None:
    await store.file([replace(ENDED, voice_message=MORNING, answer_by=MORNING + 86_400)], 1)
    assert (await store.find("20171122-0252")).reference().is_of("003")
