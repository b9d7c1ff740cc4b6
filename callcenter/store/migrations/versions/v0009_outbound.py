"""Calls that operators make on orders' behalf."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "outbound_calls",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("order_call", sa.Text, nullable=False),
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("seat", sa.Text, nullable=False),
        sa.Column("called", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("began", sa.Double, nullable=False),
        sa.Column("answered", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("outcome", sa.Text),
        sa.Column("ended_by", sa.Text),
        sa.PrimaryKeyConstraint("call", name="pk_outbound_calls"),
    )
    op.create_index("ix_outbound_calls_order_call", "outbound_calls", ["order_call"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("outbound_calls")
