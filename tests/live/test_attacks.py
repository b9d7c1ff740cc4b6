"""Who is nobody or has no right password is refused by rate; who is needed never is."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest
import pytest_asyncio

from callcenter.asterisk.secrets import seat_password
from callcenter.simulator.agent import Credentials, UserAgent
from callcenter.simulator.phone import RegistrationError, Softphone
from callcenter.simulator.sip import digest_answer
from tests.support.city import City, edit, new_caller, until, within
from tests.support.live import neighbour
from tests.support.processes import without_controller
from tests.support.raw_sip import RawSip, raw_sip
from tests.support.torture import message

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
TRIES = 5


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def rules(city: City) -> None:
    folder = city.server.settings.plan
    edit(folder, "dialplan/protection.yaml", "tries: 20", f"tries: {TRIES}")
    edit(folder, "dialplan/queues.yaml", "announce_operator: true", "announce_operator: false")
    await city.until_plan_is(folder)


async def banned(city: City) -> list[str]:
    """The addresses that are refused now."""
    found = (await city.ask("GET", "/bans"))["bans"]
    assert isinstance(found, list)
    return [each["address"] for each in found]


async def until_banned(city: City, address: str) -> None:
    async def is_so() -> bool:
        return address in await banned(city)

    await until(is_so, lambda: f"{address} is not banned")


async def try_call(city: City, agent: UserAgent) -> int:
    """A stranger's call; with which status it is refused."""
    call = await agent.call(city.server.uri("12345"), caller=f"<sip:100@{agent.place[0]}>")
    return (await within(call.until_ended())).status


async def until_refused(city: City, agent: UserAgent, status: int) -> None:
    """Wait until strangers' calls from there are refused with this status."""

    async def is_so() -> bool:
        return await try_call(city, agent) == status

    await until(is_so, lambda: f"{agent.place[0]} is not refused with {status}")


async def try_password(city: City, host: str, seat: str = "seat01") -> int:
    """One wrong password, in answer to a real challenge; how it is answered."""
    agent = await UserAgent.bind(host, credentials=Credentials(seat, "wrong-password"))
    status = (await within(agent.register(seat, city.server.sip))).status
    await agent.close()
    return status


async def serves(city: City) -> float:
    """A usual call reaches an operator, who is heard; how long that took, in seconds."""
    async with city.operator("001", "seat01") as phone:
        began = monotonic()
        call = await city.talk(new_caller())
        took = monotonic() - began
        await phone.next_call()
        await call.hang_up()
    return took


async def test_an_unknown_caller_is_asked_for_a_password_then_refused(city: City) -> None:
    host = neighbour(city.server.settings, 101)
    stranger = await UserAgent.bind(host)
    assert await try_call(city, stranger) == 401
    assert host not in await banned(city)
    await until_refused(city, stranger, 403)
    assert host in await banned(city)
    parts = await city.health()
    assert (parts["attacks"]["ok"], parts["attacks"]["needed"]) == (False, False)
    assert "refused" in str(parts["attacks"]["text"])
    await stranger.close()


async def test_a_ban_outlives_the_controller_and_is_lifted_by_an_administrator(city: City) -> None:
    host = neighbour(city.server.settings, 102)
    stranger = await UserAgent.bind(host)
    await until_refused(city, stranger, 403)
    async with without_controller(city.server):
        assert await try_call(city, stranger) == 403
    assert host in await banned(city)
    await city.ask("POST", "/bans/lift", {"address": host})
    await until_refused(city, stranger, 401)
    assert host not in await banned(city)
    await stranger.close()


@pytest.mark.long
async def test_a_ban_ends_by_itself(city: City) -> None:
    folder = city.server.settings.plan
    edit(folder, "dialplan/protection.yaml", "ban_minutes: 60", "ban_minutes: 0.02")
    await city.until_plan_is(folder)
    stranger = await UserAgent.bind(neighbour(city.server.settings, 103))
    await until_refused(city, stranger, 403)
    await until_refused(city, stranger, 401)
    await stranger.close()
    edit(folder, "dialplan/protection.yaml", "ban_minutes: 0.02", "ban_minutes: 60")
    await city.until_plan_is(folder)


async def test_who_tries_passwords_is_refused_and_the_seat_serves_on(city: City) -> None:
    host = neighbour(city.server.settings, 104)
    async with city.operator("001", "seat01") as phone:
        for _ in range(TRIES):
            assert await try_password(city, host) in (401, 403)
        await until_banned(city, host)
        call = await city.talk(new_caller())
        await phone.next_call()
        await call.hang_up()
    seat, password = "seat02", seat_password(city.server.settings, "seat02")
    with pytest.raises(RegistrationError, match="403"):
        await Softphone.register(seat, password, city.server.sip, host=host)


async def test_nobody_can_have_a_softphone_or_a_trunk_banned(city: City) -> None:
    """Wrong passwords in packets that seem to come from there: told, and nothing else."""
    settings = city.server.settings
    host = neighbour(settings, 105)
    password = seat_password(settings, "seat03")
    phone = await Softphone.register("seat03", password, city.server.sip, host=host)
    for forged in (host, city.server.trunks["telecom"]):
        async with raw_sip(forged) as wire:
            flood(city, wire, 20 * TRIES)
            await until(lambda w=wire: len(w.came) >= TRIES, lambda: "no answers")

    async def is_told() -> bool:
        return (await city.ask("GET", "/bans"))["spared"] == [host]

    await until(is_told, lambda: "nobody is told")
    assert host in str((await city.health())["attacks"]["text"])
    assert not {host, city.server.trunks["telecom"]} & set(await banned(city))
    await phone.unregister()
    again = await Softphone.register("seat03", password, city.server.sip, host=host)
    await again.unregister()
    await serves(city)


async def test_a_flood_of_registrations_is_refused_while_calls_are_served(city: City) -> None:
    host = neighbour(city.server.settings, 106)
    async with raw_sip(host) as wire:
        flooding = asyncio.create_task(flood_on(city, wire))
        try:
            await until_banned(city, host)
            took = await serves(city)
        finally:
            flooding.cancel()
    assert took < 5
    health = await city.health()
    assert health["asterisk"]["ok"] and health["core"]["ok"]


async def flood_on(city: City, wire: RawSip) -> None:
    """Some 2,000 messages a second."""
    while True:
        flood(city, wire, 20)
        await asyncio.sleep(0.01)


def flood(city: City, wire: RawSip, count: int) -> None:
    """So many registrations at once with a password that was made up."""
    server = f"{city.server.sip[0]}:{city.server.sip[1]}"
    answer = digest_answer(
        'Digest realm="callcenter", nonce="1511317865/0a0b"',
        method="REGISTER",
        uri=f"sip:{server}",
        user="seat01",
        password="guess",
        client_nonce="1",
    )
    own = f"{wire.place[0]}:{wire.place[1]}"
    for number in range(count):
        name = f"flood{len(wire.came)}n{number}"
        wire.send(
            message(
                f"REGISTER sip:{server} SIP/2.0",
                f"From: <sip:seat01@{server}>;tag={name}",
                f"To: <sip:seat01@{server}>",
                f"Authorization: {answer}",
                server=server,
                own=own,
                name=name,
            ),
            city.server.sip,
        )
