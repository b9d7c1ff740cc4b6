"""Who calls is in no log but queue_log, whatever becomes of the call."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import time

import pytest

from callcenter.privacy.lines import ASTERISK_LOG, strike
from callcenter.simulator.agent import UserAgent
from callcenter.simulator.behaviour import AT_ONCE, BUSY, DECLINE, UNAVAILABLE, Behaviour
from tests.support.city import City, new_caller, until, within
from tests.support.live import neighbour
from tests.support.processes import without_controller

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
ANNOUNCES = False


async def logs(city: City) -> dict[str, str]:
    """What each log says, but for the two queue_logs, which programs need with the number."""
    settings = city.server.settings

    def read() -> dict[str, str]:
        folders = (settings.data / "logs", settings.asterisk / "log")
        files = [each for folder in folders for each in folder.rglob("*") if each.is_file()]
        return {
            str(each): each.read_text(encoding="utf-8", errors="replace")
            for each in files
            if not each.name.startswith("queue_log")
        }

    found = await asyncio.to_thread(read)
    assert any(name.endswith("/full") for name in found)
    assert any(name.endswith("/controller.log") for name in found)
    return found | {"terminal": city.server.printed()}


async def nobody_is_named(city: City, *callers: str) -> None:
    """In no log is one of these numbers, in whatever spelling."""
    for name, text in (await logs(city)).items():
        named = [caller for caller in callers if caller[-10:] in text]
        assert named == [], f"{name} names {named}"


async def test_a_talk_and_a_call_back_name_nobody(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        call = await city.call("12345", caller)
        seat = await phone.next_call()
        await city.until_operator("001", "talking")
        await call.hang_up()
        await within(seat.until_ended())
        order = (await city.order_of(caller)).record
        await city.ask("POST", f"/orders/{order.number}/calls", {"operator": "001"})
        seat = await phone.next_call()
        far = await city.outside.call_to(caller, trunk="telecom", within=20)
        assert await within(far.call.until_answered())
        await far.call.hang_up()
        await within(seat.until_ended())
    await nobody_is_named(city, caller)


@pytest.mark.parametrize("behaviour", [AT_ONCE, BUSY, DECLINE, UNAVAILABLE], ids=lambda b: b.status)
async def test_a_call_that_is_forwarded_names_nobody(city: City, behaviour: Behaviour) -> None:
    caller = new_caller()
    city.outside.behave("12319", behaviour)
    call = await city.call("12319", caller)
    await city.outside.call_to("12319", trunk="12319")
    if behaviour is AT_ONCE:
        assert await within(call.until_answered())
        await call.hang_up()
    await within(call.until_ended())
    city.outside.behave("12319", AT_ONCE)
    await city.order_of(caller)
    await nobody_is_named(city, caller)


async def test_who_gives_up_and_who_is_refused_are_named_nowhere(city: City) -> None:
    gives_up, refused, withheld = (new_caller() for _ in range(3))
    call = await city.waiting_call(gives_up)
    await call.hang_up()
    await city.order_of(gives_up)
    call = await city.call("87999999", refused)
    await within(call.until_ended())
    identity = (("P-Asserted-Identity", f"<sip:{withheld}@10.0.0.1>"), ("Privacy", "id"))
    call = await city.call("12345", "anonymous", headers=identity)
    assert await within(call.until_answered())
    await call.hang_up()
    await city.order_of(refused)
    await nobody_is_named(city, gives_up, refused, withheld)


async def test_asterisk_alone_names_nobody(city: City) -> None:
    waits, forwarded = new_caller(), new_caller()
    async with without_controller(city.server):
        for caller, number in ((waits, "12345"), (forwarded, "12319")):
            call = await city.call(number, caller)
            assert await within(call.until_answered())
            await call.hang_up()
    for caller in (waits, forwarded):
        await city.order_of(caller)
    await nobody_is_named(city, waits, forwarded)


async def test_only_who_calls_from_an_address_that_is_no_trunks_is_noted(
    city: City, tmp_path: Path
) -> None:
    """So operations.md says; and in its time that number is struck out."""
    caller, log = new_caller(), city.server.settings.asterisk_log
    stranger = await UserAgent.bind(neighbour(city.server.settings, 103))
    uri = f"<sip:{caller}@{stranger.place[0]}>"
    call = await stranger.call(city.server.uri("12345"), caller=uri)
    assert (await within(call.until_ended())).status == 401
    await stranger.close()

    def noted() -> bytes:
        return log.read_bytes()

    await until(lambda: caller.encode() in noted(), lambda: "nothing is noted")
    copied = tmp_path / "full"
    copied.write_bytes(noted())
    strike(copied, ASTERISK_LOG, time() + 1)
    assert caller.encode() not in copied.read_bytes()
