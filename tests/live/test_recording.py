"""The whole call is in one recording: each party speaks its own clip in turn, and each is found.

What is recorded is told from the sound of the file itself, as the order names it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from callcenter.orders.record import LegRole
from callcenter.orders.view import RecordingView
from callcenter.simulator.agent import Call
from callcenter.simulator.audio import read_wav
from callcenter.simulator.heard import Catalog
from callcenter.simulator.rtp import FRAME
from callcenter.store.recordings import Recording, RecordingStore
from tests.support.city import City, new_caller, until, within
from tests.support.processes import children, lives, without_controller

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
ANNOUNCES = False
QUOTA_GB = 0.00004
"""Two and a half seconds: less than any call here."""

CITIZEN, OPERATOR, PARTNER = "seat_taken", "pin_wrong", "not_possible"
AGAIN, LATER, LAST = "unknown_code", "cannot_dial", "already_signed_in"
"""Clips: no call without a fault has one of these as a prompt."""
SILENCE = np.zeros(FRAME, np.int16)
FLUSHED = 33_000
"""Bytes after which a clip is on the disk: Asterisk writes 32 KB at a time."""


@cache
def clips(folder: Path) -> Catalog:
    """The clips alone: quick to listen for."""
    names = (CITIZEN, OPERATOR, PARTNER, AGAIN, LATER, LAST)
    return Catalog({name: (name, read_wav(folder / f"{name}.wav")) for name in names})


@dataclass
class Talk:
    """Who is in a call, silent until told to speak."""

    city: City
    caller: str
    citizen: Call
    operator: Call
    said: list[str] = field(default_factory=list)

    async def say(self, speaker: Call, clip: str, *listeners: Call) -> None:
        """Speak a clip to its end; return when all the others have heard it."""
        self.said.append(clip)
        speaker.media.say(self.city.recording(clip))
        await until(lambda: not speaker.media.speaking, lambda: "still speaking")
        for listener in listeners:
            await self.city.until_heard(listener, clip)

    async def key(self, code: str, prompt: str) -> None:
        """The operator keys it in and hears that; return when the citizen hears the operator again,
        as nobody does meanwhile."""
        await self.operator.media.press(code)
        await self.city.until_heard(self.operator, prompt)
        packets = len(self.citizen.media.heard.packets)
        await within(self.citizen.media.until_heard(packets + 5))

    async def recorded(self) -> Recording:
        """The one recording of the call, which is over."""
        order = (await self.city.order_of(self.caller)).record
        table = RecordingStore(self.city.orders.engine)
        found: list[Recording] = []

        async def is_filed() -> bool:
            found[:] = await table.of_call(order.call)
            return bool(found) and file_of(self.city, found[0]).is_file()

        await until(is_filed, lambda: f"no recording of {order.call}")
        assert len(found) == 1
        return found[0]

    async def sent(self, url: str) -> bytes:
        """What the API sends of a recording."""
        address = self.city.server.settings.web_url + url
        token = {"Authorization": f"Bearer {self.city.token}"}
        async with self.city.http.get(address, headers=token) as response:
            assert response.status == 200
            return await response.read()

    async def assert_all_is_recorded(self) -> Recording:
        """Every clip is in the file, in order, and the order tells what the file is."""
        recording = await self.recorded()
        file = file_of(self.city, recording)
        assert await asyncio.to_thread(clips_in, self.city, file) == self.said
        order = (await self.city.order_of(self.caller)).record
        told = await self.city.ask("GET", f"/orders/{order.number}")
        (shown,) = TypeAdapter(tuple[RecordingView]).validate_python(told["recordings"])
        content = file.read_bytes()
        assert shown.sha256 == hashlib.sha256(content).hexdigest()
        assert shown.bytes == len(content)
        assert shown.seconds == pytest.approx((len(content) - 44) / 16000, abs=0.001)
        assert shown.seconds == pytest.approx(len(read_wav(file)) / 8000, abs=0.001)
        assert await self.sent(shown.url) == content
        assert (file.stat().st_mode & 0o777, file.stat().st_uid) == (0o600, os.geteuid())
        return recording


def file_of(city: City, recording: Recording) -> Path:
    return city.server.settings.recordings / recording.file


def clips_in(city: City, file: Path) -> list[str]:
    """The clips in a recording, in order."""
    catalog = clips(city.server.settings.plan / "ivr_prompts")
    return list(catalog.listen(read_wav(file)).names)


def spooled(city: City) -> Path:
    """What is being recorded: one call."""
    (file,) = city.server.settings.spooled_recordings.glob("*.wav")
    return file


@asynccontextmanager
async def talking(city: City) -> AsyncIterator[Talk]:
    """A citizen and operator 001, connected and silent."""
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        phone.voice = None
        citizen = await city.call("12345", caller)
        operator = await phone.next_call()
        assert await within(citizen.until_answered())
        await city.until_operator("001", "talking")
        yield Talk(city, caller, citizen, operator)


async def joined(city: City, caller: str, number: str, *, trunk: str | None = None) -> Call:
    """The far end of a number, connected to that caller and silent.

    Its packets' numbers are lower than those of who spoke to the caller before: a recorder that
    took these for late packets would leave them out.
    """
    far = (await city.outside.call_to(number, trunk=trunk)).call
    far.media.begin_at(0)
    assert await within(far.until_answered())
    far.media.background(SILENCE)

    async def is_connected() -> bool:
        legs = [leg for order in await city.orders_of(caller) for leg in order.record.legs]
        return any(leg.role is LegRole.PARTNER and leg.answered is not None for leg in legs)

    await until(is_connected, lambda: "the partner is not connected")
    return far


async def test_caller_and_operator_are_heard_and_the_order_has_length_and_sha256(
    city: City,
) -> None:
    async with talking(city) as talk:
        await talk.say(talk.citizen, CITIZEN, talk.operator)
        await talk.say(talk.operator, OPERATOR, talk.citizen)
        await talk.citizen.hang_up()
        recording = await talk.assert_all_is_recorded()
    assert recording.file.startswith("2017/12/01/")
    assert not recording.repaired
    assert list(city.server.settings.spooled_recordings.glob("*")) == []


async def test_a_call_that_is_forwarded_to_its_own_line_is_recorded(city: City) -> None:
    caller = new_caller()
    citizen = await city.call("12319", caller)
    far = await joined(city, caller, "12319", trunk="12319")
    assert await within(citizen.until_answered())
    talk = Talk(city, caller, citizen, far)
    await talk.say(far, PARTNER, citizen)
    await talk.say(citizen, CITIZEN, far)
    await citizen.hang_up()
    await talk.assert_all_is_recorded()


@pytest.mark.long
async def test_three_parties_are_heard_and_the_operator_still_when_the_partner_has_gone(
    city: City,
) -> None:
    async with talking(city) as talk:
        await talk.say(talk.citizen, CITIZEN, talk.operator)
        await talk.say(talk.operator, OPERATOR, talk.citizen)
        await city.ask("POST", "/operators/001/three-way", {"number": "12319"})
        far = await joined(city, talk.caller, "12319", trunk="12319")
        await talk.say(far, PARTNER, talk.operator, talk.citizen)
        await talk.say(talk.operator, AGAIN, talk.citizen, far)
        await city.ask("POST", "/operators/001/drop-partner")
        await within(far.until_ended())
        await talk.say(talk.operator, LATER, talk.citizen)
        await talk.say(talk.citizen, LAST, talk.operator)
        await talk.citizen.hang_up()
        await talk.assert_all_is_recorded()


async def test_the_partner_is_heard_still_when_the_operator_has_left(city: City) -> None:
    async with talking(city) as talk:
        await talk.say(talk.operator, OPERATOR, talk.citizen)
        await city.ask("POST", "/operators/001/three-way", {"number": "12319"})
        far = await joined(city, talk.caller, "12319", trunk="12319")
        await talk.say(far, PARTNER, talk.operator, talk.citizen)
        await city.ask("POST", "/operators/001/leave")
        await within(talk.operator.until_ended())
        await talk.say(talk.citizen, CITIZEN, far)
        await talk.say(far, AGAIN, talk.citizen)
        await talk.citizen.hang_up()
        await talk.assert_all_is_recorded()


async def test_a_blind_forward_goes_on_being_recorded(city: City) -> None:
    async with talking(city) as talk:
        await talk.say(talk.operator, OPERATOR, talk.citizen)
        await city.ask("POST", "/operators/001/forward", {"number": "12319"})
        far = await joined(city, talk.caller, "12319", trunk="12319")
        await within(talk.operator.until_ended())
        await talk.say(far, PARTNER, talk.citizen)
        await talk.say(talk.citizen, CITIZEN, far)
        await talk.citizen.hang_up()
        await talk.assert_all_is_recorded()


async def test_a_controller_that_dies_in_mid_call_leaves_one_whole_recording(city: City) -> None:
    async with talking(city) as talk:
        await talk.say(talk.citizen, CITIZEN, talk.operator)
        async with without_controller(city.server):
            await talk.say(talk.operator, OPERATOR, talk.citizen)
        await talk.say(talk.citizen, AGAIN, talk.operator)
        await talk.citizen.hang_up()
        await talk.assert_all_is_recorded()


async def test_a_call_that_ends_while_no_controller_is_there_has_its_recording(
    city: City,
) -> None:
    async with talking(city) as talk:
        await talk.say(talk.citizen, CITIZEN, talk.operator)
        async with without_controller(city.server):
            await talk.say(talk.operator, OPERATOR, talk.citizen)
            await talk.citizen.hang_up()
        await talk.assert_all_is_recorded()


async def test_what_a_killed_asterisk_left_is_repaired_and_filed(city: City) -> None:
    async with talking(city) as talk:
        await talk.say(talk.citizen, CITIZEN, talk.operator)
        await talk.say(talk.operator, OPERATOR, talk.citizen)
        file = spooled(city)
        enough = file.stat().st_size + FLUSHED
        await until(lambda: file.stat().st_size >= enough, lambda: "nothing is recorded")
        asterisk = children(city.server.process.pid)["asterisk"]
        os.kill(asterisk, signal.SIGKILL)
        await until(lambda: not lives(asterisk), lambda: "it lives")
        await until(
            lambda: "asterisk" in children(city.server.process.pid), lambda: "it stays away"
        )
        await city.server.until_healthy()
        recording = await talk.assert_all_is_recorded()
    assert recording.repaired


@pytest.mark.long
async def test_a_quota_that_runs_out_is_told_and_recording_goes_on(city: City) -> None:
    async def is_told() -> bool:
        part = (await city.health())["recordings"]
        return not part["ok"] and "of 0.0 MB" in str(part["text"])

    for _ in range(2):
        async with talking(city) as talk:
            await talk.say(talk.citizen, CITIZEN, talk.operator)
            await talk.citizen.hang_up()
            await talk.assert_all_is_recorded()
        await until(is_told, lambda: "the quota is not told")
    assert not (await city.health())["recordings"]["needed"], "calls are served"


async def test_what_is_said_while_the_recording_is_paused_is_not_in_it(city: City) -> None:
    async with talking(city) as talk:
        await talk.say(talk.citizen, CITIZEN, talk.operator)
        await talk.key("*18", "recording_paused")
        await talk.say(talk.operator, OPERATOR, talk.citizen)
        talk.said.remove(OPERATOR)
        await talk.key("*18", "recording_resumed")
        await talk.say(talk.citizen, LATER, talk.operator)
        await talk.citizen.hang_up()
        recording = await talk.assert_all_is_recorded()
    order = (await city.order_of(talk.caller)).record
    (gap,) = order.gaps
    told = await city.ask("GET", f"/orders/{order.number}")
    (shown,) = TypeAdapter(tuple[RecordingView]).validate_python(told["recordings"])
    (marked,) = shown.gaps
    assert gap.ended is not None
    assert marked.last is not None
    assert marked.last - marked.first == pytest.approx(gap.ended - gap.began, abs=0.01)
    pcm = read_wav(file_of(city, recording)).astype(np.float64)
    # Whole seconds are all that Asterisk's ids tell of the recording's beginning.
    middle = round((marked.first + marked.last) / 2 * 8000)
    assert np.abs(pcm[middle - 800 : middle + 800]).max() < 100


async def test_what_operator_and_partner_say_alone_is_recorded_by_itself(city: City) -> None:
    async with talking(city) as talk:
        await talk.say(talk.citizen, CITIZEN, talk.operator)
        await city.ask("POST", "/operators/001/consult", {"number": "12319"})
        far = await joined(city, talk.caller, "12319", trunk="12319")
        await city.until_music(talk.citizen)
        await talk.say(talk.operator, OPERATOR, far)
        await talk.say(far, PARTNER, talk.operator)
        await city.ask("POST", "/operators/001/leave")
        await within(talk.operator.until_ended())
        await talk.citizen.hang_up()
        order = (await city.order_of(talk.caller)).record
    table = RecordingStore(city.orders.engine)
    found: list[Recording] = []

    async def both_are_filed() -> bool:
        found[:] = await table.of_call(order.call)
        return len(found) == 2 and all(file_of(city, each).is_file() for each in found)

    await until(both_are_filed, lambda: f"{found} are all recordings")
    whole, aside = sorted(found, key=lambda each: len(each.id))
    assert await asyncio.to_thread(clips_in, city, file_of(city, whole)) == [CITIZEN]
    assert await asyncio.to_thread(clips_in, city, file_of(city, aside)) == [OPERATOR, PARTNER]
