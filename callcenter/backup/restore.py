"""Puts a backup into a data folder: whole or, as long as anything can still be wrong, not at all.

All of it is read, decrypted and checked beside its place first. Then names are changed, which takes
no room and no time.
"""

from __future__ import annotations

import asyncio
import filecmp
import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from pydantic import ValidationError
from sqlalchemy.engine import URL, make_url
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
from callcenter.backup.note import NOTE
from callcenter.backup.sealed import Opener, SealError
from callcenter.instance import TakenError, alone
from callcenter.numberplan.source import FOLDERS
from callcenter.settings import Settings
from callcenter.store.copy import NotEmptyError, copy_in, is_filled, upgrade

KEPT = "before-restore"
"""Begins the name of the folder that keeps what was replaced."""
LOG_CURSOR = "queue_log"
"""The journal's note how far Asterisk's file is read."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put where."""

    manifest: Manifest
    recordings: int
    """Files."""
    kept: Path | None
    """Where what was there before is."""
    plan: Path | None
    """The backup's plan, where it is not the same as the one in force."""


@dataclass(frozen=True, slots=True)
class _Staged:
    """The backup's content beside its place, on the same disks."""

    folder: Path
    recordings: Path
    manifest: Manifest


def restore(settings: Settings, file: Path, passphrase: str, *, replace: bool = False) -> Restored:
    """Put a backup into `settings.data`, and into PostgreSQL where that is set.

    Without `replace` nothing may be there. With it, databases and secrets that are there are kept
    in a folder of their own, PostgreSQL's rows are deleted, and recordings stay beside the new.
    The server must be stopped. Raises BackupError and SealError; nothing has changed then.
    """
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        with alone(settings), file.open("rb") as opened:
            if not replace:
                _expect_nothing(settings)
            with _staging(settings) as (folder, recordings):
                manifest = _unpack(Opener(opened, passphrase), folder, recordings)
                staged = _Staged(folder, recordings, manifest)
                _check(settings, staged)
                _expect_nobody(settings)
                return _put(settings, staged, replace=replace)
    except TakenError:
        raise BackupError(
            f"a server is running with its data in {settings.data}: stop it first"
        ) from None
    except (OSError, sqlite3.Error, SQLAlchemyError) as error:
        raise BackupError(str(error).partition("\n")[0] or type(error).__name__) from error


# -- before ----------------------------------------------------------------------------------------


def _expect_nobody(settings: Settings) -> None:
    """Somebody who has a database open keeps it from leaving its write-ahead log."""
    for name in (JOURNAL, ORDERS):
        if not (settings.data / name).is_file():
            continue
        with closing(sqlite3.connect(settings.data / name, timeout=1.0)) as database:
            try:
                database.execute("PRAGMA journal_mode = DELETE").fetchall()
            except sqlite3.OperationalError as error:
                raise BackupError(
                    f"{settings.data / name} is in use: stop the controller first"
                ) from error


def _expect_nothing(settings: Settings) -> None:
    there = [name for name in (JOURNAL, ORDERS) if (settings.data / name).exists()]
    there += [
        f"files in {folder.name}"
        for folder in (settings.secrets, settings.recordings)
        if any(each.is_file() for each in folder.rglob("*"))
    ]
    url = _postgresql(settings)
    if url is not None and asyncio.run(is_filled(url)):
        there.append("orders in PostgreSQL")
    if there:
        raise BackupError(
            f"{settings.data} is not empty ({', '.join(there)}): give an empty CALLCENTER_DATA, or "
            "--replace, by which what is there gives way"
        )


@contextmanager
def _staging(settings: Settings) -> Iterator[tuple[Path, Path]]:
    """Two folders of ours alone: in the data folder, and among the recordings (another disk)."""
    settings.recordings.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.data) as folder,
        tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.recordings) as recordings,
    ):
        yield Path(folder), Path(recordings)


