"""`callcenter backup` and `callcenter restore`."""

from __future__ import annotations

import getpass
import os
import sys
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from callcenter.backup.make import back_up
from callcenter.backup.members import BackupError
from callcenter.backup.note import Failed, Made, note
from callcenter.backup.restore import restore as put_back
from callcenter.backup.sealed import SealError
from callcenter.orders.cli import settings_for
from callcenter.orders.times import written
from callcenter.settings import Settings

NICE = 10
"""Calls come first, on the processor too."""
PassphraseFile = Annotated[
    Path | None,
    typer.Option(help="A file whose first line is the passphrase; it is asked for without."),
]


def backup(
    file: Annotated[Path, typer.Argument(help="Where the backup goes; nothing may be there.")],
    *,
    passphrase_file: PassphraseFile = None,
    without_recordings: Annotated[
        bool, typer.Option("--without-recordings", help="Leave them to another copy.")
    ] = False,
) -> None:
    """Copy journal, orders, recordings, secrets and plan into one encrypted file, at any time."""
    settings = settings_for(rehearsal=False)
    to = file.absolute()
    try:
        passphrase = _passphrase(passphrase_file)
        if passphrase_file is None and getpass.getpass("The same once more: ") != passphrase:
            _stop("backup", "these are two different ones")
        os.nice(NICE)
        back_up(settings, to, passphrase, recordings=not without_recordings)
    except (BackupError, SealError) as error:
        _note(settings, Failed(at=time.time(), file=str(to), why=str(error)))
        _stop("backup", str(error))
    _note(settings, Made(at=time.time(), file=str(to), recordings=not without_recordings))
    typer.echo(f"{file}: {file.stat().st_size} bytes. Without the passphrase it is worthless.")


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    *,
    passphrase_file: PassphraseFile = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Though data are there; they are kept aside.")
    ] = False,
) -> None:
    """Put a backup into an empty data folder; the server is stopped."""
    settings = settings_for(rehearsal=False)
    if not file.is_file():
        _stop("restore", f"there is no file {file}")
    try:
        passphrase = _passphrase(passphrase_file)
    except BackupError as error:
        _stop("restore", str(error))
    try:
        done = put_back(settings, file, passphrase, replace=replace)
    except (BackupError, SealError) as error:
        _stop("restore", f"{file}: {error}")
    typer.echo(f"{settings.data} is as it was on {written(done.manifest.made)}.")
    if done.manifest.recordings:
        typer.echo(f"Recordings: {done.recordings}.")
    else:
        typer.echo(f"The backup was made without recordings: copy them to {settings.recordings}.")
    if done.kept is not None:
        typer.echo(f"What was there before is in {done.kept}.")
    if done.plan is not None:
        typer.echo(
            f"The backup's plan differs from the one in {settings.plan} and is in {done.plan}: "
            f"copy it there, or set CALLCENTER_PLAN={done.plan}"
        )


def _passphrase(file: Path | None) -> str:
    """From the file, or from whoever sits there. Raises BackupError."""
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as error:
            raise BackupError(f"{file}: the passphrase cannot be read: {error}") from error
    if not sys.stdin.isatty():
        raise BackupError("nobody can be asked for the passphrase: give --passphrase-file")
    return getpass.getpass("Passphrase: ")


def _note(settings: Settings, result: Made | Failed) -> None:
    """For the running server. Whoever typed the command has what it says all the same."""
    if not settings.data.is_dir():
        return
    try:
        note(settings.data, result)
    except OSError as error:
        typer.echo(f"callcenter backup: the wallboard cannot know of it: {error}", err=True)


def _stop(command: str, message: str) -> NoReturn:
    typer.echo(f"callcenter {command}: {message}", err=True)
    raise typer.Exit(1)
