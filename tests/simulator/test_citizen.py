"""What a simulated citizen does in a call, and what the report says of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from callcenter.simulator.agent import UserAgent
from callcenter.simulator.audio import tone, voice_of
from callcenter.simulator.behaviour import AT_ONCE, BUSY, NO_ANSWER, Behaviour
from callcenter.simulator.citizen import CallReport, Citizen, Wishes, converse
from callcenter.simulator.heard import Catalog
from callcenter.simulator.sip import SipError

from .conftest import FAST, Deciding, MakeAgent

GREETING = voice_of("greeting", 1.0)
CATALOG = Catalog({"greeting": ("您好", GREETING)})
ONCE = np.concatenate([GREETING, np.zeros(80000, np.int16)])


class Line:
    """A citizen's line to an exchange that behaves in some way."""

    def __init__(self, citizen: Citizen, exchange: UserAgent) -> None:
        self.citizen, self.exchange = citizen, exchange
        self.told: list[str] = []

    async def call(
        self, wishes: Wishes, stop: asyncio.Event | None = None, caller: str = "13912345678"
    ) -> CallReport:
        call = await self.citizen.dial("12345", caller=caller)
        return await converse(call, wishes, catalog=CATALOG, tell=self.told.append, stop=stop)


@pytest.fixture
async def lines(agent: MakeAgent) -> AsyncIterator[list[Line]]:
    """Holds the lines a test makes, to be closed."""
    made: list[Line] = []
    yield made
    for line in made:
        await line.citizen.close()


async def line(agent: MakeAgent, lines: list[Line], on_call: Deciding) -> Line:
    exchange = await agent(on_call)
    made = Line(await Citizen.on("127.0.0.1", exchange.place, timers=FAST), exchange)
    lines.append(made)
    return made


async def test_a_call_is_reported_from_ringing_to_the_end(
    agent: MakeAgent, lines: list[Line]
) -> None:
    greeting = await line(agent, lines, lambda c: Behaviour(ring_seconds=0.2).take(c, ONCE))
    report = await greeting.call(Wishes(say=tone(500, 0.5), press="1", stay=1.6))
    assert (report.number, report.caller, report.answered) == ("12345", "13912345678", True)
    assert (report.hung_up_by, report.sip_code) == ("caller", 200)
    assert report.ringing_s is not None
    assert report.answered_s is not None
    assert report.answered_s == pytest.approx(report.ringing_s + 0.2, abs=0.15)
    assert report.duration_s == pytest.approx(report.answered_s + 1.6, abs=0.3)
    assert [(p.prompt, p.text) for p in report.heard] == [("greeting", "您好")]
    assert report.heard[0].at_s == pytest.approx(report.answered_s, abs=0.1)
    assert (report.music, report.early_media, report.trouble) == (False, False, None)
    there = greeting.exchange.calls[0]
    assert there.media.digits == "1"
    assert there.heard().any()
    assert [line.split("s  ")[1] for line in greeting.told] == [
        "ringing, or on its way",
        "answered",
        "heard greeting: 您好",
    ]


async def test_the_other_side_hangs_up(agent: MakeAgent, lines: list[Line]) -> None:
    short = await line(agent, lines, Behaviour(ring_seconds=0, talk_seconds=0.1).take)
    report = await short.call(Wishes())
    assert (report.answered, report.hung_up_by) == (True, "callee")


async def test_a_refused_call_says_why(agent: MakeAgent, lines: list[Line]) -> None:
    report = await (await line(agent, lines, BUSY.take)).call(Wishes())
    assert (report.answered, report.hung_up_by) == (False, "none")
    assert (report.sip_code, report.reason) == (486, "Busy Here")
    assert report.answered_s is None


async def test_patience_ends(agent: MakeAgent, lines: list[Line]) -> None:
    report = await (await line(agent, lines, NO_ANSWER.take)).call(Wishes(patience=0.3))
    assert (report.answered, report.hung_up_by, report.sip_code) == (False, "caller", 487)


async def test_the_citizen_can_be_stopped_at_any_time(agent: MakeAgent, lines: list[Line]) -> None:
    stop = asyncio.Event()
    stop.set()
    report = await (await line(agent, lines, NO_ANSWER.take)).call(Wishes(), stop)
    assert report.hung_up_by == "caller"
    assert report.duration_s < 2


@pytest.mark.parametrize(
    ("caller", "sent"),
    [
        ("051987200000", "sip:051987200000@127.0.0.1"),
        ("", "sip:anonymous@anonymous.invalid"),
        ("sip:+8613912345678@10.0.0.1", "sip:+8613912345678@10.0.0.1"),
        ('"王" <sip:1@h>', "sip:1@h"),
    ],
)
async def test_the_callers_number_may_be_anything_a_carrier_sends(
    agent: MakeAgent, lines: list[Line], caller: str, sent: str
) -> None:
    asked = await line(agent, lines, AT_ONCE.take)
    await asked.call(Wishes(stay=0), caller=caller)
    assert asked.exchange.calls[0].invite.from_.uri == sent


@pytest.mark.parametrize("number", ["", "1 2", "<12345>", "1@2"])
async def test_what_cannot_be_dialled_is_refused(
    agent: MakeAgent, lines: list[Line], number: str
) -> None:
    citizen = (await line(agent, lines, AT_ONCE.take)).citizen
    with pytest.raises(SipError, match="cannot dial"):
        await citizen.dial(number, caller="1")
