"""Who waits, who can be rung, what is due: in order, so that no event looks at all of them.

All of it follows from the centre's state and the plan; it is not stored, but made again after a
restart, and whenever a turn has failed half-way (`Centre.forget_index`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from callcenter.calls.ordered import Ordered
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Operator, Plan, Queue, Strategy

if TYPE_CHECKING:
    from callcenter.calls.state import Call, FeatureCall, OperatorState, Supervision

Place = tuple[int, float, str]
"""Of a caller: the priority (negative, so that the higher comes first), the start of the wait,
the call."""
Rank = tuple[int, int, float, float, str]
"""Of an operator in a queue: penalty, skill (negative), by the queue's strategy, number."""
Due = tuple[float, str, str]
"""When something is to be looked at: at, what it is, its key."""

ANY_QUEUE = ""
"""Stands for every queue that an edit took out of the plan while callers wait there."""


class Kind(StrEnum):
    """What a deadline belongs to, in the order in which those of one moment are handled."""

    CALL = "1"
    FEATURE = "2"
    OPERATOR = "3"
    SUPERVISION = "4"


class Lines:
    """The callers in the queues."""

    def __init__(self, calls: Iterable[Call]) -> None:
        self._waiting: defaultdict[str, Ordered[Place]] = defaultdict(Ordered)
        self._offered: defaultdict[str, Ordered[Place]] = defaultdict(Ordered)
        self._spots: dict[str, tuple[str, bool]] = {}
        self._promised: defaultdict[str, set[str]] = defaultdict(set)
        self._waits_for: dict[str, str] = {}
        for call in calls:
            self.note(call.id, call)

    def note(self, key: str, call: Call | None) -> None:
        """Put a call where it is now; None: it is over."""
        spot = None if call is None else call.spot
        had = self._spots.get(key)
        if had is None and spot is None:
            return
        if had is not None and had != spot:
            queue, waits = had
            (self._waiting if waits else self._offered)[queue].put(key, None)
            del self._spots[key]
        if call is not None and spot is not None:
            queue, waits = spot
            (self._waiting if waits else self._offered)[queue].put(key, call.place)
            self._spots[key] = spot
        self._promise(key, call if spot is not None and spot[1] else None)

    def _promise(self, key: str, call: Call | None) -> None:
        operator = None if call is None else call.preferred_operator or call.familiar
        had = self._waits_for.get(key)
        if had == operator:
            return
        if had is not None:
            self._promised[had].discard(key)
            del self._waits_for[key]
        if operator is not None:
            self._promised[operator].add(key)
            self._waits_for[key] = operator

    def waiting(self, queue: str) -> Ordered[Place]:
        """Who waits in a queue, first who comes first."""
        return self._waiting[queue]

    def queues(self) -> list[str]:
        """Every queue in which somebody waits."""
        return [queue for queue, line in self._waiting.items() if line]

    def position(self, queue: str, place: Place) -> int:
        """The place in the queue, from 1, of who waits or is being offered; or would be there."""
        return 1 + self._waiting[queue].before(place) + self._offered[queue].before(place)

    def promised(self, operator: str) -> set[str]:
        """The waiting calls that this operator shall rather have than another one."""
        return self._promised.get(operator, set())


class Ready:
    """The operators who can be rung now, in the order of each queue that they serve."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._ready: defaultdict[str, Ordered[Rank]] = defaultdict(Ordered)
        self._signed_in: defaultdict[str, set[str]] = defaultdict(set)
        self._out_of_turn: dict[str, bool] = {}
        """Who cannot be rung now, and whether they are signed in."""
        self._serves: dict[str, tuple[tuple[Queue, int, int], ...]] = {}
        self._order = {number: float(index) for index, number in enumerate(plan.operators)}

    def note(self, operator: OperatorState, *, can_ring: bool) -> None:
        """Put an operator where they are now."""
        number = operator.number
        signed_in = operator.status is not OperatorStatus.OFFLINE
        if can_ring:
            self._out_of_turn.pop(number, None)
        elif self._out_of_turn.get(number) is signed_in:
            return
        else:
            self._out_of_turn[number] = signed_in
        for queue, penalty, level in self._queues(number):
            rank = self._rank(queue, penalty, level, operator) if can_ring else None
            self._ready[queue.name].put(number, rank)
            if signed_in:
                self._signed_in[queue.name].add(number)
            else:
                self._signed_in[queue.name].discard(number)

    def order(self, queue: str) -> Ordered[Rank]:
        """Who can be rung for a queue."""
        return self._ready[queue if queue in self.plan.queues else ANY_QUEUE]

    def signed_in(self, queue: str) -> int:
        """How many of those who serve a queue are signed in, whatever they do."""
        return len(self._signed_in[queue if queue in self.plan.queues else ANY_QUEUE])

    def position(self, operator: str | None) -> float | None:
        """The operator's place in the plan."""
        return self._order.get(operator or "")

    def serves(self, operator: str) -> list[str]:
        """The queues that an operator serves."""
        return [queue.name for queue, _, _ in self._queues(operator)]

    def _queues(self, number: str) -> tuple[tuple[Queue, int, int], ...]:
        found = self._serves.get(number)
        if found is None:
            operator = self.plan.operators.get(number)
            found = () if operator is None else tuple(self._served_by(operator))
            self._serves[number] = found
        return found

    def _served_by(self, operator: Operator) -> Iterable[tuple[Queue, int, int]]:
        yield Queue(name=ANY_QUEUE, title=""), 0, 0
        for queue in self.plan.queues.values():
            if queue.is_served_by(operator):
                level = min((operator.skills[skill] for skill in queue.skills), default=0)
                yield queue, operator.penalties.get(queue.name, 0), level

    def _rank(self, queue: Queue, penalty: int, level: int, operator: OperatorState) -> Rank:
        skill = -level if queue.best_skilled_first else 0
        match queue.strategy:
            case Strategy.LONGEST_IDLE | Strategy.RING_ALL:
                turn = (operator.idle_since, 0.0)
            case Strategy.FEWEST_CALLS:
                turn = (operator.taken, operator.idle_since)
            case Strategy.ROUND_ROBIN | Strategy.PRIORITY_ORDER:
                turn = (self._order[operator.number], 0.0)
        return (penalty, skill, *turn, operator.number)


