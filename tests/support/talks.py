"""Citizens and operators who talk, each with a tone of their own, and whom operators bring in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from callcenter.orders.record import LegRecord, LegRole, Outcome
from callcenter.simulator.agent import Call
from callcenter.simulator.outside import FarCall
from callcenter.simulator.phone import Softphone
from tests.support.city import City, new_caller, within
from tests.support.ears import Sound, until_talking, voice


@dataclass
class Talk:
    """A citizen and an operator who hear each other."""

    city: City
    caller: str
    citizen: Call
    operator: Call
    phone: Softphone
    number: str
    """The operator's."""

    async def asks(self, what: str, number: str | None = None) -> None:
        """The operator asks by API."""
        body = None if number is None else {"number": number}
        await self.city.ask("POST", f"/operators/{self.number}/{what}", body)

    async def keys(self, code: str) -> None:
        """The operator keys a code in on the softphone; it may end the operator's call."""
        pressing = asyncio.create_task(self.operator.media.press(code))
        ended = asyncio.create_task(self.operator.until_ended())
        await asyncio.wait({pressing, ended}, return_when=asyncio.FIRST_COMPLETED)
        pressing.cancel()
        ended.cancel()

    async def rings(self, digits: str, *, trunk: str | None = None) -> FarCall:
        """The partner that is being dialled."""
        return await self.city.outside.call_to(digits, trunk=trunk)

    async def answered(self, digits: str, *, trunk: str | None = None) -> Call:
        """The partner, who has answered and speaks."""
        return await speaking(await self.rings(digits, trunk=trunk))

    async def until_two(self) -> None:
        await until_talking((self.citizen, Sound.CITIZEN), (self.operator, Sound.OPERATOR))

    async def until_three(self, partner: Call) -> None:
        await until_talking(
            (self.citizen, Sound.CITIZEN),
            (self.operator, Sound.OPERATOR),
            (partner, Sound.PARTNER),
        )

    async def partners(self) -> list[LegRecord]:
        """The partners' legs in the finished order."""
        await self.citizen.hang_up()
        order = (await self.city.order_of(self.caller)).record
        assert (order.outcome, order.operator) == (Outcome.ANSWERED, self.number)
        return [leg for leg in order.legs if leg.role is LegRole.PARTNER]


async def speaking(far: FarCall, sound: Sound = Sound.PARTNER) -> Call:
    """That far end once it has answered, saying its tone."""
    assert await within(far.call.until_answered())
    far.call.media.background(voice(sound))
    return far.call


async def until_citizen_and_partner(citizen: Call, partner: Call) -> None:
    await until_talking((citizen, Sound.CITIZEN), (partner, Sound.PARTNER))


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
        talk = Talk(city, caller, citizen, own, phone, operator)
        await talk.until_two()
        yield talk
        await citizen.hang_up()
