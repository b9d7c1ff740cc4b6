"""The measured house: as many wait after a call as before it, and each event is counted."""

from __future__ import annotations

from pathlib import Path

from bench.core import House, Size, table
from callcenter.calls.state import Phase


def test_a_call_comes_and_one_ends_and_as_many_wait_as_before(tmp_path: Path) -> None:
    size = Size(operators=2, waiting=3)
    house = House.filled(size, tmp_path)
    for _ in range(4):
        house.arrives()
        house.ends()
    phases = [call.phase for call in house.centre.calls.values()]
    assert phases.count(Phase.TALKING) == size.operators
    assert phases.count(Phase.WAITING) == size.waiting
    assert {kind: len(times) for kind, times in house.spent.items()} == {
        "CallArrived": 4,
        "LegEnded": 8,
        "LegAnswered": 4,
        "CallEndedOutside": 4,
    }
    assert table({size: {"LegEnded": [1000, 2000, 9000]}}).endswith("| all | 4.0 (2, 9) |")
