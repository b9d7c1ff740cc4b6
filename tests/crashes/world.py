"""The world that outlives a controller: exchange, people, clock; and what people in it do.

A story is a list of steps. A step whose leg is gone raises `GoneError` and is passed over: after a
death, the story goes on as far as it can.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from callcenter.calls.commands import Command, OutsideAddress, SeatAddress
from callcenter.calls.events import (
    Act,
    BecomeReady,
    DigitPressed,
    Ending,
    Event,
    Led,
    Request,
    SignIn,
)
from tests.calls.desk import LEADER, moment
from tests.fakes.switch import FakeLeg, FakeSwitch


class GoneError(Exception):
    """There is nobody (any more) who could do this."""


@dataclass
class World:
    """Everything but the controller."""

    switch: FakeSwitch = field(default_factory=FakeSwitch)
    now: float = field(default_factory=lambda: moment("2017-12-01T10:00"))
    callers: list[str] = field(default_factory=list)
    rung: dict[str, float] = field(default_factory=dict)
    """When each leg of ours began to ring."""

    def copy(self) -> World:
        """The same world, to go on in another way."""
        old = self.switch
        switch = replace(
            old,
            legs={name: replace(leg) for name, leg in old.legs.items()},
            bridges=set(old.bridges),
            removed=set(old.removed),
            told=list(old.told),
            sent=[],
            recorded=set(old.recorded),
            dead_seats=set(old.dead_seats),
        )
        return World(switch, self.now, list(self.callers), dict(self.rung))

    def carries_out(self, command: Command) -> None:
        """The exchange does what a controller wants."""
        self.switch.send((command,))
        for leg in self.switch.legs.values():
            if leg.dial is not None:
                self.rung.setdefault(leg.name, self.now)

    def rings_until(self) -> float:
        """When the exchange next gives up on a leg that rings."""
        return min((until for _, until in self._ringing()), default=float("inf"))

    def time_comes(self, now: float) -> None:
        """It is `now`: the exchange gives up on legs that rang long enough."""
        self.now = now
        for leg, until in self._ringing():
            if until <= now:
                self.switch.far_end_goes(leg, Ending.NO_ANSWER)

    def _ringing(self) -> list[tuple[str, float]]:
        return [
            (leg.name, self.rung[leg.name] + leg.dial.seconds)
            for leg in self.switch.legs.values()
            if leg.dial is not None and not leg.answered and not leg.waits
        ]

    def goes_on_without_us(self, seconds: float) -> None:
        """Nobody listens: prompts end; callers whom we owe something go to the dialplan in time."""
        for leg in list(self.switch.legs.values()):
            if leg.playing is not None:
                self.switch.prompt_ends(leg.name)
            if seconds > 6.0 and leg.guarded:
                self.switch.dead_mans_switch(leg.name)
        self.time_comes(self.now + seconds)

    # -- finding people ---------------------------------------------------------------------------

    def caller(self, number: int) -> FakeLeg:
        """The caller's leg that came as that number."""
        return self._found(lambda leg: leg.name == self.callers[number])

    def seat(self, seat: str) -> FakeLeg:
        """The newest leg to a seat's softphone."""
        return self._found(lambda leg: leg.dial is not None and leg.dial.to == SeatAddress(seat))

    def partner(self) -> FakeLeg:
        """The newest leg to an outside number."""
        return self._found(
            lambda leg: leg.dial is not None and isinstance(leg.dial.to, OutsideAddress)
        )

    def feature(self) -> FakeLeg:
        """A seat's call to a feature code."""
        return self._found(lambda leg: not (leg.dial or leg.trunk or leg.snoops_on))

    def _found(self, fits: Callable[[FakeLeg], bool]) -> FakeLeg:
        found = [leg for leg in self.switch.legs.values() if fits(leg)]
        if not found:
            raise GoneError
        return found[-1]


Step = Callable[[World], tuple[Event, ...]]
"""Somebody does something in the world; what they ask of the controller itself comes back."""


def dials(number: str = "12345", caller: str = "") -> Step:
    """A citizen calls."""

    def step(world: World) -> tuple[Event, ...]:
        world.callers.append(world.switch.caller_arrives(number, caller=caller))
        return ()

    return step


