"""Working days and open hours, in Asia/Shanghai.

Public holidays and make-up working days are those of the `holidays` package, as the State Council
announces them year by year, unless dialplan/hours.yaml says otherwise. For a year that it has no
announcement for, statutory dates and weekends count, and `has_calendar` is False.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType

from holidays import country_holidays

from callcenter.clock import SHANGHAI
from callcenter.numberplan.model import Plan

_COUNTRY = "CN"
_FIRST_YEAR = 1950
_SATURDAY = 5
_MONDAY = 0


@dataclass(frozen=True)
class Day:
    """What a day is, and why."""

    working: bool
    reason: str


@dataclass(frozen=True)
class _Year:
    holidays: Mapping[date, str]
    make_up_days: frozenset[date]


@lru_cache(maxsize=32)
def _year(year: int) -> _Year:
    """The package's data: a pure function of the year, kept because making it takes milliseconds.

    Each year that was announced has make-up days; all have, since 2001. For others the package
    would guess on which days holidays at a weekend are made up for: guesses are left out.
    """
    calendar = country_holidays(_COUNTRY, years=year, language="zh_CN", expand=False)
    make_up = frozenset(day for day in calendar.weekend_workdays if day.year == year)
    if not make_up:
        calendar = country_holidays(
            _COUNTRY, years=year, language="zh_CN", expand=False, observed=False
        )
    names = {day: name for day, name in calendar.items() if day.year == year}
    return _Year(MappingProxyType(names), make_up)


def has_calendar(year: int) -> bool:
    """Whether the official holidays of this year are known."""
    return year >= _FIRST_YEAR and bool(_year(year).make_up_days)


def calendar_note(plan: Plan, year: int) -> str | None:
    """A sentence for `check` where a year has no official calendar and no overrides; else None."""
    if has_calendar(year):
        return None
    if any(
        override.first.year <= year <= override.last.year for override in plan.holiday_overrides
    ):
        return None
    return (
        f"no official holiday calendar is known for {year}: statutory dates and weekends count; "
        "update the `holidays` package, or write the days under `holidays:`"
    )


def day_of(plan: Plan, day: date) -> Day:
    """Whether people work on this day (Asia/Shanghai)."""
    for override in plan.holiday_overrides:
        if override.first <= day <= override.last:
            return Day(override.working, override.title)
    weekend = day.weekday() >= _SATURDAY
    if day.year < _FIRST_YEAR:
        return Day(not weekend, "周末" if weekend else "工作日")
    year = _year(day.year)
    if day in year.make_up_days:
        return Day(True, "调休上班")
    if day in year.holidays:
        return Day(False, year.holidays[day])
    return Day(not weekend, "周末" if weekend else "工作日")


def is_working_day(plan: Plan, day: date) -> bool:
    """Whether people work on this day (Asia/Shanghai)."""
    return day_of(plan, day).working


def is_open(plan: Plan, hours: str, at: datetime) -> bool:
    """Whether these hours of the plan cover the moment `at` (which must have a zone).

    Raises KeyError where the plan has no such hours.
    """
    local = at.astimezone(SHANGHAI)
    week = plan.hours[hours]
    weekday = local.weekday()
    if week.follows_working_days:
        if not is_working_day(plan, local.date()):
            return False
        if weekday >= _SATURDAY:
            weekday = _MONDAY  # a make-up working day
    now = local.time()
    return any(
        each.start <= now and (each.end is None or now < each.end) for each in week.weekly[weekday]
    )
