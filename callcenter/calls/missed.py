"""Missed calls are called back: who called in vain, until reached, closed with a result or too old.

One entry for each number. Whoever takes one is rung, and then the citizen, on the order of the call
that was missed (`callback.py`). A citizen who has talked with us since is off the list.
"""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.calls import dialling, offers
from callcenter.calls.events import CallMissed, CloseMissed
from callcenter.calls.missed_calls import CallbackLine, CallbackList
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, Callback, CallbackState, Centre, Phase
from callcenter.calls.turn import Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.values import replace

CLAIMED_SECONDS = 600.0
"""What was claimed and could not be done by then is on the list again."""


def call_missed(turn: Turn, request: CallMissed) -> Refusal | None:
    """Ring the operator at once, then the citizen."""
    entry = turn.missed(request.number)
    if entry is None or entry.closed is not None:
        return _unknown(request.number)
    operator = turn.operator(request.operator)
    refusal = dialling.unable(turn, operator.number, "回电")
    refusal = refusal or dialling.no_telephone(turn, operator.number, "回电")
    if refusal is not None:
        return refusal
    if operator.status is OperatorStatus.NOT_READY and operator.reason in (
        turn.plan.not_ready_reasons
    ):
        operator = turn.put_operator(replace(operator, reason_after=operator.reason))
    turn.put_missed(request.number, None)
    call = turn.take_up(entry.call)
    queue = turn.queue(call.queue)
    tries = 0 if queue.callback is None else queue.callback.tries - 1
    callback = Callback(
        state=CallbackState.OPEN,
        number=entry.number,
        tries=tries,
        until=turn.now + CLAIMED_SECONDS,
    )
    call = replace(call, phase=Phase.CALLBACK, callback=callback, leg=None, operator=None)
    offers.offer(turn, call, queue, (operator,))
    return None


def close_missed(turn: Turn, request: CloseMissed) -> Refusal | None:
    """It needs no call back any more; why is kept with it."""
    entry = turn.missed(request.number)
    if entry is None or entry.closed is not None:
        return _unknown(request.number)
    closed = replace(entry, closed=turn.now, closed_by=request.by, result=request.result)
    turn.put_missed(request.number, closed)
    return None


def callback_list(centre: Centre) -> CallbackList:
    """Everybody who is to be called back: who wished it, and who called in vain."""
    wished = (
        _line(call.callback.number, call, 1)
        for call in centre.calls.values()
        if call.callback is not None and call.callback.state is CallbackState.OPEN
    )
    missed = (
        replace(
            _line(each.number, each.call, each.times),
            closed=each.closed,
            closed_by=each.closed_by,
            result=each.result,
        )
        for each in centre.missed.values()
    )
    return CallbackList(wished=_sorted(wished), missed=_sorted(missed))


def _line(number: str, call: Call, times: int) -> CallbackLine:
    return CallbackLine(
        number=number,
        order=call.number,
        queue=call.queue,
        at=call.queued if call.queued is not None else call.opened,
        outcome=call.outcome,
        tries=0 if call.callback is None else call.callback.tries,
        times=times,
    )


def _sorted(lines: Iterable[CallbackLine]) -> tuple[CallbackLine, ...]:
    return tuple(sorted(lines, key=lambda line: (line.at, line.number)))


def _unknown(number: str) -> Refusal:
    return Refusal("unknown_missed", f"回电名单里没有{number}，可能已由别人处理，请刷新。")
