"""The facts that all figures are sums of: one a call, and what each operator did when.

docs/figures.md says what each figure means. All times are whole milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from callcenter.analytics.record import OfferEnd, StateChange, milliseconds
from callcenter.orders.record import Outcome

STANDARD_MS = 15_000
"""An answer within 15 s is what GB/T 33358 asks for, whatever a queue's own limit is."""


@dataclass(frozen=True, slots=True)
class Handled:
    """What operators' states say of one call."""

    talk_ms: int = 0
    """Of all operators who talked in it."""
    wrap_up_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFact:
    """One call."""

    call: str
    offered: int
    """When it arrived: it counts in that period."""
    hotline: str
    """The plan's number; empty where no number of the plan was dialled."""
    queue: str
    """The queue that it was in last; empty for none."""
    operator: str
    """Who talked with the caller last; empty for nobody."""
    outcome: Outcome | None
    """None while the call lives."""
    wait_ms: int | None
    waited_again_ms: int
    answer_within_ms: int
    talk_ms: int
    wrap_up_ms: int

    @property
    def waited_ms(self) -> int:
        """In the queue, all in all."""
        return (self.wait_ms or 0) + self.waited_again_ms

    @property
    def in_time(self) -> bool:
        """Answered within the queue's own limit."""
        return self._answered_within(self.answer_within_ms)

    @property
    def in_15s(self) -> bool:
        """Answered within the standard's limit."""
        return self._answered_within(STANDARD_MS)

    @property
    def short(self) -> bool:
        """Given up within the limit for an answer: nobody was late yet."""
        given_up = self.outcome is Outcome.ABANDONED
        return given_up and (self.wait_ms is None or self.wait_ms <= self.answer_within_ms)

    def _answered_within(self, limit: int) -> bool:
        waited = self.wait_ms
        return self.outcome is Outcome.ANSWERED and waited is not None and waited <= limit


def call_fact(
    *,
    call: str,
    opened: float,
    hotline: str | None,
    queue: str | None,
    operator: str | None,
    outcome: Outcome | None,
    answered: float | None,
    ended: float | None,
    wait_ms: int | None,
    waited_again_ms: int,
    answer_within: float | None,
    handled: Handled,
) -> CallFact:
    """The fact of an order, with what operators' states say of the call.

    A talk that came about in Asterisk's own queue is in nobody's states: it lasted from the answer
    to the end.
    """
    talk = handled.talk_ms
    if not talk and outcome is Outcome.ANSWERED and answered is not None and ended is not None:
        talk = max(0, milliseconds(ended) - milliseconds(answered))
    return CallFact(
        call=call,
        offered=milliseconds(opened),
        hotline=hotline or "",
        queue=queue or "",
        operator=operator or "",
        outcome=outcome,
        wait_ms=wait_ms,
        waited_again_ms=waited_again_ms,
        answer_within_ms=STANDARD_MS if answer_within is None else milliseconds(answer_within),
        talk_ms=talk,
        wrap_up_ms=handled.wrap_up_ms,
    )


@dataclass(frozen=True, slots=True)
class Interval:
    """An operator's state from `began` until `ended`."""

    change: StateChange
    ended: int
    offer: OfferEnd | None
    """How the offer ended that rang here; None while it rings, and for other states."""

    @property
    def began(self) -> int:
        """Its first millisecond."""
        return self.change.at

    @property
    def length(self) -> int:
        """In milliseconds; at least one."""
        return self.ended - self.change.at


def intervals(changes: Iterable[StateChange], now: int) -> Iterator[Interval]:
    """The states that these changes, sorted by operator and time, lead to.

    Each lasts until the operator's next one, the last one until `now`: they tile the time from the
    operator's first change, without gap and overlap.
    """
    last: StateChange | None = None
    for change in changes:
        if last is not None and last.operator == change.operator:
            yield Interval(last, change.at, change.offer)
        elif last is not None and last.at < now:
            yield Interval(last, now, None)
        last = change
    if last is not None and last.at < now:
        yield Interval(last, now, None)
