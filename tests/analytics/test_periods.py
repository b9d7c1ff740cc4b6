"""Quarters, hours and days of Asia/Shanghai."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.analytics.periods import By
from callcenter.analytics.span import SpanError, read_span
from tests.calls.desk import moment


def ms(text: str) -> int:
    return round(moment(text) * 1000)


@pytest.mark.parametrize(
    ("by", "start"),
    [
        (By.QUARTER, "2017-12-01T10:15"),
        (By.HOUR, "2017-12-01T10:00"),
        (By.DAY, "2017-12-01T00:00"),
    ],
)
def test_a_period_begins_where_shanghais_clocks_say(by: By, start: str) -> None:
    assert by.start(ms("2017-12-01T10:29:59.999")) == ms(start)
    assert by.start(ms(start)) == ms(start)
    assert by.start(ms(start) - 1) == ms(start) - by.length


def test_a_state_is_split_where_a_quarter_ends() -> None:
    parts = By.QUARTER.parts(ms("2017-12-01T10:14:58"), ms("2017-12-01T10:30:01"))
    assert list(parts) == [
        (ms("2017-12-01T10:00"), 2_000),
        (ms("2017-12-01T10:15"), 900_000),
        (ms("2017-12-01T10:30"), 1_000),
    ]
    assert not list(By.QUARTER.parts(5, 5))


@given(st.sampled_from(By), st.integers(0, 2**41), st.integers(0, 10**9))
def test_the_parts_are_the_whole(by: By, began: int, length: int) -> None:
    parts = list(By.parts(by, began, began + length))
    assert sum(part for _, part in parts) == length
    assert all(0 < part <= by.length for _, part in parts)
    assert [start for start, _ in parts] == sorted({start for start, _ in parts})


def test_a_day_is_in_the_span_and_a_moment_is_its_end() -> None:
    whole = read_span("2017-12-01", "2017-12-01")
    assert (whole.first, whole.until) == (ms("2017-12-01T00:00"), ms("2017-12-02T00:00"))
    part = read_span("2017-12-01T10:15", "2017-12-01T10:30")
    assert (part.first, part.until) == (ms("2017-12-01T10:15"), ms("2017-12-01T10:30"))
    zoned = read_span("2017-12-01T02:15Z", "2017-12-01")
    assert zoned.first == part.first


@pytest.mark.parametrize(
    ("first", "last", "field", "told"),
    [
        ("yesterday", "2017-12-01", "from", "write it like 2017-12-01 or 2017-12-01T10:15"),
        ("2017-12-01", "2017-13-01", "to", "2017-13-01 is no time"),
        ("2017-12-01", "2017-11-30", "to", "is not after"),
        ("2017-12-01T10:00", "2017-12-01T10:00", "to", "is not after"),
        ("2017-12-01", "2018-01-01", "to", "more than 31 days"),
    ],
)
def test_what_is_no_span_is_told(first: str, last: str, field: str, told: str) -> None:
    with pytest.raises(SpanError, match=told) as wrong:
        read_span(first, last)
    assert wrong.value.field == field
