"""Hold, consult, alternate, join, five parties: who hears whom, told by each telephone's audio."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from callcenter.orders.record import LegRole, Outcome
from callcenter.simulator.agent import Call
from callcenter.simulator.behaviour import AT_ONCE, Behaviour
from tests.support.city import City, edit, within
from tests.support.ears import Sound, loudest, until_hears, until_talking, voice
from tests.support.processes import without_controller
from tests.support.talks import Talk, speaking, talking, until_citizen_and_partner

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
AUDIBLE = 300.0
"""A voice has 3900."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def plan(city: City) -> None:
    """Operators' numbers are not spoken; there is a second queue."""
    folder = city.server.settings.plan
    edit(folder, "dialplan/queues.yaml", "announce_operator: true", "announce_operator: false")
    text = (folder / "dialplan/queues.yaml").read_text(encoding="utf-8")
    second = "  second:\n    title: 第二队列\n    extension: '701'\n    announce_operator: false\n"
    (folder / "dialplan/queues.yaml").write_text(text.rstrip() + "\n" + second, encoding="utf-8")
    await city.until_plan_is(folder)


def now() -> float:
    return asyncio.get_running_loop().time()


async def until_two_alone(operator: Call, other: Call, sound: Sound = Sound.PARTNER) -> None:
    await until_talking((operator, Sound.OPERATOR), (other, sound))


async def consulting(talk: Talk, number: str = "12319") -> Call:
    """The partner with whom the operator speaks alone."""
    await talk.keys(f"*26{number}#")
    partner = await talk.answered(number)
    await until_two_alone(talk.operator, partner)
    return partner


async def test_who_is_on_hold_hears_music_and_not_the_operator(city: City) -> None:
    async with talking(city) as talk:
        await talk.keys("*20")
        await city.until_music(talk.citizen)
        await until_hears(talk.citizen, Sound.OTHER)
        since = now()
        await city.until_heard(talk.operator, "on_hold")
        await until_hears(talk.operator)
        await asyncio.sleep(1.5)  # it is listened to for so long
        assert loudest(talk.citizen, Sound.OPERATOR, since, now()) < AUDIBLE
        await talk.keys("*20")
        await talk.until_two()
        assert talk.citizen.media.digits == "", "nobody heard the keys"


async def test_who_is_muted_is_not_heard(city: City) -> None:
    async with talking(city) as talk:
        await talk.keys("*29")
        await until_hears(talk.citizen)
        await city.until_heard(talk.operator, "muted")
        await until_hears(talk.operator, Sound.CITIZEN)
        await talk.keys("*29")
        await talk.until_two()


async def test_two_stars_are_one(city: City) -> None:
    async with talking(city) as talk:
        await talk.keys("**5")
        assert await within(talk.citizen.media.until_digits(2)) == "*5"
        await city.ask("POST", "/operators/001/press", {"keys": "7#"})
        assert await within(talk.citizen.media.until_digits(4)) == "*57#"


async def test_the_caller_hears_music_and_not_a_word_of_the_consultation(city: City) -> None:
    city.outside.behave("12319", Behaviour(ring_seconds=1.5))
    async with talking(city) as talk:
        await talk.keys("*2612319#")
        far = await talk.rings("12319")
        await until_hears(talk.operator, Sound.RINGING)
        await until_hears(talk.citizen, Sound.OTHER)
        since = now()
        partner = await speaking(far)
        await until_two_alone(talk.operator, partner)
        began = now()
        await asyncio.sleep(3)  # they talk
        end = now()
        assert loudest(talk.citizen, Sound.OPERATOR, since, end) < AUDIBLE
        assert loudest(talk.citizen, Sound.PARTNER, since, end) < AUDIBLE
        assert loudest(partner, Sound.CITIZEN, began, end) < AUDIBLE
        assert loudest(talk.operator, Sound.PARTNER, began, end) > AUDIBLE
        await city.until_music(talk.citizen)
        await talk.keys("*23")
        await within(talk.operator.until_ended())
        await until_citizen_and_partner(talk.citizen, partner)
        (leg,) = await talk.partners()
    assert leg.unit == "城管局"
    city.outside.behave("12319", AT_ONCE)


