"""What a loss of power leaves of a program's files: strace tells what was written and synced.

A file has what it had when it was last synced, and is there by a name if its folder was synced with
it. A sync covers what was written before it began. Folders themselves are taken to be there.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_CALLS = (
    *("open", "openat", "creat", "lseek", "write", "pwrite64", "ftruncate", "truncate"),
    *("fsync", "fdatasync", "rename", "renameat", "renameat2", "link", "linkat"),
    *("unlink", "unlinkat"),
)
_UNKNOWN = ("writev", "pwritev", "pwritev2", "fallocate", "sync_file_range", "copy_file_range")
"""Nobody uses these; who does is found out."""
_LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (\d+)(?:<.*)?$")
_BEGINS = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
_ENDS = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)$")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_FILE = re.compile(r"(\d+)<((?:\\x[0-9a-f]{2})*)>")
SAID = 1
"""The file by which a program says something: its standard output."""

Write = tuple[int, bytes | None]
"""From where on what was written; no bytes: the file ends there."""


async def traced(log: Path, *command: str, environment: Mapping[str, str]) -> bytes:
    """Run the command to its end with its system calls in `log`; what it said."""
    process = await asyncio.create_subprocess_exec(
        *("strace", "-f", "--seccomp-bpf", "-y", "-xx", "-s", "10000000", "-o", str(log)),
        *("-e", f"trace={','.join((*_CALLS, *_UNKNOWN))}", *command),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaints = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, complaints.decode()
    return said


@dataclass
class _File:
    content: bytearray = field(default_factory=bytearray)
    durable: bytes = b""
    unsynced: list[Write] = field(default_factory=list)

    def write(self, write: Write) -> None:
        _write(self.content, write)
        self.unsynced.append(write)


def _write(content: bytearray, write: Write) -> None:
    place, data = write
    if data is None:
        del content[place:]
        content.extend(bytes(place - len(content)))
        return
    content.extend(bytes(max(0, place - len(content))))
    content[place : place + len(data)] = data


@dataclass
class Disk:
    """The files below a folder, which was empty at first."""

    folder: Path
    said: bytes = b""
    _names: dict[Path, _File] = field(default_factory=dict)
    _durable_names: dict[Path, _File] = field(default_factory=dict)
    _places: dict[int, int] = field(default_factory=dict)
    """By descriptor: where the next write goes."""
    _appending: set[int] = field(default_factory=set)

    def left(self, luck: random.Random | None = None) -> dict[Path, bytes]:
        """What is there after a loss of power now, by path within the folder.

        With `luck` some of what was not synced is there too, as it came to the disk by itself.
        """
        found = {}
        for path, file in self._durable_names.items():
            content = bytearray(file.durable)
            for write in file.unsynced:
                if luck is not None and luck.random() < 0.5:
                    _write(content, write)
            found[path.relative_to(self.folder)] = bytes(content)
        return found

    def _called(self, name: str, arguments: str, result: int) -> None:
        paths = [Path(os.fsdecode(_text(each))) for each in _STRING.findall(arguments)]
        file = _FILE.match(arguments)
        descriptor = int(file[1]) if file else -1
        path = Path(os.fsdecode(_text(file[2]))) if file else Path()
        data = b"".join(_text(each) for each in _STRING.findall(arguments))
        match name:
            case "open" | "openat" | "creat":
                self._opened(paths[0], arguments, result)
            case "lseek":
                self._places[descriptor] = result
            case "write" if descriptor == SAID:
                self.said += data[:result]
            case "write" if path in self._names:
                there = self._names[path]
                place = len(there.content) if descriptor in self._appending else None
                place = self._places.get(descriptor, 0) if place is None else place
                there.write((place, data[:result]))
                self._places[descriptor] = place + result
            case "pwrite64" if path in self._names:
                place = int(arguments.rpartition(", ")[2])
                self._names[path].write((place, data[:result]))
            case "ftruncate" if path in self._names:
                self._names[path].write((int(arguments.rpartition(", ")[2]), None))
            case "rename" | "renameat" | "renameat2" if paths[0] in self._names:
                self._names[paths[1]] = self._names.pop(paths[0])
            case "link" | "linkat" if paths[0] in self._names:
                self._names[paths[1]] = self._names[paths[0]]
            case "unlink" | "unlinkat":
                self._names.pop(paths[0], None)
            case _:
                assert name in _CALLS or self.folder not in path.parents, f"{name}({arguments})"

    def _opened(self, path: Path, flags: str, descriptor: int) -> None:
        self._places[descriptor] = 0
        self._appending.discard(descriptor)
        if "O_APPEND" in flags:
            self._appending.add(descriptor)
        if self.folder in path.parents and "O_CREAT" in flags:
            there = self._names.setdefault(path, _File())
            if "O_TRUNC" in flags:
                there.write((0, None))

    def _synced(self, what: _Sync) -> None:
        if what.folder:
            others = {p: f for p, f in self._durable_names.items() if p.parent != what.path}
            self._durable_names = others | dict(what.names)
        elif what.file is not None:
            what.file.durable = what.content
            del what.file.unsynced[: what.writes]

    def _sync_begins(self, arguments: str) -> _Sync:
        found = _FILE.match(arguments)
        assert found, arguments
        path = Path(os.fsdecode(_text(found[2])))
        file = self._names.get(path)
        names = [(p, f) for p, f in self._names.items() if p.parent == path]
        if file is None:
            return _Sync(path, names=names, folder=True)
        return _Sync(path, file, bytes(file.content), len(file.unsynced))


@dataclass(frozen=True)
class _Sync:
    """What a sync covers: what was there when it began."""

    path: Path
    file: _File | None = None
    content: bytes = b""
    writes: int = 0
    names: Sequence[tuple[Path, _File]] = ()
    folder: bool = False


def moments(log: Path, folder: Path) -> Iterator[Disk]:
    """The disk after every call by which it, or what was said, changed."""
    disk = Disk(folder)
    begun: dict[str, tuple[str, _Sync | None]] = {}
    for written in log.read_text(encoding="ascii").splitlines():
        line = written
        if unfinished := _BEGINS.match(line):
            thread, name, arguments = unfinished.groups()
            sync = disk._sync_begins(arguments) if name in ("fsync", "fdatasync") else None
            begun[thread] = (arguments, sync)
            continue
        sync = None
        if resumed := _ENDS.match(line):
            thread, name, rest = resumed.groups()
            arguments, sync = begun.pop(thread)
            line = f"{thread} {name}({arguments}{rest}"
        if not (whole := _LINE.match(line)):
            continue  # it failed, or is a signal
        _, name, arguments, result = whole.groups()
        if name in ("fsync", "fdatasync"):
            disk._synced(sync or disk._sync_begins(arguments))
        else:
            disk._called(name, arguments, int(result))
        yield disk


def write_files(files: Mapping[Path, bytes], folder: Path) -> None:
    """Put files into an empty folder."""
    folder.mkdir()
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def _text(written: str) -> bytes:
    return bytes.fromhex(written.replace("\\x", ""))
