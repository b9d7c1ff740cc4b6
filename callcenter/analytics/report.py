"""A report: sums by period, and by hotline, queue or operator.

A call counts in the period in which it arrived, with all its waits and talks. What operators did
counts where it was: it is split where a period ends. An offer counts where it began to ring.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from callcenter.analytics.facts import CallFact, Interval
from callcenter.analytics.periods import By
from callcenter.analytics.record import OfferEnd
from callcenter.analytics.span import Span
from callcenter.analytics.sums import CallSums, WorkSums
from callcenter.calls.wallboard import OperatorStatus
from callcenter.clock import SHANGHAI
from callcenter.orders.record import Outcome

Key = tuple[int, str]
"""Where a period begins, and hotline, queue or operator."""


class Of(StrEnum):
    """Whose figures a report has, one row each a period."""

    HOTLINE = "hotline"
    QUEUE = "queue"
    OPERATOR = "operator"


class Shown(BaseModel):
    """Base of what is shown."""

    model_config = ConfigDict(frozen=True)


class CallFigures(Shown):
    """Of the calls of a row. Seconds are whole milliseconds; shares are of `reached`."""

    offered: int = Field(description="Calls that arrived; of an operator: that they answered.")
    in_progress: int = Field(description="Of these, those that are not over.")
    outcomes: dict[Outcome, int] = Field(description="The others, each by its one outcome.")
    answered_in_time: int = Field(description="Answered within the queue's own limit.")
    answered_in_15s: int = Field(description="Answered within 15 s (GB/T 33358).")
    abandoned_short: int = Field(description="Given up within the limit for an answer.")
    reached: int = Field(description="Answered, abandoned, timed out or interrupted.")
    connect_rate: float | None = Field(description="Answered; null where none was to be.")
    service_level: float | None = Field(description="Answered in time.")
    waits: int = Field(description="Calls whose wait is over.")
    wait_seconds: float
    average_wait_seconds: float | None
    longest_wait_seconds: float
    talk_seconds: float = Field(description="Of operators, in these calls.")
    wrap_up_seconds: float = Field(description="Of operators, for these calls.")


class WorkFigures(Shown):
    """What operators did in a row's period."""

    offers: int = Field(description="Calls that rang at them.")
    taken: int
    missed: int = Field(description="Not answered, declined or not reachable.")
    withdrawn: int = Field(description="The caller went, or somebody else was quicker.")
    signed_in_seconds: float
    seconds: dict[str, float] = Field(description="By state; they add up to signed_in_seconds.")
    occupancy: float | None = Field(
        description="Talking, wrapping up or engaged, of the time there to be: not-ready is not."
    )


class Row(Shown):
    """The figures of one hotline, queue or operator in one period."""

    period: datetime = Field(description="Its beginning.")
    key: str = Field(description="Hotline, queue or operator; empty: none.")
    calls: CallFigures
    work: WorkFigures | None = Field(description="Of an operator.")


class Report(Shown):
    """All rows, by period and key, and the sums of them all."""

    by: By
    of: Of
    first: datetime
    until: datetime
    rows: tuple[Row, ...]
    total: CallFigures
    total_work: WorkFigures | None


def report(
    facts: Iterable[CallFact], states: Iterable[Interval], span: Span, by: By, of: Of
) -> Report:
    """The report of a span. Facts of calls that arrived outside it count as little as the time of
    operators there."""
    sheet = _Sheet(span, by, of)
    for fact in facts:
        sheet.add_call(fact)
    if of is Of.OPERATOR:
        for interval in states:
            sheet.add_state(interval)
    return sheet.shown()


