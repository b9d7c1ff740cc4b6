"""Figures add up whatever happens: the core under random events, and a second computation."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, precondition, run_state_machine_as_test

from callcenter.analytics.periods import By
from callcenter.analytics.record import ENGAGED, milliseconds
from callcenter.analytics.report import Of
from callcenter.analytics.span import Span
from callcenter.calls.events import CallEndedOutside, Event
from callcenter.calls.figures import wallboard
from callcenter.calls.state import Call, Phase
from callcenter.calls.turn import shanghai_day
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import OrderRecord
from tests.analytics.books import Books
from tests.calls.test_properties import CentreMachine

_IN_QUEUE = (Phase.WAITING, Phase.OFFERED, Phase.ARRANGING, Phase.NATIVE)
_IDLE = (OperatorStatus.READY, OperatorStatus.NOT_READY)


def _waits(call: Call) -> bool:
    """While a partner rings to whom the queue has led them, they wait on; whom the plan leads to a
    callback without a queue does not wait."""
    led_on = call.phase is Phase.FORWARDING and call.overflowed != ()
    callback = call.callback if call.phase is Phase.ARRANGING else None
    unqueued = callback is not None and callback.instead
    return (call.phase in _IN_QUEUE and not unqueued) or led_on


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

    @property
    def books(self) -> Books:
        return Books(self.latest(), self.changes, self.end, self.outbound)

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
        total = self.books.report(By.QUARTER, Of.HOTLINE, Span(start, start + By.DAY.length)).total
        assert total.offered == board.offered
        assert total.in_progress == board.in_progress
        assert total.answered_in_15s == board.answered_in_15s
        for outcome, count in total.outcomes.items():
            if hasattr(board, outcome):
                assert count == getattr(board, outcome), outcome

    def teardown(self) -> None:
        super().teardown()
        self.waits_are_as_seen()
        self.books.add_up()

    def waits_are_as_seen(self) -> None:
        for record in self.latest():
            wait = self.waits.get(record.call)
            if wait is None or wait.left is None:
                continue
            length = milliseconds(wait.left) - milliseconds(wait.began)
            assert record.wait_ms == max(0, length)


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
