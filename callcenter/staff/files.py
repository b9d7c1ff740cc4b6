"""Small JSON files of secrets: written whole or not at all, readable by their owner only.

The server and the commands use the same files at the same time: a change takes the file's lock, and
a reader sees that the file changed and reads it again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from callcenter.disk import write_whole

T = TypeVar("T")


class SecretFile(Generic[T]):
    """One file that holds one value of type `T`."""

    def __init__(self, path: Path, kind: TypeAdapter[T], empty: T) -> None:
        self._path = path
        self._kind = kind
        self._empty = empty
        self._stamp: tuple[int, int, int] | None = None
        self._value = empty

    def read(self) -> T:
        """The value now; the empty one while there is no file. Raises OSError or ValueError."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._stamp, self._value = None, self._empty
            return self._empty
        stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
        if stamp != self._stamp:
            self._value = self._kind.validate_json(self._path.read_bytes())
            self._stamp = stamp
        return self._value

    def change(self, make: Callable[[T], T]) -> T:
        """Put `make(value now)` into the file, alone among all processes."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            new = make(self.read())
            text = json.dumps(self._kind.dump_python(new, mode="json"), indent=1)
            write_whole(self._path, f"{text}\n".encode())
        return new

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self._path.with_name(f".{self._path.name}.lock")
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
