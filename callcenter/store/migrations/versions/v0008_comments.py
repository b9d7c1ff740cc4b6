"""An answer to a survey may be a comment, which is a recording."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    """Add it; older answers are keys."""
    op.add_column("answers", sa.Column("recording", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Forget it."""
    with op.batch_alter_table("answers") as answers:
        answers.drop_column("recording")
