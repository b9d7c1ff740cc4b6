"""What partners call the cases of callers whom they send us."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"


def upgrade() -> None:
    """Make the column."""
    op.add_column("orders", sa.Column("reference", sa.Text))
    op.create_index("ix_orders_reference", "orders", ["reference"])


def downgrade() -> None:
    """Remove it."""
    op.drop_index("ix_orders_reference", "orders")
    with op.batch_alter_table("orders") as orders:
        orders.drop_column("reference")
