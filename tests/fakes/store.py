"""An order store that is ready at once: migrated one time, copied for each test."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from callcenter.store.orders import OrderStore


@pytest.fixture(scope="session")
def empty_orders(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a store without an order."""
    folder = tmp_path_factory.mktemp("orders")

    async def make() -> None:
        store = OrderStore.in_folder(folder)
        await store.prepare()
        await store.close()

    asyncio.run(make())
    return (folder / "orders.db").read_bytes()


def write_orders(folder: Path, content: bytes) -> None:
    """Put the file where the store of that data folder looks for it."""
    (folder / "orders.db").write_bytes(content)
