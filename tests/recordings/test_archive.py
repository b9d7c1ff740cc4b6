"""A recording reaches the archive whole, once, whatever dies on the way; and leaves it in time."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import stat
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import time

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from callcenter.recordings import archive as archive_module
from callcenter.recordings.archive import Archive, NoAnswerError
from callcenter.recordings.space import DAY
from callcenter.store.orders import OrderStore
from callcenter.store.recordings import (
    Recording,
    RecordingKind,
    RecordingStore,
    RemovedBecause,
    Totals,
)
from tests.fakes.orders import ENDED
from tests.fakes.store import empty_orders, write_orders
from tests.fakes.waiting import until
from tests.recordings.sounds import CALL, FILE, cut_off, idle, write_sound

__all__ = ["empty_orders"]

AWAY = OperationalError("INSERT", {}, Exception("the disk is full"))


@dataclass
class House:
    """An archive and what is around it."""

    folder: Path
    store: RecordingStore
    orders: OrderStore
    living: set[str] = field(default_factory=set)
    asterisk: bool = True
    days: int = 100_000
    quota: int = 10**12

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def kept(self) -> Path:
        return self.folder / "kept"

    def archive(self) -> Archive:
        """A new one, as after a start: it remembers nothing."""
        return Archive(
            self.spool, self.kept, self.store, self.channels, quota=self.quota, days=self.days
        )

    async def channels(self) -> Collection[str]:
        if not self.asterisk:
            raise NoAnswerError("no connection")
        return self.living

    def spooled(self, call: str = CALL, seconds: float = 1.5, *, sample: int = 1) -> Path:
        return write_sound(self.spool / f"{call}.wav", seconds, sample=sample)

    async def rows(self) -> list[Recording]:
        return [row async for row in self.store.all()]


@pytest.fixture
async def house(empty_orders: bytes, tmp_path: Path) -> AsyncIterator[House]:
    write_orders(tmp_path, empty_orders)
    orders = OrderStore.in_folder(tmp_path)
    yield House(tmp_path, RecordingStore(orders.engine), orders)
    await orders.close()


@asynccontextmanager
async def running(archive: Archive) -> AsyncIterator[None]:
    task = asyncio.create_task(archive.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks often, gives up for moments only."""
    for name in ("LOOK_SECONDS", "FIRST_PAUSE", "LONGEST_PAUSE", "LEAST_PAUSE"):
        monkeypatch.setattr(archive_module, name, 0.01)


async def test_an_ended_calls_file_is_moved_measured_and_filed(house: House) -> None:
    content = house.spooled().read_bytes()
    await house.archive().take(CALL)
    (row,) = await house.store.of_call(CALL)
    assert row == Recording(
        call=CALL,
        file=FILE,
        began=1511317865.0,
        seconds=1.5,
        bytes=24044,
        sha256=hashlib.sha256(content).hexdigest(),
        repaired=False,
    )
    kept = house.kept / FILE
    assert kept.read_bytes() == content
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert {stat.S_IMODE(each.stat().st_mode) for each in list(kept.parents)[:4]} == {0o700}
    assert list(house.spool.iterdir()) == []


async def test_what_the_caller_said_to_be_kept_is_filed_beside_the_call_by_its_kind(
    house: House,
) -> None:
    for stem in (CALL, f"{CALL}_v3", f"{CALL}_c12"):
        house.spooled(stem)
    await house.archive().take(CALL)
    kinds = {row.id: row.kind for row in await house.store.of_call(CALL)}
    assert kinds == {
        CALL: RecordingKind.CALL,
        f"{CALL}_v3": RecordingKind.VOICE_MAIL,
        f"{CALL}_c12": RecordingKind.COMMENT,
    }
    assert list(house.spool.iterdir()) == []


async def test_the_day_is_that_of_shanghai(house: House) -> None:
    before, after = "1511279999.1", "1511280000.2"  # a second before and at 00:00 of 22 November
    for call in (before, after):
        house.spooled(call)
        await house.archive().take(call)
    assert [row.file for row in await house.rows()] == [
        f"2017/11/21/{before}.wav",
        f"2017/11/22/{after}.wav",
    ]


async def test_an_id_that_tells_no_time_leaves_it_to_the_file(house: House) -> None:
    file = house.spooled("call-1")
    written = file.stat().st_mtime
    await house.archive().take("call-1")
    (row,) = await house.rows()
    assert row.began == pytest.approx(written - 1.5, abs=0.01)


async def test_what_a_killed_asterisk_left_is_repaired(house: House) -> None:
    whole = house.spooled().read_bytes()
    cut_off(house.spooled())
    await house.archive().take(CALL)
    (row,) = await house.rows()
    assert (row.repaired, row.seconds) == (True, 1.5)
    assert (house.kept / FILE).read_bytes() == whole


async def test_a_call_without_sound_leaves_nothing(house: House) -> None:
    file = house.spooled(seconds=0)
    await house.archive().take(CALL)
    assert not file.exists()
    assert await house.rows() == []
    await house.archive().take("1511317865.8")  # nor one that was not recorded at all


