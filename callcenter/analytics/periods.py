"""Quarters of an hour, hours and days of Asia/Shanghai. All moments in milliseconds since 1970 UTC.

The zone has been 8 hours ahead of UTC, summer and winter, since 1991.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

_AHEAD = 8 * 3_600_000


class By(StrEnum):
    """How long a period of a report is."""

    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"

    @property
    def length(self) -> int:
        """Milliseconds of one period."""
        return {By.QUARTER: 900_000, By.HOUR: 3_600_000, By.DAY: 86_400_000}[self]

    def start(self, at: int) -> int:
        """Where the period begins that this moment is in."""
        return at - (at + _AHEAD) % self.length

    def parts(self, began: int, ended: int) -> Iterator[tuple[int, int]]:
        """Each period that the time from `began` to `ended` touches, and how much of it is there.

        The parts add up to `ended - began`.
        """
        while began < ended:
            start = self.start(began)
            until = min(ended, start + self.length)
            yield start, until - began
            began = until