def prompt_ends(caller: int = 0) -> Step:
    """A caller has heard the prompt to its end."""
    return _of_playing(lambda world: world.caller(caller))


def caller_keys(code: str, caller: int = 0) -> Step:
    """A caller presses these keys."""

    def step(world: World) -> tuple[Event, ...]:
        leg = world.caller(caller).name
        world.switch.told += [DigitPressed(leg, digit) for digit in code]
        return ()

    return step


def seat_hears(seat: str = "seat01") -> Step:
    """Who sits there has heard the prompt to its end."""
    return _of_playing(lambda world: world.seat(seat))


def message_ends(spoken: float | None = 20.0, caller: int = 0) -> Step:
    """A caller ends the message that is being recorded."""

    def step(world: World) -> tuple[Event, ...]:
        leg = world.caller(caller)
        if leg.recording is None:
            raise GoneError
        world.switch.message_ends(leg.name, spoken)
        return ()

    return step


def answer_heard() -> Step:
    """A seat has heard what its feature code led to."""
    return _of_playing(lambda world: world.feature())


def seat_answers(seat: str = "seat01") -> Step:
    """A ringing softphone is answered."""
    return _of_ringing(lambda world: world.seat(seat))


def partner_answers() -> Step:
    """The outside number answers."""
    return _of_ringing(lambda world: world.partner())


def caller_goes(caller: int = 0) -> Step:
    """A caller hangs up."""
    return _goes(lambda world: world.caller(caller), Ending.NORMAL)


def seat_goes(ending: Ending = Ending.NORMAL, seat: str = "seat01") -> Step:
    """A softphone hangs up, declines or is lost."""
    return _goes(lambda world: world.seat(seat), ending)


def partner_goes(ending: Ending = Ending.NORMAL) -> Step:
    """The outside number hangs up, is busy, cannot be reached."""
    return _goes(lambda world: world.partner(), ending)


def nobody_renews(caller: int = 0) -> Step:
    """The controller is slow: the dead man's switch takes a caller from it."""

    def step(world: World) -> tuple[Event, ...]:
        leg = world.caller(caller)
        if not leg.guarded:
            raise GoneError
        world.switch.dead_mans_switch(leg.name)
        return ()

    return step


def is_fetched(caller: int = 0) -> Step:
    """A caller who waits with the dialplan is brought back."""

    def step(world: World) -> tuple[Event, ...]:
        leg = world.caller(caller)
        if not leg.outside:
            raise GoneError
        world.switch.comes_back(leg.name, world.now)
        return ()

    return step


def asks(*requests: Event) -> Step:
    """A person asks the controller by its API."""
    return lambda _: requests


def leads(request: Request | Led) -> Step:
    """A team leader asks the controller by its API."""
    return asks(Act(LEADER, request))


def ready(operator: str = "001", seat: str = "seat01") -> Step:
    """An operator signs in and is ready."""
    return asks(SignIn(operator, seat), BecomeReady(operator))


def keys(code: str, seat: str = "seat01") -> Step:
    """An operator in a talk presses these keys."""

    def step(world: World) -> tuple[Event, ...]:
        leg = world.seat(seat).name
        world.switch.told += [DigitPressed(leg, digit) for digit in code]
        return ()

    return step


def seat_dials(code: str, seat: str = "seat01") -> Step:
    """A seat calls a feature code, with the right PIN if it wants one."""

    def step(world: World) -> tuple[Event, ...]:
        world.switch.seat_dials(seat, code, pin_ok=True)
        return ()

    return step


def _of_playing(whose: Callable[[World], FakeLeg]) -> Step:
    def step(world: World) -> tuple[Event, ...]:
        leg = whose(world)
        if leg.playing is None:
            raise GoneError
        world.switch.prompt_ends(leg.name)
        return ()

    return step


def _of_ringing(whose: Callable[[World], FakeLeg]) -> Step:
    def step(world: World) -> tuple[Event, ...]:
        leg = whose(world)
        if leg.answered:
            raise GoneError
        world.switch.far_end_answers(leg.name)
        return ()

    return step


def _goes(whose: Callable[[World], FakeLeg], ending: Ending) -> Step:
    def step(world: World) -> tuple[Event, ...]:
        world.switch.far_end_goes(whose(world).name, ending)
        return ()

    return step
