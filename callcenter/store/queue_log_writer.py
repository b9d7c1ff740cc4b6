"""Our queue_log: the lines that the journal keeps, appended to a file, each once.

After each batch the journal notes which file it went to and how long that is now. What a crash left
behind that length is the beginning of the next batch: it is cut off, and written again. A file that
is renamed (rotated) is left alone from then on; the next line begins a new one.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from callcenter.disk import sync_names
from callcenter.store.journal import Written

log = structlog.get_logger(__name__)

BATCH = 500
_MODE = 0o640
"""There are callers' numbers in it; a program of the same group may read it."""


class Changed(Protocol):
    """Says that there are new lines: as an `asyncio.Event` does."""

    async def wait(self) -> object:
        """Return once there are some since `clear`."""

    def clear(self) -> None:
        """Forget that there are."""


class LineSource(Protocol):
    """The journal, as the writer sees it."""

    @property
    def lines_added(self) -> Changed:
        """Set whenever a line was added."""

    async def lines_after(self, seq: int, limit: int) -> list[tuple[int, str]]:
        """At most `limit` lines behind `seq`, with their sequence numbers, in order."""

    async def lines_written(self) -> Written | None:
        """How far the file goes."""

    async def keep_lines_written(self, written: Written) -> None:
        """Note how far the file goes."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Lines that are to be in the file next."""

    last: int
    """The last one's sequence number."""
    text: bytes


class QueueLogWriter:
    """Follows the journal; calls never wait for it."""

    def __init__(
        self,
        source: LineSource,
        file: Path,
        now: Callable[[], float],
        *,
        gather: float = 0.5,
        pause: float = 1.0,
        longest_pause: float = 30.0,
    ) -> None:
        self._source = source
        self._file = file
        self._now = now
        self._gather = gather
        self._pause = pause
        self._longest_pause = longest_pause
        self.error: str | None = None
        """Why the last try failed."""
        self.failing_since: float | None = None

    async def run(self) -> None:
        """Write until cancelled; what cannot be written is tried again, ever less often."""
        pause = self._pause
        while True:
            self._source.lines_added.clear()
            try:
                await self.catch_up()
            except (OSError, sqlite3.Error) as failure:
                self._failed(failure)
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._longest_pause)
                continue
            if self.failing_since is not None:
                log.info("queue_log_written_again")
            self.error = self.failing_since = None
            pause = self._pause
            await asyncio.sleep(self._gather)  # then many lines at once: calls want the disk too
            await self._source.lines_added.wait()

    async def catch_up(self) -> None:
        """Write every line that the journal has now; raises OSError or sqlite3.Error."""
        written = await self._source.lines_written()
        if written is None:
            written = await self._append(_Batch(0, b""), None)
        while lines := await self._source.lines_after(written.seq, BATCH):
            text = "".join(f"{line}\n" for _, line in lines)
            written = await self._append(_Batch(lines[-1][0], text.encode()), written)

    async def _append(self, batch: _Batch, written: Written | None) -> Written:
        written = await asyncio.to_thread(_append, self._file, batch, written)
        await self._source.keep_lines_written(written)
        return written

    def _failed(self, failure: Exception) -> None:
        self.error = f"{type(failure).__name__}: {failure}".splitlines()[0]
        if self.failing_since is None:
            self.failing_since = self._now()
            log.warning("queue_log_not_written", error=self.error)


def _append(file: Path, batch: _Batch, written: Written | None) -> Written:
    """Put the batch at the file's end, and onto the disk."""
    if written is not None:
        _cut_back(file, batch, written)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, _MODE)
    try:
        rest = memoryview(batch.text)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fdatasync(handle)
        there = os.fstat(handle)
        if written is None or there.st_ino != written.inode:
            sync_names(file.parent)
        return Written(batch.last, there.st_ino, there.st_size)
    finally:
        os.close(handle)


def _cut_back(file: Path, batch: _Batch, written: Written) -> None:
    """Remove what was written and not noted, from the file, or from the one that it was before.

    Only what is going to be written again is removed: a journal that was put back from a copy knows
    less than the file has.
    """
    for each in (file, *sorted(file.parent.glob(f"{file.name}?*"))):
        try:
            with each.open("r+b") as opened:
                if os.fstat(opened.fileno()).st_ino != written.inode:
                    continue
                opened.seek(written.size)
                left = opened.read(len(batch.text) + 1)
                if left and batch.text.startswith(left):
                    opened.truncate(written.size)
                return
        except FileNotFoundError:
            continue
