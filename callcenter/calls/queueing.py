"""Who is next, and which operator: longest-waiting caller to longest-idle ready operator."""

from __future__ import annotations

from dataclasses import replace

from callcenter.calls.commands import SeatAddress
from callcenter.calls.state import Call, OperatorState, Phase
from callcenter.calls.turn import Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Queue

RING_GRACE_SECONDS = 5.0
"""Asterisk ends an unanswered ring itself; this much later we stop believing that it will."""


def match(turn: Turn) -> None:
    """Offer waiting callers to free operators until either runs out."""
    free = sorted(
        (each for each in turn.operators() if _is_free(turn, each)),
        key=lambda each: (each.idle_since, each.number),
    )
    if not free:
        return
    waiting = sorted(
        (call for call in turn.calls() if call.phase is Phase.WAITING),
        key=lambda call: (call.queued or call.opened, call.id),
    )
    for call in waiting:
        queue = turn.queue(call.queue)
        operator = _choose(turn, call, queue, free)
        if operator is None:
            continue
        free.remove(operator)
        _offer(turn, call, queue, operator)


def _is_free(turn: Turn, operator: OperatorState) -> bool:
    """Ready, at a seat whose softphone is there and not busy with a feature code."""
    seat = operator.seat
    return (
        operator.status is OperatorStatus.READY
        and seat is not None
        and turn.seat_is_reachable(seat)
        and operator.number in turn.plan.operators
        and seat in turn.plan.seats
        and all(feature.seat != seat for feature in turn.features())
    )


def _choose(
    turn: Turn, call: Call, queue: Queue, free: list[OperatorState]
) -> OperatorState | None:
    """The caller's former operator while that is promised; else the longest idle who is able."""
    if call.preferred_operator and (call.preferred_until or 0.0) > turn.now:
        return next((each for each in free if each.number == call.preferred_operator), None)
    able = (
        each for each in free if set(queue.skills) <= set(turn.plan.operators[each.number].skills)
    )
    return next(able, None)


def _offer(turn: Turn, call: Call, queue: Queue, operator: OperatorState) -> None:
    assert operator.seat is not None  # _is_free
    call = turn.dial(
        call, SeatAddress(operator.seat), seconds=queue.ring_seconds, operator=operator.number
    )
    turn.put(
        replace(
            call,
            phase=Phase.OFFERED,
            deadline=turn.now + queue.ring_seconds + RING_GRACE_SECONDS,
            operator=operator.number,
        )
    )
    turn.put_operator(
        replace(operator, status=OperatorStatus.RINGING, since=turn.now, call=call.id)
    )
