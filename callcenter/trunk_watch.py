"""By which trunks no call gets out: several in a row failed of late, and none got through since.

A partner who is busy or does not answer shows that the trunk works.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from callcenter.calls.events import Ending
from callcenter.orders.record import LegRecord, LegRole, OrderRecord

IN_A_ROW = 3
"""A single one may be the far end's own fault."""
FORGET_SECONDS = 600.0
"""An alarm goes on so long after the last one that failed: nobody may have tried since."""
_FAILED = frozenset({Ending.UNREACHABLE, Ending.CONGESTION})
_WORKED = frozenset({Ending.BUSY, Ending.DECLINED, Ending.NO_ANSWER, Ending.UNALLOCATED})


@dataclass(frozen=True)
class Trouble:
    """Calls that failed in a row. Times in seconds since 1970 UTC."""

    since: float
    last: float
    calls: int
    why: str
    """An `Ending`, of the last one."""


class TrunkWatch:
    """Learns from orders' records what became of the calls to partners."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._seen: dict[str, tuple[float, frozenset[str]]] = {}
        """By trunk: when a leg ended last, and which did then. A record tells all legs again."""
        self._trouble: dict[str, Trouble] = {}

    def note(self, record: OrderRecord) -> None:
        """Look at the legs that have ended."""
        for leg in record.legs:
            if leg.role is LegRole.PARTNER and leg.ended is not None:
                last, then = self._seen.get(leg.place, (0.0, frozenset()))
                if leg.ended > last:
                    then = frozenset()
                elif leg.ended < last or leg.leg in then:
                    continue
                self._seen[leg.place] = leg.ended, then | {leg.leg}
                self._ended(leg, leg.ended)

    def failing(self) -> dict[str, Trouble]:
        """By trunk, what goes on."""
        now = self._now()
        return {
            trunk: each
            for trunk, each in sorted(self._trouble.items())
            if each.calls >= IN_A_ROW and now - each.last < FORGET_SECONDS
        }

    def told(self) -> str:
        """In words."""
        lines = (
            f"{trunk}: the last {each.calls} calls failed ({each.why})"
            for trunk, each in self.failing().items()
        )
        return "; ".join(lines) or "calls get through"

    def _ended(self, leg: LegRecord, ended: float) -> None:
        if leg.answered is not None or leg.outcome in _WORKED:
            self._trouble.pop(leg.place, None)
        elif leg.outcome in _FAILED:
            was = self._trouble.get(leg.place)
            if was is None or ended - was.last >= FORGET_SECONDS:
                was = Trouble(ended, ended, 0, "")
            self._trouble[leg.place] = replace(
                was, last=ended, calls=was.calls + 1, why=str(leg.outcome)
            )
