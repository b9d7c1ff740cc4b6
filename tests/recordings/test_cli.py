"""`callcenter recordings` lists them and finds whatever is not as it was filed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter.orders import cli as orders_cli
from callcenter.recordings.archive import Archive
from callcenter.recordings.cli import app
from callcenter.store.orders import OrderStore
from callcenter.store.recordings import RecordingStore, RemovedBecause
from tests.fakes.orders import ENDED
from tests.fakes.store import empty_orders, write_orders
from tests.recordings.sounds import CALL, FILE, write_sound

__all__ = ["empty_orders"]

OTHER = "1511317900.1"
OTHER_FILE = f"2017/11/22/{OTHER}.wav"


@pytest.fixture
def data(empty_orders: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two recordings; the order of the first."""
    monkeypatch.setenv("CALLCENTER_DATA", str(tmp_path))
    write_orders(tmp_path, empty_orders)

    async def fill() -> None:
        store = OrderStore.in_folder(tmp_path)
        await store.file([replace(ENDED, call=CALL)], 1)
        archive = Archive(
            tmp_path / "spool",
            tmp_path / "recordings",
            RecordingStore(store.engine),
            _nothing_lives,
            quota=10**9,
            days=1,
        )
        for call in (CALL, OTHER):
            write_sound(tmp_path / "spool" / f"{call}.wav")
            await archive.take(call)
        await store.close()

    asyncio.run(fill())
    return tmp_path


async def _nothing_lives() -> frozenset[str]:
    return frozenset()


def remove(data: Path, call: str) -> None:
    """Say that its file was removed."""

    async def mark() -> None:
        store = OrderStore.in_folder(data)
        table = RecordingStore(store.engine)
        await table.mark_removed(await table.of_call(call), 1.6e9, RemovedBecause.RETENTION)
        await store.close()

    asyncio.run(mark())


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_the_list_shows_the_newest_first(data: Path) -> None:
    remove(data, OTHER)
    head, first, second = run().stdout.splitlines()
    assert head.split() == ["ORDER", "BEGAN", "LENGTH", "BYTES", "FILE"]
    assert first.split() == [
        *("-", "2017-11-22", "10:31:40", "0:01", "24044", OTHER_FILE),
        *("removed", "2020-09-13", "20:26:40:", "retention"),
    ]
    assert second.split() == [
        *("20171122-0252", "2017-11-22", "10:31:05", "0:01", "24044", FILE),
    ]
    assert len(run("--limit", "1").stdout.splitlines()) == 2


def test_an_order_shows_length_and_file(data: Path) -> None:
    shown = CliRunner().invoke(orders_cli.app, ["show", "20171122-0252"]).stdout
    assert f"0:01      24044 bytes in {FILE}" in shown


def test_without_recordings_it_says_so(
    empty_orders: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLCENTER_DATA", str(tmp_path))
    write_orders(tmp_path, empty_orders)
    assert "No recordings" in run().stdout
    assert run("check").exit_code == 0


def test_an_archive_as_it_was_filed_passes(data: Path) -> None:
    result = run("check")
    assert result.exit_code == 0
    assert result.stdout.endswith("is as it was filed.\n")


def louder(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.write_bytes(content)


def shorter(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-16])


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (louder, "changed: {file} SHA-256 "),
        (shorter, "changed: {file} bytes 24028, not 24044; seconds 1.499, not 1.5; SHA-256 "),
        (Path.unlink, f"missing: {{file}} of call {CALL}"),
        (lambda file: file.write_bytes(b"?"), "changed: {file} bytes 1, not 24044; seconds 0.0"),
    ],
)
def test_a_changed_or_missing_file_is_found(
    data: Path, damage: Callable[[Path], object], told: str
) -> None:
    damage(data / "recordings" / FILE)
    result = run("check")
    assert result.exit_code == 1
    assert told.format(file=FILE) in result.stdout
    assert OTHER_FILE not in result.stdout
    assert result.stderr.endswith(": 1.\n")


def test_a_foreign_file_is_found(data: Path) -> None:
    write_sound(data / "recordings/2017/11/22/foreign.wav")
    result = run("check")
    assert result.exit_code == 1
    assert "foreign: 2017/11/22/foreign.wav" in result.stdout


def test_a_removed_file_must_not_be_there(data: Path) -> None:
    remove(data, CALL)
    assert f"not removed: {FILE}" in run("check").stdout
    (data / "recordings" / FILE).unlink()
    assert run("check").exit_code == 0
