"""Parts of the house break while it is full of calls in every state, one after the other.

Nobody who talks is cut off or hears nothing for 5 s, each call leaves one order with whole
recordings, and the next controller knows who is doing what.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from callcenter.orders.record import Outcome
from tests.fakes import waiting
from tests.support.city import City, new_caller, within
from tests.support.ears import Sound, until_hears
from tests.support.faulty_way import FaultyWay
from tests.support.house import ONE_OF_EACH, House, Stay, furnish
from tests.support.processes import children, lives

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
SEATS = 7
"""Five in calls, two to serve who comes."""
SHARE = 0.2
"""Of the requests that Asterisk refuses."""
SLOW = 0.7
"""Seconds that every request, and every event, takes."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def way(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FaultyWay]:
    """Before `city`: its controllers go by it."""
    async with FaultyWay.laid(tmp_path_factory.mktemp("way")) as way:
        yield way


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(city: City) -> AsyncIterator[House]:
    furnish(city.server.settings.plan)
    await city.until_plan_is(city.server.settings.plan)
    async with House.open(city, SEATS) as house:
        yield house


@asynccontextmanager
async def full(house: House) -> AsyncIterator[None]:
    """A call in every state, before and after."""
    await house.fill(ONE_OF_EACH)
    house.listen()
    yield
    await house.must_hold()


@asynccontextmanager
async def replaced(house: House, name: str, by: signal.Signals) -> AsyncIterator[None]:
    """A process of the server dies or freezes; at the end of the block another is well."""
    server = house.city.server
    before = children(server.process.pid)
    os.kill(before[name], by)
    yield
    await waiting.until(lambda: not lives(before[name]), 20)
    await waiting.until(
        lambda: children(server.process.pid).get(name, before[name]) != before[name], 20
    )
    await server.until_healthy()
    after = children(server.process.pid)
    assert {**after, name: 0} == {**before, name: 0}, "nothing else was replaced"


async def serve_a_newcomer(house: House) -> None:
    """Somebody calls, is served and goes: the house is as full as before."""
    guest = await house.bring(Stay.TALKING)
    await house.leaves(guest)
    await house.bring(Stay.WAITING)


async def test_the_controller_is_killed(house: House) -> None:
    async with full(house), replaced(house, "callcenter", signal.SIGKILL):
        pass


@pytest.mark.long
async def test_the_controller_freezes(house: House) -> None:
    """Whoever calls then is let in by Asterisk to where nobody is, and waits for the next one."""
    async with full(house):
        async with replaced(house, "callcenter", signal.SIGSTOP):
            newcomer = await house.city.call("12345", new_caller())
            assert await within(newcomer.until_answered())
        await until_hears(newcomer, Sound.OTHER)
        await newcomer.hang_up()
    await serve_a_newcomer(house)


@pytest.mark.long
async def test_the_websocket_is_cut(house: House, way: FaultyWay) -> None:
    """Somebody leaves while nobody hears of it."""
    async with full(house):
        before = children(house.city.server.process.pid)
        leaver = next(guest for guest in house.guests if guest.stay is Stay.TALKING)
        way.cut_events()
        await house.leaves(leaver)
        await serve_a_newcomer(house)
        assert children(house.city.server.process.pid) == before


@pytest.mark.long
async def test_asterisk_answers_slowly(house: House, way: FaultyWay) -> None:
    async with full(house):
        way.delay = SLOW
        try:
            await serve_a_newcomer(house)
        finally:
            way.delay = 0.0


@pytest.mark.long
async def test_asterisk_refuses_a_share_of_the_requests(house: House, way: FaultyWay) -> None:
    async with full(house):
        way.failing, way.refused = SHARE, 0
        try:
            for _ in range(2):
                await serve_a_newcomer(house)
        finally:
            way.failing = 0.0
        assert way.refused > 0


async def test_everybody_leaves_one_order_and_a_whole_recording(house: House) -> None:
    async with full(house):
        pass
    await house.empty()
    await house.all_is_filed()


async def test_asterisk_is_killed(house: House) -> None:
    """Calls end, as they must. Whoever was in one is on the callback list."""
    await house.fill(ONE_OF_EACH)
    began = asyncio.get_running_loop().time()
    async with replaced(house, "asterisk", signal.SIGKILL):
        pass
    guests = list(house.guests)
    await house.can_serve()
    took = asyncio.get_running_loop().time() - began
    await house.are_cut_off()
    orders = await house.orders()
    cut = [guest for guest in guests if guest.stay not in (Stay.SURVEY, Stay.VOICE_MAIL)]
    assert {orders[guest.caller].outcome for guest in cut} == {Outcome.INTERRUPTED}
    assert {f"+86{guest.caller}" for guest in cut} <= await house.to_be_called_back()
    assert took < 10.0
    await serve_a_newcomer(house)
