"""Pauses of the recording are noted on operators' own calls too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision: str | None = "0011"


def upgrade() -> None:
    """Add them; older recordings were never paused."""
    column = sa.Column("gaps", sa.Text, nullable=False, server_default="[]")
    op.add_column("outbound_calls", column)


def downgrade() -> None:
    """Forget them."""
    op.drop_column("outbound_calls", "gaps")
