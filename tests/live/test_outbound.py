"""Calls on an order's behalf, by the audio at every telephone and in the recording."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from callcenter.orders.outbound import OutboundOutcome
from callcenter.orders.record import OrderRecord
from callcenter.simulator.agent import Call, Side
from callcenter.simulator.audio import read_wav
from callcenter.simulator.behaviour import BUSY, NO_ANSWER
from callcenter.simulator.heard import Catalog
from callcenter.simulator.phone import Softphone
from callcenter.simulator.rtp import FRAME
from tests.support.city import CENTRE, City, changed_plan, edit, new_caller, until, within
from tests.support.ears import Sound, until_hears, until_talking, voice
from tests.support.processes import without_controller

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
ANNOUNCES = False
CITIZEN, OPERATOR = "seat_taken", "pin_wrong"
"""Clips: nothing else in these calls sounds like them."""


@dataclass
class Made:
    """A call on an order's behalf, as the order shows it."""

    outcome: str
    number: str
    talked: float | None
    files: list[str]


async def order_taken(city: City, phone: Softphone, caller: str) -> OrderRecord:
    """A citizen has called, talked with operator 001, and hung up."""
    citizen = await city.call("12345", caller)
    seat = await phone.next_call()
    await city.until_operator("001", "talking")
    await citizen.hang_up()
    await within(seat.until_ended())
    return (await city.order_of(caller)).record


async def made_for(city: City, order: OrderRecord, count: int = 1) -> list[Made]:
    """What came of the calls made for it, once all of them are over."""
    found: list[Made] = []

    async def are_over() -> bool:
        shown = (await city.ask("GET", f"/orders/{order.number}"))["outbound"]
        assert isinstance(shown, list)
        found[:] = [
            Made(
                each["outcome"],
                each["number"],
                each["talk_seconds"],
                [recording["file"] for recording in each["recordings"]],
            )
            for each in shown
        ]
        over = [each for each in found if each.outcome is not None]
        recorded = all(each.files for each in over if each.outcome == "answered")
        return len(over) == count and recorded

    await until(are_over, lambda: f"not {count} calls are over: {found}")
    return found


async def told(city: City, phone: Softphone, code: str) -> str:
    """The operator dials a code at the telephone; what is heard until it is hung up."""
    call = await phone.dial(code)
    assert (await within(call.until_ended())).by is Side.REMOTE
    (heard,) = await city.heard(call)
    return heard


async def say(city: City, speaker: Call, clip: str, listener: Call) -> None:
    """Speak a clip to its end, until the other has heard it."""
    speaker.media.say(city.recording(clip))
    await until(lambda: not speaker.media.speaking, lambda: "still speaking")
    await city.until_heard(listener, clip)


@pytest.mark.long
async def test_the_operator_is_rung_then_the_citizen_and_what_they_say_is_recorded(
    city: City,
) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        phone.voice = None
        order = await order_taken(city, phone, caller)
        before = await city.ask("GET", "/wallboard")
        state = await city.ask("POST", f"/orders/{order.number}/calls", {"operator": "001"})
        assert (state["state"], state["state_title"]) == ("calling", "外呼")
        seat = await phone.next_call()
        await city.until_heard(seat, "outbound_begins")
        far = await city.outside.call_to(caller, trunk="telecom")
        assert "051912345" in far.headers("From")[0]
        assert await within(far.call.until_answered())
        far.call.media.background(np.zeros(FRAME, np.int16))
        await city.until_operator("001", "talking")
        await say(city, far.call, CITIZEN, seat)
        await say(city, seat, OPERATOR, far.call)
        await far.call.hang_up()
        await within(seat.until_ended())
        await city.until_operator("001", "wrap_up")
        (made,) = await made_for(city, order)
        after = await city.ask("GET", "/wallboard")
    assert (made.outcome, made.number) == (OutboundOutcome.ANSWERED, f"+86{caller}")
    assert made.talked is not None
    assert made.talked > 0
    (file,) = made.files
    path = city.server.settings.recordings / file
    folder = city.server.settings.plan / "ivr_prompts"
    clips = Catalog({n: (n, read_wav(folder / f"{n}.wav")) for n in (CITIZEN, OPERATOR)})
    said = await asyncio.to_thread(clips.listen, read_wav(path))
    assert list(said.names) == [CITIZEN, OPERATOR]
    (only,) = await city.orders_of(caller)
    assert only.record == order
    for figure in ("offered", "in_progress", "answered", "abandoned"):
        assert before[figure] == after[figure]


