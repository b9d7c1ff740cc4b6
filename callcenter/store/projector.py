"""Orders and operators' changes follow the journal, however often the store fails.

A call makes a record whenever something about it changes; those that come close together are filed
together, as the latest of each call. Of operators every change is filed.

The call path never waits for the order store. While the store is away the records stay in the
journal; the projector tries again, ever less often, and goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.store.cursors import Cursor

log = structlog.get_logger(__name__)

R = TypeVar("R")
"""What is filed: orders, or operators' changes."""
R_contra = TypeVar("R_contra", contravariant=True)


class Changed(Protocol):
    """Says that the journal grew: as an `asyncio.Event` does."""

    async def wait(self) -> object:
        """Return once it grew since `clear`."""

    def clear(self) -> None:
        """Forget that it grew."""


class Source(Protocol[R]):
    """The journal, as a projector sees it."""

    @property
    def changed(self) -> Changed:
        """Set whenever a record was written."""

    async def after(self, seq: int, limit: int) -> list[tuple[int, R]]:
        """At most `limit` records behind `seq`, with their sequence numbers, in order."""

    async def latest_after(self, seq: int, limit: int) -> list[tuple[int, R]]:
        """Of those, the ones that no later one makes needless."""


class Sink(Protocol[R_contra]):
    """The order store, as a projector sees it."""

    async def prepare(self) -> None:
        """Make ready; may be repeated."""

    async def cursor(self) -> Cursor:
        """How far the journal is filed."""

    async def file(self, records: Sequence[R_contra], position: int) -> None:
        """Store the records and the position together; may be repeated."""

    def identity(self, record: R_contra) -> str:
        """Tells a record from all others; the cursor keeps the last one's."""


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """How the filing stands."""

    position: int
    """The last journal sequence that is filed."""
    failing_since: float | None = None
    """When the store began to fail; None while it works."""
    error: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the last try went well."""
        return self.failing_since is None


class Projector(Generic[R]):
    """Files the journal's records into the store, for ever: `batch` in one transaction.

    After each filing it rests for `rest` seconds. All seconds here are the loop's.
    """

    def __init__(
        self,
        source: Source[R],
        sink: Sink[R],
        now: Callable[[], float],
        *,
        first_pause: float = 0.25,
        longest_pause: float = 30.0,
        rest: float = 0.5,
        batch: int = 500,
    ) -> None:
        self._source = source
        self._sink = sink
        self._now = now
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._rest = rest
        self._batch = batch
        self._position: int | None = None
        self._failing_since: float | None = None
        self._error: str | None = None

    def health(self) -> StoreHealth:
        """How the filing stands now."""
        return StoreHealth(self._position or 0, self._failing_since, self._error)

    async def run(self) -> None:
        """File until cancelled."""
        pause = self._first_pause
        while True:
            try:
                await self._follow()
            except (SQLAlchemyError, OSError, sqlite3.Error) as failure:
                if self._failing_since is None:
                    self._failing_since = self._now()
                    pause = self._first_pause
                self._error = f"{type(failure).__name__}: {failure}".splitlines()[0]
                log.warning("order_store_failed", error=self._error, retry_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._longest_pause)

    async def catch_up(self) -> None:
        """File everything that is in the journal now; raises what the store raises."""
        if self._position is None:
            await self._sink.prepare()
            self._position = await self._start()
        while records := await self._source.latest_after(self._position, self._batch):
            passed, last = self._position, records[-1][0]
            await self._sink.file([record for _, record in records], last)
            self._position = last
            self._recovered()
            if last - passed < self._batch:  # numbers may be missing, never twice: that was all
                break
        self._recovered()

    async def _start(self) -> int:
        """Where to go on: at the beginning, if the journal is not the one that was filed.

        A loss of power can take the journal's last records with it, and a journal can be lost or
        put back. What is filed again changes nothing.
        """
        cursor = await self._sink.cursor()
        if cursor.position == 0:
            return 0
        there = await self._source.after(cursor.position - 1, 1)
        if [(seq, self._sink.identity(record)) for seq, record in there] == [
            (cursor.position, cursor.record)
        ]:
            return cursor.position
        log.warning("journal_is_another_one", filed_up_to=cursor.position)
        return 0

    async def _follow(self) -> None:
        while True:
            self._source.changed.clear()
            await self.catch_up()
            await asyncio.sleep(self._rest)  # what comes meanwhile is filed together
            await self._source.changed.wait()

    def _recovered(self) -> None:
        if self._failing_since is not None:
            seconds = round(self._now() - self._failing_since, 3)
            log.info("order_store_recovered", after_seconds=seconds)
        self._failing_since = None
        self._error = None
