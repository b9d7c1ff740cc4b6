"""How far each reader of the journal has filed it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.store.tables import CURSORS


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the journal is filed."""

    position: int = 0
    record: str = ""
    """The identity of the record there: another one there means another journal."""


async def read_cursor(connection: AsyncConnection, reader: str) -> Cursor:
    """How far that reader is; position 0 at the beginning."""
    query = sa.select(CURSORS.c.position, CURSORS.c.record).where(CURSORS.c.reader == reader)
    row = (await connection.execute(query)).one_or_none()
    return Cursor() if row is None else Cursor(*row)


async def move_cursor(connection: AsyncConnection, reader: str, cursor: Cursor) -> None:
    """Note how far that reader is, in the caller's transaction."""
    values = {"position": cursor.position, "record": cursor.record}
    moved = await connection.execute(
        sa.update(CURSORS).where(CURSORS.c.reader == reader).values(**values)
    )
    if moved.rowcount == 0:
        await connection.execute(sa.insert(CURSORS).values(reader=reader, **values))
