"""Passwords that Asterisk needs: made once, kept in the data folder, readable by its owner only."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from callcenter.disk import sync_names
from callcenter.settings import Settings

USER = "callcenter"
"""Our name at ARI and AMI."""
REALM = "callcenter"
"""The realm of the softphones' passwords."""
_SEAT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class AsteriskSecrets:
    """What the configuration is rendered with."""

    ari: str
    ami: str
    seats: dict[str, str]
    """By seat: the MD5 of user, realm and password that SIP digests are computed from."""


def ari_password(settings: Settings) -> str:
    """The controller's password at ARI; made on first use."""
    return _read_or_make(settings.secrets / "ari")


def ami_password(settings: Settings) -> str:
    """The controller's password at AMI; made on first use."""
    return _read_or_make(settings.secrets / "ami")


def seat_password(settings: Settings, seat: str) -> str:
    """The password of a seat's softphone; made on first use. Raises ValueError for a bad name."""
    return _read_or_make(_seat_file(settings, seat))


def set_seat_password(settings: Settings, seat: str, password: str) -> None:
    """Give a seat's softphone another password.

    It holds as soon as the configuration is rendered and pjsip reloaded. Raises ValueError for a
    bad name or a password that a softphone could not send.
    """
    if len(password) < 8 or not password.isprintable():
        raise ValueError("a seat's password has at least 8 characters, without line breaks")
    _write(_seat_file(settings, seat), password)


def asterisk_secrets(settings: Settings, seats: tuple[str, ...]) -> AsteriskSecrets:
    """All of them, those that are missing newly made."""
    return AsteriskSecrets(
        ari=ari_password(settings),
        ami=ami_password(settings),
        seats={seat: _digest(seat, seat_password(settings, seat)) for seat in seats},
    )


def _digest(user: str, password: str) -> str:
    # SIP's digest is MD5 of these by RFC 2617; the file is as secret as the password.
    text = f"{user}:{REALM}:{password}".encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def _seat_file(settings: Settings, seat: str) -> Path:
    if not _SEAT.fullmatch(seat):
        raise ValueError(f"{seat!r} is no seat's name: use letters, digits, - and _")
    return settings.secrets / "seats" / seat


def _read_or_make(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return _write(file, secrets.token_hex(12), keep=True)


def _write(file: Path, value: str, *, keep: bool = False) -> str:
    """Write whole or not at all; with `keep`, a value that another process made first stays."""
    for folder in reversed([file.parent, *file.parent.parents]):
        folder.mkdir(exist_ok=True, mode=0o700 if "secrets" in folder.parts else 0o777)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".new-")  # mode 0600
    new = Path(name)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(value)
        opened.flush()
        os.fsync(opened.fileno())
    if not keep:
        new.replace(file)
        sync_names(file.parent)
        return value
    try:
        file.hardlink_to(new)
        sync_names(file.parent)
    except FileExistsError:
        return file.read_text(encoding="utf-8")
    finally:
        new.unlink()
    return value
