"""A backup, put into an empty folder, goes on where the centre was when it was made."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from callcenter.backup.make import back_up
from callcenter.backup.members import BackupError
from callcenter.backup.note import Made, note
from callcenter.backup.note import read as read_note
from callcenter.backup.restore import restore
from callcenter.backup.sealed import PassphraseError, SealError
from callcenter.calls.state import Centre
from callcenter.instance import alone
from callcenter.orders.entry import EntryPatch
from callcenter.orders.record import OrderRecord
from callcenter.recordings.archive import Archive
from callcenter.recordings.check import findings
from callcenter.recovery import restore as recover
from callcenter.settings import PROJECT, Settings
from callcenter.staff.pins import Pins
from callcenter.store.feeds import OrderFeed
from callcenter.store.journal import Entry, Journal
from callcenter.store.orders import OrderFilter, OrderStore
from callcenter.store.projector import Projector
from callcenter.store.recordings import RecordingStore
from tests.backup.conftest import MakeSettings
from tests.recordings.sounds import write_sound
from tests.replay.journals import plan, plan_source, read, replay, state_digest

PASSPHRASE = "correct horse battery"
STORY = read("morning")
MIDDLE = 40
"""So many of its events: calls are up then."""
KINDS = ["sqlite", "postgresql"]


@dataclass(frozen=True)
class Kept:
    """All that a person would look for."""

    state: str
    orders: tuple[object, ...]
    recordings: tuple[object, ...]


def entries() -> list[Entry]:
    """The story's, with the records that they lead to."""
    results = {each.event.seq: each.result for each in replay(STORY.events, Centre())}
    return [
        Entry(
            *(e.seq, e.at, e.plan, e.logic, e.kind, e.body, e.rejected),
            records=results[e.seq].records if e.seq in results else (),
            texts=plan_source(e.plan),
        )
        for e in STORY.events
    ]


@asynccontextmanager
async def at_work(settings: Settings) -> AsyncIterator[tuple[Journal, OrderStore]]:
    journal, store = Journal(settings.data / "journal.db"), OrderStore.of(settings)
    await journal.open()
    try:
        yield journal, store
    finally:
        await store.close()
        await journal.close()


async def live_through(settings: Settings, events: list[Entry]) -> None:
    """Events, their orders filed, one of them with an entry and a recording; a PIN."""
    settings.spooled_recordings.mkdir(parents=True)
    async with at_work(settings) as (journal, store):
        await journal.commit(events)
        await Projector(OrderFeed(journal), store, float).catch_up()
        order = (await store.page(OrderFilter())).orders[-1].record
        patch = EntryPatch.model_validate({"type": "report", "content": "路灯不亮"})
        await store.save_entry(order.number, patch, expected=0, who="001", now=1.0)
        await record(settings, store, order)
    write_sound(settings.spooled_recordings / "1511320000.9.wav")
    Pins(settings.secrets).set("001", "246813")


async def record(settings: Settings, store: OrderStore, order: OrderRecord) -> None:
    async def nothing_lives() -> frozenset[str]:
        return frozenset()

    table = RecordingStore(store.engine)
    spool, folder = settings.spooled_recordings, settings.recordings
    write_sound(spool / f"{order.call}.wav")
    archive = Archive(spool, folder, table, nothing_lives, quota=10**9, days=10_000)
    await archive.take(order.call)


async def kept(settings: Settings) -> Kept:
    """After a new controller has read it all and filed what was not filed."""
    async with at_work(settings) as (journal, store):
        restored = await recover(journal, plan(STORY.events[-1].plan))
        await Projector(OrderFeed(journal), store, float).catch_up()
        orders = (await store.page(OrderFilter())).orders
        table = RecordingStore(store.engine)
        assert [each async for each in findings(settings.recordings, table)] == []
        recordings = await table.newest(10)
    assert (await Pins(settings.secrets).verify("001", "246813", 0.0, "seat01")).ok
    return Kept(state_digest(restored.centre), orders, recordings)


def files(folder: Path) -> dict[Path, bytes]:
    there = (each for each in folder.rglob("*") if each.is_file() and each.name != "lock")
    return {each.relative_to(folder): each.read_bytes() for each in there}


