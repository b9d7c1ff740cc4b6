"""What a report says of a morning, figure by figure."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from callcenter.analytics.cli import as_table
from callcenter.analytics.facts import Handled, intervals
from callcenter.analytics.periods import By
from callcenter.analytics.report import Of, Report, report
from callcenter.analytics.span import Span, read_span
from callcenter.orders.record import Outcome
from tests.analytics.naive import fact_of, facts_of
from tests.fakes.shifts import CALLS, SHIFT, SIGN_IN

MORNING = read_span("2017-11-22T10:00", "2017-11-22T12:00")
NOW = SIGN_IN + 3_600_000


def of(what: Of, by: By = By.QUARTER, span: Span = MORNING) -> Report:
    facts, states = facts_of(CALLS, SHIFT, NOW)
    return report(facts, states, span, by, what)


def test_calls_count_where_they_arrived_each_once() -> None:
    found = of(Of.HOTLINE)
    assert [(row.period.strftime("%H:%M"), row.key, row.calls.offered) for row in found.rows] == [
        ("10:00", "12345", 1),
        ("10:15", "12319", 1),
        ("10:15", "12345", 3),
    ]
    assert found.total.offered == 5
    assert {name: n for name, n in found.total.outcomes.items() if n} == {
        Outcome.ANSWERED: 1,
        Outcome.ABANDONED: 2,
        Outcome.TIMED_OUT: 1,
        Outcome.FORWARDED: 1,
    }


def test_the_waits_and_shares_of_calls() -> None:
    total = of(Of.QUEUE).total
    assert (total.answered_in_time, total.answered_in_15s, total.abandoned_short) == (1, 1, 1)
    assert (total.reached, total.connect_rate, total.service_level) == (4, 0.25, 0.25)
    assert (total.waits, total.wait_seconds, total.longest_wait_seconds) == (4, 1846.5, 1800.0)
    assert total.average_wait_seconds == 461.625
    assert (total.talk_seconds, total.wrap_up_seconds) == (196.0, 30.0)


def test_a_call_in_no_queue_is_in_no_queues_row() -> None:
    assert {row.key: row.calls.offered for row in of(Of.QUEUE, By.DAY).rows} == {"main": 4, "": 1}


def test_an_operators_time_is_split_where_the_quarter_ends() -> None:
    found = of(Of.OPERATOR)
    first, second = (row.work for row in found.rows)
    assert first is not None and second is not None
    assert first.seconds == {
        "not_ready": 100.0,
        "ready": 100.0,
        "ringing": 4.0,
        "talking": 96.0,
    }
    assert second.seconds == {
        "not_ready": 80.0,
        "ready": 170.0,
        "ringing": 20.0,
        "talking": 100.0,
        "wrap_up": 30.0,
    }
    assert (first.signed_in_seconds, second.signed_in_seconds) == (300.0, 400.0)
    assert [(work.offers, work.taken, work.missed) for work in (first, second)] == [
        (1, 1, 0),
        (1, 0, 1),
    ]


def test_wrap_up_is_work() -> None:
    total = of(Of.OPERATOR).total_work
    assert total is not None
    assert total.occupancy == int(226 / 520 * 10_000) / 10_000


def test_an_operator_has_the_calls_that_they_answered() -> None:
    found = of(Of.OPERATOR, By.DAY)
    (row,) = found.rows
    assert (row.key, row.calls.offered, row.calls.answered_in_time) == ("001", 1, 1)
    assert row.calls.talk_seconds == 196.0


def test_what_is_outside_the_span_does_not_count() -> None:
    part = read_span("2017-11-22T10:15", "2017-11-22T10:16")
    found = of(Of.OPERATOR, span=part)
    assert found.total_work is not None
    assert found.total_work.signed_in_seconds == 60.0
    assert found.total_work.offers == 0
    assert of(Of.HOTLINE, span=part).total.offered == 0


def test_a_state_that_goes_on_lasts_until_now() -> None:
    states = list(intervals(SHIFT[:2], SIGN_IN + 130_000))
    assert [each.length for each in states] == [100_000, 30_000]
    assert len(list(intervals(SHIFT[:2], SIGN_IN + 50_000))) == 1


def test_a_call_of_asterisks_own_queue_talked_from_the_answer_to_the_end() -> None:
    answered = CALLS[0].opened + 10
    alone = fact_of(replace(CALLS[0], answered=answered), Handled())
    assert alone.talk_ms == 290_000


def test_shares_are_cut_not_rounded() -> None:
    facts, _ = facts_of(CALLS[:3], (), NOW)
    found = report(facts, (), MORNING, By.DAY, Of.HOTLINE)
    assert found.total.connect_rate == 0.3333
    assert of(Of.HOTLINE, span=read_span("2017-11-21", "2017-11-21")).total.connect_rate is None


@pytest.mark.parametrize("what", Of)
def test_csv_has_every_figure_in_a_line(what: Of) -> None:
    found = of(what)
    lines = list(csv.DictReader(io.StringIO(as_table(found))))
    assert len(lines) == len(found.rows)
    assert [int(line["offered"]) for line in lines] == [row.calls.offered for row in found.rows]
    assert sum(int(line["answered"]) for line in lines) == 1
    if what is Of.OPERATOR:
        assert [line["in_wrap_up_seconds"] for line in lines] == ["0", "30.0"]
