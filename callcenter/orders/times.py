"""Moments and days as Liyang's people read them: Asia/Shanghai, whatever the machine's own zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from callcenter.clock import SHANGHAI


def local(moment: float) -> datetime:
    """The aware local time of seconds since 1970 UTC."""
    return datetime.fromtimestamp(moment, SHANGHAI)


def written(moment: float | None) -> str:
    """`2017-11-22 10:31:05`; a dash for a moment that has not come."""
    return "-" if moment is None else local(moment).strftime("%Y-%m-%d %H:%M:%S")


def day_bounds(day: date) -> tuple[float, float]:
    """First moment of the day and of the next one, in seconds since 1970 UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    return start.timestamp(), (start + timedelta(days=1)).timestamp()


def duration(seconds: float) -> str:
    """`0:06`, `12:30`, `1:02:03`; a negative one counts as zero."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"
