"""Voice mail: what callers hear, what is kept of what they say, and by when it is answered."""

from __future__ import annotations

import pytest

from callcenter.calls.commands import RecordMessage, StopRecording
from callcenter.calls.events import (
    CallEndedOutside,
    CommandFailed,
    Ending,
    Handled,
    RecordingFailed,
    RecordingFinished,
)
from callcenter.calls.state import Phase
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk
from tests.plans import menu_plan

CLOSED = "12348"
DAY = 24 * 3600.0


@pytest.fixture
def desk() -> Desk:
    return Desk(plan=menu_plan())


def speaking(desk: Desk) -> str:
    """A caller who has heard greeting and tone."""
    call = desk.call(CLOSED)
    desk.prompt_ends(call)
    return call


def test_out_of_hours_the_caller_hears_why_and_what_to_do(desk: Desk) -> None:
    call = desk.call(CLOSED)
    assert desk.heard(call) == [("system_busy", "voice_mail_greeting")]
    assert not desk.sent(RecordMessage)
    desk.prompt_ends(call)
    (record,) = desk.sent(RecordMessage)
    assert (record.leg, record.seconds, record.silence) == (call, 120.0, 5.0)
    assert record.recording.startswith(f"{call}_v")


def test_a_message_is_thanked_for_and_on_the_order_with_the_time_for_an_answer(desk: Desk) -> None:
    call = speaking(desk)
    desk.wait(20.0)
    left = desk.now
    desk.message_ends(call, 18.0)
    assert desk.heard(call)[-1] == ("voice_mail_thanks",)
    desk.prompt_ends(call)
    order = desk.order(call)
    assert (order.outcome, order.ended_by, order.voice_box) == (
        Outcome.VOICE_MAIL,
        "system",
        "night",
    )
    assert (order.voice_message, order.answer_by) == (left, left + DAY)
    assert desk.board().voice_mail == 1


def test_who_says_nothing_leaves_no_message(desk: Desk) -> None:
    call = speaking(desk)
    desk.wait(5.0)
    desk.message_ends(call, 0.0)
    assert desk.heard(call)[-1] == ("voice_mail_nothing",)
    desk.prompt_ends(call)
    order = desk.order(call)
    assert (order.outcome, order.voice_message) == (Outcome.ABANDONED, None)


def test_who_hangs_up_while_speaking_leaves_what_was_said(desk: Desk) -> None:
    call = speaking(desk)
    desk.wait(20.0)
    desk.goes(call)
    order = desk.order(call)
    assert (order.outcome, order.ended_by) == (Outcome.VOICE_MAIL, "caller")
    assert order.voice_message == desk.now


def test_the_news_of_the_hang_up_may_be_all_there_is(desk: Desk) -> None:
    call = speaking(desk)
    desk.wait(20.0)
    desk.switch.far_end_goes(call)
    desk.switch.told = [each for each in desk.switch.told if not _is_finished(each)]
    desk.news()
    assert desk.order(call).outcome is Outcome.VOICE_MAIL


def _is_finished(event: object) -> bool:
    return isinstance(event, RecordingFinished)


@pytest.mark.parametrize("greeting_heard", [False, True])
def test_who_hangs_up_before_speaking_has_given_up(desk: Desk, greeting_heard: bool) -> None:
    call = desk.call(CLOSED)
    if greeting_heard:
        desk.prompt_ends(call)
    desk.wait(1.0)
    desk.goes(call)
    order = desk.order(call)
    assert (order.outcome, order.answer_by) == (Outcome.ABANDONED, None)


def test_who_hangs_up_during_the_thanks_has_left_a_message(desk: Desk) -> None:
    call = speaking(desk)
    desk.message_ends(call, 18.0)
    desk.goes(call)
    assert desk.order(call).outcome is Outcome.VOICE_MAIL


