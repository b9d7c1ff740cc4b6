"""The order store as one SQLite file, whatever it is kept in; and back. For backups.

So a backup made of one kind of database can be put into the other.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.store import migrations
from callcenter.store.audit import AUDIT
from callcenter.store.database import open_engine
from callcenter.store.outbound import OUTBOUND
from callcenter.store.recordings import RECORDINGS
from callcenter.store.tables import METADATA

# Modules with tables of their own add them to the one metadata when they are read.
assert {AUDIT.metadata, OUTBOUND.metadata, RECORDINGS.metadata} == {METADATA}
_ROWS = 500
"""Copied at a time: others write to the same disk."""


class OtherSchemaError(Exception):
    """The database has no tables, or those of another version of this program."""


class NotEmptyError(Exception):
    """There are rows already."""


def sqlite_url(file: Path) -> URL:
    """The address of a SQLite file."""
    return URL.create("sqlite+aiosqlite", database=str(file))


async def copy_out(source: URL, file: Path) -> None:
    """Copy a PostgreSQL database as it stands at one moment, while others write to it.

    Raises OtherSchemaError, SQLAlchemyError, OSError.
    """
    reading = open_engine(source, read_only=True)
    try:
        async with reading.connect() as connection:
            moment = await connection.execution_options(isolation_level="REPEATABLE READ")
            if not await moment.run_sync(migrations.is_newest):
                raise OtherSchemaError("it has no orders, or of another version: start the server")
            await _fill(moment, sqlite_url(file))
    finally:
        await reading.dispose()


async def copy_in(file: Path, target: URL, *, replace: bool) -> None:
    """Fill a PostgreSQL database with a copy's rows: with all of them, or nothing is changed.

    Raises NotEmptyError where there are rows and `replace` is not given; SQLAlchemyError, OSError.
    """
    reading = open_engine(sqlite_url(file), read_only=True)
    writing = open_engine(target, read_only=False)
    try:
        async with reading.connect() as source, writing.begin() as connection:
            await connection.run_sync(migrations.upgrade)
            if replace:
                for table in reversed(METADATA.sorted_tables):
                    await connection.execute(sa.delete(table))
            elif await _has_rows(connection):
                raise NotEmptyError
            await _copy(source, connection)
    finally:
        await writing.dispose()
        await reading.dispose()


async def upgrade(file: Path) -> None:
    """Bring a copy to this version's schema. Raises SQLAlchemyError where it is a newer one's."""
    engine = open_engine(sqlite_url(file), read_only=False)
    try:
        async with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            await connection.run_sync(migrations.upgrade)
    finally:
        await engine.dispose()


async def is_filled(url: URL) -> bool:
    """Whether a database has rows of ours. Raises SQLAlchemyError, OSError."""
    engine = open_engine(url, read_only=True)
    try:
        async with engine.connect() as connection:
            return await _has_rows(connection)
    finally:
        await engine.dispose()


async def _fill(source: AsyncConnection, target: URL) -> None:
    engine = open_engine(target, read_only=False)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(migrations.upgrade)
            await _copy(source, connection)
    finally:
        await engine.dispose()


async def _copy(source: AsyncConnection, target: AsyncConnection) -> None:
    """Every row of every table; what others point to comes first."""
    for table in METADATA.sorted_tables:
        async with source.stream(sa.select(table)) as rows:
            async for some in rows.mappings().partitions(_ROWS):
                await target.execute(sa.insert(table), [dict(row) for row in some])


async def _has_rows(connection: AsyncConnection) -> bool:
    there = set(await connection.run_sync(lambda each: sa.inspect(each).get_table_names()))
    for table in METADATA.sorted_tables:
        if table.name in there:
            query = sa.select(sa.literal(1)).select_from(table).limit(1)
            if await connection.scalar(query) is not None:
                return True
    return False
