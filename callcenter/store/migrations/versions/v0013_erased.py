"""Of which orders the personal data is erased, and whose is kept all the same."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision: str | None = "0012"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "erased_orders",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("call", name="pk_erased_orders"),
        sa.ForeignKeyConstraint(["call"], ["orders.call"], name="fk_erased_orders_call_orders"),
    )
    op.create_table(
        "held_orders",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("call", name="pk_held_orders"),
        sa.ForeignKeyConstraint(["call"], ["orders.call"], name="fk_held_orders_call_orders"),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("held_orders")
    op.drop_table("erased_orders")
