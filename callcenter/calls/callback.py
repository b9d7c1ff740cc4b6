"""Calling citizens back: an operator is rung first, then the citizen's telephone; then they talk.

The caller has hung up and kept the place in the queue, in which the call waits as any other does
(`queueing.match`). When the citizen is called the leg has the call's name again, so the talk is
like any other.
"""

from __future__ import annotations

from callcenter.calls import arranging, dialling
from callcenter.calls import call as calls
from callcenter.calls import operator as operators
from callcenter.calls.commands import Record, Ring, StopRinging
from callcenter.calls.events import Ending
from callcenter.calls.state import Call, Callback, CallbackState, Phase
from callcenter.calls.turn import END_SECONDS, Turn
from callcenter.numberplan.citizens import ways_to
from callcenter.numberplan.model import CallbackRule
from callcenter.orders.record import Outcome
from callcenter.values import replace

LOOK_AGAIN_SECONDS = 60.0
"""When something else than an operator is missing: open hours, or a channel."""
_ON_THE_WAY = frozenset({Phase.CALLBACK, Phase.OFFERED, Phase.CALLING_BACK})


# -- waiting for an operator -----------------------------------------------------------------------


def is_under_way(call: Call) -> bool:
    """Whether the caller has gone and they have not talked yet."""
    wished = call.callback is not None and call.callback.state is CallbackState.OPEN
    return wished and call.phase in _ON_THE_WAY


def is_ready(turn: Turn, call: Call) -> bool:
    """Whether an operator may be rung for it now."""
    callback = call.callback
    return (
        call.phase is Phase.CALLBACK
        and callback is not None
        and callback.due <= turn.now < callback.until
        and not call.live()
        and arranging.rule(turn, call) is not None
        and dialling.next_way(turn, ways_to(turn.plan, callback.number)) is not None
    )


def callers_are_here(turn: Turn) -> None:
    """Who calls in is called back no more, and in the same queue keeps the place."""
    for call in turn.touched():
        before = turn.centre.calls.get(call.id)
        enters = call.queue is not None and (before is None or before.queue is None)
        known = call.caller is not None and not call.caller_withheld
        if enters and known and turn.anybody_is_called_back():
            _cancel_for(turn, call)


def _cancel_for(turn: Turn, call: Call) -> None:
    found = (turn.call(key) for key in turn.index().called_back(call.caller or ""))
    others = (other for other in found if other is not None and other.id != call.id)
    for other in sorted(others, key=lambda other: other.opened):
        if other.queue == call.queue and other.queued is not None:
            earlier = other.queued if call.queued is None else min(call.queued, other.queued)
            since = None if call.waits_since is None else turn.now
            call = turn.put(replace(call, queued=earlier, waits_since=since, place_taken=True))
        _over(turn, other, CallbackState.CANCELLED)


def deadline(turn: Turn, call: Call) -> None:
    """Time to look whether it can be done now, to give it up, or to take a leg for gone."""
    callback = _of(call)
    for leg in call.live():
        turn.hang_up(call, leg.leg)
        call = turn.leg_ended(call, leg.leg, Ending.LOST)
    if callback.until <= turn.now:
        _over(turn, call, CallbackState.FAILED)
        return
    later = callback.due if callback.due > turn.now else turn.now + LOOK_AGAIN_SECONDS
    turn.put(replace(call, deadline=min(callback.until, later)))


# -- calling ---------------------------------------------------------------------------------------


def operator_answered(turn: Turn, call: Call) -> None:
    """The operator hears that a citizen is called back; then the citizen is called."""
    _tell(turn, call, "callback_begins")  # and counts as being rung until the citizen answers


def told(turn: Turn, call: Call) -> None:
    """The operator has heard it: call the citizen, or leave the operator to their work."""
    if _of(call).told:
        _next_time(turn, call)
        return
    if call.leg is not None:
        turn.send(Ring(call.leg))
    _call(turn, replace(call, targets=ways_to(turn.plan, _of(call).number)))


def citizen_answered(turn: Turn, call: Call) -> None:
    """They talk."""
    if call.leg is not None:
        turn.send(StopRinging(call.leg))
    operators.answered(turn, call)
    turn.send(Record(call.id))
    calls.talk(
        turn,
        replace(
            call,
            callback=replace(_of(call), state=CallbackState.DONE),
            answered=turn.now if call.answered is None else call.answered,
            talked_with=call.operator,
            waits_since=None,
            caller_up=True,
        ),
    )


def citizen_gone(turn: Turn, call: Call, ending: Ending) -> None:
    """Busy, not answered, unreachable: by another trunk if it was the trunk, else another time."""
    _call(turn, calls.ways_left(call, ending))


def operator_gone(turn: Turn, call: Call, ending: Ending) -> None:
    """The operator did not stay: another one takes it."""
    if _of(call).told:
        _next_time(turn, call)
        return
    turn.hang_up(call, call.id)
    if ending is Ending.LOST:
        operators.leg_lost(turn, call)
    else:
        operators.offer_failed(turn, call, call.operator or "", ending)
    _wait(turn, call, _of(call))


def calling_deadline(turn: Turn, call: Call) -> None:
    """The end of a prompt was not told, or the citizen's telephone rang long enough."""
    if call.playback is not None:
        told(turn, replace(call, playback=None))
        return
    turn.hang_up(call, call.id, Ending.NO_ANSWER)
    call = turn.leg_ended(call, call.id, Ending.NO_ANSWER)
    citizen_gone(turn, call, Ending.NO_ANSWER)


def reconnect(turn: Turn, call: Call) -> None:
    """After a restart of ours."""
    if call.phase is not Phase.CALLING_BACK:
        return
    if call.playback is not None:
        turn.put(replace(call, deadline=min(call.deadline, turn.now + END_SECONDS)))
    elif call.leg is not None:
        turn.send(Ring(call.leg))


def give_up(turn: Turn, call: Call) -> None:
    """The core cannot go on with it, and there is no caller whom the dialplan could have."""
    _over(turn, call, CallbackState.FAILED)


def _call(turn: Turn, call: Call) -> None:
    callback = _of(call)
    seconds = (turn.queue(call.queue).callback or CallbackRule()).ring_seconds
    if dialling.dial(turn, call, callback.number, seconds):
        return
    callback = replace(callback, tries=callback.tries + 1, told=True)
    if call.leg is not None:
        turn.send(StopRinging(call.leg))
    _tell(turn, replace(call, callback=callback), "callback_not_reached")


def _tell(turn: Turn, call: Call, prompt: str) -> None:
    dialling.tell(turn, call, Phase.CALLING_BACK, prompt)


def _next_time(turn: Turn, call: Call) -> None:
    """The citizen was not reached: the operator is as idle as before; another try by rule."""
    rule = turn.queue(call.queue).callback or CallbackRule()
    callback = replace(_of(call), told=False, due=turn.now + rule.again_minutes * 60)
    operators.let_go(turn, call)
    turn.hang_up(call, call.leg)
    if callback.tries >= rule.tries:
        _over(turn, call, CallbackState.FAILED)
    else:
        _wait(turn, call, callback)


def _wait(turn: Turn, call: Call, callback: Callback) -> None:
    calls.keep_place(turn, replace(call, callback=replace(callback, told=False), targets=()))


def _over(turn: Turn, call: Call, state: CallbackState) -> None:
    call = turn.put(replace(call, callback=replace(_of(call), state=state)))
    if call.phase in _ON_THE_WAY:
        operators.release(turn, call)
        calls.end(turn, call, Outcome.CALLBACK, by="system")


def _of(call: Call) -> Callback:
    assert call.callback is not None
    return call.callback
