"""A comment that the caller speaks in a survey: recorded as a message is, and on the order.

What was said is kept however it ends: at `#`, in silence, by hanging up, by a death of ours.
"""

from __future__ import annotations

from callcenter.calls.commands import RecordMessage, StopRecording
from callcenter.calls.state import Call, Phase
from callcenter.calls.turn import END_SECONDS, Turn
from callcenter.numberplan.model import Question
from callcenter.orders.record import SurveyAnswer
from callcenter.values import replace

LEAST_LEFT = 1.0
"""Seconds that are recorded though the survey should be over by now."""


def begin(turn: Turn, call: Call) -> None:
    """Question and tone are over: the caller speaks."""
    question = _question(turn, call)
    if question is None or question.comment is None or call.survey is None:
        return
    left = max(LEAST_LEFT, call.survey.until - turn.now)
    call = replace(
        call,
        playback=None,
        recording=f"{call.id}_c{call.names + 1}",
        recording_since=turn.now,
        names=call.names + 1,
        deadline=turn.now + min(question.comment.longest_seconds, left) + END_SECONDS,
    )
    record(turn, turn.put(call))


def record(turn: Turn, call: Call) -> None:
    """Have Asterisk record; may be repeated."""
    question = _question(turn, call)
    if call.recording is None or question is None or question.comment is None:
        return
    seconds = max(LEAST_LEFT, call.deadline - END_SECONDS - turn.now)
    turn.send(RecordMessage(call.id, call.recording, seconds, question.comment.silence_seconds))


def stop(turn: Turn, call: Call) -> None:
    """Its end was not told in time."""
    if call.recording is not None:
        turn.send(StopRecording(call.id, call.recording))


def left(turn: Turn, call: Call, spoken: float | None = None) -> Call:
    """The call with the comment on it, if one was being made and something was said.

    `spoken` says for how many seconds; where that is unknown, the time since the tone counts.
    """
    if call.phase is not Phase.SURVEY or call.recording is None or call.recording_since is None:
        return call
    question = _question(turn, call)
    recording = call.recording
    if spoken is None:
        spoken = turn.now - call.recording_since
    call = replace(call, recording=None, recording_since=None)
    if question is None or question.comment is None or spoken < question.comment.least_seconds:
        return call
    answer = SurveyAnswer(
        question=question.name,
        title=question.title,
        key="",
        meaning="",
        at=turn.now,
        recording=recording,
    )
    return replace(call, answers=(*call.answers, answer))


def _question(turn: Turn, call: Call) -> Question | None:
    """What the caller is asked, as far as the plan still has it."""
    state = call.survey
    survey = turn.plan.surveys.get(state.name) if state is not None else None
    if state is None or survey is None or state.question >= len(survey.questions):
        return None
    return survey.questions[state.question]
