"""A survey may ask for a comment, spoken after a tone: the order says in which file it is."""

from __future__ import annotations

import pytest

from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.commands import Play, RecordMessage, StopRecording
from callcenter.calls.events import CommandFailed, PlanChanged, RecordingFailed
from callcenter.calls.state import Phase
from callcenter.orders.record import Outcome, SurveyAnswer
from tests.calls.desk import Desk
from tests.plans import COMMENT, SURVEYS, WITH_COMMENT, small_plan, surveying

FIRST = SURVEYS.replace("      service:", f"{COMMENT}      service:")
"""The comment is asked for first."""


@pytest.fixture
def desk() -> Desk:
    return Desk(plan=surveying(WITH_COMMENT))


def asked(desk: Desk) -> str:
    """A caller who has answered both questions by key, and hears the third."""
    call = desk.talking_call()
    desk.goes(desk.leg_of(call))
    desk.key(call, "5", "1")
    desk.news()
    assert desk.heard(call)[-1] == ("ask_comment",)
    return call


def speaking(desk: Desk) -> str:
    """A caller who has heard the question and the tone."""
    call = asked(desk)
    desk.prompt_ends(call)
    assert desk.switch.legs[call].recording is not None
    return call


def comments(desk: Desk, call: str) -> list[SurveyAnswer]:
    return [answer for answer in desk.order(call).answers if answer.recording]


def test_after_the_question_comes_a_tone_and_what_is_said_is_recorded(desk: Desk) -> None:
    call = asked(desk)
    assert desk.sent(Play)[-1].tone
    assert desk.sent(RecordMessage) == []
    desk.prompt_ends(call)
    (record,) = desk.sent(RecordMessage)
    assert (record.leg, record.seconds, record.silence) == (call, 40.0, 4.0)
    assert record.recording.startswith(f"{call}_c")


def test_the_order_names_the_recording_beside_the_keys(desk: Desk) -> None:
    call = speaking(desk)
    (record,) = desk.sent(RecordMessage)
    desk.wait(10)
    said = desk.now
    desk.message_ends(call, 9.0)
    assert desk.heard(call)[-1] == ("thanks",)
    desk.prompt_ends(call)
    order = desk.order(call)
    assert (order.outcome, order.ended_by) == (Outcome.ANSWERED, "operator")
    assert [answer.key for answer in order.answers] == ["5", "1", ""]
    (comment,) = comments(desk, call)
    assert (comment.question, comment.title, comment.meaning) == ("comment", "意见", "")
    assert (comment.at, comment.recording) == (said, record.recording)


def test_who_says_nothing_has_made_no_comment_and_is_thanked(desk: Desk) -> None:
    call = speaking(desk)
    desk.message_ends(call, 0.4)
    assert desk.heard(call)[-1] == ("thanks",)
    assert comments(desk, call) == []


def test_who_has_no_comment_presses_the_hash_key_without_waiting_for_the_tone(desk: Desk) -> None:
    call = asked(desk)
    desk.key(call, "#")
    desk.news()
    assert desk.heard(call)[-1] == ("thanks",)
    assert desk.sent(RecordMessage) == []


def test_the_question_can_be_heard_again_and_other_keys_do_nothing(desk: Desk) -> None:
    call = asked(desk)
    desk.key(call, "7")
    assert desk.heard(call)[-2:] == [("ask_solved",), ("ask_comment",)]
    desk.key(call, "*")
    assert desk.heard(call)[-2:] == [("ask_comment",), ("ask_comment",)]


def test_keys_during_the_comment_are_part_of_it(desk: Desk) -> None:
    call = speaking(desk)
    said = desk.heard(call)
    desk.key(call, "*", "5", "#")
    assert desk.heard(call) == said
    desk.message_ends(call, 5.0)
    assert len(comments(desk, call)) == 1


def test_the_next_question_follows_a_comment_that_comes_first() -> None:
    desk = Desk(plan=surveying(FIRST))
    call = desk.talking_call()
    desk.goes(desk.leg_of(call))
    desk.prompt_ends(call)
    desk.message_ends(call, 5.0)
    assert desk.heard(call)[-1] == ("ask_service",)
    desk.key(call, "5", "1")
    assert [answer.question for answer in desk.order(call).answers] == [
        "comment", "service", "solved",
    ]  # fmt: skip


def test_the_operator_wraps_up_and_is_free_meanwhile(desk: Desk) -> None:
    speaking(desk)
    desk.wait(30)
    assert desk.operator("001").call is not None
    desk.wait(30)
    assert desk.operator("001").call is None


# -- the end is not told, or comes early -----------------------------------------------------------