@pytest.fixture
def first(settings_of: MakeSettings) -> Settings:
    settings = settings_of("old", "sqlite")
    asyncio.run(live_through(settings, entries()[:MIDDLE]))
    return settings


@pytest.fixture
def backup(first: Settings, tmp_path: Path) -> Path:
    back_up(first, tmp_path / "backup", PASSPHRASE)
    return tmp_path / "backup"


@pytest.mark.parametrize("to", KINDS)
@pytest.mark.parametrize("of", KINDS)
def test_another_server_goes_on_with_it(
    of: str, to: str, settings_of: MakeSettings, tmp_path: Path
) -> None:
    one, other = settings_of("one", of), settings_of("new", to)
    asyncio.run(live_through(one, entries()[:MIDDLE]))
    back_up(one, tmp_path / "backup", PASSPHRASE)
    before = asyncio.run(kept(one))
    assert before.recordings and len(before.orders) > 1
    done = restore(other, tmp_path / "backup", PASSPHRASE)
    assert (done.recordings, done.kept, done.plan) == (1, None, None)
    spooled = "1511320000.9.wav"
    assert (other.spooled_recordings / spooled).read_bytes() == (
        one.spooled_recordings / spooled
    ).read_bytes()
    assert asyncio.run(kept(other)) == before


def test_it_is_consistent_though_the_server_goes_on_writing(
    first: Settings, settings_of: MakeSettings, tmp_path: Path
) -> None:
    """Whatever moment it caught: the rest of the day, done again, leads to the same end."""
    backup, other = tmp_path / "backup", settings_of("new", "sqlite")

    async def both() -> None:
        async with at_work(first) as (journal, store):
            projector = Projector(OrderFeed(journal), store, float)
            making = asyncio.create_task(asyncio.to_thread(back_up, first, backup, PASSPHRASE))
            for entry in entries()[MIDDLE:]:
                await journal.commit([entry])
                await projector.catch_up()
            await making

    asyncio.run(both())
    restore(other, backup, PASSPHRASE)

    async def go_on() -> None:
        async with at_work(other) as (journal, store):
            there = await recover(journal, plan(STORY.events[-1].plan))
            assert there.seq >= MIDDLE
            filed = (await store.cursor()).position
            assert filed <= journal.last_order, "what is filed is in the journal"
            await journal.commit(entries()[there.seq :])

    asyncio.run(go_on())
    assert asyncio.run(kept(other)) == asyncio.run(kept(first))


def test_nobody_reads_it_without_the_passphrase(backup: Path) -> None:
    content = backup.read_bytes()
    assert backup.stat().st_mode & 0o777 == 0o600
    for plain in ("SQLite format", "路灯不亮", "journal.db", "RIFF", "138"):
        assert plain.encode() not in content[:200] + content[-200:]
    assert "路灯不亮".encode() not in content and b"SQLite format" not in content


def test_a_wrong_passphrase_changes_nothing(backup: Path, settings_of: MakeSettings) -> None:
    other = settings_of("new", "sqlite")
    with pytest.raises(PassphraseError, match="not this backup's"):
        restore(other, backup, "some other passphrase")
    assert files(other.data) == {}


@pytest.mark.parametrize("damage", ["cut off", "changed"])
def test_a_damaged_file_changes_nothing(
    damage: str, backup: Path, first: Settings, tmp_path: Path
) -> None:
    """Not even where it is to replace what is there, and all but the last bytes are good."""
    content = bytearray(backup.read_bytes())
    if damage == "changed":
        content[-20] ^= 1
    else:
        del content[-20:]
    backup.write_bytes(content)
    before = files(first.data)
    with pytest.raises(SealError, match="damaged"):
        restore(first, backup, PASSPHRASE, replace=True)
    assert files(first.data) == before


def test_what_is_there_is_not_replaced_unasked(backup: Path, first: Settings) -> None:
    before = files(first.data)
    told = r"is not empty \(journal.db, orders.db, files in secrets, files in recordings\).*--repl"
    with pytest.raises(BackupError, match=told):
        restore(first, backup, PASSPHRASE)
    assert files(first.data) == before


