"""The journal forgets: old events are deleted, what they led to is kept without the persons.

Events that the newest snapshot holds already are needed for nothing but looking back. Their order
records stay, as `orders.db` can be made of them again. One call of `forget` is one transaction of a
few milliseconds, from the oldest event on: a death in between loses nothing and repeats nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from callcenter.calls.audit import AuditRecord
from callcenter.orders.outbound import OutboundRecord
from callcenter.orders.record import OrderRecord
from callcenter.privacy.records import Ours, about_nobody, called_nobody, without_person

R = TypeVar("R")

EVENTS = 100
"""Forgotten at a time: calls are written down in between."""
_ORDER = TypeAdapter(OrderRecord)
_AUDIT = TypeAdapter(AuditRecord)
_OUTBOUND = TypeAdapter(OutboundRecord)
_DONE = "forgotten_{}"
"""Among the journal's cursors: up to which row of a table persons are erased."""


def forget(database: sqlite3.Connection, before: float, ours: Ours) -> int:
    """Forget the oldest events, if they are from before that moment; returns how many.

    The caller has begun a transaction. Raises sqlite3.Error.
    """
    last = _last_old(database, before)
    if last is None:
        return 0
    _rewrite(database, "orders", last, _ORDER, lambda each: without_person(each, ours))
    _rewrite(database, "audit", last, _AUDIT, about_nobody)
    _rewrite(database, "outbound", last, _OUTBOUND, called_nobody)
    database.execute("DELETE FROM snapshots WHERE seq < (SELECT max(seq) FROM snapshots)")
    return database.execute("DELETE FROM events WHERE seq <= ?", (last,)).rowcount


def oldest(database: sqlite3.Connection) -> float | None:
    """When the oldest event that is kept happened."""
    row = database.execute("SELECT at FROM events ORDER BY seq LIMIT 1").fetchone()
    return None if row is None else float(row[0])


def _last_old(database: sqlite3.Connection, before: float) -> int | None:
    """The last of some events from the oldest on that are all old, and in the newest snapshot.

    The journal's last event always stays: it says where numbers and plan go on.
    """
    rows = database.execute(
        "SELECT seq, at FROM events WHERE seq <= (SELECT max(seq) FROM snapshots)"
        " AND seq < (SELECT max(seq) FROM events) ORDER BY seq LIMIT ?",
        (EVENTS,),
    )
    last = None
    for seq, at in rows:
        if at >= before:
            break
        last = int(seq)
    return last


def _rewrite(
    database: sqlite3.Connection,
    table: str,
    last: int,
    adapter: TypeAdapter[R],
    without: Callable[[R], R],
) -> None:
    """Erase the persons from this table's rows of events up to `last`."""
    name = _DONE.format(table)
    done = database.execute("SELECT value FROM cursors WHERE name = ?", (name,)).fetchone()
    rows = database.execute(
        f"SELECT seq, event, body FROM {table} WHERE seq > ? ORDER BY seq",
        (0 if done is None else done[0],),
    )
    rewritten, unreadable, reached = [], [], None
    for seq, event, body in rows:
        if event > last:
            break
        reached = seq
        try:
            record = without(adapter.validate_json(body))
        except ValidationError:  # nobody can file it, and nobody can say whom it names
            unreadable.append((seq,))
        else:
            rewritten.append((adapter.dump_json(record).decode(), seq))
    rows.close()
    if reached is None:
        return
    database.executemany(f"UPDATE {table} SET body = ? WHERE seq = ?", rewritten)
    database.executemany(f"DELETE FROM {table} WHERE seq = ?", unreadable)
    database.execute(
        "INSERT INTO cursors VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, reached),
    )
