"""How long callers waited, and what operators did when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    """Add the waits, which older orders tell by their times, and the table of states."""
    op.add_column("orders", sa.Column("wait_ms", sa.BigInteger))
    again = sa.Column("waited_again_ms", sa.BigInteger, nullable=False, server_default="0")
    op.add_column("orders", again)
    op.add_column("orders", sa.Column("answer_within", sa.Double))
    columns = ("queued", "answered", "ended", "wait_ms", "answer_within")
    orders = sa.table("orders", *(sa.column(name) for name in columns))
    until = sa.func.coalesce(orders.c.answered, orders.c.ended)
    op.execute(
        sa.update(orders)
        .where(orders.c.queued.is_not(None), until >= orders.c.queued)
        .values(
            wait_ms=sa.cast((until - orders.c.queued) * 1000, sa.BigInteger), answer_within=15.0
        )
    )
    op.create_table(
        "operator_states",
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("seat", sa.Text),
        sa.Column("call", sa.Text),
        sa.Column("offer", sa.Text),
        sa.PrimaryKeyConstraint("operator", "at", name="pk_operator_states"),
    )
    for column in ("at", "call"):
        op.create_index(f"ix_operator_states_{column}", "operator_states", [column])


def downgrade() -> None:
    """Remove both."""
    op.drop_table("operator_states")
    for column in ("answer_within", "waited_again_ms", "wait_ms"):
        op.drop_column("orders", column)
