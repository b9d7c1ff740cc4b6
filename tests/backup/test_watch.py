"""A server whose backups fail or do not come is alarming; a new one, or a restored one, is not."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from callcenter.backup import watch
from callcenter.backup.note import NOTE, Failed, Made, Note, note
from callcenter.backup.watch import HOUR, BackupWatch, Standing, judged
from tests.fakes.waiting import until

T = 1511316000.0
"""2017-11-22 10:00, Asia/Shanghai."""
MADE = Made(at=T, file="/backup/1", recordings=True)
FAILED = Failed(at=T + 60, file="/backup/2", why="/backup/2 was not made: no room")
LAST = "the last one was made at 2017-11-22 10:00:00: /backup/1"
TRIED = "the last try, at 2017-11-22 10:01:00, failed: /backup/2 was not made: no room"


@pytest.mark.parametrize("hours", [0, 1, 25.9])
def test_it_is_well_while_the_last_one_is_young_enough(hours: float) -> None:
    known = Note(watched=0.0, made=MADE)
    assert judged(known, 26, T + hours * HOUR) == Standing(ok=True, text=LAST)


def test_one_that_is_too_old_is_overdue_since_it_was() -> None:
    known = Note(watched=0.0, made=MADE)
    told = judged(known, 26, T + 30 * HOUR)
    assert told == Standing(ok=False, text=f"overdue: {LAST}", since=T + 26 * HOUR)


def test_one_that_failed_is_told_with_its_reason_however_young_the_last_one_is() -> None:
    known = Note(watched=0.0, made=MADE, failed=FAILED)
    for now in (T + 60, T + 300 * HOUR):
        assert judged(known, 26, now) == Standing(ok=False, text=f"{TRIED}; {LAST}", since=T + 60)


def test_a_server_that_is_new_has_as_long_for_its_first() -> None:
    none = "none was made since 2017-11-22 10:00:00"
    known = Note(watched=T)
    assert judged(known, 26, T + 25 * HOUR) == Standing(ok=True, text=none)
    late = judged(known, 26, T + 27 * HOUR)
    assert late == Standing(ok=False, text=f"overdue: {none}", since=T + 26 * HOUR)
    failed = judged(Note(watched=T, failed=FAILED), 26, T + 61)
    assert failed.text == f"{TRIED}; {none}"


def test_what_is_left_out_is_told() -> None:
    known = Note(watched=T, made=MADE.model_copy(update={"recordings": False}))
    assert judged(known, 26, T).text == f"{LAST}, without recordings"


def test_a_clock_that_was_wrong_proves_nothing() -> None:
    known = Note(watched=T, made=MADE)
    assert judged(known, 26, T - HOUR).ok, "it was set by an hour"
    told = judged(known, 26, T - 1000 * HOUR)
    assert (told.ok, told.since) == (False, T - 1000 * HOUR)


def test_the_first_look_is_where_the_time_begins(tmp_path: Path) -> None:
    """And a controller that starts again, or is put back onto the data, does not begin anew."""
    assert BackupWatch(tmp_path, 26, lambda: T).look().ok
    assert BackupWatch(tmp_path, 26, lambda: T + 25 * HOUR).look().ok
    assert not BackupWatch(tmp_path, 26, lambda: T + 26 * HOUR).look().ok
    note(tmp_path, MADE.model_copy(update={"at": T + 27 * HOUR}))
    assert BackupWatch(tmp_path, 26, lambda: T + 52 * HOUR).look().ok


def test_a_note_that_cannot_be_used_is_alarming(tmp_path: Path) -> None:
    (tmp_path / NOTE).write_text("{}", encoding="utf-8")
    backups = BackupWatch(tmp_path, 26, lambda: T)
    told = f"{tmp_path / NOTE} is damaged; the next backup makes it anew"
    assert backups.look() == Standing(ok=False, text=told)
    (tmp_path / NOTE).unlink()
    (tmp_path / NOTE).mkdir()
    assert backups.look().text.startswith("nothing can be known of backups: ")


async def test_it_looks_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.01)
    backups = BackupWatch(tmp_path, 26, lambda: T + 27 * HOUR)

    def is_told(begins: str) -> bool:
        return backups.standing.text.startswith(begins)

    steps: list[tuple[Made | Failed, str]] = [
        (FAILED, "the last try"),
        (MADE, "overdue"),
        (FAILED, "the last try"),
    ]
    looking = asyncio.create_task(backups.run())
    try:
        for result, begins in steps:
            note(tmp_path, result)
            await until(partial(is_told, begins))
    finally:
        looking.cancel()


def test_where_nobody_wants_it_nothing_is_looked_at_or_written(tmp_path: Path) -> None:
    backups = BackupWatch(tmp_path, 0, lambda: T)
    asyncio.run(backups.run())
    assert backups.standing == Standing(ok=True, text="not watched")
    assert not (tmp_path / NOTE).exists()
