"""Once the operator has hung up, the caller is asked by key; the answers are on the order."""

from __future__ import annotations

import pytest

from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.commands import Hangup, Play, StopPlaying, TalkOver
from callcenter.calls.events import (
    AddPartner,
    CommandFailed,
    Ending,
    Forward,
    HangUp,
    LeaveCall,
    PlanChanged,
    ReleaseSilent,
)
from callcenter.calls.state import Phase
from callcenter.calls.survey import AGAIN
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk
from tests.plans import SURVEYS, plan_of, small_plan, survey_texts, surveying


@pytest.fixture
def desk() -> Desk:
    return Desk(plan=surveying())


def surveyed(desk: Desk) -> str:
    """A caller whose operator has hung up."""
    call = desk.talking_call()
    desk.goes(desk.leg_of(call))
    return call


def asked(desk: Desk, call: str) -> list[tuple[str, ...]]:
    """What the caller heard after the operator's number."""
    return desk.heard(call)[2:]


def answers(desk: Desk, call: str) -> list[tuple[str, str, str]]:
    return [(each.question, each.key, each.meaning) for each in desk.order(call).answers]


def test_the_caller_is_asked_one_question_after_the_other_then_thanked(desk: Desk) -> None:
    call = surveyed(desk)
    assert desk.state(call).phase is Phase.SURVEY
    desk.prompt_ends(call)
    desk.key(call, "5")
    desk.prompt_ends(call)
    desk.key(call, "2")
    assert asked(desk, call) == [("ask_service",), ("ask_solved",), ("thanks",)]
    desk.prompt_ends(call)
    assert call not in desk.centre.calls
    assert answers(desk, call) == [("service", "5", "非常满意"), ("solved", "2", "未解答")]
    order = desk.order(call)
    assert (order.outcome, order.ended_by) == (Outcome.ANSWERED, "operator")
    assert [each.title for each in order.answers] == ["服务", "解答"]


def test_the_operator_ends_the_talk_by_api_and_wraps_up_meanwhile(desk: Desk) -> None:
    call = desk.talking_call()
    assert desk.asks(HangUp("001")) == ""
    assert desk.state(call).phase is Phase.SURVEY
    operator = desk.operator("001")
    assert (operator.status, operator.call) == (OperatorStatus.WRAP_UP, call)
    desk.wait(60)
    assert desk.operator("001").status is OperatorStatus.READY
    other = desk.waiting_call()
    desk.answers(desk.ringing_at("seat01"))
    assert desk.state(other).phase is Phase.INTRODUCING


def test_a_key_pressed_during_the_question_cuts_it_short(desk: Desk) -> None:
    call = surveyed(desk)
    desk.key(call, "1")
    desk.news()
    assert asked(desk, call) == [("ask_service",), ("ask_solved",)]
    assert desk.switch.legs[call].playing == desk.state(call).playback


def test_listening_again_is_no_wrong_key(desk: Desk) -> None:
    call = surveyed(desk)
    for _ in range(4):
        desk.prompt_ends(call)
        desk.key(call, AGAIN)
    assert asked(desk, call) == [("ask_service",)] * 5
    desk.key(call, "5")
    assert answers(desk, call) == [("service", "5", "非常满意")]


def test_a_wrong_key_is_told_and_the_question_asked_again_then_the_next_one(desk: Desk) -> None:
    call = surveyed(desk)
    desk.key(call, "9")
    assert asked(desk, call)[1:] == [("wrong_key", "ask_service")]
    desk.key(call, "#")
    assert asked(desk, call)[2:] == [("ask_solved",)]
    desk.key(call, "1")
    assert answers(desk, call) == [("solved", "1", "已解答")]


def test_who_presses_nothing_is_asked_again_and_then_thanked(desk: Desk) -> None:
    call = surveyed(desk)
    for question in ("ask_service", "ask_service", "ask_solved", "ask_solved"):
        assert asked(desk, call)[-1] == (question,)
        desk.prompt_ends(call)
        desk.wait(7.9)
        assert asked(desk, call)[-1] == (question,)
        desk.wait(0.1)
    assert asked(desk, call)[-1] == ("thanks",)
    assert desk.order(call).answers == ()


def test_a_survey_may_end_at_the_first_question_without_an_answer() -> None:
    desk = Desk(plan=surveying(SURVEYS + "    unanswered: end\n"))
    call = surveyed(desk)
    desk.key(call, "9", "9")
    assert asked(desk, call)[-1] == ("thanks",)


def test_it_takes_no_longer_than_it_may_however_often_one_listens(desk: Desk) -> None:
    call = surveyed(desk)
    for _ in range(25):
        desk.wait(3.9)
        desk.key(call, AGAIN)
    desk.wait(2.5)
    assert asked(desk, call)[-1] == ("thanks",)


