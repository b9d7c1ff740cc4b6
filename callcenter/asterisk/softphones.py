"""Ends the leg of a softphone that is gone: no audio comes from it, and it answers no question.

One that is muted, has its call on hold, or sends nothing while its operator is silent still answers
(OPTIONS), and is left alone. Asterisk by itself would look at the audio only (`rtp_timeout`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from callcenter.asterisk.ami import AmiError
from callcenter.asterisk.ari import Ari, AriError
from callcenter.asterisk.causes import hangup_cause
from callcenter.calls.events import Ending
from callcenter.calls.state import Centre
from callcenter.orders.record import LegRecord, LegRole

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""Between two looks at a leg: its audio may have stopped for twice as long before it is noticed."""
ANSWER_SECONDS = 2.2
"""For an answer: a little more than Asterisk waits for it (`qualify_timeout`, pjsip.conf)."""
SILENT_SECONDS = 30.0
"""After so long without audio from one that answers the log names it, should callers complain."""
_AT_SEATS = frozenset({LegRole.OPERATOR, LegRole.SUPERVISOR})


class Contacts(Protocol):
    """Asks softphones whether they are there: AMI."""

    async def qualify(self, seat: str) -> None:
        """Have those of a seat asked. Raises AmiError."""

    def answering(self, seat: str) -> frozenset[str] | None:
        """Those of a seat that answered when asked last; None where that is not known now."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a look at a leg showed."""

    packets: int | None
    """Of audio, that had come so far."""
    there: frozenset[str] | None
    """Where softphones of the seat were."""
    speaking: frozenset[str] | None
    """Where they were at the look before the last audio came: one that has registered since then
    has started again, or is another one."""
    at: float
    """When that audio was seen, as the event loop counts."""
    told: bool = False
    """Whether the log says that none has come for long."""


class Softphones:
    """Looks at every softphone that talks."""

    def __init__(self, centre: Centre, ari: Ari, contacts: Callable[[], Contacts | None]) -> None:
        """`contacts`: who can ask now; None while nobody can."""
        self._centre = centre
        self._ari = ari
        self._contacts = contacts
        self._watched: set[str] = set()

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as watches:
            while True:
                for call, leg in self._talking():
                    if leg.leg not in self._watched:
                        self._watched.add(leg.leg)
                        watches.create_task(self._watch(call, leg))
                await asyncio.sleep(LOOK_SECONDS)

    def _talking(self) -> Iterator[tuple[str, LegRecord]]:
        for call in self._centre.calls.values():
            for leg in call.legs:
                if leg.role in _AT_SEATS and leg.answered is not None and leg.ended is None:
                    yield call.id, leg

    def _talks(self, call: str, leg: LegRecord) -> bool:
        found = self._centre.calls.get(call)
        return found is not None and any(
            each.leg == leg.leg and each.ended is None for each in found.legs
        )

    async def _watch(self, call: str, leg: LegRecord) -> None:
        """Look until the leg has ended."""
        contacts = self._contacts()
        there = None if contacts is None else contacts.answering(leg.place)
        heard = _Heard(None, there, there, asyncio.get_running_loop().time())
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                if not self._talks(call, leg):
                    return
                try:
                    heard = await self._look(leg, heard)
                except (AmiError, AriError) as error:
                    log.debug("softphone_not_looked_at", leg=leg.leg, error=str(error))
        finally:
            self._watched.discard(leg.leg)

    async def _look(self, leg: LegRecord, before: _Heard) -> _Heard:
        """Look once, and end the leg if nobody is there."""
        contacts = self._contacts()
        packets = await self._ari.received(leg.leg)
        if contacts is None or packets is None or packets != before.packets:
            there = None if contacts is None else contacts.answering(leg.place)
            return _Heard(packets, there, before.there, asyncio.get_running_loop().time())
        is_gone = await self._is_gone(contacts, leg.place, before.speaking)
        if is_gone and await self._ari.received(leg.leg) == packets:
            log.warning("softphone_gone", leg=leg.leg, seat=leg.place)
            await self._ari.hang_up(leg.leg, hangup_cause(Ending.LOST))
        return before if is_gone or before.told else self._note_silence(leg, before)

    def _note_silence(self, leg: LegRecord, heard: _Heard) -> _Heard:
        """It may be held or muted at the telephone; or its audio is lost on the way."""
        seconds = asyncio.get_running_loop().time() - heard.at
        if seconds < SILENT_SECONDS:
            return heard
        log.info("softphone_silent", leg=leg.leg, seat=leg.place, seconds=round(seconds))
        return replace(heard, told=True)

    async def _is_gone(self, contacts: Contacts, seat: str, was: frozenset[str] | None) -> bool:
        await contacts.qualify(seat)
        await asyncio.sleep(ANSWER_SECONDS)
        now = contacts.answering(seat)
        return now is not None and not (now & was if was else now)
