"""The schema is made and brought up to date by itself, by whoever comes first."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from callcenter.store import migrations
from callcenter.store.migrations.run import configuration
from callcenter.store.orders import OrderStore
from callcenter.store.recordings import RECORDINGS
from tests.fakes.orders import ENDED


@pytest.fixture
async def store(empty: URL) -> AsyncIterator[OrderStore]:
    opened = OrderStore(empty)
    yield opened
    await opened.close()


async def run(store: OrderStore, *statements: str) -> None:
    async with store.engine.begin() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)


async def test_they_make_exactly_the_tables(store: OrderStore) -> None:
    def differences(connection: sa.Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), RECORDINGS.metadata))

    await store.prepare()
    async with store.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_only_a_store_that_was_prepared_is_there(store: OrderStore) -> None:
    assert not await store.exists()
    await store.prepare()
    assert await store.exists()


async def test_preparing_twice_is_harmless(store: OrderStore) -> None:
    await store.prepare()
    await store.file([ENDED], 1)
    await store.prepare()
    assert (await store.find(ENDED.number)).record == ENDED


async def test_several_at_once_wait_for_each_other(empty: URL) -> None:
    stores = [OrderStore(empty) for _ in range(4)]
    await asyncio.gather(*(store.prepare() for store in stores))
    await stores[0].file([ENDED], 1)
    assert (await stores[-1].find(ENDED.number)).record == ENDED
    for store in stores:
        await store.close()


async def test_orders_of_an_older_version_are_kept(
    store: OrderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as old:
        newest = command.upgrade
        old.setattr(command, "upgrade", lambda config, _: newest(config, "0001"))
        await store.prepare()
    assert not await store.exists()
    await run(
        store,
        "INSERT INTO orders (call, number, shown, version, channel, opened, caller_raw,"
        " caller_withheld, trunk, dialled) VALUES ('call-1', '320481-20171122-0252',"
        " '20171122-0252', 1, 'phone', 1.5, '', false, 'telecom', '12345')",
        "INSERT INTO legs (call, position, leg, role, party, place, began)"
        " VALUES ('call-1', 0, 'call-1', 'caller', '', 'telecom', 1.5)",
    )
    await store.prepare()
    (leg,) = (await store.find("20171122-0252")).record.legs
    assert (leg.place, leg.hotline, leg.unit) == ("telecom", "", "")


async def test_a_store_of_a_newer_version_is_left_alone_and_told(store: OrderStore) -> None:
    await store.prepare()
    await run(store, "UPDATE alembic_version SET version_num = '9999'")
    assert not await store.exists()
    with pytest.raises(SQLAlchemyError, match="made by a newer version"):
        await store.prepare()


def test_there_is_one_newest_schema() -> None:
    versions = sorted((migrations.FOLDER / "versions").glob("v*.py"))
    assert [version.name[1:5] for version in versions] == [
        f"{number:04}" for number in range(1, len(versions) + 1)
    ]
    assert ScriptDirectory.from_config(configuration()).get_heads() == [migrations.newest()]


def test_alembic_is_loaded_for_a_step_only() -> None:
    loaded = "import callcenter.app, sys; sys.exit('alembic' in sys.modules)"
    subprocess.run([sys.executable, "-c", loaded], check=True)
