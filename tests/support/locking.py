"""Another program that has one of the server's databases to itself."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

_PATIENCE = 10.0
"""Seconds until whoever writes to it at the moment is ready."""


@asynccontextmanager
async def locked(database: Path) -> AsyncIterator[None]:
    """Nobody else can write to it in this block."""
    with closing(
        sqlite3.connect(database, _PATIENCE, isolation_level=None, check_same_thread=False)
    ) as other:
        # In a thread: telephones' audio must not wait.
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        yield
