"""A file that nobody can read, or change unnoticed, without the passphrase.

Behind a first line and a salt: chunks of AES-256-GCM, their key made of passphrase and salt by
scrypt. A chunk's nonce is its number and whether it is the last one, so that none can be changed,
moved, left out or cut off at the end. No key is used twice: each file has a salt of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"callcenter backup 1\n"
CHUNK = 65_536
"""Bytes of content in each chunk but the last."""
SHORTEST = 12
"""Characters of a passphrase."""
_TAG = 16
_SALT = 16
_CHECK = 16
_KEY = 32
COST = 2**17
"""Of scrypt: 128 MB and half a second for each guess."""
_BLOCK = 8


class SealError(Exception):
    """The file cannot be read; the text says why."""


class PassphraseError(SealError):
    """The passphrase cannot be used, or is not this file's."""


class Sealer:
    """Encrypts what is written to it into `target`; whole only once `finish` has returned."""

    def __init__(self, target: BinaryIO, passphrase: str) -> None:
        """Raises PassphraseError where it is too short, OSError where nothing can be written."""
        if len(passphrase) < SHORTEST:
            raise PassphraseError(
                f"the passphrase is too short: take {SHORTEST} characters or more"
            )
        salt = os.urandom(_SALT)
        key, check = _derive(passphrase, salt)
        self._cipher = AESGCM(key)
        self._target = target
        self._number = 0
        self._waiting = bytearray()
        target.write(MAGIC + salt + check)

    def write(self, content: bytes) -> int:
        """Take these bytes. Raises OSError."""
        self._waiting += content
        while len(self._waiting) > CHUNK:  # the last chunk is only known at the end
            self._seal(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(content)

    def finish(self) -> None:
        """Write what is left. Raises OSError."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, content: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, last=last), content, None))
        self._number += 1


class Opener:
    """Reads what a `Sealer` wrote; gives no byte that is not as it was written."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        """Raises SealError where it is no such file, PassphraseError for another's passphrase."""
        if source.read(len(MAGIC)) != MAGIC:
            raise SealError("it is no backup of this program, or of a newer version of it")
        head = source.read(_SALT + _CHECK)
        if len(head) < _SALT + _CHECK:
            raise SealError("it is cut off")
        key, check = _derive(passphrase, head[:_SALT])
        if not hmac.compare_digest(check, head[_SALT:]):
            raise PassphraseError(
                "the passphrase is not this backup's (or its beginning is damaged)"
            )
        self._cipher = AESGCM(key)
        self._source = source
        self._number = 0
        self._ready = bytearray()
        self._sealed = source.read(CHUNK + _TAG)
        self._over = False

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end. Raises SealError where the file is damaged."""
        while len(self._ready) < size and not self._over:
            self._open()
        content = bytes(self._ready[:size])
        del self._ready[:size]
        return content

    def drain(self) -> None:
        """Read to the end, to see that all of it is there. Raises SealError."""
        while self.read(CHUNK):
            pass

    def _open(self) -> None:
        following = self._source.read(CHUNK + _TAG)
        nonce = _nonce(self._number, last=not following)
        try:
            self._ready += self._cipher.decrypt(nonce, self._sealed, None)
        except InvalidTag:
            where = len(MAGIC) + _SALT + _CHECK + self._number * (CHUNK + _TAG)
            raise SealError(f"it is damaged or cut off, behind byte {where}") from None
        self._number += 1
        self._sealed = following
        self._over = not following


def _derive(passphrase: str, salt: bytes) -> tuple[bytes, bytes]:
    """The key, and what tells a wrong passphrase from a damaged file."""
    made = hashlib.scrypt(
        passphrase.encode(),
        salt=salt,
        n=COST,
        r=_BLOCK,
        p=1,
        maxmem=2 * 128 * COST * _BLOCK,
        dklen=_KEY + _CHECK,
    )
    return made[:_KEY], made[_KEY:]


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
