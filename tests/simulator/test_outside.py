"""The outside world answers each number with a voice of its own, or as it was told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from callcenter.simulator.agent import Call, Side
from callcenter.simulator.behaviour import BUSY, DECLINE, UNAVAILABLE, Behaviour
from callcenter.simulator.citizen import Citizen
from callcenter.simulator.heard import Catalog
from callcenter.simulator.outside import Outside

from .conftest import FAST

QUICK = Behaviour(ring_seconds=0.05)


class World:
    """An outside with two trunks, and a switch that dials into it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.callers: list[Citizen] = []
        self.outside = Outside()

    async def dial(self, trunk: str, number: str) -> Call:
        citizen = await Citizen.on("127.0.0.1", self.outside.place(trunk), timers=FAST)
        self.callers.append(citizen)
        headers = (("Diversion", "<sip:12319@x>"),)
        return await citizen.dial(number, caller="13912345678", headers=headers)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    made.outside = await Outside.listen(
        {"telecom": ("127.0.0.1", 0), "changzhou": ("127.0.0.1", 0)},
        tell=made.lines.append,
        timers=FAST,
    )
    yield made
    await asyncio.gather(*(caller.close() for caller in made.callers))
    await made.outside.close()


async def test_each_number_is_known_by_its_voice(world: World) -> None:
    world.outside.behave("12319", QUICK)
    call = await world.dial("telecom", "12319")
    assert await call.until_answered()
    await call.media.until_heard(130)
    await call.hang_up()
    voices = Catalog({number: ("", Outside.voice(number)) for number in ("12318", "12319")})
    assert set(voices.listen(call.heard()).names) == {"12319"}


async def test_a_test_waits_for_a_call_and_sees_all_of_it(world: World) -> None:
    world.outside.behave("12366", QUICK)
    call = await world.dial("changzhou", "12366")
    far = await world.outside.call_to("12366", trunk="changzhou")
    assert await call.until_answered()
    await call.media.press("2")
    await far.call.media.until_digits(1)
    assert (far.trunk, far.number, far.digits) == ("changzhou", "12366", "2")
    assert far.headers("Diversion") == ("<sip:12319@x>",)
    await call.hang_up()
    assert (await far.call.until_ended()).by is Side.REMOTE


async def test_calls_are_told_apart_by_trunk_and_handed_out_once(world: World) -> None:
    await world.dial("telecom", "1")
    await world.dial("changzhou", "1")
    assert (await world.outside.call_to("1", trunk="changzhou")).trunk == "changzhou"
    assert (await world.outside.call_to("1")).trunk == "telecom"
    with pytest.raises(TimeoutError):
        await world.outside.call_to("1", within=0.05)


@pytest.mark.parametrize(("behaviour", "status"), [(BUSY, 486), (DECLINE, 603), (UNAVAILABLE, 503)])
async def test_a_number_refuses_as_told(world: World, behaviour: Behaviour, status: int) -> None:
    world.outside.behave("12319", behaviour)
    call = await world.dial("telecom", "12319")
    assert (await call.until_ended()).status == status
    assert any("was not answered: we refused" in line for line in world.lines)


async def test_a_number_hangs_up_after_a_while(world: World) -> None:
    world.outside.behave("12319", Behaviour(ring_seconds=0, talk_seconds=0.1))
    call = await world.dial("telecom", "12319")
    assert await call.until_answered()
    assert (await call.until_ended()).by is Side.REMOTE
    await (await world.outside.call_to("12319")).call.until_ended()
    assert world.lines[0].startswith("telecom: call to 12319 from sip:13912345678@")


async def test_an_address_that_is_taken_is_named(world: World) -> None:
    taken = world.outside.place("telecom")
    with pytest.raises(OSError, match=r"trunk unicom: cannot listen on 127\.0\.0\.1:"):
        await Outside.listen({"unicom": taken})
