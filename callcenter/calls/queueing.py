"""Who is next: the callers of a queue by priority, then by how long they have waited.

Whoever waits, waits because none of those who can be rung now may take the call. So only callers
and operators about whom something has changed are looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from heapq import merge

from callcenter.calls import call as calls
from callcenter.calls import callback, distribution, offers, overflow
from callcenter.calls.index import Lines, Ready
from callcenter.calls.state import Call, Phase
from callcenter.calls.turn import Turn
from callcenter.numberplan.model import Strategy
from callcenter.values import replace

_Next = tuple[int, int, float, str]
"""A waiting caller among all queues: the queue's priority (negative), then the place in it."""


def distribute(turn: Turn) -> None:
    """Offer waiting callers to free operators, and lead on those whose queue says so."""
    match(turn)
    while overflow.lead_on(turn):
        match(turn)


def match(turn: Turn) -> None:
    """Offer waiting callers to free operators until either runs out."""
    ready = turn.ready()
    fresh, queues = _news(turn, ready)
    if not fresh and not queues:
        return
    lines = turn.centre.index.lines
    refused: set[tuple[str, int]] = set()
    in_line = [_callers(turn, queue, lines, ready, refused) for queue in queues]
    looked_at: set[str] = set()
    changed = sorted([_next(turn, call) for call in fresh])
    for *_, call_id in merge(changed, *in_line) if in_line else changed:
        call = turn.call(call_id)
        if call is None or call_id in looked_at or not _may_be_offered(turn, call):
            continue
        looked_at.add(call_id)
        turn.about = call_id
        queue = turn.queue(call.queue)
        if _enters(turn, call):
            call = distribution.recognise(turn, call)
        chosen = distribution.choose(turn, call, queue, ready)
        if chosen:
            if queue.strategy is Strategy.ROUND_ROBIN:
                turn.note_asked(queue.name, chosen[0].number)
            offers.offer(turn, call, queue, chosen)
            turn.index()
            for operator in chosen:
                ready.note(turn.operator(operator.number), can_ring=False)
            continue
        if chosen is not None:
            refused.add((queue.name, call.place[0]))
        times = (*distribution.look_again(call, queue), *overflow.look_again(call, queue))
        again = min((at for at in times if at > turn.now), default=None)
        if again != call.look_at:
            turn.put(replace(call, look_at=again))


def settle(turn: Turn) -> None:
    """Callers for whom nobody was free at once are answered; who is answered waits with music.

    A caller who can be offered at once hears ringing instead, and is answered by the operator.
    """
    for call in turn.touched():
        waits = call.phase is Phase.WAITING or (call.phase is Phase.OFFERED and call.caller_up)
        if waits and not call.hears_music and call.playback is None and call.has_live(call.id):
            turn.about = call.id
            calls.start_music(turn, calls.answer(turn, call))


def _news(turn: Turn, ready: Ready) -> tuple[list[Call], set[str]]:
    """The waiting callers who changed, and the queues for which somebody became free."""
    if turn.plan_changes():
        lines = turn.index().lines
        everybody = (place[-1] for queue in lines.queues() for place in lines.waiting(queue))
        return [call for each in everybody if (call := turn.call(each)) is not None], set()
    fresh = {call.id: call for call in turn.touched() if _may_be_offered(turn, call)}
    queues: set[str] = set()
    touched = turn.touched_operators()
    lines = turn.index().lines if touched else turn.centre.index.lines
    for operator in touched.values():
        for promised in lines.promised(operator.number):
            call = turn.call(promised)
            if call is not None:
                fresh[promised] = call
        if turn.can_ring(operator):
            queues |= {queue for queue in lines.queues() if operator.number in ready.order(queue)}
    return list(fresh.values()), queues


def _may_be_offered(turn: Turn, call: Call) -> bool:
    return call.phase is Phase.WAITING or callback.is_ready(turn, call)


def _callers(
    turn: Turn, queue: str, lines: Lines, ready: Ready, refused: set[tuple[str, int]]
) -> Iterator[_Next]:
    """Who waits in a queue, in order, while somebody can be rung for it.

    Where a caller was refused, as all who can be rung have too high a penalty, so is everybody of
    the same priority who waited less.
    """
    line, order = lines.waiting(queue), ready.order(queue)
    weight = -turn.queue(queue).priority
    place = line.first()
    while place is not None and order:
        yield (weight, *place)
        place = line.after((place[0], math.inf) if (queue, place[0]) in refused else place)


def _next(turn: Turn, call: Call) -> _Next:
    return (-turn.queue(call.queue).priority, *call.place)


def _enters(turn: Turn, call: Call) -> bool:
    """Whether the caller was not in this queue before the turn."""
    before = turn.centre.calls.get(call.id)
    return before is None or before.spot is None or before.queue != call.queue
