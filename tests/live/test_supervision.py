"""A team leader listens, whispers, barges in, takes over: told by the audio of all three.

Every telephone says a tone of its own. What nobody may hear is looked for in all that the telephone
heard since the team leader answered, not only in what it hears at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from callcenter.orders.record import LegRole, Outcome
from callcenter.simulator.agent import Call
from callcenter.simulator.audio import RATE, Pcm, read_wav
from callcenter.simulator.phone import Softphone
from callcenter.store.recordings import RecordingStore
from tests.support.city import City, new_caller, until, within
from tests.support.ears import (
    PITCHES,
    Sound,
    gaps,
    moments,
    until_hears,
    until_talking,
    voice,
)
from tests.support.processes import without_controller

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
ANNOUNCES = False
SEAT = "seat05"
"""The team leader's: nobody is signed in there."""


@dataclass
class Talk:
    """A citizen and operator 001, who hear each other, and a team leader's telephone."""

    city: City
    caller: str
    citizen: Call
    operator: Call
    phone: Softphone
    leader: Call | None = None

    async def leads(self, act: str, **body: str) -> dict[str, object]:
        return await self.city.ask("POST", f"/operators/001/{act}", body)

    async def begins(self, act: str) -> Call:
        """The team leader's telephone is rung and answered."""
        await self.leads(act, seat=SEAT)
        self.leader = await self.phone.next_call()
        return self.leader

    async def until_two(self) -> None:
        await until_talking((self.citizen, Sound.CITIZEN), (self.operator, Sound.OPERATOR))

    async def until_leader_hears_both(self) -> None:
        assert self.leader is not None
        await until_hears(self.leader, Sound.CITIZEN, Sound.OPERATOR)

    def never(self, who: Call, since: float) -> bool:
        """Whether nothing of the team leader came to that telephone since."""
        return moments(who, Sound.LEADER, since, now()) == []


def now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def talking(city: City) -> AsyncIterator[Talk]:
    """A citizen has called and talks with operator 001; at another seat a telephone waits."""
    caller = new_caller()
    async with city.softphone(SEAT) as other, city.operator("001", "seat01") as phone:
        phone.voice = voice(Sound.OPERATOR)
        other.voice = voice(Sound.LEADER)
        citizen = await city.call("12345", caller)
        own = await phone.next_call()
        assert await within(citizen.until_answered())
        citizen.media.background(voice(Sound.CITIZEN))
        talk = Talk(city, caller, citizen, own, other)
        await talk.until_two()
        yield talk
        await citizen.hang_up()


async def test_who_listens_hears_both_and_nobody_hears_them(city: City) -> None:
    async with talking(city) as talk:
        since = now()
        leader = await talk.begins("listen")
        await talk.until_leader_hears_both()
        heard_from = now()
        await asyncio.gather(
            until_hears(talk.operator, Sound.CITIZEN), until_hears(talk.citizen, Sound.OPERATOR)
        )
        while now() < heard_from + 1.0:  # listen for a second: that is what is measured
            await talk.until_leader_hears_both()
        assert await gaps(leader, Sound.CITIZEN, heard_from, now()) == []
        assert await gaps(leader, Sound.OPERATOR, heard_from, now()) == []
        assert talk.never(talk.operator, since)
        assert talk.never(talk.citizen, since)
        await leader.hang_up()
        await talk.until_two()
    order = (await city.order_of(talk.caller)).record
    assert [leg.role for leg in order.legs] == [LegRole.CALLER, LegRole.OPERATOR]


async def test_a_whisper_is_heard_by_the_operator_and_never_by_the_caller(city: City) -> None:
    async with talking(city) as talk:
        since = now()
        await talk.begins("whisper")
        await until_hears(talk.operator, Sound.CITIZEN, Sound.LEADER)
        await talk.until_leader_hears_both()
        whispered = now()
        while now() < whispered + 1.0:
            await until_hears(talk.citizen, Sound.OPERATOR)
        assert await gaps(talk.operator, Sound.LEADER, whispered, now()) == []
        assert await gaps(talk.operator, Sound.CITIZEN, whispered, now()) == []
        assert talk.never(talk.citizen, since)
        await talk.leads("stop-listening")
        await until_hears(talk.operator, Sound.CITIZEN)
    assert Sound.LEADER not in await tones_recorded(city, talk.caller)


