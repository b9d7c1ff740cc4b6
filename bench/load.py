"""How many calls a second each side bears, and what a call costs it then.

    python -m bench.load
    python -m bench.load --waiting 400

sipp is carrier and seats on the same processors, and there are more seats than talks at any time,
so the processors are the limit. The rate goes up step by step, until the 99th percentile of the
time from the INVITE to the seat's voice is above `LATE` twice in a row. Printed are each step, and
our figures by app_queue's: calls a second, processor time a call, 95th percentile, memory.

With `--waiting` so many callers wait all the while, with music, in a queue that nobody serves. Each
takes Asterisk some 2 ms a second, whichever side it is: two cores do not bear 2,000.

Where a call failed though callers were in time nothing is compared; at the rate that is too much
for a side, calls may fail. The exit code is 1 where a limit is missed, 2 where nothing is compared.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import mkdtemp

from bench import sides
from bench.compare import Scale, measure, staffed
from bench.figures import Figures, line, percentile
from bench.packets import CaptureError
from bench.plan import CROWD_NUMBER
from bench.processes import machine, megabytes
from bench.sides import Side, SideError, Starter
from bench.telephones import Load, SippError, waiting
from callcenter.asterisk.process import AsteriskError

LATE = 50.0
"""ms."""
FIRST, STEP, MOST = 20, 10, 250
"""Calls a second."""
SECONDS, WARM_UP_SECONDS = 10, 2
"""Of a step; the first ones are not timed."""
SEATS = 500
"""More than talks of a second at `MOST`, in time or late."""
MARK = 60
"""Calls a second at which the two are compared, where both bear them."""
LEAST_CALLS, MOST_WORK, MOST_TIME = 0.7, 1.6, 1.25
"""Ours by app_queue's."""


class LoadError(Exception):
    """There is nothing to compare; the text says why."""


@dataclass(frozen=True)
class Step:
    """A side at one rate."""

    rate: int
    figures: Figures
    memory: float
    """Resident, of all its processes, in MB."""

    @property
    def late(self) -> bool:
        """Whether callers hear the seat too late."""
        return percentile(self.figures.heard, 99) > LATE

    @property
    def work(self) -> float:
        """ms of processor time a call, of all its processes."""
        return sum(self.figures.work.values())


@dataclass(frozen=True)
class Climb:
    """One side's steps, the last one of each rate."""

    steps: tuple[Step, ...]

    @property
    def bears(self) -> int:
        """The highest rate in time; 0 where it was late from the beginning."""
        return max((step.rate for step in self.steps if not step.late), default=0)

    def at(self, rate: int) -> Step:
        """What it was like at that rate."""
        return next(step for step in self.steps if step.rate == rate)


