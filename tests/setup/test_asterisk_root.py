"""Which Asterisk is good enough, and when a root is taken for made."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.setup.asterisk_root import OLDEST, is_made, system_asterisk, version


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1", (22, 10)),
        ("Asterisk 20.6.0~dfsg", (20, 6)),
        ("Asterisk certified/20.7", (0, 0)),
        ("", (0, 0)),
    ],
)
def test_the_version_is_read(answer: str, expected: tuple[int, int]) -> None:
    assert version(answer) == expected


@pytest.mark.parametrize(("number", "used"), [("22.9.0", False), ("22.10.1", True), ("23.0", True)])
def test_the_systems_own_is_used_if_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: str, used: bool
) -> None:
    own = tmp_path / "asterisk"
    own.write_text(f"#!/bin/sh\necho Asterisk {number}\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system_asterisk() == (own if used else None)
    assert OLDEST == (22, 10)


def test_a_root_without_its_stamp_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    assert not is_made(tmp_path)
    (tmp_path / "etc" / "callcenter-root").write_text("an older recipe")
    assert not is_made(tmp_path)
