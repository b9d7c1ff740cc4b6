"""Malformed SIP is answered or dropped, and the next usual call is served as ever."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from callcenter.numberplan.loader import load
from tests.support.city import City, edit, new_caller, until, within
from tests.support.live import neighbour
from tests.support.processes import children
from tests.support.raw_sip import RawSip, raw_sip
from tests.support.torture import broken, rfc_4475

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
VALID = {
    "wsinv", "intmeth", "esc01", "escnull", "esc02", "lwsdisp", "dblreq", "semiuri", "transports",
    "mpart01",
}  # fmt: skip
"""Odd, but right; `longreq` is longer than what Asterisk takes in one datagram."""
SILENT = {"unreason", "noreason", "scalarlg", "bigcode", "bcast"}
"""Responses to nothing that was asked."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def rules(city: City) -> None:
    """Strangers are not banned here: each of their messages is read."""
    folder = city.server.settings.plan
    edit(folder, "dialplan/protection.yaml", "tries: 20", "tries: 100000")
    edit(folder, "dialplan/queues.yaml", "announce_operator: true", "announce_operator: false")
    await city.until_plan_is(folder)


async def until_quiet(city: City) -> None:
    """Wait until no call is up: what was never acknowledged has been given up."""

    async def is_quiet() -> bool:
        async with city.http.get(f"{city.server.settings.web_url}/metrics") as answer:
            return "callcenter_calls_in_progress 0.0" in await answer.text()

    await until(is_quiet, lambda: "calls are left")


async def unharmed(city: City, before: dict[str, int]) -> None:
    """No process was started anew, nothing surprised the core, and a caller reaches an operator."""
    assert children(city.server.process.pid) == before
    health = await city.health()
    assert health["asterisk"]["ok"], health
    assert health["core"]["ok"], health
    await until_quiet(city)
    async with city.operator("001", "seat01") as phone:
        call = await city.call("12345", new_caller())
        await phone.next_call()
        assert await within(call.until_answered())
        await city.until_operator("001", "talking")
        await call.hang_up()
    assert {call.number for call in city.outside.calls} <= await meant(city)


async def meant(city: City) -> set[str]:
    """Who is dialled for the numbers that some of the messages name: for 12319 and 110."""
    plan = load(city.server.settings.plan).plan
    assert plan is not None
    emergency = {target.digits for target in plan.emergencies["110"].targets}
    return {await city.target("12319"), *emergency}


def addresses(city: City) -> tuple[str, str]:
    """A trunk's, whose calls are taken, and a stranger's."""
    return city.server.trunks["telecom"], neighbour(city.server.settings, 120)


async def alive(city: City, wire: RawSip) -> None:
    """Everything sent before has been read: what is asked now is answered."""
    name = os.urandom(4).hex()
    server = f"{city.server.sip[0]}:{city.server.sip[1]}"
    own = f"{wire.place[0]}:{wire.place[1]}"
    ask = rfc_4475(server, own, name)["zeromf"]
    call = f"zeromf{name}@{own}"

    def is_answered() -> bool:
        wire.send(ask, city.server.sip)
        return bool(wire.statuses(call))

    await until(is_answered, lambda: "Asterisk does not answer")


async def test_the_cases_of_rfc_4475(city: City) -> None:
    before = children(city.server.process.pid)
    server = f"{city.server.sip[0]}:{city.server.sip[1]}"
    for host in addresses(city):
        async with raw_sip(host) as wire:
            run = os.urandom(3).hex()
            cases = rfc_4475(server, f"{host}:{wire.place[1]}", run)
            assert len(cases) == 49, "all of the RFC's"
            for number, case in enumerate(cases.values()):
                wire.send(case, city.server.sip)
                if number % 10 == 9:
                    await alive(city, wire)
            await alive(city, wire)
            calls = {each.call_id for each in wire.came}
            answered = {name for name in cases if any(c.startswith(name + run) for c in calls)}
            wire.end_calls(city.server.sip)
        assert answered >= VALID
        assert not answered & SILENT
    await unharmed(city, before)


@pytest.mark.parametrize(
    "count",
    [200, pytest.param(50_000, marks=[pytest.mark.long, pytest.mark.timeout(1_200)])],
    ids=["some", "many"],
)
async def test_messages_broken_at_random(city: City, count: int) -> None:
    """From many strangers, and every tenth from a trunk, where an INVITE becomes a call."""
    before = children(city.server.process.pid)
    server = f"{city.server.sip[0]}:{city.server.sip[1]}"
    trunk, _ = addresses(city)
    hosts = (trunk, *(neighbour(city.server.settings, 120 + n) for n in range(9)))
    async with AsyncExitStack() as wires:
        opened = [await wires.enter_async_context(raw_sip(host)) for host in hosts]
        for number, wire in enumerate(opened):
            own = f"{wire.place[0]}:{wire.place[1]}"
            for sent, piece in enumerate(broken(number, count // len(opened), server, own)):
                wire.send(piece, city.server.sip)
                if sent % 20 == 19:
                    await alive(city, wire)
        for wire in opened:
            assert wire.statuses(), f"nothing was answered to {wire.place[0]}"
    await unharmed(city, before)


async def test_streams_broken_at_random(city: City) -> None:
    """By TCP, where one message ends is what it says itself."""
    before = children(city.server.process.pid)
    server = f"{city.server.sip[0]}:{city.server.sip[1]}"
    host = neighbour(city.server.settings, 130)
    for seed in range(20):
        _, writer = await asyncio.open_connection(*city.server.sip, local_addr=(host, 0))
        for piece in broken(1000 + seed, 20, server, host):
            writer.write(piece)
        writer.close()
    async with raw_sip(host) as wire:
        await alive(city, wire)
    await unharmed(city, before)
