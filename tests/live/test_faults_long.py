"""The controller dies again and again, at random moments, while 20 operators have 40 calls.

At each death somebody is about to leave, somebody comes, and somebody is being connected; all
others must not notice.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from random import Random

import pytest
import pytest_asyncio

from tests.fakes import waiting
from tests.support.city import City
from tests.support.house import FULL, House, Stay, furnish
from tests.support.live import LiveServer
from tests.support.processes import children, lives, without_controller

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.asyncio(loop_scope="module"),
]
GREETING = False
SEATS = 20
KILLS = 50
RIGHT = 3.0
"""Seconds after which the next controller knows who is doing what."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(city: City) -> AsyncIterator[House]:
    furnish(city.server.settings.plan)
    await city.until_plan_is(city.server.settings.plan)
    async with House.open(city, SEATS) as house:
        yield house


async def kill(server: LiveServer) -> None:
    """The controller dies; the next one is well."""
    controller = children(server.process.pid)["callcenter"]
    os.kill(controller, signal.SIGKILL)
    await waiting.until(lambda: not lives(controller), 20)
    await server.until_healthy()


async def test_the_controller_dies_fifty_times(house: House) -> None:
    random = Random(20171201)
    server = house.city.server
    for _ in range(KILLS):
        await house.fill(FULL)
        house.listen()
        leaving = [
            random.choice([guest for guest in house.guests if guest.stay is stay])
            for stay in (Stay.TALKING, Stay.WAITING)
        ]
        moves = asyncio.gather(
            *(house.leaves(guest) for guest in leaving),
            house.bring(Stay.WAITING),
            house.bring(Stay.TALKING),
        )
        await asyncio.sleep(random.uniform(0.0, 1.0))  # any moment of what they do
        await kill(server)
        await moves
        await house.until_right(RIGHT)
        await house.must_hold()


async def test_the_controller_stays_away_and_asterisk_serves_who_waits(house: House) -> None:
    """A talk ends meanwhile: Asterisk's queue gives the operator whoever has waited longest."""
    await house.fill(FULL)
    house.listen()
    talker = next(guest for guest in house.guests if guest.stay is Stay.TALKING)
    desk = talker.desk
    assert desk is not None
    await house.serves_on(desk)
    async with without_controller(house.city.server):
        await house.leaves_without_a_controller(talker)
        served = await house.is_served_by_asterisk(desk)
    await house.rests(desk)
    await house.must_hold()
    await house.leaves(served)


async def test_everybody_leaves_one_order_and_a_whole_recording(house: House) -> None:
    await house.empty()
    await house.all_is_filed()
