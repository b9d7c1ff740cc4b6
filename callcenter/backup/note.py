"""What came of the backups: a small file in the data folder, for the server that runs there.

The command writes it, whoever runs it, so everybody who may look into the folder can read it. It is
in no backup and a restoration removes it: a backup of another server is none of this one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from callcenter.disk import write_whole

NOTE = "backup.json"
_MODE = 0o644


class Made(BaseModel):
    """A backup that is whole."""

    model_config = ConfigDict(frozen=True)

    at: float
    """When it was done, in seconds since 1970 UTC by the machine's clock, as all times here."""
    file: str
    recordings: bool
    """Whether they are in it."""


class Failed(BaseModel):
    """A try that came to nothing."""

    model_config = ConfigDict(frozen=True)

    at: float
    file: str
    """Where it was to go."""
    why: str


class Note(BaseModel):
    """What is known of the backups of this folder."""

    model_config = ConfigDict(frozen=True)

    watched: float
    """Since when it is asked for them."""
    made: Made | None = None
    """The last one."""
    failed: Failed | None = None
    """The last try, if it failed."""


def read(data: Path) -> Note | None:
    """None where nothing is noted yet. Raises OSError, and ValueError where it is damaged."""
    try:
        return Note.model_validate_json((data / NOTE).read_bytes())
    except FileNotFoundError:
        return None


def note(data: Path, result: Made | Failed) -> None:
    """Keep what came of a try, beside what is known of those before. Raises OSError."""
    with _alone(data):
        try:
            before = read(data)
        except ValueError:  # what is written now is right again
            before = None
        before = before or Note(watched=result.at)
        match result:
            case Made():
                _write(data, Note(watched=before.watched, made=result))
            case Failed():
                _write(data, before.model_copy(update={"failed": result}))


def begin(data: Path, now: float) -> Note:
    """From now on this folder is watched, if it was not before. Raises OSError and ValueError."""
    with _alone(data):
        known = read(data)
        if known is None:
            known = Note(watched=now)
            _write(data, known)
        return known


def _write(data: Path, known: Note) -> None:
    write_whole(data / NOTE, known.model_dump_json(indent=1).encode() + b"\n", mode=_MODE)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Alone among all processes; a lock file of one user would keep out the others."""
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
