"""Voice mail: the caller speaks after a tone; somebody calls back within a day (GB/T 33358).

What was said is kept however the call ends: at `#`, in silence, by hanging up, by a death of ours.
"""

from __future__ import annotations

from callcenter.calls import call as calls
from callcenter.calls.commands import RecordMessage, StopRecording
from callcenter.calls.events import RecordingFinished
from callcenter.calls.state import Call, Phase
from callcenter.calls.turn import END_SECONDS, Turn
from callcenter.orders.record import Outcome
from callcenter.values import replace

HOUR = 3600.0
SORRY = "system_busy"


def enter(turn: Turn, call: Call, box: str, words: tuple[str, ...] = ()) -> None:
    """Say these words and the box's greeting; then comes the tone."""
    call = calls.answer(turn, calls.stop_music(turn, call))
    call = replace(call, voice_box=box, recording=None, recording_since=None)
    words = (*words, turn.voice_box(box).greeting)
    calls.speak(turn, call, Phase.VOICE_MAIL, words, tone=True)


def said(turn: Turn, call: Call) -> None:
    """Greeting and tone are over: the caller speaks."""
    if call.recording is not None:
        return
    box = turn.voice_box(call.voice_box)
    call = turn.put(
        replace(
            call,
            playback=None,
            recording=f"{call.id}_v{call.names + 1}",
            recording_since=turn.now,
            names=call.names + 1,
            deadline=turn.now + box.longest_seconds + END_SECONDS,
        )
    )
    _record(turn, call)


def finished(turn: Turn, call: Call, event: RecordingFinished) -> None:
    """`#`, silence or the longest time: thanks, unless nothing was said."""
    if call.phase is Phase.VOICE_MAIL:
        _over(turn, call, event.spoken)


def failed(turn: Turn, call: Call) -> None:
    """Asterisk could not record: a fault of ours, and the caller is told."""
    if call.phase is Phase.VOICE_MAIL:
        call = replace(call, recording=None, recording_since=None)
        calls.announce(turn, call, SORRY, calls.talked_or(call, Outcome.INTERRUPTED))


def deadline(turn: Turn, call: Call) -> None:
    """The end of the greeting or of the recording was not told."""
    if call.recording is None:
        said(turn, call)
        return
    turn.send(StopRecording(call.id, call.recording))
    _over(turn, call, None)


def caller_gone(turn: Turn, call: Call) -> None:
    """Hung up: what was said until then is the message."""
    call = left(turn, call)
    outcome = Outcome.ABANDONED if call.voice_message is None else Outcome.VOICE_MAIL
    calls.end(turn, call, calls.talked_or(call, outcome), by="caller")


def left(turn: Turn, call: Call, spoken: float | None = None) -> Call:
    """The call, with its message if one was left.

    `spoken` says for how many seconds; where that is unknown, the time since the tone counts.
    """
    if call.phase is not Phase.VOICE_MAIL or call.recording_since is None:
        return call
    box = turn.voice_box(call.voice_box)
    if spoken is None:
        spoken = turn.now - call.recording_since
    if spoken < box.least_seconds:
        return call
    return message_left(turn, call, turn.now)


def message_left(turn: Turn, call: Call, at: float) -> Call:
    """The call, with a message that was left at that moment: the clock for its answer runs."""
    hours = turn.voice_box(call.voice_box).answer_within_hours
    return replace(call, voice_message=at, answer_by=at + hours * HOUR)


def reconnect(turn: Turn, call: Call) -> None:
    """After a restart of ours: record, if that was not begun; else its end is told now."""
    if call.phase is not Phase.VOICE_MAIL:
        return
    if call.recording is not None:
        _record(turn, call)
    else:
        turn.put(replace(call, deadline=min(call.deadline, turn.now + END_SECONDS)))


def _over(turn: Turn, call: Call, spoken: float | None) -> None:
    call = left(turn, call, spoken)
    box = turn.voice_box(call.voice_box)
    if call.voice_message is None:
        calls.announce(turn, call, box.nothing, calls.talked_or(call, Outcome.ABANDONED))
    else:
        calls.announce(turn, call, box.thanks, calls.talked_or(call, Outcome.VOICE_MAIL))


def _record(turn: Turn, call: Call) -> None:
    box = turn.voice_box(call.voice_box)
    if call.recording is not None:
        turn.send(RecordMessage(call.id, call.recording, box.longest_seconds, box.silence_seconds))
