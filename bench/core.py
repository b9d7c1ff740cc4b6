"""What an event costs in the core: 1,000 operators and 2,000 waiting callers, and a small house.

    python -m bench.core

A busy hour is played through `step` in simulated time: callers come, an operator ends a talk and
takes the next who waits, and who waits hears an announcement every now and then (a deadline). Two
houses take turns on the same processor; printed is what each kind of event takes in µs of processor
time: the mean, and in brackets the median and what 95 of 100 stay below. The exit code is 1 where
an event in the large house costs more than `LIMIT` on the mean.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time_ns

from bench.figures import percentile
from bench.plan import operators, write_plan
from callcenter.app import spare_the_collector
from callcenter.calls.centre import step
from callcenter.calls.commands import Dial
from callcenter.calls.events import (
    BecomeReady,
    DeadlineReached,
    Event,
    SeatReachable,
    SignIn,
)
from callcenter.calls.state import Centre, Phase
from callcenter.numberplan.loader import load
from callcenter.numberplan.model import Plan
from tests.fakes.switch import FakeSwitch

LIMIT = 50.0
"""µs an event, on the mean of all."""
CALLS = 1000
"""A round: so many come, are taken and end."""
START = 1_512_086_400.0
RATE = 20.0
"""Calls a second."""


@dataclass(frozen=True)
class Size:
    """How large a house is."""

    operators: int
    waiting: int

    def __str__(self) -> str:
        return f"{self.operators} operators, {self.waiting} waiting"


SMALL, LARGE = Size(20, 40), Size(1000, 2000)


@dataclass
class House:
    """A centre where everybody talks and the rest waits, with a fake exchange."""

    plan: Plan
    now: float = START
    centre: Centre = field(default_factory=Centre)
    switch: FakeSwitch = field(default_factory=FakeSwitch)
    spent: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Nanoseconds of processor time of each event, by its kind."""
    callers: int = 0
    ringing: list[str] = field(default_factory=list)
    talking: deque[str] = field(default_factory=deque)
    """Operators' legs, who talks longest first."""

    @classmethod
    def filled(cls, size: Size, folder: Path) -> House:
        """With so many operators who talk, and so many callers who wait."""
        write_plan(folder, size.operators)
        plan = load(folder).plan
        if plan is None:
            raise ValueError(f"the plan in {folder} has errors")
        house = cls(plan)
        for number in operators(size.operators):
            house.happens(SeatReachable(f"seat{number}", True))
            house.happens(SignIn(number, f"seat{number}"))
            house.happens(BecomeReady(number))
        for _ in range(size.operators + size.waiting):
            house.arrives()
        waiting = sum(call.phase is Phase.WAITING for call in house.centre.calls.values())
        if waiting != size.waiting:
            raise ValueError(f"only {waiting} callers wait: has the trunk channels enough?")
        house.spent.clear()
        return house

    def happens(self, event: Event) -> None:
        """One event, measured; what it leads to follows."""
        before = process_time_ns()
        result = step(self.centre, event, self.plan, self.now)
        self.spent[type(event).__name__].append(process_time_ns() - before)
        self.switch.send(result.commands)
        self.ringing += [each.leg for each in result.commands if isinstance(each, Dial)]

    def arrives(self) -> None:
        """A citizen calls; who is offered the call answers."""
        self.passes()
        self.callers += 1
        self.switch.caller_arrives("12345", "telecom", f"138{self.callers:08d}")
        self._settle()

    def ends(self) -> None:
        """The operator who has talked longest hangs up."""
        self.passes()
        self.switch.far_end_goes(self.talking.popleft())
        self._settle()

    def mean(self) -> float:
        """µs an event."""
        times = [each for kind in self.spent.values() for each in kind]
        return sum(times) / len(times) / 1000

    def passes(self) -> None:
        """Time goes on; deadlines are met."""
        self.now += 1 / RATE
        while (due := self.centre.deadline()) is not None and due <= self.now:
            self.happens(DeadlineReached())
            self._settle()

    def _settle(self) -> None:
        """All news, and every seat that rings answers."""
        while self.switch.told or self.ringing:
            if self.switch.told:
                self.happens(self.switch.told.pop(0))
            else:
                leg = self.ringing.pop(0)
                self.switch.far_end_answers(leg)
                self.talking.append(leg)


def main() -> int:
    """Run it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.core", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with TemporaryDirectory() as folder:
        houses = {
            size: House.filled(size, Path(folder) / str(size.operators)) for size in (SMALL, LARGE)
        }
    spare_the_collector()  # as the controller does once it is up
    for _ in range(rounds):
        for house in houses.values():
            for _ in range(CALLS):
                house.arrives()
                house.ends()
    means = {size: house.mean() for size, house in houses.items()}
    print(table({size: house.spent for size, house in houses.items()}))
    print(f"ratio {means[LARGE] / means[SMALL]:.2f}; limit {LIMIT:.0f} µs an event")
    return int(means[LARGE] > LIMIT)


def table(spent: Mapping[Size, Mapping[str, list[int]]]) -> str:
    """µs of each kind of event in each house, and of all: the mean, the median and what 95 of 100
    stay below; the dearest first.
    """
    kinds = {kind for each in spent.values() for kind in each}
    total = {kind: sum(sum(each.get(kind, ())) for each in spent.values()) for kind in kinds}
    rows = [("event", *map(str, spent)), ("---", *("---" for _ in spent))]
    for kind in sorted(kinds, key=lambda kind: -total[kind]):
        rows.append((kind, *(_figures(each.get(kind, [])) for each in spent.values())))
    everything = ([ns for times in each.values() for ns in times] for each in spent.values())
    rows.append(("all", *map(_figures, everything)))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _figures(times: list[int]) -> str:
    if not times:
        return "–"
    in_all = (sum(times) / len(times), percentile(times, 50), percentile(times, 95))
    mean, median, most = (each / 1000 for each in in_all)
    return f"{mean:.1f} ({median:.0f}, {most:.0f})"


if __name__ == "__main__":
    sys.exit(main())
