"""The room for recordings: told in time, and never more than the disk has."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.recordings.space import DAY, GB, Disk, Space, measure
from callcenter.store.recordings import Totals

NOW = 1_500_000_000.0


def space(used: float, quota: float, free: float, total: float = 1000, a_day: float = 0) -> Space:
    """All in GB."""
    disk = Disk(int(total * GB), int(free * GB))
    return Space(12, int(used * GB), int(quota * GB), disk, a_day * GB)


@pytest.mark.parametrize(
    ("used", "quota", "free", "total", "short"),
    [
        (79, 100, 500, 1000, False),
        (80, 100, 500, 1000, True),
        (120, 100, 500, 1000, True),
        (0, 200, 70, 250, False),  # a quota larger than the disk is no alarm by itself
        (79, 200, 20, 250, False),
        (80, 200, 20, 250, True),
        (0, 1, 49, 1000, True),  # others have filled the disk
        (0, 1, 51, 1000, False),
    ],
)
def test_it_warns_at_80_percent_of_the_room_there_is_and_when_the_disk_is_nearly_full(
    used: float, quota: float, free: float, total: float, short: bool
) -> None:
    assert space(used, quota, free, total).is_short is short


def test_the_sentence_tells_how_full_and_how_long() -> None:
    told = space(160, 200, 500, a_day=1.4).told()
    assert told == (
        "12 recordings take 160.0 GB of 200.0 GB (80%); the rest lasts 28 days at the present rate"
    )
    assert "less than a day" in space(200, 200, 500, a_day=1).told()
    assert "lasts" not in space(0, 200, 500).told()
    narrow = space(10, 200, 30, a_day=1).told()
    assert "of 40.0 GB, which is all that the disk has (25%); the rest lasts 30 days" in narrow
    assert narrow.endswith("the disk has only 30.0 GB left")


@pytest.mark.parametrize(
    ("oldest", "a_day"),
    [(NOW - 400 * DAY, 100.0), (NOW - 2 * DAY, 350.0), (NOW - 60, 700.0)],
)
def test_the_rate_is_that_of_the_last_week_or_of_the_time_there_was(
    tmp_path: Path, oldest: float, a_day: float
) -> None:
    measured = measure(Totals(3, 5000, oldest, 700), GB, tmp_path, NOW)
    assert (measured.files, measured.used, measured.quota) == (3, 5000, GB)
    assert measured.a_day == pytest.approx(a_day)
    assert measured.disk.total > measured.disk.free > 0


def test_without_recordings_nothing_is_taken(tmp_path: Path) -> None:
    measured = measure(Totals(), GB, tmp_path, NOW)
    assert (measured.ratio, measured.days_left) == (0.0, None)
