"""After the talk the caller is asked by key, by a real Asterisk; the answers are on the order."""

from __future__ import annotations

import asyncio
import hashlib

import pytest
import pytest_asyncio

from callcenter.orders.record import Outcome
from callcenter.simulator.agent import Call, Side
from callcenter.simulator.audio import read_wav
from callcenter.simulator.heard import Catalog
from tests.support.city import City, edit, new_caller, until, within
from tests.support.processes import without_controller

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
SPOKEN = "pin_wrong"
"""What callers say: no call has this as a prompt."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def survey(city: City) -> None:
    """The hotline's callers are asked, for a comment between the keys; operators' numbers are not
    spoken."""
    folder = city.server.settings.plan
    edit(
        folder,
        "dialplan/queues.yaml",
        "announce_operator: true",
        "announce_operator: false\n    survey: satisfaction",
    )
    edit(folder, "dialplan/surveys.yaml", "key_seconds: 8", "key_seconds: 3")
    edit(folder, "dialplan/surveys.yaml", "silence_seconds: 5", "silence_seconds: 3")
    block = r"(      {}:\n(?:        .*\n)+)"
    last_two = block.format("solved") + block.format("comment")
    edit(folder, "dialplan/surveys.yaml", last_two, r"\2\1")
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
        await city.until_heard(call, "survey_comment")
        await call.media.press("#")
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
        await city.until_heard(call, "survey_comment")
        assert "survey_service" not in await city.heard(call)
        await call.hang_up()
    order = (await city.order_of(caller)).record
    assert [answer.key for answer in order.answers] == ["4"]


@pytest.mark.long
async def test_a_wrong_key_is_told_and_silence_ends_with_thanks(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01"):
        call = await asked(city, caller)
        await city.until_operator("001", "wrap_up")
        await call.media.press("9")
        await city.until_heard(call, "survey_wrong_key", "survey_service")
        await call.media.press("99#")
        await city.until_heard(call, "survey_solved")
        await call.media.press("777")
        await city.until_heard(call, "survey_thanks")
        assert (await within(call.until_ended())).by is Side.REMOTE
    assert (await city.order_of(caller)).record.answers == ()


async def comments(city: City, caller: str) -> Call:
    """A caller who answers the first question by key, then speaks when the tone is over."""
    call = await asked(city, caller)
    await city.until_operator("001", "wrap_up")
    await call.media.press("5")
    await city.until_heard(call, "survey_comment")
    spool = city.server.settings.spooled_recordings
    await until(lambda: bool(list(spool.glob("*_c*.wav"))), lambda: "nothing is recorded")
    call.media.say(city.recording(SPOKEN))
    await until(lambda: not call.media.speaking, lambda: "still speaking")
    return call


async def comment_of(city: City, caller: str) -> dict[str, object]:
    """The answer that was spoken, as the API shows it once its file is filed: it is heard there."""
    order = (await city.order_of(caller)).record
    found: dict[str, dict[str, object]] = {}

    async def is_filed() -> bool:
        shown = await city.ask("GET", f"/orders/{order.number}")
        assert isinstance(shown["recordings"], list)
        found.update({each["id"]: each for each in shown["recordings"]})
        assert isinstance(shown["answers"], list)
        (spoken,) = [each for each in shown["answers"] if each["question"] == "comment"]
        found["answer"] = spoken
        return spoken["recording"] in found

    await until(is_filed, lambda: f"the comment of {order.number} is not filed")
    answer = found["answer"]
    recording = found[str(answer["recording"])]
    url = f"{city.server.settings.web_url}{answer['recording_url']}"
    async with city.http.get(url, headers={"Authorization": f"Bearer {city.token}"}) as sound:
        assert sound.status == 200
        content = await sound.read()
    assert hashlib.sha256(content).hexdigest() == recording["sha256"]
    file = city.server.settings.recordings / str(recording["file"])
    clip = Catalog({SPOKEN: (SPOKEN, city.recording(SPOKEN))})
    heard = await asyncio.to_thread(clip.listen, read_wav(file))
    assert heard.names == (SPOKEN,)
    assert (recording["kind"], answer["key"]) == ("comment", None)
    return answer


@pytest.mark.parametrize(
    "end", [*(pytest.param(end, marks=pytest.mark.long) for end in ("key", "silence")), "hang-up"]
)
async def test_a_comment_is_kept_as_it_was_spoken_however_it_ends(city: City, end: str) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01"):
        call = await comments(city, caller)
        if end == "hang-up":
            await call.hang_up()
        else:
            if end == "key":
                await call.media.press("#")
            await city.until_heard(call, "survey_comment", "survey_solved")
            await call.media.press("1")
            assert (await within(call.until_ended())).by is Side.REMOTE
            assert "survey_wrong_key" not in await city.heard(call)
    await comment_of(city, caller)
    order = (await city.order_of(caller)).record
    assert [answer.key for answer in order.answers] == (["5", ""] + ["1"] * (end != "hang-up"))
    assert (order.outcome, order.ended_by) == (Outcome.ANSWERED, "operator")


@pytest.mark.long
async def test_a_controller_that_dies_loses_nothing_of_a_comment(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01"):
        call = await comments(city, caller)
        async with without_controller(city.server):
            assert (await within(call.until_ended())).by is Side.REMOTE
    await comment_of(city, caller)


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
