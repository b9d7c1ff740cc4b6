"""The recording is paused and goes on: while it is paused it keeps time, and the gap is noted."""

from __future__ import annotations

from callcenter.calls.commands import MuteRecording, UnmuteRecording
from callcenter.calls.events import PauseRecording, ResumeRecording
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, Phase
from callcenter.calls.turn import Turn
from callcenter.orders.record import Gap
from callcenter.values import replace


def pause(turn: Turn, request: PauseRecording) -> Refusal | None:
    """The citizen is about to say what is not to be kept, such as a card's number."""
    call = turn.led_by(request.operator)
    if call is None or call.phase is Phase.INTRODUCING:
        return Refusal("not_in_call", "当前没有通话。")
    if call.recording_paused():
        return Refusal("already_paused", "录音已暂停。")
    _tell(turn, call, paused=True)
    turn.put(
        replace(
            call,
            gaps=(*call.gaps, Gap(turn.now)),
            recording_resumes=turn.now + turn.plan.limits.recording_pause_seconds,
        )
    )
    return None


def resume(turn: Turn, request: ResumeRecording) -> Refusal | None:
    """Everything is recorded again."""
    call = turn.led_by(request.operator)
    if call is None or not call.recording_paused():
        return Refusal("not_paused", "录音没有暂停。")
    turn.put(goes_on(turn, call))
    return None


def goes_on(turn: Turn, call: Call) -> Call:
    """Whoever paused it is gone, or it was forgotten: it goes on, if it was paused."""
    if not call.recording_paused():
        return call
    _tell(turn, call, paused=False)
    return closed(turn, call)


def closed(turn: Turn, call: Call) -> Call:
    """The gap ends here, if there is one."""
    if not call.recording_paused():
        return call
    *before, last = call.gaps
    return replace(call, gaps=(*before, replace(last, ended=turn.now)), recording_resumes=None)


def not_paused(turn: Turn, call: Call) -> None:
    """Asterisk could not do it: the operator must not believe that nothing is recorded."""
    call = turn.put(replace(closed(turn, call), gaps=call.gaps[:-1], names=call.names + 1))
    if call.leg is not None and call.has_live(call.leg):
        turn.play(call.leg, f"{call.id}_{call.names}", ("not_possible",))


def tell_again(turn: Turn, call: Call) -> None:
    """After a restart of ours, which may have left it undone."""
    if call.recording_paused():
        _tell(turn, call, paused=True)
    elif call.gaps:
        _tell(turn, call, paused=False)


def _tell(turn: Turn, call: Call, *, paused: bool) -> None:
    for leg in (call.id, call.scene.recorded):
        if call.has_live(leg):
            turn.send(MuteRecording(leg) if paused else UnmuteRecording(leg))
