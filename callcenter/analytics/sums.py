"""Sums over facts: of calls, and of what operators did. Each fact counts once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from callcenter.analytics.facts import CallFact
from callcenter.analytics.record import ENGAGED, OfferEnd
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import Outcome

OCCUPIED = (OperatorStatus.CALLING, OperatorStatus.TALKING, OperatorStatus.WRAP_UP, ENGAGED)
AVAILABLE = (*OCCUPIED, OperatorStatus.READY, OperatorStatus.RINGING)
REACHED = (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.TIMED_OUT, Outcome.INTERRUPTED)
"""The ends of calls that were to reach an operator: what rates are a share of."""


@dataclass(slots=True)
class CallSums:
    """Of some calls."""

    offered: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    answered_in_time: int = 0
    answered_in_15s: int = 0
    abandoned_short: int = 0
    waits: int = 0
    """Calls that were in a queue, and are no longer."""
    wait_ms: int = 0
    longest_wait_ms: int = 0
    talk_ms: int = 0
    wrap_up_ms: int = 0

    def add(self, fact: CallFact) -> None:
        """Count one call."""
        self.offered += 1
        if fact.outcome is not None:
            self.outcomes[fact.outcome] += 1
        self.answered_in_time += fact.in_time
        self.answered_in_15s += fact.in_15s
        self.abandoned_short += fact.short
        self.waits += fact.wait_ms is not None
        self.wait_ms += fact.waited_ms
        self.longest_wait_ms = max(self.longest_wait_ms, fact.waited_ms)
        self.talk_ms += fact.talk_ms
        self.wrap_up_ms += fact.wrap_up_ms

    @property
    def in_progress(self) -> int:
        """Calls without an outcome yet."""
        return self.offered - self.outcomes.total()

    @property
    def reached(self) -> int:
        """The ended calls that were to reach an operator."""
        return sum(self.outcomes[outcome] for outcome in REACHED)


@dataclass(slots=True)
class WorkSums:
    """Of what operators did."""

    offers: int = 0
    ended: Counter[OfferEnd] = field(default_factory=Counter)
    ms: Counter[str] = field(default_factory=Counter)
    """By state; the time signed out is not there."""

    def add_offer(self, ended: OfferEnd | None) -> None:
        """Count one offer; None: it rings now."""
        self.offers += 1
        if ended is not None:
            self.ended[ended] += 1

    @property
    def signed_in_ms(self) -> int:
        """All of it."""
        return self.ms.total()

    @property
    def occupied_ms(self) -> int:
        """With a caller, or with what a caller wanted: wrap-up counts."""
        return sum(self.ms[state] for state in OCCUPIED)

    @property
    def available_ms(self) -> int:
        """Occupied, or there to be."""
        return sum(self.ms[state] for state in AVAILABLE)
