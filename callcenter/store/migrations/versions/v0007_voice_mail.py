"""Messages that callers leave: on the order, among the recordings, and who answered them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:
    """Make table and columns."""
    op.add_column("recordings", sa.Column("kind", sa.Text, nullable=False, server_default="call"))
    op.add_column("orders", sa.Column("voice_box", sa.Text))
    op.add_column("orders", sa.Column("voice_message", sa.Double))
    op.add_column("orders", sa.Column("answer_by", sa.Double))
    op.create_index("ix_orders_answer_by", "orders", ["answer_by"])
    op.create_table(
        "voice_mail_answers",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("answered", sa.Double, nullable=False),
        sa.Column("answered_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("call", name="pk_voice_mail_answers"),
        sa.ForeignKeyConstraint(
            ["call"], ["orders.call"], name="fk_voice_mail_answers_call_orders"
        ),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("voice_mail_answers")
    op.drop_index("ix_orders_answer_by", "orders")
    with op.batch_alter_table("orders") as orders:
        for name in ("answer_by", "voice_message", "voice_box"):
            orders.drop_column(name)
    with op.batch_alter_table("recordings") as recordings:
        recordings.drop_column("kind")
