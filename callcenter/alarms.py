"""What is wrong and what was: each alarm begins and ends once, in the log and for whoever asks.

A part of /healthz that is not ok is an alarm; docs/operations.md says what each one means.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn

import structlog

from callcenter.web.health import Health

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""Between two looks: what is over sooner is no alarm."""
MOST_KEPT = 200
"""Alarms that are over, in memory; the log has all."""


@dataclass(frozen=True)
class Alarm:
    """Something that was wrong for a while. Times in seconds since 1970 UTC."""

    part: str
    text: str
    """What was the matter, when it was looked at last."""
    since: float
    until: float | None = None
    """None: it is not over."""


class Alarms:
    """Notes when parts fail and when they work again."""

    def __init__(self, health: Callable[[], Health], now: Callable[[], float]) -> None:
        self._health = health
        self._now = now
        self._raised: dict[str, Alarm] = {}
        self._over: deque[Alarm] = deque(maxlen=MOST_KEPT)

    async def run(self) -> NoReturn:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Compare with the last look."""
        now = self._now()
        for part in self._health().parts:
            was = self._raised.get(part.name)
            if not part.ok:
                self._raised[part.name] = Alarm(part.name, part.text, was.since if was else now)
                if was is None:
                    log.warning("alarm_raised", part=part.name, text=part.text)
            elif was is not None:
                del self._raised[part.name]
                self._over.append(replace(was, until=now))
                log.warning("alarm_over", part=part.name, after_seconds=round(now - was.since))

    @property
    def latest(self) -> tuple[Alarm, ...]:
        """Those that go on, then those that are over, the newest first in both."""
        return (*reversed(self._raised.values()), *reversed(self._over))
