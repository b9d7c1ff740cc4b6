"""Forward, three-way and the one key: who hears whom, told by the audio at each telephone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio

from callcenter.simulator.agent import Call
from callcenter.simulator.behaviour import AT_ONCE
from callcenter.simulator.outside import FarCall
from callcenter.simulator.phone import Softphone
from tests.support.city import City, edit, new_caller, until, within
from tests.support.ears import Sound, hears, until_hears, until_talking, voice

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
API = "/operators/001"


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def no_announcement(city: City) -> None:
    """Operators' numbers are not spoken: caller and operator talk at once."""
    folder = city.server.settings.plan
    edit(folder, "dialplan/queues.yaml", "announce_operator: true", "announce_operator: false")
    await city.until_plan_is(folder)


@dataclass
class Talk:
    """A citizen and an operator who hear each other."""

    city: City
    caller: str
    citizen: Call
    operator: Call
    phone: Softphone

    async def partner(self, number: str, *, trunk: str | None = None) -> FarCall:
        """The partner that is being dialled."""
        return await self.city.outside.call_to(number, trunk=trunk)

    async def answered(self, number: str, *, trunk: str | None = None) -> Call:
        """The partner, who has answered and speaks."""
        far = (await self.partner(number, trunk=trunk)).call
        assert await within(far.until_answered())
        far.media.background(voice(Sound.PARTNER))
        return far

    async def until_two(self) -> None:
        await until_talking((self.citizen, Sound.CITIZEN), (self.operator, Sound.OPERATOR))

    async def until_three(self, partner: Call) -> None:
        await until_talking(
            (self.citizen, Sound.CITIZEN),
            (self.operator, Sound.OPERATOR),
            (partner, Sound.PARTNER),
        )


@asynccontextmanager
async def talking(
    city: City, operator: str = "001", seat: str = "seat01", number: str = "12345"
) -> AsyncIterator[Talk]:
    """A citizen has called and talks with that operator."""
    caller = new_caller()
    async with city.operator(operator, seat) as phone:
        phone.voice = voice(Sound.OPERATOR)
        citizen = await city.call(number, caller)
        own = await phone.next_call()
        assert await within(citizen.until_answered())
        citizen.media.background(voice(Sound.CITIZEN))
        talk = Talk(city, caller, citizen, own, phone)
        await talk.until_two()
        yield talk
        await citizen.hang_up()


async def test_three_talk_after_music_and_ringing_and_the_operator_drops_the_partner(
    city: City,
) -> None:
    async with talking(city) as talk:
        await city.ask("POST", f"{API}/three-way", {"number": "12319"})
        far = await talk.partner("12319", trunk="12319")
        await until_hears(talk.operator, Sound.RINGING)
        await until_hears(talk.citizen, Sound.OTHER)
        assert await within(far.call.until_answered())
        far.call.media.background(voice(Sound.PARTNER))
        await talk.until_three(far.call)
        await city.ask("POST", f"{API}/drop-partner")
        await within(far.call.until_ended())
        await talk.until_two()
