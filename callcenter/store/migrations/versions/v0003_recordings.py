"""Which file holds which call's recording."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "recordings",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("began", sa.Double, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("repaired", sa.Boolean, nullable=False),
        sa.Column("removed", sa.Double),
        sa.Column("removed_because", sa.Text),
        sa.PrimaryKeyConstraint("call", "file", name="pk_recordings"),
    )
    op.create_index("ix_recordings_began", "recordings", ["began"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("recordings")
