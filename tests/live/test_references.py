"""Mutual transfer with 12319: somebody else's SIP (sipp) sends a reference, and is sent ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callcenter.orders.record import LegRole
from tests.support.city import City, edit, new_caller, until, within
from tests.support.processes import without_controller
from tests.support.sipp import Sipp, answer_if_told, call

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
ANNOUNCES = False
HEADER = "X-Reference"


@asynccontextmanager
async def their_exchange(city: City, folder: Path) -> AsyncIterator[Sipp]:
    """sipp answers at 12319's trunk, if the INVITE has the header."""
    sipp = await Sipp.start(folder, answer_if_told(HEADER), host=city.server.trunks["12319"])
    plan = city.server.settings.plan
    edit(plan, "trunks/12319.yaml", r"port: \d+", f"port: {sipp.port}")
    await city.until_plan_is(plan)
    try:
        yield sipp
    finally:
        await sipp.stop()


async def told(sipp: Sipp) -> str:
    """What the header said, once it was there."""
    await until(lambda: HEADER in sipp.logged(), lambda: "no INVITE with the header")
    return sipp.logged().partition(f"{HEADER} is ")[2].strip()


async def they_talk(city: City, caller: str) -> bool:
    """Whether 12319 has answered for that caller."""
    legs = [leg for order in await city.orders_of(caller) for leg in order.record.legs]
    return any(leg.role is LegRole.PARTNER and leg.answered is not None for leg in legs)


@asynccontextmanager
async def transferred(city: City, folder: Path, caller: str, *headers: str) -> AsyncIterator[Sipp]:
    """Their agent sends us a caller, by sipp from 12319's address."""
    to = (*city.server.sip, "12345")
    host = city.server.trunks["12319"]
    sipp = await Sipp.start(folder, call(caller, *headers), host=host, to=to)
    try:
        yield sipp
    finally:
        await sipp.stop()


async def test_a_forwarded_caller_comes_to_12319_with_our_orders_number(
    city: City, tmp_path: Path
) -> None:
    caller = new_caller()
    async with their_exchange(city, tmp_path) as sipp, city.operator("001", "seat01") as phone:
        citizen = await city.call("12345", caller)
        seat = await phone.next_call()
        await city.until_operator("001", "talking")
        await city.ask("POST", "/operators/001/forward", {"number": "12319"})
        await within(seat.until_ended())
        reference = await told(sipp)
        await city.until_phase(caller, "answered")
        await citizen.hang_up()
        await sipp.until_done()
    assert reference == (await city.order_of(caller)).record.number


async def test_12319_joins_a_talk_and_is_told_it_too(city: City, tmp_path: Path) -> None:
    caller = new_caller()
    async with their_exchange(city, tmp_path) as sipp, city.operator("001", "seat01"):
        citizen = await city.call("12345", caller)
        await city.until_operator("001", "talking")
        await city.ask("POST", "/operators/001/three-way", {"number": "12319"})
        reference = await told(sipp)
        await until(lambda: they_talk(city, caller), lambda: "12319 is not in the talk")
        await citizen.hang_up()
        await sipp.until_done()
    assert reference == (await city.order_of(caller)).record.number


async def test_without_a_controller_12319_is_told_the_call_by_which_the_order_is_found(
    city: City, tmp_path: Path
) -> None:
    caller = new_caller()
    async with their_exchange(city, tmp_path) as sipp:
        async with without_controller(city.server):
            citizen = await city.call("12319", caller)
            assert await within(citizen.until_answered())
            reference = await told(sipp)
            await citizen.hang_up()
            await sipp.until_done()
        order = (await city.order_of(caller)).record
    assert reference == order.call
    found = await city.ask("GET", f"/orders/{reference}")
    assert found["full_number"] == order.number


async def test_their_caller_comes_with_their_reference(city: City, tmp_path: Path) -> None:
    caller = new_caller()
    header = f"{HEADER}: CG-2017/0815"
    async with (
        city.operator("001", "seat01") as phone,
        transferred(city, tmp_path, caller, header) as sipp,
    ):
        seat = await phone.next_call()
        await city.until_operator("001", "talking")
        state = await city.ask("GET", "/operators/001")
        assert state["reference"] == "CG-2017/0815"
        assert "CG-2017/0815" in seat.invite.get("From"), "on the telephone too"
        await seat.hang_up()
        await sipp.until_done()
        order = await city.order_of(caller)
    assert order.record.reference == "CG-2017/0815"
    assert state["order"] == order.record.number.partition("-")[2]
    found = await city.ask("GET", "/orders?reference=CG-2017/0815")
    assert isinstance(found["orders"], list)
    assert [each["full_number"] for each in found["orders"]] == [order.record.number]


@pytest.mark.parametrize(
    "header", [f"{HEADER}: <sip:110@10.0.0.1>;x=(1,2)|3", f"{HEADER}: a\n      {HEADER}: b"]
)
async def test_junk_is_no_reference_and_the_caller_is_served(
    city: City, tmp_path: Path, header: str
) -> None:
    caller = new_caller()
    async with (
        city.operator("001", "seat01") as phone,
        transferred(city, tmp_path, caller, header) as sipp,
    ):
        seat = await phone.next_call()
        await city.until_operator("001", "talking")
        await seat.hang_up()
        await sipp.until_done()
        order = (await city.order_of(caller)).record
    assert (order.reference, order.operator) == (None, "001")
