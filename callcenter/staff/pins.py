"""Operators' PINs: given by a command, kept as scrypt hashes, five wrong guesses at most."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from callcenter.staff.files import SecretFile

DIGITS = 6
"""Of a PIN that is made here."""
FAILURES = 5
"""Wrong PINs in a row, after which an operator is locked."""
LOCK_SECONDS = 60.0
_PIN = re.compile(r"[0-9]{4,12}")
_MEMORY = {"n": 2**14, "r": 8, "p": 1}
"""16 MB and some 50 ms for each try."""


@dataclass(frozen=True, slots=True)
class HashedPin:
    """What is kept of a PIN."""

    salt: str
    hash: str


@dataclass(frozen=True, slots=True)
class PinCheck:
    """Whether a PIN was right."""

    ok: bool
    locked_until: float | None = None
    """Not looked at: too many wrong ones. In the event loop's time."""


@dataclass(slots=True)
class _Tries:
    failures: int = 0
    locked_until: float | None = None


class Pins:
    """The PINs of one installation. Locks are in memory: a restart forgets them."""

    def __init__(self, secrets_folder: Path) -> None:
        self._file = SecretFile(secrets_folder / "pins.json", TypeAdapter(dict[str, HashedPin]), {})
        self._tries: dict[str, _Tries] = {}

    def known(self, operator: str) -> bool:
        """Whether that operator has a PIN."""
        return operator in self._file.read()

    def set(self, operator: str, pin: str) -> None:
        """Give the operator this PIN; raises ValueError unless it is 4 to 12 digits."""
        if not _PIN.fullmatch(pin):
            raise ValueError("a PIN has 4 to 12 digits, so that it can be keyed in on a telephone")
        salt = secrets.token_bytes(16)
        hashed = HashedPin(salt.hex(), _scrypt(pin, salt).hex())
        self._file.change(lambda pins: {**pins, operator: hashed})

    def reset(self, operator: str) -> str:
        """Give the operator a new PIN, and return it: this is the only time it can be read."""
        pin = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        self.set(operator, pin)
        return pin

    async def verify(self, operator: str, pin: str, now: float) -> PinCheck:
        """Whether this is the operator's PIN. `now` is the event loop's time, for every caller.

        The hash is computed on another thread, so that no call waits for it.
        """
        tries = self._tries.get(operator, _Tries())
        if tries.locked_until is not None:
            if now < tries.locked_until:
                return PinCheck(ok=False, locked_until=tries.locked_until)
            tries = _Tries()
        # Counted before it is known to be wrong: guesses made at the same time count too.
        tries.failures += 1
        if tries.failures >= FAILURES:
            tries.locked_until = now + LOCK_SECONDS
        kept = self._file.read().get(operator)
        if kept is None:
            return PinCheck(ok=False)
        self._tries[operator] = tries
        salt = bytes.fromhex(kept.salt)
        hashed = await asyncio.to_thread(_scrypt, pin, salt)
        if hmac.compare_digest(hashed, bytes.fromhex(kept.hash)):
            self._tries.pop(operator, None)
            return PinCheck(ok=True)
        return PinCheck(ok=False)


def _scrypt(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, dklen=32, **_MEMORY)
