"""Callers who are kept out, marked or silent, on a real Asterisk; PINs and passwords kept apart."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from callcenter.asterisk.secrets import seat_password
from callcenter.orders.record import Barred, Outcome
from callcenter.simulator.agent import Side
from callcenter.simulator.phone import RegistrationError, Softphone
from callcenter.staff.pins import Pins
from tests.support.city import City, edit, new_caller, until, within
from tests.support.processes import without_controller

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def rules(city: City) -> None:
    """Two marks block; three calls in ten minutes are taken; silence ends a call soon."""
    folder = city.server.settings.plan
    edit(folder, "dialplan/queues.yaml", "announce_operator: true", "announce_operator: false")
    edit(folder, "dialplan/protection.yaml", "marks: 3", "marks: 2")
    edit(folder, "dialplan/protection.yaml", "seconds: 15", "seconds: 10")
    edit(
        folder,
        "dialplan/protection.yaml",
        "\nlimited: announce",
        "\nlimits: [{calls: 3, minutes: 10}]\nlimited: announce",
    )
    await city.until_plan_is(folder)


async def block(city: City, number: str, treatment: str) -> None:
    body: dict[str, object] = {
        "number": number,
        "hours": 1,
        "reason": "占线",
        "treatment": treatment,
    }
    await city.ask("POST", "/blocklist/block", body)


async def test_a_blocked_caller_hears_why_and_leaves_an_order(city: City) -> None:
    caller = new_caller()
    await block(city, caller, "announce")
    async with without_controller(city.server):
        pass  # the list is still there
    call = await city.call("12345", caller)
    await city.until_heard(call, "caller_blocked")
    assert (await within(call.until_ended())).by is Side.REMOTE
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.barred) == (Outcome.REJECTED, Barred.BLOCKED)
    emergency = await city.call("110", caller)
    assert await within(emergency.until_answered())
    await emergency.hang_up()
    await city.ask("POST", "/blocklist/unblock", {"number": caller})
    call = await city.waiting_call(caller)
    await call.hang_up()


async def test_a_rejected_caller_is_refused_by_code(city: City) -> None:
    caller = new_caller()
    await block(city, caller[:10] + "*", "reject")
    call = await city.call("12345", caller)
    assert (await within(call.until_ended())).status == 403
    assert (await city.order_of(caller)).record.outcome is Outcome.REJECTED
    await city.ask("POST", "/blocklist/unblock", {"number": caller[:10] + "*"})


async def test_who_calls_too_often_hears_so(city: City) -> None:
    caller = new_caller()
    for _ in range(3):
        call = await city.call("12345", caller)
        assert await within(call.until_answered())
        await call.hang_up()
    call = await city.call("12345", caller)
    await city.until_heard(call, "caller_limited")
    assert (await within(call.until_ended())).by is Side.REMOTE

    async def is_told() -> bool:
        return any(o.record.barred is Barred.LIMITED for o in await city.orders_of(caller))

    await until(is_told, lambda: "no order says so")


@pytest.mark.long
async def test_a_marked_caller_is_blocked_by_rule(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        for _ in range(2):
            await city.ask("POST", "/operators/001/ready")
            call = await city.call("12345", caller)
            seat = await phone.next_call()
            await city.until_operator("001", "talking")
            await seat.media.press("*82")
            await city.until_heard(seat, "caller_marked")
            await call.hang_up()
            await city.until_operator("001", "wrap_up")
    blocks = (await city.ask("GET", "/blocklist"))["blocks"]
    assert isinstance(blocks, list)
    assert [(each["number"], each["by"]) for each in blocks] == [(f"+86{caller}", "rule")]
    call = await city.call("12345", caller)
    await city.until_heard(call, "caller_blocked")
    await within(call.until_ended())
    marks = [order.record.nuisance for order in await city.orders_of(caller)]
    assert marks.count("001") == 2


async def test_a_silent_caller_is_told_and_released(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        call = await city.call("12345", caller)
        seat = await phone.next_call()
        await city.until_operator("001", "talking")
        await seat.media.press("*81")
        await city.until_heard(seat, "caller_released")
        await city.until_heard(call, "caller_silent")
        assert (await within(call.until_ended())).by is Side.REMOTE
        await city.until_operator("001", "wrap_up")
    assert (await city.order_of(caller)).record.ended_by == "silent"


async def test_a_pin_opens_no_softphone_and_a_seats_password_signs_nobody_in(city: City) -> None:
    settings = city.server.settings
    pin = Pins(settings.secrets).reset("002")
    password = seat_password(settings, "seat02")
    with pytest.raises(RegistrationError):
        await asyncio.wait_for(Softphone.register("seat02", pin, city.server.sip), 10)
    url = f"{settings.web_url}/api/v1/tokens"
    for wrong in (password, password[:12]):
        async with city.http.post(url, json={"operator": "002", "pin": wrong}) as answer:
            assert answer.status == 401
    async with city.http.post(url, json={"operator": "002", "pin": pin}) as answer:
        assert answer.status == 201
    async with city.softphone("seat02"):
        pass
