"""When those who take a queue's calls will be free, as it looked at a moment: how long a wait is.

Made by estimate.py, and kept in the centre for some seconds: a crowd that waits is told from one
look at a large team.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import exp

LONGEST_SECONDS = 4 * 3600.0

_HALF = 1 / 3
"""The n-th comes as probably before as after n − 1/3 are expected."""
_EXACT = 0.5
"""Seconds: a wait is told in full minutes."""


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """For everybody in the line."""

    at: float
    """When it looked so."""
    call: float
    """Seconds that an operator spends on a call."""
    leaving: float
    """Callers who hang up in each second of somebody's waiting."""
    left: tuple[tuple[float, ...], ...]
    """Of some operators, the seconds until they are free: several, as likely each as the others."""
    stand_for: float
    """So many operators is each of these."""

    def wait(self, ahead: int) -> float:
        """Seconds until whoever has `ahead` others before them is offered."""
        early, late = 0.0, self.call
        while self._gone(late, ahead) < ahead + 1 - _HALF and late < LONGEST_SECONDS:
            late *= 2
        while late - early > _EXACT:
            middle = (early + late) / 2
            if self._gone(middle, ahead) < ahead + 1 - _HALF:
                early = middle
            else:
                late = middle
        return late

    def _gone(self, seconds: float, ahead: int) -> float:
        """How many will probably have left the line by then.

        Each operator takes one when free, and after it one in the time of each call.
        """
        ends, free, since = self._sums
        index = bisect_right(ends, seconds)
        done = free[index] + (free[index] * seconds - since[index]) / self.call
        return done + ahead * (1.0 - exp(-self.leaving * seconds))

    @cached_property
    def _sums(self) -> tuple[list[float], list[float], list[float]]:
        """The ends in order; how many operators are free at the first so many, and their sum."""
        ends = sorted((end, self.stand_for / len(one)) for one in self.left for end in one)
        return (
            [end for end, _ in ends],
            [0.0, *accumulate(weight for _, weight in ends)],
            [0.0, *accumulate(end * weight for end, weight in ends)],
        )
