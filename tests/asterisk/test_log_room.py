"""Asterisk's log takes no more than its room, and Asterisk goes on writing to it."""

from __future__ import annotations

from pathlib import Path

from callcenter.asterisk.log_room import shorten


def test_a_long_log_is_emptied_under_the_writers_hands(tmp_path: Path) -> None:
    file = tmp_path / "full"
    with file.open("a") as asterisk:
        for number in range(3):
            asterisk.write(f"line {number}\n")
            asterisk.flush()
            shorten(file, most=10)
        assert file.read_text() == "line 2\n"
        assert (tmp_path / "full.1").read_text() == "line 0\nline 1\n"


def test_no_log_is_short_enough(tmp_path: Path) -> None:
    shorten(tmp_path / "full")
    assert list(tmp_path.iterdir()) == []
