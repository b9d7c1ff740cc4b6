"""Numbers that the plan sends elsewhere, and those it refuses."""

from __future__ import annotations

import pytest

from callcenter.orders.record import LegRole, Outcome
from callcenter.simulator.agent import Side
from callcenter.simulator.behaviour import (
    AT_ONCE,
    BUSY,
    DECLINE,
    NO_ANSWER,
    UNAVAILABLE,
    Behaviour,
)
from tests.support.city import City, edit, new_caller, within

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False


async def test_a_parallel_number_rings_its_own_line_and_leaves_an_order(city: City) -> None:
    caller = new_caller()
    call = await city.call("12319", caller)
    far = await city.outside.call_to("12319", trunk="12319")
    assert await within(call.until_answered())
    assert "12319" in far.headers("Diversion")[0]
    assert caller[-8:] in far.headers("From")[0]
    await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.owner, order.ended_by) == (Outcome.FORWARDED, "城管局", "caller")
    assert (order.legs[1].role, order.legs[1].place) == (LegRole.PARTNER, "12319")


async def test_12366_2_is_sent_its_digit_after_the_answer(city: City) -> None:
    call = await city.call("12366-2", new_caller())
    far = await city.outside.call_to(await city.target("12366-2"))
    assert await within(call.until_answered())
    assert await within(far.call.media.until_digits(1)) == "2"
    await call.hang_up()


@pytest.mark.parametrize(
    ("behaviour", "apology"),
    [
        (BUSY, "forward_busy"),
        (DECLINE, "forward_busy"),
        (NO_ANSWER, "forward_no_answer"),
    ],
    ids=["busy", "declined", "no answer"],
)
async def test_a_line_that_cannot_be_had_is_told(
    city: City, behaviour: Behaviour, apology: str
) -> None:
    caller = new_caller()
    city.outside.behave("12319", behaviour)
    call = await city.call("12319", caller)
    await city.until_heard(call, apology)
    assert (await within(call.until_ended())).by is Side.REMOTE
    city.outside.behave("12319", AT_ONCE)
    assert (await city.order_of(caller)).record.outcome is Outcome.FORWARD_FAILED


async def test_a_carrier_that_fails_is_followed_by_the_next(city: City) -> None:
    target = await city.target("96121")
    city.outside.behave(target, UNAVAILABLE)
    caller = new_caller()
    call = await city.call("96121", caller)
    first = await city.outside.call_to(target)
    second = await city.outside.call_to(target)
    assert {first.trunk, second.trunk} == {"telecom", "unicom"}
    await city.until_heard(call, "forward_unreachable")
    await call.hang_up()
    city.outside.behave(target, AT_ONCE)
    order = (await city.order_of(caller)).record
    assert [leg.place for leg in order.legs] == ["telecom", first.trunk, second.trunk]


async def test_a_number_of_nobody_is_refused_and_leaves_an_order(city: City) -> None:
    caller = new_caller()
    call = await city.call("87000000", caller)
    assert (await within(call.until_ended())).status == 404
    assert (await city.order_of(caller)).record.outcome is Outcome.REJECTED


async def test_an_emergency_call_is_dialled_by_the_dialplan_and_filed_afterwards(
    city: City,
) -> None:
    caller = new_caller()
    call = await city.call("110", caller)
    await city.outside.call_to("110", trunk="telecom")
    assert await within(call.until_answered())
    assert await city.orders_of(caller) == (), "the controller has no part in it"
    await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.dialled) == (Outcome.EMERGENCY, "110")
    assert order.legs[1].answered is not None


async def test_the_last_channel_of_a_trunk_is_kept_for_emergencies(city: City) -> None:
    folder = city.server.settings.plan
    telecom = folder / "trunks" / "telecom.yaml"
    good = telecom.read_text(encoding="utf-8")
    edit(folder, "trunks/telecom.yaml", r"channels: \d+", "channels: 3")
    calls = []
    refused = new_caller()
    await city.until_plan_is(folder)
    for _ in range(2):
        calls.append(await city.waiting_call(new_caller()))
    third = await city.call("12345", refused)
    assert (await within(third.until_ended())).status == 503
    emergency = await city.call("110", new_caller())
    assert await within(emergency.until_answered())
    for call in (*calls, emergency):
        await call.hang_up()
    telecom.write_text(good, encoding="utf-8")
    await city.until_plan_is(folder)
    assert (await city.order_of(refused)).record.outcome is Outcome.REJECTED
