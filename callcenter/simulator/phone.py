"""A simulated softphone of a seat: registers, is called, dials feature codes, hears."""

from __future__ import annotations

from typing import Self

from callcenter.simulator.agent import Call, Credentials, UserAgent
from callcenter.simulator.audio import Pcm
from callcenter.simulator.behaviour import ANSWER, Behaviour, Inbox
from callcenter.simulator.transactions import Place, Timers


class RegistrationError(Exception):
    """The registrar refused; the message says with which status."""


class Softphone:
    """One registered telephone. Change `behaviour` and `voice` at any time for the next call."""

    def __init__(self, user: str, server: Place) -> None:
        self.user, self.server = user, server
        self.behaviour: Behaviour = ANSWER
        self.voice: Pcm | None = None
        """What the operator says, over and over; None is silence."""
        self.is_there = True
        """Until it unregisters or vanishes."""
        self._agent: UserAgent | None = None
        self._inbox = Inbox()

    @classmethod
    async def register(
        cls,
        user: str,
        password: str,
        server: Place,
        *,
        host: str = "127.0.0.1",
        behaviour: Behaviour = ANSWER,
        timers: Timers | None = None,
    ) -> Self:
        """Register on a free port of `host`. Raises RegistrationError if the server refuses."""
        phone = cls(user, server)
        phone.behaviour = behaviour
        phone._agent = await UserAgent.bind(
            host, on_call=phone._called, credentials=Credentials(user, password), timers=timers
        )
        response = await phone.agent.register(user, server)
        if response.status != 200:
            await phone.agent.close()
            raise RegistrationError(
                f"{user} cannot register at {server[0]}:{server[1]}: "
                f"{response.status} {response.reason}"
            )
        return phone

    @property
    def agent(self) -> UserAgent:
        """Its user agent, with every call it had."""
        if self._agent is None:
            raise RegistrationError(f"{self.user} is not registered")
        return self._agent

    async def next_call(self, within: float = 5.0) -> Call:
        """The next call that rings here, in order. Raises TimeoutError after `within` seconds."""
        return await self._inbox.take(lambda call: True, within)

    async def dial(self, number: str) -> Call:
        """Call a number or a feature code such as `*12` at the server."""
        host, port = self.server
        return await self.agent.call(
            f"sip:{number}@{host}:{port}", caller=f"<sip:{self.user}@{host}:{port}>"
        )

    async def unregister(self) -> None:
        """Take the registration back and be gone."""
        await self.agent.register(self.user, self.server, seconds=0)
        await self.vanish()

    async def vanish(self) -> None:
        """Be gone without a word: a softphone whose computer lost power."""
        self.is_there = False
        await self.agent.close()

    async def _called(self, call: Call) -> None:
        self._inbox.put(call)
        await self.behaviour.take(call, self.voice)
