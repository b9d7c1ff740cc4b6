"""Takes the steps, with alembic."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from callcenter.store.migrations import FOLDER


def run(connection: sa.Connection) -> None:
    """Take all steps that the database behind `connection` has not taken.

    Raises SQLAlchemyError where it has taken some that this program does not know.
    """
    config = configuration()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise sa.exc.InvalidRequestError(
            f"the order store was made by a newer version of callcenter: use that one ({error})"
        ) from error


def configuration() -> Config:
    """Where alembic finds the steps."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config
