"""An operator's softphone or network goes in mid-talk: the caller is never left in silence.

One that is there and merely sends no audio is left alone.
"""

from __future__ import annotations

import numpy as np
import pytest
import pytest_asyncio

from callcenter.orders.record import LegRole, Outcome
from callcenter.simulator.agent import Call
from callcenter.simulator.audio import RATE, Pcm
from callcenter.simulator.sdp import Direction
from tests.support.city import VOICE, City, edit, new_caller, until
from tests.support.ears import Sound, until_hears
from tests.support.talks import talking

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False

LONGEST_SILENCE = 5.0
LONG_AFTER = 8.0
"""Seconds by which a softphone that is gone would have been noticed."""
_FRAME = RATE // 50
_QUIET = 100
"""Amplitude (of 32767) below which nothing is heard."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def plan(city: City) -> None:
    """A softphone that is gone is not waited for as long as usual."""
    folder = city.server.settings.plan
    edit(folder, "dialplan/centre.yaml", r"same_operator_seconds: \d+", "same_operator_seconds: 8")
    await city.until_plan_is(folder)


def longest_silence(heard: Pcm) -> float:
    """Seconds for which nothing was heard, at the longest."""
    frames = np.abs(heard[: len(heard) // _FRAME * _FRAME].astype(np.int32)).reshape(-1, _FRAME)
    longest = run = 0
    for loud in frames.max(axis=1) >= _QUIET:
        run = 0 if loud else run + 1
        longest = max(longest, run)
    return longest * _FRAME / RATE


async def until_lost(city: City, caller: str) -> None:
    """Wait until the order says that the operator's leg was lost."""

    async def is_lost() -> bool:
        (order,) = await city.orders_of(caller)
        return any(leg.outcome == "lost" for leg in order.record.legs)

    await until(is_lost, lambda: "the softphone that is gone was not noticed")


async def end(city: City, call: Call, caller: str) -> list[str]:
    """Hang up; nothing was too quiet for long. The operators whose legs the order has."""
    silence = longest_silence(call.heard())
    await call.hang_up()
    order = (await city.order_of(caller)).record
    assert order.outcome is Outcome.ANSWERED
    assert silence <= LONGEST_SILENCE
    return [leg.party for leg in order.legs if leg.role is LegRole.OPERATOR]


async def test_a_softphone_gone_without_a_word_gives_its_caller_to_somebody_else(
    city: City,
) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        call = await city.talk(caller)
        await city.until_operator("001", "talking")
        await phone.vanish()
        await until_lost(city, caller)
        await city.until_music(call)
        async with city.operator("002", "seat02") as other:
            assert caller[-8:] in (await other.next_call(20.0)).invite.from_.uri
            await city.until_operator("002", "talking")
            await city.until_heard(call, VOICE, VOICE)
            assert set(await end(city, call, caller)) == {"001", "002"}


@pytest.mark.long
async def test_a_softphone_that_has_started_again_is_offered_its_caller_again(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        call = await city.talk(caller)
        await city.until_operator("001", "talking")
        await phone.vanish()
        async with city.softphone("seat01") as again:  # it answers, but knows of no call
            again.voice = city.recording(VOICE)
            assert caller[-8:] in (await again.next_call(20.0)).invite.from_.uri
            await city.until_operator("001", "talking")
            await city.until_heard(call, VOICE, VOICE)
            assert await end(city, call, caller) == ["001", "001"]


async def test_a_softphone_that_sends_no_audio_while_nobody_speaks_keeps_its_talk(
    city: City,
) -> None:
    async with talking(city) as talk:
        talk.operator.media.quiet = True
        assert not await talk.operator.ended_within(LONG_AFTER)
        await until_hears(talk.citizen)
        talk.operator.media.quiet = False
        await talk.until_two()


@pytest.mark.long
async def test_a_softphone_that_sends_no_audio_while_it_is_muted_or_holds_keeps_its_talk(
    city: City,
) -> None:
    async with talking(city) as talk:
        for code in ("*29", "*20"):
            await talk.keys(code)
            await until_hears(talk.citizen, *([Sound.OTHER] if code == "*20" else []))
            talk.operator.media.quiet = True
            assert not await talk.operator.ended_within(LONG_AFTER)
            talk.operator.media.quiet = False
            await talk.keys(code)
            await talk.until_two()


@pytest.mark.long
@pytest.mark.parametrize("way", [Direction.SEND, Direction.NEITHER])
async def test_a_softphone_that_puts_the_call_on_hold_itself_keeps_it(
    city: City, way: Direction
) -> None:
    async with talking(city) as talk:
        talk.operator.media.quiet = True
        await talk.operator.offer(way)
        await until_hears(talk.citizen, Sound.OTHER)  # music
        assert not await talk.operator.ended_within(LONG_AFTER)
        await until_hears(talk.citizen, Sound.OTHER)
        talk.operator.media.quiet = False
        await talk.operator.offer(Direction.BOTH)
        await talk.until_two()
