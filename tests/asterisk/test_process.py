"""Asterisk never runs as root: who starts it as root has it give up all rights, or is refused."""

from __future__ import annotations

import os
import pwd
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from callcenter.asterisk.process import (
    Account,
    AsteriskError,
    Installation,
    command,
    find_installation,
)
from callcenter.settings import Settings
from callcenter.setup import asterisk_root

FOLDER = Path("/srv/asterisk")
GIVEN_UP = (
    "--no-new-privs",
    "--reuid=5060",
    "--regid=5060",
    "--clear-groups",
    "--inh-caps=-all",
    "--bounding-set=-all",
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "var", asterisk_root=tmp_path / "root")


def as_user(monkeypatch: pytest.MonkeyPatch, uid: int, own: Path | None) -> None:
    """We are that user; `own`: the system's Asterisk."""
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(asterisk_root, "system_asterisk", lambda: own)


def user_of(known: bool) -> Callable[[str], pwd.struct_passwd]:
    def find(name: str) -> pwd.struct_passwd:
        if not known:
            raise KeyError(name)
        return pwd.struct_passwd((name, "x", 5060, 5060, "", "/", "/usr/sbin/nologin"))

    return find


@pytest.mark.parametrize("root", [None, Path("/var/root")])
def test_all_rights_are_given_up_before_it_becomes_asterisk(root: Path | None) -> None:
    asterisk = Installation(Path("/usr/sbin/asterisk"), root, Account(5060, 5060))
    words = command(asterisk, FOLDER)
    if root is not None:  # the last line of the shell that enters the root
        words = shlex.split(words[-1].splitlines()[-1])
    first = words.index("setpriv")
    last = words.index("/usr/sbin/asterisk")
    assert set(GIVEN_UP) <= set(words[first:last])
    assert not {"-U", "-G", "-p"} & set(words[last:]), "neither a user nor real time of its own"


def test_the_systems_asterisk_started_by_root_runs_as_its_own_user(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(monkeypatch, 0, Path("/usr/sbin/asterisk"))
    monkeypatch.setattr(pwd, "getpwnam", user_of(known=True))
    assert find_installation(settings).account == Account(5060, 5060)


def test_without_such_a_user_root_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(monkeypatch, 0, Path("/usr/sbin/asterisk"))
    monkeypatch.setattr(pwd, "getpwnam", user_of(known=False))
    with pytest.raises(AsteriskError, match="or do not run this as root"):
        find_installation(settings)


def test_a_made_root_has_a_user_of_its_own_that_is_not_root(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = settings.asterisk_root / "usr" / "sbin" / "asterisk"
    made.parent.mkdir(parents=True)
    made.touch()
    as_user(monkeypatch, 0, None)
    account = find_installation(settings).account
    assert account is not None and account.uid != 0 and account.gid != 0
    as_user(monkeypatch, 1000, None)
    with pytest.raises(AsteriskError, match="it then runs unprivileged"):
        find_installation(settings)
