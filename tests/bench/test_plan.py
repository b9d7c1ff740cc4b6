"""The plan that a run uses."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.plan import CROWD, CROWD_NUMBER, CROWD_TRUNK, QUEUE, TRUNK, write_plan
from callcenter.numberplan.decide import decide
from callcenter.numberplan.loader import load
from callcenter.numberplan.model import Action


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


def test_a_crowd_can_wait_where_nobody_serves(tmp_path: Path) -> None:
    write_plan(tmp_path, 1000)
    plan = load(tmp_path).plan
    assert plan is not None
    crowd = plan.queues[CROWD]
    assert not any(crowd.is_served_by(operator) for operator in plan.operators.values())
    assert (crowd.greeting, crowd.announce, crowd.callback) == (None, None, None)
    assert plan.trunks[CROWD_TRUNK].channels >= 2000
    route = decide(plan, CROWD_NUMBER, None, datetime(2026, 1, 1, tzinfo=UTC))
    assert (route.action, route.queue, route.announcement) == (Action.QUEUE, CROWD, None)
