"""An order says when its recording was paused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"


def upgrade() -> None:
    """Add it; older recordings were never paused."""
    op.add_column("orders", sa.Column("gaps", sa.Text, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("orders", "gaps")
