"""The centre's clock: it passes evenly, and is led after the machine's clock when that is set."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
CATCH_UP = 0.05
"""Seconds made up in a second: so much longer or shorter is a time that is measured meanwhile."""


class Clock:
    """Seconds since 1970 UTC, `offset` seconds ahead of the machine's clock (a rehearsal).

    Deadlines and durations are told by `now`: it counts what passes, never stands still, and never
    goes back. Whoever sets the machine's clock moves `wall` alone; `now` is then slowly led after
    it. What people go by (opening hours) is decided by `wall`.
    """

    def __init__(
        self,
        offset: float = 0.0,
        *,
        machine: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`machine` is the clock that may be set; `steady` counts seconds from any beginning."""
        self.offset = offset
        self._machine = machine
        self._steady = steady
        self._base = self.wall()
        self._since = steady()
        """When `now` was `_base`."""
        self._left = 0.0
        """What was to be made up from then on."""

    def now(self) -> float:
        """The moment that the centre reckons with."""
        return self._at(self._steady())

    def wall(self) -> float:
        """The moment as the machine has it, `offset` included: it may jump."""
        return self._machine() + self.offset

    def seconds_until(self, moment: float) -> float:
        """How long to wait, at the least, until `now` is that moment; 0 once it has come."""
        left = max(0.0, moment - self.now())
        return left / (1 + CATCH_UP) if self._left > 0 else left

    def steady(self) -> float:
        """Seconds since the machine started, or any other beginning that lasts until it ends."""
        return self._steady()

    def ahead(self) -> float:
        """Seconds by which `wall` is ahead of `now`: not 0 after the machine's clock was set."""
        return self.wall() - self.now()

    def datetime(self) -> datetime:
        """The wall's moment in Asia/Shanghai."""
        return datetime.fromtimestamp(self.wall(), UTC).astimezone(SHANGHAI)

    def from_machine(self) -> float:
        """What to add to a moment by the machine's clock, just noted, to have it by `now`."""
        return self.now() - self._machine()

    # -- keeping it right --------------------------------------------------------------------------

    def follow(self) -> None:
        """Compare with the machine's clock, and begin to make up what is missing or too much."""
        steady = self._steady()
        self._base, self._since = self._at(steady), steady
        self._left = self.wall() - self._base

    def leap(self) -> None:
        """Go on from the machine's moment at once, if that is ahead: nobody may be measuring."""
        self._base, self._since = max(self.wall(), self.now()), self._steady()
        self._left = 0.0

    def go_on(self, now: float, steady: float) -> None:
        """Go on as the clock that had this `now` when `steady` was that, on the same machine."""
        self._since = self._steady()
        self._base = now + (self._since - steady)
        self._left = 0.0

    def _at(self, steady: float) -> float:
        passed = steady - self._since
        made_up = min(passed * CATCH_UP, abs(self._left))
        return self._base + passed + math.copysign(made_up, self._left)
