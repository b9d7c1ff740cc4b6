"""The core is told when the machine's clock was set, and a restart does not move the time."""

from __future__ import annotations

import pytest

from callcenter.calls.events import BecomeReady, ClockCompared, Event, SignIn
from callcenter.calls.state import Centre
from callcenter.timekeeping import Timekeeper, is_at_rest, take_up, this_clock
from tests.calls.desk import Desk
from tests.test_clock import HOUR, START, Machine


def keeper(machine: Machine, centre: Centre) -> tuple[Timekeeper, list[ClockCompared]]:
    told: list[ClockCompared] = []

    def tell(event: Event) -> None:
        assert isinstance(event, ClockCompared)
        told.append(event)

    return Timekeeper(machine.clock, centre, tell), told


def busy() -> Centre:
    """Somebody is signed in."""
    desk = Desk(now=START)
    assert desk.happens(SignIn("001", "seat01")) is None
    return desk.centre


def test_a_difference_is_told_once_and_again_as_it_changes() -> None:
    machine = Machine()
    timekeeper, told = keeper(machine, busy())
    timekeeper.look()
    machine.passes(10)
    timekeeper.look()
    assert [round(event.ahead) for event in told] == [0]
    machine.wall += HOUR
    timekeeper.look()
    timekeeper.look()
    assert [round(event.ahead) for event in told] == [0, 3600]
    machine.passes(21)
    timekeeper.look()
    assert [round(event.ahead) for event in told] == [0, 3600, 3599]


def test_where_nothing_is_measured_the_time_leaps_after_a_machine_that_was_late() -> None:
    machine = Machine()
    timekeeper, _ = keeper(machine, Centre())
    timekeeper.look()
    machine.wall += HOUR
    timekeeper.look()
    assert machine.clock.now() == START + HOUR


def test_a_call_or_somebody_signed_in_is_measured() -> None:
    desk = Desk(now=START)
    assert is_at_rest(desk.centre)
    call = desk.call()
    assert not is_at_rest(desk.centre)
    desk.goes(call)
    assert is_at_rest(desk.centre)
    assert desk.happens(SignIn("001", "seat01")) is None
    assert desk.happens(BecomeReady("001")) is None
    assert not is_at_rest(desk.centre)


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_controller_that_starts_again_goes_on_in_the_same_time(jump: float) -> None:
    machine, desk = Machine(), Desk(now=START)
    timekeeper, told = keeper(machine, busy())
    timekeeper.look()
    desk.happens(told[-1])
    machine.wall += jump + 3
    machine.steady += 3
    again = machine.started()
    take_up(again, desk.centre.clock)
    assert again.now() == pytest.approx(START + 3)


def test_after_a_start_of_the_machine_the_time_is_the_machines() -> None:
    machine, desk = Machine(), Desk(now=START)
    desk.happens(ClockCompared(START, "another start", 5.0, 0.0))
    take_up(machine.clock, desk.centre.clock)
    assert machine.clock.now() == START
    desk.happens(ClockCompared(START, this_clock(machine.started(60.0)), 5.0, 0.0))
    take_up(machine.clock, desk.centre.clock)
    assert machine.clock.now() == START, "that was a rehearsal's"
