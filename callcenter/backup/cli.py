"""`callcenter backup` and `callcenter restore`."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from callcenter.backup.make import back_up
from callcenter.backup.members import BackupError
from callcenter.backup.restore import restore as put_back
from callcenter.backup.sealed import SealError
from callcenter.orders.cli import settings_for
from callcenter.orders.times import written

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
    passphrase = _passphrase("backup", passphrase_file)
    os.nice(NICE)
    try:
        back_up(settings, file.absolute(), passphrase, recordings=not without_recordings)
    except (BackupError, SealError) as error:
        _stop("backup", str(error))
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
    passphrase = _passphrase("restore", passphrase_file)
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


def _passphrase(command: str, file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as error:
            _stop(command, f"{file}: the passphrase cannot be read: {error}")
    if not sys.stdin.isatty():
        _stop(command, "nobody can be asked for the passphrase: give --passphrase-file")
    given = getpass.getpass("Passphrase: ")
    if command == "backup" and getpass.getpass("The same once more: ") != given:
        _stop(command, "these are two different ones")
    return given


def _stop(command: str, message: str) -> NoReturn:
    typer.echo(f"callcenter {command}: {message}", err=True)
    raise typer.Exit(1)
