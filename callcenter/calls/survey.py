"""What a caller is asked once the operator has hung up; the answers are on the order.

The plan's surveys say what is asked, and which keys answer it or that a comment is spoken
(comment.py); `*` listens again. The operator wraps up meanwhile. Should we die, the fallback
dialplan ends the call: its talk is over.
"""

from __future__ import annotations

from callcenter.calls import call as calls
from callcenter.calls import comment
from callcenter.calls import operator as operators
from callcenter.calls.commands import Disconnect, Guard, StopPlaying, TalkOver
from callcenter.calls.events import Ending
from callcenter.calls.state import Call, Phase, SurveyState
from callcenter.calls.talk import scene
from callcenter.calls.turn import Turn
from callcenter.numberplan.model import Question, Survey, Unanswered
from callcenter.orders.record import Outcome, SurveyAnswer
from callcenter.values import replace

AGAIN = "*"
"""The key that listens again."""
NOTHING = "#"
"""The key of who has no comment; while one is spoken, Asterisk takes it for the end."""


def begin(turn: Turn, call: Call, ending: Ending) -> bool:
    """Ask what the call's queue wants asked, now that its operator is gone; whether it does.

    Only after a talk that the operator ended: not where the line broke, nor where nothing was
    heard of the caller.
    """
    survey = turn.plan.surveys.get(turn.queue(call.queue).survey or "")
    talked = call.phase is Phase.TALKING and ending is not Ending.LOST
    if survey is None or not talked or call.release is not None or call.outbound is not None:
        return False
    operators.start_wrap_up(turn, call)
    turn.send(*(Disconnect(bridge) for bridge in scene.bridges(call)))
    turn.send(TalkOver(call.id), Guard(call.id))
    call = replace(
        scene.over(turn, call),
        phase=Phase.SURVEY,
        survey=SurveyState(name=survey.name, until=turn.now + survey.longest_seconds),
        ended_by="operator",
        leg=None,
        operator=None,
        bridge=None,
        guarded=True,
        digits="",
        digits_deadline=None,
    )
    _ask(turn, call, call.survey)
    return True


def spoken(turn: Turn, call: Call) -> None:
    """The question has been heard (or could not be played): now a key, or a comment."""
    at = _place(turn, call)
    if at is None:
        return
    state, survey, question = at
    if question.comment is not None:
        comment.begin(turn, call)
    else:
        until = min(state.until, turn.now + survey.key_seconds)
        turn.put(replace(call, playback=None, deadline=until))


def key_pressed(turn: Turn, call: Call, key: str) -> None:
    """The caller answers, during the question too; or wants to hear it again."""
    at = _place(turn, call) if call.recording is None else None
    if at is None:
        return
    state, survey, question = at
    if key == AGAIN:
        _ask(turn, call, state)
    elif question.comment is not None:
        if key == NOTHING:
            _next(turn, call, state)
    elif key in question.keys:
        answer = SurveyAnswer(
            question=question.name,
            title=question.title,
            key=key,
            meaning=question.keys[key],
            at=turn.now,
        )
        _next(turn, replace(call, answers=(*call.answers, answer)), state)
    else:
        _unanswered(turn, call, state, survey, wrong=True)


def commented(turn: Turn, call: Call, spoken: float | None) -> None:
    """A comment has ended, after so many seconds of speech, if that is known."""
    call = comment.left(turn, call, spoken)
    at = _place(turn, call)
    if at is None:
        return
    if at[0].until <= turn.now:
        _thank(turn, call)
    else:
        _next(turn, call, at[0])


def deadline(turn: Turn, call: Call) -> None:
    """The prompt never ended, no key came, or the survey as a whole took too long."""
    if call.recording is not None:
        comment.stop(turn, call)
        commented(turn, call, None)
        return
    at = _place(turn, call)
    if at is None:
        return
    state, survey, _ = at
    if state.until <= turn.now:
        _thank(turn, call)
    elif call.playback is not None:
        spoken(turn, call)
    else:
        _unanswered(turn, call, state, survey, wrong=False)


def reconnect(turn: Turn, call: Call) -> None:
    """After a restart of ours: a key may have been lost, so the question is asked once more.

    A comment goes on.
    """
    turn.send(TalkOver(call.id))
    if call.recording is not None:
        comment.record(turn, call)
        return
    at = _place(turn, call)
    if at is not None:
        _ask(turn, call, at[0])


def _place(turn: Turn, call: Call) -> tuple[SurveyState, Survey, Question] | None:
    """Where the caller is; None, and the end, where the plan has no such survey any more."""
    state = call.survey
    survey = turn.plan.surveys.get(state.name) if state is not None else None
    if state is None or survey is None or state.question >= len(survey.questions):
        _thank(turn, call)
        return None
    return state, survey, survey.questions[state.question]


def _ask(turn: Turn, call: Call, state: SurveyState | None, *before: str) -> None:
    call = _hushed(turn, replace(call, survey=state))
    at = _place(turn, call)
    if at is None:
        return
    state, _, question = at
    playback = f"{call.id}_{call.names + 1}"
    words = (*before, question.prompt)
    turn.play(call.id, playback, words, tone=question.comment is not None)
    turn.put(
        replace(
            call,
            playback=playback,
            names=call.names + 1,
            deadline=min(state.until, turn.now + calls.PROMPT_SECONDS),
        )
    )


def _unanswered(turn: Turn, call: Call, state: SurveyState, survey: Survey, *, wrong: bool) -> None:
    if state.repeats < survey.repeats:
        before = (survey.wrong_key,) if wrong and survey.wrong_key is not None else ()
        _ask(turn, call, replace(state, repeats=state.repeats + 1), *before)
    elif survey.unanswered is Unanswered.NEXT:
        _next(turn, call, state)
    else:
        _thank(turn, call)


def _next(turn: Turn, call: Call, state: SurveyState) -> None:
    _ask(turn, call, replace(state, question=state.question + 1, repeats=0))


def _thank(turn: Turn, call: Call) -> None:
    """A last word, then the end."""
    survey = turn.plan.surveys.get(call.survey.name) if call.survey is not None else None
    call = _hushed(turn, replace(call, survey=None))
    if survey is None:
        calls.end(turn, call, Outcome.ANSWERED, by="operator")
    else:
        calls.announce(turn, call, survey.thanks, Outcome.ANSWERED)


def _hushed(turn: Turn, call: Call) -> Call:
    """Whatever is being said to the caller ends."""
    if call.playback is None:
        return call
    turn.send(StopPlaying(call.id, call.playback))
    return turn.put(replace(call, playback=None))
