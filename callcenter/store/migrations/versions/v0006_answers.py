"""The order says what the caller answered to a survey, who was kept out, and who is a nuisance."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:
    """Add both."""
    for column in ("barred", "nuisance"):
        op.add_column("orders", sa.Column(column, sa.Text))
    op.create_table(
        "answers",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("meaning", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.ForeignKeyConstraint(["call"], ["orders.call"], name="fk_answers_call_orders"),
        sa.PrimaryKeyConstraint("call", "position", name="pk_answers"),
    )


def downgrade() -> None:
    """Remove both."""
    op.drop_table("answers")
    for column in ("nuisance", "barred"):
        op.drop_column("orders", column)