def test_orders_in_postgresql_are_not_replaced_unasked(
    settings_of: MakeSettings, backup: Path
) -> None:
    there = settings_of("pg", "postgresql")
    asyncio.run(live_through(there, entries()))
    fresh = there.model_copy(update={"data": there.data.with_name("fresh")})
    with pytest.raises(BackupError, match="orders in PostgreSQL"):
        restore(fresh, backup, PASSPHRASE)
    restore(fresh, backup, PASSPHRASE, replace=True)
    assert len(asyncio.run(kept(fresh)).orders) < len(STORY.orders)


def test_replaced_it_is_kept_aside(backup: Path, first: Settings) -> None:
    asyncio.run(live_on(first))
    later = files(first.data)
    done = restore(first, backup, PASSPHRASE, replace=True)
    assert done.kept is not None and done.kept.parent == first.data
    with closing(sqlite3.connect(done.kept / "journal.db")) as journal:
        assert journal.execute("SELECT max(seq) FROM events").fetchone() == (len(entries()),)
    assert (done.kept / "secrets" / "pins.json").read_bytes() == later[Path("secrets/pins.json")]
    assert len(asyncio.run(kept(first)).recordings) == 1


def test_what_was_noted_of_backups_is_not_believed_of_what_was_put_back(
    backup: Path, first: Settings
) -> None:
    note(first.data, Made(at=1511317865.0, file=str(backup), recordings=True))
    restore(first, backup, PASSPHRASE, replace=True)
    assert read_note(first.data) is None


async def live_on(settings: Settings) -> None:
    async with at_work(settings) as (journal, _):
        await journal.commit(entries()[MIDDLE:])


def test_a_running_server_keeps_its_data(backup: Path, first: Settings) -> None:
    with alone(first), pytest.raises(BackupError, match="a server is running"):
        restore(first, backup, PASSPHRASE, replace=True)


def test_so_does_a_controller_without_its_asterisk(backup: Path, first: Settings) -> None:
    async def try_it() -> None:
        async with at_work(first):
            with pytest.raises(BackupError, match=r"journal.db is in use: stop the controller"):
                await asyncio.to_thread(restore, first, backup, PASSPHRASE, replace=True)

    asyncio.run(try_it())


def test_another_plan_is_put_beside_not_over_the_one_in_force(
    backup: Path, settings_of: MakeSettings, tmp_path: Path
) -> None:
    for folder in ("dialplan", "agents", "trunks"):
        shutil.copytree(PROJECT / folder, tmp_path / "plan" / folder)
    edited = tmp_path / "plan" / "dialplan" / "queues.yaml"
    edited.write_text("# another\n", encoding="utf-8")
    other = settings_of("new", "sqlite").model_copy(update={"plan": tmp_path / "plan"})
    done = restore(other, backup, PASSPHRASE)
    assert done.plan == other.data / "plan"
    original = PROJECT / "dialplan" / "queues.yaml"
    assert (done.plan / "dialplan" / "queues.yaml").read_bytes() == original.read_bytes()
    assert edited.read_text(encoding="utf-8") == "# another\n"


def test_recordings_may_be_left_to_another_copy(
    first: Settings, settings_of: MakeSettings, tmp_path: Path
) -> None:
    back_up(first, tmp_path / "small", PASSPHRASE, recordings=False)
    other = settings_of("new", "sqlite")
    done = restore(other, tmp_path / "small", PASSPHRASE)
    assert not done.manifest.recordings and files(other.recordings) == {}


def test_it_writes_over_no_file(backup: Path, first: Settings) -> None:
    content = backup.read_bytes()
    with pytest.raises(BackupError, match="is there already"):
        back_up(first, backup, PASSPHRASE)
    assert backup.read_bytes() == content


def test_nothing_is_left_behind_where_it_cannot_be_made(first: Settings, tmp_path: Path) -> None:
    (first.data / "orders.db").unlink()
    with pytest.raises(BackupError, match="has no orders"):
        back_up(first, tmp_path / "backup", PASSPHRASE)
    assert not list(tmp_path.glob("*backup*")) and not list(first.data.glob(".backup*"))
