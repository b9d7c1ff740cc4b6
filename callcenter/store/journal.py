"""The journal: every event in order, and what it led to (order records, operators' changes, rows of
the audit, calls that operators made, queue_log lines), in one local SQLite file.

It is always local, also where the orders live in PostgreSQL: the call path never waits for a remote
database. One thread of its own does all the writing (sqlite3 objects stay on it); a commit is whole
or not at all, and survives the death of the process at once. It does not wait for the disk: a loss
of power may take the last commits. Who tells somebody of them waits for `synced` first. That, the
checkpoints and the reading of what is to be filed are a second thread's, so that no call waits.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from callcenter.analytics.record import StateChange
from callcenter.calls.audit import AuditRecord
from callcenter.orders.outbound import OutboundRecord
from callcenter.orders.record import OrderRecord
from callcenter.privacy.records import Ours
from callcenter.store import forgetting

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY,
  at REAL NOT NULL,
  plan TEXT NOT NULL,
  logic INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  rejected TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS orders (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  event INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS states (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  event INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  event INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS outbound (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  event INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS queue_log (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  line TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS queue_log_file (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  seq INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  size INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS plans (hash TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS snapshots (
  seq INTEGER PRIMARY KEY,
  logic INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS cursors (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
"""

_RECORD = TypeAdapter(OrderRecord)
_CHANGE = TypeAdapter(StateChange)
_AUDIT = TypeAdapter(AuditRecord)
_OUTBOUND = TypeAdapter(OutboundRecord)
KEPT_SNAPSHOTS = 3
CHECKPOINT_ENTRIES = 500
"""After so many, what was committed moves from the write-ahead log into the database."""
_LARGEST_LOG = 50_000
"""Pages; then a commit moves them itself, should the second thread not have come to it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the journal keeps it, with what it led to."""

    seq: int
    at: float
    plan: str
    """Hash of the plan that was in force."""
    logic: int
    """Version of the logic that handled it."""
    kind: str
    body: str
    rejected: str | None = None
    """Why `step` raised on it; replay passes over such an entry."""
    records: tuple[OrderRecord, ...] = ()
    cursor: tuple[str, int] | None = None
    """A place in an outside file that this event moves on, in the same commit."""
    queue_log: tuple[str, ...] = ()
    """Lines for our queue_log."""
    states: tuple[StateChange, ...] = ()
    """What operators did from then on."""
    audit: tuple[AuditRecord, ...] = ()
    outbound: tuple[OutboundRecord, ...] = ()
    """What came of calls that operators made."""
    texts: str | None = None
    """The plan's, where the journal may not have them: old events are replayed under it."""


@dataclass(frozen=True, slots=True)
class Written:
    """How far the lines are in queue_log's file."""

    seq: int
    """The last line that is there."""
    inode: int
    """Which file: its name may stand for another one once it is rotated."""
    size: int
    """Bytes, with that line."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state after event `seq`, as JSON."""

    seq: int
    logic: int
    body: str


