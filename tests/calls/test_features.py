"""Feature codes: what operators dial, or key in during a talk."""

from __future__ import annotations

import pytest

from callcenter.calls.commands import Hangup, SendDigits
from callcenter.calls.events import FeatureDialled
from callcenter.calls.wallboard import OperatorStatus
from tests.calls.desk import Desk


def dial(desk: Desk, seat: str, code: str, *, pin_ok: bool = False) -> tuple[str, ...]:
    """Dial a code; what the phone hears."""
    leg = desk.switch.seat_dials(seat, code, pin_ok=pin_ok)
    desk.news()
    (heard,) = desk.heard(leg)
    desk.prompt_ends(leg)
    assert leg not in desk.switch.legs, "hung up after the answer"
    return heard


def test_a_shift_by_feature_code() -> None:
    desk = Desk()
    assert dial(desk, "seat07", "*11001", pin_ok=True) == ("not_possible",)
    assert dial(desk, "seat01", "*11001", pin_ok=True) == ("signed_in",)
    assert desk.operator("001").status is OperatorStatus.NOT_READY
    assert dial(desk, "seat01", "*12") == ("now_ready",)
    assert desk.operator("001").status is OperatorStatus.READY
    assert dial(desk, "seat01", "*132") == ("now_not_ready",)
    assert desk.operator("001").reason == "meal"
    assert dial(desk, "seat01", "*14") == ("signed_out",)
    assert desk.operator("001").status is OperatorStatus.OFFLINE


@pytest.mark.parametrize(
    ("seat", "code", "pin_ok", "heard"),
    [
        ("seat02", "*11001", False, "pin_wrong"),
        ("seat02", "*11099", True, "pin_wrong"),
        ("seat01", "*11002", True, "seat_taken"),
        ("seat02", "*11001", True, "already_signed_in"),
        ("seat02", "*12", False, "not_signed_in"),
        ("seat02", "*14", False, "not_signed_in"),
        ("seat01", "*139", False, "unknown_code"),
        ("seat01", "*19", False, "unknown_code"),
    ],
)
def test_what_cannot_be_done_is_said(seat: str, code: str, pin_ok: bool, heard: str) -> None:
    desk = Desk()
    assert dial(desk, "seat01", "*11001", pin_ok=True) == ("signed_in",)
    assert dial(desk, seat, code, pin_ok=pin_ok) == (heard,)


def test_signing_in_again_at_the_same_seat_changes_nothing() -> None:
    desk = Desk()
    dial(desk, "seat01", "*11001", pin_ok=True)
    dial(desk, "seat01", "*12")
    assert dial(desk, "seat01", "*11001", pin_ok=True) == ("signed_in",)
    assert desk.operator("001").status is OperatorStatus.READY


def test_the_phone_is_hung_up_even_if_the_end_of_the_answer_is_never_told() -> None:
    desk = Desk()
    leg = desk.switch.seat_dials("seat01", "*12")
    desk.news()
    desk.wait(15)
    assert Hangup(leg) in desk.sent(Hangup)
    assert desk.centre.features == {}


def test_during_a_talk_other_digits_pass_through() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.key(desk.leg_of(call), "4", "#", "0")
    assert desk.sent(SendDigits) == [SendDigits(call, digit) for digit in "4#0"]


def test_during_a_talk_a_star_begins_a_code_of_ours() -> None:
    desk = Desk()
    call = desk.talking_call()
    leg = desk.leg_of(call)
    desk.key(leg, "*", "1", "3", "2")
    assert desk.sent(SendDigits) == []
    assert desk.heard(leg)[-1] == ("now_not_ready",)
    desk.goes(call)
    desk.wait(60)
    assert desk.operator("001").reason == "meal"


def test_an_unfinished_code_is_dropped_after_a_while() -> None:
    desk = Desk()
    call = desk.talking_call()
    leg = desk.leg_of(call)
    desk.key(leg, "*", "1")
    desk.wait(3)
    assert desk.heard(leg)[-1] == ("unknown_code",)
    desk.key(leg, "2")
    assert desk.sent(SendDigits) == [SendDigits(call, "2")]


def test_nobody_signs_out_in_the_middle_of_a_talk() -> None:
    desk = Desk()
    call = desk.talking_call()
    leg = desk.leg_of(call)
    desk.key(leg, "*", "1", "4")
    assert desk.heard(leg)[-1] == ("not_possible",)
    assert desk.operator("001").status is OperatorStatus.TALKING


def test_a_callers_keys_do_nothing_without_a_menu() -> None:
    desk = Desk()
    call = desk.talking_call()
    before = desk.state(call)
    desk.key(call, "*", "1", "4")
    assert desk.state(call) == before


def test_a_pin_never_reaches_the_core() -> None:
    assert "pin" not in {name for name in FeatureDialled.__dataclass_fields__ if name != "pin_ok"}
