"""How much room recordings take, how much there is, and when to say that it runs out."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from callcenter.store.recordings import Totals

WARN_RATIO = 0.8
"""Of the room there is: from here on it is time to act."""
LEAST_FREE_RATIO = 0.05
"""Of the disk: below this everything on it is in danger."""
RATE_DAYS = 7
"""The present rate is that of the last days."""
DAY = 86400.0
GB = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk that the recordings are on, in bytes."""

    total: int
    free: int


@dataclass(frozen=True, slots=True)
class Space:
    """The room as it stands. Sizes in bytes."""

    files: int = 0
    used: int = 0
    quota: int = 1
    disk: Disk = Disk(1, 1)
    a_day: float = 0.0
    """What is added in a day at the present rate."""

    @property
    def room(self) -> int:
        """What recordings can take in all: the quota, or less where the disk has less."""
        return max(1, min(self.quota, self.used + self.disk.free))

    @property
    def ratio(self) -> float:
        """How much of that is taken; above 1 over the quota."""
        return self.used / self.room

    @property
    def days_left(self) -> float | None:
        """How long the rest lasts at the present rate; None while nothing is added."""
        return max(0, self.room - self.used) / self.a_day if self.a_day > 0 else None

    @property
    def is_short(self) -> bool:
        """Whether somebody must make room."""
        return self.ratio >= WARN_RATIO or self.disk.free < LEAST_FREE_RATIO * self.disk.total

    def told(self) -> str:
        """How full it is and how long that lasts, as a sentence."""
        disk = "" if self.room == self.quota else ", which is all that the disk has"
        days = self.days_left
        left = "" if days is None else f"; the rest lasts {_days(days)} at the present rate"
        free = ""
        if self.disk.free < LEAST_FREE_RATIO * self.disk.total:
            free = f"; the disk has only {_size(self.disk.free)} left"
        return (
            f"{self.files} recordings take {_size(self.used)} of {_size(self.room)}{disk} "
            f"({self.ratio:.0%}){left}{free}"
        )


def measure(totals: Totals, quota: int, folder: Path, now: float) -> Space:
    """The room, from what the table knows and what the disk says. Raises OSError.

    `totals.recent_bytes` must be those of the last `RATE_DAYS` days.
    """
    disk = shutil.disk_usage(folder)
    days = 1.0 if totals.oldest is None else min(RATE_DAYS, (now - totals.oldest) / DAY)
    return Space(
        files=totals.files,
        used=totals.bytes,
        quota=quota,
        disk=Disk(disk.total, disk.free),
        # The first day counts as a whole one: an hour tells little about a week.
        a_day=totals.recent_bytes / max(1.0, days),
    )


def _size(number: int) -> str:
    return f"{number / GB:.1f} GB" if number >= GB / 10 else f"{number / 1_000_000:.1f} MB"


def _days(days: float) -> str:
    return "less than a day" if days < 1 else f"{int(days)} days"
