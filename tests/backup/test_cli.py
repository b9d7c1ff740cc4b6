"""`callcenter backup` and `callcenter restore`: what they ask, and what they say."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from callcenter.backup import cli
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


def test_the_passphrase_is_asked_for_twice(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
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
