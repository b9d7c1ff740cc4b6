"""What the reports are made of: operators' changes, filed here, and the calls of the order store.

`file` is called by a projector alone. Every method raises `sqlalchemy.exc.SQLAlchemyError` or
`OSError` while the database is away. Rows are read some hundreds at a time, so that whoever else
runs in the same loop goes on meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from callcenter.analytics.facts import CallFact, Handled, Interval, call_fact, intervals
from callcenter.analytics.periods import By
from callcenter.analytics.record import OfferEnd, StateChange
from callcenter.analytics.report import Of, Report, report
from callcenter.analytics.span import Span
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import Outcome
from callcenter.store import migrations
from callcenter.store.cursors import Cursor, move_cursor, read_cursor
from callcenter.store.tables import ORDERS, STATES

READER = "states"
"""The projector's name in the table of cursors."""
_AROUND = 24 * 3_600_000
"""Calls that arrived in a span are over so long after it; no deadline is further away."""
_ROWS = 500
_FACTS = (
    *("call", "opened", "hotline", "queue", "operator", "outcome", "answered", "ended"),
    *("wait_ms", "waited_again_ms", "answer_within"),
)


class FigureStore:
    """Facts behind one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # SQLite takes the writer's lock at once, as in store/orders.py.
        self._writer = engine.execution_options(sqlite_begin="IMMEDIATE")

    # -- written from the journal ------------------------------------------------------------------

    async def prepare(self) -> None:
        """Bring the schema to the newest one."""
        async with self._writer.begin() as connection:
            await connection.run_sync(migrations.upgrade)

    async def cursor(self) -> Cursor:
        """How far the journal is filed."""
        async with self._engine.connect() as connection:
            return await read_cursor(connection, READER)

    def identity(self, record: StateChange) -> str:
        """An operator has one change at a time."""
        return f"{record.operator} {record.at}"

    async def file(self, records: Sequence[StateChange], position: int) -> None:
        """Keep these changes and the position, together or not at all; may be repeated."""
        operators = {change.operator for change in records}
        times = [change.at for change in records]
        kept = sa.select(STATES.c.operator, STATES.c.at).where(
            STATES.c.operator.in_(operators), STATES.c.at.between(min(times), max(times))
        )
        async with self._writer.begin() as connection:
            there = {(operator, at) for operator, at in await connection.execute(kept)}
            new = {
                key: asdict(change)
                for change in records
                if (key := (change.operator, change.at)) not in there
            }
            if new:
                await connection.execute(sa.insert(STATES), list(new.values()))
            cursor = Cursor(position, self.identity(records[-1]))
            await move_cursor(connection, READER, cursor)

    # -- read --------------------------------------------------------------------------------------

    async def report(self, span: Span, by: By, of: Of, now: int) -> Report:
        """The report of a span; operators' last states last until `now` (milliseconds)."""
        facts, states = await self.facts(span, now)
        return await asyncio.to_thread(report, facts, states, span, by, of)

    async def facts(self, span: Span, now: int) -> tuple[list[CallFact], list[Interval]]:
        """The calls that arrived in the span, and operators' states in it and around it."""
        changes = [change async for change in self._changes(span)]
        states = await asyncio.to_thread(lambda: list(intervals(changes, now)))
        handled = await asyncio.to_thread(_handled, states)
        return [fact async for fact in self._calls(span, handled)], states

    async def newest(self) -> int:
        """The last moment that anything filed tells of, in milliseconds; 0 for nothing."""
        async with self._engine.connect() as connection:
            change = await connection.scalar(sa.select(sa.func.max(STATES.c.at)))
            last = sa.func.max(sa.func.coalesce(ORDERS.c.ended, ORDERS.c.opened))
            call = await connection.scalar(sa.select(last))
        return max(change or 0, round((call or 0.0) * 1000))

    async def _changes(self, span: Span) -> AsyncIterator[StateChange]:
        """Those around the span, and of each operator the last one before; sorted."""
        first, until = span.first - _AROUND, span.until + _AROUND
        before = (
            sa.select(STATES.c.operator, sa.func.max(STATES.c.at).label("at"))
            .where(STATES.c.at < first)
            .group_by(STATES.c.operator)
            .subquery()
        )
        is_last = sa.and_(STATES.c.operator == before.c.operator, STATES.c.at == before.c.at)
        wanted = sa.or_(STATES.c.at.between(first, until), before.c.at.is_not(None))
        query = (
            sa.select(STATES)
            .outerjoin(before, is_last)
            .where(wanted)
            .order_by(STATES.c.operator, STATES.c.at)
        )
        async with self._engine.connect() as connection:
            rows = await connection.stream(query)
            async for part in rows.partitions(_ROWS):
                for operator, at, state, reason, seat, call, offer in part:
                    ended = None if offer is None else OfferEnd(offer)
                    yield StateChange(operator, at, state, reason, seat, call, ended)

    async def _calls(self, span: Span, handled: dict[str, Handled]) -> AsyncIterator[CallFact]:
        nothing = Handled()
        opened = ORDERS.c.opened
        query = sa.select(*(ORDERS.c[name] for name in _FACTS)).where(
            opened >= span.first / 1000 - 0.001, opened < span.until / 1000
        )
        async with self._engine.connect() as connection:
            rows = await connection.stream(query)
            async for part in rows.mappings().partitions(_ROWS):
                for row in part:
                    outcome = row["outcome"]
                    known = {**row, "outcome": None if outcome is None else Outcome(outcome)}
                    fact = call_fact(**known, handled=handled.get(row["call"], nothing))
                    if span.first <= fact.offered < span.until:
                        yield fact


def _handled(states: Sequence[Interval]) -> dict[str, Handled]:
    """How long operators talked in each call, and worked on it afterwards."""
    found: dict[str, Handled] = {}
    for interval in states:
        call, state = interval.change.call, interval.change.state
        if call is None or state not in (OperatorStatus.TALKING, OperatorStatus.WRAP_UP):
            continue
        was = found.get(call, Handled())
        found[call] = (
            Handled(was.talk_ms + interval.length, was.wrap_up_ms)
            if state == OperatorStatus.TALKING
            else Handled(was.talk_ms, was.wrap_up_ms + interval.length)
        )
    return found
