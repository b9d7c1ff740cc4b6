"""What a loss of power leaves of a new file: content and name have to be put onto the disk."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(file: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Put `content` in a file's place, whole or not at all, and onto the disk. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".new-")
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as opened:
            os.fchmod(handle, mode)
            opened.write(content)
            opened.flush()
            os.fsync(handle)
        new.replace(file)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    sync_names(file.parent)


def sync_names(folder: Path) -> None:
    """Return once the names in this folder are on the disk as they are now. Raises OSError."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
