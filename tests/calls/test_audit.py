"""Every act of a team leader leaves a row, whatever comes of it."""

from __future__ import annotations

import pytest

from callcenter.calls.codec import decode_event, encode_event
from callcenter.calls.events import (
    Act,
    Author,
    BecomeNotReady,
    BecomeReady,
    BlockCaller,
    ChangePriority,
    EndSupervision,
    ForceSignOut,
    Led,
    MoveWaiting,
    PullWaiting,
    Release,
    ReleasedTo,
    Request,
    SignOut,
    Supervise,
    SupervisionMode,
    UnblockCaller,
)
from callcenter.numberplan.model import Treatment
from tests.calls.desk import LEADER, Desk

OPERATOR = Author("002", leads=False, operator="002", address="10.0.0.2")


def test_a_row_says_who_when_what_about_whom_and_from_where() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.leader(Supervise("001", SupervisionMode.WHISPER, "seat03"))
    (row,) = desk.audit
    assert (row.who, row.address, row.at) == ("team_leader:5d4c3b2a", "10.0.0.9", desk.now)
    assert (row.act, row.operator, row.call) == ("whisper", "001", call)
    assert row.detail == "seat=seat03"
    assert row.refusal == ""


def test_what_is_refused_is_audited_with_its_reason() -> None:
    desk = Desk()
    assert desk.leader(Release("001")) == "not_in_call"
    (row,) = desk.audit
    assert (row.act, row.operator, row.refusal) == ("release", "001", "not_in_call")


@pytest.mark.parametrize(
    "request_",
    [
        Supervise("001", SupervisionMode.LISTEN, "seat03"),
        EndSupervision("001"),
        Release("001", ReleasedTo.END),
        ForceSignOut("001"),
        PullWaiting("call", "001"),
        MoveWaiting("call", "hotline"),
        ChangePriority("call", 1),
    ],
)
def test_an_operator_may_do_none_of_it_and_the_try_is_audited(request_: Led | Request) -> None:
    desk = Desk()
    call = desk.talking_call()
    before = desk.state(call)
    assert desk.leader(request_, OPERATOR) == "not_a_team_leader"
    assert desk.state(call) == before
    assert desk.centre.supervisions == {}
    (row,) = desk.audit
    assert (row.who, row.refusal) == ("002", "not_a_team_leader")


def test_the_moving_of_a_waiting_caller_is_told_with_the_queue_and_the_call() -> None:
    desk = Desk()
    call = desk.waiting_call()
    assert desk.leader(MoveWaiting(call, "nowhere")) == "unknown_queue"
    assert desk.leader(ChangePriority(call, 3)) == ""
    assert [(row.act, row.call, row.detail, row.refusal) for row in desk.audit] == [
        ("move_waiting", call, "queue=nowhere", "unknown_queue"),
        ("change_priority", call, "priority=3", ""),
    ]


def test_a_change_of_the_blocklist_is_told_whom_it_is_about_and_until_when() -> None:
    desk = Desk()
    until = desk.now + 3600
    block = BlockCaller("13800000001", until, "占线", Treatment.LAST, LEADER.name)
    assert desk.leader(block) == ""
    assert desk.leader(UnblockCaller("13900000009", LEADER.name)) == "not_blocked"
    assert desk.leader(block, OPERATOR) == "not_a_team_leader"
    told = "number=13800000001, until=2017-12-01 11:00, reason=占线, treatment=last"
    assert [(row.act, row.detail, row.who, row.refusal) for row in desk.audit] == [
        ("block_caller", told, LEADER.name, ""),
        ("unblock_caller", "number=13900000009", LEADER.name, "not_blocked"),
        ("block_caller", told, "002", "not_a_team_leader"),
    ]
    assert [each.by for each in desk.centre.shield.blocks.values()] == [LEADER.name]


def test_what_operators_do_for_themselves_is_not_audited() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    assert desk.audit == []
    desk.leader(BecomeNotReady("001", "break"))
    assert [row.act for row in desk.audit] == ["become_not_ready"]


def test_the_end_of_a_supervision_is_noted_with_its_length() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.leader(Supervise("001", SupervisionMode.LISTEN, "seat03"))
    desk.answers(desk.ringing_at("seat03"))
    desk.now += 42
    desk.goes(call)
    row = desk.audit[-1]
    assert (row.act, row.who, row.call) == ("supervision_ended", LEADER.name, call)
    assert row.detail == "seconds=42.0"


def test_no_two_rows_have_the_same_id() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    for _ in range(3):
        desk.leader(BecomeNotReady("001", "break"))
        desk.leader(BecomeReady("001"))
    assert len({row.id for row in desk.audit}) == 6


@pytest.mark.parametrize(
    "request_", [SignOut("001"), BecomeReady("001"), Release("001", ReleasedTo.END)]
)
def test_an_act_is_the_same_again_when_it_is_read_from_the_journal(
    request_: Request | Led,
) -> None:
    act = Act(LEADER, request_)
    assert decode_event(*encode_event(act)) == act
