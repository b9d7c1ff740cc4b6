"""What team leaders do to operators and to waiting callers."""

from __future__ import annotations

import pytest

from callcenter.calls.events import (
    AddPartner,
    BecomeNotReady,
    BecomeReady,
    CallEmergency,
    Ending,
    ForceSignOut,
    PullWaiting,
    Release,
    ReleasedTo,
    SeatReachable,
    SignIn,
)
from callcenter.calls.state import Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk

END = ReleasedTo.END


# -- release ---------------------------------------------------------------------------------------


def test_a_released_operator_wraps_up_and_the_caller_is_first_in_the_queue() -> None:
    desk = Desk()
    call = desk.talking_call()
    own = desk.leg_of(call)
    desk.now += 30
    second = desk.waiting_call()
    assert desk.leader(Release("001")) == ""
    assert own not in desk.switch.legs
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    assert desk.state(call).phase is Phase.WAITING
    assert desk.switch.legs[call].music
    desk.operator_ready("002", "seat02")
    assert desk.state(call).phase is Phase.OFFERED
    assert desk.state(second).phase is Phase.WAITING


def test_a_release_may_end_the_call() -> None:
    desk = Desk()
    call = desk.talking_call()
    assert desk.leader(Release("001", END)) == ""
    assert desk.centre.calls == {}
    assert (desk.order(call).outcome, desk.order(call).ended_by) == (
        Outcome.ANSWERED,
        "supervisor",
    )
    assert desk.operator("001").status is OperatorStatus.WRAP_UP


def test_an_operator_is_released_before_the_talk_has_begun() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    desk.answers(desk.ringing_at("seat01"))
    assert desk.state(call).phase is Phase.INTRODUCING
    assert desk.leader(Release("001")) == ""
    assert desk.state(call).phase is Phase.WAITING


def test_with_a_partner_there_the_two_go_on() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    desk.answers(partner)
    assert desk.leader(Release("001")) == ""
    assert desk.together(call) == {call, partner}
    assert desk.operator("001").status is OperatorStatus.WRAP_UP


@pytest.mark.parametrize("caller", ReleasedTo)
def test_nobody_is_left_alone_with_an_emergency_call(caller: ReleasedTo) -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(CallEmergency("001"))
    assert desk.leader(Release("001", caller)) == "emergency_joining"
    assert desk.together(call) == {call, desk.leg_of(call)}


def test_only_who_talks_is_released() -> None:
    desk = Desk()
    assert desk.leader(Release("001")) == "not_in_call"
    desk.operator_ready("001", "seat01")
    assert desk.leader(Release("001")) == "not_in_call"


# -- not ready, signed out -------------------------------------------------------------------------


def test_not_ready_now_or_after_the_call() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    assert desk.leader(BecomeNotReady("001", "break")) == ""
    assert desk.operator("001").status is OperatorStatus.NOT_READY
    desk.asks(BecomeReady("001"))
    call = desk.waiting_call()
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(call)
    assert desk.leader(BecomeNotReady("001", "break")) == ""
    assert desk.operator("001").status is OperatorStatus.TALKING
    desk.goes(call)
    desk.wait(60)
    assert desk.operator("001").reason == "break"


def test_an_idle_operator_is_signed_out_at_once() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    assert desk.leader(ForceSignOut("001")) == ""
    assert desk.operator("001").status is OperatorStatus.OFFLINE
    assert desk.leader(ForceSignOut("001")) == "not_signed_in"


def test_who_talks_is_signed_out_after_the_wrap_up() -> None:
    desk = Desk()
    call = desk.talking_call()
    assert desk.leader(ForceSignOut("001")) == ""
    assert desk.operator("001").status is OperatorStatus.TALKING
    desk.goes(call)
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    desk.wait(60)
    assert desk.operator("001").status is OperatorStatus.OFFLINE
    assert desk.operator("001").seat is None


def test_who_does_not_answer_is_signed_out_then() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    assert desk.leader(ForceSignOut("001")) == ""
    desk.goes(desk.ringing_at("seat01"))
    assert desk.operator("001").status is OperatorStatus.OFFLINE
    assert desk.state(call).phase is Phase.WAITING


# -- waiting calls ---------------------------------------------------------------------------------


def test_a_caller_who_waits_for_one_operator_is_offered_to_another() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.operator_ready("002", "seat02")
    desk.happens(SeatReachable("seat01", reachable=False))
    desk.goes(desk.leg_of(call), Ending.LOST)
    assert desk.state(call).phase is Phase.WAITING, "their telephone may be back in a moment"
    assert desk.leader(PullWaiting(call, "002")) == ""
    assert (desk.state(call).phase, desk.state(call).operator) == (Phase.OFFERED, "002")
    desk.answers(desk.ringing_at("seat02"))
    desk.prompt_ends(call)
    assert desk.state(call).phase is Phase.TALKING


def test_nobody_is_offered_a_call_who_is_not_ready() -> None:
    desk = Desk()
    call = desk.waiting_call()
    desk.happens(SignIn("001", "seat01"))
    assert desk.leader(PullWaiting(call, "001")) == "operator_not_ready"
    desk.happens(SeatReachable("seat01", reachable=False))
    assert desk.leader(PullWaiting(call, "001")) == "operator_not_ready"


def test_only_a_waiting_call_is_offered_and_only_to_an_operator_of_the_plan() -> None:
    desk = Desk()
    first = desk.waiting_call()
    desk.now += 10
    second = desk.waiting_call()
    desk.operator_ready("001", "seat01")
    assert desk.state(first).phase is Phase.OFFERED
    assert desk.leader(PullWaiting(first, "001")) == "not_waiting"
    assert desk.leader(PullWaiting(second, "099")) == "unknown_operator"
    assert desk.leader(PullWaiting("nothing", "001")) == "not_waiting"


def test_the_wallboard_lists_who_waits_longest_first() -> None:
    desk = Desk()
    first = desk.waiting_call()
    desk.now += 10
    second = desk.waiting_call("12345")
    assert [line.call for line in desk.board().queue] == [first, second]
    assert desk.board().queue[0].queue == "hotline"
