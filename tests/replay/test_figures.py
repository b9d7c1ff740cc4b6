"""A journal of real calls gives the same sums each time, and those of a plain computation."""

from __future__ import annotations

from collections import Counter

import pytest

from callcenter.analytics.periods import By
from callcenter.analytics.record import StateChange, milliseconds
from callcenter.analytics.report import Of, Report, report
from callcenter.analytics.span import Span
from callcenter.calls.figures import wallboard
from callcenter.calls.state import Centre
from callcenter.orders.record import OrderRecord
from tests.analytics import naive
from tests.replay.journals import names, plan, read, replay

ALWAYS = Span(0, 4_000_000_000_000)


class Sums:
    """One replay of a journal."""

    def __init__(self, name: str) -> None:
        recording = read(name)
        self.centre = Centre()
        self.orders: dict[str, OrderRecord] = {}
        self.changes: list[StateChange] = []
        for each in replay(recording.events, self.centre):
            self.orders |= {record.call: record for record in each.result.records}
            self.changes += each.result.states
        self.last = recording.events[-1]
        self.end = milliseconds(self.last.at) + 1

    def report(self, by: By, of: Of, span: Span = ALWAYS) -> Report:
        facts, states = naive.facts_of(self.orders.values(), self.changes, self.end)
        return report(facts, states, span, by, of)


@pytest.mark.parametrize("name", names())
def test_replaying_gives_the_same_sums(name: str) -> None:
    once, again = Sums(name), Sums(name)
    for of in Of:
        assert once.report(By.QUARTER, of) == again.report(By.QUARTER, of)


@pytest.mark.parametrize("name", names())
def test_every_call_is_in_them_with_its_outcome(name: str) -> None:
    total = Sums(name).report(By.DAY, Of.HOTLINE).total
    outcomes = {str(outcome): count for outcome, count in total.outcomes.items() if count}
    assert outcomes == Counter(read(name).orders.values())
    assert (total.offered, total.in_progress) == (sum(outcomes.values()), 0)


@pytest.mark.parametrize("name", names())
def test_operators_time_is_what_a_plain_computation_gives(name: str) -> None:
    sums = Sums(name)
    found: Counter[tuple[str, str, str]] = Counter()
    for row in sums.report(By.QUARTER, Of.OPERATOR).rows:
        assert row.work is not None
        start = naive.quarter(round(row.period.timestamp() * 1000))
        for state, seconds in row.work.seconds.items():
            found[(start, row.key, state)] += round(seconds * 1000)
    assert found == naive.seconds_by_quarter(sums.changes, sums.end)


@pytest.mark.parametrize("name", names())
def test_the_wallboard_of_the_day_shows_them(name: str) -> None:
    sums = Sums(name)
    start = By.DAY.start(sums.end)
    total = sums.report(By.QUARTER, Of.QUEUE, Span(start, start + By.DAY.length)).total
    board = wallboard(sums.centre, plan(sums.last.plan), sums.last.at)
    assert (total.offered, total.in_progress) == (board.offered, board.in_progress)
    assert total.answered_in_15s == board.answered_in_15s
    for outcome, count in total.outcomes.items():
        assert getattr(board, outcome) == count
