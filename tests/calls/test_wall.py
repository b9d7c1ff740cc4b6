"""Somebody sets the machine's clock: opening hours follow at once, timers and figures do not."""

from __future__ import annotations

import pytest

from callcenter.calls.events import ClockCompared
from callcenter.calls.state import Phase
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk, moment
from tests.plans import edited

HOUR = 3600.0
HOURS = """max_wait_seconds: 1800
    hours: always
    closed: {announce: system_busy}"""


def set_clock(desk: Desk, by: float) -> None:
    desk.happens(ClockCompared(desk.now, "this", 1.0, by))


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_who_waits_goes_on_waiting_as_long_as_before(by: float) -> None:
    desk = Desk()
    call = desk.waiting_call()
    desk.wait(10)
    set_clock(desk, by)
    assert desk.state(call).phase is Phase.WAITING
    desk.wait(1780)
    assert desk.state(call).phase is Phase.WAITING
    desk.wait(30)
    desk.prompt_ends(call)
    assert desk.order(call).outcome is Outcome.TIMED_OUT


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_wait_and_a_talk_are_as_long_as_they_were(by: float) -> None:
    desk = Desk()
    call = desk.waiting_call()
    desk.wait(7)
    set_clock(desk, by)
    desk.operator_ready("001", "seat01")
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(call)
    desk.wait(20)
    desk.goes(call)
    order = desk.order(call)
    assert order.wait_ms == 7000
    assert order.answered is not None
    assert order.ended == order.answered + 20


def test_opening_hours_follow_the_machine() -> None:
    # The small plan's hours `always` know Monday alone.
    plan = edited("dialplan/queues.yaml", "max_wait_seconds: 1800", HOURS)
    desk = Desk(plan=plan, now=moment("2017-12-04T23:30"))
    assert desk.state(desk.waiting_call()).phase is Phase.WAITING
    set_clock(desk, HOUR)
    assert desk.heard(desk.call()) == [("system_busy",)]
    set_clock(desk, 0.0)
    assert desk.state(desk.waiting_call()).phase is Phase.WAITING
