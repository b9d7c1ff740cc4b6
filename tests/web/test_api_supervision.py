"""Team leaders act through the centre, with who they are and from where; others are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import JsonValue

from callcenter.calls.audit import AuditRecord
from callcenter.calls.events import (
    Act,
    Author,
    BecomeNotReady,
    ChangePriority,
    EndSupervision,
    ForceSignOut,
    Led,
    MoveWaiting,
    PullWaiting,
    Release,
    ReleasedTo,
    Request,
    Supervise,
    SupervisionMode,
)
from callcenter.calls.refusal import Refusal
from callcenter.calls.wallboard import SupervisionLine, WaitingLine
from callcenter.store.audit import AuditStore
from tests.fakes.centre import QUIET, World
from tests.fakes.orders import MORNING
from tests.web.conftest import Api

ACTS: list[tuple[str, JsonValue, Request | Led]] = [
    (
        "/operators/001/listen",
        {"seat": "seat02"},
        Supervise("001", SupervisionMode.LISTEN, "seat02"),
    ),
    ("/operators/001/whisper", {}, Supervise("001", SupervisionMode.WHISPER)),
    ("/operators/001/barge", {}, Supervise("001", SupervisionMode.BARGE)),
    ("/operators/001/take-over", {}, Supervise("001", SupervisionMode.TAKE_OVER)),
    ("/operators/001/stop-listening", None, EndSupervision("001")),
    ("/operators/001/release", {}, Release("001")),
    ("/operators/001/release", {"caller": "end"}, Release("001", ReleasedTo.END)),
    ("/operators/001/force-sign-out", None, ForceSignOut("001")),
    ("/operators/001/not-ready", {"reason": "break"}, BecomeNotReady("001", "break")),
    ("/calls/1511317865.1/offer", {"operator": "001"}, PullWaiting("1511317865.1", "001")),
    ("/calls/1511317865.1/move", {"queue": "second"}, MoveWaiting("1511317865.1", "second")),
    ("/calls/1511317865.1/priority", {"priority": -3}, ChangePriority("1511317865.1", -3)),
]


@pytest.mark.parametrize(("path", "body", "request_"), ACTS)
async def test_each_act_says_who_and_from_where(
    leader: Api, world: World, path: str, body: JsonValue, request_: Request | Led
) -> None:
    status, _ = await leader.ask("POST", path, body)
    assert status == 200
    (act,) = world.centre.asked
    assert isinstance(act, Act)
    assert act.request == request_
    assert (act.by.leads, act.by.operator, act.by.address) == (True, "", "127.0.0.1")
    assert act.by.name.startswith("team_leader:")


async def test_an_operator_is_refused_by_the_centre_which_audits_it(
    operator: Api, world: World
) -> None:
    world.centre.refusal = Refusal("not_a_team_leader", "只有班长和管理员可以这样做；请班长处理。")
    status, problem = await operator.ask("POST", "/operators/002/listen", {"seat": "seat02"})
    assert (status, problem["code"]) == (403, "not_a_team_leader")
    (act,) = world.centre.asked
    assert isinstance(act, Act)
    assert act.by == Author("001", leads=False, operator="001", address="127.0.0.1")


@pytest.mark.parametrize(
    ("code", "status", "field"),
    [
        ("not_in_call", 409, None),
        ("already_supervised", 409, None),
        ("no_seat", 422, "seat"),
        ("unknown_seat", 422, "seat"),
        ("unknown_operator", 404, None),
        ("unknown_queue", 422, "queue"),
        ("priority_out_of_range", 422, "priority"),
        ("queue_closed", 409, None),
        ("not_waiting", 409, None),
    ],
)
async def test_a_refusal_is_passed_on(
    leader: Api, world: World, code: str, status: int, field: str | None
) -> None:
    world.centre.refusal = Refusal(code, "001号当前没有通话。")
    got, problem = await leader.ask("POST", "/operators/001/listen", {})
    assert (got, problem["code"], problem.get("field")) == (status, code, field)


async def test_what_is_not_known_is_refused_before(leader: Api, world: World) -> None:
    bodies: list[JsonValue] = [{"mode": "whisper"}, {"seat": 5}]
    for body in bodies:
        assert (await leader.ask("POST", "/operators/001/listen", body))[0] == 422
    assert (await leader.ask("POST", "/operators/001/release", {"caller": "home"}))[0] == 422
    assert (await leader.ask("POST", "/calls/1.1/priority", {"priority": "high"}))[0] == 422
    assert (await leader.ask("POST", "/calls/1.1/move", {}))[0] == 422
    assert world.centre.asked == []


async def test_only_team_leaders_are_told_who_is_listened_to(
    leader: Api, operator: Api, world: World
) -> None:
    line = SupervisionLine("009", SupervisionMode.WHISPER, "seat02", MORNING)
    first = replace(QUIET.operators[0], supervision=line)
    world.centre.show(replace(QUIET, operators=(first, *QUIET.operators[1:])))
    for path in ("/operators", "/wallboard"):
        found = (await leader.ask("GET", path))[1]["operators"]
        assert isinstance(found, list)
        assert isinstance(found[0], dict)
        assert found[0]["supervision"] == {
            "by": "009",
            "mode": "whisper",
            "seat": "seat02",
            "since": "2017-11-22T10:31:05.250000+08:00",
        }
        text = await (await operator.raw("GET", path)).text()
        assert "whisper" not in text
    assert (await operator.ask("GET", "/operators/001"))[1]["supervision"] is None


async def test_who_waits(leader: Api, operator: Api, world: World) -> None:
    waiting = WaitingLine("15.1", "320481-20171122-0252", "hotline", "12345", MORNING, 2)
    world.centre.show(replace(QUIET, queue=(waiting,)))
    _, found = await leader.ask("GET", "/calls/waiting")
    assert found["calls"] == [
        {
            "call": "15.1",
            "number": "320481-20171122-0252",
            "queue": "hotline",
            "dialled": "12345",
            "since": "2017-11-22T10:31:05.250000+08:00",
            "priority": 2,
        }
    ]
    status, problem = await operator.ask("GET", "/calls/waiting")
    assert (status, problem["code"]) == (403, "not_a_team_leader")


async def test_the_audit_is_listed_for_team_leaders(
    leader: Api, operator: Api, world: World
) -> None:
    row = AuditRecord("1-1", MORNING, "009", "10.0.0.9", "whisper", "001", "15.1", "", "")
    await AuditStore(world.orders.engine).file([row], 1)
    _, found = await leader.ask("GET", "/audit?operator=001&refused=false")
    assert found == {
        "rows": [
            {
                "at": "2017-11-22T10:31:05.250000+08:00",
                "who": "009",
                "address": "10.0.0.9",
                "act": "whisper",
                "act_title": "密语",
                "operator": "001",
                "call": "15.1",
                "detail": None,
                "refusal": None,
            }
        ],
        "total": 1,
    }
    assert (await leader.ask("GET", "/audit?operator=002"))[1]["total"] == 0
    status, problem = await operator.ask("GET", "/audit")
    assert (status, problem["code"]) == (403, "not_a_team_leader")