class _Sheet:
    """The sums of a report while they are made: of each row, and of all."""

    def __init__(self, span: Span, by: By, of: Of) -> None:
        self._span, self._by, self._of = span, by, of
        self._calls: dict[Key, CallSums] = {}
        self._work: dict[Key, WorkSums] = {}
        self._total, self._total_work = CallSums(), WorkSums()

    def add_call(self, fact: CallFact) -> None:
        """Count a call where it arrived."""
        if not self._has(fact.offered):
            return
        if self._of is Of.OPERATOR and fact.outcome is not Outcome.ANSWERED:
            return
        key = {Of.HOTLINE: fact.hotline, Of.QUEUE: fact.queue, Of.OPERATOR: fact.operator}
        start = self._by.start(fact.offered)
        self._calls.setdefault((start, key[self._of]), CallSums()).add(fact)
        self._total.add(fact)

    def add_state(self, interval: Interval) -> None:
        """Split one state where periods end."""
        state, span = interval.change.state, self._span
        if state == OperatorStatus.OFFLINE:
            return
        if state == OperatorStatus.RINGING and self._has(interval.began):
            self._work_at(self._by.start(interval.began), interval).add_offer(interval.offer)
            self._total_work.add_offer(interval.offer)
        began, ended = max(interval.began, span.first), min(interval.ended, span.until)
        for start, length in self._by.parts(began, ended):
            self._work_at(start, interval).ms[state] += length
            self._total_work.ms[state] += length

    def shown(self) -> Report:
        """The report."""
        by_operator = self._of is Of.OPERATOR
        rows = (
            Row(
                period=_local(start),
                key=key,
                calls=_call_figures(self._calls.get((start, key)) or CallSums()),
                work=_work_figures(self._work.get((start, key)) or WorkSums())
                if by_operator
                else None,
            )
            for start, key in sorted({**self._calls, **self._work})
        )
        return Report(
            by=self._by,
            of=self._of,
            first=_local(self._span.first),
            until=_local(self._span.until),
            rows=tuple(rows),
            total=_call_figures(self._total),
            total_work=_work_figures(self._total_work) if by_operator else None,
        )

    def _has(self, at: int) -> bool:
        return self._span.first <= at < self._span.until

    def _work_at(self, start: int, interval: Interval) -> WorkSums:
        return self._work.setdefault((start, interval.change.operator), WorkSums())


def _call_figures(sums: CallSums) -> CallFigures:
    return CallFigures(
        offered=sums.offered,
        in_progress=sums.in_progress,
        outcomes={outcome: sums.outcomes[outcome] for outcome in Outcome},
        answered_in_time=sums.answered_in_time,
        answered_in_15s=sums.answered_in_15s,
        abandoned_short=sums.abandoned_short,
        reached=sums.reached,
        connect_rate=_share(sums.outcomes[Outcome.ANSWERED], sums.reached),
        service_level=_share(sums.answered_in_time, sums.reached),
        waits=sums.waits,
        wait_seconds=_seconds(sums.wait_ms),
        average_wait_seconds=round(sums.wait_ms / sums.waits / 1000, 3) if sums.waits else None,
        longest_wait_seconds=_seconds(sums.longest_wait_ms),
        talk_seconds=_seconds(sums.talk_ms),
        wrap_up_seconds=_seconds(sums.wrap_up_ms),
    )


def _work_figures(sums: WorkSums) -> WorkFigures:
    return WorkFigures(
        offers=sums.offers,
        taken=sums.ended[OfferEnd.TAKEN],
        missed=sums.ended[OfferEnd.MISSED],
        withdrawn=sums.ended[OfferEnd.WITHDRAWN],
        signed_in_seconds=_seconds(sums.signed_in_ms),
        seconds={state: _seconds(ms) for state, ms in sorted(sums.ms.items())},
        occupancy=_share(sums.occupied_ms, sums.available_ms),
    )


def _share(part: int, whole: int) -> float | None:
    """Cut, not rounded up: 94.96 % has not reached 95."""
    return part * 10_000 // whole / 10_000 if whole else None


def _seconds(ms: int) -> float:
    return ms / 1000


def _local(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, SHANGHAI)