def test_a_hang_up_while_speaking_keeps_what_was_said(desk: Desk) -> None:
    call = speaking(desk)
    desk.wait(10)
    desk.goes(call)
    assert call not in desk.centre.calls
    assert len(comments(desk, call)) == 1
    assert desk.order(call).ended_by == "operator"


def test_the_news_of_the_hang_up_may_be_all_there_is(desk: Desk) -> None:
    call = speaking(desk)
    desk.wait(10)
    desk.switch.far_end_goes(call)
    desk.switch.told.pop(0)
    desk.news()
    assert len(comments(desk, call)) == 1


@pytest.mark.parametrize("tone_heard", [False, True])
def test_who_hangs_up_before_speaking_has_made_no_comment(desk: Desk, tone_heard: bool) -> None:
    call = speaking(desk) if tone_heard else asked(desk)
    desk.wait(0.5)
    desk.switch.legs[call].recording = None
    desk.goes(call)
    assert comments(desk, call) == []
    assert len(desk.order(call).answers) == 2


def test_an_end_that_is_never_told_is_made(desk: Desk) -> None:
    call = speaking(desk)
    desk.wait(45)
    assert desk.sent(StopRecording)
    assert desk.heard(call)[-1] == ("thanks",)
    assert len(comments(desk, call)) == 1
    assert desk.switch.legs[call].recording is None


def test_a_comment_is_no_longer_than_the_survey_may_be(desk: Desk) -> None:
    call = asked(desk)
    for _ in range(9):
        desk.wait(9.5)
        desk.key(call, "*")
    desk.prompt_ends(call)
    (record,) = desk.sent(RecordMessage)
    assert 14 <= record.seconds <= 15
    desk.wait(20)
    assert desk.heard(call)[-1] == ("thanks",)


@pytest.mark.parametrize("how", ["refused", "failed"])
def test_what_cannot_be_recorded_is_passed_over(desk: Desk, how: str) -> None:
    call = speaking(desk)
    recording = desk.state(call).recording or ""
    desk.switch.legs[call].recording = None
    failed = CommandFailed(call, "RecordMessage", "500")
    full = RecordingFailed(call, recording, "the disk is full")
    desk.happens(failed if how == "refused" else full)
    assert desk.heard(call)[-1] == ("thanks",)
    assert comments(desk, call) == []
    assert desk.order(call).outcome is None
    desk.happens(failed)
    assert desk.heard(call)[-1] == ("thanks",)


def test_a_survey_that_an_edit_took_away_ends_with_the_comment(desk: Desk) -> None:
    call = speaking(desk)
    desk.plan = small_plan()
    desk.happens(PlanChanged(desk.plan.hash))
    desk.message_ends(call, 5.0)
    assert call not in desk.centre.calls
    assert desk.order(call).outcome is Outcome.ANSWERED


# -- restarts, and the dead man's switch -----------------------------------------------------------


def restart(desk: Desk) -> None:
    desk.centre = decode_centre(encode_centre(desk.centre))
    desk.switch.lose_events()
    desk.happens(desk.switch.reconciled())
    desk.news()


def test_a_restart_during_the_question_asks_it_again(desk: Desk) -> None:
    call = asked(desk)
    restart(desk)
    assert desk.heard(call)[-2:] == [("ask_comment",), ("ask_comment",)]
    assert desk.state(call).phase is Phase.SURVEY


def test_a_comment_goes_on_through_a_restart(desk: Desk) -> None:
    call = speaking(desk)
    recording = desk.state(call).recording
    said = desk.heard(call)
    desk.wait(5)
    restart(desk)
    assert desk.switch.legs[call].recording == recording
    assert desk.heard(call) == said
    desk.message_ends(call, 8.0)
    assert [each.recording for each in comments(desk, call)] == [recording]


def test_a_comment_that_ended_meanwhile_is_thanked_for(desk: Desk) -> None:
    call = speaking(desk)
    desk.wait(5)
    desk.switch.message_ends(call, 4.0)
    restart(desk)
    assert desk.heard(call)[-1] == ("thanks",)
    assert len(comments(desk, call)) == 1


def test_a_caller_who_left_meanwhile_has_made_the_comment(desk: Desk) -> None:
    call = speaking(desk)
    desk.wait(5)
    desk.switch.far_end_goes(call)
    restart(desk)
    assert call not in desk.centre.calls
    assert len(comments(desk, call)) == 1


def test_what_was_said_before_the_dialplan_ended_the_call_is_kept(desk: Desk) -> None:
    call = speaking(desk)
    desk.wait(5)
    desk.switch.dead_mans_switch(call)
    desk.news()
    assert call not in desk.centre.calls
    assert len(comments(desk, call)) == 1
    assert desk.order(call).outcome is Outcome.ANSWERED
