"""All orders and all that operators did, added up in two ways that must agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from callcenter.analytics.facts import STANDARD_MS, CallFact, Interval
from callcenter.analytics.periods import By
from callcenter.analytics.record import StateChange, milliseconds
from callcenter.analytics.report import Of, Report, report
from callcenter.analytics.span import Span
from callcenter.orders.record import OrderRecord, Outcome
from tests.analytics import naive

ALWAYS = Span(0, 4_000_000_000_000)


@dataclass(frozen=True)
class Books:
    """Everything that was written down until `end`, in milliseconds since 1970 UTC."""

    orders: Sequence[OrderRecord]
    """The latest of each call."""
    changes: Sequence[StateChange]
    end: int
    own: Collection[str] = ()
    """Calls that operators made: no callers' calls, though operators talk in them."""

    @cached_property
    def _sums_of(self) -> tuple[list[CallFact], list[Interval]]:
        return naive.facts_of(self.orders, self.changes, self.end)

    def report(self, by: By, of: Of, span: Span = ALWAYS) -> Report:
        facts, states = self._sums_of
        return report(facts, states, span, by, of)

    def add_up(self) -> None:
        """All calls are over: each figure is the same sum, however it is added."""
        self.calls_add_up()
        self.states_tile()
        self.work_adds_up()

    def calls_add_up(self) -> None:
        plain = Counter((naive.quarter(milliseconds(r.opened)), r.outcome) for r in self.orders)
        for of in (Of.HOTLINE, Of.QUEUE):
            for by in By:
                found = self.report(by, of)
                assert found.total.offered == len(self.orders)
                assert found.total.in_progress == 0
                assert sum(found.total.outcomes.values()) == len(self.orders)
                for name in ("offered", "waits", "talk_seconds", "wait_seconds", "reached"):
                    parts = sum(round(getattr(row.calls, name) * 1000) for row in found.rows)
                    assert parts == round(getattr(found.total, name) * 1000), name
        quarters: Counter[tuple[str, Outcome | None]] = Counter()
        for row in self.report(By.QUARTER, Of.HOTLINE).rows:
            start = naive.quarter(round(row.period.timestamp() * 1000))
            for outcome, count in row.calls.outcomes.items():
                quarters[(start, outcome)] += count
        assert +quarters == plain
        total = self.report(By.DAY, Of.HOTLINE).total
        waits = [r.wait_ms for r in self.orders if r.wait_ms is not None]
        answered = [r for r in self.orders if r.outcome is Outcome.ANSWERED]
        assert total.waits == len(waits)
        assert total.answered_in_15s == sum(
            r.wait_ms is not None and r.wait_ms <= STANDARD_MS for r in answered
        )

    def states_tile(self) -> None:
        """From the first change on each millisecond is in one state."""
        _, states = self._sums_of
        for operator, changes in naive.by_operator(self.changes).items():
            own = [each for each in states if each.change.operator == operator]
            assert [each.began for each in own] == [change.at for change in changes]
            assert all(each.length >= 1 for each in own)
            assert [each.ended for each in own] == [*(each.began for each in own[1:]), self.end]

    def work_adds_up(self) -> None:
        found = self.report(By.QUARTER, Of.OPERATOR)
        seconds: Counter[tuple[str, str, str]] = Counter()
        offers: Counter[tuple[str, str, str]] = Counter()
        for row in found.rows:
            assert row.work is not None
            start = naive.quarter(round(row.period.timestamp() * 1000))
            for state, length in row.work.seconds.items():
                seconds[(start, row.key, state)] += round(length * 1000)
            parts = sum(row.work.seconds.values())
            assert round(parts * 1000) == round(row.work.signed_in_seconds * 1000)
            assert row.work.signed_in_seconds <= 900
            for name in ("taken", "missed", "withdrawn"):
                offers[(start, row.key, name)] += getattr(row.work, name)
        assert +seconds == naive.seconds_by_quarter(self.changes, self.end)
        plain = naive.offers_by_quarter(self.changes)
        assert +offers == {key: count for key, count in plain.items() if key[2] is not None}
        assert found.total_work is not None
        assert found.total_work.offers == plain.total()
        # What operators talked, they talked in calls; and nobody talks in an offer not taken.
        facts, states = self._sums_of
        talks = [each for each in states if each.change.state == "talking"]
        talks = [each for each in talks if each.change.call not in self.own]
        talked = sum(each.length for each in talks)
        calls = {each.change.call for each in talks}
        assert talked == sum(fact.talk_ms for fact in facts if fact.call in calls)
        assert calls <= {fact.call for fact in facts if fact.operator}
