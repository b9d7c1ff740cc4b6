"""No secret of ours is in git: in no file of today, in nothing that was ever committed."""

from __future__ import annotations

import re
import secrets
import subprocess
from pathlib import Path

import pytest

from callcenter.asterisk.secrets import ari_password, seat_password
from callcenter.backup.sealed import MAGIC
from callcenter.settings import PROJECT, Settings
from callcenter.staff.pins import Pins
from callcenter.staff.roles import Role
from callcenter.staff.tokens import Origin, Tokens

PATTERNS = {
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s",
    "a token": rb"\bcc_[A-Za-z0-9_-]{43}\b",
    "a hashed PIN or token": rb'"(?:salt|hash)": ?"[0-9a-f]{32,128}"',
    "a password of ours": rb"(?im)^[+ ]?(?:password|secret) ?= ?[0-9a-f]{24}\b",
    "a softphone's digest": rb"\bMD5:[0-9a-f]{32}\b",
    "a backup": re.escape(MAGIC),
    "a password in an address": rb"postgresql(?:\+asyncpg)?://\w+:(?!password@|PASSWORD@)[^@\s/{}]{8,}@",
}
FORBIDDEN_NAMES = re.compile(
    r"(?:^|/)(?:var|secrets)/(?!$)|\.(?:pem|key|p12|env|callcenter|db)$|(?:pins|tokens)\.json$"
)


def git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=PROJECT, capture_output=True, check=True).stdout


def tracked() -> list[str]:
    return git("ls-files", "-z").decode().rstrip("\0").split("\0")


def found(text: bytes) -> list[str]:
    return [what for what, pattern in PATTERNS.items() if re.search(pattern, text)]


def test_no_tracked_file_has_a_secret_or_the_name_of_one() -> None:
    files = tracked()
    assert len(files) > 100
    assert [name for name in files if FORBIDDEN_NAMES.search(name)] == []
    wrong = {name: what for name in files if (what := found((PROJECT / name).read_bytes()))}
    assert wrong == {}


def test_nothing_was_ever_committed_that_is_one() -> None:
    assert found(git("log", "-p", "--no-color", "--no-ext-diff")) == []


def test_the_secrets_of_this_machine_are_in_no_tracked_file() -> None:
    """`script/server` on a working copy makes some beside the files."""
    folder = Settings.model_fields["data"].default / "secrets"
    own = [*folder.glob("a[mr]i"), *folder.glob("seats/*")]
    values = [each.read_bytes().strip() for each in own if not each.name.startswith(".")]
    texts = [(PROJECT / name).read_bytes() for name in tracked()]
    assert [value for value in values if any(value in text for text in texts)] == []


@pytest.mark.parametrize("make", ["token", "hash", "password", "key", "address"])
def test_what_is_looked_for_is_what_we_make(make: str, tmp_path: Path) -> None:
    """A pattern that finds nothing proves nothing."""
    settings = Settings(data=tmp_path)
    made = {
        "token": lambda: Tokens(settings.secrets).create(
            Role.TEAM_LEADER, None, Origin.COMMAND, now=0.0, seconds=60.0
        )[0],
        "hash": lambda: (
            Pins(settings.secrets).reset("001")
            and (settings.secrets / "pins.json").read_text(encoding="utf-8")
        ),
        "password": lambda: f"[callcenter]\npassword = {ari_password(settings)}\n",
        "key": lambda: "-----BEGIN " + "PRIVATE KEY-----\nMIIE",
        "address": lambda: f"postgresql://callcenter:{secrets.token_hex(8)}@db/callcenter",
    }
    assert len(found(made[make]().encode())) == 1


def test_a_seats_password_looks_like_the_others(tmp_path: Path) -> None:
    password = seat_password(Settings(data=tmp_path), "seat01")
    assert found(f"\npassword = {password}\n".encode()) == ["a password of ours"]
