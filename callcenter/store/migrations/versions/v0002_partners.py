"""A leg says which public number it was dialled for, and which unit stands behind it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Add both; older legs have neither."""
    for column in ("hotline", "unit"):
        op.add_column("legs", sa.Column(column, sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Forget them."""
    for column in ("unit", "hotline"):
        op.drop_column("legs", column)
