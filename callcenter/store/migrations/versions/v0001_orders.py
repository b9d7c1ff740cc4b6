"""Orders with their legs, what operators enter and its changes, how far the journal was read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "orders",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("shown", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("opened", sa.Double, nullable=False),
        sa.Column("caller", sa.Text),
        sa.Column("caller_raw", sa.Text, nullable=False),
        sa.Column("caller_withheld", sa.Boolean, nullable=False),
        sa.Column("trunk", sa.Text, nullable=False),
        sa.Column("dialled", sa.Text, nullable=False),
        sa.Column("first_dialled", sa.Text),
        sa.Column("hotline", sa.Text),
        sa.Column("hotline_service", sa.Text),
        sa.Column("owner", sa.Text),
        sa.Column("queue", sa.Text),
        sa.Column("operator", sa.Text),
        sa.Column("queued", sa.Double),
        sa.Column("answered", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("outcome", sa.Text),
        sa.Column("ended_by", sa.Text),
        sa.PrimaryKeyConstraint("call", name="pk_orders"),
        sa.UniqueConstraint("number", name="uq_orders_number"),
    )
    for column in ("opened", "shown", "caller"):
        op.create_index(f"ix_orders_{column}", "orders", [column])
    op.create_table(
        "legs",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("leg", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("began", sa.Double, nullable=False),
        sa.Column("answered", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("outcome", sa.Text),
        sa.PrimaryKeyConstraint("call", "position", name="pk_legs"),
        sa.ForeignKeyConstraint(["call"], ["orders.call"], name="fk_legs_call_orders"),
    )
    op.create_table(
        "entries",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("type", sa.Text),
        sa.Column("category", sa.Text),
        sa.Column("content", sa.Text),
        sa.Column("answered_on_spot", sa.Boolean),
        sa.Column("refusal", sa.Text),
        sa.Column("entered_by", sa.Text, nullable=False),
        sa.Column("entered", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("call", name="pk_entries"),
        sa.ForeignKeyConstraint(["call"], ["orders.call"], name="fk_entries_call_orders"),
    )
    op.create_table(
        "entry_changes",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("old", sa.Text),
        sa.Column("new", sa.Text),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("call", "version", "field", name="pk_entry_changes"),
        sa.ForeignKeyConstraint(["call"], ["orders.call"], name="fk_entry_changes_call_orders"),
    )
    op.create_table(
        "cursors",
        sa.Column("reader", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("reader", name="pk_cursors"),
    )


def downgrade() -> None:
    """Remove the tables."""
    for table in ("cursors", "entry_changes", "entries", "legs", "orders"):
        op.drop_table(table)
