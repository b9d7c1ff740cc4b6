"""Orders go to PostgreSQL where the setting says so; a call never waits for it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from callcenter.orders.record import Outcome
from callcenter.settings import Settings
from callcenter.simulator.citizen import Citizen
from callcenter.store.orders import OrderFilter, OrderStore
from tests.support.city import new_caller, until, within
from tests.support.live import running_server
from tests.support.postgresql import PostgreSQL, running_postgresql

PASSWORD = "geheim-4711"
BETWEEN_CALLS = 0.5
"""Seconds."""


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


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(60.0, marks=pytest.mark.timeout(300)),
        pytest.param(600.0, marks=(pytest.mark.long, pytest.mark.timeout(1200))),
    ],
)
async def test_orders_of_calls_while_postgresql_is_gone_arrive_afterwards_once(
    postgresql: PostgreSQL, seconds: float
) -> None:
    url = postgresql.address("postgres").render_as_string(hide_password=False)
    async with running_server(orders_url=url) as server, aiohttp.ClientSession() as session:
        store = OrderStore.of(server.settings, read_only=True)
        await until(store.exists, lambda: "no tables were made")
        citizen = await Citizen.on(server.trunks["telecom"], server.sip)
        callers = []

        async def is_told() -> bool:
            async with session.get(f"{server.settings.web_url}/healthz") as answer:
                body = await answer.json()
            ill = [part["name"] for part in body["parts"] if not part["ok"]]
            return (answer.status, body["status"]) == (200, "degraded") and "store" in ill

        with postgresql.stopped():
            back = time.monotonic() + seconds
            while time.monotonic() < back:
                callers.append(new_caller())
                call = await citizen.dial("12345", caller=callers[-1])
                assert await within(call.until_answered())
                await call.hang_up()
                await asyncio.sleep(BETWEEN_CALLS)
            await until(is_told, lambda: "it is not told")

        async def all_filed() -> bool:
            return (await store.page(OrderFilter(outcome=Outcome.ABANDONED))).total == len(callers)

        await until(all_filed, lambda: "some orders are missing", patience=60)
        found = await store.page(OrderFilter(), limit=len(callers) + 1)
        told = {order.record.caller for order in found.orders}
        assert told == {f"+86{caller}" for caller in callers}
        assert found.total == len(callers)
        await citizen.close()
        await store.close()


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
