"""queue_log has every line once, whatever dies between the file and the journal."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

from callcenter.store.journal import Entry, Journal, Written
from callcenter.store.queue_log_writer import QueueLogWriter
from tests.fakes.waiting import until


class BrittleJournal(Journal):
    """A journal that can be made to forget how far the file goes, as a crash does."""

    notes: int | None = None
    """How often it still notes something; None: always."""

    async def keep_lines_written(self, written: Written) -> None:
        if self.notes == 0:
            raise sqlite3.OperationalError("killed")
        if self.notes is not None:
            self.notes -= 1
        await super().keep_lines_written(written)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[BrittleJournal]:
    journal = BrittleJournal(tmp_path / "journal.db")
    await journal.open()
    yield journal
    await journal.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "queue_log"


async def add(journal: Journal, first: int, *lines: str) -> None:
    """Entries from `first` on, each with one line."""
    await journal.commit(
        [
            Entry(seq, 1000.0, "plan", 2, "LegRinging", "{}", queue_log=(line,))
            for seq, line in enumerate(lines, first)
        ]
    )


def writer_of(journal: Journal, file: Path) -> QueueLogWriter:
    return QueueLogWriter(journal, file, lambda: 100.0, gather=0.0, pause=0.001, longest_pause=0.01)


@asynccontextmanager
async def running(writer: QueueLogWriter) -> AsyncIterator[None]:
    task = asyncio.create_task(writer.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def dies(journal: BrittleJournal, file: Path, notes: int = 0) -> None:
    """A writer has written, and dies before the journal notes it."""
    journal.notes = notes
    with pytest.raises(sqlite3.OperationalError):
        await writer_of(journal, file).catch_up()
    journal.notes = None


def rotate(file: Path) -> Path:
    return file.rename(file.with_name("queue_log.1"))


def cut(file: Path, count: int) -> None:
    """Take some bytes off the end."""
    content = file.read_bytes()
    file.write_bytes(content[: len(content) - count])


def begin(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)


def for_all(file: Path) -> bool:
    """Whether everybody may do something with it."""
    return bool(file.stat().st_mode & 0o007)


@contextmanager
def blocked(file: Path) -> Iterator[None]:
    """Something else has the file's name."""
    file.mkdir(parents=True)
    yield
    file.rmdir()


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


async def test_lines_come_with_their_event_or_not_at_all(journal: BrittleJournal) -> None:
    await add(journal, 1, "a")
    with pytest.raises(sqlite3.IntegrityError):
        await add(journal, 1, "never")
    assert await journal.lines_after(0, 10) == [(1, "a")]


async def test_the_file_follows_the_journal(journal: BrittleJournal, file: Path) -> None:
    async with running(writer_of(journal, file)):
        await add(journal, 1, "a", "b")
        await until(lambda: lines(file) == ["a", "b"])
        await add(journal, 3, "c")
        await until(lambda: lines(file) == ["a", "b", "c"])
    assert not for_all(file), "callers' numbers are not for everybody"


async def test_the_journal_keeps_no_line_that_is_in_the_file(
    journal: BrittleJournal, file: Path
) -> None:
    await add(journal, 1, "a", "b")
    await writer_of(journal, file).catch_up()
    assert await journal.lines_after(0, 10) == []
    await add(journal, 3, "c")
    assert [line for _, line in await journal.lines_after(0, 10)] == ["c"]


@pytest.mark.parametrize("missing", [0, 1, 3, 5])
async def test_a_death_between_file_and_journal_doubles_no_line(
    journal: BrittleJournal, file: Path, missing: int
) -> None:
    """All of the batch, or a part of it, is in the file, and the journal knows of none of it."""
    await add(journal, 1, "aa")
    await writer_of(journal, file).catch_up()
    await add(journal, 2, "bb", "cc")
    await dies(journal, file)
    cut(file, missing)
    await add(journal, 4, "dd")
    await writer_of(journal, file).catch_up()
    assert lines(file) == ["aa", "bb", "cc", "dd"]


async def test_a_death_at_the_very_first_line_doubles_none(
    journal: BrittleJournal, file: Path
) -> None:
    begin(file, "of an older journal\n")
    await add(journal, 1, "a")
    await dies(journal, file, notes=1)
    await writer_of(journal, file).catch_up()
    assert lines(file) == ["of an older journal", "a"]


async def test_a_rotated_file_is_left_and_a_new_one_begun(
    journal: BrittleJournal, file: Path
) -> None:
    await add(journal, 1, "a")
    await writer_of(journal, file).catch_up()
    old = rotate(file)
    await add(journal, 2, "b")
    await writer_of(journal, file).catch_up()
    assert (lines(old), lines(file)) == (["a"], ["b"])


async def test_a_death_just_before_the_rotation_doubles_no_line(
    journal: BrittleJournal, file: Path
) -> None:
    await add(journal, 1, "a")
    await writer_of(journal, file).catch_up()
    await add(journal, 2, "b")
    await dies(journal, file)
    old = rotate(file)
    await writer_of(journal, file).catch_up()
    assert (lines(old), lines(file)) == (["a"], ["b"])


async def test_a_file_emptied_by_the_rotation_goes_on(journal: BrittleJournal, file: Path) -> None:
    await add(journal, 1, "a")
    await writer_of(journal, file).catch_up()
    begin(file, "")
    await add(journal, 2, "b")
    await writer_of(journal, file).catch_up()
    assert lines(file) == ["b"]


async def test_a_journal_from_a_copy_takes_nothing_out_of_the_file(
    journal: BrittleJournal, file: Path, tmp_path: Path
) -> None:
    await add(journal, 1, "a")
    await writer_of(journal, file).catch_up()
    before = await journal.lines_written()
    await add(journal, 2, "b")
    await writer_of(journal, file).catch_up()
    old = Journal(tmp_path / "copy.db")
    await old.open()
    assert before is not None
    await old.keep_lines_written(before)
    await add(old, 1, "a", "c")
    await writer_of(old, file).catch_up()
    await old.close()
    assert lines(file) == ["a", "b", "c"]


async def test_what_cannot_be_written_is_told_and_written_later(
    journal: BrittleJournal, file: Path
) -> None:
    writer = writer_of(journal, file)
    async with running(writer):
        with blocked(file):
            await add(journal, 1, "a")
            await until(lambda: writer.error is not None)
            assert "IsADirectoryError" in (writer.error or "")
            assert writer.failing_since == 100.0
        await until(lambda: lines(file) == ["a"])
        await until(lambda: writer.error is None)
    assert writer.failing_since is None


async def test_many_lines_are_written_in_batches(journal: BrittleJournal, file: Path) -> None:
    many = [f"line {number}" for number in range(1, 1203)]
    await add(journal, 1, *many)
    await writer_of(journal, file).catch_up()
    assert lines(file) == many
