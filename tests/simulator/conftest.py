"""Telephones on loopback for the simulator's own tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from callcenter.simulator.agent import Call, UserAgent
from callcenter.simulator.transactions import Timers

FAST = Timers(t1=0.05, t2=0.2)
"""The protocol's clock, ten times faster."""

HASTY = Timers(t1=0.01, t2=0.04)
"""For tests that wait until somebody gives up: after 0.64 s."""

Deciding = Callable[[Call], Awaitable[None]]
MakeAgent = Callable[..., Awaitable[UserAgent]]


@pytest.fixture
async def agent() -> AsyncIterator[MakeAgent]:
    """Makes user agents on loopback; all are gone after the test."""
    made: list[UserAgent] = []

    async def make(on_call: Deciding | None = None, timers: Timers = FAST) -> UserAgent:
        made.append(await UserAgent.bind("127.0.0.1", on_call=on_call, timers=timers))
        return made[-1]

    yield make
    for each in made:
        await each.close()
