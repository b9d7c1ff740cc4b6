"""A simulated citizen: dials over a trunk, speaks, presses keys, tells what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from callcenter.simulator.agent import Call, Side, UserAgent
from callcenter.simulator.audio import RATE, Pcm
from callcenter.simulator.heard import Catalog, HeardPrompt
from callcenter.simulator.sip import SipError
from callcenter.simulator.transactions import Place, Timers

LISTEN_EVERY = 4.0
"""Seconds between two looks at what was heard so far: each costs about half a second's work."""

_BREATH = np.zeros(RATE, np.int16)
"""A second's silence between two repetitions."""
_HUNG_UP_BY = {Side.LOCAL: "caller", Side.REMOTE: "callee", Side.NONE: "none"}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the citizen does in a call. Times in seconds."""

    say: Pcm | None = None
    """Spoken from the answer on, over and over: an operator may join long after the greeting."""
    press: str = ""
    """Keys pressed once the call is answered; `,` is a pause of half a second."""
    stay: float = 20.0
    """Hangs up so long after the answer."""
    patience: float = 60.0
    """Gives up so long after dialling if nobody answers."""


@dataclass(frozen=True, slots=True)
class CallReport:
    """What came of a call. All `_s` are seconds since dialling; None: it never came to that."""

    number: str
    caller: str
    answered: bool
    ringing_s: float | None
    answered_s: float | None
    duration_s: float
    heard: tuple[HeardPrompt, ...]
    """Early media included."""
    music: bool
    early_media: bool
    """Whether there was audio before the answer (a queue may play to a caller unanswered)."""
    hung_up_by: str
    """caller, callee, or none: refused, or nobody was there."""
    sip_code: int
    """The final answer to the INVITE: 200, 486 busy, 603 declined, …"""
    reason: str
    cause: int | None
    """Q.850 cause, if the other side gave one."""
    trouble: str | None = None
    """What of the citizen's wishes could not be done."""


class Citizen:
    """A telephone at a trunk's address. Asterisk knows the trunk by it, whatever the port."""

    def __init__(self, agent: UserAgent, server: Place) -> None:
        self._agent, self._server = agent, server

    @classmethod
    async def on(cls, host: str, server: Place, *, timers: Timers | None = None) -> Self:
        """Bind to any free port of a trunk's address. Raises OSError if it cannot."""
        return cls(await UserAgent.bind(host, timers=timers), server)

    async def dial(
        self, number: str, *, caller: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> Call:
        """Call a number. `caller` is digits, a whole SIP address, or empty: number withheld.

        Raises SipError if the number cannot stand in a SIP address.
        """
        if not number or any(c.isspace() or c in '<>@"' for c in number):
            raise SipError(f"cannot dial {number!r}: use digits, such as 12345")
        host, port = self._server
        return await self._agent.call(
            f"sip:{number}@{host}:{port}", caller=self._from(caller), headers=headers
        )

    async def hang_up_all(self) -> None:
        """End every call that is not over."""
        for call in self._agent.calls:
            if call.ending is None:
                await call.hang_up()

    async def close(self) -> None:
        """Be gone."""
        await self._agent.close()

    def _from(self, caller: str) -> str:
        if caller.lower() in {"", "anonymous"}:
            return '"Anonymous" <sip:anonymous@anonymous.invalid>'
        if ":" in caller:
            return caller if "<" in caller else f"<{caller}>"
        return f"<sip:{caller}@{self._agent.place[0]}>"


async def converse(
    call: Call,
    wishes: Wishes,
    *,
    catalog: Catalog,
    tell: Callable[[str], None] | None = None,
    stop: asyncio.Event | None = None,
) -> CallReport:
    """Carry on a call that was dialled, to its end; `stop` makes the citizen hang up.

    `tell` gets a line for people about everything as it happens.
    """
    telling = asyncio.create_task(_tell_progress(call, catalog, tell)) if tell else None
    talking = asyncio.create_task(_talk(call, wishes))
    stopping = asyncio.create_task((stop or asyncio.Event()).wait())
    ended = asyncio.create_task(call.until_ended())
    await asyncio.wait({talking, stopping, ended}, return_when=asyncio.FIRST_COMPLETED)
    trouble = talking.result() if talking.done() else None
    stopping.cancel()
    talking.cancel()
    # An unanswered BYE or CANCEL repeats for half a minute: nobody waits for that.
    hanging_up = asyncio.create_task(call.hang_up())
    await asyncio.wait({hanging_up}, timeout=3.0)
    hanging_up.cancel()
    ended.cancel()
    if telling is not None:
        await telling
    return await report(call, catalog, trouble)


async def report(call: Call, catalog: Catalog, trouble: str | None = None) -> CallReport:
    """What came of a call until now."""
    heard = await asyncio.to_thread(catalog.listen, call.heard())
    ending = call.ending
    now = asyncio.get_running_loop().time()
    return CallReport(
        number=call.number,
        caller=call.invite.from_.uri.removeprefix("sip:").partition("@")[0],
        answered=call.answered_at is not None,
        ringing_s=_since(call, call.ringing_at),
        answered_s=_since(call, call.answered_at),
        duration_s=round((call.ended_at or now) - call.began_at, 2),
        heard=heard.prompts,
        music=heard.music,
        early_media=call.early_packets > 0,
        hung_up_by=_HUNG_UP_BY[ending.by if ending else Side.NONE],
        sip_code=ending.status if ending else 0,
        reason=ending.reason if ending else "not over",
        cause=ending.cause if ending else None,
        trouble=trouble,
    )


async def _talk(call: Call, wishes: Wishes) -> str | None:
    """Do what the citizen wishes until it is time to hang up; says what could not be done."""
    try:
        async with asyncio.timeout(wishes.patience):
            answered = await call.until_answered()
    except TimeoutError:
        return None
    if not answered:
        return None
    if wishes.say is not None:
        call.media.background(np.concatenate((wishes.say, _BREATH)))
    trouble = None
    try:
        async with asyncio.timeout(wishes.stay):
            try:
                await call.media.press(wishes.press)
            except SipError as error:
                trouble = str(error)
            await call.until_ended()
    except TimeoutError:
        pass
    return trouble


async def _tell_progress(call: Call, catalog: Catalog, tell: Callable[[str], None]) -> None:
    if await call.until_ringing() and call.ringing_at is not None:
        tell(f"{call.ringing_at - call.began_at:6.2f} s  ringing, or on its way")
    if await call.until_answered() and call.answered_at is not None:
        tell(f"{call.answered_at - call.began_at:6.2f} s  answered")
    told = 0
    ended = call.answered_at is None
    while not ended:
        ended = await call.ended_within(LISTEN_EVERY)
        heard = (await asyncio.to_thread(catalog.listen, call.heard())).prompts
        for prompt in heard[told:]:
            tell(f"{prompt.at_s:6.2f} s  heard {prompt.prompt}: {prompt.text}")
        told = max(told, len(heard))


def _since(call: Call, moment: float | None) -> float | None:
    return None if moment is None else round(moment - call.began_at, 2)
