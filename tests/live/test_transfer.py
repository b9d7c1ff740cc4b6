"""Forward, three-way and the one key: who hears whom, told by the audio at each telephone."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import pytest

from callcenter.asterisk.ari import Access, Ari
from callcenter.asterisk.secrets import USER, ari_password
from callcenter.calls.events import Ending
from callcenter.numberplan.loader import load
from callcenter.numberplan.model import Mode, Number, Plan
from callcenter.orders.record import Outcome
from callcenter.simulator.behaviour import (
    AT_ONCE,
    BUSY,
    DECLINE,
    NO_ANSWER,
    UNAVAILABLE,
    Behaviour,
)
from tests.support.city import City, new_caller, until, within
from tests.support.ears import Sound, gaps, until_hears, until_talking, voice
from tests.support.processes import without_controller
from tests.support.talks import speaking, talking, until_citizen_and_partner

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
ANNOUNCES = False
OPERATORS = ("001", "002", "003", "004")
RINGS_A_WHILE = Behaviour(ring_seconds=1.5)


def the_plan(city: City) -> Plan:
    plan = load(city.server.settings.plan).plan
    assert plan is not None
    return plan


# -- three-way -------------------------------------------------------------------------------------


async def test_three_talk_after_music_and_ringing_and_the_operator_drops_the_partner(
    city: City,
) -> None:
    async with talking(city) as talk:
        city.outside.behave("12319", RINGS_A_WHILE)
        await talk.asks("three-way", "12319")
        far = await talk.rings("12319", trunk="12319")
        assert "12345" in far.headers("Diversion")[0]
        assert talk.caller[-8:] in far.headers("From")[0]
        await until_hears(talk.operator, Sound.RINGING)
        await until_hears(talk.citizen, Sound.OTHER)
        await city.until_music(talk.citizen)
        partner = await speaking(far)
        await talk.until_three(partner)
        await talk.asks("drop-partner")
        await within(partner.until_ended())
        await talk.until_two()
        await talk.asks("three-way", "12319")
        again = await talk.rings("12319")
        await until_hears(talk.operator, Sound.RINGING)
        await until_hears(talk.citizen, Sound.OTHER)
        await talk.until_three(await speaking(again))
        legs = await talk.partners()
    for leg in legs:
        assert (leg.hotline, leg.unit, leg.place) == ("12319", "城管局", "12319")
        assert (leg.outcome, leg.answered is not None) == (Ending.NORMAL, True)
    city.outside.behave("12319", AT_ONCE)


async def test_by_keys_the_operator_leaves_the_two_talking(city: City) -> None:
    async with talking(city) as talk:
        await talk.keys("*2212319#")
        partner = await talk.answered("12319", trunk="12319")
        await talk.until_three(partner)
        await talk.keys("*23")
        await within(talk.operator.until_ended())
        await until_citizen_and_partner(talk.citizen, partner)
        await city.until_operator("001", "wrap_up")
        assert talk.citizen.media.digits == partner.media.digits == "", "nobody heard the keys"
        await partner.hang_up()
        await within(talk.citizen.until_ended())
        order = (await city.order_of(talk.caller)).record
    assert (order.outcome, order.ended_by) == (Outcome.ANSWERED, "partner")


async def test_when_the_operator_hangs_up_the_two_talk_on(city: City) -> None:
    async with talking(city) as talk:
        await talk.asks("three-way", "12319")
        partner = await talk.answered("12319")
        await talk.until_three(partner)
        await talk.operator.hang_up()
        await until_citizen_and_partner(talk.citizen, partner)


async def test_when_the_partner_hangs_up_the_operator_stays(city: City) -> None:
    async with talking(city) as talk:
        await talk.asks("three-way", "12319")
        partner = await talk.answered("12319")
        await talk.until_three(partner)
        await partner.hang_up()
        await talk.until_two()


async def test_the_digit_of_12366_2_arrives_after_its_pause_and_further_keys_after_it(
    city: City,
) -> None:
    pause = the_plan(city).numbers["12366-2"].after_answer_pause
    async with talking(city) as talk:
        await talk.keys("*2212366*2#")
        partner = await talk.answered(await city.target("12366-2"))
        assert await within(partner.media.until_digits(1)) == "2"
        assert partner.answered_at is not None
        assert asyncio.get_running_loop().time() - partner.answered_at >= pause
        await talk.until_three(partner)
        await talk.keys("15#")
        assert await within(partner.media.until_digits(4)) == "215#"
        assert talk.citizen.media.digits == ""
        (leg,) = await talk.partners()
    assert (leg.hotline, leg.unit) == ("12366-2", "地税局")


async def test_a_death_of_the_controller_cuts_none_of_the_three(city: City) -> None:
    clock = asyncio.get_running_loop().time
    async with talking(city) as talk:
        await talk.asks("three-way", "12319")
        partner = await talk.answered("12319")
        await talk.until_three(partner)
        since = clock()
        async with without_controller(city.server):
            pass
        await city.server.until_healthy()
        await talk.asks("drop-partner")  # it knows them again
        end = clock()
        await within(partner.until_ended())
        await talk.until_two()
        for sound in (Sound.OPERATOR, Sound.PARTNER):
            missing = await gaps(talk.citizen, sound, since, end)
            # Counted up to the moment at which the partner was dropped.
            assert [at for at in missing if at < end - since - 0.5] == []


# -- the partner cannot be had ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "ending", "heard"),
    [
        (BUSY, Ending.BUSY, "partner_busy"),
        (DECLINE, Ending.DECLINED, "partner_busy"),
        (UNAVAILABLE, Ending.CONGESTION, "partner_unreachable"),
        (Behaviour(404, ring_seconds=0), Ending.UNALLOCATED, "partner_unreachable"),
        (NO_ANSWER, Ending.NO_ANSWER, "partner_no_answer"),
    ],
    ids=["busy", "declined", "unavailable", "unallocated", "no answer"],
)
async def test_a_partner_who_cannot_be_had_gives_caller_and_operator_back_to_each_other(
    city: City, behaviour: Behaviour, ending: Ending, heard: str
) -> None:
    city.outside.behave("12319", behaviour)
    async with talking(city) as talk:
        await talk.asks("three-way", "12319")
        await talk.rings("12319")
        await city.until_heard(talk.operator, heard)
        await talk.until_two()
        (leg,) = await talk.partners()
    assert (leg.unit, leg.outcome, leg.answered) == ("城管局", ending, None)
    city.outside.behave("12319", AT_ONCE)


async def test_a_ringing_partner_can_be_stopped(city: City) -> None:
    city.outside.behave("12319", NO_ANSWER)
    async with talking(city) as talk:
        await talk.asks("three-way", "12319")
        far = await talk.rings("12319")
        await talk.keys("*24")
        await within(far.call.until_ended())
        await talk.until_two()
    city.outside.behave("12319", AT_ONCE)


# -- forward ---------------------------------------------------------------------------------------


async def test_a_forward_leaves_the_caller_with_music_and_then_with_the_partner(
    city: City,
) -> None:
    city.outside.behave("12319", RINGS_A_WHILE)
    async with talking(city) as talk:
        await talk.keys("*2112319#")
        far = await talk.rings("12319", trunk="12319")
        await within(talk.operator.until_ended())
        await until_hears(talk.citizen, Sound.OTHER)
        partner = await speaking(far)
        await until_citizen_and_partner(talk.citizen, partner)
        (leg,) = await talk.partners()
    assert (leg.hotline, leg.unit, leg.outcome) == ("12319", "城管局", Ending.NORMAL)
    city.outside.behave("12319", AT_ONCE)


async def test_a_forward_that_fails_rings_the_same_operator_again(city: City) -> None:
    city.outside.behave("12319", BUSY)
    async with talking(city) as talk, city.operator("002", "seat02"):
        await talk.asks("forward", "12319")
        await talk.rings("12319")
        again = await talk.phone.next_call()
        await until_talking((talk.citizen, Sound.CITIZEN), (again, Sound.OPERATOR))
        (leg,) = await talk.partners()
    assert (leg.unit, leg.outcome) == ("城管局", Ending.BUSY)
    city.outside.behave("12319", AT_ONCE)


# -- every partner ---------------------------------------------------------------------------------


async def test_every_partner_can_join(city: City) -> None:
    """The 20 partner numbers, and the three resident ones through Changzhou."""
    plan = the_plan(city)
    wanted = [n for n in plan.numbers.values() if n.mode in (Mode.PARALLEL, Mode.RESIDENT)]
    assert len(wanted) == 23
    lines: dict[str, list[Number]] = defaultdict(list)
    for number in wanted:  # two numbers may share a line: one after the other
        lines[await city.target(number.number)].append(number)
        city.outside.behave(await city.target(number.number), AT_ONCE)
    shares: list[list[tuple[str, Number]]] = [[] for _ in OPERATORS]
    for line, numbers in lines.items():
        min(shares, key=len).extend((line, number) for number in numbers)

    async def go_through(index: int) -> None:
        async with talking(city, OPERATORS[index], f"seat0{index + 1}") as talk:
            for line, number in shares[index]:
                await talk.asks("three-way", number.number)
                partner = await talk.answered(line)
                await talk.until_three(partner)
                await talk.asks("drop-partner")
                await within(partner.until_ended())
            legs = await talk.partners()
        assert [leg.hotline for leg in legs] == [n.number for _, n in shares[index]]
        assert [leg.unit for leg in legs] == [n.owner for _, n in shares[index]]
        assert all(leg.answered is not None for leg in legs)
        for leg in legs:
            resident = plan.numbers[leg.hotline].mode is Mode.RESIDENT
            assert (leg.place == "changzhou") is resident

    # One after the other into their talks: each caller finds the only one who is ready.
    async with asyncio.TaskGroup() as together:
        for index in range(len(OPERATORS)):
            together.create_task(go_through(index))
            await city.until_operator(OPERATORS[index], "talking")


async def test_12319_sends_us_callers_too(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        phone.voice = voice(Sound.OPERATOR)
        citizen = await city.call(
            "12345",
            caller,
            trunk="12319",
            headers=(("Diversion", "<sip:12319@platform.invalid>;reason=unconditional"),),
        )
        own = await phone.next_call()
        assert await within(citizen.until_answered())
        citizen.media.background(voice(Sound.CITIZEN))
        await until_talking((citizen, Sound.CITIZEN), (own, Sound.OPERATOR))
        await citizen.hang_up()
        order = (await city.order_of(caller)).record
    assert (order.outcome, order.trunk, order.first_dialled) == (
        Outcome.ANSWERED,
        "12319",
        "12319",
    )


# -- one key to 110 --------------------------------------------------------------------------------


async def test_one_key_brings_110_in_and_the_caller_is_never_alone(city: City) -> None:
    city.outside.behave("110", RINGS_A_WHILE)
    clock = asyncio.get_running_loop().time
    async with talking(city) as talk:
        await talk.keys("*0")
        far = await talk.rings("110", trunk="telecom")
        await until_hears(talk.citizen, Sound.OPERATOR)  # the keys' own gap is over
        since = clock()
        partner = await speaking(far)
        await talk.until_three(partner)
        end = clock()
        assert end - since > 1, "it rang for a while"
        assert await gaps(talk.citizen, Sound.OPERATOR, since, end) == []
        assert await gaps(talk.operator, Sound.CITIZEN, since, end) == []
        await talk.asks("leave")
        await until_citizen_and_partner(talk.citizen, partner)
        assert await gaps(talk.citizen, Sound.PARTNER, end, clock()) == []
        (leg,) = await talk.partners()
    assert (leg.hotline, leg.unit, leg.outcome) == ("110", "报警", Ending.NORMAL)
    city.outside.behave("110", AT_ONCE)


async def test_110_is_tried_on_each_carrier_and_its_failure_is_told(city: City) -> None:
    city.outside.behave("110", BUSY)
    async with talking(city) as talk:
        await talk.asks("emergency", "110")
        tried = [(await talk.rings("110")).trunk for _ in range(2)]
        await city.until_heard(talk.operator, "partner_busy")
        await talk.until_two()
        legs = await talk.partners()
    assert tried == ["telecom", "unicom"]
    assert [(leg.place, leg.outcome) for leg in legs] == [(t, Ending.BUSY) for t in tried]
    city.outside.behave("110", AT_ONCE)


async def test_a_caller_whose_operator_goes_hears_110_ring_until_it_answers(city: City) -> None:
    city.outside.behave("110", Behaviour(ring_seconds=3))
    async with talking(city) as talk:
        await talk.keys("*0")
        far = await talk.rings("110")
        await talk.operator.hang_up()
        await until_hears(talk.citizen, Sound.RINGING)
        await until_citizen_and_partner(talk.citizen, await speaking(far))
    city.outside.behave("110", AT_ONCE)


# -- the number dialled first ----------------------------------------------------------------------


async def test_comma_joined_headers_on_a_pilot_number_tell_caller_and_number(city: City) -> None:
    pilot = the_plan(city).numbers["12345"].dids[0]
    caller = new_caller()
    call = await city.call(
        pilot,
        "051987654321",
        headers=(
            ("P-Asserted-Identity", f"<sip:+86{caller}@carrier.invalid>, <tel:+8651987654321>"),
            (
                "History-Info",
                "<sip:87222160@carrier.invalid>;index=1, "
                f"<sip:{pilot}@carrier.invalid;cause=302>;index=1.1",
            ),
        ),
    )
    assert await within(call.until_answered())
    await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.caller, order.first_dialled) == (f"+86{caller}", "87222160")


async def test_a_number_that_nobody_told_is_picked_by_the_operator(city: City) -> None:
    pilot = the_plan(city).numbers["12345"].dids[0]

    async def first_dialled(caller: str) -> str | None:
        (order,) = await city.orders_of(caller)
        return order.record.first_dialled

    async with talking(city, number=pilot) as talk:
        await city.until_phase(talk.caller, "answered")
        assert await first_dialled(talk.caller) is None

        async def is_picked(number: str) -> bool:
            return await first_dialled(talk.caller) == number

        await talk.asks("first-dialled", "87222160")
        await until(lambda: is_picked("87222160"), lambda: "not on the order")
        await talk.keys("*2512310#")
        await city.until_heard(talk.operator, "number_noted")
        await until(lambda: is_picked("12310"), lambda: "not on the order")


# -- at the same moment ----------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["three-way", "forward", "emergency"])
@pytest.mark.parametrize("who", ["caller", "operator", "partner", "all"])
async def test_whoever_hangs_up_while_the_partner_is_dialled_leaves_nothing_behind(
    city: City, what: str, who: str
) -> None:
    number = "110" if what == "emergency" else "12319"
    city.outside.behave(number, Behaviour(ring_seconds=0.1))
    async with talking(city) as talk:
        asking = asyncio.create_task(talk.asks(what, number))
        if who == "partner":
            await (await talk.rings(number)).call.hang_up()
        if who in ("operator", "all"):
            await talk.operator.hang_up()
        if who in ("caller", "all"):
            await talk.citizen.hang_up()
        await asyncio.wait([asking])  # refused where the talk was over already
        legs = await talk.partners()
        assert len(legs) <= 2
    await until_no_leg_is_left(city)
    city.outside.behave(number, AT_ONCE)


async def test_whoever_hangs_up_while_the_operators_leg_is_made_leaves_nothing_behind(
    city: City,
) -> None:
    async with city.operator("001", "seat01", NO_ANSWER):
        for _ in range(10):
            caller = new_caller()
            call = await city.call("12345", caller)
            await within(call.until_ringing())  # told just before the seat is dialled
            await call.hang_up()
            order = (await city.order_of(caller)).record
            assert order.outcome is Outcome.ABANDONED
    await until_no_leg_is_left(city)


async def until_no_leg_is_left(city: City) -> None:
    """Wait until Asterisk has no channel."""
    settings = city.server.settings
    access = Access("127.0.0.1", settings.ari_port, USER, ari_password(settings))
    async with Ari(access) as ari:

        async def is_empty() -> bool:
            return await ari.channels() == []

        await until(is_empty, lambda: "a leg was left behind")
