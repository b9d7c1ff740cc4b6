"""Orders to file, and stores to file them in: one of SQLite, one of PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from callcenter.store.orders import OrderStore, default_url
from tests.fakes.store import empty_orders, write_orders
from tests.support.postgresql import PostgreSQL, running_postgresql

__all__ = ["empty_orders"]

PREPARED = "prepared"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server with a database `prepared` to copy from."""
    with running_postgresql() as server:

        async def prepare() -> None:
            await server.execute(f"CREATE DATABASE {PREPARED}")
            store = OrderStore(server.address(PREPARED))
            await store.prepare()
            await store.close()

        asyncio.run(prepare())
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql: PostgreSQL
) -> AsyncIterator[URL]:
    """The address of a database without tables."""
    if request.param == "sqlite":
        yield default_url(tmp_path)
    else:
        async with postgresql.fresh() as name:
            yield postgresql.address(name)


@pytest.fixture(params=["sqlite", "postgresql"])
async def address(
    request: pytest.FixtureRequest, tmp_path: Path, empty_orders: bytes, postgresql: PostgreSQL
) -> AsyncIterator[URL]:
    """The address of a database that has its tables."""
    if request.param == "sqlite":
        write_orders(tmp_path, empty_orders)
        yield default_url(tmp_path)
    else:
        async with postgresql.fresh(PREPARED) as name:
            yield postgresql.address(name)


@pytest.fixture
async def store(address: URL) -> AsyncIterator[OrderStore]:
    opened = OrderStore(address)
    yield opened
    await opened.close()
