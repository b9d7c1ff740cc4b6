"""`callcenter backup` and `callcenter restore`: what they ask, and what they say."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from callcenter.backup import cli
from callcenter.backup.note import NOTE, read
from callcenter.cli import app
from callcenter.settings import Settings
from tests.backup.test_backup import PASSPHRASE, first

__all__ = ["first"]


@pytest.fixture(autouse=True)
def not_nicer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "NICE", 0)


@pytest.fixture
def folder(first: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CALLCENTER_DATA", str(first.data))
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n", encoding="utf-8")
    return tmp_path


def run(folder: Path, command: str, passphrase: str, *words: str) -> Result:
    given = ["--passphrase-file", str(folder / passphrase)]
    return CliRunner().invoke(app, [command, str(folder / "kept"), *given, *words])


def test_there_and_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run(folder, "backup", "passphrase")
    assert made.exit_code == 0 and f"{folder / 'kept'}: " in made.stdout
    monkeypatch.setenv("CALLCENTER_DATA", str(folder / "second"))
    done = run(folder, "restore", "passphrase")
    assert done.exit_code == 0, done.output
    assert f"{folder / 'second'} is as it was on " in done.stdout
    assert "Recordings: 1." in done.stdout


def test_what_is_wrong_is_one_line(folder: Path) -> None:
    (folder / "wrong").write_text("another passphrase\n", encoding="utf-8")
    assert run(folder, "restore", "passphrase").stderr == (
        f"callcenter restore: there is no file {folder / 'kept'}\n"
    )
    run(folder, "backup", "passphrase")
    for passphrase, reason, *options in (
        (
            "wrong",
            "the passphrase is not this backup's (or its beginning is damaged)\n",
            "--replace",
        ),
        ("passphrase", "by which what is there gives way\n"),
    ):
        refused = run(folder, "restore", passphrase, *options)
        assert refused.exit_code == 1
        assert refused.stderr.startswith(f"callcenter restore: {folder / 'kept'}: ")
        assert refused.stderr.endswith(reason) and refused.stderr.count("\n") == 1


def test_what_came_of_it_is_noted_for_the_wallboard(folder: Path, first: Settings) -> None:
    assert read(first.data) is None
    began = time.time()
    assert run(folder, "backup", "passphrase", "--without-recordings").exit_code == 0
    known = read(first.data)
    assert known is not None and known.made is not None and known.failed is None
    assert began <= known.made.at <= time.time()
    assert (known.made.file, known.made.recordings) == (str(folder / "kept"), False)
    for passphrase, why in (
        ("passphrase", f"{folder / 'kept'} is there already: choose another name"),
        ("nowhere", f"{folder / 'nowhere'}: the passphrase cannot be read: "),
    ):
        assert run(folder, "backup", passphrase).exit_code == 1
        after = read(first.data)
        assert after is not None and after.failed is not None
        assert after.failed.why.startswith(why) and after.failed.file == str(folder / "kept")
        assert after.made == known.made, "the last good one is known all the same"


def test_a_restoration_that_fails_is_no_backup_that_failed(folder: Path, first: Settings) -> None:
    assert run(folder, "backup", "passphrase").exit_code == 0
    known = read(first.data)
    assert run(folder, "restore", "nowhere").exit_code == 1
    assert run(folder, "restore", "passphrase").exit_code == 1
    assert read(first.data) == known


def test_a_backup_is_made_though_it_cannot_be_noted(folder: Path, first: Settings) -> None:
    (first.data / NOTE).mkdir()
    made = run(folder, "backup", "passphrase")
    assert made.exit_code == 0 and (folder / "kept").is_file()
    assert made.stderr.startswith("callcenter backup: the wallboard cannot know of it: ")


def test_the_passphrase_is_asked_for_twice(
    folder: Path,
    first: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    given = iter((PASSPHRASE, "a slip of the finger", PASSPHRASE, PASSPHRASE))
    monkeypatch.setattr("getpass.getpass", lambda _: next(given))
    with pytest.raises(typer.Exit):
        cli.backup(folder / "kept")
    assert capsys.readouterr().err == "callcenter backup: these are two different ones\n"
    assert read(first.data) is None, "whoever sits there tries again"
    cli.backup(folder / "kept")
    assert (folder / "kept").is_file()


def test_where_nobody_can_be_asked_a_file_is_wanted(folder: Path) -> None:
    refused = CliRunner().invoke(app, ["backup", str(folder / "kept")])
    assert refused.exit_code == 1
    assert "give --passphrase-file" in refused.stderr


def test_no_option_takes_the_passphrase_itself(folder: Path) -> None:
    """Everybody on the machine sees the arguments of a command."""
    for command in ("backup", "restore"):
        assert "--passphrase " not in CliRunner().invoke(app, [command, "--help"]).stdout
    short = folder / "short"
    short.write_text("12345\n", encoding="utf-8")
    refused = run(folder, "backup", "short")
    assert refused.exit_code == 1 and "12345" not in refused.output
    assert not (folder / "kept").exists()
