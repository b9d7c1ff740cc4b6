"""Each sentence about a call, on a real Asterisk, proved from what the caller hears."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from callcenter.calls.events import Ending
from callcenter.numberplan.loader import load
from callcenter.orders.record import LegRole, Outcome
from callcenter.simulator.agent import Call, Side
from callcenter.simulator.behaviour import (
    AT_ONCE,
    BUSY,
    DECLINE,
    NO_ANSWER,
    UNAVAILABLE,
    Behaviour,
)
from callcenter.simulator.outside import Outside
from tests.support.city import City, new_caller, running_city, until, within

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST = ["digit_0", "digit_0", "digit_1_yao", "operator_suffix"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    """One server for all tests here, on a day of the trial run."""
    folder: Path = tmp_path_factory.mktemp("plan")
    async with running_city(folder, "--at", "2017-12-01T10:00") as city:
        yield city


async def talk(city: City, caller: str, number: str = "12345") -> Call:
    """A citizen who has been connected to whoever is ready."""
    call = await city.call(number, caller)
    await city.until_heard(call, "operator_suffix")
    return call


# -- the queue -------------------------------------------------------------------------------------


async def test_a_citizen_is_greeted_queued_and_answered_and_leaves_an_order(city: City) -> None:
    caller = new_caller()
    call = await city.waiting_call(caller)
    await city.until_music(call)
    async with city.operator("001", "seat01") as phone:
        phone.voice = Outside.voice("1")
        seat = await phone.next_call()
        assert caller[-8:] in seat.invite.from_.uri
        await city.until_heard(call, "greeting", *FIRST)
        await city.until_operator("001", "talking")
        await call.hang_up()
        assert (await within(seat.until_ended())).by is Side.REMOTE
        order = (await city.order_of(caller)).record
        await city.until_operator("001", "wrap_up")
        await city.until_operator("001", "ready")
    assert order.number.startswith("320481-20171201-")
    assert order.caller == f"+86{caller}"
    assert (order.first_dialled, order.hotline, order.owner) == ("12345", "12345", "政务办")
    assert (order.outcome, order.ended_by, order.operator) == (Outcome.ANSWERED, "caller", "001")
    assert [leg.role for leg in order.legs] == [LegRole.CALLER, LegRole.OPERATOR]
    assert order.opened < (order.queued or 0) < (order.answered or 0) < (order.ended or 0)


async def test_both_hear_each_other(city: City) -> None:
    async with city.operator("001", "seat01") as phone:
        phone.voice = city.recording("seat_taken")
        call = await talk(city, new_caller())
        (seat,) = phone.agent.calls
        call.media.background(city.recording("signed_in"))
        await city.until_heard(seat, "signed_in")
        await city.until_heard(call, "seat_taken")
        await call.hang_up()


async def test_the_longest_waiting_caller_goes_to_the_longest_idle_operator(city: City) -> None:
    async with city.operator("002", "seat02") as idle, city.operator("001", "seat01") as later:
        one, two = new_caller(), new_caller()
        first, second = await talk(city, one), await talk(city, two)
        assert one[-8:] in (await idle.next_call()).invite.from_.uri
        assert two[-8:] in (await later.next_call()).invite.from_.uri
        third, fourth = new_caller(), new_caller()
        waits = await city.waiting_call(third), await city.waiting_call(fourth)
        await second.hang_up()
        assert third[-8:] in (await later.next_call()).invite.from_.uri
        await first.hang_up()
        assert fourth[-8:] in (await idle.next_call()).invite.from_.uri
        for call in waits:
            await call.hang_up()


@pytest.mark.parametrize(
    ("behaviour", "ending"),
    [(NO_ANSWER, Ending.NO_ANSWER), (DECLINE, Ending.DECLINED), (BUSY, Ending.BUSY)],
    ids=["no answer", "declined", "busy"],
)
async def test_an_offer_that_is_not_taken_goes_on_to_the_next_operator(
    city: City, behaviour: Behaviour, ending: Ending
) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01", behaviour), city.operator("002", "seat02"):
        call = await talk(city, caller)
        await city.until_operator("001", "not_ready")
        await call.hang_up()
        order = (await city.order_of(caller)).record
    assert order.operator == "002"
    assert [(leg.party, leg.outcome) for leg in order.legs[1:]] == [
        ("001", ending),
        ("002", Ending.NORMAL),
    ]


async def test_a_caller_who_was_not_answered_is_at_the_head_of_the_queue(city: City) -> None:
    first, second = new_caller(), new_caller()
    async with city.operator("001", "seat01", NO_ANSWER) as deaf:
        waiting = await city.waiting_call(first)
        await deaf.next_call()
        behind = await city.waiting_call(second)
        await city.until_operator("001", "not_ready")
        async with city.operator("002", "seat02") as phone:
            assert first[-8:] in (await phone.next_call()).invite.from_.uri
        for call in (waiting, behind):
            await call.hang_up()


async def test_a_softphone_that_is_gone_loses_no_caller(city: City) -> None:
    async with city.operator("001", "seat01") as phone:
        await phone.vanish()
        caller = new_caller()
        waiting = await city.waiting_call(caller)
        await city.until_operator("001", "not_ready")
        async with city.operator("002", "seat02"):
            await city.until_heard(waiting, "operator_suffix")
            await waiting.hang_up()
        assert (await city.order_of(caller)).record.operator == "002"
        phone.agent.calls.clear()


async def test_the_operator_leaves_first(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        call = await talk(city, caller)
        await (await phone.next_call()).hang_up()
        assert (await within(call.until_ended())).by is Side.REMOTE
        await city.until_operator("001", "wrap_up")
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.ended_by) == (Outcome.ANSWERED, "operator")


async def test_a_caller_who_gives_up_has_an_order_too(city: City) -> None:
    caller = new_caller()
    call = await city.waiting_call(caller)
    await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.ended_by, order.operator) == (Outcome.ABANDONED, "caller", None)


async def test_a_withheld_number_is_masked_at_the_softphone(city: City) -> None:
    async with city.operator("001", "seat01") as phone:
        privacy = (
            ("P-Asserted-Identity", "<sip:13900001111@carrier.example>"),
            ("Privacy", "id"),
        )
        call = await city.call("12345", "", headers=privacy)
        await city.until_heard(call, "operator_suffix")
        invite = (await phone.next_call()).invite
        assert "13900001111" not in str(invite)
        await call.hang_up()


# -- announcements and forwards --------------------------------------------------------------------


async def test_a_merged_number_hears_its_announcement_and_reaches_an_operator(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        call = await talk(city, caller, "87222160")
        assert (await city.heard(call))[0] == "forwarded_87222160"
        assert "87222160" in (await phone.next_call()).invite.from_.name
        await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.first_dialled, order.owner) == ("87222160", "教育局")


async def test_a_parallel_number_rings_its_own_line_and_leaves_an_order(city: City) -> None:
    caller = new_caller()
    call = await city.call("12319", caller)
    far = await city.outside.call_to("12319", trunk="12319")
    assert await within(call.until_answered())
    assert "12319" in far.headers("Diversion")[0]
    assert caller[-8:] in far.headers("From")[0]
    await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.owner, order.ended_by) == (Outcome.FORWARDED, "城管局", "caller")
    assert (order.legs[1].role, order.legs[1].place) == (LegRole.PARTNER, "12319")


async def test_12366_2_is_sent_its_digit_after_the_answer(city: City) -> None:
    call = await city.call("12366-2", new_caller())
    far = await city.outside.call_to(await city.target("12366-2"))
    assert await within(call.until_answered())
    assert await within(far.call.media.until_digits(1)) == "2"
    await call.hang_up()


@pytest.mark.parametrize(
    ("behaviour", "apology"),
    [
        (BUSY, "forward_busy"),
        (DECLINE, "forward_busy"),
        (NO_ANSWER, "forward_no_answer"),
    ],
    ids=["busy", "declined", "no answer"],
)
async def test_a_line_that_cannot_be_had_is_told(
    city: City, behaviour: Behaviour, apology: str
) -> None:
    caller = new_caller()
    city.outside.behave("12319", behaviour)
    call = await city.call("12319", caller)
    await city.until_heard(call, apology)
    assert (await within(call.until_ended())).by is Side.REMOTE
    city.outside.behave("12319", AT_ONCE)
    assert (await city.order_of(caller)).record.outcome is Outcome.FORWARD_FAILED


async def test_a_carrier_that_fails_is_followed_by_the_next(city: City) -> None:
    target = await city.target("96121")
    city.outside.behave(target, UNAVAILABLE)
    caller = new_caller()
    call = await city.call("96121", caller)
    await city.outside.call_to(target, trunk="telecom")
    await city.outside.call_to(target, trunk="unicom")
    await city.until_heard(call, "forward_unreachable")
    await call.hang_up()
    city.outside.behave(target, AT_ONCE)
    order = (await city.order_of(caller)).record
    assert [leg.place for leg in order.legs] == ["telecom", "telecom", "unicom"]


async def test_a_call_that_has_been_through_us_is_not_forwarded_round_again(city: City) -> None:
    header = ("Diversion", "<sip:12319@us.example>;reason=unconditional")
    call = await city.call("12319", new_caller(), headers=(header,))
    await city.until_heard(call, "greeting")
    await call.hang_up()


async def test_a_number_of_nobody_is_refused_and_leaves_an_order(city: City) -> None:
    caller = new_caller()
    call = await city.call("87000000", caller)
    assert (await within(call.until_ended())).status == 404
    assert (await city.order_of(caller)).record.outcome is Outcome.REJECTED


async def test_an_emergency_call_is_dialled_by_the_dialplan_and_filed_afterwards(
    city: City,
) -> None:
    caller = new_caller()
    call = await city.call("110", caller)
    await city.outside.call_to("110", trunk="telecom")
    assert await within(call.until_answered())
    assert await city.orders_of(caller) == (), "the controller has no part in it"
    await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.dialled) == (Outcome.EMERGENCY, "110")
    assert order.legs[1].answered is not None


async def test_a_number_that_ends_like_an_emergency_number_is_an_ordinary_one(city: City) -> None:
    call = await city.call("87229110", new_caller())
    await city.until_heard(call, "forwarded_87229110")
    await call.hang_up()


# -- operators on a softphone ----------------------------------------------------------------------


async def dial_code(city: City, seat: str, code: str, *, keys: str = "") -> list[str]:
    """A seat dials a code; what it hears until it is hung up."""
    async with city.softphone(seat) as phone:
        call = await phone.dial(code)
        assert await within(call.until_answered())
        if keys:
            await city.until_heard(call, "enter_pin")
            await call.media.press(keys)
        assert (await within(call.until_ended())).by is Side.REMOTE
        return await city.heard(call)


async def test_a_shift_by_feature_code(city: City) -> None:
    pin = await city.pin("003")
    assert await dial_code(city, "seat03", "*12") == ["not_signed_in"]
    assert await dial_code(city, "seat03", "*11003", keys="0000#") == ["enter_pin", "pin_wrong"]
    assert await dial_code(city, "seat03", "*11003", keys=f"{pin}#") == ["enter_pin", "signed_in"]
    assert await city.operator_state("003") == "not_ready"
    async with city.softphone("seat03") as phone:
        for code, words, state in (
            ("*12", "now_ready", "ready"),
            ("*131", "now_not_ready", "not_ready"),
            ("*12", "now_ready", "ready"),
            ("*14", "signed_out", "offline"),
        ):
            call = await phone.dial(code)
            await within(call.until_ended())
            assert await city.heard(call) == [words]
            assert await city.operator_state("003") == state


async def test_a_taken_seat_and_a_second_seat_are_refused(city: City) -> None:
    pin = await city.pin("002")
    async with city.operator("001", "seat01"):
        heard = await dial_code(city, "seat04", "*11001", keys=f"{await city.pin('001')}#")
        assert heard == ["enter_pin", "already_signed_in"]
    await city.ask("POST", "/operators/001/sign-in", {"seat": "seat01"})
    assert await dial_code(city, "seat01", "*11002", keys=f"{pin}#") == ["enter_pin", "seat_taken"]
    await city.ask("POST", "/operators/001/sign-out")


async def test_in_a_talk_codes_are_ours_and_other_digits_pass_through(city: City) -> None:
    async with city.operator("001", "seat01") as phone:
        call = await talk(city, new_caller())
        seat = await phone.next_call()
        await city.until_operator("001", "talking")
        await seat.media.press("*13")
        await seat.media.press("1")
        await city.until_heard(seat, "now_not_ready")
        await seat.media.press("57#")
        assert await within(call.media.until_digits(3)) == "57#"
        assert "now_not_ready" not in await city.heard(call)
        await call.hang_up()
        await city.until_operator("001", "not_ready")


# -- around a call ---------------------------------------------------------------------------------


async def test_the_figures_move_while_the_call_moves(city: City) -> None:
    before = await city.ask("GET", "/wallboard")
    call = await city.waiting_call(new_caller())
    waiting = await city.ask("GET", "/wallboard")
    assert waiting["waiting"] == 1
    assert waiting["offered"] == int(str(before["offered"])) + 1
    await call.hang_up()

    async def is_over() -> bool:
        now = await city.ask("GET", "/wallboard")
        return now["waiting"] == 0 and now["abandoned"] == int(str(before["abandoned"])) + 1

    await until(is_over, lambda: "the wallboard does not move")


async def test_a_saved_file_holds_for_the_next_call_and_a_bad_edit_changes_nothing(
    city: City,
) -> None:
    numbers = city.server.settings.plan / "dialplan" / "numbers.yaml"
    good = numbers.read_text(encoding="utf-8")

    async def action() -> str:
        return str((await city.ask("GET", "/plan/route?number=12310"))["action"])

    async def plan_is_well() -> bool:
        async with city.http.get(f"{city.server.settings.web_url}/healthz") as answer:
            parts = (await answer.json())["parts"]
        return bool(next(part["ok"] for part in parts if part["name"] == "plan"))

    assert await action() == "queue"
    numbers.write_text(good.replace("month: 2017-05", "month: 2018-05"), encoding="utf-8")
    saved = datetime.now(UTC)

    async def is_forward() -> bool:
        return await action() == "forward"

    await until(is_forward, lambda: "the edit has no effect")
    assert (datetime.now(UTC) - saved).total_seconds() < 2
    numbers.write_text(good + "\nnonsense: [", encoding="utf-8")

    async def is_ill() -> bool:
        return not await plan_is_well()

    await until(is_ill, lambda: "a bad edit is not told")
    call = await city.call("12310", new_caller())
    target = await city.target("12310")
    await city.outside.call_to(target)
    await call.hang_up()
    numbers.write_text(good, encoding="utf-8")
    await until(plan_is_well, lambda: "the correction is not taken")
    assert await action() == "queue"
    assert load(city.server.settings.plan).errors == ()
