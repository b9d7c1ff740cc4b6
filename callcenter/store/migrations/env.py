"""Run by alembic: migrates over the connection that `upgrade` hands in."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from callcenter.store.recordings import RECORDINGS

connection: Connection = context.config.attributes["connection"]
# The tables of orders come with it: all are in one metadata.
context.configure(connection=connection, target_metadata=RECORDINGS.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
