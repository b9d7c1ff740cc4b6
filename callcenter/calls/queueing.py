"""Who is next, and which operator: longest-waiting caller to longest-idle ready operator."""

from __future__ import annotations

from callcenter.calls import call as calls
from callcenter.calls import callback, supervision
from callcenter.calls.commands import Ring, SeatAddress
from callcenter.calls.state import Call, OperatorState, Phase, SystemReason
from callcenter.calls.turn import Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Queue
from callcenter.values import replace

RING_GRACE_SECONDS = 5.0
"""Asterisk ends an unanswered ring itself; this much later we stop believing that it will."""


def match(turn: Turn) -> None:
    """Offer waiting callers to free operators until either runs out."""
    waiting = sorted(
        (
            call
            for call in turn.calls()
            if call.phase is Phase.WAITING or callback.is_ready(turn, call)
        ),
        key=lambda call: (call.last_in_line, call.queued or call.opened, call.id),
    )
    if not waiting:
        return
    ready = sorted(
        (each for each in turn.operators() if each.status is OperatorStatus.READY),
        key=lambda each: (each.idle_since, each.number),
    )
    for call in waiting:
        turn.about = call.id
        queue = turn.queue(call.queue)
        operator = _recalled(turn, call) or _choose(turn, call, queue, ready)
        if operator is None:
            continue
        if operator in ready:
            ready.remove(operator)
        offer(turn, call, queue, operator)


def settle(turn: Turn) -> None:
    """Callers for whom nobody was free at once are answered; who is answered waits with music.

    A caller who can be offered at once hears ringing instead, and is answered by the operator.
    """
    for call in turn.touched():
        waits = call.phase is Phase.WAITING or (call.phase is Phase.OFFERED and call.caller_up)
        if waits and not call.hears_music and call.playback is None and call.has_live(call.id):
            turn.about = call.id
            calls.start_music(turn, calls.answer(turn, call))


def can_ring(turn: Turn, operator: OperatorState) -> bool:
    """At a seat of the plan whose softphone is there and not busy with something else."""
    seat = operator.seat
    return (
        seat is not None
        and turn.seat_is_reachable(seat)
        and not turn.seat_is_engaged(seat)
        and operator.number in turn.plan.operators
        and seat in turn.plan.seats
        and all(feature.seat != seat for feature in turn.features())
        and seat not in supervision.seats(turn)
    )


def _recalled(turn: Turn, call: Call) -> OperatorState | None:
    """The operator whose forward failed, still wrapping this call up: gets the caller back."""
    if not call.preferred_operator or (call.preferred_until or 0.0) <= turn.now:
        return None
    operator = turn.operator(call.preferred_operator)
    wrapping_up = operator.status is OperatorStatus.WRAP_UP and operator.call == call.id
    return operator if wrapping_up and can_ring(turn, operator) else None


def _choose(
    turn: Turn, call: Call, queue: Queue, ready: list[OperatorState]
) -> OperatorState | None:
    """The caller's former operator while that is promised; else the longest idle who is able."""
    if call.preferred_operator and (call.preferred_until or 0.0) > turn.now:
        former = turn.operator(call.preferred_operator)
        if former in ready and can_ring(turn, former):
            return former
        if former.reason == SystemReason.UNREACHABLE or former.call == call.id:
            return None  # their telephone may be back in a moment
    skills = set(queue.skills)
    able = (
        each
        for each in ready
        if can_ring(turn, each) and skills <= set(turn.plan.operators[each.number].skills)
    )
    return next(able, None)


def offer(turn: Turn, call: Call, queue: Queue, operator: OperatorState) -> None:
    """Ring that operator for the call."""
    assert operator.seat is not None  # can_ring
    call, leg = turn.dial(
        call, SeatAddress(operator.seat), seconds=queue.ring_seconds, operator=operator.number
    )
    if not call.caller_up and call.has_live(call.id):
        turn.send(Ring(call.id))
    turn.put(
        replace(
            call,
            phase=Phase.OFFERED,
            leg=leg,
            deadline=turn.now + queue.ring_seconds + RING_GRACE_SECONDS,
            operator=operator.number,
        )
    )
    turn.put_operator(
        replace(
            operator, status=OperatorStatus.RINGING, since=turn.now, call=call.id, deadline=None
        )
    )