async def test_all_hear_all_when_the_team_leader_barges_in(city: City) -> None:
    async with talking(city) as talk:
        leader = await talk.begins("barge")
        await until_talking(
            (talk.citizen, Sound.CITIZEN),
            (talk.operator, Sound.OPERATOR),
            (leader, Sound.LEADER),
        )
        await leader.hang_up()
        await talk.until_two()
    order = (await city.order_of(talk.caller)).record
    assert order.legs[-1].role is LegRole.SUPERVISOR
    assert order.legs[-1].place == SEAT
    assert Sound.LEADER in await tones_recorded(city, talk.caller)


async def test_from_one_way_to_the_next_and_back(city: City) -> None:
    async with talking(city) as talk:
        leader = await talk.begins("listen")
        await talk.until_leader_hears_both()
        await talk.leads("whisper")
        await until_hears(talk.operator, Sound.CITIZEN, Sound.LEADER)
        await talk.leads("barge")
        await until_hears(talk.citizen, Sound.OPERATOR, Sound.LEADER)
        await talk.leads("whisper")
        await until_hears(talk.citizen, Sound.OPERATOR)
        await until_hears(talk.operator, Sound.CITIZEN, Sound.LEADER)
        await talk.leads("listen")
        await until_hears(talk.operator, Sound.CITIZEN)
        await talk.until_leader_hears_both()
        alone = now()
        while now() < alone + 1.0:
            await until_hears(talk.citizen, Sound.OPERATOR)
        await talk.citizen.hang_up()
        await within(leader.until_ended())
    recorded = await last_second(city, talk.caller)
    assert {Sound.CITIZEN, Sound.OPERATOR} <= recorded, "the recording goes on after a barge"


async def test_a_takeover_leaves_the_caller_alone_for_no_more_than_a_moment(city: City) -> None:
    async with talking(city) as talk:
        leader = await talk.begins("listen")
        await talk.until_leader_hears_both()
        since = now()
        await talk.leads("take-over")
        await until_talking((talk.citizen, Sound.CITIZEN), (leader, Sound.LEADER))
        end = now()
        silent = set(await gaps(talk.citizen, Sound.OPERATOR, since, end))
        silent &= set(await gaps(talk.citizen, Sound.LEADER, since, end))
        assert len(silent) <= 3, f"alone for {len(silent) / 10} s"
        await within(talk.operator.until_ended())
        assert await city.operator_state("001") == "wrap_up"
        while now() < end + 1.0:
            await until_hears(talk.citizen, Sound.LEADER)
        await leader.hang_up()
        await within(talk.citizen.until_ended())
    order = (await city.order_of(talk.caller)).record
    assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")
    (leg,) = (leg for leg in order.legs if leg.role is LegRole.SUPERVISOR)
    assert leg.answered is not None
    assert await last_second(city, talk.caller) == {Sound.CITIZEN, Sound.LEADER}


async def test_nobody_is_left_on_the_line_when_the_talk_ends(city: City) -> None:
    async with talking(city) as talk:
        leader = await talk.begins("whisper")
        await until_hears(talk.operator, Sound.CITIZEN, Sound.LEADER)
        await talk.operator.hang_up()
        await within(leader.until_ended())


async def test_a_supervision_outlives_the_controller(city: City) -> None:
    async with talking(city) as talk:
        since = now()
        leader = await talk.begins("whisper")
        await until_hears(talk.operator, Sound.CITIZEN, Sound.LEADER)
        async with without_controller(city.server):
            await talk.until_leader_hears_both()
        await until_hears(talk.operator, Sound.CITIZEN, Sound.LEADER)
        assert talk.never(talk.citizen, since)
        await talk.leads("barge")
        await until_hears(talk.citizen, Sound.OPERATOR, Sound.LEADER)
        await talk.leads("stop-listening")
        await within(leader.until_ended())
        await talk.until_two()


