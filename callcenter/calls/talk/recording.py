"""The recording is paused and goes on: while it is paused it keeps time, and the gap is noted."""

from __future__ import annotations

from callcenter.calls.commands import MuteRecording, UnmuteRecording
from callcenter.calls.events import PauseRecording, ResumeRecording
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, Phase
from callcenter.calls.turn import Turn
from callcenter.orders.record import Gap
from callcenter.values import replace

AGAIN_SECONDS = 5.0
"""After which it is tried again to let a recording go on."""
FRESH_SECONDS = 60.0
"""What was asked for longer ago has been carried out."""


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


def not_done(turn: Turn, call: Call, command: str) -> None:
    """Asterisk could not pause it, or not let it go on."""
    if call.phase is Phase.ENDING or not call.has_live(call.id) or not _is_fresh(turn, call):
        return
    if command == MuteRecording.__name__ and call.recording_paused():
        _not_paused(turn, call)
    elif command == UnmuteRecording.__name__ and not call.recording_paused():
        # Silence is still written: the gap says so, until it can be ended.
        gaps = (*call.gaps[:-1], replace(call.gaps[-1], ended=None))
        turn.put(replace(call, gaps=gaps, recording_resumes=turn.now + AGAIN_SECONDS))


def _not_paused(turn: Turn, call: Call) -> None:
    """The operator must not believe that nothing is recorded."""
    _tell(turn, call, paused=False)
    call = turn.put(replace(closed(turn, call), gaps=call.gaps[:-1], names=call.names + 1))
    if call.leg is not None and call.has_live(call.leg):
        turn.play(call.leg, f"{call.id}_{call.names}", ("not_possible",))


def tell_again(turn: Turn, call: Call) -> None:
    """After a restart of ours, which may have left undone what was asked for last."""
    if _is_fresh(turn, call):
        _tell(turn, call, paused=call.recording_paused())


def _is_fresh(turn: Turn, call: Call) -> bool:
    """Whether a pause began or ended so lately that it may not have been carried out."""
    if not call.gaps:
        return False
    last = call.gaps[-1]
    return turn.now - (last.began if last.ended is None else last.ended) < FRESH_SECONDS


def _tell(turn: Turn, call: Call, *, paused: bool) -> None:
    for leg in (call.id, call.scene.recorded):
        if call.has_live(leg):
            turn.send(MuteRecording(leg) if paused else UnmuteRecording(leg))
