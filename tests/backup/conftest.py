"""A data folder of a centre with calls behind it and calls up, in SQLite or in PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack

import pytest
from pydantic import SecretStr

from callcenter.backup import sealed
from callcenter.settings import PROJECT, Settings
from tests.store.conftest import PREPARED, postgresql
from tests.support.postgresql import PostgreSQL

__all__ = ["postgresql"]

MakeSettings = Callable[[str, str], Settings]
"""Name of a data folder, and `sqlite` or `postgresql`: settings with an empty one."""


@pytest.fixture(autouse=True)
def quick_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "COST", 2**10)


@pytest.fixture
def settings_of(
    tmp_path_factory: pytest.TempPathFactory, postgresql: PostgreSQL
) -> Iterator[MakeSettings]:
    databases = AsyncExitStack()
    with asyncio.Runner() as loop:

        async def database() -> str:
            name = await databases.enter_async_context(postgresql.fresh(PREPARED))
            return postgresql.address(name).render_as_string(hide_password=False)

        def make(name: str, kind: str) -> Settings:
            url = loop.run(database()) if kind == "postgresql" else ""
            data = tmp_path_factory.mktemp(name) / "var"  # short: settings.py says why
            return Settings(data=data, plan=PROJECT, orders_url=SecretStr(url))

        yield make
        loop.run(databases.aclose())
