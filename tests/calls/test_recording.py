"""What is recorded: pauses by key with their gap, and what is said without the caller."""

from __future__ import annotations

from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.events import (
    Alternate,
    CommandFailed,
    Consult,
    Ending,
    LeaveCall,
    PauseRecording,
    ResumeRecording,
)
from callcenter.calls.talk import recording
from callcenter.orders.record import Gap
from tests.calls.desk import Desk


def test_a_pause_by_key_is_noted_on_the_order() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.keys(call, "*18")
    began = desk.now
    assert desk.switch.legs[call].unrecorded
    assert desk.heard(desk.leg_of(call))[-1] == ("recording_paused",)
    assert desk.order(call).gaps == (Gap(began),)
    desk.wait(12)
    desk.keys(call, "*18")
    assert not desk.switch.legs[call].unrecorded
    assert desk.heard(desk.leg_of(call))[-1] == ("recording_resumed",)
    assert desk.order(call).gaps == (Gap(began, began + 12),)
    desk.wait(3)
    desk.asks(PauseRecording("001"))
    desk.goes(call)
    assert desk.order(call).gaps == (Gap(began, began + 12), Gap(began + 15, began + 15))


def test_a_pause_that_is_forgotten_ends_by_itself() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(PauseRecording("001"))
    began = desk.now
    seconds = desk.plan.limits.recording_pause_seconds
    desk.wait(seconds)
    assert not desk.switch.legs[call].unrecorded
    assert desk.order(call).gaps == (Gap(began, began + seconds),)


def test_a_pause_ends_with_the_operators_part() -> None:
    for ending in (Ending.NORMAL, Ending.LOST):
        desk = Desk()
        call = desk.talking_call()
        desk.asks(Consult("001", "12319"))
        desk.answers(desk.partner_of(call))
        desk.asks(PauseRecording("001"))
        if ending is Ending.NORMAL:
            desk.asks(LeaveCall("001"))
        else:
            desk.goes(desk.leg_of(call), ending)
        assert not desk.switch.legs[call].unrecorded
        assert desk.state(call).gaps[-1].ended == desk.now


def test_who_waits_again_is_recorded() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(PauseRecording("001"))
    desk.goes(desk.leg_of(call), Ending.LOST)
    assert not desk.switch.legs[call].unrecorded


def test_a_pause_that_asterisk_cannot_make_is_told_to_the_operator() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(PauseRecording("001"))
    desk.happens(CommandFailed(call, "MuteRecording", "no AMI"))
    assert desk.heard(desk.leg_of(call))[-1] == ("not_possible",)
    assert desk.order(call).gaps == ()


def test_a_recording_that_cannot_go_on_is_tried_again_and_the_gap_says_so() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(PauseRecording("001"))
    began = desk.now
    desk.wait(10)
    desk.asks(ResumeRecording("001"))
    desk.switch.legs[call].unrecorded = True  # it was not carried out
    desk.happens(CommandFailed(call, "UnmuteRecording", "no AMI"))
    assert desk.order(call).gaps == (Gap(began),)
    desk.wait(recording.AGAIN_SECONDS)
    assert not desk.switch.legs[call].unrecorded
    assert desk.order(call).gaps == (Gap(began, began + 10 + recording.AGAIN_SECONDS),)


def test_what_fails_once_the_call_is_over_changes_no_gap() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(PauseRecording("001"))
    began = desk.now
    desk.wait(10)
    desk.asks(ResumeRecording("001"))
    desk.goes(call)
    desk.happens(CommandFailed(call, "UnmuteRecording", "no such channel"))
    assert desk.order(call).gaps == (Gap(began, began + 10),)


def test_a_pause_of_long_ago_is_not_made_again_after_a_restart() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(PauseRecording("001"))
    desk.wait(recording.FRESH_SECONDS)
    desk.happens(desk.switch.reconciled())
    desk.happens(CommandFailed(call, "MuteRecording", "no AMI"))
    assert desk.switch.legs[call].unrecorded
    assert desk.state(call).recording_paused()
    desk.asks(ResumeRecording("001"))
    assert not desk.switch.legs[call].unrecorded


def test_what_makes_no_sense_is_refused() -> None:
    desk = Desk()
    assert desk.asks(PauseRecording("001")) == "not_in_call"
    desk.talking_call()
    assert desk.asks(ResumeRecording("001")) == "not_paused"
    desk.asks(PauseRecording("001"))
    assert desk.asks(PauseRecording("001")) == "already_paused"


def test_after_a_restart_the_recording_is_still_paused() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(PauseRecording("001"))
    desk.switch.legs[call].unrecorded = False  # as if it had not been carried out
    desk.centre = decode_centre(encode_centre(desk.centre))
    desk.happens(desk.switch.reconciled())
    desk.news()
    assert desk.switch.legs[call].unrecorded


def test_a_consultation_is_recorded_by_itself() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(Consult("001", "12319"))
    operator = desk.switch.legs[desk.leg_of(call)]
    assert operator.aside == ""
    desk.answers(desk.partner_of(call))
    first = operator.aside
    assert first.startswith(f"{call}_a")
    desk.asks(Alternate("001"))
    assert operator.aside == ""
    desk.asks(Alternate("001"))
    assert operator.aside not in ("", first), "a file of its own"


def test_a_pause_holds_for_the_consultation_too() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(PauseRecording("001"))
    desk.asks(Consult("001", "12319"))
    desk.answers(desk.partner_of(call))
    assert desk.switch.legs[desk.leg_of(call)].unrecorded
    desk.asks(ResumeRecording("001"))
    assert not desk.switch.legs[desk.leg_of(call)].unrecorded
    assert not desk.switch.legs[call].unrecorded
