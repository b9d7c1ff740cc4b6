"""Makes a backup while the server runs, and in nobody's way.

The order store is copied before the journal: so the journal has all that is filed there, and what
it has besides is filed after the restoration. Recordings come last: each that the store knows is in
the archive by then.
"""

from __future__ import annotations

import asyncio
import io
import os
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, cast

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from callcenter.backup.members import (
    JOURNAL,
    MANIFEST,
    ORDERS,
    PLAN,
    RECORDINGS,
    SECRETS,
    SPOOL,
    BackupError,
    Manifest,
)
from callcenter.backup.sealed import Sealer
from callcenter.disk import sync_names
from callcenter.numberplan.source import FOLDERS
from callcenter.settings import Settings
from callcenter.store.copy import OtherSchemaError, copy_out

BUSY_SECONDS = 30.0
"""How long a copy waits for a database that is locked."""


def back_up(settings: Settings, file: Path, passphrase: str, *, recordings: bool = True) -> None:
    """Write all that cannot be made again to `file`; it is there whole or not at all.

    Raises BackupError; PassphraseError where the passphrase cannot be used.
    """
    if file.exists():
        raise BackupError(f"{file} is there already: choose another name")
    if not (settings.data / JOURNAL).is_file():
        raise BackupError(f"{settings.data} has no journal: nothing is there to be kept")
    part = file.with_name(f".{file.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=settings.data) as folder:
            copies = Path(folder)
            _copy_orders(settings, copies / ORDERS)
            _copy_database(settings.data / JOURNAL, copies / JOURNAL)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as to:
                _write(settings, copies, Sealer(to, passphrase), recordings=recordings)
                to.flush()
                os.fsync(to.fileno())
        part.rename(file)
        sync_names(file.parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"{file} was not made: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _copy_orders(settings: Settings, to: Path) -> None:
    address = settings.orders_url.get_secret_value()
    if not address:
        if not (settings.data / ORDERS).is_file():
            raise BackupError(f"{settings.data} has no orders: start the server, which makes them")
        _copy_database(settings.data / ORDERS, to)
        return
    try:
        asyncio.run(copy_out(make_url(address), to))
    except (SQLAlchemyError, OtherSchemaError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise BackupError(f"the orders cannot be read from PostgreSQL: {reason}") from error


def _copy_database(source: Path, to: Path) -> None:
    """As it stands at one moment; who writes to it meanwhile is not held up."""
    address = f"{source.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as there,
        closing(sqlite3.connect(to)) as copy,
    ):
        there.backup(copy)


def _write(settings: Settings, copies: Path, sealer: Sealer, *, recordings: bool) -> None:
    manifest = Manifest(made=time.time(), program=version("callcenter"), recordings=recordings)
    # A tar file is only ever asked to write here.
    with tarfile.open(fileobj=cast(BinaryIO, sealer), mode="w|", format=tarfile.PAX_FORMAT) as tar:
        text = manifest.model_dump_json().encode()
        head = tarfile.TarInfo(MANIFEST)
        head.size = len(text)
        tar.addfile(head, io.BytesIO(text))
        for name in (JOURNAL, ORDERS):
            _add(tar, copies / name, name)
        for name, file in _small_files(settings):
            _add(tar, file, name)
        if recordings:
            for name, file in _recordings(settings):
                _add(tar, file, name)
    sealer.finish()


def _small_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Secrets and plan."""
    for each in _files(settings.secrets):
        yield f"{SECRETS}/{each}", settings.secrets / each
    for folder in FOLDERS:
        for each in _files(settings.plan / folder):
            yield f"{PLAN}/{folder}/{each}", settings.plan / folder / each


def _recordings(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Each once, though files move from the spool into the archive meanwhile."""
    seen: set[str] = set()
    archived = settings.recordings
    for each in _files(archived):
        seen.add(Path(each).name)
        yield f"{RECORDINGS}/{each}", archived / each
    for each in _files(settings.spooled_recordings):
        if each not in seen and (settings.spooled_recordings / each).exists():
            seen.add(each)
            yield f"{SPOOL}/{each}", settings.spooled_recordings / each
    for each in _files(archived):
        if Path(each).name not in seen:
            yield f"{RECORDINGS}/{each}", archived / each


def _files(folder: Path) -> list[str]:
    """Paths of the plain files below a folder; what begins with a dot is somebody's half work."""
    paths = (each.relative_to(folder) for each in folder.rglob("*") if each.is_file())
    return sorted(str(path) for path in paths if not any(part[0] == "." for part in path.parts))


def _add(tar: tarfile.TarFile, file: Path, name: str) -> None:
    """Put a file in as long as it is now: it may grow meanwhile, or have gone."""
    try:
        opened = file.open("rb")
    except FileNotFoundError:
        return
    with opened:
        status = os.fstat(opened.fileno())
        member = tarfile.TarInfo(name)
        member.size = status.st_size
        member.mtime = status.st_mtime
        member.mode = 0o600
        tar.addfile(member, opened)
