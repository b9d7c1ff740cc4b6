"""Filing follows the journal; an outage of the store delays orders and loses none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from sqlalchemy.exc import OperationalError

from callcenter.orders.record import OrderRecord
from callcenter.store.cursors import Cursor
from callcenter.store.orders import OrderFilter, OrderStore, identity
from callcenter.store.projector import Projector, Source
from tests.fakes.orders import ENDED, WAITING, another
from tests.fakes.waiting import until


class FakeJournal(Source[OrderRecord]):
    """A journal in memory; sequence numbers have gaps, as other events lie between."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self.kept: list[tuple[int, OrderRecord]] = []

    @property
    def changed(self) -> asyncio.Event:
        return self._changed

    @property
    def last(self) -> int:
        return self.kept[-1][0]

    def write(self, *records: OrderRecord) -> None:
        for record in records:
            self.kept.append((len(self.kept) * 3 + 1, record))
        self._changed.set()

    async def after(self, seq: int, limit: int) -> list[tuple[int, OrderRecord]]:
        return [pair for pair in self.kept if pair[0] > seq][:limit]

    async def latest_after(self, seq: int, limit: int) -> list[tuple[int, OrderRecord]]:
        found = await self.after(seq, limit)
        last = {record.call: seq for seq, record in found}
        return [(seq, record) for seq, record in found if last[record.call] == seq]


class BrittleStore:
    """The store, which can be made to fail."""

    def __init__(self, store: OrderStore) -> None:
        self._store = store
        self.away = False
        self.tries = 0
        self.filed: list[list[str]] = []
        """Each filing's records."""

    async def prepare(self) -> None:
        self._check()
        await self._store.prepare()

    async def cursor(self) -> Cursor:
        self._check()
        return await self._store.cursor()

    async def file(self, records: Sequence[OrderRecord], position: int) -> None:
        self._check()
        await self._store.file(records, position)
        self.filed.append([identity(record) for record in records])

    def identity(self, record: OrderRecord) -> str:
        return identity(record)

    def _check(self) -> None:
        self.tries += 1
        if self.away:
            raise OperationalError("insert", None, Exception("the disk is full"))


@asynccontextmanager
async def running(projector: Projector[OrderRecord]) -> AsyncIterator[None]:
    task = asyncio.create_task(projector.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def projector_of(journal: FakeJournal, sink: BrittleStore | OrderStore) -> Projector[OrderRecord]:
    return Projector(journal, sink, lambda: 100.0, first_pause=0.001, longest_pause=0.01, rest=0.0)


async def test_orders_are_filed_as_the_journal_grows(store: OrderStore) -> None:
    journal = FakeJournal()
    projector = projector_of(journal, store)
    async with running(projector):
        journal.write(WAITING)
        await until(lambda: projector.health().position == journal.last)
        assert (await store.find(WAITING.number)).record == WAITING
        journal.write(ENDED)
        await until(lambda: projector.health().position == journal.last)
        assert (await store.find(WAITING.number)).record == ENDED


async def test_an_outage_delays_and_loses_nothing(store: OrderStore) -> None:
    journal, sink = FakeJournal(), BrittleStore(store)
    sink.away = True
    projector = projector_of(journal, sink)
    async with running(projector):
        journal.write(WAITING, *(another(n) for n in range(300, 320)))
        await until(lambda: sink.tries > 3)
        health = projector.health()
        assert not health.ok
        assert (health.failing_since, health.position) == (100.0, 0)
        assert "the disk is full" in (health.error or "")
        sink.away = False
        journal.write(ENDED)
        await until(lambda: projector.health().position == journal.last)
    assert projector.health().ok
    assert (await store.page(OrderFilter())).total == 21
    assert (await store.find(ENDED.number)).record == ENDED


async def test_a_store_that_fails_in_mid_run_is_tried_again(store: OrderStore) -> None:
    journal, sink = FakeJournal(), BrittleStore(store)
    projector = projector_of(journal, sink)
    async with running(projector):
        journal.write(WAITING)
        await until(lambda: projector.health().position == journal.last)
        sink.away = True
        journal.write(ENDED)
        await until(lambda: not projector.health().ok)
        sink.away = False
        await until(lambda: projector.health().position == journal.last)
    assert (await store.find(ENDED.number)).record == ENDED


class Watched(FakeJournal):
    """Remembers where it was read from."""

    def __init__(self) -> None:
        super().__init__()
        self.read_from: list[int] = []

    async def after(self, seq: int, limit: int) -> list[tuple[int, OrderRecord]]:
        self.read_from.append(seq)
        return await super().after(seq, limit)  # the latest ones are taken from these


async def test_of_records_that_wait_each_calls_latest_is_filed(store: OrderStore) -> None:
    journal, sink = FakeJournal(), BrittleStore(store)
    journal.write(*(another(1, version=version) for version in (1, 2, 3)), another(2))
    await projector_of(journal, sink).catch_up()
    assert sink.filed == [["call-1 3", "call-2 1"]]
    assert (await store.find(another(1).number)).record.version == 3


async def test_after_a_filing_it_rests_so_that_more_comes_together(store: OrderStore) -> None:
    journal, rest = FakeJournal(), 0.05
    projector = Projector(journal, store, lambda: 100.0, rest=rest)
    now = asyncio.get_running_loop().time
    async with running(projector):
        journal.write(another(1))
        began = now()
        await until(lambda: projector.health().position == journal.last)
        journal.write(another(2))
        await until(lambda: projector.health().position == journal.last)
    assert now() - began >= rest


async def test_a_restart_goes_on_where_it_stopped(store: OrderStore) -> None:
    journal = Watched()
    journal.write(WAITING, another(8))
    await projector_of(journal, store).catch_up()
    journal.write(another(9))
    journal.read_from.clear()
    await projector_of(journal, store).catch_up()
    assert 0 not in journal.read_from
    assert (await store.page(OrderFilter())).total == 3


async def test_a_journal_that_lost_its_end_is_filed_whole(store: OrderStore) -> None:
    journal = FakeJournal()
    journal.write(WAITING, another(8), another(9))
    await projector_of(journal, store).catch_up()
    after_power_came_back = FakeJournal()
    after_power_came_back.write(WAITING, another(8), another(10), another(11))
    await projector_of(after_power_came_back, store).catch_up()
    assert (await store.page(OrderFilter())).total == 5


async def test_a_new_journal_is_filed_from_its_beginning(store: OrderStore) -> None:
    journal = FakeJournal()
    journal.write(WAITING, another(8), another(9))
    await projector_of(journal, store).catch_up()
    new = FakeJournal()
    new.write(another(12))
    projector = projector_of(new, store)
    await projector.catch_up()
    assert (await store.page(OrderFilter())).total == 4
    assert await store.cursor() == Cursor(new.last, "call-12 1")


async def test_a_long_journal_is_filed_in_batches(store: OrderStore) -> None:
    journal = FakeJournal()
    journal.write(*(another(n) for n in range(1, 22)))
    projector = Projector(journal, store, lambda: 100.0, batch=10, rest=0.0)
    await projector.catch_up()
    assert (await store.page(OrderFilter())).total == 21
    assert projector.health().position == journal.last
