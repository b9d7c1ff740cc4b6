"""Orders to file, and a store to file them in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.store.orders import OrderStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[OrderStore]:
    opened = OrderStore.in_folder(tmp_path)
    await opened.prepare()
    yield opened
    await opened.close()
