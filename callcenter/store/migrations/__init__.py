"""The order store's schema, step by step; run by itself when the store is opened."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

FOLDER = Path(__file__).parent
_LOCK = 0x12345_0001
"""Names our lock among others of a PostgreSQL database."""


def upgrade(connection: sa.Connection) -> None:
    """Bring the database behind `connection` to the newest schema, in the caller's transaction.

    One process at a time: PostgreSQL has a lock for it, a transaction of SQLite is one. Raises
    SQLAlchemyError where the schema is newer than this program.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise sa.exc.InvalidRequestError(
            f"the order store was made by a newer version of callcenter: use that one ({error})"
        ) from error


def is_newest(connection: sa.Connection) -> bool:
    """Whether the database has the newest schema."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == newest


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config
