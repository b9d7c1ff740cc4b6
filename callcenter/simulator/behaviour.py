"""What a simulated telephone does when it is called: answers, refuses, lets it ring.

Shared by seats (`phone.py`) and far ends (`outside.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from callcenter.simulator.agent import Call
from callcenter.simulator.audio import Pcm


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a called telephone behaves. Times in seconds."""

    status: int | None = 200
    """The answer: 200 takes the call, 486 and its kin refuse it, None lets it ring for ever."""
    ring_seconds: float = 0.5
    """How long it rings first; 0: not at all."""
    talk_seconds: float | None = None
    """After so long it hangs up; None: only the other side does."""
    contact: str | None = None
    """Where a 302 sends the caller: a SIP address."""

    async def take(self, call: Call, voice: Pcm | None = None) -> None:
        """Deal with one incoming call to its end; `voice` is said over and over."""
        if self.ring_seconds > 0 or self.status is None:
            call.ring()
        if self.status is None:
            await call.until_ended()
            return
        if await call.ended_within(self.ring_seconds):
            return
        if self.status != 200:
            call.refuse(self.status, self.contact)
            return
        if voice is not None:
            call.media.background(voice)
        call.answer()
        if self.talk_seconds is None:
            await call.until_ended()
        elif not await call.ended_within(self.talk_seconds):
            await call.hang_up()


ANSWER = Behaviour()
AT_ONCE = Behaviour(ring_seconds=0)
BUSY = Behaviour(486, ring_seconds=0)
DECLINE = Behaviour(603)
UNAVAILABLE = Behaviour(503, ring_seconds=0)
NO_ANSWER = Behaviour(None)


class Inbox:
    """Calls that came in, each handed out once to whoever waits for one like it."""

    def __init__(self) -> None:
        self._unclaimed: list[Call] = []
        self._waiting: list[tuple[Callable[[Call], bool], asyncio.Future[Call]]] = []

    def put(self, call: Call) -> None:
        """A call arrived."""
        for wanted, future in self._waiting:
            if not future.done() and wanted(call):
                future.set_result(call)
                return
        self._unclaimed.append(call)

    async def take(self, wanted: Callable[[Call], bool], within: float) -> Call:
        """The oldest such call that nobody took yet. Raises TimeoutError after `within` seconds."""
        for call in self._unclaimed:
            if wanted(call):
                self._unclaimed.remove(call)
                return call
        future: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, future))
        try:
            async with asyncio.timeout(within):
                return await future
        finally:
            self._waiting.remove((wanted, future))
