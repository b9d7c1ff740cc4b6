"""The plan that a run uses."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.plan import QUEUE, TRUNK, write_plan
from callcenter.numberplan.decide import decide
from callcenter.numberplan.loader import load


def test_every_seat_has_an_operator_and_a_caller_goes_to_them_at_once(tmp_path: Path) -> None:
    write_plan(tmp_path, 200)
    loaded = load(tmp_path)
    assert loaded.plan is not None, loaded.errors
    plan = loaded.plan
    assert len(plan.seats) == len(plan.operators) == 200
    assert plan.trunks[TRUNK].channels >= 200
    queue = plan.queues[QUEUE]
    assert (queue.greeting, queue.announce_operator, queue.wrap_up_seconds) == (None, False, 0.0)
    night = datetime(2017, 12, 1, 3, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert decide(plan, "12345", None, night).queue == QUEUE
