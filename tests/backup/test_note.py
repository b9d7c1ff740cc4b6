"""What came of a backup is noted whole, also where power fails or another user makes it."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from callcenter.backup.note import NOTE, Failed, Made, Note, begin, note, read
from callcenter.settings import PROJECT, Settings
from tests.backup.test_backup import MIDDLE, PASSPHRASE, entries, live_through
from tests.support.power import moments, traced

MADE = Made(at=2000.0, file="/backup/1", recordings=True)
FAILED = Failed(at=3000.0, file="/backup/2", why="the disk is full")


def test_nothing_is_known_at_first(tmp_path: Path) -> None:
    assert read(tmp_path) is None


def test_one_that_is_made_ends_the_trouble_and_one_that_fails_leaves_the_last_good_one(
    tmp_path: Path,
) -> None:
    assert begin(tmp_path, 1000.0) == Note(watched=1000.0)
    note(tmp_path, FAILED)
    assert read(tmp_path) == Note(watched=1000.0, failed=FAILED)
    note(tmp_path, MADE)
    assert read(tmp_path) == Note(watched=1000.0, made=MADE)
    note(tmp_path, FAILED)
    assert read(tmp_path) == Note(watched=1000.0, made=MADE, failed=FAILED)


def test_the_beginning_is_noted_once(tmp_path: Path) -> None:
    note(tmp_path, MADE)
    assert begin(tmp_path, 5000.0) == Note(watched=MADE.at, made=MADE)


def test_a_damaged_one_is_told_and_made_anew(tmp_path: Path) -> None:
    (tmp_path / NOTE).write_bytes(b"\0" * 80)
    with pytest.raises(ValueError, match="JSON"):
        read(tmp_path)
    note(tmp_path, MADE)
    assert read(tmp_path) == Note(watched=MADE.at, made=MADE)


def test_who_may_look_into_the_folder_may_read_it(tmp_path: Path) -> None:
    """The command may be another user's than the server; and no lock of theirs is left."""
    begin(tmp_path, 1000.0)
    note(tmp_path, MADE)
    assert [(each.name, each.stat().st_mode & 0o777) for each in tmp_path.iterdir()] == [
        (NOTE, 0o644)
    ]


def test_of_several_at_once_each_is_kept(tmp_path: Path) -> None:
    begin(tmp_path, 1000.0)
    with ThreadPoolExecutor(8) as others:
        for _ in range(20):
            list(others.map(lambda each: note(tmp_path, each), [MADE, FAILED, FAILED, FAILED]))
            known = read(tmp_path)
            assert known is not None and (known.watched, known.made) == (1000.0, MADE)


async def test_what_is_noted_as_made_is_there_after_a_loss_of_power(tmp_path: Path) -> None:
    """At every moment; and where the command has said that it is done, that is noted."""
    settings = Settings(data=tmp_path / "var", plan=PROJECT)
    await live_through(settings, entries()[:MIDDLE])
    (tmp_path / "passphrase").write_text(PASSPHRASE, encoding="utf-8")
    place, backup, log = Path("var", NOTE), Path("backups", "1"), tmp_path.with_name("calls")
    (tmp_path / "backups").mkdir()
    said = await traced(
        log,
        *(str(Path(sys.executable).with_name("callcenter")), "backup", str(tmp_path / backup)),
        *("--passphrase-file", str(tmp_path / "passphrase")),
        environment=settings.environment(),
    )
    whole = (tmp_path / backup).read_bytes()
    noted = False
    for disk in moments(log, tmp_path):
        left = disk.left()
        if place in left:
            noted = True
            assert json.loads(left[place])["made"]["file"] == str(tmp_path / backup)
            assert left[backup] == whole
        assert noted or disk.said != said
    assert noted