def _unpack(opener: Opener, folder: Path, recordings: Path) -> Manifest:
    manifest: Manifest | None = None
    try:
        # A tar file is only ever asked to read here.
        with tarfile.open(fileobj=cast(BinaryIO, opener), mode="r|") as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                content = tar.extractfile(member) if member.isreg() else None
                if content is None or path.is_absolute() or ".." in path.parts:
                    raise SealError(f"it has {member.name}, which is no file of a backup")
                if member.name == MANIFEST:
                    manifest = Manifest.model_validate_json(content.read())
                    continue
                below = path.parts[0] == RECORDINGS
                place = (recordings / Path(*path.parts[1:])) if below else folder / path
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with place.open("xb") as out:
                    place.chmod(0o600)
                    shutil.copyfileobj(content, out, 1 << 20)
                os.utime(place, (member.mtime, member.mtime))  # it tells when a recording ended
        opener.drain()
    except (tarfile.TarError, ValidationError, FileExistsError) as error:
        raise SealError(f"its content cannot be read: {error}") from error
    if manifest is None:
        raise SealError("its content is not a backup's")
    return manifest


def _check(settings: Settings, staged: _Staged) -> None:
    """Make the copies ready for this version of the program, and for this folder."""
    for name in (JOURNAL, ORDERS):
        if not (staged.folder / name).is_file():
            raise SealError(f"it has no {name}")
        with closing(sqlite3.connect(staged.folder / name)) as database:
            (told,) = database.execute("PRAGMA quick_check").fetchone()
            if told != "ok":
                raise SealError(f"its {name} is damaged: {told}")
            if name == JOURNAL and not settings.queue_log.exists():
                # Asterisk's file will be a new one, read from its beginning.
                with database:
                    database.execute("DELETE FROM cursors WHERE name = ?", (LOG_CURSOR,))
    asyncio.run(upgrade(staged.folder / ORDERS))


# -- then ------------------------------------------------------------------------------------------


def _put(settings: Settings, staged: _Staged, *, replace: bool) -> Restored:
    url = _postgresql(settings)
    if url is not None:
        try:
            asyncio.run(copy_in(staged.folder / ORDERS, url, replace=replace))
        except NotEmptyError:
            raise BackupError("PostgreSQL has orders: --replace deletes them") from None
        (staged.folder / ORDERS).unlink()
    (settings.data / NOTE).unlink(missing_ok=True)  # of what is here from now on there is none
    kept = _keep_what_is_there(settings)
    for name in (JOURNAL, ORDERS, SECRETS):
        if (staged.folder / name).exists():
            (staged.folder / name).rename(settings.data / name)
    filed = _move(staged.recordings, settings.recordings)
    _move(staged.folder / SPOOL, settings.spooled_recordings)
    os.sync()
    return Restored(staged.manifest, filed, kept, _plan(settings, staged))


def _keep_what_is_there(settings: Settings) -> Path | None:
    there = [settings.data / name for name in (JOURNAL, ORDERS, SECRETS)]
    there = [path for path in there if path.exists()]
    if not there:
        return None
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    kept = Path(tempfile.mkdtemp(prefix=f"{KEPT}-{moment}-", dir=settings.data))
    for path in there:
        path.rename(kept / path.name)
    return kept


def _move(source: Path, to: Path) -> int:
    """Move all files below a folder to the same places below another one; how many."""
    files = [each for each in source.rglob("*") if each.is_file()]
    for each in files:
        place = to / each.relative_to(source)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        each.rename(place)
    return len(files)


def _plan(settings: Settings, staged: _Staged) -> Path | None:
    """The plan is edited, and kept in git, where it is: it is never replaced."""
    own = staged.folder / PLAN
    files = {each.relative_to(own) for each in own.rglob("*") if each.is_file()}
    there = {
        each.relative_to(settings.plan)
        for folder in FOLDERS
        for each in (settings.plan / folder).rglob("*")
        if each.is_file()
    }
    same, *_ = filecmp.cmpfiles(own, settings.plan, [str(each) for each in files], shallow=False)
    if len(same) == len(files) and not {each for each in there - files if each.suffix == ".yaml"}:
        return None
    place = settings.data / PLAN
    if place.exists():
        place = Path(tempfile.mkdtemp(prefix=f"{PLAN}-", dir=settings.data))
        place.rmdir()
    own.rename(place)
    return place


def _postgresql(settings: Settings) -> URL | None:
    address = settings.orders_url.get_secret_value()
    return make_url(address) if address else None
