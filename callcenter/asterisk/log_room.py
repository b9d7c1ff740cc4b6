"""Asterisk writes a line for each message that it refuses: no flood may fill the disk so."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

MOST_BYTES = 100_000_000
LOOK_SECONDS = 10.0


async def keep_short(file: Path) -> None:
    """Empty Asterisk's log whenever it has grown too long, until cancelled."""
    while True:
        try:
            await asyncio.to_thread(shorten, file)
        except OSError as error:
            log.warning("asterisk_log_not_shortened", error=str(error))
        await asyncio.sleep(LOOK_SECONDS)  # its growth is not told


def shorten(file: Path, most: int = MOST_BYTES) -> None:
    """Move what is in it to `full.1`, if that is too much; Asterisk goes on writing to it.

    Raises OSError.
    """
    if not file.exists() or file.stat().st_size <= most:
        return
    shutil.copyfile(file, file.with_name(f"{file.name}.1"))
    os.truncate(file, 0)
