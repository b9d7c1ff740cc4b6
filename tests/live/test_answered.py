"""A citizen is answered: the whole way, with everything that is heard on it."""

from __future__ import annotations

import pytest

from callcenter.orders.record import LegRole, Outcome
from callcenter.simulator.agent import Side
from tests.support.city import City, new_caller, within

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST = ["digit_0", "digit_0", "digit_1_yao", "operator_suffix"]


async def test_a_citizen_is_greeted_queued_and_answered_and_leaves_an_order(city: City) -> None:
    caller = new_caller()
    call = await city.waiting_call(caller)
    await city.until_music(call)
    async with city.operator("001", "seat01") as phone:
        seat = await phone.next_call()
        assert caller[-8:] in seat.invite.from_.uri
        await city.until_heard(call, "greeting", *FIRST)
        await city.until_operator("001", "talking")
        await call.hang_up()
        assert (await within(seat.until_ended())).by is Side.REMOTE
        order = (await city.order_of(caller)).record
        await city.until_operator("001", "wrap_up")
        await city.until_operator("001", "ready")
    assert order.number.startswith("320481-20171201-")
    assert order.caller == f"+86{caller}"
    assert (order.first_dialled, order.hotline, order.owner) == ("12345", "12345", "政务办")
    assert (order.outcome, order.ended_by, order.operator) == (Outcome.ANSWERED, "caller", "001")
    assert [leg.role for leg in order.legs] == [LegRole.CALLER, LegRole.OPERATOR]
    assert order.opened < (order.queued or 0) < (order.answered or 0) < (order.ended or 0)


@pytest.mark.long
async def test_a_merged_number_hears_its_announcement_and_reaches_an_operator(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        call = await city.talk(caller, "87222160")
        assert (await city.heard(call))[0] == "forwarded_87222160"
        assert "87222160" in (await phone.next_call()).invite.from_.name
        await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.first_dialled, order.owner) == ("87222160", "教育局")


async def test_a_call_that_has_been_through_us_is_not_forwarded_round_again(city: City) -> None:
    header = ("Diversion", "<sip:12319@us.example>;reason=unconditional")
    call = await city.call("12319", new_caller(), headers=(header,))
    await city.until_heard(call, "greeting")
    await call.hang_up()


async def test_a_number_that_ends_like_an_emergency_number_is_an_ordinary_one(city: City) -> None:
    call = await city.call("87229110", new_caller())
    await city.until_heard(call, "forwarded_87229110")
    await call.hang_up()
