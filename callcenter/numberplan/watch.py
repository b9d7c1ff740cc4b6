"""Notices that the plan's files changed: a saved edit is in force within 2 seconds.

Polls, because notifications do not reach into containers' and network mounts; some thirty files
cost well under a millisecond a look.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from callcenter.numberplan.loader import Loaded, load
from callcenter.numberplan.source import PROMPTS, plan_files

POLL_SECONDS = 0.4

Signature = tuple[tuple[str, int, int, int], ...]


async def watch(folder: Path, poll_seconds: float = POLL_SECONDS) -> AsyncIterator[Loaded]:
    """The plan as it is, then again after each change, good or bad, once the files have settled.

    A change that leaves the same content and the same errors is passed over. Endless; close it by
    cancelling.
    """
    seen: Signature | None = None
    last: tuple[str, object] | None = None
    while True:
        now = await asyncio.to_thread(_signature, folder)
        if now != seen:
            now = await _settled(folder, now, poll_seconds) if seen is not None else now
            seen = now
            loaded = await asyncio.to_thread(load, folder)
            what = (loaded.source.hash, loaded.errors)
            if what != last:
                last = what
                yield loaded
        await asyncio.sleep(poll_seconds)


async def _settled(folder: Path, now: Signature, poll_seconds: float) -> Signature:
    """Wait until two looks in a row see the same: an editor may write a file in parts."""
    while True:
        await asyncio.sleep(poll_seconds)
        later = await asyncio.to_thread(_signature, folder)
        if later == now:
            return now
        now = later


def _signature(folder: Path) -> Signature:
    """What tells whether a file changed: name, time, size, and the file itself."""
    found = []
    for path in plan_files(folder):
        try:
            stat = (folder / path).stat()
        except OSError:
            continue
        found.append((path, stat.st_mtime_ns, stat.st_size, stat.st_ino))
    wavs = sorted(file.name for file in (folder / PROMPTS).glob("*.wav"))
    return (*found, *((name, 0, 0, 0) for name in wavs))
