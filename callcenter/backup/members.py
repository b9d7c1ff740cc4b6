"""What is in a backup, inside the encryption: a tar file with these members, this one first."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

MANIFEST = "manifest.json"
JOURNAL = "journal.db"
ORDERS = "orders.db"
"""SQLite, also where the orders are in PostgreSQL."""
SECRETS = "secrets"
PLAN = "plan"
RECORDINGS = "recordings"
SPOOL = "spool"
"""Recordings of calls that were not over, or that were not filed yet."""


class Manifest(BaseModel):
    """What a backup says of itself."""

    model_config = ConfigDict(frozen=True)

    made: float
    """Seconds since 1970 UTC, by the machine's clock."""
    program: str
    """The version of this program that made it."""
    recordings: bool
    """Whether they are in it."""


class BackupError(Exception):
    """A backup cannot be made or put back; the text says why, and what to do."""
