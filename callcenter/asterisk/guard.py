"""Keeps callers with us: while they are guarded, silence of ours hands them to the dialplan."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import ceil

from callcenter.calls.commands import Command, Guard
from callcenter.calls.state import Centre

ROUND_SECONDS = 2.0
"""Every guarded call is renewed once in so long; GUARD_SECONDS allow for two late rounds."""
LOOK_SECONDS = 0.25
"""At each look as many are renewed, in turn, as make a round of all: not all at once after a start,
when calls wait for AMI to be connected."""


async def renew_guards(centre: Centre, send: Callable[[tuple[Command, ...]], None]) -> None:
    """Renew the dead man's switch of every guarded call, for ever.

    It goes through `send` like every command: in its call's order, so that it never comes after
    the command that ends it, and a talk is not cut.
    """
    loop = asyncio.get_running_loop()
    renewed: dict[str, float] = {}
    """When each was; whose turn comes first is first."""
    while True:
        now = loop.time()
        guarded = {call.id: call for call in centre.calls.values() if call.guarded}
        renewed = {name: at for name, at in renewed.items() if name in guarded}
        renewed |= {name: 0.0 for name in guarded if name not in renewed}
        due = [name for name, at in renewed.items() if at <= now - ROUND_SECONDS]
        for name in due[: ceil(len(guarded) * LOOK_SECONDS / ROUND_SECONDS)]:
            del renewed[name]
            renewed[name] = now
            send((Guard(name, guarded[name].is_in_talk),))
        await asyncio.sleep(LOOK_SECONDS)
