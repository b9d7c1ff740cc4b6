"""Orders go to PostgreSQL where the setting says so; a call never waits for it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from callcenter.orders.record import Outcome
from callcenter.settings import Settings
from callcenter.simulator.citizen import Citizen
from callcenter.store.orders import OrderFilter, OrderStore
from tests.support.city import new_caller, until, within
from tests.support.live import running_server
from tests.support.postgresql import PostgreSQL, running_postgresql

PASSWORD = "geheim-4711"


@pytest.fixture
def postgresql() -> Iterator[PostgreSQL]:
    with running_postgresql() as server:
        yield server


async def listed(settings: Settings) -> list[dict[str, object]]:
    """What `callcenter orders` says."""
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("callcenter")), "orders", "--json"),
        env={**os.environ, **settings.environment()},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await within(process.communicate())
    found: list[dict[str, object]] = json.loads(out)
    return found


def command_lines() -> str:
    """Those of all processes, as anybody on the machine sees them."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(file.read_text(encoding="utf-8", errors="replace"))
        except OSError:  # it has ended meanwhile
            continue
    return "\n".join(lines)


async def test_a_call_while_postgresql_hangs_leaves_its_one_order_there(
    postgresql: PostgreSQL,
) -> None:
    address = postgresql.address("postgres").set(password=PASSWORD)
    url = address.render_as_string(hide_password=False)
    async with AsyncExitStack() as server_runs:
        with postgresql.frozen():
            server = await server_runs.enter_async_context(running_server(orders_url=url))
            citizen = await Citizen.on(server.trunks["telecom"], server.sip)
            caller = new_caller()
            call = await citizen.dial("12345", caller=caller)
            assert await within(call.until_answered())
            await call.hang_up()
        store = OrderStore.of(server.settings, read_only=True)
        await until(store.exists, lambda: "no tables were made")
        wanted = OrderFilter(caller=caller, outcome=Outcome.ABANDONED)

        async def is_filed() -> bool:
            return (await store.page(wanted)).total == 1

        await until(is_filed, lambda: "its order was not filed")
        (order,) = await listed(server.settings)
        assert (order["caller"], order["outcome"]) == (f"+86{caller}", "abandoned")
        assert (await store.page(OrderFilter())).total == 1
        assert not (server.settings.data / "orders.db").exists()
        assert PASSWORD not in command_lines()
        log = (server.settings.data / "logs" / "controller.log").read_text(encoding="utf-8")
        assert PASSWORD not in log + server.printed()
        await citizen.close()
        await store.close()
