"""Run by alembic: migrates over the connection that `upgrade` hands in."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from callcenter.store.audit import AUDIT
from callcenter.store.outbound import OUTBOUND
from callcenter.store.recordings import RECORDINGS
from callcenter.store.tables import METADATA

connection: Connection = context.config.attributes["connection"]
# Modules with tables of their own add them to the one metadata when they are read.
assert {AUDIT.metadata, OUTBOUND.metadata, RECORDINGS.metadata} == {METADATA}
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
