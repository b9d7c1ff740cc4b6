"""Keeps callers with us: while they are guarded, silence of ours hands them to the dialplan."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from callcenter.calls.commands import Command, Guard
from callcenter.calls.state import Centre

ROUND_SECONDS = 2.0
"""Every guarded call is renewed once in so long; GUARD_SECONDS allow for a late round."""


async def renew_guards(centre: Centre, send: Callable[[tuple[Command, ...]], None]) -> None:
    """Renew the dead man's switch of every guarded call, for ever, spread over each round.

    It goes through `send` like every command: in its call's order, so that it never comes after
    the command that ends it, and a talk is not cut.
    """
    while True:
        guarded = [call.id for call in centre.calls.values() if call.guarded]
        for name in guarded:
            call = centre.calls.get(name)
            if call is not None and call.guarded:
                send((Guard(name, call.is_in_talk),))
            await asyncio.sleep(ROUND_SECONDS / len(guarded))
        if not guarded:
            await asyncio.sleep(ROUND_SECONDS)