async def test_the_operator_alternates_joins_and_goes_back(city: City) -> None:
    async with talking(city) as talk:
        partner = await consulting(talk)
        await talk.keys("*27")
        await talk.until_two()
        await until_hears(partner, Sound.OTHER)
        await talk.keys("*27")
        await until_two_alone(talk.operator, partner)
        await until_hears(talk.citizen, Sound.OTHER)
        await talk.keys("*28")
        await talk.until_three(partner)
        await talk.keys("*24")
        await within(partner.until_ended())
        await talk.until_two()


async def test_a_consultation_that_the_partner_ends(city: City) -> None:
    async with talking(city) as talk:
        partner = await consulting(talk)
        await partner.hang_up()
        await talk.until_two()


async def test_a_consultation_outlives_the_controller(city: City) -> None:
    async with talking(city) as talk:
        partner = await consulting(talk)
        since = now()
        async with without_controller(city.server):
            pass
        await city.server.until_healthy()
        await until_two_alone(talk.operator, partner)
        assert loudest(talk.citizen, Sound.OPERATOR, since, now()) < AUDIBLE
        await talk.asks("join")
        await talk.until_three(partner)


async def test_five_talk(city: City) -> None:
    numbers = {"12319": Sound.PARTNER, "96121": Sound.FOURTH, "12366-2": Sound.FIFTH}
    async with talking(city) as talk:
        others: list[tuple[Call, Sound]] = []
        for number, sound in numbers.items():
            line = await city.target(number)
            city.outside.behave(line, AT_ONCE)
            await talk.asks("three-way", number)
            others.append((await speaking(await talk.rings(line), sound), sound))
            here = (talk.citizen, Sound.CITIZEN), (talk.operator, Sound.OPERATOR)
            await until_talking(*here, *others)
        await talk.keys("*23")
        await within(talk.operator.until_ended())
        await until_talking((talk.citizen, Sound.CITIZEN), *others)
        legs = await talk.partners()
    assert [leg.hotline for leg in legs] == list(numbers)


async def test_a_caller_is_handed_to_a_colleague_after_a_word_with_them(city: City) -> None:
    async with talking(city) as talk, city.operator("002", "seat02") as phone:
        phone.voice = voice(Sound.FOURTH)
        await talk.keys("*26002#")
        colleague = await phone.next_call()
        await until_two_alone(talk.operator, colleague, Sound.FOURTH)
        await until_hears(talk.citizen, Sound.OTHER)
        assert await city.operator_state("002") == "talking"
        await talk.keys("*23")
        await within(talk.operator.until_ended())
        await until_talking((talk.citizen, Sound.CITIZEN), (colleague, Sound.FOURTH))
        await talk.citizen.hang_up()
        order = (await city.order_of(talk.caller)).record
    assert (order.outcome, order.operator) == (Outcome.ANSWERED, "002")
    operators = [leg.party for leg in order.legs if leg.role is LegRole.OPERATOR]
    assert operators == ["001", "002"]


async def test_a_caller_is_forwarded_to_a_colleague(city: City) -> None:
    async with talking(city) as talk, city.operator("002", "seat02") as phone:
        phone.voice = voice(Sound.FOURTH)
        await talk.asks("forward", "002")
        colleague = await phone.next_call()
        await until_talking((talk.citizen, Sound.CITIZEN), (colleague, Sound.FOURTH))
        await talk.citizen.hang_up()


async def test_a_caller_is_forwarded_to_a_queue(city: City) -> None:
    async with talking(city) as talk:
        await talk.keys("*131")  # or the caller might come back to the same operator
        await talk.keys("*21701#")
        await within(talk.operator.until_ended())
        await city.until_music(talk.citizen)
        async with city.operator("002", "seat02", voice=voice(Sound.FOURTH)) as phone:
            other = await phone.next_call()
            await until_talking((talk.citizen, Sound.CITIZEN), (other, Sound.FOURTH))
            await talk.citizen.hang_up()
            order = (await city.order_of(talk.caller)).record
    assert (order.queue, order.operator) == ("second", "002")


async def test_the_dispatch_room_and_a_mobile_number_join(city: City) -> None:
    async with talking(city) as talk:
        for number, line in (("600", "80900600"), ("13912345678", "13912345678")):
            city.outside.behave(line, AT_ONCE)
            await talk.keys(f"*22{number}#")
            partner = await talk.answered(line)
            await talk.until_three(partner)
            await talk.keys("*24")
            await within(partner.until_ended())
            await talk.until_two()
