"""Orders to file, and a store to file them in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.store.orders import OrderStore
from tests.fakes.store import empty_orders, write_orders

__all__ = ["empty_orders"]


@pytest.fixture
async def store(empty_orders: bytes, tmp_path: Path) -> AsyncIterator[OrderStore]:
    write_orders(tmp_path, empty_orders)
    opened = OrderStore.in_folder(tmp_path)
    yield opened
    await opened.close()
