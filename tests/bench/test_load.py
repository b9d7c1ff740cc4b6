"""What is made of the steps of a climb."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bench.figures import Figures
from bench.load import LATE, Climb, LoadError, Row, Step, rows


def step(rate: int, ms: float, *, work: float = 10.0, faults: tuple[str, ...] = ()) -> Step:
    heard = (ms,) * 100
    return Step(rate, Figures("side", heard, heard, faults, {"Asterisk": work}), memory=100.0)


def climb(times: Mapping[int, float], *, work: float = 10.0) -> Climb:
    return Climb(tuple(step(rate, ms, work=work) for rate, ms in times.items()))


def test_a_side_bears_the_highest_rate_at_which_callers_are_in_time() -> None:
    assert climb({20: 25.0, 30: 49.0, 40: 51.0}).bears == 30
    assert climb({20: 25.0, 30: LATE}).bears == 30
    assert climb({20: 60.0}).bears == 0


def test_the_slowest_one_of_a_hundred_does_not_count_but_two_do() -> None:
    heard = (20.0,) * 98 + (80.0,)
    assert not Step(20, Figures("side", (*heard, 20.0), heard, (), {}), 0.0).late
    assert Step(20, Figures("side", (*heard, 80.0), heard, (), {}), 0.0).late


def test_work_is_that_of_all_processes() -> None:
    figures = Figures("callcenter", (), (), (), {"Asterisk": 11.0, "controller": 8.0})
    assert Step(20, figures, 0.0).work == 19.0


def test_both_sides_are_compared_at_sixty_calls_a_second() -> None:
    native = climb({20: 20.0, 60: 24.0, 100: 30.0, 110: 70.0})
    ours = climb({20: 25.0, 60: 30.0, 80: 45.0, 90: 70.0}, work=15.0)
    most, work, time, memory = rows([(native, ours)])
    assert (most.native, most.ours, most.ratio, most.holds) == (100, 80, 0.8, True)
    assert (work.native, work.ours, work.ratio, work.holds) == (10.0, 15.0, 1.5, True)
    assert (time.native, time.ours, time.ratio, time.holds) == (24.0, 30.0, 1.25, True)
    assert memory.holds
    assert "60 calls/s" in work.name


def test_where_one_does_not_bear_sixty_they_are_compared_at_what_both_bear() -> None:
    native = climb({20: 20.0, 50: 24.0, 60: 24.0, 100: 30.0})
    ours = climb({20: 25.0, 50: 48.0, 60: 70.0})
    most, work, time, _ = rows([(native, ours)])
    assert (most.ratio, most.holds) == (0.5, False)
    assert "50 calls/s" in work.name
    assert (time.ratio, time.holds) == (2.0, False)


def test_the_middle_one_of_several_pairs_counts() -> None:
    native = climb({20: 20.0, 60: 20.0})
    found = rows([(native, climb({20: 20.0, 60: ms})) for ms in (22.0, 48.0, 24.0)])
    assert (found[2].ours, found[2].ratio) == (24.0, 1.2)


def test_nothing_is_compared_where_a_call_failed() -> None:
    native = climb({20: 20.0, 60: 20.0})
    failed = Climb((step(20, 20.0), step(60, 20.0, faults=("13800000001: never answered",))))
    with pytest.raises(LoadError, match=r"1 calls failed: side at 60 calls/s: 13800000001"):
        rows([(native, failed)])


def test_calls_may_fail_at_the_rate_that_is_too_much() -> None:
    native = climb({20: 20.0, 60: 20.0})
    too_much = step(80, 200.0, faults=("13800000001: never answered",))
    ours = Climb((step(20, 20.0), step(60, 20.0), too_much))
    assert rows([(native, ours)])[0].ratio == 1.0


def test_nothing_is_compared_either_where_callers_are_late_from_the_beginning() -> None:
    with pytest.raises(LoadError, match="busy"):
        rows([(climb({20: 20.0}), climb({20: 80.0}))])


def test_a_row_of_the_table() -> None:
    row = Row("calls/s", 100.0, 80.0, 0.8, least=0.7)
    assert str(row) == "| calls/s | 100.0 | 80.0 | 0.80 | ≥ 0.7 |"
    assert str(Row("memory", 90.0, 200.0, 2.222)) == "| memory | 90.0 | 200.0 | 2.22 |  |"
