"""Somebody who looks on all day: with a stop watch, and with an eye on whose turn it is."""

from __future__ import annotations

from collections import defaultdict

from callcenter.calls.state import Centre, OperatorState, Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Plan

_IN_QUEUE = frozenset({Phase.WAITING, Phase.OFFERED, Phase.ARRANGING, Phase.NATIVE})


class Onlooker:
    """What they have noted so far."""

    def __init__(self) -> None:
        self.offers: list[tuple[str, str]] = []
        """Each ringing of an operator: call and operator."""
        self.consulted: set[tuple[str, int]] = set()
        """Who was rung by a colleague, and when, in milliseconds."""
        self.overtaken: list[tuple[str, str]] = []
        """Who waited longer in the same queue, and who was offered instead."""
        self.ignored: list[tuple[str, str]] = []
        """Who waited, and which operator was ready who may take the call."""
        self.seconds: defaultdict[tuple[str, str], float] = defaultdict(float)
        """What each operator spent in each state."""
        self.waits: defaultdict[str, float] = defaultdict(float)
        """What each caller spent in a queue."""

    def operator_rings(self, offered: str, operator: str) -> None:
        self.offers.append((offered, operator))

    def looks_whose_turn_it_is(
        self, centre: Centre, plan: Plan, offered: str, operator: str
    ) -> None:
        """Nobody who waits in the same queue comes before who is offered."""
        mine = centre.calls[offered]
        if mine.preferred_operator == operator:
            return
        queue = plan.queues.get(mine.queue or "")
        for other in centre.calls.values():
            waits = other.phase is Phase.WAITING and other.queue == mine.queue
            promised = other.preferred_operator or other.familiar
            relaxes = queue is not None and queue.relax and other.priority != mine.priority
            if waits and not promised and not relaxes and other.place < mine.place:
                self.overtaken.append((other.id, offered))

    def time_passes(self, centre: Centre, seconds: float) -> None:
        for operator in centre.operators.values():
            if operator.status is not OperatorStatus.OFFLINE:
                self.seconds[(operator.number, operator.status.value)] += seconds
        for call in centre.calls.values():
            led_on = call.phase is Phase.FORWARDING and call.overflowed != ()
            if call.has_live(call.id) and (call.phase in _IN_QUEUE or led_on):
                self.waits[call.id] += seconds

    def looks_round(self, centre: Centre, plan: Plan, now: float) -> None:
        """Nobody waits while somebody is ready who may take the call."""
        waiting = [each for each in centre.calls.values() if each.phase is Phase.WAITING]
        if not waiting:
            return
        ready = [each for each in centre.operators.values() if _can_be_rung(centre, plan, each)]
        for call in waiting if ready else ():
            queue = plan.queues.get(call.queue or "")
            if queue is None or call.preferred_operator or call.familiar:
                continue
            for each in ready:
                operator_ = plan.operators[each.number]
                penalty = operator_.penalties.get(queue.name, 0)
                asked = penalty <= queue.highest_penalty(call.place[1], now)
                if asked and queue.is_served_by(operator_):
                    self.ignored.append((call.id, each.number))


def _can_be_rung(centre: Centre, plan: Plan, operator: OperatorState) -> bool:
    seat = operator.seat
    return (
        operator.status is OperatorStatus.READY
        and operator.number in plan.operators
        and seat in plan.seats
        and seat not in centre.unreachable_seats
        and seat not in {each.seat for each in centre.features.values()}
        and seat not in {each.seat for each in centre.supervisions.values()}
    )