async def test_what_is_no_sound_is_kept_all_the_same(house: House) -> None:
    house.spooled().write_bytes(b"?" * 100)
    with capture_logs() as logs:
        await house.archive().take(CALL)
    (row,) = await house.rows()
    assert (row.seconds, row.bytes) == (0.0, 100)
    assert "recording_unreadable" in [line["event"] for line in logs]


async def test_a_consultation_of_the_call_is_filed_beside_it(house: House) -> None:
    house.spooled()
    idle(house.spooled(f"{CALL}_a4", seconds=0.5))
    await house.archive().take(CALL)
    rows = await house.rows()
    assert {row.call for row in rows} == {CALL}
    assert sorted(row.id for row in rows) == [CALL, f"{CALL}_a4"]
    assert all((house.kept / row.file).is_file() for row in rows)


async def test_a_consultation_that_is_still_written_is_taken_later(house: House) -> None:
    house.living = {CALL}
    file = house.spooled(f"{CALL}_a4", seconds=0.5)
    archive = house.archive()
    await archive.take(CALL)
    assert await house.rows() == []
    idle(file)
    await archive.take(CALL)
    (row,) = await house.rows()
    assert row.call == CALL


# -- death at any moment ---------------------------------------------------------------------------


async def test_death_after_the_header_was_repaired(house: House) -> None:
    source = cut_off(house.spooled())
    house.archive().examine(source)
    await house.archive().take(CALL)
    (row,) = await house.rows()
    assert (row.seconds, row.bytes) == (1.5, 24044)


async def test_death_after_the_row_was_written(house: House) -> None:
    first = house.archive()
    recording = first.examine(house.spooled())
    assert recording is not None
    await house.store.file(recording)
    await house.archive().take(CALL)
    assert await house.rows() == [recording]
    assert (house.kept / FILE).is_file()


async def test_death_after_the_move(house: House) -> None:
    house.spooled()
    await house.archive().take(CALL)
    before = await house.rows()
    await house.archive().take(CALL)
    assert await house.rows() == before


