"""Which operators a waiting caller is offered to.

Only who can be rung and has the queue's skills; of these the lowest penalty that the wait so far
admits, then the queue's strategy. Before all of them: the operator whom the caller talked with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice, takewhile

from callcenter.calls.index import Rank, Ready
from callcenter.calls.ordered import Ordered
from callcenter.calls.state import Call, OperatorState, SystemReason
from callcenter.calls.turn import Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Queue, Strategy
from callcenter.values import replace

_BACK_SOON = frozenset(
    {
        OperatorStatus.RINGING,
        OperatorStatus.CALLING,
        OperatorStatus.TALKING,
        OperatorStatus.WRAP_UP,
    }
)

Chosen = tuple[OperatorState, ...]


def choose(turn: Turn, call: Call, queue: Queue, ready: Ready) -> Chosen | None:
    """The operators to ring; none: nobody is free; None: one is busy who is worth waiting for."""
    order = ready.order(queue.name)
    promised = _promised(turn, call, order)
    if promised != ():
        return promised
    allowed = queue.highest_penalty(call.place[1], turn.now)
    first = order.first()
    if first is None or first[0] > allowed:
        return ()
    if queue.strategy is Strategy.RING_ALL:
        among = takewhile(lambda rank: rank[0] <= allowed, order)
        return tuple(turn.operator(rank[-1]) for rank in islice(among, queue.ring_at_most))
    if queue.strategy is Strategy.ROUND_ROBIN:
        first = _after_last(ready, order, first, turn.last_asked(queue.name))
    return (turn.operator(first[-1]),)


def recognise(turn: Turn, call: Call) -> Call:
    """Who comes to wait: whether they talked with one of our operators not long ago."""
    queue = turn.queue(call.queue)
    known = call.caller is not None and not call.caller_withheld
    if not queue.same_operator_hours or not known or call.talked_with is not None:
        return call
    last = turn.last_talk(call.caller or "")
    if last is None or turn.now - last.at > 3600.0 * queue.same_operator_hours:
        return call
    until = turn.now + queue.same_operator_wait_seconds
    return turn.put(replace(call, familiar=last.operator, familiar_until=until))


def remember(turn: Turn, call: Call) -> None:
    """Keep who talked with this caller, if a queue wants to know."""
    if turn.plan.remembers_hours and call.caller and not call.caller_withheld and call.operator:
        turn.note_talk(call.caller, call.operator)


def look_again(call: Call, queue: Queue) -> Iterator[float]:
    """When more operators may take a caller for whom nobody is free now."""
    for step in queue.relax:
        yield call.place[1] + step.after
    if call.familiar_until is not None:
        yield call.familiar_until


def _promised(turn: Turn, call: Call, order: Ordered[Rank]) -> Chosen | None:
    """The operator who shall rather have this caller than another one would."""
    if call.preferred_operator and (call.preferred_until or 0.0) > turn.now:
        former = turn.operator(call.preferred_operator)
        if turn.can_ring(former) or _recalled(turn, call, former):
            return (former,)
        if former.reason == SystemReason.UNREACHABLE or former.call == call.id:
            return None  # their telephone may be back in a moment
    if call.familiar is not None and call.talked_with is None:
        familiar = turn.operator(call.familiar)
        if familiar.number in order:
            return (familiar,)
        if (call.familiar_until or 0.0) > turn.now and familiar.status in _BACK_SOON:
            return None
    return ()


def _recalled(turn: Turn, call: Call, operator: OperatorState) -> bool:
    """Whether this is the operator whose forward failed, who still wraps this very call up."""
    wrapping_up = operator.status is OperatorStatus.WRAP_UP and operator.call == call.id
    return wrapping_up and turn.seat_is_free(operator.number, operator.seat)


def _after_last(ready: Ready, order: Ordered[Rank], first: Rank, last: str | None) -> Rank:
    """The next one behind who was asked last, of those who come as early as the first."""
    position = ready.position(last)
    if position is None:
        return first
    found = order.after((*first[:2], position, math.inf))
    return found if found is not None and found[:2] == first[:2] else first
