"""The order store's schema, step by step; run by itself when the store is opened."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

FOLDER = Path(__file__).parent
_LOCK = 0x12345_0001
"""Names our lock among others of a PostgreSQL database."""
_REVISION = sa.table("alembic_version", sa.column("version_num", sa.Text))


def upgrade(connection: sa.Connection) -> None:
    """Bring the database behind `connection` to the newest schema, in the caller's transaction.

    One process at a time: PostgreSQL has a lock for it, a transaction of SQLite is one. Raises
    SQLAlchemyError where the schema is newer than this program.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    if is_newest(connection):
        return
    from callcenter.store.migrations.run import run  # noqa: PLC0415 - rarely needed, and large

    run(connection)


def is_newest(connection: sa.Connection) -> bool:
    """Whether the database has the newest schema."""
    if not sa.inspect(connection).has_table(_REVISION.name):
        return False
    return connection.scalar(sa.select(_REVISION.c.version_num)) == newest()


def newest() -> str:
    """The newest schema's revision: each has a file named for it, `v0001_….py`."""
    return max(file.name[1:5] for file in (FOLDER / "versions").glob("v*.py"))
