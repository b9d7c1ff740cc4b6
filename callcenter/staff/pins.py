"""Operators' PINs: given by a command, kept as scrypt hashes, a few wrong guesses at most.

Guesses are counted for the operator, and for the seat they are made at: who tries one PIN on many
operators is locked out too.
"""

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
SEAT_FAILURES = 10
"""Wrong PINs at one seat without a right one, after which the seat is locked."""
SEAT_LOCK_SECONDS = 300.0
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
    kept: HashedPin | None = None
    """The PIN that was guessed at: a new one begins anew."""

    def is_locked(self, now: float) -> bool:
        """Whether it is locked now; a lock whose time is over is forgotten."""
        if self.locked_until is not None and now >= self.locked_until:
            self.failures, self.locked_until = 0, None
        return self.locked_until is not None

    def count(self, most: int, until: float) -> None:
        """One more guess."""
        self.failures += 1
        if self.failures >= most:
            self.locked_until = until


class Pins:
    """The PINs of one installation. Locks are in memory: a restart forgets them."""

    def __init__(self, secrets_folder: Path) -> None:
        self._file = SecretFile(secrets_folder / "pins.json", TypeAdapter(dict[str, HashedPin]), {})
        self._tries: dict[str, _Tries] = {}
        self._seats: dict[str, _Tries] = {}

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

    async def verify(self, operator: str, pin: str, now: float, seat: str = "") -> PinCheck:
        """Whether this is the operator's PIN. `now` is the event loop's time, for every caller.

        `seat` is where it was keyed in, if at a seat. The hash is computed on another thread, so
        that no call waits for it.
        """
        kept = self._file.read().get(operator)
        tries = self._tries.get(operator, _Tries(kept=kept))
        if tries.kept != kept:
            tries = _Tries(kept=kept)
        at_seat = self._seats.get(seat, _Tries())
        for each in (at_seat, tries):
            if each.is_locked(now):
                return PinCheck(ok=False, locked_until=each.locked_until)
        # Counted before it is known to be wrong: guesses made at the same time count too.
        if seat:
            at_seat.count(SEAT_FAILURES, now + SEAT_LOCK_SECONDS)
            self._seats[seat] = at_seat
        if kept is None:
            return PinCheck(ok=False)
        tries.count(FAILURES, now + LOCK_SECONDS)
        self._tries[operator] = tries
        salt = bytes.fromhex(kept.salt)
        hashed = await asyncio.to_thread(_scrypt, pin, salt)
        if hmac.compare_digest(hashed, bytes.fromhex(kept.hash)):
            self._tries.pop(operator, None)
            self._seats.pop(seat, None)
            return PinCheck(ok=True)
        return PinCheck(ok=False)

    def release(self, operator: str) -> None:
        """Let the operator try again at once."""
        self._tries.pop(operator, None)

    def release_seat(self, seat: str) -> None:
        """Let a PIN be tried at that seat again at once."""
        self._seats.pop(seat, None)


def _scrypt(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, dklen=32, **_MEMORY)