async def test_death_between_copy_and_removal_on_two_disks(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = house.spooled()

    def across(self: Path, target: Path) -> Path:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(Path, "rename", across)
    with monkeypatch.context() as dying:
        dying.setattr(Path, "unlink", _die_at(source))
        with pytest.raises(KeyboardInterrupt):
            await house.archive().take(CALL)
    await house.archive().take(CALL)
    (row,) = await house.rows()
    assert row.file == FILE
    assert [each.name for each in (house.kept / FILE).parent.iterdir()] == [f"{CALL}.wav"]
    assert not source.exists()


async def test_a_file_of_another_user_becomes_ours_without_a_gap(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A controller that is not root may write to Asterisk's folder, not to its files."""
    source = cut_off(house.spooled())
    before = source.stat().st_ino
    monkeypatch.setattr("os.geteuid", lambda: 54321)
    await house.archive().take(CALL)
    (row,) = await house.rows()
    assert (row.repaired, row.seconds) == (True, 1.5)
    assert (house.kept / FILE).stat().st_ino != before
    assert list(house.spool.iterdir()) == []


async def test_a_link_in_the_spool_is_not_followed(house: House) -> None:
    secret = house.folder / "secret"
    secret.write_text("a password")
    house.spool.mkdir()
    (house.spool / f"{CALL}.wav").symlink_to(secret)
    with pytest.raises(OSError, match="no plain file"):
        await house.archive().take(CALL)
    assert await house.rows() == []


def _die_at(wanted: Path) -> Callable[[Path, bool], None]:
    unlink = Path.unlink

    def die(self: Path, missing_ok: bool = False) -> None:
        if self == wanted:
            raise KeyboardInterrupt
        unlink(self, missing_ok)

    return die


async def test_a_second_file_of_a_call_does_not_take_the_firsts_place(house: House) -> None:
    for sample in (1, 2):
        house.spooled(sample=sample)
        await house.archive().take(CALL)
    assert [row.id for row in await house.store.of_call(CALL)] == [CALL, f"{CALL}_2"]


# -- which files are over --------------------------------------------------------------------------


async def test_a_file_is_taken_when_its_call_is_said_to_have_ended(house: House) -> None:
    house.spooled()
    living = house.spooled("1511317865.8")
    archive = house.archive()
    async with running(archive):
        archive.ended(CALL)
        await until((house.kept / FILE).is_file)
    assert living.exists()


async def test_files_without_a_word_are_found_unless_somebody_may_still_write_to_them(
    house: House, hasty: None
) -> None:
    over, fresh, paused = (f"1511317865.{n}" for n in (1, 2, 3))
    house.living = {paused}
    for call in (over, fresh, paused):
        file = house.spooled(call)
        if call != fresh:
            idle(file)
    async with running(house.archive()):
        await until((house.kept / f"2017/11/22/{over}.wav").is_file)
    assert {file.stem for file in house.spool.iterdir()} == {fresh, paused}


async def test_while_asterisk_does_not_answer_no_file_is_guessed_to_be_over(
    house: House, hasty: None
) -> None:
    file = idle(house.spooled())
    house.asterisk = False
    await house.archive().look()
    assert file.exists()
    archive = house.archive()
    async with running(archive):
        house.asterisk = True
        await until((house.kept / FILE).is_file)


# -- trouble ---------------------------------------------------------------------------------------


class Unsteady(RecordingStore):
    """A table that is away until it is back."""

    away = True

    async def file(self, *recordings: Recording) -> None:
        if self.away:
            raise AWAY
        await super().file(*recordings)

    async def totals(self, recent: float) -> Totals:
        if self.away:
            raise AWAY
        return await super().totals(recent)


async def test_while_the_order_store_is_away_recordings_wait_and_health_says_why(
    house: House, hasty: None
) -> None:
    calls = [f"1511317865.{n}" for n in range(3)]
    for call in calls:
        idle(house.spooled(call))
    house.store = unsteady = Unsteady(house.orders.engine)
    archive = house.archive()
    async with running(archive):
        archive.ended(calls[0])
        await until(lambda: archive.error is not None)
        assert "the disk is full" in str(archive.error)
        assert len(list(house.spool.iterdir())) == 3
        unsteady.away = False
        await until(lambda: not list(house.spool.iterdir()) and archive.error is None)
    assert [row.call for row in await house.rows()] == calls


async def test_one_file_that_cannot_be_taken_holds_up_no_other(house: House, hasty: None) -> None:
    bad, good = "1511317865.1", "1511317865.2"
    (house.spool / f"{bad}.wav").mkdir(parents=True)
    idle(house.spool / f"{bad}.wav")
    idle(house.spooled(good), 30)
    archive = house.archive()
    with capture_logs() as logs:
        async with running(archive):
            await until((house.kept / f"2017/11/22/{good}.wav").is_file)
            await until(lambda: archive.error is not None)
    assert [line["what"] for line in logs if line["event"] == "recordings_failed"] == [bad]


# -- room and retention ----------------------------------------------------------------------------


async def test_a_short_quota_is_told_once_and_nothing_is_deleted(house: House) -> None:
    house.quota = 30_000
    archive = house.archive()
    house.spooled()
    with capture_logs() as logs:
        await archive.take(CALL)
        for _ in range(2):
            await archive.measure()
        assert archive.space.is_short
        house.spooled("1511317865.8")
        await archive.take("1511317865.8")
    events = [line["event"] for line in logs]
    assert events.count("recordings_space_short") == 1
    assert len(list(house.kept.rglob("*.wav"))) == 2


async def test_room_again_is_told_too(house: House) -> None:
    house.quota = 30_000
    archive = house.archive()
    house.spooled()
    await archive.take(CALL)
    await archive.measure()
    await house.store.mark_removed(await house.rows(), 1.0, RemovedBecause.RETENTION)
    with capture_logs() as logs:
        await archive.measure()
    assert not archive.space.is_short
    assert [line["event"] for line in logs] == ["recordings_space_enough"]


async def test_files_older_than_they_are_kept_go_and_their_rows_say_so(house: House) -> None:
    archive = house.archive()
    now = time()
    old, young = f"{int(now - 11 * DAY)}.1", f"{int(now - 9 * DAY)}.1"
    for call in (old, young):
        house.spooled(call)
        await archive.take(call)
    house.days = 10
    await house.archive().expire()
    rows = {row.call: row for row in await house.rows()}
    assert rows[old].removed == pytest.approx(now, abs=60)
    assert rows[old].removed_because is RemovedBecause.RETENTION
    assert rows[young].removed is None
    assert not (house.kept / rows[old].file).exists()
    assert (house.kept / rows[young].file).is_file()


async def test_death_between_deleting_a_file_and_saying_so(house: House) -> None:
    house.spooled()
    await house.archive().take(CALL)
    (house.kept / FILE).unlink()
    house.days = 10
    await house.archive().expire()
    (row,) = await house.rows()
    assert row.removed is not None
    removed = row
    await house.archive().expire()
    assert await house.rows() == [removed], "said once"


async def test_after_a_lost_order_store_the_files_are_filed_again(house: House) -> None:
    """The orders come back from the journal; the files of calls without one stay foreign."""
    house.spooled()
    await house.archive().take(CALL)
    before = await house.rows()
    foreign = write_sound(house.kept / "2017/11/22/foreign.wav")
    async with house.orders.engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM recordings")
    await house.orders.file([replace(ENDED, call=CALL)], 1)
    await house.archive().keep_house()
    assert await house.rows() == before
    assert foreign.is_file()


async def test_a_removed_recording_is_not_filed_again(house: House) -> None:
    house.spooled()
    await house.archive().take(CALL)
    await house.orders.file([replace(ENDED, call=CALL)], 1)
    rows = await house.rows()
    await house.store.mark_removed(rows, 5.0, RemovedBecause.RETENTION)
    await house.archive().file_again()
    assert [row.removed for row in await house.rows()] == [5.0]
