"""Operators on a bare softphone, the wallboard, and an edit of the plan in mid-shift."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from callcenter.numberplan.loader import load
from callcenter.simulator.agent import Side
from tests.support.city import City, new_caller, until, within
from tests.support.processes import without_controller

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
ANNOUNCES = False


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


@pytest.mark.long
async def test_a_taken_seat_and_a_second_seat_are_refused(city: City) -> None:
    pin = await city.pin("002")
    async with city.operator("001", "seat01"):
        heard = await dial_code(city, "seat04", "*11001", keys=f"{await city.pin('001')}#")
        assert heard == ["enter_pin", "already_signed_in"]
    await city.ask("POST", "/operators/001/sign-in", {"seat": "seat01"})
    assert await dial_code(city, "seat01", "*11002", keys=f"{pin}#") == ["enter_pin", "seat_taken"]
    await city.ask("POST", "/operators/001/sign-out")


async def test_a_seat_is_taken_over_in_mid_shift(city: City) -> None:
    pin = await city.pin("002")
    async with city.operator("002", "seat02"):
        await city.ask("POST", "/operators/001/sign-in", {"seat": "seat01"})
        assert await dial_code(city, "seat01", "*17002", keys="0000#") == ["enter_pin", "pin_wrong"]
        heard = await dial_code(city, "seat01", "*17002", keys=f"{pin}#")
        assert heard == ["enter_pin", "signed_in"]
        there = await city.ask("GET", "/operators/002")
        assert there["seat"] == "seat01"
        assert await city.operator_state("001") == "offline"


async def test_more_time_to_wrap_up(city: City) -> None:
    async with city.operator("001", "seat01") as phone:
        call = await city.talk(new_caller())
        await phone.next_call()
        await city.until_operator("001", "talking")
        await call.hang_up()
        await city.until_operator("001", "wrap_up")
        own = await phone.dial("*16")
        await within(own.until_ended())
        assert await city.heard(own) == ["wrap_up_extended"]
        await asyncio.sleep(3)  # without the code it would be over after two
        assert await city.operator_state("001") == "wrap_up"
        await city.ask("POST", "/operators/001/ready")


async def test_in_a_talk_codes_are_ours_and_other_digits_pass_through(city: City) -> None:
    async with city.operator("001", "seat01") as phone:
        call = await city.talk(new_caller())
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
        return bool((await city.health())["plan"]["ok"])

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
    async with without_controller(city.server):
        pass  # even one that has to start now knows the last good plan
    call = await city.call("12310", new_caller())
    await city.outside.call_to(await city.target("12310"))
    await call.hang_up()
    numbers.write_text(good, encoding="utf-8")
    await until(plan_is_well, lambda: "the correction is not taken")
    assert await action() == "queue"
    assert load(city.server.settings.plan).errors == ()
