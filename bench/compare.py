"""Runs: one side under one load, pairs of the two sides in turn, and the controller's memory."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import packets
from bench.calls import CallTimes, follow
from bench.capture import capturing
from bench.figures import Figures, Pair
from bench.processes import cpu_milliseconds, megabytes
from bench.sides import Side, SideError, Starter, native, ours
from bench.telephones import VOICE, Load, call, register, seats

CAPTURE = "capture.pcap"
_POLL_SECONDS = 0.2
_MEMORY_RATE = 20.0
_MEMORY_TALK = 5.0
"""Seconds that all calls are up together."""


@dataclass(frozen=True)
class Scale:
    """So many seats, and the load on them."""

    seats: int
    load: Load
    warm_up: int
    """Of the calls: the first ones, which are not timed but must not fail either."""

    @property
    def name(self) -> str:
        """For a table."""
        return f"{self.seats} seats, {self.load.rate:g} calls/s"


async def pair(scale: Scale, folder: Path, say: Callable[[Figures], None]) -> Pair:
    """app_queue, then this controller; each run's capture and logs stay in `folder`."""
    first = await run(native, scale, folder / "app_queue")
    say(first)
    second = await run(ours, scale, folder / "callcenter")
    say(second)
    return Pair(first, second)


async def run(start: Starter, scale: Scale, folder: Path) -> Figures:
    """One run of one side. Raises SideError, SippError or CaptureError if it cannot be made."""
    async with staffed(start, scale.seats, folder) as side:
        return await measure(side, scale, folder)


async def measure(side: Side, scale: Scale, folder: Path, *, first: int = 1) -> Figures:
    """The figures of one load on a side that is there; `first` numbers its callers.

    Raises SippError or CaptureError if it cannot be made.
    """
    before = {name: cpu_milliseconds(pid) for name, pid in side.processes.items()}
    with capturing(folder / CAPTURE, side.server, side.carrier, VOICE):
        callers = folder / "callers"
        well = await call(callers, side.carrier, side.server, scale.load, first=first)
    work = {
        name: (cpu_milliseconds(pid) - before[name]) / scale.load.calls
        for name, pid in side.processes.items()
    }
    calls = follow(packets.read(folder / CAPTURE), side.server, VOICE)
    return judge(side.name, calls, scale, work, sipp_well=well)


def judge(
    side: str,
    calls: Sequence[CallTimes],
    scale: Scale,
    work: Mapping[str, float],
    *,
    sipp_well: bool,
) -> Figures:
    """The figures of a run from its calls."""
    faults = [f"{each.caller}: {each.fault}" for each in calls if each.fault is not None]
    if len(calls) != scale.load.calls:
        faults.append(f"{len(calls)} calls were seen, not {scale.load.calls}")
    if not (sipp_well or faults):
        faults.append("a call did not go as written: sipp says which in callers/errors")
    timed = calls[scale.warm_up :]
    return Figures(
        side=side,
        heard=tuple(each.until(each.heard) for each in timed if each.heard is not None),
        answered=tuple(each.until(each.answered) for each in timed if each.answered is not None),
        faults=tuple(faults),
        work=work,
    )


async def memory(count: int, folder: Path) -> float:
    """The controller's resident memory in MB with so many calls up; the most it had.

    Raises as `run` does.
    """
    load = Load(calls=count, rate=_MEMORY_RATE, talk=count / _MEMORY_RATE + _MEMORY_TALK)
    async with staffed(ours, count, folder) as side:
        calling = asyncio.create_task(call(folder / "callers", side.carrier, side.server, load))
        most = 0.0
        while not calling.done():
            await asyncio.wait({calling}, timeout=_POLL_SECONDS)
            most = max(most, megabytes(side.processes["controller"]))
        if not await calling:
            raise SideError(f"not all of {count} calls were up: see {folder}/callers/errors")
    return most


@asynccontextmanager
async def staffed(start: Starter, count: int, folder: Path) -> AsyncIterator[Side]:
    """A side with every seat waiting for calls; its own data is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="cc-bench-") as made:
        async with start(Path(made), count) as side:
            await register(folder / "registering", side.seats, side.server, side.passwords)
            async with seats(folder / "seats", side.seats):
                await side.get_ready()
                yield side
