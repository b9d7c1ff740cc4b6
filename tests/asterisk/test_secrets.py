"""Passwords are made once, kept to ourselves, and can be changed."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest

from callcenter.asterisk.secrets import (
    ami_password,
    ari_password,
    asterisk_secrets,
    seat_password,
    set_seat_password,
)
from callcenter.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "var")


def test_a_password_is_made_once(settings: Settings) -> None:
    made = {ari_password(settings), ami_password(settings), seat_password(settings, "seat01")}
    assert len(made) == 3
    assert made == {
        ari_password(settings),
        ami_password(settings),
        seat_password(settings, "seat01"),
    }


def test_only_we_can_read_them(settings: Settings) -> None:
    seat_password(settings, "seat01")
    folders = [settings.secrets, settings.secrets / "seats"]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700, 0o700]
    (file,) = (settings.secrets / "seats").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_asterisk_gets_a_digest_of_the_seats_password(settings: Settings) -> None:
    set_seat_password(settings, "seat01", "a; word\\with [signs]")
    digest = hashlib.md5(b"seat01:callcenter:a; word\\with [signs]").hexdigest()
    assert asterisk_secrets(settings, ("seat01",)).seats == {"seat01": digest}


@pytest.mark.parametrize("name", ["", "../ari", "a/b", "seat 1", "座席", "-x", "a\n"])
def test_a_seats_name_is_no_path(settings: Settings, name: str) -> None:
    with pytest.raises(ValueError, match="is no seat's name"):
        seat_password(settings, name)


@pytest.mark.parametrize("password", ["short", "with\nbreak in it", ""])
def test_a_password_that_cannot_be_used_is_refused(settings: Settings, password: str) -> None:
    with pytest.raises(ValueError, match="at least 8 characters"):
        set_seat_password(settings, "seat01", password)
