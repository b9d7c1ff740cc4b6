"""Bearer tokens: shown once, kept as hashes, with a role, an end and a way to revoke them.

Their time is the machine's own, also in a rehearsal: rights do not follow a shifted clock.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter

from callcenter.staff.files import SecretFile
from callcenter.staff.roles import Principal, Role

PREFIX = "cc_"
"""So that a token is recognised where it should not be."""
SIGN_IN_SECONDS = 12 * 3600.0
"""How long a token lasts that was given for a PIN: a shift."""
KEEP_EXPIRED_SECONDS = 7 * 86400.0


class Origin(StrEnum):
    """How a token came about."""

    COMMAND = "command"
    PIN = "pin"


@dataclass(frozen=True, slots=True)
class StoredToken:
    """What is kept of a token."""

    id: str
    hash: str
    role: Role
    operator: str | None
    origin: Origin
    created: float
    expires: float


class Tokens:
    """The tokens of one installation."""

    def __init__(self, secrets_folder: Path) -> None:
        self._file = SecretFile(
            secrets_folder / "tokens.json", TypeAdapter(tuple[StoredToken, ...]), ()
        )

    def all(self) -> tuple[StoredToken, ...]:
        """Every token that is kept, expired ones too, oldest first."""
        return self._file.read()

    def create(
        self, role: Role, operator: str | None, origin: Origin, *, now: float, seconds: float
    ) -> tuple[str, StoredToken]:
        """Make a token: its text, which is not kept, and what is kept.

        Raises ValueError for an operator's token without an operator.
        """
        if role is Role.OPERATOR and operator is None:
            raise ValueError("a token with the role operator needs the operator's number")
        text = PREFIX + secrets.token_urlsafe(32)
        token = StoredToken(
            id=secrets.token_hex(4),
            hash=_hash(text),
            role=role,
            operator=operator,
            origin=origin,
            created=now,
            expires=now + seconds,
        )

        def add(tokens: tuple[StoredToken, ...]) -> tuple[StoredToken, ...]:
            kept = tuple(t for t in tokens if t.expires + KEEP_EXPIRED_SECONDS > now)
            return (*kept, token)

        self._file.change(add)
        return text, token

    def verify(self, text: str, now: float) -> Principal | None:
        """Whom this token stands for; None if it is unknown, revoked or expired."""
        hashed = _hash(text)
        found = None
        # All are compared, each in constant time: how long it takes tells nothing.
        for token in self._file.read():
            if hmac.compare_digest(token.hash, hashed):
                found = token
        if found is None or found.expires <= now:
            return None
        return Principal(found.role, found.operator, found.id, found.expires)

    def revoke(self, token_id: str) -> bool:
        """Make a token worthless at once; whether there was one with that id."""
        before = self._file.read()
        self._file.change(lambda tokens: tuple(t for t in tokens if t.id != token_id))
        return any(token.id == token_id for token in before)

    def revoke_signed_in(self, operator: str) -> None:
        """Make worthless what the operator got for a PIN: the PIN is another one now."""
        self._file.change(
            lambda tokens: tuple(
                t for t in tokens if not (t.origin is Origin.PIN and t.operator == operator)
            )
        )


def _hash(text: str) -> str:
    # 256 random bits cannot be guessed, so a fast hash is enough.
    return hashlib.sha256(text.encode()).hexdigest()
