"""The clock: the real one, or a rehearsal's, shifted by a fixed number of seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds since 1970 UTC, `offset` seconds ahead of the machine's clock."""

    offset: float = 0.0

    def now(self) -> float:
        """The moment, in seconds since 1970 UTC."""
        return time.time() + self.offset

    def datetime(self) -> datetime:
        """The moment in Asia/Shanghai."""
        return datetime.fromtimestamp(self.now(), UTC).astimezone(SHANGHAI)