@dataclass(frozen=True)
class Row:
    """One figure of both sides."""

    name: str
    native: float
    ours: float
    ratio: float
    least: float | None = None
    most: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the ratio is within its limit."""
        too_low = self.least is not None and self.ratio < self.least
        return not too_low and (self.most is None or self.ratio <= self.most)

    def __str__(self) -> str:
        """For a table."""
        limit = "" if self.least is None else f"≥ {self.least:g}"
        limit = limit if self.most is None else f"≤ {self.most:g}"
        cells = (self.name, f"{self.native:.1f}", f"{self.ours:.1f}", f"{self.ratio:.2f}", limit)
        return f"| {' | '.join(cells)} |"


def rows(pairs: Sequence[tuple[Climb, Climb]]) -> list[Row]:
    """Medians over pairs of app_queue's climb and ours. Raises LoadError where nothing is told."""
    faults = [
        f"{step.figures.side} at {step.rate} calls/s: {fault}"
        for pair in pairs
        for climb in pair
        for step in climb.steps
        if not step.late
        for fault in step.figures.faults
    ]
    if faults:
        raise LoadError(f"{len(faults)} calls failed: {'; '.join(faults[:5])}")
    rate = min(MARK, *(climb.bears for pair in pairs for climb in pair))
    if rate < FIRST:
        raise LoadError(f"callers are late at {FIRST} calls/s already: is the machine busy?")

    def row(
        name: str,
        values: Sequence[tuple[float, float]],
        *,
        least: float | None = None,
        most: float | None = None,
    ) -> Row:
        native, ours = (median(value[side] for value in values) for side in (0, 1))
        ratio = median(mine / theirs for theirs, mine in values)
        return Row(name, native, ours, ratio, least, most)

    at = [(theirs.at(rate), mine.at(rate)) for theirs, mine in pairs]
    return [
        row(
            f"calls/s, 99 of 100 within {LATE:g} ms",
            [(theirs.bears, mine.bears) for theirs, mine in pairs],
            least=LEAST_CALLS,
        ),
        row(
            f"processor time a call at {rate} calls/s, ms",
            [(theirs.work, mine.work) for theirs, mine in at],
            most=MOST_WORK,
        ),
        row(
            f"95th percentile at {rate} calls/s, ms",
            [(theirs.figures.p95, mine.figures.p95) for theirs, mine in at],
            most=MOST_TIME,
        ),
        row(
            "memory in the end, MB",
            [(theirs.steps[-1].memory, mine.steps[-1].memory) for theirs, mine in pairs],
        ),
    ]


async def climb(start: Starter, crowd: int, folder: Path) -> Climb:
    """Step up until callers are late twice. Raises SideError, SippError or CaptureError."""
    steps: dict[int, Step] = {}
    async with staffed(start, SEATS, folder) as side, _crowded(side, crowd, folder):
        first, again = 1, False
        rate = FIRST
        while rate <= MOST:
            load = Load(calls=rate * SECONDS, rate=rate)
            scale = Scale(SEATS, load, warm_up=rate * WARM_UP_SECONDS)
            name = f"{rate}-again" if again else f"{rate}"
            figures = await measure(side, scale, folder / name, first=first)
            step = steps[rate] = Step(rate, figures, _memory(side))
            print(f"  {rate:>3} calls/s  {line(figures)}  {step.memory:.0f} MB", flush=True)
            first += load.calls
            if figures.faults or (step.late and again):
                break
            again = step.late
            rate += 0 if again else STEP
    return Climb(tuple(steps.values()))


@asynccontextmanager
async def _crowded(side: Side, crowd: int, folder: Path) -> AsyncIterator[None]:
    if not crowd:
        yield
        return
    async with waiting(folder / "crowd", side.crowd, side.server, CROWD_NUMBER, crowd):
        yield


def _memory(side: Side) -> float:
    return sum(megabytes(pid) for pid in side.processes.values())


async def compare(count: int, crowd: int, folder: Path) -> list[Row]:
    """Climbs of both sides in turn."""
    pairs: list[tuple[Climb, Climb]] = []
    for number in range(1, count + 1):
        climbs: list[Climb] = []
        for start in (sides.native, sides.ours):
            print(f"\n{start.__name__}, {crowd} waiting", flush=True)
            climbs.append(await climb(start, crowd, folder / f"{number}-{start.__name__}"))
        pairs.append((climbs[0], climbs[1]))
    return rows(pairs)


def main() -> int:
    """Run it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--pairs", type=int, default=1, help="climbs of each side")
    parser.add_argument("--waiting", type=int, default=0, help="callers who wait meanwhile")
    parser.add_argument("--keep", type=Path, help="a new folder for captures and logs")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = arguments.keep or Path(mkdtemp(prefix="bench-load-"))
    print(f"{machine()}\nlogs and captures: {folder}", flush=True)
    try:
        found = asyncio.run(compare(arguments.pairs, arguments.waiting, folder))
    except KeyboardInterrupt:
        return 130
    except (LoadError, SideError, SippError, CaptureError, AsteriskError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    print("\n| | app_queue | callcenter | ratio | limit |\n|---|---|---|---|---|")
    print("\n".join(str(row) for row in found))
    return 0 if all(row.holds for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
