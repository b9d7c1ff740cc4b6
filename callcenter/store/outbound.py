"""Calls that operators made on orders' behalf, in the order store: one row a call.

`file` is called by a projector alone; what is filed again changes nothing. While the database is
away, every method raises `sqlalchemy.exc.SQLAlchemyError` or `OSError`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields

import sqlalchemy as sa
from sqlalchemy import Column, Double, Index, Integer, Table, Text
from sqlalchemy.ext.asyncio import AsyncEngine

from callcenter.orders.outbound import Called, OutboundOutcome, OutboundRecord
from callcenter.orders.record import Gap
from callcenter.store import migrations
from callcenter.store.cursors import Cursor, move_cursor, read_cursor
from callcenter.store.filing import storable
from callcenter.store.tables import METADATA

OUTBOUND = Table(
    "outbound_calls",
    METADATA,
    Column("call", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    # No foreign key: such a call may be filed before its order is.
    Column("order_call", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("seat", Text, nullable=False),
    Column("called", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("began", Double, nullable=False),
    Column("answered", Double),
    Column("ended", Double),
    Column("outcome", Text),
    Column("ended_by", Text),
    # JSON, as in orders.
    Column("gaps", Text, nullable=False, server_default="[]"),
    Index(None, "order_call"),
)
_FIELDS = tuple(each.name for each in fields(OutboundRecord))
READER = "outbound"
"""The projector's name in the table of cursors."""


class OutboundStore:
    """All such calls behind one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # SQLite takes the writer's lock at once, as in store/orders.py.
        self._writer = engine.execution_options(sqlite_begin="IMMEDIATE")

    async def prepare(self) -> None:
        """Bring the schema to the newest one."""
        async with self._writer.begin() as connection:
            await connection.run_sync(migrations.upgrade)

    async def cursor(self) -> Cursor:
        """How far the journal is filed."""
        async with self._engine.connect() as connection:
            return await read_cursor(connection, READER)

    def identity(self, record: OutboundRecord) -> str:
        """Tells a record from all others."""
        return f"{record.call} {record.version}"

    async def file(self, records: Sequence[OutboundRecord], position: int) -> None:
        """Keep each call's latest record and the position, together or not at all."""
        latest = {record.call: record for record in records}
        kept = sa.select(OUTBOUND.c.call, OUTBOUND.c.version).where(OUTBOUND.c.call.in_(latest))
        async with self._writer.begin() as connection:
            versions = {row.call: row.version for row in await connection.execute(kept)}
            for call, record in latest.items():
                row = {name: storable(getattr(record, name)) for name in _FIELDS}
                if call not in versions:
                    await connection.execute(sa.insert(OUTBOUND).values(**row))
                elif versions[call] < record.version:
                    own = OUTBOUND.c.call == call
                    await connection.execute(sa.update(OUTBOUND).where(own).values(**row))
            await move_cursor(connection, READER, Cursor(position, self.identity(records[-1])))

    async def of_order(self, call: str) -> tuple[OutboundRecord, ...]:
        """What was made for the order of that call, oldest first."""
        query = (
            sa.select(OUTBOUND)
            .where(OUTBOUND.c.order_call == call)
            .order_by(OUTBOUND.c.began, OUTBOUND.c.call)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return tuple(_record(row) for row in rows)


def _record(row: sa.RowMapping) -> OutboundRecord:
    values = dict(row)
    values["gaps"] = tuple(Gap(*gap) for gap in json.loads(values["gaps"]))
    values["called"] = Called(values["called"])
    if values["outcome"] is not None:
        values["outcome"] = OutboundOutcome(values["outcome"])
    return OutboundRecord(**values)
