"""Operators act for themselves, team leaders for all; a refusal says why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import JsonValue

from callcenter.calls.events import (
    AddPartner,
    Alternate,
    BecomeNotReady,
    BecomeReady,
    CallEmergency,
    Consult,
    DropPartner,
    ExtendWrapUp,
    Forward,
    HangUp,
    Hold,
    Join,
    LeaveCall,
    MuteOperator,
    PauseRecording,
    PickFirstDialled,
    PressKeys,
    Request,
    Resume,
    ResumeRecording,
    SignIn,
    SignOut,
    TakeSeat,
    UnmuteOperator,
)
from callcenter.calls.refusal import Refusal
from callcenter.calls.wallboard import OperatorStatus
from tests.fakes.centre import QUIET, World
from tests.fakes.orders import MORNING
from tests.web.conftest import Api

ACTS: list[tuple[str, JsonValue, Request]] = [
    ("sign-in", {"seat": "seat01"}, SignIn("001", "seat01")),
    ("sign-out", None, SignOut("001")),
    ("ready", None, BecomeReady("001")),
    ("not-ready", {"reason": "break"}, BecomeNotReady("001", "break")),
    ("hang-up", None, HangUp("001")),
    ("forward", {"number": "12319"}, Forward("001", "12319")),
    ("three-way", {"number": "12366-2"}, AddPartner("001", "12366-2")),
    ("emergency", {"number": "120"}, CallEmergency("001", "120")),
    ("emergency", {}, CallEmergency("001", "110")),
    ("leave", None, LeaveCall("001")),
    ("drop-partner", None, DropPartner("001")),
    ("drop-partner", {"number": "12319"}, DropPartner("001", "12319")),
    ("consult", {"number": "002"}, Consult("001", "002")),
    ("alternate", None, Alternate("001")),
    ("join", None, Join("001")),
    ("hold", None, Hold("001")),
    ("resume", None, Resume("001")),
    ("pause-recording", None, PauseRecording("001")),
    ("resume-recording", None, ResumeRecording("001")),
    ("press", {"keys": "1*#"}, PressKeys("001", "1*#")),
    ("mute", None, MuteOperator("001")),
    ("unmute", None, UnmuteOperator("001")),
    ("take-seat", {"seat": "seat02"}, TakeSeat("001", "seat02")),
    ("extend-wrap-up", None, ExtendWrapUp("001")),
    ("first-dialled", {"number": "87222160"}, PickFirstDialled("001", "87222160")),
]


@pytest.mark.parametrize(("act", "body", "event"), ACTS)
async def test_each_act_asks_the_centre(
    operator: Api, world: World, act: str, body: JsonValue, event: Request
) -> None:
    status, state = await operator.ask("POST", f"/operators/001/{act}", body)
    assert (status, state["number"]) == (200, "001")
    assert world.centre.asked == [event]


async def test_the_answer_is_the_state_after_it(operator: Api) -> None:
    status, state = await operator.ask("POST", "/operators/001/sign-in", {"seat": "seat01"})
    assert status == 200
    assert state == {
        "number": "001",
        "name": "芮红",
        "seat": "seat01",
        "state": "not_ready",
        "state_title": "示忙",
        "since": "2017-11-22T10:31:05.250000+08:00",
        "reason": "刚签入",
        "call": None,
        "order": None,
        "reference": None,
        "talk": None,
        "supervision": None,
    }


async def test_an_operator_acts_for_nobody_else(operator: Api, leader: Api, world: World) -> None:
    status, problem = await operator.ask("POST", "/operators/002/ready")
    assert (status, problem["code"]) == (403, "not_yours")
    assert world.centre.asked == []
    assert (await leader.ask("POST", "/operators/002/ready"))[0] == 200


@pytest.mark.parametrize(
    ("code", "status", "field"),
    [
        ("seat_taken", 409, None),
        ("not_signed_in", 409, None),
        ("unknown_seat", 422, "seat"),
        ("unknown_reason", 422, "reason"),
        ("internal_error", 500, None),
    ],
)
async def test_a_refusal_is_passed_on_with_its_sentence(
    operator: Api, world: World, code: str, status: int, field: str | None
) -> None:
    world.centre.refusal = Refusal(code, "席位已由002号签入，请换一个席位。")
    got, problem = await operator.ask("POST", "/operators/001/sign-in", {"seat": "seat01"})
    assert (got, problem["code"], problem.get("field")) == (status, code, field)
    assert problem["message"] == "席位已由002号签入，请换一个席位。"


@pytest.mark.parametrize("act", ["forward", "three-way", "first-dialled"])
@pytest.mark.parametrize("code", ["unknown_number", "not_a_partner"])
async def test_a_number_that_is_refused_is_named_as_the_field(
    operator: Api, world: World, act: str, code: str
) -> None:
    world.centre.refusal = Refusal(code, "号码表中没有99999999，请核对。")
    body: JsonValue = {"number": "99999999"}
    status, problem = await operator.ask("POST", f"/operators/001/{act}", body)
    assert (status, problem["code"], problem["field"]) == (422, code, "number")


@pytest.mark.parametrize(
    "code", ["not_in_call", "partner_already", "no_partner", "emergency_joining", "trunk_full"]
)
async def test_a_transfer_out_of_turn_is_a_conflict(operator: Api, world: World, code: str) -> None:
    world.centre.refusal = Refusal(code, "当前没有通话，不能转接。")
    status, problem = await operator.ask("POST", "/operators/001/forward", {"number": "12319"})
    assert (status, problem["code"], problem.get("field")) == (409, code, None)
    assert problem["message"] == "当前没有通话，不能转接。"


@pytest.mark.parametrize("act", ["forward", "three-way", "first-dialled"])
async def test_a_transfer_needs_a_number(operator: Api, world: World, act: str) -> None:
    bodies: list[JsonValue] = [{}, {"number": ""}, {"number": 12319}, {"number": "1" * 99}]
    for body in bodies:
        status, problem = await operator.ask("POST", f"/operators/001/{act}", body)
        assert (status, problem["field"]) == (422, "number")
    assert world.centre.asked == []


async def test_nobody_transfers_a_colleagues_call(operator: Api, world: World) -> None:
    for act in ("forward", "three-way", "emergency", "leave", "drop-partner", "first-dialled"):
        body: JsonValue = {} if act in ("emergency", "leave", "drop-partner") else {"number": "1"}
        status, problem = await operator.ask("POST", f"/operators/002/{act}", body)
        assert (status, problem["code"]) == (403, "not_yours")
    assert world.centre.asked == []


async def test_an_unknown_operator(leader: Api, world: World) -> None:
    for method, path in (("GET", "/operators/999"), ("POST", "/operators/999/ready")):
        status, problem = await leader.ask(method, path)
        assert (status, problem["code"]) == (404, "unknown_operator")
    assert world.centre.asked == []


async def test_lists(operator: Api, world: World) -> None:
    world.centre.put("002", OperatorStatus.READY, seat="seat02")
    _, operators = await operator.ask("GET", "/operators")
    found = operators["operators"]
    assert isinstance(found, list)
    assert len(found) == 3
    assert operators["reasons"] == {"break": "小休"}
    assert (await operator.ask("GET", "/seats"))[1] == {
        "seats": [
            {"name": "seat01", "title": "1号席", "operator": None},
            {"name": "seat02", "title": "2号席", "operator": "002"},
        ]
    }
    assert (await operator.ask("GET", "/operators/002"))[1]["state"] == "ready"


async def test_the_wallboards_figures(operator: Api, world: World) -> None:
    world.centre.show(
        replace(QUIET, waiting=1, longest_wait_since=MORNING - 10, offered=3, answered=2)
    )
    status, board = await operator.ask("GET", "/wallboard")
    assert status == 200
    assert (board["waiting"], board["offered"], board["answered"]) == (1, 3, 2)
    assert board["longest_wait_since"] == "2017-11-22T10:30:55.250000+08:00"
