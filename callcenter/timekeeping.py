"""Keeps the centre's clock: compares it with the machine's, tells the core the difference."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from callcenter.calls.events import ClockCompared, Event
from callcenter.calls.state import Centre, ClockReading
from callcenter.clock import Clock

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""Between two looks at the machine's clock."""
WORTH_TELLING = 1.0
"""Seconds by which the difference must have changed."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def this_clock(clock: Clock) -> str:
    """Names the count that `clock.steady` is: another one after each start of the machine."""
    return f"{_BOOT.read_text(encoding='ascii').strip()} {clock.offset:.3f}"


def take_up(clock: Clock, reading: ClockReading | None) -> None:
    """Have the clock go on from before a restart of ours: nobody set it meanwhile."""
    if reading is not None and reading.boot == this_clock(clock):
        clock.go_on(reading.at, reading.steady)


def is_at_rest(centre: Centre) -> bool:
    """Whether nothing is being measured: no call, and nobody signed in."""
    signed_in = any(each.seat is not None for each in centre.operators.values())
    return not (centre.calls or centre.features or centre.supervisions or signed_in)


class Timekeeper:
    """Looks at the clocks, for as long as it is asked to."""

    def __init__(self, clock: Clock, centre: Centre, tell: Callable[[Event], None]) -> None:
        self._clock = clock
        self._centre = centre
        self._tell = tell
        self._boot = this_clock(clock)
        self._told: float | None = None

    async def run(self) -> None:
        """Compare for ever."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Compare once."""
        clock = self._clock
        clock.follow()
        if clock.ahead() > WORTH_TELLING and is_at_rest(self._centre):
            clock.leap()
        now, steady, ahead = clock.now(), clock.steady(), clock.ahead()
        if self._told is not None and abs(ahead - self._told) < WORTH_TELLING:
            return
        if abs(ahead - (self._told or 0.0)) > 2 * WORTH_TELLING:
            log.warning("machine_clock_was_set", ahead=round(ahead, 3))
        self._told = ahead
        self._tell(ClockCompared(now, self._boot, steady, ahead))
