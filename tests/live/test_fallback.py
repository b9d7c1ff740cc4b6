"""Without the controller Asterisk does what the plan says, and each call leaves one order all the
same; with the controller back, who waits is served by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.asterisk.ari import Access, Ari
from callcenter.asterisk.decode import caller_here
from callcenter.asterisk.secrets import USER, ari_password
from callcenter.asterisk.switch import FALLBACK
from callcenter.numberplan.loader import load
from callcenter.orders.record import LegRole, OrderRecord, Outcome
from callcenter.simulator.agent import Side
from callcenter.simulator.behaviour import AT_ONCE, BUSY, DECLINE, NO_ANSWER, UNAVAILABLE, Behaviour
from tests.fakes.waiting import until as changed
from tests.support.city import VOICE, City, new_caller, running_city, until, within
from tests.support.processes import with_frozen_controller, without_controller
from tests.support.serving import until_read, until_serving

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False


async def nobody_renews(city: City) -> None:
    """The dead man's switch takes the only caller who is there, though the controller lives."""
    async with asterisk(city) as ari:
        (channel,) = await ari.channels()
        await ari.go_on(str(channel["id"]), FALLBACK)


def asterisk(city: City) -> Ari:
    """The server's own."""
    settings = city.server.settings
    return Ari(Access("127.0.0.1", settings.ari_port, USER, ari_password(settings)))


async def record_of(city: City, caller: str) -> OrderRecord:
    return (await city.order_of(caller)).record


# -- what the plan says ----------------------------------------------------------------------------


