"""Calls on an order's behalf by API: who may ask, what is asked, and what the order shows of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import JsonValue

from callcenter.calls.events import Act, CallForOrder
from callcenter.calls.refusal import Refusal
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.outbound import Called
from callcenter.store.outbound import OutboundStore
from callcenter.store.recordings import RecordingStore
from tests.fakes.centre import World
from tests.fakes.orders import ENDED, MORNING, another
from tests.fakes.recordings import RECORDING
from tests.store.test_outbound import BUSY, OVER
from tests.web.conftest import Api

ORDER = "/orders/20171122-0252"
CALLS = f"{ORDER}/calls"


@pytest.fixture(autouse=True)
async def _filed(world: World) -> None:
    other = replace(another(253), operator="002", opened=MORNING + 60)
    await world.orders.file([ENDED, other], 1)


async def test_an_operator_calls_the_citizen_of_an_order(operator: Api, world: World) -> None:
    world.centre.put("001", OperatorStatus.CALLING, seat="seat01")
    status, answer = await operator.ask("POST", CALLS, {"operator": "001"})
    assert (status, answer["state"], answer["state_title"]) == (200, "calling", "外呼")
    (asked,) = world.centre.asked
    assert isinstance(asked, CallForOrder)
    assert (asked.operator, asked.called, asked.number) == ("001", Called.CITIZEN, "")
    assert (asked.order.call, asked.order.caller) == (ENDED.call, "+8651987200000")
    assert asked.order.operators == ("001",)
    assert not asked.order.for_anybody


async def test_a_number_of_the_plan_is_called_by_its_name(operator: Api, world: World) -> None:
    body: JsonValue = {"operator": "001", "called": "number", "number": "12319"}
    assert (await operator.ask("POST", CALLS, body))[0] == 200
    (asked,) = world.centre.asked
    assert isinstance(asked, CallForOrder)
    assert (asked.called, asked.number) == (Called.NUMBER, "12319")


async def test_a_team_leader_has_an_operator_call_which_is_audited(
    leader: Api, world: World
) -> None:
    path = "/orders/20171122-0253/calls"
    assert (await leader.ask("POST", path, {"operator": "001", "called": "unit"}))[0] == 200
    (asked,) = world.centre.asked
    assert isinstance(asked, Act)
    assert isinstance(asked.request, CallForOrder)
    assert asked.request.order.for_anybody
    assert str(asked.request.order) == "320481-20171122-0253"


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        (CALLS, {"operator": "002"}, (403, "not_yours")),
        ("/orders/20171122-0253/calls", {"operator": "001"}, (403, "not_yours")),
        ("/orders/20171122-9999/calls", {"operator": "001"}, (404, "unknown_order")),
        (CALLS, {"operator": "001", "called": "number"}, (422, "number_missing")),
        (CALLS, {"operator": "001", "number": "12319"}, (422, "number_missing")),
        (CALLS, {"operator": "001", "called": "110"}, (422, "not_one_of")),
    ],
)
async def test_what_may_not_be_is_refused(
    operator: Api, world: World, path: str, body: JsonValue, answer: tuple[int, str]
) -> None:
    status, problem = await operator.ask("POST", path, body)
    assert (status, problem["code"]) == answer
    assert world.centre.asked == []


@pytest.mark.parametrize(
    ("code", "status"),
    [("not_yours", 403), ("emergency_number", 422), ("unknown_number", 422), ("in_call", 409)],
)
async def test_what_the_centre_refuses_is_told_with_its_reason(
    operator: Api, world: World, code: str, status: int
) -> None:
    world.centre.refusal = Refusal(code, "不能外呼。")
    got, problem = await operator.ask("POST", CALLS, {"operator": "001"})
    assert (got, problem["code"], problem["message"]) == (status, code, "不能外呼。")


async def test_the_order_shows_what_came_of_its_calls(operator: Api, world: World) -> None:
    await OutboundStore(world.orders.engine).file([BUSY, OVER], 1)
    sound = replace(RECORDING, call=OVER.call, file=f"2017/11/22/{OVER.call}.wav")
    await RecordingStore(world.orders.engine).file(sound)
    _, order = await operator.ask("GET", ORDER)
    assert order["recordings"] == []
    made = order["outbound"]
    assert isinstance(made, list)
    first, second = made
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert (first["outcome"], first["talk_seconds"], first["recordings"]) == ("busy", None, [])
    assert (second["outcome"], second["talk_seconds"]) == ("answered", 69.0)
    assert (second["operator"], second["number"]) == ("001", "+8651987200000")
    recordings = second["recordings"]
    assert isinstance(recordings, list)
    assert isinstance(recordings[0], dict)
    assert recordings[0]["url"] == f"/api/v1{ORDER}/recordings/{OVER.call}"


async def test_what_was_recorded_of_them_is_heard_by_who_took_the_order(
    operator: Api, leader: Api, world: World
) -> None:
    await OutboundStore(world.orders.engine).file([OVER], 1)
    sound = replace(RECORDING, call=OVER.call, file=f"2017/11/22/{OVER.call}.wav")
    await RecordingStore(world.orders.engine).file(sound)
    file = world.recordings_folder / sound.file
    file.parent.mkdir(parents=True)
    file.write_bytes(b"sound")
    response = await operator.raw("GET", f"{ORDER}/recordings/{OVER.call}")
    assert await response.read() == b"sound"
    elsewhere = f"/orders/20171122-0253/recordings/{OVER.call}"
    assert (await leader.ask("GET", elsewhere))[1]["code"] == "unknown_recording"
