"""The disk of journal or orders fails while people talk: calls go on, orders arrive afterwards."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import pytest

from callcenter.orders.record import OrderRecord, Outcome
from tests.support.city import VOICE, City, new_caller, until, within
from tests.support.locking import locked
from tests.support.processes import children

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
ANNOUNCES = False
ARRIVES = 60.0
"""Seconds until an order is filed after a long outage: the store is tried every half minute."""
Fault = Callable[[City], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def full(city: City) -> AsyncIterator[None]:
    """The system lets the controller write to no file any more, its log included."""
    controller = children(city.server.process.pid)["callcenter"]
    before = resource.prlimit(controller, resource.RLIMIT_FSIZE)
    resource.prlimit(controller, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(controller, resource.RLIMIT_FSIZE, before)


def _locked(file: str, city: City) -> AbstractAsyncContextManager[None]:
    return locked(city.server.settings.data / file)


@asynccontextmanager
async def read_only(city: City) -> AsyncIterator[None]:
    """No file of the controller's takes anything, as where errors made the system mount them so."""
    data = city.server.settings.data
    files = (*data.glob("*.db*"), data / "logs" / "controller.log")
    writes = "write,pwrite64"
    tracer = await asyncio.create_subprocess_exec(
        *("strace", "-f", "-o", os.devnull),
        *("-p", str(children(city.server.process.pid)["callcenter"])),
        *("-e", f"trace={writes}", "-e", f"inject={writes}:error=EROFS"),
        *(word for file in files for word in ("-P", str(file))),
        stderr=asyncio.subprocess.PIPE,
    )
    assert tracer.stderr is not None
    try:
        assert b"attached" in await tracer.stderr.readline()
        yield
    finally:
        tracer.terminate()
        await tracer.communicate()


FAULTS: dict[str, tuple[Fault, str, str]] = {
    "journal locked": (partial(_locked, "journal.db"), "journal", "通话日志"),
    "orders locked": (partial(_locked, "orders.db"), "store", "工单库"),
    "disk full": (full, "journal", "通话日志"),
    "read-only": (read_only, "journal", "通话日志"),
}
"""By name: the fault, the part of /healthz that tells it, its name on the wallboard."""
A_MOMENT = [("disk full", 0.0), ("read-only", 0.0)]
"""A locked journal is the other test's, an order store that is away test_postgresql.py's."""
TEN_MINUTES = [
    pytest.param(fault, 600.0, marks=(pytest.mark.long, pytest.mark.timeout(1200)))
    for fault in FAULTS
]


async def is_well(city: City, part: str) -> bool:
    """What /healthz says of that part."""
    return bool((await city.health())[part]["ok"])


async def is_told(city: City, part: str, title: str) -> None:
    """Wait until the fault is told; calls are served all the same."""

    async def is_ill() -> bool:
        return not await is_well(city, part)

    await until(is_ill, lambda: f"{part} is well")
    url = city.server.settings.web_url
    async with city.http.get(f"{url}/healthz") as answer:
        assert (answer.status, (await answer.json())["status"]) == (200, "degraded")
    async with city.http.get(f"{url}/wallboard") as page:
        assert f"{title} 异常" in await page.text()


async def arrived(city: City, caller: str) -> OrderRecord:
    """The one order of that caller, once its call is over."""

    async def is_there() -> bool:
        return any(order.record.outcome for order in await city.orders_of(caller))

    await until(is_there, lambda: f"no order of {caller}", patience=ARRIVES)
    return (await city.order_of(caller)).record


@pytest.mark.parametrize(("fault", "seconds"), [*A_MOMENT, *TEN_MINUTES])
async def test_calls_go_on_and_their_orders_arrive_afterwards(
    city: City, fault: str, seconds: float
) -> None:
    fails, part, title = FAULTS[fault]
    talker, waiter = new_caller(), new_caller()
    served: list[str] = []
    async with city.operator("001", "seat01") as phone:
        talk = await city.talk(talker)
        seat = await phone.next_call()
        async with fails(city):
            waits = await city.call("12345", waiter)
            assert await within(waits.until_answered())
            await city.until_music(waits)
            await is_told(city, part, title)
            async with city.operator("002", "seat02"):
                await city.until_heard(waits, VOICE)
                await waits.hang_up()
                until_then = time.monotonic() + seconds
                while time.monotonic() < until_then:
                    await city.until_operator("002", "ready")
                    served.append(new_caller())
                    await (await city.talk(served[-1])).hang_up()
            seat.media.heard.packets.clear()  # minutes of them
            talk.media.background(city.recording("signed_in"))
            await city.until_heard(seat, "signed_in")
            assert talk.ending is None
        await until(partial(is_well, city, part), lambda: "the disk is back, and not used")
        await talk.hang_up()
        for caller, operator in ((talker, "001"), (waiter, "002"), *((c, "002") for c in served)):
            order = await arrived(city, caller)
            assert (order.outcome, order.operator) == (Outcome.ANSWERED, operator)


async def test_a_controller_that_dies_meanwhile_is_back_and_takes_calls(city: City) -> None:
    talker, waiter = new_caller(), new_caller()
    controller = children(city.server.process.pid)["callcenter"]
    async with city.operator("001", "seat01") as phone:
        talk = await city.talk(talker)
        seat = await phone.next_call()
        async with _locked("journal.db", city):
            waits = await city.call("12345", waiter)
            await city.until_music(waits)
            os.kill(controller, signal.SIGKILL)
            await until(
                lambda: children(city.server.process.pid).get("callcenter", 0) != controller,
                lambda: "it is not started again",
            )
            await city.server.until_healthy()
            async with city.operator("002", "seat02"):
                await city.until_heard(waits, VOICE)
                await waits.hang_up()
            talk.media.background(city.recording("signed_in"))
            await city.until_heard(seat, "signed_in")
        await until(partial(is_well, city, "journal"), lambda: "the journal is not written")
        await talk.hang_up()
        for caller, operator in ((talker, "001"), (waiter, "002")):
            order = await arrived(city, caller)
            assert (order.outcome, order.operator) == (Outcome.ANSWERED, operator)
