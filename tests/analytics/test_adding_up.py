"""Figures add up whatever happens: the core under random events, and a second computation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, precondition, run_state_machine_as_test

from callcenter.analytics.facts import STANDARD_MS
from callcenter.analytics.periods import By
from callcenter.analytics.record import ENGAGED, StateChange, milliseconds
from callcenter.analytics.report import Of, Report, report
from callcenter.analytics.span import Span
from callcenter.calls.events import CallEndedOutside, Event
from callcenter.calls.figures import wallboard
from callcenter.calls.state import Call, Phase
from callcenter.calls.turn import shanghai_day
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import OrderRecord, Outcome
from tests.analytics import naive
from tests.calls.test_properties import CentreMachine

ALWAYS = Span(0, 4_000_000_000_000)
_IN_QUEUE = (Phase.WAITING, Phase.OFFERED, Phase.ARRANGING, Phase.NATIVE)
_IDLE = (OperatorStatus.READY, OperatorStatus.NOT_READY)


def _waits(call: Call) -> bool:
    """While a partner rings to whom the queue has led them, they wait on."""
    led_on = call.phase is Phase.FORWARDING and call.overflowed != ()
    return call.phase in _IN_QUEUE or led_on


@dataclass
class Wait:
    """A caller's first wait as somebody sees it who looks after every event."""

    began: float
    left: float | None = None


class CountedMachine(CentreMachine):
    """The same random days, counted twice."""

    def __init__(self) -> None:
        self.waits: dict[str, Wait] = {}
        super().__init__()

    def step(self, event: Event) -> None:
        outside = {each.id for each in self.centre.calls.values() if each.phase is Phase.NATIVE}
        super().step(event)
        calls = self.centre.calls
        for call in calls.values():
            waits = _waits(call) and call.has_live(call.id)  # else: to be called back
            first = call.answered is None and call.id not in self.waits  # a partner may have
            if call.queued is not None and waits and first:
                since = call.queued if call.waits_since is None else call.waits_since
                self.waits[call.id] = Wait(since)
        for known, wait in self.waits.items():
            now = calls.get(known)
            if wait.left is None and (now is None or not _waits(now)):
                wait.left = self.now
                if isinstance(event, CallEndedOutside) and known in outside:
                    wait.left = event.ended if event.answered is None else event.answered

    def latest(self) -> list[OrderRecord]:
        return [records[-1] for records in self.records.values()]

    def report(self, by: By, of: Of, span: Span = ALWAYS) -> Report:
        facts, states = naive.facts_of(self.latest(), self.changes, self.end)
        return report(facts, states, span, by, of)

    @property
    def end(self) -> int:
        """Now, or later where the clock was set back."""
        return max([milliseconds(self.now), *(change.at + 1 for change in self.changes)])

    # -- what must hold --------------------------------------------------------------------------

    @invariant()
    def the_last_change_says_what_each_operator_does(self) -> None:
        told = {change.operator: change for change in self.changes}
        for operator in self.centre.operators.values():
            engaged = operator.seat in self.centre.engaged_seats and operator.status in _IDLE
            doing = ENGAGED if engaged else operator.status
            change = told.get(operator.number)
            if change is None:
                assert operator.status is OperatorStatus.OFFLINE
                continue
            assert (change.state, change.seat, change.call) == (
                *(doing, operator.seat, operator.call),
            )
            assert operator.status is not OperatorStatus.NOT_READY or (
                change.reason == operator.reason
            )

    @precondition(lambda self: len(self.history) % 7 == 0)
    @invariant()
    def the_wallboard_shows_the_same_sums(self) -> None:
        board = wallboard(self.centre, self.plan, self.now)
        start = By.DAY.start(milliseconds(self.now))
        assert shanghai_day(start / 1000) == shanghai_day(self.now)
        total = self.report(By.QUARTER, Of.HOTLINE, Span(start, start + By.DAY.length)).total
        assert total.offered == board.offered
        assert total.in_progress == board.in_progress
        assert total.answered_in_15s == board.answered_in_15s
        for outcome, count in total.outcomes.items():
            if hasattr(board, outcome):
                assert count == getattr(board, outcome), outcome

    def teardown(self) -> None:
        super().teardown()
        self.waits_are_as_seen()
        self.calls_add_up()
        self.states_tile()
        self.work_adds_up()

    def waits_are_as_seen(self) -> None:
        for record in self.latest():
            wait = self.waits.get(record.call)
            if wait is None or wait.left is None:
                continue
            length = milliseconds(wait.left) - milliseconds(wait.began)
            assert record.wait_ms == max(0, length)

    def calls_add_up(self) -> None:
        plain = Counter((naive.quarter(milliseconds(r.opened)), r.outcome) for r in self.latest())
        for of in (Of.HOTLINE, Of.QUEUE):
            for by in By:
                found = self.report(by, of)
                assert found.total.offered == len(self.records)
                assert found.total.in_progress == 0
                assert sum(found.total.outcomes.values()) == len(self.records)
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
        waits = [r.wait_ms for r in self.latest() if r.wait_ms is not None]
        answered = [r for r in self.latest() if r.outcome is Outcome.ANSWERED]
        assert total.waits == len(waits)
        assert total.answered_in_15s == sum(
            r.wait_ms is not None and r.wait_ms <= STANDARD_MS for r in answered
        )

    def states_tile(self) -> None:
        """From the first change on each millisecond is in one state."""
        _, states = naive.facts_of((), self.changes, self.end)
        by_operator: dict[str, list[StateChange]] = {}
        for change in self.changes:
            by_operator.setdefault(change.operator, []).append(change)
        for operator, changes in by_operator.items():
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
        facts, states = naive.facts_of(self.latest(), self.changes, self.end)
        talked = sum(each.length for each in states if each.change.state == "talking")
        calls = {each.change.call for each in states if each.change.state == "talking"}
        assert talked == sum(fact.talk_ms for fact in facts if fact.call in calls)
        assert calls <= {fact.call for fact in facts if fact.operator}


def test_every_figure_is_the_same_sum_however_it_is_added() -> None:
    run_state_machine_as_test(
        CountedMachine,
        settings=settings(
            max_examples=60,
            stateful_step_count=60,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
