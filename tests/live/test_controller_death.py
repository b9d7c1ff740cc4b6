"""The controller is killed: those who talk go on, those who wait are served, nobody is forgotten.

Each test kills it and holds the gap open, so that what happens in it does not depend on luck.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from callcenter.calls.events import Ending
from callcenter.orders.record import LegRecord, LegRole, OrderRecord, Outcome
from callcenter.recordings.check import findings
from callcenter.simulator.agent import Call, Side
from callcenter.simulator.behaviour import AT_ONCE, NO_ANSWER
from callcenter.store.orders import OrderFilter
from callcenter.store.recordings import RecordingStore
from tests.support.city import (
    PATIENCE,
    QUEUES,
    VOICE,
    City,
    changed_plan,
    edit,
    new_caller,
    until,
    within,
)
from tests.support.ears import longest_silence
from tests.support.processes import without_controller

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
LONGEST_SILENCE = 5.0


async def test_two_who_talk_go_on_talking_and_leave_one_order(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        call = await city.talk(caller)
        seat = await phone.next_call()
        async with without_controller(city.server):
            call.media.background(city.recording("signed_in"))
            seat.media.background(city.recording("signed_out"))
            await city.until_heard(seat, "signed_in")
            await city.until_heard(call, "signed_out")
        assert await city.operator_state("001") == "talking"
        call.media.background(city.recording("pin_wrong"))
        await city.until_heard(seat, "signed_in", "pin_wrong")
        assert call.ending is None
        await call.hang_up()
        assert (await within(seat.until_ended())).by is Side.REMOTE
        order = (await city.order_of(caller)).record
        await city.until_operator("001", "wrap_up")
    assert (order.outcome, order.operator, order.ended_by) == (Outcome.ANSWERED, "001", "caller")
    assert [leg.outcome for leg in order.legs] == [Ending.NORMAL, Ending.NORMAL]


async def test_a_talk_of_which_one_side_left_meanwhile_leaves_one_order(city: City) -> None:
    """Of a side that is gone nobody saw why: an operator's caller is queued again, never lost."""
    leaver, left = new_caller(), new_caller()
    async with city.operator("001", "seat01") as one, city.operator("002", "seat02") as two:
        first, second = await asyncio.gather(city.talk(leaver), city.talk(left))
        seats = [await one.next_call(), await two.next_call()]
        if leaver[-8:] not in seats[0].invite.from_.uri:
            seats.reverse()
        async with without_controller(city.server):
            await first.hang_up()
            await seats[1].hang_up()
        assert (await within(seats[0].until_ended())).by is Side.REMOTE
        await city.until_heard(second, "operator_suffix", VOICE, "operator_suffix", VOICE)
        await second.hang_up()
        orders = [(await city.order_of(caller)).record for caller in (leaver, left)]
    for order, operators in zip(orders, (1, 2), strict=True):
        assert (order.outcome, order.ended_by) == (Outcome.ANSWERED, "caller")
        assert [leg.role for leg in order.legs].count(LegRole.OPERATOR) == operators


async def test_who_waits_is_served_after_the_restart(city: City) -> None:
    caller, impatient = new_caller(), new_caller()
    call = await city.waiting_call(caller)
    gives_up = await city.waiting_call(impatient)
    queued = (await city.orders_of(caller))[0].record.queued
    async with without_controller(city.server):
        await gives_up.hang_up()
        packets = len(call.media.heard.packets)
        await within(call.media.until_heard(packets + 50))  # the music goes on
    assert call.ending is None
    async with city.operator("001", "seat01"):
        await city.until_heard(call, "operator_suffix", VOICE)
        await call.hang_up()
        order = (await city.order_of(caller)).record
    assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")
    assert order.queued == queued, "the wait counts from its beginning"
    gone = (await city.order_of(impatient)).record
    assert (gone.outcome, gone.operator) == (Outcome.ABANDONED, None)


async def test_who_calls_in_the_gap_is_served_and_leaves_one_order(city: City) -> None:
    """What each number does then is in test_fallback.py."""
    callers = {new_caller(): number for number in ("12345", "87222160", "12319")}
    endangered = new_caller()
    city.outside.behave(await city.target("12319"), AT_ONCE)
    async with city.operator("001", "seat01"):
        async with without_controller(city.server):
            calls = [await city.call(number, caller) for caller, number in callers.items()]
            emergency = await city.call("119", endangered)
            await city.outside.call_to("119", trunk="telecom")
            assert await within(emergency.until_answered())
            await emergency.hang_up()
            for call in calls:
                assert await within(call.until_answered())
                await call.hang_up()
        for caller, number in callers.items():
            order = (await city.order_of(caller)).record
            assert order.outcome in (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.FORWARDED)
            assert (order.caller, order.dialled, order.hotline) == (f"+86{caller}", number, number)
            assert order.legs[0].role is LegRole.CALLER
            assert order.number.startswith("320481-20171201-")
        assert (await city.order_of(endangered)).record.outcome is Outcome.EMERGENCY

        assert await city.operator_state("001") == "ready", "as before"
        call = await city.talk(new_caller())
        await call.hang_up()
    page = await city.orders.page(OrderFilter(), limit=1000)
    numbers = [order.record.number for order in page.orders]
    assert len(set(numbers)) == len(numbers), "no number is given twice"


# -- somebody answers whom no controller can connect -----------------------------------------------


def patient(folder: Path) -> None:
    """Telephones ring for longer than the gap lasts."""
    edit(folder, QUEUES, r"\bring_seconds: 3\b", "ring_seconds: 60")


async def test_a_seat_that_answers_in_the_gap_is_rung_again_for_a_caller_who_hears_music(
    city: City,
) -> None:
    caller = new_caller()
    async with changed_plan(city, patient):
        call = await city.waiting_call(caller)
        async with city.operator("001", "seat01", NO_ANSWER) as phone:  # by itself
            seat = await phone.next_call()
            async with without_controller(city.server):
                answered = now()
                seat.answer()
                assert (await within(seat.until_ended())).by is Side.REMOTE
                await city.until_music(call, answered)
            again = await phone.next_call(PATIENCE)
            assert caller[-8:] in again.invite.from_.uri
            again.media.background(city.recording(VOICE))
            again.answer()
            await city.until_heard(call, VOICE)
            assert await city.operator_state("001") == "talking"
            order = await ends_well(city, call, caller)
    assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")
    assert [leg.outcome for leg in legs(order, LegRole.OPERATOR)] == [Ending.LOST, Ending.NORMAL]
    assert len(phone.agent.calls) == 2


def legs(order: OrderRecord, role: LegRole) -> list[LegRecord]:
    return [leg for leg in order.legs if leg.role is role]


def now() -> float:
    return asyncio.get_running_loop().time()


async def ends_well(city: City, call: Call, caller: str) -> OrderRecord:
    """The caller hangs up, was never left in silence, and leaves one order and one recording, of
    the whole call."""
    assert call.answered_at is not None
    began, over = call.answered_at, now()
    await call.hang_up()
    assert longest_silence(call, began, over) < LONGEST_SILENCE
    order = (await city.order_of(caller)).record
    table = RecordingStore(city.orders.engine)

    async def is_filed() -> bool:
        found = [each async for each in findings(city.server.settings.recordings, table)]
        return bool(await table.of_call(order.call)) and not found

    await until(is_filed, lambda: f"no recording of {order.call}, or what is filed is not there")
    (recording,) = await table.of_call(order.call)
    assert recording.seconds == pytest.approx(over - began, abs=1.5)
    return order
