"""The centre's clock passes evenly whatever happens to the machine's, and is led after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from callcenter.clock import CATCH_UP, Clock

START = 1_512_093_600.0
HOUR = 3600.0


@dataclass
class Machine:
    """A machine whose clock somebody sets."""

    wall: float = START
    steady: float = 100.0
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = self.started()

    def started(self, offset: float = 0.0) -> Clock:
        return Clock(offset, machine=lambda: self.wall, steady=lambda: self.steady)

    def passes(self, seconds: float) -> None:
        """Second by second, and compared at each."""
        for _ in range(round(seconds)):
            self.wall += 1
            self.steady += 1
            self.clock.follow()


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_jump_moves_the_wall_and_not_the_centres_time(jump: float) -> None:
    machine = Machine()
    machine.wall += jump
    machine.clock.follow()
    assert machine.clock.now() == pytest.approx(START)
    assert machine.clock.wall() == START + jump
    assert machine.clock.ahead() == pytest.approx(jump)


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_time_that_is_measured_after_a_jump_is_wrong_by_no_more_than_is_made_up(
    jump: float,
) -> None:
    machine = Machine()
    machine.wall += jump
    began = machine.clock.now()
    machine.passes(600)
    measured = machine.clock.now() - began
    assert abs(measured - 600) <= 600 * CATCH_UP + 0.001


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_the_wall_is_caught_up_with_for_good(jump: float) -> None:
    machine = Machine()
    machine.wall += jump
    machine.passes(HOUR / CATCH_UP + 2)
    assert machine.clock.ahead() == pytest.approx(0.0, abs=0.001)
    machine.passes(100)
    assert machine.clock.ahead() == pytest.approx(0.0, abs=0.001)


def test_it_never_goes_back_however_often_the_machines_clock_is_set() -> None:
    machine = Machine()
    seen = []
    for jump in (HOUR, -2 * HOUR, 0.3, -86400.0, HOUR):
        machine.wall += jump
        machine.passes(50)
        seen.append(machine.clock.now())
    assert all(later - earlier >= 50 * (1 - CATCH_UP) - 0.001 for earlier, later in pairwise(seen))


def test_without_comparing_it_goes_on_evenly_once_all_is_made_up() -> None:
    machine = Machine()
    machine.wall += 1.0
    machine.clock.follow()
    machine.steady += 1000
    assert machine.clock.now() == pytest.approx(START + 1001)


def test_who_waits_for_a_moment_is_never_told_to_wait_too_long() -> None:
    machine = Machine()
    assert machine.clock.seconds_until(START + 42) == 42
    assert machine.clock.seconds_until(START - 1) == 0
    machine.wall += HOUR
    machine.clock.follow()
    machine.steady += machine.clock.seconds_until(START + 42)
    assert machine.clock.now() == pytest.approx(START + 42)


def test_a_leap_goes_forward_only() -> None:
    machine = Machine()
    machine.wall += HOUR
    machine.clock.leap()
    assert machine.clock.now() == START + HOUR
    machine.wall -= 2 * HOUR
    machine.clock.leap()
    assert machine.clock.now() == START + HOUR


def test_a_clock_goes_on_where_another_was() -> None:
    machine = Machine()
    now, steady = machine.clock.now(), machine.clock.steady()
    machine.steady += 7
    machine.wall += HOUR + 7
    another = machine.started()
    another.go_on(now, steady)
    assert another.now() == START + 7
    assert another.ahead() == HOUR


def test_a_rehearsals_clock_is_ahead_of_the_machines_and_jumps_with_it() -> None:
    machine = Machine()
    rehearsal = machine.started(-HOUR)
    assert (rehearsal.now(), rehearsal.from_machine()) == (START - HOUR, -HOUR)
    machine.wall += 60
    assert (rehearsal.now(), rehearsal.wall()) == (START - HOUR, START - HOUR + 60)
    assert machine.wall + rehearsal.from_machine() == rehearsal.now()


def test_opening_hours_are_told_the_wall_in_shanghai() -> None:
    machine = Machine()
    machine.wall += HOUR
    assert machine.clock.datetime().isoformat() == "2017-12-01T11:00:00+08:00"