@pytest.mark.long
async def test_a_bare_telephone_calls_the_citizen_of_the_call_just_ended(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        order = await order_taken(city, phone, caller)
        phone.voice = voice(Sound.OPERATOR)
        assert await told(city, phone, "*41") == "outbound_hang_up"
        seat = await phone.next_call()
        far = await city.outside.call_to(caller)
        assert await within(far.call.until_answered())
        far.call.media.background(voice(Sound.CITIZEN))
        await until_talking((far.call, Sound.CITIZEN), (seat, Sound.OPERATOR))
        await seat.hang_up()
        await within(far.call.until_ended())
        (made,) = await made_for(city, order)
        assert made.outcome == OutboundOutcome.ANSWERED


@pytest.mark.long
async def test_a_bare_telephone_calls_for_an_order_by_its_number(city: City) -> None:
    busy, silent = new_caller(), new_caller()
    city.outside.behave(busy, BUSY)
    city.outside.behave(silent, NO_ANSWER)
    async with city.operator("001", "seat01") as phone:
        first = await order_taken(city, phone, busy)
        second = await order_taken(city, phone, silent)
        day, sequence = first.number.split("-")[1:]
        assert await told(city, phone, f"*42{day}{sequence}") == "outbound_hang_up"
        seat = await phone.next_call()
        await city.until_heard(seat, "outbound_begins", "outbound_busy")
        await within(seat.until_ended())
        (made,) = await made_for(city, first)
        assert (made.outcome, made.talked) == (OutboundOutcome.BUSY, None)
        sequence = second.number.split("-")[2].lstrip("0")
        assert await told(city, phone, f"*42{sequence}") == "outbound_hang_up"
        seat = await phone.next_call()
        await city.until_heard(seat, "outbound_begins", "outbound_no_answer")
        await within(seat.until_ended())
        (made,) = await made_for(city, second)
        assert made.outcome == OutboundOutcome.NO_ANSWER
        assert await told(city, phone, "*429999") == "order_unknown"


async def test_a_units_own_number_is_called_and_an_emergency_number_is_not(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        order = await order_taken(city, phone, caller)
        path = f"/orders/{order.number}/calls"
        wanted = {"operator": "001", "called": "number"}
        for number, status, code in (
            ("110", 422, "emergency_number"),
            ("0085212345678", 422, "unknown_number"),
            ("02112345678", 403, "not_allowed"),
        ):
            answer = await city.request("POST", path, {**wanted, "number": number})
            assert (answer[0], answer[1]["code"]) == (status, code)
        await city.ask("POST", path, {**wanted, "number": "12319"})
        seat = await phone.next_call()
        far = await city.outside.call_to("12319", trunk="12319")
        assert "051912345" in far.headers("From")[0]
        assert await within(far.call.until_answered())
        far.call.media.background(voice(Sound.PARTNER))
        await until_hears(seat, Sound.PARTNER)
        await seat.hang_up()
        await within(far.call.until_ended())
        (made,) = await made_for(city, order)
        assert (made.outcome, made.number) == (OutboundOutcome.ANSWERED, "12319")


async def test_a_controller_that_dies_leaves_the_talk_and_the_ringing_alone(city: City) -> None:
    def patient(folder: Path) -> None:
        edit(folder, CENTRE, r"forward_ring_seconds: \d+", "forward_ring_seconds: 60")

    caller = new_caller()
    city.outside.behave(caller, NO_ANSWER)  # by itself
    async with changed_plan(city, patient), city.operator("001", "seat01") as phone:
        order = await order_taken(city, phone, caller)
        phone.voice = voice(Sound.OPERATOR)
        await city.ask("POST", f"/orders/{order.number}/calls", {"operator": "001"})
        seat = await phone.next_call()
        far = await city.outside.call_to(caller)
        async with without_controller(city.server):
            far.call.answer()
            await until_hears(far.call, Sound.OTHER)  # music, until somebody can connect them
        far.call.media.background(voice(Sound.CITIZEN))
        await until_talking((far.call, Sound.CITIZEN), (seat, Sound.OPERATOR))
        async with without_controller(city.server):
            await until_talking((far.call, Sound.CITIZEN), (seat, Sound.OPERATOR))
        await seat.hang_up()
        await within(far.call.until_ended())
        (made,) = await made_for(city, order)
    assert made.outcome == OutboundOutcome.ANSWERED
    assert len(made.files) == 1
