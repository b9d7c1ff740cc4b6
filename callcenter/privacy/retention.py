"""The job that erases personal data in time, once a day: its terms are settings, 0 is never.

Each step is a transaction that leaves less to do, so a death anywhere is followed by the rest of it
at the next start. Calls come first: it does little at a time, and rests in between.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.calls.forgetting import asked_for
from callcenter.calls.protection import is_ours
from callcenter.privacy.lines import ASTERISK_LOG, QUEUE_LOG, Form, strike
from callcenter.recordings.archive import remove
from callcenter.runtime import Runtime
from callcenter.store.journal import Journal
from callcenter.store.personal import PersonalData
from callcenter.store.recordings import RecordingStore, RemovedBecause

log = structlog.get_logger(__name__)

DAY = 86400.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 600.0
"""Seconds after a failure: ever more, until something goes well."""
REST = 0.1
"""Seconds between two steps."""
LATE_SECONDS = 2 * DAY
"""Without a whole round for so long it has fallen behind."""
ORDERS = 100
"""Erased in one transaction."""
_COMPRESSED = {".gz", ".xz", ".zst", ".bz2"}
ASTERISKS_LINES = "queue_log"
"""The journal's cursor in Asterisk's queue_log."""


class Retention:
    """Erases what is older than its term. Run `run` as a task."""

    def __init__(
        self,
        runtime: Runtime,
        journal: Journal,
        orders: PersonalData,
        recordings: RecordingStore,
        *,
        recordings_folder: Path,
        own_lines: Path,
        asterisks_lines: Path,
        asterisks_log: Path,
        orders_days: int,
        logs_days: int,
    ) -> None:
        """`own_lines`, `asterisks_lines`: the two queue_logs. Days; 0 is never."""
        self._runtime = runtime
        self._journal = journal
        self._orders = orders
        self._recordings = recordings
        self._folder = recordings_folder
        self._own_lines = own_lines
        self._asterisks_lines = asterisks_lines
        self._asterisks_log = asterisks_log
        self._orders_days = orders_days
        self._logs_days = logs_days
        self._round_at = time.monotonic()
        self.failing_since: float | None = None
        self.error: str | None = None
        """Why the last try failed."""
        self.due = 0
        """Orders that are still to be erased."""
        self.erased = 0
        """Orders erased since the start."""

    @property
    def ok(self) -> bool:
        """Whether it erases in time."""
        return self.error is None and not self._is_late()

    def told(self) -> str:
        """How it stands, for /healthz."""
        if self.error is not None:
            return self.error
        if not (self._orders_days or self._logs_days):
            return "off: no term is set"
        if self._is_late():
            return f"behind: {self.due} orders are still to be erased"
        return f"{self.erased} orders erased since the start, {self.due} to be erased"

    def _is_late(self) -> bool:
        return time.monotonic() - self._round_at > LATE_SECONDS

    async def run(self) -> None:
        """Erase at the start and once a day, until cancelled; after a failure again and again."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self.round()
            except (SQLAlchemyError, OSError, sqlite3.Error) as failure:
                self._failed(failure)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            pause = FIRST_PAUSE
            self.error = self.failing_since = None
            self._round_at = time.monotonic()
            await asyncio.sleep(DAY)

    def _failed(self, failure: Exception) -> None:
        self.error = f"{type(failure).__name__}: {failure}".splitlines()[0]
        if self.failing_since is None:
            self.failing_since = self._runtime.clock.now()
            log.warning("personal_data_not_erased", error=self.error)

    async def round(self) -> None:
        """Erase all that is due now. Raises SQLAlchemyError, OSError, sqlite3.Error."""
        now = self._runtime.clock.now()
        if self._orders_days:
            before = now - self._orders_days * DAY
            await self._erase_orders(before)
            await self._delete_recordings(before)
            await _all(lambda: self._orders.erase_audit(before, ORDERS))
            await self._forget(before)
        if self._logs_days:
            await self._strike(now - self._logs_days * DAY)

    async def _erase_orders(self, before: float) -> None:
        self.due = (await self._orders.due(before)).orders
        erased = 0
        while count := await self._orders.erase(
            before, self._runtime.clock.now(), ORDERS, self._is_ours
        ):
            erased += count
            self.erased += count
            self.due = max(0, self.due - count)
            await asyncio.sleep(REST)
        self.due = 0
        if erased:
            log.info("personal_data_erased", orders=erased, days=self._orders_days)

    async def _delete_recordings(self, before: float) -> None:
        while some := await self._recordings.of_erased_orders(before, ORDERS):
            now = self._runtime.clock.now()
            await remove(self._folder, self._recordings, some, now, RemovedBecause.ERASED)
            await asyncio.sleep(REST)

    async def _forget(self, before: float) -> None:
        """Have the centre and its journal forget; not what a call that still lives began with."""
        runtime = self._runtime
        opened = (call.opened for call in runtime.centre.calls.values())
        before = min((before, *opened))
        runtime.post(asked_for(runtime.shield, before, runtime.clock.now()))
        await runtime.turned()
        await runtime.keep_snapshot()
        events = await _all(lambda: self._journal.forget(before, self._is_ours))
        if events:
            log.info("journal_forgot", events=events, days=self._orders_days)

    async def _strike(self, before: float) -> None:
        """Callers in the logs and in those that were renamed; queue_log's once it was read."""
        read = await self._journal.cursor(ASTERISKS_LINES)
        for file, form in (
            (self._own_lines, QUEUE_LOG),
            (self._asterisks_lines, QUEUE_LOG),
            (self._asterisks_log, ASTERISK_LOG),
        ):
            for each in sorted(file.parent.glob(f"{file.name}*")):
                if each.suffix in _COMPRESSED:
                    continue
                limit = read if each == self._asterisks_lines else None
                await self._strike_out(each, form, before, limit)

    async def _strike_out(self, file: Path, form: Form, before: float, limit: int | None) -> None:
        lines = await asyncio.to_thread(strike, file, form, before, limit)
        if lines:
            log.info("log_struck_out", file=file.name, lines=lines)

    def _is_ours(self, number: str) -> bool:
        return is_ours(self._runtime.plan, number)


async def _all(step: Callable[[], Awaitable[int]]) -> int:
    """Do it until nothing is left; how much that was."""
    done = 0
    while count := await step():
        done += count
        await asyncio.sleep(REST)
    return done
