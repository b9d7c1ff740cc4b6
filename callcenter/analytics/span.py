"""The time that a report is about, as people write it. Milliseconds since 1970 UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from callcenter.clock import SHANGHAI

LONGEST_DAYS = 31
_DAY_LETTERS = len("2017-12-01")


@dataclass(frozen=True, slots=True)
class Span:
    """From `first` until `until`, which is not in it."""

    first: int
    until: int


class SpanError(ValueError):
    """What was written is no span; the text says what to write instead."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
        """`from` or `to`."""


def read_span(first: str, last: str) -> Span:
    """`2017-12-01` or `2017-12-01T10:15`, Asia/Shanghai.

    A day as `last` is in the span, a moment is its end. Raises SpanError.
    """
    began = _moment("from", first)
    ended = _moment("to", last)
    if len(last) == _DAY_LETTERS:
        ended += timedelta(days=1)
    if ended <= began:
        raise SpanError("to", f"{last} is not after {first}")
    if ended - began > timedelta(days=LONGEST_DAYS):
        raise SpanError("to", f"that is more than {LONGEST_DAYS} days: ask for them month by month")
    return Span(round(began.timestamp() * 1000), round(ended.timestamp() * 1000))


def _moment(field: str, text: str) -> datetime:
    try:
        if len(text) == _DAY_LETTERS:
            return datetime.combine(date.fromisoformat(text), time(), SHANGHAI)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{text} is no time: write it like 2017-12-01 or 2017-12-01T10:15"
        raise SpanError(field, message) from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)
