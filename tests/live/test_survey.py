"""After the talk the caller is asked by key, by a real Asterisk; the answers are on the order."""

from __future__ import annotations

import pytest
import pytest_asyncio

from callcenter.orders.record import Outcome
from callcenter.simulator.agent import Call, Side
from tests.support.city import City, edit, new_caller, within
from tests.support.processes import without_controller

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def survey(city: City) -> None:
    """The hotline's callers are asked; operators' numbers are not spoken."""
    folder = city.server.settings.plan
    edit(
        folder,
        "dialplan/queues.yaml",
        "announce_operator: true",
        "announce_operator: false\n    survey: satisfaction",
    )
    edit(folder, "dialplan/surveys.yaml", "key_seconds: 8", "key_seconds: 3")
    await city.until_plan_is(folder)


async def asked(city: City, caller: str) -> Call:
    """A caller whose operator has hung up by API."""
    call = await city.call("12345", caller)
    assert await within(call.until_answered())
    await city.until_operator("001", "talking")
    await city.ask("POST", "/operators/001/hang-up")
    return call


async def test_the_caller_answers_by_key_and_the_order_says_so(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01"):
        call = await asked(city, caller)
        await city.until_operator("001", "wrap_up")
        await city.until_heard(call, "survey_service")
        await call.media.press("5")
        await city.until_heard(call, "survey_solved")
        await call.media.press("*")
        await city.until_heard(call, "survey_solved", "survey_solved")
        await call.media.press("2")
        await city.until_heard(call, "survey_thanks")
        assert (await within(call.until_ended())).by is Side.REMOTE
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.ended_by) == (Outcome.ANSWERED, "operator")
    assert [(a.key, a.meaning) for a in order.answers] == [("5", "非常满意"), ("2", "未解答")]
    told = await city.ask("GET", f"/orders/{order.number}")
    assert isinstance(told["answers"], list)
    assert [each["question"] for each in told["answers"]] == ["service", "solved"]


async def test_a_key_cuts_the_question_short_and_a_hang_up_keeps_the_answer(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01"):
        call = await asked(city, caller)
        await city.until_operator("001", "wrap_up")
        await call.media.press("4")
        await city.until_heard(call, "survey_solved")
        assert "survey_service" not in await city.heard(call)
        await call.hang_up()
    order = (await city.order_of(caller)).record
    assert [answer.key for answer in order.answers] == ["4"]


async def test_a_wrong_key_is_told_and_silence_ends_with_thanks(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01"):
        call = await asked(city, caller)
        await city.until_operator("001", "wrap_up")
        await call.media.press("9")
        await city.until_heard(call, "survey_wrong_key", "survey_service")
        await call.media.press("99")
        await city.until_heard(call, "survey_solved")
        await call.media.press("777")
        await city.until_heard(call, "survey_thanks")
        assert (await within(call.until_ended())).by is Side.REMOTE
    assert (await city.order_of(caller)).record.answers == ()


async def test_who_hangs_up_first_is_asked_nothing(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01"):
        call = await city.call("12345", caller)
        assert await within(call.until_answered())
        await city.until_operator("001", "talking")
        await call.hang_up()
    assert (await city.order_of(caller)).record.ended_by == "caller"


async def test_a_dead_controller_leaves_nobody_in_a_survey(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01"):
        call = await asked(city, caller)
        await city.until_heard(call, "survey_service")
        async with without_controller(city.server):
            assert (await within(call.until_ended())).by is Side.REMOTE
    assert (await city.order_of(caller)).record.outcome is Outcome.ANSWERED
