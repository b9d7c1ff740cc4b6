"""Closed orders forget the persons in time; figures stay, and what is not over or on hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcenter.analytics.periods import By
from callcenter.analytics.report import Of
from callcenter.analytics.span import read_span
from callcenter.calls.audit import AuditRecord
from callcenter.orders.entry import EntryPatch, RequestType
from callcenter.orders.outbound import Called
from callcenter.orders.record import LegRecord, LegRole, OrderRecord, SurveyAnswer
from callcenter.store.audit import AuditFilter, AuditStore
from callcenter.store.figures import FigureStore
from callcenter.store.orders import Order, OrderNotFoundError, OrderStore
from callcenter.store.outbound import OutboundStore
from callcenter.store.personal import ERASED_ACT, Due, PersonalData
from callcenter.store.recordings import RecordingStore
from callcenter.store.voice_mail import VoiceMail
from tests.fakes.orders import ENDED, MORNING, TRANSFERRED
from tests.fakes.recordings import RECORDING
from tests.fakes.shifts import CALLS, SHIFT, SIGN_IN
from tests.store.test_outbound import OVER

DAY = 86400.0
LATER = MORNING + 100 * DAY
"""All that is over in the morning is older than this."""
FULL = replace(
    TRANSFERRED,
    reference="SZ-77",
    first_dialled="13900000009",
    legs=(
        *TRANSFERRED.legs,
        LegRecord("x", LegRole.PARTNER, "13900000008", "telecom", MORNING),
    ),
    answers=(SurveyAnswer("why", "为什么", "", "", MORNING + 140, "1511317865.7_c1"),),
)


def ours(number: str) -> bool:
    return number == "12345"


@pytest.fixture
def table(store: OrderStore) -> PersonalData:
    return PersonalData(store.engine)


async def filed(store: OrderStore, record: OrderRecord = FULL) -> Order:
    await store.file([record], 1)
    return await store.find(record.number)


async def enter(store: OrderStore, now: float, content: str = "张三，住人民路1号") -> None:
    found = await store.find(FULL.number)
    patch = EntryPatch(type=RequestType.COMPLAINT, category="噪音", content=content)
    await store.save_entry(FULL.number, patch, who="001", now=now, expected=found.entry.version)


async def erase(table: PersonalData, before: float = LATER) -> int:
    return await table.erase(before, LATER, 100, ours)


async def test_nothing_of_the_person_is_left_and_all_that_is_counted_is(
    store: OrderStore, table: PersonalData
) -> None:
    before = await filed(store)
    await enter(store, MORNING + 200)
    await OutboundStore(store.engine).file([OVER], 1)
    assert await table.due(LATER) == Due(orders=1, held=0, open=0)
    assert await erase(table) == 1
    after = await store.find(FULL.number)
    record = after.record
    assert (record.caller, record.caller_raw, record.reference) == (None, "", None)
    assert record.first_dialled is None
    assert [leg.party for leg in record.legs] == ["", "002", "001", "051912319", ""]
    assert record.answers == (replace(FULL.answers[0], recording=""),)
    entry = after.entry.entry
    assert (entry.type, entry.category, entry.content) == (RequestType.COMPLAINT, "噪音", None)
    changes = {each.field: each.new for each in await store.changes(FULL.number)}
    assert changes == {"type": "complaint", "category": "噪音", "content": None}
    (made,) = await OutboundStore(store.engine).of_order(FULL.call)
    assert made == replace(OVER, number="")
    assert after.erased == LATER
    kept = ("outcome", "opened", "ended", "operator", "queue", "wait_ms", "hotline", "dialled")
    assert [getattr(record, name) for name in kept] == [
        getattr(before.record, name) for name in kept
    ]


@pytest.mark.parametrize("of", Of)
async def test_reports_add_up_as_before(store: OrderStore, table: PersonalData, of: Of) -> None:
    figures = FigureStore(store.engine)
    await store.file(CALLS, 1)
    await figures.file(SHIFT, 9)
    later = SIGN_IN + 3_600_000
    span = read_span("2017-11-22T10:00", "2017-11-22T12:00")
    before = await figures.report(span, By.QUARTER, of, later)
    assert await erase(table) > 1
    assert await figures.report(span, By.QUARTER, of, later) == before


async def test_once_erased_nothing_is_due_and_filing_again_brings_nothing_back(
    store: OrderStore, table: PersonalData
) -> None:
    await filed(store)
    assert await erase(table) == 1
    await store.file([FULL], 1)
    assert (await store.find(FULL.number)).record.caller is None
    assert await erase(table) == 0
    assert await table.due(LATER) == Due(orders=0, held=0, open=0)


async def test_a_number_of_the_plan_stays(store: OrderStore, table: PersonalData) -> None:
    await filed(store, ENDED)
    await erase(table)
    assert (await store.find(ENDED.number)).record.first_dialled == "12345"
    await OutboundStore(store.engine).file([replace(OVER, called=Called.UNIT, number="12319")], 1)
    await erase(table)
    (made,) = await OutboundStore(store.engine).of_order(ENDED.call)
    assert made.number == "12319"


async def test_an_order_whose_call_lives_is_never_touched(
    store: OrderStore, table: PersonalData
) -> None:
    await filed(store, replace(FULL, ended=None, outcome=None))
    assert await erase(table) == 0
    assert await table.due(LATER) == Due(orders=0, held=0, open=1)


async def test_its_age_counts_from_the_last_that_was_done_with_it(
    store: OrderStore, table: PersonalData
) -> None:
    await filed(store)
    await enter(store, LATER + 1)
    assert await erase(table) == 0
    assert await erase(table, LATER + DAY) == 1


async def test_a_call_made_for_it_counts_too(store: OrderStore, table: PersonalData) -> None:
    await filed(store)
    made = OutboundStore(store.engine)
    await made.file([replace(OVER, ended=None, outcome=None)], 1)
    assert await erase(table) == 0
    await made.file([replace(OVER, version=5, ended=LATER + 1)], 2)
    assert await erase(table) == 0
    assert await erase(table, LATER + DAY) == 1


async def test_a_message_that_waits_for_an_answer_keeps_it_open(
    store: OrderStore, table: PersonalData
) -> None:
    message = replace(FULL, voice_message=MORNING + 60, answer_by=MORNING + DAY, voice_box="x")
    await filed(store, message)
    assert await erase(table) == 0
    await VoiceMail(store).answer(FULL.number, who="001", now=MORNING + DAY)
    assert await erase(table) == 1


async def test_what_is_entered_afterwards_is_erased_in_its_time(
    store: OrderStore, table: PersonalData
) -> None:
    await filed(store)
    await erase(table)
    await enter(store, LATER + DAY)
    assert await erase(table, LATER + DAY) == 0
    assert await erase(table, LATER + 2 * DAY) == 1
    assert (await store.find(FULL.number)).entry.entry.content is None


async def test_an_order_on_hold_stays_with_its_recordings_until_it_is_released(
    store: OrderStore, table: PersonalData
) -> None:
    await filed(store)
    recordings = RecordingStore(store.engine)
    await recordings.file(RECORDING)
    await table.hold("20171122-0252", who="command", reason="诉讼", now=LATER)
    assert await table.due(LATER) == Due(orders=0, held=1, open=0)
    assert await erase(table) == 0
    assert await recordings.begun_before(LATER, 10) == ()
    (hold,) = await table.holds()
    assert (hold.order, hold.by, hold.reason) == ("20171122-0252", "command", "诉讼")
    assert await table.release("20171122-0252", who="command", now=LATER)
    assert not await table.release("20171122-0252", who="command", now=LATER)
    assert await recordings.begun_before(LATER, 10) == (RECORDING,)
    assert await recordings.of_erased_orders(LATER, 10) == ()
    assert await erase(table) == 1
    assert await recordings.of_erased_orders(LATER, 10) == (RECORDING,)
    rows = (await AuditStore(store.engine).page(AuditFilter(call=FULL.call))).rows
    assert {row.act for row in rows} == {"hold_order", "release_order"}


async def test_no_order_no_hold(table: PersonalData) -> None:
    with pytest.raises(OrderNotFoundError):
        await table.hold("20171122-9999", who="command", reason="", now=LATER)


async def test_it_is_in_the_audit_once_for_each_batch(
    store: OrderStore, table: PersonalData
) -> None:
    await store.file(
        [replace(ENDED, call=f"call-{n}", number=f"320481-20171122-{n:04}") for n in range(3)], 1
    )
    assert [await table.erase(LATER, LATER, 2, ours) for _ in range(3)] == [2, 1, 0]
    page = await AuditStore(store.engine).page(AuditFilter(act=ERASED_ACT))
    assert sorted(row.detail for row in page.rows) == [
        "orders=1, closed_before=2018-03-02 10:31:05",
        "orders=2, closed_before=2018-03-02 10:31:05",
    ]
    assert {row.who for row in page.rows} == {"retention"}


async def test_old_rows_of_the_audit_lose_the_number_and_stay(
    store: OrderStore, table: PersonalData
) -> None:
    audit = AuditStore(store.engine)
    detail = "number=138-0000-0001, until=2017-11-23 10:00, reason=骂人，威胁, treatment=announce"
    row = AuditRecord("1", MORNING, "009", "10.0.0.9", "block_caller", "", "", detail, "")
    await audit.file([row, replace(row, id="2", at=LATER + 1)], 1)
    assert await table.erase_audit(LATER, 10) == 1
    assert await table.erase_audit(LATER, 10) == 0
    young, old = (await audit.page(AuditFilter())).rows
    assert young.detail == detail
    assert old == replace(
        row, detail="number=erased, until=2017-11-23 10:00, reason=erased, treatment=announce"
    )