def test_a_question_that_never_ends_or_cannot_be_played_still_takes_a_key(desk: Desk) -> None:
    call = surveyed(desk)
    desk.happens(CommandFailed(call, "Play", "no such file"))
    assert desk.state(call).playback is None
    desk.key(call, "5")
    desk.wait(60)
    assert desk.state(call).playback is None
    desk.key(call, "1")
    assert len(desk.order(call).answers) == 2


def test_the_callers_hang_up_keeps_what_was_answered(desk: Desk) -> None:
    call = surveyed(desk)
    desk.key(call, "5")
    desk.goes(call)
    assert call not in desk.centre.calls
    assert answers(desk, call) == [("service", "5", "非常满意")]
    assert desk.order(call).outcome is Outcome.ANSWERED
    assert desk.order(call).ended_by == "operator"


def test_a_caller_who_hangs_up_first_is_asked_nothing(desk: Desk) -> None:
    call = desk.talking_call()
    desk.goes(call)
    assert asked(desk, call) == []
    assert desk.order(call).ended_by == "caller"


def test_nor_is_one_whose_operators_line_broke_or_who_gave_up_waiting(desk: Desk) -> None:
    call = desk.talking_call()
    desk.goes(desk.leg_of(call), Ending.LOST)
    assert desk.state(call).phase in (Phase.WAITING, Phase.OFFERED)
    waiting = desk.waiting_call()
    desk.goes(waiting)
    assert desk.order(waiting).outcome is Outcome.ABANDONED
    assert desk.sent(TalkOver) == []


def test_nor_is_one_who_was_forwarded(desk: Desk) -> None:
    call = desk.talking_call()
    assert desk.asks(Forward("001", "12319")) == ""
    desk.answers(desk.partner_of(call))
    desk.goes(desk.leg_of(call))
    assert call not in desk.centre.calls
    assert asked(desk, call) == []


def test_nor_is_one_whom_the_operator_left_with_a_partner(desk: Desk) -> None:
    call = desk.talking_call()
    assert desk.asks(AddPartner("001", "12319")) == ""
    desk.answers(desk.partner_of(call))
    assert desk.asks(LeaveCall("001")) == ""
    desk.goes(desk.leg_of(call))
    assert asked(desk, call) == []


def test_without_a_survey_the_call_ends_with_the_operator() -> None:
    desk = Desk(plan=small_plan())
    call = surveyed(desk)
    assert call not in desk.centre.calls
    assert Hangup(call) in desk.switch.sent


def test_a_survey_that_an_edit_took_away_ends(desk: Desk) -> None:
    call = surveyed(desk)
    desk.plan = small_plan()
    desk.happens(PlanChanged(desk.plan.hash))
    desk.key(call, "5")
    desk.news()
    assert call not in desk.centre.calls
    assert desk.order(call).outcome is Outcome.ANSWERED


def test_who_is_asked_is_guarded_and_the_dialplan_knows_that_the_talk_is_over(desk: Desk) -> None:
    call = surveyed(desk)
    leg = desk.switch.legs[call]
    assert leg.guarded and leg.over and leg.bridge is None
    desk.key(call, "5")
    desk.switch.dead_mans_switch(call)
    desk.news()
    assert call not in desk.centre.calls
    assert answers(desk, call) == [("service", "5", "非常满意")]
    assert desk.order(call).outcome is Outcome.ANSWERED


def test_after_a_restart_the_question_is_asked_again(desk: Desk) -> None:
    call = surveyed(desk)
    desk.key(call, "5")
    desk.centre = decode_centre(encode_centre(desk.centre))
    desk.switch.lose_events()
    before = len(desk.switch.sent)
    desk.happens(desk.switch.reconciled())
    desk.news()
    assert asked(desk, call)[-2:] == [("ask_solved",), ("ask_solved",)]
    said = [each for each in desk.switch.sent[before:] if isinstance(each, StopPlaying | Play)]
    assert [type(each) for each in said] == [StopPlaying, Play], "never both at a time"
    desk.key(call, "1")
    assert len(answers(desk, call)) == 2


def test_queue_log_has_the_talk_end_with_the_operator(desk: Desk) -> None:
    call = surveyed(desk)
    desk.key(call, "5", "1")
    desk.prompt_ends(call)
    told = [line.split("|")[4] for line in desk.queue_log if f"|{call}|" in line]
    assert told[-1] == "COMPLETEAGENT"
    assert told.count("COMPLETEAGENT") == 1


def test_who_is_released_as_silent_is_asked_nothing() -> None:
    texts = survey_texts()
    texts["dialplan/protection.yaml"] = "silent: {prompt: greeting, seconds: 15}\n"
    desk = Desk(plan=plan_of(texts))
    call = desk.talking_call()
    assert desk.asks(ReleaseSilent("001")) == ""
    desk.goes(desk.leg_of(call))
    assert call not in desk.centre.calls
