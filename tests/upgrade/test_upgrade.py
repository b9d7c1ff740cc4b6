"""The version before is stopped with calls up; this one goes on where that one stopped."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from callcenter.backup.make import back_up
from callcenter.backup.restore import restore as put_back
from callcenter.calls.commands import Hangup
from callcenter.orders.entry import RequestType
from callcenter.recovery import Restored, restore
from callcenter.settings import Settings
from callcenter.store.audit import AuditFilter, AuditStore
from callcenter.store.feeds import OrderFeed
from callcenter.store.journal import Entry, Journal
from callcenter.store.orders import OrderFilter, OrderStore
from callcenter.store.outbound import OutboundStore
from callcenter.store.projector import Projector
from callcenter.store.recordings import RecordingStore
from callcenter.store.voice_mail import VoiceMail
from tests.replay.journals import plan, plan_source, read, replay, state_digest
from tests.upgrade.make import STOPPED_AFTER, STORY

VERSIONS = sorted(each.parent for each in Path(__file__).parent.glob("*/journal.sql"))
RECORDING = read(STORY)
REST = RECORDING.events[STOPPED_AFTER:]
TALKING, OVER, WAITING = "1795404269.0", "1795404280.2", "1795404285.4"


@pytest.fixture(params=VERSIONS, ids=lambda folder: str(folder.name))
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """What that version left."""
    data = tmp_path / "data"
    data.mkdir()
    for name in ("journal", "orders"):
        with closing(sqlite3.connect(data / f"{name}.db")) as database:
            database.executescript((request.param / f"{name}.sql").read_text(encoding="utf-8"))
            if name == "journal":
                used = {event.plan for event in RECORDING.events}
                plans = [(each, plan_source(each)) for each in used]
                database.executemany("INSERT OR IGNORE INTO plans VALUES (?, ?)", plans)
                database.commit()
    return Settings(data=data, plan=tmp_path / "plan")


async def opened(settings: Settings) -> tuple[Journal, Restored]:
    journal = Journal(settings.data / "journal.db")
    await journal.open()
    return journal, await restore(journal, plan(REST[0].plan))


async def test_who_talks_goes_on_talking_and_who_waits_keeps_the_place(
    settings: Settings,
) -> None:
    journal, restored = await opened(settings)
    await journal.close()
    assert restored.seq == STOPPED_AFTER
    phases = {call: str(each.phase) for call, each in restored.centre.calls.items()}
    assert phases == {TALKING: "talking", WAITING: "waiting"}


async def test_the_calls_end_as_if_nothing_had_been(settings: Settings) -> None:
    journal, restored = await opened(settings)
    store = OrderStore.of(settings)
    projector = Projector(OrderFeed(journal), store, float)
    await projector.catch_up()  # brings the store up to date
    somebody_left = False
    for each in replay(REST, restored.centre):
        event = each.event
        fields = (event.seq, event.at, event.plan, event.logic, event.kind, event.body)
        await journal.commit([Entry(*fields, records=each.result.records)])
        somebody_left = somebody_left or each.event.kind == "LegEnded"
        hung_up = any(isinstance(command, Hangup) for command in each.result.commands)
        assert somebody_left or not hung_up, "a conversation is dropped"
    await projector.catch_up()
    orders = (await store.page(OrderFilter())).orders
    assert {order.record.number: order.record.outcome for order in orders} == RECORDING.orders
    assert len({order.record.call for order in orders}) == len(orders)
    assert state_digest(restored.centre) == RECORDING.state
    await store.close()
    await journal.close()


async def test_what_people_entered_and_what_was_recorded_is_kept(settings: Settings) -> None:
    store = OrderStore.of(settings)
    await store.prepare()
    (order,) = [each for each in (await store.page(OrderFilter())).orders if each.entry.version]
    assert order.record.call == OVER
    assert (order.entry.entry.type, order.entry.entry.content) == (RequestType.REPORT, "路灯不亮")
    assert [change.field for change in await store.changes(order.record.number)] == [
        "content",
        "type",
    ]
    (recording,) = await RecordingStore(store.engine).of_call(OVER)
    assert recording.seconds == 10.0
    # What that version did not have is there, and empty.
    assert (await AuditStore(store.engine).page(AuditFilter())).total == 0
    assert await OutboundStore(store.engine).of_order(OVER) == ()
    assert (await VoiceMail(store).page(None, 10))[1] == 0
    await store.close()


def test_its_backup_can_be_put_into_this_version(settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "backup", "correct horse battery")
    other = settings.model_copy(update={"data": tmp_path / "other"})
    put_back(other, tmp_path / "backup", "correct horse battery")

    async def is_ready() -> bool:
        store = OrderStore.of(other, read_only=True)
        try:
            return await store.exists()
        finally:
            await store.close()

    assert asyncio.run(is_ready())
