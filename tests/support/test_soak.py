"""What a soak finds grown."""

from __future__ import annotations

import os
from tempfile import TemporaryFile

import pytest

from bench.processes import open_files
from tests.support.soak import ENOUGH, Needs, Size, growth

BEFORE = Needs(0, 0, 12, {"asterisk": 60, "callcenter": 40})


def sizes(*megabytes: float) -> list[Size]:
    return [Size(float(at), 1, each) for at, each in enumerate(megabytes)]


def test_memory_that_goes_up_has_grown_and_one_peak_has_not() -> None:
    flat = [100.0] * ENOUGH
    assert growth(sizes(*flat, *([110.0] * ENOUGH))) == pytest.approx(0.1)
    assert growth(sizes(*flat, 500.0, *flat)) == 0.0
    assert growth(sizes(*flat, *([90.0] * ENOUGH))) < 0.0


def test_too_few_looks_tell_nothing() -> None:
    assert growth([]) == 0.0
    assert growth(sizes(*([100.0] * (ENOUGH - 1)), *([200.0] * ENOUGH))) == 0.0


def test_what_is_under_way_is_no_growth() -> None:
    assert Needs(0, 0, 15, {"asterisk": 65, "callcenter": 40}).no_more_than(BEFORE, 5) == []


@pytest.mark.parametrize(
    ("needs", "what"),
    [
        (Needs(1, 0, 12, BEFORE.files), "1 channels and 0 bridges are left"),
        (Needs(0, 2, 12, BEFORE.files), "0 channels and 2 bridges are left"),
        (Needs(0, 0, 18, BEFORE.files), "the controller has 18 tasks, 12 before"),
        (
            Needs(0, 0, 12, {"asterisk": 66, "callcenter": 40}),
            "asterisk has 66 files open, 60 before",
        ),
    ],
)
def test_all_else_is(needs: Needs, what: str) -> None:
    assert needs.no_more_than(BEFORE, 5) == [what]


def test_open_files_are_counted() -> None:
    before = open_files(os.getpid())
    with TemporaryFile():
        assert open_files(os.getpid()) == before + 1
