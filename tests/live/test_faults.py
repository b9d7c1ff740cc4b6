"""Parts of the house break while it is full of calls in every state, one after the other.

Nobody who talks is cut off or hears nothing for 5 s, each call leaves one order with whole
recordings, and the next controller knows who is doing what. test_faults_long.py has all of it with
more calls, more often.
"""

from __future__ import annotations

import signal

import pytest

from tests.support.city import new_caller, within
from tests.support.ears import Sound, until_hears
from tests.support.faulty_way import FaultyWay
from tests.support.house import ONE_OF_EACH, House, Stay
from tests.support.processes import children, replaced

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
SEATS = 7
"""Five in calls, two to serve who comes."""
SHARE = 0.2
"""Of the requests that Asterisk refuses."""
SLOW = 0.7
"""Seconds that every request, and every event, takes."""


async def serve_a_newcomer(house: House) -> None:
    """Somebody calls, is served and goes: the house is as full as before."""
    guest = await house.bring(Stay.TALKING)
    await house.leaves(guest)
    await house.bring(Stay.WAITING)


async def test_the_controller_is_killed(house: House) -> None:
    async with (
        house.keeps(ONE_OF_EACH),
        replaced(house.city.server, "callcenter", signal.SIGKILL),
    ):
        pass


@pytest.mark.long
async def test_the_controller_freezes(house: House) -> None:
    """Whoever calls then is let in by Asterisk to where nobody is, and waits for the next one."""
    async with house.keeps(ONE_OF_EACH):
        async with replaced(house.city.server, "callcenter", signal.SIGSTOP):
            newcomer = await house.city.call("12345", new_caller())
            assert await within(newcomer.until_answered())
        await until_hears(newcomer, Sound.OTHER)
        await newcomer.hang_up()
    await serve_a_newcomer(house)


@pytest.mark.long
async def test_the_websocket_is_cut(house: House, way: FaultyWay) -> None:
    """Somebody leaves while nobody hears of it."""
    async with house.keeps(ONE_OF_EACH):
        before = children(house.city.server.process.pid)
        leaver = next(guest for guest in house.guests if guest.stay is Stay.TALKING)
        way.cut_events()
        await house.leaves(leaver)
        await serve_a_newcomer(house)
        assert children(house.city.server.process.pid) == before


@pytest.mark.long
async def test_asterisk_answers_slowly(house: House, way: FaultyWay) -> None:
    async with house.keeps(ONE_OF_EACH):
        with way.slow(SLOW):
            await serve_a_newcomer(house)


@pytest.mark.long
async def test_asterisk_refuses_a_share_of_the_requests(house: House, way: FaultyWay) -> None:
    async with house.keeps(ONE_OF_EACH):
        with way.refusing(SHARE):
            for _ in range(2):
                await serve_a_newcomer(house)
        assert way.refused > 0


async def test_everybody_leaves_one_order_and_a_whole_recording(house: House) -> None:
    async with house.keeps(ONE_OF_EACH):
        pass
    await house.empty()
    await house.all_is_filed()


async def test_asterisk_is_killed(house: House) -> None:
    await house.fill(ONE_OF_EACH)
    await house.loses_asterisk()
