"""What the steps of the set-up share: running a tool, stamps, and the sentence that stops it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
VENV = PROJECT / ".venv"


class SetupError(Exception):
    """Set-up cannot go on; the text says why and what to do instead."""


def say(text: str) -> None:
    """One line of progress."""
    print(f"bootstrap: {text}", flush=True)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Say what is being done, and when done how long it took."""
    say(f"{what} …")
    began = time.monotonic()
    yield
    say(f"{what}: done in {time.monotonic() - began:.0f} s")


def run(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
    """Run a tool quietly in the project's folder; raise SetupError with its output if it fails."""
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        line = " ".join(str(part) for part in command)
        raise SetupError(f"this command failed ({done.returncode}): {line}\n{done.stdout[-6000:]}")


def is_root() -> bool:
    """Whether packages can be installed and an Asterisk root made."""
    return os.geteuid() == 0


def fingerprint(files: Iterable[Path], *words: str) -> str:
    """One hash of these files' names and contents and of some words."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(PROJECT)}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    for word in words:
        digest.update(f"{word}\0".encode())
    return digest.hexdigest()


class Stamp:
    """Remembers in `.venv` what a step was last done for, so that it is done only once."""

    def __init__(self, step: str) -> None:
        self._file = VENV / "stamps" / step

    def matches(self, value: str) -> bool:
        """Whether the step was finished for this value."""
        try:
            return self._file.read_text() == value
        except FileNotFoundError:
            return False

    def write(self, value: str) -> None:
        """The step is finished for this value."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(value)
