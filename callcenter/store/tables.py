"""The order store's tables: portable between SQLite and PostgreSQL.

Moments are seconds since 1970 UTC. What the call path knows (`orders`, `legs`) and what people
enter (`entries`, `entry_changes`) are apart, so that neither overwrites the other. The states of
operators (`operator_states`, in milliseconds) last until the operator's next one.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ORDERS = Table(
    "orders",
    METADATA,
    Column("call", Text, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("shown", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("opened", Double, nullable=False),
    Column("caller", Text),
    Column("caller_raw", Text, nullable=False),
    Column("caller_withheld", Boolean, nullable=False),
    Column("trunk", Text, nullable=False),
    Column("dialled", Text, nullable=False),
    Column("first_dialled", Text),
    Column("hotline", Text),
    Column("hotline_service", Text),
    Column("owner", Text),
    Column("queue", Text),
    Column("operator", Text),
    Column("queued", Double),
    Column("answered", Double),
    Column("ended", Double),
    Column("outcome", Text),
    Column("ended_by", Text),
    Column("wait_ms", BigInteger),
    Column("waited_again_ms", BigInteger, nullable=False, server_default="0"),
    Column("answer_within", Double),
    Column("barred", Text),
    Column("nuisance", Text),
    Column("voice_box", Text),
    Column("voice_message", Double),
    Column("answer_by", Double),
    # JSON: [began, ended or null] of each pause of the recording.
    Column("gaps", Text, nullable=False, server_default="[]"),
    Column("reference", Text),
    Index(None, "opened"),
    Index(None, "shown"),
    Index(None, "caller"),
    Index(None, "answer_by"),
    Index(None, "reference"),
)

LEGS = Table(
    "legs",
    METADATA,
    Column("call", ForeignKey("orders.call"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("leg", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("began", Double, nullable=False),
    Column("answered", Double),
    Column("ended", Double),
    Column("outcome", Text),
    Column("hotline", Text, nullable=False, server_default=""),
    Column("unit", Text, nullable=False, server_default=""),
)

ANSWERS = Table(
    "answers",
    METADATA,
    Column("call", ForeignKey("orders.call"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("question", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("meaning", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("recording", Text, nullable=False, server_default=""),
)

ENTRIES = Table(
    "entries",
    METADATA,
    Column("call", ForeignKey("orders.call"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("type", Text),
    Column("category", Text),
    Column("content", Text),
    Column("answered_on_spot", Boolean),
    Column("refusal", Text),
    Column("entered_by", Text, nullable=False),
    Column("entered", Double, nullable=False),
)

ENTRY_CHANGES = Table(
    "entry_changes",
    METADATA,
    Column("call", ForeignKey("orders.call"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("old", Text),
    Column("new", Text),
    Column("changed_by", Text, nullable=False),
    Column("changed", Double, nullable=False),
)

STATES = Table(
    "operator_states",
    METADATA,
    Column("operator", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("seat", Text),
    Column("call", Text),
    Column("offer", Text),
    Index(None, "at"),
    Index(None, "call"),
)

VOICE_MAIL_ANSWERS = Table(
    "voice_mail_answers",
    METADATA,
    Column("call", ForeignKey("orders.call"), primary_key=True),
    Column("answered", Double, nullable=False),
    Column("answered_by", Text, nullable=False),
)

ERASED = Table(
    "erased_orders",
    METADATA,
    Column("call", ForeignKey("orders.call"), primary_key=True),
    Column("at", Double, nullable=False),
)

HOLDS = Table(
    "held_orders",
    METADATA,
    Column("call", ForeignKey("orders.call"), primary_key=True),
    Column("since", Double, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

CURSORS = Table(
    "cursors",
    METADATA,
    Column("reader", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("record", Text, nullable=False),
)
