"""An operator's softphone or network goes in mid-talk: the caller is never left in silence."""

from __future__ import annotations

import numpy as np
import pytest

from callcenter.orders.record import LegRole, Outcome
from callcenter.simulator.agent import Call
from callcenter.simulator.audio import RATE, Pcm
from tests.support.city import VOICE, City, new_caller, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False

LONGEST_SILENCE = 5.0
_FRAME = RATE // 50
_QUIET = 100
"""Amplitude (of 32767) below which nothing is heard."""


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
            # Once the softphone that is gone, asked first, has not answered.
            assert caller[-8:] in (await other.next_call(20.0)).invite.from_.uri
            await city.until_operator("002", "talking")
            await city.until_heard(call, VOICE, VOICE)
            assert set(await end(city, call, caller)) == {"001", "002"}


async def test_where_only_the_audio_was_cut_the_caller_comes_back_to_the_same_operator(
    city: City,
) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        call = await city.talk(caller)
        seat = await phone.next_call()
        await city.until_operator("001", "talking")
        await seat.media.close()
        again = await phone.next_call(20.0)
        assert caller[-8:] in again.invite.from_.uri
        await city.until_operator("001", "talking")
        await city.until_heard(call, VOICE, VOICE)
        assert await end(city, call, caller) == ["001", "001"]
