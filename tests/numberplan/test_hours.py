"""Working days and open hours: the official calendar, our own days, years that nobody announced."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from callcenter.clock import SHANGHAI
from callcenter.numberplan.hours import (
    calendar_note,
    day_of,
    has_calendar,
    is_open,
    is_working_day,
)
from callcenter.numberplan.model import Plan
from tests.plans import edited, small_plan

OFFICE = """hours:
  office:
    title: 办公时间
    follows_working_days: true
    weekly:
      monday: [08:30-12:00, 14:00-17:30]
      friday: [08:30-24:00]
  weekend:
    title: 周末
    weekly: {saturday: [09:00-17:00]}
"""


def office() -> Plan:
    return edited("dialplan/hours.yaml", "hours:\n", OFFICE)


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2017-09-29", True),
        ("2017-09-30", True),  # Saturday, made up for 6 October
        ("2017-10-01", False),
        ("2017-10-06", False),
        ("2017-10-07", False),  # Saturday
        ("2017-10-09", True),
        ("2018-02-11", True),  # Sunday, made up for the Spring Festival
        ("2018-02-15", False),
        ("2007-12-29", True),  # Saturday, made up for a day of the year after
        ("2011-12-31", True),
        ("1949-10-03", True),
    ],
)
def test_holidays_and_make_up_days_are_the_official_ones(day: str, working: bool) -> None:
    assert is_working_day(small_plan(), date.fromisoformat(day)) is working


def test_our_own_days_win() -> None:
    plan = edited(
        "dialplan/hours.yaml",
        "hours:\n",
        "holidays:\n"
        "  2017-09-30: {working: false, title: 停电}\n"
        "  2017-10-06: {last: 2017-10-07, working: true, title: 值班}\nhours:\n",
    )
    assert day_of(plan, date(2017, 9, 30)).reason == "停电"
    assert not is_working_day(plan, date(2017, 9, 30))
    assert is_working_day(plan, date(2017, 10, 6))
    assert is_working_day(plan, date(2017, 10, 7))
    assert not is_working_day(plan, date(2017, 10, 8))


def test_a_year_without_announcement_has_statutory_days_and_weekends_and_says_so() -> None:
    plan = small_plan()
    assert has_calendar(2017)
    assert not has_calendar(2099)
    assert not is_working_day(plan, date(2099, 10, 1))
    assert not is_working_day(plan, date(2099, 10, 10))  # Saturday
    assert is_working_day(plan, date(2099, 10, 9))
    assert not is_working_day(plan, date(2028, 10, 1))  # Sunday
    assert is_working_day(plan, date(2028, 10, 4))  # nobody has said that it makes up for it
    assert calendar_note(plan, 2017) is None
    note = calendar_note(plan, 2099)
    assert note is not None
    assert "2099" in note


def test_days_of_our_own_make_up_for_a_missing_announcement() -> None:
    plan = edited(
        "dialplan/hours.yaml",
        "hours:\n",
        "holidays:\n  2099-10-04: {working: false, title: 国庆}\nhours:\n",
    )
    assert calendar_note(plan, 2099) is None


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2017-12-04T08:29:59", False),
        ("2017-12-04T08:30", True),
        ("2017-12-04T11:59:59", True),
        ("2017-12-04T12:00", False),
        ("2017-12-04T14:00", True),
        ("2017-12-05T10:00", False),  # Tuesday
        ("2017-12-08T23:59:59", True),
        ("2017-12-09T00:00", False),
        ("2017-09-30T10:00", True),  # a make-up Saturday is as Monday
        ("2017-10-02T10:00", False),  # a holiday on a Monday
    ],
)
def test_office_hours_follow_working_days(at: str, expected: bool) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)
    assert is_open(office(), "office", moment) is expected
    assert is_open(office(), "office", moment.astimezone(UTC)) is expected


def test_other_hours_know_no_holidays() -> None:
    make_up_saturday = datetime(2017, 9, 30, 10, tzinfo=SHANGHAI)
    assert is_open(office(), "weekend", make_up_saturday)
    assert is_open(small_plan(), "always", datetime(2017, 10, 2, 3, tzinfo=SHANGHAI))