async def test_a_caller_talks_with_an_operator(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        await until_serving(city, "seat01")
        async with without_controller(city.server):
            call = await city.call("12345", caller)
            await city.until_heard(call, VOICE)
            seat = await phone.next_call()
            assert caller[-8:] in seat.invite.from_.uri
            call.media.background(city.recording("signed_in"))
            await city.until_heard(seat, "signed_in")
            await call.hang_up()
            assert (await within(seat.until_ended())).by is Side.REMOTE
        order = await record_of(city, caller)
    assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")
    assert (order.caller, order.hotline, order.dialled) == (f"+86{caller}", "12345", "12345")
    assert [(leg.role, leg.place) for leg in order.legs] == [
        (LegRole.CALLER, "telecom"),
        (LegRole.OPERATOR, "seat01"),
    ]
    assert order.answered is not None
    assert order.opened <= order.answered <= (order.ended or 0.0)


async def test_an_operator_who_hangs_up_ends_the_call(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        await until_serving(city, "seat01")
        async with without_controller(city.server):
            call = await city.call("12345", caller)
            await city.until_heard(call, VOICE)
            await (await phone.next_call()).hang_up()
            assert (await within(call.until_ended())).by is Side.REMOTE
            assert "queue_sorry" not in await city.heard(call)
        assert (await record_of(city, caller)).outcome is Outcome.ANSWERED


@pytest.mark.long
async def test_a_retiring_number_says_so_then_connects(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01"):
        await until_serving(city, "seat01")
        async with without_controller(city.server):
            call = await city.call("87222160", caller)
            await city.until_heard(call, "forwarded_87222160", VOICE)
            await call.hang_up()
        order = await record_of(city, caller)
    assert (order.outcome, order.hotline) == (Outcome.ANSWERED, "87222160")


async def test_numbers_with_lines_of_their_own_reach_them(city: City) -> None:
    """A parallel number, one whose far end wants a digit, and one that Changzhou answers."""
    plan = load(city.server.settings.plan).plan
    assert plan is not None
    resident = next(n for n in plan.numbers.values() if n.resident_targets)
    digits = plan.numbers["12366-2"]
    ways = {
        "12360": plan.numbers["12360"].own_line[0],
        digits.dids[0]: digits.own_line[0],
        resident.number: resident.resident_targets[0],
    }
    callers = {dialled: new_caller() for dialled in ways}
    for way in ways.values():
        city.outside.behave(way.digits, AT_ONCE)
    async with without_controller(city.server):
        for dialled, way in ways.items():
            call = await city.call(dialled, callers[dialled])
            assert await within(call.until_answered())
            far = await city.outside.call_to(way.digits, trunk=way.trunk)
            number = plan.directory.find(dialled)
            assert far.headers("Diversion")[0].startswith(f"<sip:{number}@")
            if number == "12366-2":
                await until(lambda far=far: far.digits == "2", lambda: "no digit came")
            await call.hang_up()
            await within(far.call.until_ended())
    for dialled, caller in callers.items():
        order = await record_of(city, caller)
        assert order.outcome is Outcome.FORWARDED
        assert (order.dialled, order.hotline) == (dialled, plan.directory.find(dialled))
        assert order.answered is not None


@pytest.mark.long
async def test_a_line_that_cannot_be_had_is_apologised_for(city: City) -> None:
    cases = {
        "12360": (BUSY, "forward_busy"),
        "12313": (NO_ANSWER, "forward_no_answer"),
        "12348": (DECLINE, "forward_busy"),
        "12319": (UNAVAILABLE, "forward_unreachable"),
    }
    callers = {number: new_caller() for number in cases}
    lines = {number: await city.target(number) for number in cases}
    for number, (behaviour, _) in cases.items():
        city.outside.behave(lines[number], behaviour)
    try:
        async with without_controller(city.server):
            calls = {number: await city.call(number, callers[number]) for number in cases}
            for number, (_, apology) in cases.items():
                await within(calls[number].until_ended())
                assert await city.heard(calls[number]) == [apology], number
    finally:
        for line in lines.values():
            city.outside.behave(line, AT_ONCE)
    for caller in callers.values():
        assert (await record_of(city, caller)).outcome is Outcome.FORWARD_FAILED


async def test_a_call_that_comes_back_to_us_is_queued(city: City) -> None:
    caller = new_caller()
    diverted = (("Diversion", "<sip:12360@telecom.invalid>;reason=unconditional"),)
    async with city.operator("001", "seat01"):
        await until_serving(city, "seat01")
        async with without_controller(city.server):
            call = await city.call("12360", caller, headers=diverted)
            await city.until_heard(call, VOICE)
            await call.hang_up()
        order = await record_of(city, caller)
    assert (order.outcome, order.first_dialled) == (Outcome.ANSWERED, "12360")


async def test_what_is_no_number_is_refused(city: City) -> None:
    caller = new_caller()
    async with without_controller(city.server):
        call = await city.call("80999999", caller)
        assert (await within(call.until_ended())).status == 404
    assert (await record_of(city, caller)).outcome is Outcome.REJECTED


# -- the dead man's switch -------------------------------------------------------------------------


async def test_who_waits_is_served_without_us(city: City) -> None:
    talker, waiter = new_caller(), new_caller()
    async with city.operator("001", "seat01") as phone:
        await until_serving(city, "seat01")
        talk = await city.talk(talker)
        seat = await phone.next_call()
        waiting = await city.waiting_call(waiter)
        queued = (await city.orders_of(waiter))[0].record.queued
        async with without_controller(city.server):
            await talk.hang_up()
            await seat.hang_up()
            await city.until_heard(waiting, VOICE)
            again = await phone.next_call()
            await waiting.hang_up()
            await within(again.until_ended())
        orders = [await record_of(city, caller) for caller in (talker, waiter)]
    assert [(order.outcome, order.operator) for order in orders] == [
        (Outcome.ANSWERED, "001"),
        (Outcome.ANSWERED, "001"),
    ]
    assert orders[1].queued == queued


async def test_who_asked_for_a_break_after_the_talk_is_not_rung(city: City) -> None:
    talker, first, second = new_caller(), new_caller(), new_caller()
    async with city.operator("001", "seat01") as tired:
        talk = await city.talk(talker)
        seat = await tired.next_call()
        await city.ask("POST", "/operators/001/not-ready", {"reason": "break"})
        async with city.operator("002", "seat02"):
            await until_serving(city, "seat02")
            async with without_controller(city.server):
                await talk.hang_up()
                await seat.hang_up()
                served = await city.call("12345", first)
                await city.until_heard(served, VOICE)
                waits = await city.call("12345", second)
                await city.until_music(waits)
                assert [each for each in tired.agent.calls if each.ending is None] == []
                await waits.hang_up()
                await served.hang_up()
            await city.until_operator("001", "not_ready")
            orders = [await record_of(city, caller) for caller in (talker, first, second)]
    assert [(order.outcome, order.operator) for order in orders] == [
        (Outcome.ANSWERED, "001"),
        (Outcome.ANSWERED, "002"),
        (Outcome.ABANDONED, None),
    ]


async def test_who_calls_a_frozen_controller_is_served_without_it(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01"):
        await until_serving(city, "seat01")
        async with with_frozen_controller(city.server):
            call = await city.call("12345", caller)
            await city.until_heard(call, VOICE)
        await city.until_phase(caller, "opened")
        await call.hang_up()
        order = await record_of(city, caller)
        assert len(await city.orders_of(caller)) == 1
    assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")


async def test_who_talks_is_not_taken_away(city: City) -> None:
    """Longer than the dead man's switch waits, and longer than its renewals."""
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        call = await city.talk(caller)
        seat = await phone.next_call()
        async with without_controller(city.server):
            packets = len(call.media.heard.packets)
            await within(call.media.until_heard(packets + 400))  # 8 s
            assert seat.ending is None
        await call.hang_up()
        assert (await record_of(city, caller)).outcome is Outcome.ANSWERED


# -- the controller is back ------------------------------------------------------------------------


async def test_who_waited_there_is_served_by_the_controller_with_the_wait_that_was(
    city: City,
) -> None:
    first, second = new_caller(), new_caller()
    async with without_controller(city.server):
        earlier = await city.call("12345", first)
        await city.until_music(earlier)
    later = await city.waiting_call(second)
    await city.until_phase(first, "queued")
    async with city.operator("001", "seat01") as phone:
        await city.until_heard(earlier, "operator_suffix", VOICE)
        assert first[-8:] in (await phone.next_call()).invite.from_.uri
        await earlier.hang_up()
        await city.until_heard(later, "operator_suffix", VOICE)
        await later.hang_up()
        orders = [await record_of(city, caller) for caller in (first, second)]
    for order in orders:
        assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")
    assert (orders[0].queued or 0.0) < (orders[1].queued or 0.0)
    assert (orders[0].queued or 0.0) - orders[0].opened < 3.0, "from the call's beginning"


async def test_whom_a_living_controller_was_too_slow_for_is_fetched_at_once(city: City) -> None:
    """Nobody is restarted: the caller waits on as if nothing had happened."""
    caller = new_caller()
    call = await city.waiting_call(caller)
    queued = (await city.orders_of(caller))[0].record.queued
    await nobody_renews(city)
    async with asterisk(city) as ari:

        async def is_back() -> bool:
            """From Asterisk's own queue, which has noted when the caller came there."""
            (channel,) = await ari.channels()
            variables = channel["channelvars"]
            was_there = isinstance(variables, dict) and variables["QUEUED"] != ""
            return was_there and caller_here(channel) is not None

        await until(is_back, lambda: "nobody came back", patience=2.0)
    async with city.operator("001", "seat01"):
        await city.until_heard(call, "operator_suffix", VOICE)
        await call.hang_up()
        order = await record_of(city, caller)
    assert (order.outcome, order.operator, order.queued) == (Outcome.ANSWERED, "001", queued)


async def test_a_seat_that_is_ringing_there_may_still_answer(city: City) -> None:
    caller, other = new_caller(), new_caller()
    async with city.operator("001", "seat01", Behaviour(ring_seconds=2.5)) as phone:
        await until_serving(city, "seat01")
        async with without_controller(city.server):
            call = await city.call("12345", caller)
            seat = await phone.next_call()
        waiting = await city.waiting_call(other)
        await city.until_heard(call, VOICE)
        assert [each for each in phone.agent.calls if each.ending is None] == [seat]
        await call.hang_up()
        await city.until_heard(waiting, VOICE)
        await waiting.hang_up()
        for each in (caller, other):
            order = await record_of(city, each)
            assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")


async def test_a_seat_that_asterisk_rings_by_itself_gets_no_other_call(city: City) -> None:
    """The controller lives, but a call has left it: there a seat that wraps up is rung at once."""
    talker, left, other = new_caller(), new_caller(), new_caller()
    async with city.operator("001", "seat01") as phone:
        talk = await city.talk(talker)
        before = await phone.next_call()
        call = await city.waiting_call(left)
        await until_serving(city, "seat01")
        await talk.hang_up()
        await within(before.until_ended())
        await nobody_renews(city)
        seat = await phone.next_call()
        assert left[-8:] in seat.invite.from_.uri
        waiting = await city.waiting_call(other)
        await city.until_music(waiting)
        assert [each for each in phone.agent.calls if each.ending is None] == [seat]
        await call.hang_up()
        await city.until_heard(waiting, "operator_suffix", VOICE)
        await waiting.hang_up()
        for each in (left, other):
            order = await record_of(city, each)
            assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")


async def test_who_talks_there_goes_on_and_the_seat_gets_no_other_call(city: City) -> None:
    talker, waiter = new_caller(), new_caller()
    async with city.operator("001", "seat01") as phone:
        await until_serving(city, "seat01")
        async with without_controller(city.server):
            talk = await city.call("12345", talker)
            await city.until_heard(talk, VOICE)
            seat = await phone.next_call()
        waiting = await city.waiting_call(waiter)
        talk.media.background(city.recording("signed_in"))
        await city.until_heard(seat, "signed_in")
        assert len([call for call in phone.agent.calls if call.ending is None]) == 1
        await talk.hang_up()
        await within(seat.until_ended())
        await city.until_heard(waiting, "operator_suffix", VOICE)
        await waiting.hang_up()
        orders = [await record_of(city, caller) for caller in (talker, waiter)]
    for caller, order in zip((talker, waiter), orders, strict=True):
        assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")
        assert len(await city.orders_of(caller)) == 1


# -- cutovers --------------------------------------------------------------------------------------


@pytest.mark.long
async def test_at_a_cutover_the_dialplan_changes_with_the_plan(tmp_path: Path) -> None:
    """From the first day of the formal run on, retired numbers only announce their replacement."""
    async with running_city(tmp_path, "--at", "2018-06-30T23:59:20", greeting=False) as city:
        file = city.server.settings.asterisk / "etc" / "extensions.conf"
        announced = "Set(ANNOUNCEMENT=announced_87222160)"
        assert announced not in file.read_text()
        await changed(lambda: announced in file.read_text(), seconds=60)
        await until_read(city)
        caller = new_caller()
        async with without_controller(city.server):
            call = await city.call("87222160", caller)
            assert (await within(call.until_ended())).by is Side.REMOTE
            assert await city.heard(call) == ["announced_87222160"]
        assert (await record_of(city, caller)).outcome is Outcome.ANNOUNCED
