"""Callers whom a queue leads elsewhere: it is too long, they waited too long, nobody is there.

A caller takes each way at most once and never comes back to a queue that led them on: nobody
wanders for ever.
"""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.calls import destination, placing
from callcenter.calls.state import Call, Phase
from callcenter.calls.turn import Turn
from callcenter.numberplan.destination import Destination, To
from callcenter.numberplan.leading import lead
from callcenter.numberplan.model import OverflowRule, Queue
from callcenter.values import replace


def lead_on(turn: Turn) -> bool:
    """Lead on whom this turn's changes give cause to; whether there was anybody."""
    moved = False
    if not turn.plan.leads_on:
        return moved
    for call in _concerned(turn):
        queue = turn.queue(call.queue)
        rule = next((rule for rule in queue.overflow if _holds(turn, call, queue, rule)), None)
        to = None if rule is None else _open(turn, rule.to)
        if rule is None or to is None:
            continue
        turn.about = call.id
        moved = True
        led = replace(call, overflowed=(*call.overflowed, _way(queue, rule)))
        if to.to is To.QUEUE and to.prompt is None:
            placing.move(turn, led, to.name)
        else:
            destination.go(turn, led, to)
    return moved


def look_again(call: Call, queue: Queue) -> Iterable[float]:
    """When a caller in that queue will have waited long enough to be led on."""
    for rule in queue.overflow:
        if rule.waited is not None and _way(queue, rule) not in call.overflowed:
            yield _since(call) + rule.waited


def _concerned(turn: Turn) -> list[Call]:
    """The waiting callers who changed, and all in queues that have just been left alone."""
    keys = [call.id for call in turn.touched()]
    lines, ready = turn.index().lines, turn.ready()
    signed_out = any(each.seat is None for each in turn.touched_operators().values())
    if signed_out or turn.plan_changes():
        for queue in lines.queues():
            if ready.signed_in(queue) == 0 or turn.plan_changes():
                keys += [place[-1] for place in lines.waiting(queue)]
    calls = (turn.call(key) for key in dict.fromkeys(keys))
    waiting = (call for call in calls if call is not None and call.phase is Phase.WAITING)
    return sorted(waiting, key=lambda call: call.place)


def _holds(turn: Turn, call: Call, queue: Queue, rule: OverflowRule) -> bool:
    """Whether a way is open to a caller now."""
    if _way(queue, rule) in call.overflowed or _leads_back(turn, call, rule):
        return False
    if rule.waited is not None:
        return _since(call) + rule.waited <= turn.now
    if rule.length is not None:
        before_them = len(turn.index().lines.waiting(queue.name)) - 1
        return _enters(turn, call) and before_them >= rule.length
    return turn.ready().signed_in(queue.name) == 0


def _leads_back(turn: Turn, call: Call, rule: OverflowRule) -> bool:
    """To the queue where the caller is, or one that led them on."""
    to = _open(turn, rule.to)
    left = {way.partition(" ")[0] for way in call.overflowed}
    return to.to is To.QUEUE and to.name in {call.queue, *left}


def _open(turn: Turn, to: Destination) -> Destination:
    """The destination, or where it leads while it is closed."""
    return lead(turn.plan, to, turn.wall())[0]


def _enters(turn: Turn, call: Call) -> bool:
    """Whether the caller has come to the end of this queue in this turn."""
    before = turn.centre.calls.get(call.id)
    new = before is None or before.spot is None or before.queue != call.queue
    return new and call.talked_with is None


def _since(call: Call) -> float:
    since = call.waits_since if call.waits_since is not None else call.place[1]
    return max(since, call.in_queue_since or since)


def _way(queue: Queue, rule: OverflowRule) -> str:
    """A name for what led a caller on: where from, where to."""
    return f"{queue.name} {rule.to.to} {rule.to.name}"
