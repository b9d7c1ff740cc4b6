"""What a newcomer does by the README, with the same commands: the first call, and some others."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from callcenter.settings import PROJECT
from callcenter.simulator.audio import read_wav
from callcenter.simulator.heard import Catalog
from tests.support.baresip import Baresip
from tests.support.city import VOICE, City, new_caller, until
from tests.support.live import LiveServer, running_server
from tests.support.sipp import ANSWER, Sipp, refuse

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMAND = Path(sys.executable).with_name("callcenter")
PROMPTS = PROJECT / "ivr_prompts"
CITIZEN_SAYS, OPERATOR_SAYS = "weekday_5", "not_possible"
Answer = dict[str, object]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here() -> AsyncIterator[LiveServer]:
    """A server of today."""
    async with running_server() as server:
        yield server


async def run(server: LiveServer, *command: str | Path) -> str:
    """What a command prints, with the settings of a server."""
    settings = server.settings
    if settings.data.name == "rehearsal":  # the folder that people name
        settings = settings.model_copy(update={"data": settings.data.parent})
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        env={**os.environ, **settings.environment()},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    return out.decode().strip()


async def script_call(server: LiveServer, *arguments: str | Path) -> Answer:
    """`script/call … --json`."""
    answer: Answer = json.loads(
        await run(server, PROJECT / "script" / "call", *arguments, "--json")
    )
    return answer


def prompts(answer: Mapping[str, object]) -> list[str]:
    """The names of the prompts that the caller heard, in order."""
    heard = answer["heard"]
    assert isinstance(heard, list)
    return [str(each["prompt"]) for each in heard]


async def orders_of(server: LiveServer, caller: str) -> list[Answer]:
    """`callcenter orders --json`, once every call of that caller is over."""
    orders: list[Answer] = []

    async def are_filed() -> bool:
        orders[:] = json.loads(await run(server, COMMAND, "orders", "--json", "--caller", caller))
        return bool(orders) and all(order["outcome"] for order in orders)

    await until(are_filed, lambda: f"orders of {caller}: {orders}")
    return orders


# -- the README's first call -----------------------------------------------------------------------


async def test_the_first_call(here: LiveServer, tmp_path: Path) -> None:
    password = await run(here, COMMAND, "seat", "password", "seat01")
    pin = await run(here, COMMAND, "pin", "reset", "001")
    says = read_wav(PROMPTS / f"{OPERATOR_SAYS}.wav")
    phone = await Baresip.start(tmp_path / "seat01", "seat01", password, here.sip, says=says)
    try:
        await phone.dial("*11001", here.sip)
        await phone.established()
        await phone.press(f"{pin}#")
        await phone.closed()
        await phone.dial("*12", here.sip)
        await phone.established()
        await phone.closed()

        calling = asyncio.create_task(
            script_call(
                *(here, "12345", "--from", "051987200000", "--for", "14"),
                *("--say", PROMPTS / f"{CITIZEN_SAYS}.wav"),
            )
        )
        assert "87200000" in await phone.incoming()
        await phone.accept()
        answer = await calling
        await phone.closed()
    finally:
        await phone.stop()

    assert (answer["answered"], answer["sip_code"]) == (True, 200)
    assert (answer["hung_up_by"], answer["from"]) == ("caller", "051987200000")
    assert prompts(answer)[:6] == [
        *("greeting", "digit_0", "digit_0", "digit_1_yao", "operator_suffix"),
        OPERATOR_SAYS,
    ]
    wanted = ("signed_in", "now_ready", "operator_suffix", CITIZEN_SAYS)
    catalog = Catalog({name: ("", read_wav(PROMPTS / f"{name}.wav")) for name in wanted})
    heard = list(catalog.listen(phone.heard()).names)
    assert heard[:4] == list(wanted)

    (order,) = await orders_of(here, "051987200000")
    assert order["caller"] == "+8651987200000"
    assert (order["hotline"], order["first_dialled"]) == ("12345", "12345")
    assert (order["operator"], order["outcome"]) == ("001", "answered")
    assert order["ended_by"] == "caller"
    assert (await run(here, COMMAND, "orders")).count("87200000") == 1


@pytest.mark.long
async def test_a_merged_number_in_a_rehearsal(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01"):
        answer = await script_call(
            *(city.server, "87222160", "--from", caller, "--for", "15"),
        )
    heard = prompts(answer)
    assert heard[0] == "forwarded_87222160"
    assert heard[1:5] == ["digit_0", "digit_0", "digit_1_yao", "operator_suffix"]
    assert VOICE in heard[5:]
    order = (await city.order_of(caller)).record
    assert (order.operator, order.hotline) == ("001", "87222160")


@pytest.mark.long
async def test_keys_and_headers(city: City) -> None:
    """Keys go through to an own line; a call that has been through us is queued instead."""
    pressing = script_call(city.server, "12348", "--press", "4,2#", "--for", "3")
    diverted = script_call(
        *(city.server, "12319", "--for", "6"),
        *("--header", "Diversion: <sip:12319@us.example>;reason=unconditional"),
    )
    answers = asyncio.gather(pressing, diverted)
    far = await city.outside.call_to(await city.target("12348"), within=20)
    pressed, queued = await answers
    assert far.digits == "42#"
    assert (pressed["answered"], pressed["trouble"], prompts(pressed)) == (True, None, [])
    assert (queued["answered"], queued["music"], prompts(queued)) == (True, True, ["greeting"])


async def test_two_servers_side_by_side_take_each_its_own_call(
    here: LiveServer, city: City
) -> None:
    callers = [new_caller(), new_caller()]
    servers = [here, city.server]
    answers = await asyncio.gather(
        *(
            script_call(server, "12345", "--from", caller, "--for", "5")
            for server, caller in zip(servers, callers, strict=True)
        )
    )
    assert [prompts(answer) for answer in answers] == [["greeting"], ["greeting"]]
    (ours,) = await orders_of(here, callers[0])
    assert ours["outcome"] == "abandoned"
    assert (await city.order_of(callers[1])).record.number.startswith("320481-20171201-")
    assert await city.orders_of(callers[0]) == ()


# -- somebody else's SIP at the own line -----------------------------------------------------------


@pytest.mark.long
async def test_an_own_line_that_is_no_simulator_of_ours(here: LiveServer, tmp_path: Path) -> None:
    """sipp at three trunks: one answers, one is busy, one declines."""
    lines = {
        "12319": ("12319", ANSWER),
        "12348": ("telecom", refuse("486 Busy Here")),
        "96121": ("unicom", refuse("603 Decline")),
    }
    partners = [
        await Sipp.start(tmp_path / number, scenario, host=here.trunks[trunk], port=5060)
        for number, (trunk, scenario) in lines.items()
    ]
    callers = {number: new_caller() for number in lines}
    try:
        answers = await asyncio.gather(
            *(
                script_call(
                    here, number, "--from", caller, "--for", "3" if number == "12319" else "20"
                )
                for number, caller in callers.items()
            )
        )
        for partner in partners:
            await partner.until_done()
    finally:
        for partner in partners:
            await partner.stop()
    answered, busy, declined = answers
    assert (answered["answered"], prompts(answered)) == (True, [])
    assert answered["hung_up_by"] == "caller"
    for answer in (busy, declined):
        assert prompts(answer) == ["forward_busy"]
        assert answer["hung_up_by"] == "callee"
    outcomes = {number: await orders_of(here, caller) for number, caller in callers.items()}
    assert {
        number: [order["outcome"] for order in found] for number, found in outcomes.items()
    } == {
        "12319": ["forwarded"],
        "12348": ["forward_failed"],
        "96121": ["forward_failed"],
    }
