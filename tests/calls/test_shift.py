"""In mid-shift: another seat, and more time to wrap up."""

from __future__ import annotations

from callcenter.calls.events import (
    BecomeNotReady,
    Ending,
    ExtendWrapUp,
    SeatReachable,
    TakeSeat,
)
from callcenter.calls.refusal import Refusal
from callcenter.calls.wallboard import OperatorStatus
from tests.calls.desk import Desk


def test_who_comes_to_another_seat_is_as_ready_as_before() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    assert desk.asks(TakeSeat("001", "seat02")) == ""
    assert (desk.operator("001").seat, desk.operator("001").status) == (
        "seat02",
        OperatorStatus.READY,
    )
    desk.waiting_call()
    assert desk.rings_at("seat02")
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.happens(BecomeNotReady("001", "meal"))
    desk.happens(TakeSeat("001", "seat02"))
    assert desk.operator("001").reason == "meal"


def test_who_sat_there_is_signed_out() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.operator_ready("002", "seat02")
    assert desk.asks(TakeSeat("002", "seat01")) == ""
    assert desk.operator("001").status is OperatorStatus.OFFLINE
    assert (desk.operator("002").seat, desk.operator("002").status) == (
        "seat01",
        OperatorStatus.READY,
    )


def test_who_was_not_signed_in_is_so_now_and_not_yet_ready() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    assert desk.asks(TakeSeat("002", "seat01")) == ""
    assert desk.operator("002").status is OperatorStatus.NOT_READY
    assert desk.asks(TakeSeat("002", "seat01")) == "", "already there"


def test_nobody_in_a_call_changes_seats_or_loses_theirs() -> None:
    desk = Desk()
    desk.talking_call()
    desk.operator_ready("002", "seat02")
    assert desk.happens(TakeSeat("001", "seat03")) == Refusal(
        "in_call", "通话未结束，不能换席位；请先结束通话。"
    )
    assert desk.happens(TakeSeat("002", "seat01")) == Refusal(
        "seat_busy", "席位上的001号正在通话，请稍后再换。"
    )
    assert desk.asks(TakeSeat("002", "seat99")) == "unknown_seat"
    assert desk.asks(TakeSeat("999", "seat03")) == "unknown_operator"


def test_a_caller_whose_operators_telephone_broke_follows_them_to_the_new_seat() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.happens(SeatReachable("seat01", False))
    desk.goes(desk.leg_of(call), Ending.LOST)
    assert desk.operator("001").reason == "unreachable"
    assert desk.asks(TakeSeat("001", "seat02")) == ""
    desk.answers(desk.ringing_at("seat02"))
    desk.prompt_ends(call)
    assert desk.together(call) == {call, desk.leg_of(call)}


def test_who_comes_to_a_dead_telephone_is_not_ready() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.happens(SeatReachable("seat02", False))
    desk.happens(TakeSeat("001", "seat02"))
    assert desk.operator("001").reason == "unreachable"
    desk.happens(SeatReachable("seat02", True))
    assert desk.operator("001").status is OperatorStatus.READY


def test_by_key_it_takes_the_pin() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    for pin_ok in (False, True):
        leg = desk.switch.seat_dials("seat02", "*17001", pin_ok=pin_ok)
        desk.news()
        assert desk.heard(leg) == [("signed_in" if pin_ok else "pin_wrong",)]
        desk.prompt_ends(leg)
    assert desk.operator("001").seat == "seat02"


def test_wrap_up_is_extended_as_often_as_wanted() -> None:
    desk = Desk()
    call = desk.talking_call()
    assert desk.asks(ExtendWrapUp("001")) == "not_wrapping_up"
    desk.goes(call)
    desk.wait(50)
    assert desk.asks(ExtendWrapUp("001")) == ""
    desk.wait(119)
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    leg = desk.switch.seat_dials("seat01", "*16")
    desk.news()
    assert desk.heard(leg) == [("wrap_up_extended",)]
    desk.wait(119)
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    desk.wait(1)
    assert desk.operator("001").status is OperatorStatus.READY