async def test_a_team_leader_who_left_while_the_controller_was_away(city: City) -> None:
    async with talking(city) as talk:
        leader = await talk.begins("listen")
        await talk.until_leader_hears_both()
        async with without_controller(city.server):
            await leader.hang_up()
        await talk.until_two()
        found = await city.ask("GET", "/operators/001")
        assert found["supervision"] is None


async def test_a_released_operators_caller_is_first_in_the_queue(city: City) -> None:
    async with talking(city) as talk:
        # Or the operator might have wrapped up before the waiting callers are asked for.
        await city.ask("POST", "/operators/001/not-ready", {"reason": "break"})
        await talk.leads("release", caller="queue")
        waiting = (await city.ask("GET", "/calls/waiting"))["calls"]
        assert isinstance(waiting, list)
        assert len(waiting) == 1, "001 is not rung again"
        await within(talk.operator.until_ended())
        await city.until_music(talk.citizen)
        async with city.operator("002", "seat02", voice=voice(Sound.PARTNER)):
            await until_hears(talk.citizen, Sound.PARTNER)
            await talk.citizen.hang_up()


async def test_every_act_is_in_the_audit_also_after_a_refusal(city: City) -> None:
    async with talking(city) as talk:
        leader = await talk.begins("listen")
        await talk.until_leader_hears_both()
        await leader.hang_up()
        await talk.until_two()
        status, problem = await city.request("POST", "/operators/001/stop-listening", {})
        assert (status, problem["code"]) == (409, "not_supervised")
        call = (await city.ask("GET", "/operators/001"))["call"]

    async def rows() -> list[tuple[object, object, object]]:
        found = await city.ask("GET", f"/audit?operator=001&call={call}")
        assert isinstance(found["rows"], list)
        return [(row["act"], row["address"], row["refusal"]) for row in found["rows"]]

    wanted = [
        ("end_supervision", "127.0.0.1", "not_supervised"),
        ("supervision_ended", "127.0.0.1", None),
        ("listen", "127.0.0.1", None),
    ]
    found: list[tuple[object, object, object]] = []

    async def is_filed() -> bool:
        found[:] = [row for row in await rows() if row in wanted]
        return found == wanted

    await until(is_filed, lambda: f"the audit has {found}")


# -- what was recorded -----------------------------------------------------------------------------


async def recorded(city: City, caller: str) -> Pcm:
    """The call's recording, once it is filed."""
    order = (await city.order_of(caller)).record
    table = RecordingStore(city.orders.engine)
    files: list[Path] = []

    async def is_filed() -> bool:
        files[:] = [
            city.server.settings.recordings / each.file for each in await table.of_call(order.call)
        ]
        return bool(files) and files[0].is_file()

    await until(is_filed, lambda: f"no recording of {order.call}")
    return await asyncio.to_thread(read_wav, files[0])


async def tones_recorded(city: City, caller: str) -> set[Sound]:
    """Whose tones are anywhere in the recording for a fifth of a second."""
    pcm = await recorded(city, caller)
    size = RATE // 5
    found: set[Sound] = set()
    for start in range(0, len(pcm) - size, size):
        found |= tones(pcm[start : start + size])
    return found


async def last_second(city: City, caller: str) -> set[Sound]:
    """Whose tones are in the recording's last second but a half."""
    pcm = await recorded(city, caller)
    return tones(pcm[-int(RATE * 1.0) : -int(RATE * 0.4)])


def tones(pcm: Pcm) -> set[Sound]:
    samples = pcm.astype(np.float64)
    steps = np.arange(len(samples))
    return {
        sound
        for sound, pitch in PITCHES.items()
        if abs(samples @ np.exp(-2j * np.pi * pitch * steps / RATE)) * 2 / len(samples) > 300
    }
