"""Percentiles, ratios and tables."""

from __future__ import annotations

import math

from bench.calls import CallTimes
from bench.compare import Scale, judge
from bench.figures import Figures, Pair, line, median_ratio, percentile, table
from bench.telephones import Load

MILLISECOND = 1_000_000


def figures(side: str, *heard: float, faults: tuple[str, ...] = ()) -> Figures:
    return Figures(side, heard, heard, faults, {"Asterisk": 11.26})


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert [percentile(values, percent) for percent in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert percentile([7.0], 95) == 7.0
    assert percentile([], 95) == math.inf


def test_the_middle_ratio_counts() -> None:
    native = figures("app_queue", 20.0)
    pairs = [Pair(native, figures("callcenter", p95)) for p95 in (24.0, 90.0, 22.0, 30.0, 26.0)]
    assert median_ratio(pairs) == 1.3


def test_a_run_with_a_failed_call_has_no_good_ratio() -> None:
    pair = Pair(figures("app_queue", 20.0), figures("callcenter", 20.0, faults=("it failed",)))
    assert pair.ratio == math.inf


def test_a_run_in_one_line() -> None:
    assert line(figures("app_queue", 20.0, 30.0)) == (
        "app_queue      2 calls, 0 failed  heard p50 20.0 p95 30.0 p99 30.0 ms  "
        "answered p95 30.0 ms  CPU a call: Asterisk 11.3 ms"
    )


def test_the_table_has_medians_of_the_runs() -> None:
    pairs = [
        Pair(figures("app_queue", 20.0), figures("callcenter", p95)) for p95 in (22.0, 24.0, 40.0)
    ]
    assert table([("20 seats, 5 calls/s", pairs)]).splitlines()[2] == (
        "| 20 seats, 5 calls/s | 20.0, 20.0 ms | 24.0, 24.0 ms | 1.20 | 0 and 0 |"
    )


def good_call(heard: int) -> CallTimes:
    return CallTimes("13800000001", 0, MILLISECOND, 2 * MILLISECOND, heard * MILLISECOND)


def test_the_first_calls_are_not_timed_but_must_not_fail() -> None:
    scale = Scale(20, Load(calls=3, rate=5.0), warm_up=1)
    slow, lost = good_call(900), CallTimes("13800000002", 0)
    well = judge("callcenter", [slow, good_call(20), good_call(30)], scale, {}, sipp_well=True)
    assert (well.heard, well.answered, well.faults) == ((20.0, 30.0), (2.0, 2.0), ())
    bad = judge("callcenter", [lost, good_call(20), good_call(30)], scale, {}, sipp_well=False)
    assert bad.faults == ("13800000002: no seat answered",)


def test_a_call_that_was_never_made_or_that_sipp_saw_fail_is_a_fault() -> None:
    scale = Scale(20, Load(calls=2, rate=5.0), warm_up=0)
    short = judge("callcenter", [good_call(20)], scale, {}, sipp_well=True)
    assert short.faults == ("1 calls were seen, not 2",)
    calls = [good_call(20), good_call(20)]
    assert len(judge("callcenter", calls, scale, {}, sipp_well=False).faults) == 1
    assert not judge("callcenter", calls, scale, {}, sipp_well=True).faults
