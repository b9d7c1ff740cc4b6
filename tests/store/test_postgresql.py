"""PostgreSQL may be stopped, hang, or refuse us: orders wait, and whoever asks is told in time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from callcenter.orders.entry import EntryPatch
from callcenter.store import database
from callcenter.store.orders import OrderFilter, OrderStore
from tests.fakes.orders import ENDED, MORNING, WAITING, another
from tests.fakes.waiting import until
from tests.store.conftest import PREPARED
from tests.store.test_projector import FakeJournal, projector_of, running
from tests.support.postgresql import PostgreSQL

AWAY = (SQLAlchemyError, OSError)


@pytest.fixture
async def store(postgresql: PostgreSQL) -> AsyncIterator[OrderStore]:
    async with postgresql.fresh(PREPARED) as name:
        store = OrderStore(postgresql.address(name))
        yield store
        await store.close()


async def test_an_outage_delays_orders_and_neither_loses_nor_doubles_any(
    store: OrderStore, postgresql: PostgreSQL
) -> None:
    journal = FakeJournal()
    projector = projector_of(journal, store)
    async with running(projector):
        journal.write(WAITING, another(300))
        await until(lambda: projector.health().position == journal.last)
        with postgresql.stopped():
            journal.write(ENDED, *(another(n) for n in range(301, 320)))
            await until(lambda: not projector.health().ok)
            assert projector.health().position < journal.last
        await until(lambda: projector.health().position == journal.last)
        assert projector.health().ok
    assert (await store.page(OrderFilter())).total == 21
    assert (await store.find(ENDED.number)).record == ENDED


@pytest.mark.parametrize("away", [PostgreSQL.stopped, PostgreSQL.frozen])
async def test_whoever_asks_meanwhile_is_told_in_time_and_served_afterwards(
    store: OrderStore,
    postgresql: PostgreSQL,
    monkeypatch: pytest.MonkeyPatch,
    away: Callable[[PostgreSQL], AbstractContextManager[None]],
) -> None:
    monkeypatch.setattr(database, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(database, "COMMAND_SECONDS", 0.2)
    quick = OrderStore(store.engine.url)
    await quick.file([WAITING], 1)
    with away(postgresql):
        with pytest.raises(AWAY):
            await quick.prepare()
        with pytest.raises(AWAY):
            await quick.exists()
        with pytest.raises(AWAY):
            await quick.cursor()
        with pytest.raises(AWAY):
            await quick.file([ENDED], 2)
        with pytest.raises(AWAY):
            await quick.highest_sequence("20171122")
        with pytest.raises(AWAY):
            await quick.save_entry(
                WAITING.number, EntryPatch(content="路灯"), who="001", now=MORNING, expected=0
            )
        with pytest.raises(AWAY):
            await quick.find(WAITING.number)
        with pytest.raises(AWAY):
            await quick.changes(WAITING.number)
        with pytest.raises(AWAY):
            await quick.page(OrderFilter())
    assert (await quick.find(WAITING.number)).record == WAITING
    await quick.close()


async def test_a_connection_that_breaks_in_the_midst_is_told_and_not_used_again(
    store: OrderStore, postgresql: PostgreSQL
) -> None:
    broken = "SELECT pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(AWAY):
        async with store.engine.begin() as connection:
            await connection.exec_driver_sql(broken)
    await store.file([WAITING], 1)
    assert (await store.find(WAITING.number)).record == WAITING


@pytest.mark.parametrize(
    "wrong",
    [
        lambda url: url.set(database="nowhere"),
        lambda url: url.set(username="nobody"),
        lambda url: url.set(query={"host": "/nowhere"}),
        lambda url: url.set(query={}, host="127.0.0.1", port=1),
        lambda url: url.set(query={}, host="nowhere.invalid"),
    ],
)
async def test_an_address_where_there_is_no_store_is_told_without_its_password(
    store: OrderStore, wrong: Callable[[URL], URL]
) -> None:
    elsewhere = OrderStore(wrong(store.engine.url.set(password="geheim")))
    with pytest.raises(AWAY) as refused:
        await elsewhere.find(WAITING.number)
    assert "geheim" not in str(refused.value)
    await elsewhere.close()
