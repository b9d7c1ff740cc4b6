"""The job as a whole: all that is due, after whatever happened; and it says how it is."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callcenter.calls.codec import encode_centre
from callcenter.calls.commands import Command
from callcenter.calls.events import CallArrived, LegEnded, SipHeaders
from callcenter.clock import Clock
from callcenter.privacy import retention as retention_module
from callcenter.privacy.retention import DAY, Retention
from callcenter.recovery import restore
from callcenter.runtime import Runtime
from callcenter.store.journal import Journal
from callcenter.store.orders import OrderFilter, OrderStore
from callcenter.store.personal import PersonalData
from callcenter.store.recordings import RecordingStore, RemovedBecause
from tests.fakes.orders import ENDED
from tests.fakes.recordings import RECORDING
from tests.fakes.store import empty_orders, write_orders
from tests.fakes.waiting import until
from tests.plans import small_plan

__all__ = ["empty_orders"]

NUMBER = "13800000001"
CALL = CallArrived("15.1", "telecom", "12345", SipHeaders(from_=f"<sip:{NUMBER}@10.0.0.1>"))


class Nobody:
    """Carries out nothing."""

    def send(self, commands: tuple[Command, ...]) -> None:
        """Forget them."""


@dataclass
class House:
    """A centre with its journal, an order of long ago, its recording, and queue_logs."""

    folder: Path
    runtime: Runtime
    journal: Journal
    orders: OrderStore

    @property
    def recordings(self) -> RecordingStore:
        return RecordingStore(self.orders.engine)

    @property
    def sound(self) -> Path:
        return self.folder / RECORDING.file

    @property
    def own_lines(self) -> Path:
        return self.folder / "queue_log"

    def retention(self, orders_days: int = 100, logs_days: int = 100) -> Retention:
        return Retention(
            self.runtime,
            self.journal,
            PersonalData(self.orders.engine),
            self.recordings,
            recordings_folder=self.folder,
            own_lines=self.own_lines,
            asterisks_lines=self.folder / "asterisk" / "queue_log",
            asterisks_log=self.folder / "asterisk" / "full",
            orders_days=orders_days,
            logs_days=logs_days,
        )

    async def long_ago(self) -> None:
        """Years ago there was a call."""
        await self.orders.file([ENDED], 1)
        await self.recordings.file(RECORDING)
        self.sound.parent.mkdir(parents=True)
        self.sound.write_bytes(b"RIFF")
        line = f"{ENDED.opened:.0f}|call-1|main|NONE|ENTERQUEUE||{ENDED.caller}|1\n"
        self.own_lines.write_text(line)

    async def caller(self) -> str | None:
        (order,) = (await self.orders.page(OrderFilter())).orders
        return order.record.caller

    async def number_in_journal(self) -> bool:
        return any(NUMBER in each.body for each in await self.journal.entries_after(0))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REST", "FIRST_PAUSE"):
        monkeypatch.setattr(retention_module, name, 0.001)


@asynccontextmanager
async def centre(folder: Path, clock: Clock, orders: OrderStore) -> AsyncIterator[House]:
    journal, plan = Journal(folder / "journal.db"), small_plan()
    await journal.open()
    runtime = Runtime(await restore(journal, plan), plan, journal, Nobody(), clock)
    runtime.use_plan(plan)
    running = asyncio.create_task(runtime.run())
    try:
        yield House(folder, runtime, journal, orders)
    finally:
        running.cancel()
        await asyncio.wait([running])
        await runtime.stop()
        await journal.close()


@pytest.fixture
async def orders(empty_orders: bytes, tmp_path: Path) -> AsyncIterator[OrderStore]:
    write_orders(tmp_path, empty_orders)
    opened = OrderStore.in_folder(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def house(tmp_path: Path, orders: OrderStore) -> AsyncIterator[House]:
    async with centre(tmp_path, Clock(), orders) as house:
        await house.long_ago()
        yield house


async def test_all_that_is_due_goes_everywhere(house: House) -> None:
    job = house.retention()
    await job.round()
    assert await house.caller() is None
    assert not house.sound.exists()
    (row,) = await house.recordings.of_call(ENDED.call)
    assert row.removed_because is RemovedBecause.ERASED
    assert str(ENDED.caller) not in house.own_lines.read_text()
    assert (job.ok, job.told()) == (True, "1 orders erased since the start, 0 to be erased")


async def test_again_it_finds_nothing_to_do(house: House) -> None:
    job = house.retention()
    await job.round()
    with capture_logs() as logs:
        await job.round()
    assert logs == []


async def test_without_a_term_nothing_is_touched(house: House) -> None:
    job = house.retention(orders_days=0, logs_days=0)
    await job.round()
    assert await house.caller() == ENDED.caller
    assert house.sound.exists()
    assert str(ENDED.caller) in house.own_lines.read_text()
    assert (job.ok, job.told()) == (True, "off: no term is set")


async def test_the_journal_forgets_the_call_and_the_centre_starts_again_from_it(
    tmp_path: Path, orders: OrderStore
) -> None:
    async with centre(tmp_path, Clock(), orders) as house:
        house.runtime.post(CALL)
        house.runtime.post(LegEnded(CALL.call))
        await house.runtime.turned()
        assert not house.runtime.centre.calls
    async with centre(tmp_path, Clock(200 * DAY), orders) as house:
        assert await house.number_in_journal()
        await house.retention().round()
        assert not await house.number_in_journal()
        assert NUMBER not in encode_centre(house.runtime.centre)
        order = house.runtime.centre.order_sequence
    async with centre(tmp_path, Clock(200 * DAY), orders) as house:
        assert house.runtime.centre.order_sequence == order


async def test_what_a_living_call_began_with_is_kept_until_it_is_over(
    tmp_path: Path, orders: OrderStore
) -> None:
    passed = [0.0]
    async with centre(tmp_path, Clock(steady=lambda: passed[0]), orders) as house:
        calls = house.runtime.centre.calls
        house.runtime.post(CALL)
        await house.runtime.turned()
        calls[CALL.call] = replace(calls[CALL.call], deadline=calls[CALL.call].deadline * 2)
        house.runtime.centre.forget_index()
        passed[0] = 200 * DAY
        await house.retention().round()
        assert await house.number_in_journal()
        del calls[CALL.call]
        await house.retention().round()
        assert not await house.number_in_journal()


async def test_a_death_in_the_middle_is_followed_by_the_rest(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(RecordingStore, "mark_removed", dies)
        with pytest.raises(OSError, match="killed"):
            await house.retention().round()
    assert await house.caller() is None
    assert not house.sound.exists()
    await house.retention().round()
    (row,) = await house.recordings.of_call(ENDED.call)
    assert row.removed_because is RemovedBecause.ERASED


async def test_what_fails_is_told_and_tried_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def locked(*_: object) -> int:
        raise sqlite3.OperationalError("database is locked")

    job = house.retention()
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "forget", locked)
        running = asyncio.create_task(job.run())
        await until(lambda: not job.ok)
        assert job.told() == "OperationalError: database is locked"
        assert job.failing_since is not None
    await until(lambda: job.ok)
    assert job.failing_since is None
    running.cancel()


async def test_two_days_without_a_whole_round_are_an_alarm(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = house.retention()
    monkeypatch.setattr(retention_module, "LATE_SECONDS", -1.0)
    job.due = 7
    assert (job.ok, job.told()) == (False, "behind: 7 orders are still to be erased")


def test_no_erased_number_is_left_in_the_file_of_the_orders(
    empty_orders: bytes, tmp_path: Path
) -> None:
    write_orders(tmp_path, empty_orders)

    async def erase() -> None:
        store = OrderStore.in_folder(tmp_path)
        some = [replace(ENDED, call=f"c{n}", number=f"320481-20171122-{n:04}") for n in range(99)]
        await store.file(some, 1)
        assert await PersonalData(store.engine).erase(1e10, 1e10, 99, lambda _: True) == 99
        await store.close()

    asyncio.run(erase())
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"320481-20171122-0098" in files
    assert str(ENDED.caller)[-11:].encode() not in files
