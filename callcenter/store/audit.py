"""The audit in the order store: one row of every act of a team leader, never changed or removed.

`file` is called by a projector alone; a row that is filed again changes nothing. `note` is for what
is no event of the centre. While the database is away, every method raises
`sqlalchemy.exc.SQLAlchemyError` or `OSError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import Column, Double, Index, Table, Text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from callcenter.calls.audit import AuditRecord
from callcenter.orders.times import day_bounds
from callcenter.store import migrations
from callcenter.store.cursors import Cursor, move_cursor, read_cursor
from callcenter.store.filing import storable
from callcenter.store.tables import METADATA

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("who", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("call", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("refusal", Text, nullable=False),
    Index(None, "at"),
    Index(None, "operator"),
)
READER = "audit"
"""The projector's name in the table of cursors."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which rows to list; an absent field selects all."""

    day: date | None = None
    """Asia/Shanghai."""
    who: str | None = None
    operator: str | None = None
    """About whom."""
    act: str | None = None
    call: str | None = None
    refused: bool | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some rows, newest first, and how many there are in all."""

    rows: tuple[AuditRecord, ...]
    total: int


class AuditStore:
    """All rows behind one database."""

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

    def identity(self, record: AuditRecord) -> str:
        """Its id: no two rows have the same."""
        return record.id

    async def file(self, records: Sequence[AuditRecord], position: int) -> None:
        """Keep these rows and the position, together or not at all; may be repeated."""
        rows = [{name: storable(value) for name, value in asdict(row).items()} for row in records]
        async with self._writer.begin() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            await connection.execute(dialect.insert(AUDIT).on_conflict_do_nothing(), rows)
            await move_cursor(connection, READER, Cursor(position, records[-1].id))

    async def note(self, record: AuditRecord) -> None:
        """Keep this row, before what it is about is done."""
        row = {name: storable(value) for name, value in asdict(record).items()}
        async with self._writer.begin() as connection:
            await connection.execute(sa.insert(AUDIT), row)

    async def page(self, wanted: AuditFilter, *, limit: int = 100, offset: int = 0) -> AuditPage:
        """Rows, newest first."""
        conditions = list(_conditions(wanted))
        count = sa.select(sa.func.count()).select_from(AUDIT).where(*conditions)
        query = (
            sa.select(AUDIT)
            .where(*conditions)
            .order_by(AUDIT.c.at.desc(), AUDIT.c.id.desc())
            .limit(limit)
            .offset(offset)
        )
        async with self._engine.connect() as connection:
            total = await connection.scalar(count)
            found = (await connection.execute(query)).mappings().all()
        return AuditPage(tuple(AuditRecord(**row) for row in found), int(total or 0))


def _conditions(wanted: AuditFilter) -> list[sa.ColumnElement[bool]]:
    found = []
    if wanted.day is not None:
        begin, end = day_bounds(wanted.day)
        found += [AUDIT.c.at >= begin, AUDIT.c.at < end]
    for name in ("who", "operator", "act", "call"):
        value: str | None = getattr(wanted, name)
        if value is not None:
            found.append(AUDIT.c[name] == value)
    if wanted.refused is not None:
        found.append((AUDIT.c.refusal != "") if wanted.refused else (AUDIT.c.refusal == ""))
    return found
