"""A waiting caller arranges to be called back: at which number, confirmed by key.

The place in the queue stays the caller's; who does not go through with it waits on.
"""

from __future__ import annotations

from callcenter import prompts
from callcenter.calls import call as calls
from callcenter.calls.commands import StopPlaying
from callcenter.calls.state import Call, Callback, CallbackState, Phase
from callcenter.calls.turn import Turn
from callcenter.numberplan.citizens import citizen_number, national
from callcenter.numberplan.hours import is_open
from callcenter.numberplan.model import CallbackRule
from callcenter.orders.record import Outcome
from callcenter.values import replace

KEY_SECONDS = 8.0
"""How long a key is waited for."""
MOST_WRONG = 3
"""Numbers that cannot be called, before the caller waits on."""
_LONGEST_NUMBER = 20
_STEPS = {CallbackState.CONFIRMING, CallbackState.KEYING}


def rule(turn: Turn, call: Call) -> CallbackRule | None:
    """The queue's callbacks, if it has any and citizens are called at this hour."""
    found = turn.queue(call.queue).callback
    if found is None or turn.plan.citizens is None:
        return None
    at = turn.wall()
    closed = found.hours in turn.plan.hours and not is_open(turn.plan, found.hours or "", at)
    return None if closed else found


def offer(turn: Turn, call: Call) -> prompts.Prompts:
    """不想等待请按一…; nothing where the caller cannot be called back, or not yet."""
    found = rule(turn, call)
    waited = turn.now - (call.queued if call.queued is not None else turn.now)
    if found is None or waited < found.after:
        return ()
    return ("callback_press", *prompts.spoken_digits(found.key), "callback_offer")


def key_pressed(turn: Turn, call: Call, key: str) -> None:
    """The caller pressed a key while waiting, or in answer to what we asked."""
    if call.phase is Phase.WAITING:
        found = rule(turn, call)
        if found is not None and found.key == key:
            begin(turn, call)
        return
    callback = call.callback
    if call.phase is not Phase.ARRANGING or callback is None:
        return
    if key == "*":
        wait_on(turn, call)
    elif callback.state is CallbackState.KEYING:
        _keyed(turn, call, callback, key)
    elif key == "1":
        _confirmed(turn, call, callback)
    elif key == "2":
        _ask(turn, call, replace(callback, state=CallbackState.KEYING, number=""))


def begin_instead(turn: Turn, call: Call, queue: str) -> None:
    """The plan leads to a callback by this queue; whom a queue led here waits on without one."""
    waited_in = call.queue if call.overflowed and call.queued is not None else None
    queued = turn.now if call.queued is None else call.queued
    call = replace(call, queue=queue, queued=queued)
    begin(turn, call, instead=waited_in is None, waited_in=waited_in)


def begin(turn: Turn, call: Call, *, instead: bool = False, waited_in: str | None = None) -> None:
    """Ask whether to call back at the number that calls; without one, at which."""
    shown = None if call.caller_withheld else call.caller
    number = None if shown is None else citizen_number(turn.plan, shown)
    state = CallbackState.KEYING if number is None else CallbackState.CONFIRMING
    call = calls.answer(turn, calls.stop_music(turn, call))
    _ask(
        turn, call, Callback(state=state, number=number or "", instead=instead, waited_in=waited_in)
    )


def spoken(turn: Turn, call: Call) -> None:
    """The question is spoken: the caller has some seconds to answer."""
    turn.put(replace(call, playback=None, deadline=turn.now + KEY_SECONDS))


def deadline(turn: Turn, call: Call) -> None:
    """No key came. A number may be complete without `#`."""
    callback = call.callback
    if callback is not None and callback.state is CallbackState.KEYING and call.digits:
        _keyed(turn, call, callback, "#")
    else:
        wait_on(turn, call)


def reconnect(turn: Turn, call: Call) -> None:
    """After a restart of ours: the question may have been cut, so it is asked once more."""
    if call.callback is not None and call.callback.state in _STEPS:
        _ask(turn, call, call.callback)


def wait_on(turn: Turn, call: Call) -> None:
    """Back to music, at the same place; where there is no queue to go back to, to an apology."""
    wish = call.callback
    call = replace(_hushed(turn, call), callback=None, digits="", announce_at=None)
    if wish is not None and wish.instead:
        calls.waited_too_long(turn, call)
        return
    if wish is not None and wish.waited_in is not None:
        call = replace(call, queue=wish.waited_in)
    calls.wait(turn, call)


def _ask(turn: Turn, call: Call, callback: Callback, first: prompts.Prompts = ()) -> None:
    if callback.state is CallbackState.CONFIRMING:
        plan = turn.plan
        digits = national(callback.number, plan.area_code, plan.country_code)
        words = ("callback_number", *prompts.spoken_digits(digits), "callback_confirm")
    else:
        words = first or ("callback_key_in",)
    call = _hushed(turn, call)
    playback = f"{call.id}_{call.names + 1}"
    turn.play(call.id, playback, words)
    turn.put(
        replace(
            call,
            phase=Phase.ARRANGING,
            callback=callback,
            digits="",
            playback=playback,
            names=call.names + 1,
            deadline=turn.now + calls.PROMPT_SECONDS,
        )
    )


def _keyed(turn: Turn, call: Call, callback: Callback, key: str) -> None:
    if key != "#":
        digits = (call.digits + key)[:_LONGEST_NUMBER]
        call = _hushed(turn, call)
        turn.put(replace(call, digits=digits, deadline=turn.now + KEY_SECONDS))
        return
    number = citizen_number(turn.plan, call.digits)
    if number is not None:
        _ask(turn, call, replace(callback, state=CallbackState.CONFIRMING, number=number))
        return
    callback = replace(callback, wrong=callback.wrong + 1)
    if callback.wrong >= MOST_WRONG:
        wait_on(turn, call)
    else:
        _ask(turn, call, callback, ("callback_wrong",))


def _confirmed(turn: Turn, call: Call, callback: Callback) -> None:
    """Noted, once for each number and queue: who is noted already keeps the earlier place."""
    noted = any(
        other.id != call.id
        and other.queue == call.queue
        and other.callback is not None
        and other.callback.state is CallbackState.OPEN
        and other.callback.number == callback.number
        for other in turn.calls()
    )
    found = turn.queue(call.queue).callback or CallbackRule()
    state = CallbackState.TWICE if noted else CallbackState.OPEN
    until = turn.now + found.keep_hours * 3600
    call = replace(
        _hushed(turn, call), callback=replace(callback, state=state, until=until), digits=""
    )
    said = "callback_already" if noted else "callback_noted"
    calls.announce(turn, call, said, Outcome.CALLBACK)


def _hushed(turn: Turn, call: Call) -> Call:
    if call.playback is None:
        return call
    turn.send(StopPlaying(call.id, call.playback))
    return replace(call, playback=None)
