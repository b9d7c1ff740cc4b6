"""Parts of the house break again and again, at random moments, while 20 operators have 40 calls.

At each fault somebody is about to leave, somebody comes, and somebody is being connected; all
others must not notice.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from random import Random

import pytest

from tests.support.city import until
from tests.support.faulty_way import FaultyWay
from tests.support.house import FULL, House, Stay
from tests.support.locking import locked
from tests.support.processes import children, replaced, without_controller

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.asyncio(loop_scope="module"),
]
GREETING = False
SEATS = 20
KILLS = 50
TIMES = 6
"""So often every other fault comes; each time there are other calls."""
DEATHS = 3
"""Of Asterisk: 40 calls must come again after each."""
RIGHT = 3.0
"""Seconds after which the controller knows again who is doing what."""
SHARE = 0.2
"""Of the requests that Asterisk refuses."""
ALL_REFUSED = 4.0
"""Seconds, more than any command is tried again."""
SLOW = 0.7
"""Seconds that every request, and every event, takes."""


@asynccontextmanager
async def moving(house: House, random: Random) -> AsyncIterator[Awaitable[object]]:
    """The block begins in the midst of what three of 40 calls do, which is over once the value is
    awaited. Afterwards all is right soon, and nobody else has noticed anything."""
    async with house.keeps(FULL):
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
        yield moves
        await moves
        await house.until_right(RIGHT)


async def test_the_controller_dies_fifty_times(house: House) -> None:
    random = Random(20171201)
    for _ in range(KILLS):
        async with (
            moving(house, random),
            replaced(house.city.server, "callcenter", signal.SIGKILL),
        ):
            pass


async def test_the_controller_freezes(house: House) -> None:
    random = Random(20171202)
    for _ in range(TIMES):
        async with (
            moving(house, random),
            replaced(house.city.server, "callcenter", signal.SIGSTOP),
        ):
            pass


async def test_the_websocket_is_cut(house: House, way: FaultyWay) -> None:
    random = Random(20171203)
    before = children(house.city.server.process.pid)
    for _ in range(TIMES):
        async with moving(house, random):
            way.cut_events()
            await until(lambda: way.has_events, lambda: "nobody asks for events again")
            await asyncio.sleep(random.uniform(0.0, 0.2))  # while they compare notes
            way.cut_events()
    assert children(house.city.server.process.pid) == before


async def test_asterisk_answers_slowly(house: House, way: FaultyWay) -> None:
    random = Random(20171204)
    for _ in range(TIMES):
        async with moving(house, random) as moves:
            with way.slow(SLOW):
                await moves


async def test_asterisk_refuses_a_share_of_the_requests(house: House, way: FaultyWay) -> None:
    random = Random(20171205)
    for _ in range(TIMES):
        async with moving(house, random) as moves:
            with way.refusing(SHARE):
                await moves
    assert way.refused > 0


async def test_asterisk_refuses_every_request_for_a_while(house: House, way: FaultyWay) -> None:
    random = Random(20171208)
    for _ in range(TIMES):
        async with moving(house, random):
            with way.refusing(1.0):
                await asyncio.sleep(ALL_REFUSED)


@pytest.mark.parametrize("database", ["journal.db", "orders.db"])
async def test_nobody_can_write_for_a_moment(house: House, database: str) -> None:
    random = Random(20171206)
    for _ in range(TIMES):
        async with (
            moving(house, random) as moves,
            locked(house.city.server.settings.data / database),
        ):
            await moves


async def test_a_softphone_is_gone_without_a_word(house: House) -> None:
    random = Random(20171207)
    for _ in range(TIMES):
        async with house.keeps(FULL):
            talking = [guest for guest in house.guests if guest.stay is Stay.TALKING]
            await house.loses_its_softphone(random.choice(talking))
            await house.until_right(RIGHT)


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


async def test_asterisk_dies(house: House) -> None:
    for _ in range(DEATHS):
        await house.fill(FULL)
        await house.loses_asterisk()
