"""A real controller kills itself in the midst of a call: after one commit, after one command.

tests/crashes has every point of every story, in memory; here are those of a whole talk, with a real
Asterisk and telephones that listen.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from callcenter.asterisk.ari import Access, Ari
from callcenter.asterisk.secrets import USER, ari_password
from callcenter.orders.record import Outcome
from callcenter.simulator.agent import Call
from tests.support.city import VOICE, City, new_caller, until
from tests.support.death import Death

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False


def long(*points: str) -> list[object]:
    return [pytest.param(point, marks=pytest.mark.long) for point in points]


@pytest.fixture(scope="module", autouse=True)
def death(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Death]:
    """Before `city`: its controllers are mortal."""
    with Death.awaits(tmp_path_factory.mktemp("death")) as death:
        yield death


@pytest.mark.parametrize(
    "point",
    [
        "command Dial",
        "commit LegAnswered",
        *long("commit CallArrived", "command Ring", "command Answer", "command Play"),
        *long("commit PlaybackFinished", "command Unguard"),
    ],
)
async def test_a_death_on_the_way_to_the_talk_delays_it(
    city: City, death: Death, point: str
) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01"):
        death.comes_after(point, city.server)
        call = await city.call("12345", caller)
        await death.is_over(city.server)
        await city.until_heard(call, VOICE)
        assert await city.operator_state("001") == "talking"
        await _ends_well(city, caller, call)


async def test_a_death_right_after_the_connection_cuts_nobody(city: City, death: Death) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        death.comes_after("command Connect", city.server)
        call = await city.call("12345", caller)
        seat = await phone.next_call()
        await death.is_over(city.server)
        call.media.background(city.recording("signed_in"))
        seat.media.background(city.recording("signed_out"))
        await city.until_heard(seat, "signed_in")
        await city.until_heard(call, "signed_out")
        assert len(phone.agent.calls) == 1, "the seat is rung once"
        await _ends_well(city, caller, call)


@pytest.mark.parametrize(
    "point", ["commit LegEnded", *long("command Hangup", "command Disconnect")]
)
async def test_a_death_at_the_end_of_the_talk_leaves_no_leg(
    city: City, death: Death, point: str
) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        call = await city.talk(caller)
        seat = await phone.next_call()
        death.comes_after(point, city.server)
        await call.hang_up()
        await death.is_over(city.server)
        await until(lambda: seat.ending is not None, lambda: "the seat's leg has no owner")
        await _ends_well(city, caller, call)


async def _ends_well(city: City, caller: str, call: Call) -> None:
    """One order, one outcome, and nothing is left in Asterisk."""
    await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")
    settings = city.server.settings
    access = Access("127.0.0.1", settings.ari_port, USER, ari_password(settings))
    async with Ari(access) as ari:

        async def nothing_is_left() -> bool:
            return not await ari.channels() and not await ari.bridges()

        await until(nothing_is_left, lambda: "a leg or a bridge has no owner")