def test_an_end_that_is_never_told_is_made(desk: Desk) -> None:
    call = speaking(desk)
    desk.wait(125.0)
    assert desk.sent(StopRecording)
    assert desk.heard(call)[-1] == ("voice_mail_thanks",)
    assert desk.state(call).phase is Phase.ANNOUNCING


def test_a_greeting_whose_end_is_never_told_is_followed_by_the_tone(desk: Desk) -> None:
    desk.call(CLOSED)
    desk.wait(60.0)
    assert desk.sent(RecordMessage)


@pytest.mark.parametrize("how", ["refused", "failed"])
def test_a_recording_that_cannot_be_made_is_told(desk: Desk, how: str) -> None:
    call = speaking(desk)
    recording = desk.state(call).recording or ""
    desk.switch.legs[call].recording = None
    if how == "refused":
        desk.happens(CommandFailed(call, "RecordMessage", "500"))
    else:
        desk.happens(RecordingFailed(call, recording, "the disk is full"))
    assert desk.heard(call)[-1] == ("system_busy",)
    desk.prompt_ends(call)
    assert desk.order(call).outcome is Outcome.INTERRUPTED


def test_news_of_another_recording_changes_nothing(desk: Desk) -> None:
    call = speaking(desk)
    desk.happens(RecordingFinished(call, f"{call}_v99", 20.0))
    assert desk.state(call).phase is Phase.VOICE_MAIL


def test_keys_are_not_looked_at(desk: Desk) -> None:
    call = speaking(desk)
    desk.key(call, "1", "#")
    assert desk.state(call).phase is Phase.VOICE_MAIL


# -- restarts ----------------------------------------------------------------------------------


def restart(desk: Desk) -> None:
    desk.switch.lose_events()
    desk.happens(desk.switch.reconciled())
    desk.news()


def test_a_recording_goes_on_through_a_restart(desk: Desk) -> None:
    call = speaking(desk)
    restart(desk)
    assert desk.switch.legs[call].recording == desk.state(call).recording
    desk.message_ends(call, 18.0)
    assert desk.heard(call)[-1] == ("voice_mail_thanks",)


def test_a_recording_that_ended_meanwhile_is_thanked_for(desk: Desk) -> None:
    call = speaking(desk)
    desk.wait(20.0)
    desk.switch.message_ends(call, 18.0)
    restart(desk)
    assert desk.heard(call)[-1] == ("voice_mail_thanks",)


def test_a_caller_who_left_meanwhile_has_left_a_message(desk: Desk) -> None:
    call = speaking(desk)
    desk.wait(20.0)
    desk.switch.far_end_goes(call)
    restart(desk)
    assert desk.order(call).outcome is Outcome.VOICE_MAIL


def test_what_was_said_before_the_dialplan_took_the_caller_is_a_message(desk: Desk) -> None:
    call = speaking(desk)
    desk.wait(20.0)
    desk.switch.dead_mans_switch(call)
    desk.news()
    assert desk.state(call).phase is Phase.NATIVE
    desk.happens(_outside(call, Handled.ANNOUNCE))
    order = desk.order(call)
    assert order.outcome is Outcome.VOICE_MAIL
    assert order.voice_box == "night"


def test_a_message_that_the_dialplan_recorded_is_to_be_answered_too(desk: Desk) -> None:
    ended = desk.now - 100.0
    desk.happens(_outside("1511344265.9", Handled.VOICE_MAIL, ended))
    order = desk.order("1511344265.9")
    assert (order.outcome, order.voice_box) == (Outcome.VOICE_MAIL, "night")
    assert order.answer_by == ended + DAY


def _outside(call: str, handled: Handled, ended: float = 0.0) -> CallEndedOutside:
    return CallEndedOutside(
        call=call,
        trunk="telecom",
        dialled=CLOSED,
        caller="",
        emergency=False,
        began=ended,
        answered=None,
        ended=ended,
        ending=Ending.NORMAL,
        handled=handled,
    )
