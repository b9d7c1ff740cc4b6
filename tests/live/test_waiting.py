"""What waiting callers hear, and being called back instead, by the audio at every telephone."""

from __future__ import annotations

import pytest
import pytest_asyncio

from callcenter.orders.record import LegRole, Outcome
from callcenter.simulator.behaviour import BUSY
from tests.support.city import VOICE, City, edit, new_caller, until, within
from tests.support.ears import Sound, until_talking, voice

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def in_a_hurry(city: City) -> None:
    """Announcements after 5 s, callbacks offered at once."""
    folder = city.server.settings.plan
    edit(folder, "dialplan/queues.yaml", r"first: \d+", "first: 5")
    edit(folder, "dialplan/queues.yaml", r"after: \d+", "after: 0")
    await city.until_plan_is(folder)


@pytest.mark.long
async def test_place_and_wait_are_spoken_between_music(city: City) -> None:
    first = await city.waiting_call(new_caller())
    second = await city.waiting_call(new_caller())
    await city.until_music(second)
    await city.until_heard(second, "queue_position", "digit_2", "queue_place", "queue_wait_long")
    await city.until_heard(second, "callback_press", "digit_1_yao", "callback_offer")
    await city.until_heard(first, "queue_next")
    heard = len(second.heard())
    await until(lambda: len(second.heard()) > heard + 8000, lambda: "nothing more is heard")
    await city.until_music(second)
    for call in (first, second):
        await call.hang_up()


async def test_an_operator_who_answers_ends_the_announcement(city: City) -> None:
    call = await city.waiting_call(new_caller())
    await city.until_heard(call, "queue_next")
    async with city.operator("001", "seat01"):
        await city.until_heard(call, "operator_suffix", VOICE)
        assert "callback_offer" not in await city.heard(call)
        await call.hang_up()


async def test_a_callback_rings_the_operator_then_the_citizen_and_both_hear_each_other(
    city: City,
) -> None:
    caller = new_caller()
    call = await city.waiting_call(caller)
    await call.media.press("1")
    await city.until_heard(call, "callback_number", "callback_confirm")
    await call.media.press("1")
    await city.until_heard(call, "callback_noted")
    await within(call.until_ended())
    board = await city.ask("GET", "/wallboard")
    assert (board["callbacks_open"], board["waiting"]) == (1, 0)
    async with city.operator("001", "seat01", voice=voice(Sound.OPERATOR)) as phone:
        seat = await phone.next_call()
        await city.until_heard(seat, "callback_begins")
        far = await city.outside.call_to(caller, trunk="telecom")
        assert await within(far.call.until_answered())  # it has a voice of its own until then
        far.call.media.background(voice(Sound.CITIZEN))
        await until_talking((far.call, Sound.CITIZEN), (seat, Sound.OPERATOR))
        assert "051912345" in far.headers("From")[0]
        await far.call.hang_up()
        await within(seat.until_ended())
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.operator) == (Outcome.CALLBACK, "001")
    roles = [leg.role for leg in order.legs]
    assert roles == [LegRole.CALLER, LegRole.OPERATOR, LegRole.CALLER]
    whole = f"/orders/{order.number.partition('-')[2]}"

    async def two_recordings() -> bool:
        recordings = (await city.ask("GET", whole))["recordings"]
        return isinstance(recordings, list) and len(recordings) == 2

    await until(two_recordings, lambda: "the waiting and the talk are not both recorded")


@pytest.mark.long
async def test_another_number_is_keyed_in_and_called(city: City) -> None:
    caller, other = new_caller(), new_caller()
    call = await city.waiting_call(caller)
    await call.media.press("1")
    await city.until_heard(call, "callback_number", "callback_confirm")
    await call.media.press("2")
    await city.until_heard(call, "callback_key_in")
    await call.media.press(f"{other}#")
    await city.until_heard(call, *("callback_number", "callback_confirm") * 2)  # it is read back
    await call.media.press("1")
    await within(call.until_ended())
    async with city.operator("001", "seat01"):
        far = await city.outside.call_to(other)
        assert await within(far.call.until_answered())
        await far.call.hang_up()
    assert (await city.order_of(caller)).record.outcome is Outcome.CALLBACK


async def test_a_citizen_who_is_busy_is_told_to_the_operator_and_tried_again_later(
    city: City,
) -> None:
    caller = new_caller()
    city.outside.behave(caller, BUSY)
    call = await city.waiting_call(caller)
    await call.media.press("11")
    await city.until_heard(call, "callback_noted")
    await call.hang_up()
    async with city.operator("001", "seat01") as phone:
        seat = await phone.next_call()
        await city.until_heard(seat, "callback_begins", "callback_not_reached")
        await within(seat.until_ended())
    wished = (await city.ask("GET", "/callbacks"))["wished"]
    assert isinstance(wished, list)
    assert [line["tries"] for line in wished if line["number"] == f"+86{caller}"] == [1]
    again = await city.waiting_call(caller)  # and who calls in is called back no more
    wished = (await city.ask("GET", "/callbacks"))["wished"]
    assert isinstance(wished, list)
    assert [line for line in wished if line["number"] == f"+86{caller}"] == []
    await again.hang_up()


async def test_a_missed_caller_is_called_back_from_the_list(city: City) -> None:
    caller = new_caller()
    call = await city.waiting_call(caller)
    await call.hang_up()
    assert (await city.order_of(caller)).record.outcome is Outcome.ABANDONED
    async with city.operator("001", "seat01", voice=voice(Sound.OPERATOR)) as phone:
        await city.ask("POST", f"/callbacks/+86{caller}/call", {"operator": "001"})
        seat = await phone.next_call()
        far = await city.outside.call_to(caller)
        assert await within(far.call.until_answered())
        far.call.media.background(voice(Sound.CITIZEN))
        await until_talking((far.call, Sound.CITIZEN), (seat, Sound.OPERATOR))
        await seat.hang_up()
        await within(far.call.until_ended())
    (order,) = await city.orders_of(caller)
    assert order.record.operator == "001"
    missed = (await city.ask("GET", "/callbacks"))["missed"]
    assert isinstance(missed, list)
    assert [line for line in missed if line["number"] == f"+86{caller}"] == []
