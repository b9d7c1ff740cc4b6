"""What a waiting caller hears between music: their place in the queue, and how long it will take.

An announcement interrupts the music. It does not hold up anybody: the caller is offered meanwhile,
and it is cut short when an operator answers. Nobody who is being offered is announced to.
"""

from __future__ import annotations

from math import ceil

from callcenter import prompts
from callcenter.calls import arranging
from callcenter.calls import call as calls
from callcenter.calls.state import Call
from callcenter.calls.turn import Turn
from callcenter.values import replace

LONGEST_MINUTES = 60
"""What would take longer is not told in minutes: nobody could promise it."""


def deadline(turn: Turn, call: Call) -> None:
    """Announce, if it is time to; or take an announcement for over whose end was never told."""
    if call.announce_at is None or call.announce_at > turn.now or not call.hears_of_place():
        return
    if call.playback is not None:
        spoken(turn, call)
        return
    words = _words(turn, call)
    if not words:
        _next_time(turn, call)
        return
    call = calls.stop_music(turn, call)
    playback = f"{call.id}_{call.names + 1}"
    turn.play(call.id, playback, words)
    turn.put(
        replace(
            call,
            playback=playback,
            names=call.names + 1,
            announce_at=turn.now + calls.PROMPT_SECONDS,
        )
    )


def spoken(turn: Turn, call: Call) -> None:
    """The announcement is over: music again (`queueing.settle`)."""
    _next_time(turn, replace(call, playback=None))


def position(turn: Turn, call: Call) -> int:
    """The caller's place in their queue, from 1; who is being offered is no longer in line."""
    return 1 + turn.index().lines.waiting(call.queue or "").before(call.place)


def expected_wait(turn: Turn, call: Call) -> float | None:
    """Seconds that this caller will still wait; None while nobody is there to answer."""
    return _wait_at(turn, call, position(turn, call))


def _wait_at(turn: Turn, call: Call, place: int) -> float | None:
    outlook = turn.outlook(turn.queue(call.queue))
    return None if outlook is None else outlook.wait(place - 1)


def place_in_words(place: int) -> prompts.Prompts:
    """您现在排在第三位; the first is told that they are next."""
    if place == 1:
        return ("queue_next",)
    return ("queue_position", *prompts.spoken_number(place), "queue_place")


def wait_in_words(seconds: float | None) -> prompts.Prompts:
    """预计等待五分钟: full minutes, rather one too many than one too few."""
    minutes = LONGEST_MINUTES + 1 if seconds is None else ceil(seconds / 60)
    if minutes > LONGEST_MINUTES:
        return ("queue_wait_long",)
    if minutes <= 1:
        return ("queue_wait_short",)
    return ("queue_wait", *prompts.spoken_count(minutes), "minutes")


def _words(turn: Turn, call: Call) -> prompts.Prompts:
    announce = turn.queue(call.queue).announce
    if announce is None:
        return arranging.offer(turn, call)
    words: prompts.Prompts = ()
    place = position(turn, call)
    if announce.position:
        words += place_in_words(place)
    if announce.estimate:
        words += wait_in_words(_wait_at(turn, call, place))
    if announce.also is not None:
        words += (announce.also,)
    return (*words, *arranging.offer(turn, call))


def _next_time(turn: Turn, call: Call) -> None:
    announce = turn.queue(call.queue).announce
    turn.put(replace(call, announce_at=None if announce is None else turn.now + announce.every))