class Index:
    """All of it, of one centre."""

    def __init__(
        self,
        calls: Iterable[Call],
        operators: Iterable[OperatorState],
        features: Iterable[FeatureCall],
        supervisions: Iterable[Supervision],
    ) -> None:
        self.lines = Lines(calls)
        self.due: Ordered[Due] = Ordered()
        self.ready: Ready | None = None
        """None until a plan has been seen."""
        self._at_seat: dict[str, str] = {}
        self._seat_of: dict[str, str] = {}
        self._taken_over: dict[str, tuple[str, ...]] = {}
        self._called_back: defaultdict[str, set[str]] = defaultdict(set)
        self._number_of: dict[str, str] = {}
        for call in calls:
            self.note_call(call.id, call)
        for operator in operators:
            self.note_operator(operator)
        for feature in features:
            self.note_feature(feature.leg, feature)
        for supervision in supervisions:
            self.note_supervision(supervision.leg, supervision)

    def note_call(self, key: str, call: Call | None) -> None:
        """A call is so now; None: it is over."""
        self.lines.note(key, call)
        self._put_due(Kind.CALL, key, None if call is None else call.due)
        taken_over = () if call is None else call.taken_over_at
        if taken_over:
            self._taken_over[key] = taken_over
        else:
            self._taken_over.pop(key, None)
        self._note_number(key, None if call is None else call.calls_back)

    def _note_number(self, key: str, number: str | None) -> None:
        had = self._number_of.get(key)
        if had == number:
            return
        if had is not None:
            self._called_back[had].discard(key)
            if not self._called_back[had]:
                del self._called_back[had]
            del self._number_of[key]
        if number is not None:
            self._called_back[number].add(key)
            self._number_of[key] = number

    def note_operator(self, operator: OperatorState) -> None:
        """An operator is so now; whether they can be rung is told to `ready`."""
        number = operator.number
        had = self._seat_of.get(number)
        if had != operator.seat:
            if had is not None and self._at_seat.get(had) == number:
                del self._at_seat[had]
            if operator.seat is None:
                self._seat_of.pop(number, None)
            else:
                self._seat_of[number] = operator.seat
        if operator.seat is not None:
            self._at_seat[operator.seat] = number
        self._put_due(Kind.OPERATOR, number, operator.deadline)

    def note_feature(self, leg: str, feature: FeatureCall | None) -> None:
        """A feature code's call is so now; None: it is over."""
        self._put_due(Kind.FEATURE, leg, None if feature is None else feature.deadline)

    def note_supervision(self, leg: str, supervision: Supervision | None) -> None:
        """A team leader's part is so now; None: it is over."""
        self._put_due(Kind.SUPERVISION, leg, None if supervision is None else supervision.deadline)

    def has_taken_over(self, seat: str) -> bool:
        """Whether a team leader talks there, who has taken a talk over."""
        return bool(self._taken_over) and any(seat in each for each in self._taken_over.values())

    def operator_at(self, seat: str) -> str | None:
        """Who is signed in at that seat."""
        return self._at_seat.get(seat)

    def calls_anybody_back(self) -> bool:
        """Whether somebody waits to be called back."""
        return bool(self._number_of)

    def called_back(self, number: str) -> set[str]:
        """The calls in which somebody waits to be called back at that number."""
        return self._called_back.get(number, set())

    def due_by(self, now: float, kind: Kind) -> list[str]:
        """What of that kind is due, first what is due longest."""
        return [key for at, what, key in self.due.until((now, "~")) if what == kind]

    def _put_due(self, kind: Kind, key: str, at: float | None) -> None:
        self.due.put(kind + key, None if at is None else (at, kind, key))
