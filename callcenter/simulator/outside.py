"""The simulated outside world: the far ends of the carriers and the other platforms.

For every trunk of the plan it listens on the trunk's address and answers whatever our Asterisk
dials there, each number with a voice of its own (`audio.voice_of`), so that a test or a newcomer
hears which number was reached. Numbers can be told to be busy, to decline, not to answer, …
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Self

from callcenter.simulator.agent import Call, Side, UserAgent
from callcenter.simulator.audio import Pcm, voice_of
from callcenter.simulator.behaviour import ANSWER, Behaviour, Inbox
from callcenter.simulator.transactions import Place, Timers


@dataclass(frozen=True, slots=True)
class FarCall:
    """A call that reached the outside, and where."""

    trunk: str
    call: Call

    @property
    def number(self) -> str:
        """What our side dialled."""
        return self.call.number

    @property
    def digits(self) -> str:
        """DTMF that came so far."""
        return self.call.media.digits

    def headers(self, name: str) -> tuple[str, ...]:
        """All lines of one header of the INVITE, such as Diversion."""
        return self.call.invite.all(name)


class Outside:
    """All far ends together. Every call is kept for inspection unless `forgetful`."""

    def __init__(self, tell: Callable[[str], None] | None = None, forgetful: bool = False) -> None:
        self._tell = tell or (lambda line: None)
        self._forgetful = forgetful
        self._behaviours: dict[str, Behaviour] = {}
        self._agents: dict[str, UserAgent] = {}
        self._trunks: dict[int, str] = {}
        self._inbox = Inbox()

    @classmethod
    async def listen(
        cls,
        places: Mapping[str, Place],
        *,
        tell: Callable[[str], None] | None = None,
        forgetful: bool = False,
        timers: Timers | None = None,
    ) -> Self:
        """Listen for every trunk at its place (port 0: any free one).

        `tell` gets a line for people about everything that happens. Raises OSError, naming the
        trunk, if an address is taken.
        """
        outside = cls(tell, forgetful)
        for trunk, (host, port) in places.items():
            try:
                outside._agents[trunk] = await UserAgent.bind(
                    host, port, on_call=outside._taker(trunk), timers=timers
                )
            except OSError as error:
                await outside.close()
                raise OSError(
                    error.errno,
                    f"trunk {trunk}: cannot listen on {host}:{port} ({error.strerror}); "
                    "does another simulated outside run?",
                ) from error
        return outside

    def place(self, trunk: str) -> Place:
        """Where a trunk's far end listens. Raises KeyError for an unknown trunk."""
        return self._agents[trunk].place

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call that reached the outside and is not forgotten, trunk by trunk."""
        return tuple(call for agent in self._agents.values() for call in agent.calls)

    def behave(self, number: str, behaviour: Behaviour) -> None:
        """From now on calls to this number are dealt with like this."""
        self._behaviours[number] = behaviour

    async def call_to(
        self, number: str, *, trunk: str | None = None, within: float = 5.0
    ) -> FarCall:
        """Wait for a call to this number. Raises TimeoutError after `within` seconds."""

        def wanted(call: Call) -> bool:
            return call.number == number and trunk in {None, self._trunks[id(call)]}

        call = await self._inbox.take(wanted, within)
        return FarCall(self._trunks[id(call)], call)

    @staticmethod
    def voice(number: str) -> Pcm:
        """What the far end of this number says, over and over."""
        return voice_of(number)

    async def close(self) -> None:
        """Be gone."""
        await asyncio.gather(*(agent.close() for agent in self._agents.values()))

    def _taker(self, trunk: str) -> Callable[[Call], Awaitable[None]]:
        async def take(call: Call) -> None:
            self._trunks[id(call)] = trunk
            if not self._forgetful:
                self._inbox.put(call)
            await self._take(trunk, call)

        return take

    async def _take(self, trunk: str, call: Call) -> None:
        number = call.number
        caller = call.invite.from_.uri
        self._tell(f"{trunk}: call to {number} from {caller}")
        behaviour = self._behaviours.get(number, ANSWER)
        await behaviour.take(call, self.voice(number))
        self._tell(f"{trunk}: {_summary(call)}")
        if self._forgetful:
            del self._trunks[id(call)]
            self._agents[trunk].forget(call)


def _summary(call: Call) -> str:
    ending = call.ending
    if ending is None or call.ended_at is None:
        return f"call to {call.number} goes on"
    if call.answered_at is None:
        who = "they gave up" if ending.by is Side.REMOTE else f"we refused with {ending.status}"
        return f"call to {call.number} was not answered: {who}"
    who = "they" if ending.by is Side.REMOTE else "we"
    digits = f", digits {call.media.digits}" if call.media.digits else ""
    seconds = call.ended_at - call.answered_at
    return f"call to {call.number} ended after {seconds:.1f} s: {who} hung up{digits}"
