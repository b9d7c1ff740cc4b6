"""Messages that callers left: listed for whoever is free, and answered once."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from pydantic import JsonValue

from callcenter.orders.record import Outcome
from callcenter.store.recordings import Recording, RecordingKind, RecordingStore
from tests.fakes.centre import World
from tests.fakes.orders import ENDED, MORNING, another
from tests.web.conftest import Api

DAY = 24 * 3600.0
PATH = "/voice-messages/20171122-0253/answered"

MESSAGE = replace(
    another(253),
    ended=MORNING + 40,
    outcome=Outcome.VOICE_MAIL,
    voice_box="night",
    voice_message=MORNING + 40,
    answer_by=MORNING + 40 + DAY,
)


def recording(call: str, stem: str, kind: RecordingKind) -> Recording:
    return Recording(call, f"2017/11/22/{stem}.wav", MORNING, 20.0, 320044, "0a", False, kind)


@pytest.fixture(autouse=True)
async def _filed(world: World) -> None:
    await world.orders.file([ENDED, MESSAGE], 1)
    recordings = RecordingStore(world.orders.engine)
    for stem, kind in (("a", RecordingKind.CALL), ("a_v2", RecordingKind.VOICE_MAIL)):
        await recordings.file(recording(MESSAGE.call, stem, kind))


async def messages(api: Api, query: str = "") -> list[dict[str, JsonValue]]:
    status, answer = await api.ask("GET", f"/voice-messages{query}")
    assert status == 200
    return cast("list[dict[str, JsonValue]]", answer["messages"])


async def test_an_operator_sees_what_waits_with_its_sound(operator: Api) -> None:
    (message,) = await messages(operator)
    assert (message["order"], message["voice_box"]) == ("20171122-0253", "night")
    assert message["left"] == "2017-11-22T10:31:45.250000+08:00"
    assert message["answer_by"] == "2017-11-23T10:31:45.250000+08:00"
    assert (message["overdue"], message["answered"]) == (False, None)
    (sound,) = cast("list[dict[str, JsonValue]]", message["recordings"])
    assert sound["url"] == "/api/v1/orders/20171122-0253/recordings/a_v2"
    assert await messages(operator, "?voice_box=other") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?queue=hotline", True),
        ("?queue=other", False),
        ("?unit=政务办", True),
        ("?unit=环保局", False),
        ("?queue=hotline&unit=政务办&voice_box=night", True),
        ("?queue=hotline&voice_box=other", False),
        ("?answered=true", False),
    ],
)
async def test_only_those_of_a_queue_or_a_unit_of_the_plan(
    operator: Api, query: str, found: bool
) -> None:
    shown = await messages(operator, query)
    assert [(each["queue"], each["unit"]) for each in shown] == [("hotline", "政务办")] * found


async def test_what_was_answered_can_be_seen_again(operator: Api, leader: Api) -> None:
    await operator.ask("POST", PATH)
    (message,) = await messages(leader, "?answered=true")
    assert message["answered_by"] == "001"
    assert await messages(leader, "?answered=true&voice_box=other") == []


async def test_a_message_is_overdue_after_a_day(operator: Api, world: World) -> None:
    world.centre.clock.moment = MORNING + 41 + DAY
    (message,) = await messages(operator)
    assert message["overdue"] is True


async def test_an_operator_may_open_the_order_of_a_message(operator: Api) -> None:
    status, order = await operator.ask("GET", "/orders/20171122-0253")
    assert (status, order["outcome"]) == (200, "voice_mail")
    assert order["answer_by"] == "2017-11-23T10:31:45.250000+08:00"


async def test_who_answers_it_is_noted_and_it_waits_no_more(operator: Api, leader: Api) -> None:
    status, message = await operator.ask("POST", PATH)
    assert (status, message["answered_by"]) == (200, "001")
    assert await messages(leader) == []
    order = (await leader.ask("GET", "/orders/20171122-0253"))[1]
    assert order["message_answered_by"] == "001"
    status, problem = await leader.ask("POST", PATH)
    assert (status, problem["code"]) == (409, "already_answered")


@pytest.mark.parametrize("number", ["20171122-0252", "20171122-9999"])
async def test_an_order_without_message_cannot_be_answered(operator: Api, number: str) -> None:
    status, problem = await operator.ask("POST", f"/voice-messages/{number}/answered")
    assert (status, problem["code"]) == (404, "unknown_message")


async def test_nobody_sees_messages_without_a_token(nobody: Api) -> None:
    assert (await nobody.ask("GET", "/voice-messages"))[0] == 401
