"""The estimated waits are better than the rule of thumb, and the same seed gives the same days."""

from __future__ import annotations

import pytest

from bench.waits import LIMIT, days


@pytest.mark.parametrize("seed", [1, 2])
def test_the_error_is_at_most_four_fifths_of_the_rules(seed: int) -> None:
    found = days(seed, 2)
    assert found.announcements > 100
    assert found.ratio <= LIMIT


def test_the_same_seed_gives_the_same_days() -> None:
    assert days(7, 1) == days(7, 1)
