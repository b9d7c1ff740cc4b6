"""Whether the archive is what its table says: every file against its row, and no file besides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from callcenter.recordings import wav
from callcenter.recordings.archive import digest
from callcenter.store.recordings import Recording, RecordingStore


class Fault(StrEnum):
    """What is wrong with a file."""

    MISSING = "missing"
    """It has a row and is not there."""
    UNREADABLE = "unreadable"
    CHANGED = "changed"
    """It is not what was filed."""
    NOT_REMOVED = "not removed"
    """It is there though its row says that it was removed."""
    FOREIGN = "foreign"
    """It is there and has no row."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One file that is not as it should be."""

    file: str
    fault: Fault
    text: str = ""


async def findings(folder: Path, store: RecordingStore) -> AsyncIterator[Finding]:
    """Everything that is wrong. Raises what the store raises.

    The files are listed before the rows are read: one that is filed meanwhile is not foreign.
    """
    there = set(_files(folder))
    async for recording in store.all():
        there.discard(recording.file)
        finding = _examined(folder / recording.file, recording)
        if finding is not None:
            yield finding
    for file in sorted(there):
        yield Finding(file, Fault.FOREIGN, "no call is known for it")


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(folder))


def _examined(file: Path, recording: Recording) -> Finding | None:
    name = recording.file
    if recording.removed is not None:
        return Finding(name, Fault.NOT_REMOVED) if file.exists() else None
    try:
        size, found = file.stat().st_size, digest(file)
        seconds = wav.length(file)
    except FileNotFoundError:
        return Finding(name, Fault.MISSING, f"of call {recording.call}")
    except OSError as error:
        return Finding(name, Fault.UNREADABLE, str(error.strerror))
    except wav.WavError:
        seconds = 0.0  # as it was filed
    differences = [
        f"{what} {now}, not {filed}"
        for what, now, filed in (
            ("bytes", size, recording.bytes),
            ("seconds", seconds, recording.seconds),
            ("SHA-256", found, recording.sha256),
        )
        if now != filed
    ]
    return Finding(name, Fault.CHANGED, "; ".join(differences)) if differences else None
