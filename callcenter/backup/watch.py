"""Whether there is a backup that is young enough, as the running server tells it.

Where none was ever made the time counts from the first look, which is noted: a server that is new,
or that has just been restored, has as long to be backed up as any other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callcenter.backup.note import NOTE, Note, begin, read
from callcenter.orders.times import written

LOOK_SECONDS = 5.0
"""Between two looks at the note."""
HOUR = 3600.0


@dataclass(frozen=True)
class Standing:
    """How it stands, for /healthz."""

    ok: bool
    text: str
    since: float | None = None
    """Since when it is not ok, in seconds since 1970 UTC."""


class BackupWatch:
    """Looks at what is noted of the backups. Run `run` as a task."""

    def __init__(self, data: Path, hours: int, now: Callable[[], float] = time.time) -> None:
        """`hours`: how old the last one may be, 0 to let it be; `now`: the machine's clock."""
        self._data = data
        self._hours = hours
        self._now = now
        self.standing = Standing(ok=True, text="not looked at yet" if hours else "not watched")
        """At the last look."""

    async def run(self) -> None:
        """Look until cancelled, if at all."""
        while self._hours:
            # In a thread: the disk may be slow, or gone.
            self.standing = await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> Standing:
        """What the note says now."""
        try:
            known = read(self._data) or begin(self._data, self._now())
        except OSError as error:
            return Standing(ok=False, text=f"nothing can be known of backups: {error}")
        except ValueError:
            return Standing(
                ok=False, text=f"{self._data / NOTE} is damaged; the next backup makes it anew"
            )
        return judged(known, self._hours, self._now())


def judged(known: Note, hours: int, now: float) -> Standing:
    """Whether that is good enough where the last one may be so many hours old."""
    made, failed, longest = known.made, known.failed, hours * HOUR
    if made is None:
        last = f"none was made since {written(known.watched)}"
    else:
        without = "" if made.recordings else ", without recordings"
        last = f"the last one was made at {written(made.at)}: {made.file}{without}"
    if failed is not None:
        why = f"the last try, at {written(failed.at)}, failed: {failed.why}"
        return Standing(ok=False, text=f"{why}; {last}", since=failed.at)
    counted = known.watched if made is None else made.at
    if abs(now - counted) < longest:  # what lies far ahead was noted by a clock that was wrong
        return Standing(ok=True, text=last)
    return Standing(ok=False, text=f"overdue: {last}", since=min(now, counted + longest))