class Journal:
    """The journal's file. All methods but `open` may be called from any task, never concurrently
    from threads; the work itself is done in the order of the calls."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._second = ThreadPoolExecutor(1, thread_name_prefix="journal-disk")
        self._database: sqlite3.Connection | None = None
        self._aside: sqlite3.Connection | None = None
        self._log: int | None = None
        """The write-ahead log, opened to put it onto the disk."""
        self._commits = 0
        """Commits so far, and how many of them are on the disk."""
        self._synced = 0
        self._syncing = asyncio.Lock()
        self._unmoved = 0
        """Entries since the last checkpoint."""
        self._moving: asyncio.Future[None] | None = None
        self.changed = asyncio.Event()
        """Set whenever order records were added."""
        self.lines_added = asyncio.Event()
        """Set whenever lines for queue_log were added."""
        self.states_added = asyncio.Event()
        """Set whenever operators' changes were added."""
        self.audit_added = asyncio.Event()
        """Set whenever rows of the audit were added."""
        self.outbound_added = asyncio.Event()
        """Set whenever records of operators' own calls were added."""
        self.last_order = 0
        """Sequence number of the newest order record."""

    async def open(self) -> None:
        """Open or make the file.

        Raises:
            sqlite3.Error: the file is not a journal, or cannot be written.
        """
        await self._do(self._open)
        await self._do_aside(self._open_aside)

    async def close(self) -> None:
        """Finish what was begun and close the file."""
        await self._do_aside(self._close_aside)
        await self._do(self._close)
        self._second.shutdown()
        self._thread.shutdown()

    async def commit(self, entries: list[Entry], snapshot: Snapshot | None = None) -> None:
        """Store these entries together, with a snapshot if one is given, or nothing of it.

        Raises:
            sqlite3.Error: they could not be stored.
        """
        await self._do(lambda: self._commit(entries, snapshot))
        self._commits += 1
        self._unmoved += len(entries)
        if self._unmoved >= CHECKPOINT_ENTRIES and (self._moving is None or self._moving.done()):
            self._unmoved = 0
            self._moving = asyncio.ensure_future(self._do_aside(self._checkpoint))
        if any(entry.records for entry in entries):
            self.changed.set()
        if any(entry.queue_log for entry in entries):
            self.lines_added.set()
        if any(entry.states for entry in entries):
            self.states_added.set()
        if any(entry.audit for entry in entries):
            self.audit_added.set()
        if any(entry.outbound for entry in entries):
            self.outbound_added.set()

    async def synced(self) -> None:
        """Return once all that is committed now is on the disk, whatever happens to the machine.

        Raises:
            OSError: the disk does not take it.
        """
        wanted = self._commits
        async with self._syncing:  # one time serves all who came while another was under way
            if self._synced < wanted:
                reached = self._commits
                await self._do_aside(self._sync)
                self._synced = reached

    async def entries_after(self, seq: int, limit: int = 1000) -> list[Entry]:
        """The entries after `seq`, oldest first, without their records."""
        return await self._do(lambda: self._entries_after(seq, limit))

    async def orders_after(self, seq: int, limit: int) -> list[tuple[int, OrderRecord]]:
        """The order records after `seq`, each with its own sequence number, oldest first."""
        return await self._do_aside(lambda: self._orders_after(seq, limit))

    async def latest_orders_after(self, seq: int, limit: int) -> list[tuple[int, OrderRecord]]:
        """Of the first `limit` order records after `seq` each call's last one, oldest first.

        They are on the disk: what is filed is not lost here. Raises OSError if they cannot be.
        """
        found = await self._do_aside(lambda: self._latest_orders_after(seq, limit))
        if found:
            await self.synced()
        return found

    async def states_after(self, seq: int, limit: int) -> list[tuple[int, StateChange]]:
        """Operators' changes after `seq`, each with its own sequence number, oldest first.

        They are on the disk: what is filed is not lost here. Raises OSError if they cannot be.
        """
        found = await self._do_aside(lambda: self._states_after(seq, limit))
        if found:
            await self.synced()
        return found

    async def audit_after(self, seq: int, limit: int) -> list[tuple[int, AuditRecord]]:
        """Rows of the audit after `seq`, each with its own sequence number, oldest first.

        They are on the disk: what is filed is not lost here. Raises OSError if they cannot be.
        """
        found = await self._do_aside(lambda: self._audit_after(seq, limit))
        if found:
            await self.synced()
        return found

    async def outbound_after(self, seq: int, limit: int) -> list[tuple[int, OutboundRecord]]:
        """Records of operators' own calls after `seq`, each with its own sequence number.

        They are on the disk: what is filed is not lost here. Raises OSError if they cannot be.
        """
        found = await self._do_aside(lambda: self._outbound_after(seq, limit))
        if found:
            await self.synced()
        return found

    async def lines_after(self, seq: int, limit: int) -> list[tuple[int, str]]:
        """Lines for queue_log after `seq`, each with its own sequence number, oldest first."""
        return await self._do_aside(lambda: self._lines_after(seq, limit))

    async def lines_written(self) -> Written | None:
        """How far queue_log's file goes; None before the first line."""
        return await self._do(self._lines_written)

    async def keep_lines_written(self, written: Written) -> None:
        """Note how far queue_log's file goes; the lines that are in it are dropped here."""
        await self._do(lambda: self._keep_lines_written(written))

    async def plan(self, plan: str) -> str | None:
        """The texts of the plan with that hash."""
        return await self._do(lambda: self._text("SELECT body FROM plans WHERE hash = ?", plan))

    async def last_plan(self) -> str | None:
        """The texts of the plan that was in force last."""
        return await self._do(
            lambda: self._text(
                "SELECT plans.body FROM plans JOIN events ON plans.hash = events.plan"
                " ORDER BY seq DESC LIMIT 1"
            )
        )

    async def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Keep the state after an event; older snapshots but a few are dropped."""
        await self._do(lambda: self._commit([], snapshot))

    async def forget(self, before: float, ours: Ours) -> int:
        """Forget some events from before that moment, the oldest first; returns how many.

        0: there are none, or none that the newest snapshot holds. Raises sqlite3.Error.
        """
        return await self._do(lambda: self._forget(before, ours))

    async def oldest(self) -> float | None:
        """When the oldest event that is kept happened."""
        return await self._do(lambda: forgetting.oldest(self._db))

    async def last_snapshot(self) -> Snapshot | None:
        """The newest snapshot."""
        return await self._do(self._last_snapshot)

    async def cursor(self, name: str) -> int:
        """How far an outside file has been read; 0 at first."""
        return await self._do(lambda: self._cursor(name))

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _do_aside(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._second, work)

    # -- on the journal's own thread ---------------------------------------------------------------

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = self._connect()
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("PRAGMA secure_delete=ON")  # what is forgotten is not in the file either
        database.execute(f"PRAGMA wal_autocheckpoint={_LARGEST_LOG}")
        database.executescript(_SCHEMA)
        for suffix in ("", "-wal", "-shm"):  # callers' numbers are nobody else's business
            if (file := self._path.with_name(self._path.name + suffix)).exists():
                file.chmod(0o600)
        newest = database.execute("SELECT max(seq) FROM orders").fetchone()
        self.last_order = int(newest[0] or 0)
        self._database = database

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, isolation_level=None)
        database.execute("PRAGMA busy_timeout=5000")
        return database

    def _close(self) -> None:
        self._db.close()
        self._database = None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._database is None:
            raise sqlite3.ProgrammingError("the journal is not open")
        return self._database

    def _write(self, statement: str, values: tuple[str | int | float | None, ...]) -> None:
        self._db.execute(statement, values)

    def _text(self, statement: str, *values: str) -> str | None:
        row = self._db.execute(statement, values).fetchone()
        return None if row is None else str(row[0])

    def _commit(self, entries: list[Entry], snapshot: Snapshot | None) -> None:
        with self._whole():
            for entry in entries:
                self._insert(entry)
            if snapshot is not None:
                self._keep_snapshot(snapshot)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """All that is written in the block, or none of it."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # a full disk has ended it already
                self._db.execute("ROLLBACK")
            raise

    def _forget(self, before: float, ours: Ours) -> int:
        with self._whole():
            return forgetting.forget(self._db, before, ours)

    def _insert(self, entry: Entry) -> None:
        self._write(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                entry.seq,
                entry.at,
                entry.plan,
                entry.logic,
                entry.kind,
                entry.body,
                entry.rejected,
            ),
        )
        for record in entry.records:
            body = _RECORD.dump_json(record).decode()
            added = self._db.execute(
                "INSERT INTO orders (event, body) VALUES (?, ?)", (entry.seq, body)
            )
            self.last_order = added.lastrowid or self.last_order
        for change in entry.states:
            body = _CHANGE.dump_json(change).decode()
            self._write("INSERT INTO states (event, body) VALUES (?, ?)", (entry.seq, body))
        for row in entry.audit:
            body = _AUDIT.dump_json(row).decode()
            self._write("INSERT INTO audit (event, body) VALUES (?, ?)", (entry.seq, body))
        for made in entry.outbound:
            body = _OUTBOUND.dump_json(made).decode()
            self._write("INSERT INTO outbound (event, body) VALUES (?, ?)", (entry.seq, body))
        if entry.texts is not None:
            self._write("INSERT OR IGNORE INTO plans VALUES (?, ?)", (entry.plan, entry.texts))
        for line in entry.queue_log:
            self._write("INSERT INTO queue_log (line) VALUES (?)", (line,))
        if entry.cursor is not None:
            self._write(
                "INSERT INTO cursors VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                entry.cursor,
            )

    def _entries_after(self, seq: int, limit: int) -> list[Entry]:
        rows = self._db.execute(
            "SELECT seq, at, plan, logic, kind, body, rejected FROM events"
            " WHERE seq > ? ORDER BY seq LIMIT ?",
            (seq, limit),
        )
        return [Entry(*row) for row in rows]

    def _lines_written(self) -> Written | None:
        row = self._db.execute("SELECT seq, inode, size FROM queue_log_file").fetchone()
        return None if row is None else Written(*row)

    def _keep_lines_written(self, written: Written) -> None:
        with self._whole():
            self._write(
                "INSERT OR REPLACE INTO queue_log_file VALUES (1, ?, ?, ?)",
                (written.seq, written.inode, written.size),
            )
            self._write("DELETE FROM queue_log WHERE seq <= ?", (written.seq,))

    def _keep_snapshot(self, snapshot: Snapshot) -> None:
        self._write(
            "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)",
            (snapshot.seq, snapshot.logic, snapshot.body),
        )
        self._write(
            "DELETE FROM snapshots WHERE seq NOT IN"
            " (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)",
            (KEPT_SNAPSHOTS,),
        )

    def _last_snapshot(self) -> Snapshot | None:
        row = self._db.execute(
            "SELECT seq, logic, body FROM snapshots ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        return None if row is None else Snapshot(*row)

    def _cursor(self, name: str) -> int:
        row = self._db.execute("SELECT value FROM cursors WHERE name = ?", (name,)).fetchone()
        return 0 if row is None else int(row[0])

    # -- on the second thread ----------------------------------------------------------------------

    def _open_aside(self) -> None:
        self._aside = self._connect()
        log = self._path.with_name(self._path.name + "-wal")
        self._log = os.open(log, os.O_RDWR | os.O_CLOEXEC)

    def _close_aside(self) -> None:
        if self._aside is not None:
            self._aside.close()
            self._aside = None
        if self._log is not None:
            os.close(self._log)
            self._log = None

    @property
    def _reader(self) -> sqlite3.Connection:
        if self._aside is None:
            raise sqlite3.ProgrammingError("the journal is not open")
        return self._aside

    def _sync(self) -> None:
        if self._log is None:
            raise OSError("the journal is not open")
        os.fdatasync(self._log)

    def _checkpoint(self) -> None:
        """Never in a writer's way: what cannot be moved now is moved the next time."""
        self._reader.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _orders_after(self, seq: int, limit: int) -> list[tuple[int, OrderRecord]]:
        rows = self._reader.execute(
            "SELECT seq, body FROM orders WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
        )
        return [(row[0], _RECORD.validate_json(row[1])) for row in rows]

    def _latest_orders_after(self, seq: int, limit: int) -> list[tuple[int, OrderRecord]]:
        rows = self._reader.execute(
            "SELECT seq, body FROM orders WHERE seq IN (SELECT max(seq) FROM"
            " (SELECT seq, body FROM orders WHERE seq > ? ORDER BY seq LIMIT ?)"
            " GROUP BY json_extract(body, '$.call')) ORDER BY seq",
            (seq, limit),
        )
        return [(row[0], _RECORD.validate_json(row[1])) for row in rows]

    def _states_after(self, seq: int, limit: int) -> list[tuple[int, StateChange]]:
        rows = self._reader.execute(
            "SELECT seq, body FROM states WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
        )
        return [(row[0], _CHANGE.validate_json(row[1])) for row in rows]

    def _audit_after(self, seq: int, limit: int) -> list[tuple[int, AuditRecord]]:
        rows = self._reader.execute(
            "SELECT seq, body FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
        )
        return [(row[0], _AUDIT.validate_json(row[1])) for row in rows]

    def _outbound_after(self, seq: int, limit: int) -> list[tuple[int, OutboundRecord]]:
        rows = self._reader.execute(
            "SELECT seq, body FROM outbound WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
        )
        return [(row[0], _OUTBOUND.validate_json(row[1])) for row in rows]

    def _lines_after(self, seq: int, limit: int) -> list[tuple[int, str]]:
        return self._reader.execute(
            "SELECT seq, line FROM queue_log WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
        ).fetchall()
