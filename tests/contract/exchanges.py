"""One exchange seen from both sides, in memory or real: commands in, facts out, telephones at it.

Names in facts begin with `C`, whatever the call's id is. That a leg rings is not told: Asterisk
tells it where a telephone says so, and nothing waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Protocol

from callcenter.asterisk import process
from callcenter.asterisk.ari import Access, Ari, AriError, JsonObject
from callcenter.asterisk.exchange import exchange_of
from callcenter.asterisk.link import AsteriskLink
from callcenter.asterisk.queue_log import follow
from callcenter.asterisk.render import render
from callcenter.asterisk.secrets import USER, ari_password, seat_password
from callcenter.asterisk.switch import AsteriskSwitch
from callcenter.calls.commands import Command, SendDigits
from callcenter.calls.events import (
    CallArrived,
    CallEndedOutside,
    CallLeft,
    CallTakenOutside,
    CommandFailed,
    DigitPressed,
    Ending,
    Event,
    LegAnswered,
    LegEnded,
    PlaybackFinished,
    SwitchReconciled,
)
from callcenter.clock import SHANGHAI
from callcenter.numberplan.loader import load
from callcenter.settings import PROJECT, Settings
from callcenter.simulator.agent import Call
from callcenter.simulator.behaviour import AT_ONCE, BUSY, DECLINE, NO_ANSWER, Behaviour
from callcenter.simulator.citizen import Citizen
from callcenter.simulator.phone import Softphone
from tests.fakes.switch import FakeLeg, FakeSwitch
from tests.fakes.waiting import until
from tests.support.ears import Sound, hears, voice
from tests.support.live import copy_plan, live_settings

SEAT = "seat01"
SILENT_TRUNK = "12319"
"""Nobody answers there, not even that it rings."""
PATIENCE = 15.0


class Seat(StrEnum):
    """What the softphone of the seat does when it is rung."""

    ANSWERS = "answers"
    BUSY = "busy"
    DECLINES = "declines"
    RINGS = "rings"
    AWAY = "away"


class Exchange(Protocol):
    """What a case needs."""

    call: str
    """The caller's leg."""

    async def rung(self, leg: str) -> None:
        """The leg rings at its telephone, which does what it was told."""

    async def caller_goes(self) -> None:
        """The caller hangs up, or gives up ringing."""

    async def seat_goes(self) -> None:
        """The seat hangs up."""

    async def seat_answers(self) -> None:
        """The seat that rings is answered now."""

    async def seat_is_hung_up(self) -> None:
        """The seat's telephone has no call any more."""

    async def seat_presses(self, digit: str) -> None:
        """The operator presses a key."""

    async def seat_received(self) -> str:
        """The keys that came to the seat's telephone."""

    async def time_passes(self) -> None:
        """Long enough for rings to be given up."""

    async def nobody_renews(self) -> None:
        """Long enough for the dead man's switch."""

    def send(self, *commands: Command) -> None:
        """What the core wants."""

    async def told(self, *facts: str) -> None:
        """Exactly these facts were told since the last look."""

    async def lines(self, *lines: str) -> None:
        """Exactly these lines of the call stand in Asterisk's own log."""

    async def hears(self, leg: str, *sounds: Sound) -> None:
        """That is what the leg's telephone hears now."""

    async def caller_hears_ringing(self) -> None:
        """Unanswered, by the caller's own telephone."""

    async def disconnect(self) -> None:
        """We are no longer connected."""

    async def connect(self) -> SwitchReconciled:
        """We are again: what there is of this call."""


def fact(event: Event) -> str | None:
    """A fact in words."""
    match event:
        case CallArrived(call):
            return f"{call} arrived"
        case CallLeft(leg):
            return f"{leg} left"
        case LegAnswered(leg):
            return f"{leg} answered"
        case LegEnded(leg, ending):
            return f"{leg} ended: {ending}"
        case PlaybackFinished(leg, playback):
            return f"{leg} has heard {playback}"
        case DigitPressed(leg, digit):
            return f"{leg} pressed {digit}"
        case CommandFailed(leg, command):
            return f"{command} failed on {leg}"
        case _:
            return None


def alike(found: Sequence[str], facts: Sequence[str]) -> bool:
    """Whether these are the facts, in order; `*` stands for anything."""
    return len(found) == len(facts) and all(map(fnmatchcase, found, facts))


def line(event: Event) -> str | None:
    """A line of Asterisk's own log in words."""
    match event:
        case CallTakenOutside(call):
            return f"{call} entered"
        case CallEndedOutside(call):
            return f"{call} over: {event.handled or 'not handled'}"
        case _:
            return None


def of_call(event: SwitchReconciled, call: str) -> SwitchReconciled:
    """What is told of one call there."""

    def ours(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(sorted(each.replace(call, "C") for each in names if each.startswith(call)))

    return SwitchReconciled(
        legs=ours(event.legs),
        outside=ours(event.outside),
        answered=ours(event.answered),
        callers=ours(event.callers),
        bridges=ours(event.bridges),
        up=ours(event.up),
    )


# -- in memory -------------------------------------------------------------------------------------


@dataclass
class InMemory:
    """The fake, and what its telephones do."""

    seat: Seat
    switch: FakeSwitch = field(default_factory=FakeSwitch)
    call: str = ""

    def __post_init__(self) -> None:
        if self.seat is Seat.AWAY:
            self.switch.dead_seats.add(SEAT)
        self.call = self.switch.caller_arrives("12345")

    async def rung(self, leg: str) -> None:
        match self.seat:
            case Seat.ANSWERS:
                self.switch.far_end_answers(leg)
            case Seat.BUSY:
                self.switch.far_end_goes(leg, Ending.BUSY)
            case Seat.DECLINES:
                self.switch.far_end_goes(leg, Ending.DECLINED)
            case _:
                pass

    async def caller_goes(self) -> None:
        self.switch.far_end_goes(self.call)

    async def seat_goes(self) -> None:
        self.switch.far_end_goes(self._seat())

    async def seat_answers(self) -> None:
        self.switch.far_end_answers(self._seat())

    async def seat_is_hung_up(self) -> None:
        assert not any(leg.dial for leg in self.switch.legs.values())

    async def seat_presses(self, digit: str) -> None:
        self.switch.told.append(DigitPressed(self._seat(), digit))

    async def seat_received(self) -> str:
        sent = (each for each in self.switch.sent if isinstance(each, SendDigits))
        return "".join(each.digits for each in sent if each.leg == self._seat())

    async def time_passes(self) -> None:
        for leg in list(self.switch.legs.values()):
            if leg.dial is not None and not leg.answered:
                self.switch.far_end_goes(leg.name, Ending.NO_ANSWER)

    async def nobody_renews(self) -> None:
        for leg in list(self.switch.legs.values()):
            if leg.guarded:
                self.switch.dead_mans_switch(leg.name)

    def send(self, *commands: Command) -> None:
        self.switch.send(commands)

    async def told(self, *facts: str) -> None:
        found = [said for each in self.switch.told if (said := fact(each))]
        self.switch.told = [each for each in self.switch.told if fact(each) is None]
        assert alike([each.replace(self.call, "C") for each in found], facts)

    async def lines(self, *lines: str) -> None:
        found = [said for each in self.switch.told if (said := line(each))]
        assert [each.replace(self.call, "C") for each in found] == list(lines)

    async def hears(self, leg: str, *sounds: Sound) -> None:
        listener = self.switch.legs[leg]
        found = self._voices(listener) | {
            sound
            for snoop in self.switch.legs.values()
            if snoop.snoops_on == leg and snoop.whispers
            for sound in self._voices(snoop)
        }
        found |= {Sound.OTHER} if listener.music or listener.playing else set()
        found |= {Sound.RINGING} if listener.ringing else set()
        assert listener.answered
        assert found == set(sounds)

    def _voices(self, listener: FakeLeg) -> set[Sound]:
        """What comes to a leg from its bridge; a snoop says there what it hears."""
        found: set[Sound] = set()
        for each in self.switch.legs.values():
            if listener.bridge is None or each.bridge != listener.bridge or each == listener:
                continue
            if each.muted:
                continue
            if each.snoops_on is not None:
                other = self.switch.legs[each.snoops_on]
                found |= {self._voice(other)} | self._voices(other)
            else:
                found.add(self._voice(each))
        return found

    def _voice(self, leg: FakeLeg) -> Sound:
        return Sound.CITIZEN if leg.name == self.call else Sound.OPERATOR

    async def caller_hears_ringing(self) -> None:
        assert self.switch.legs[self.call].ringing

    async def disconnect(self) -> None:
        self.switch.heard = False

    async def connect(self) -> SwitchReconciled:
        self.switch.heard = True
        self.switch.lose_events()
        return of_call(self.switch.reconciled(), self.call)

    def _seat(self) -> str:
        return next(leg.name for leg in self.switch.legs.values() if leg.dial is not None)


# -- real ------------------------------------------------------------------------------------------

_BEHAVIOURS: dict[Seat, Behaviour] = {
    Seat.ANSWERS: AT_ONCE,
    Seat.BUSY: BUSY,
    Seat.DECLINES: replace(DECLINE, ring_seconds=0.1),
    Seat.RINGS: NO_ANSWER,
}


class NoQueues:
    """Asterisk's own queues are no part of this."""

    async def pause(self) -> None:
        pass

    def bring_back(self, channels: Sequence[JsonObject]) -> None:
        pass

    def stay_out(self) -> None:
        pass


class Silence(asyncio.DatagramProtocol):
    """A far end that takes everything and says nothing."""


@dataclass
class Real:
    """A real Asterisk, its telephones, and our connection to it."""

    settings: Settings
    ari: Ari
    switch: AsteriskSwitch
    citizen: Citizen
    phone: Softphone | None
    events: list[Event] = field(default_factory=list)
    call: str = ""

    def __post_init__(self) -> None:
        self._looked = 0
        self._link: asyncio.Task[None] | None = None
        self._caller: Call | None = None
        self._rung: Call | None = None

    async def caller_arrives(self) -> None:
        """A citizen calls, and is in our hands."""
        self._caller = await self.citizen.dial("12345", caller="13800004572")
        self._caller.media.background(voice(Sound.CITIZEN))
        await until(lambda: any(isinstance(e, CallArrived) for e in self.events), PATIENCE)
        self.call = next(e.call for e in self.events if isinstance(e, CallArrived))

    async def rung(self, leg: str) -> None:
        if self.phone is not None:
            self._rung = await self.phone.next_call(PATIENCE)

    async def caller_goes(self) -> None:
        await self._at_caller().hang_up()

    async def seat_goes(self) -> None:
        await self._at_seat().hang_up()

    async def seat_answers(self) -> None:
        self._at_seat().answer()

    async def seat_is_hung_up(self) -> None:
        await asyncio.wait_for(self._at_seat().until_ended(), PATIENCE)

    async def seat_presses(self, digit: str) -> None:
        await self._at_seat().media.press(digit)

    async def seat_received(self) -> str:
        return await asyncio.wait_for(self._at_seat().media.until_digits(1), PATIENCE)

    async def time_passes(self) -> None:
        pass  # it does, while facts are waited for

    async def nobody_renews(self) -> None:
        pass

    def send(self, *commands: Command) -> None:
        self.switch.send(commands)

    async def told(self, *facts: str) -> None:
        def found() -> list[str]:
            new = [fact(event) for event in self.events[self._looked :]]
            return [each.replace(self.call, "C") for each in new if each and self.call in each]

        with suppress(TimeoutError):
            await until(lambda: len(found()) >= len(facts), PATIENCE)
        # What should not be told at all would come with the answer to one more question.
        await self.switch.close()
        await self.ari.channels()
        assert alike(found(), facts), found()
        self._looked = len(self.events)

    async def lines(self, *lines: str) -> None:
        found: list[str] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                async for logged in follow(self.settings.queue_log):
                    said = line(logged.record.as_event()) or ""
                    found += [said.replace(self.call, "C")] if self.call in said else []
                    if len(found) == len(lines):
                        break
        assert found == list(lines)

    async def hears(self, leg: str, *sounds: Sound) -> None:
        telephone = self._at_caller() if leg == self.call else self._at_seat()
        with suppress(TimeoutError):
            await until(lambda: hears(telephone) == set(sounds), PATIENCE)
        assert hears(telephone) == set(sounds)

    async def caller_hears_ringing(self) -> None:
        assert await asyncio.wait_for(self._at_caller().until_ringing(), PATIENCE)

    async def disconnect(self) -> None:
        if self._link is not None:
            self._link.cancel()
            with suppress(asyncio.CancelledError):
                await self._link

    async def connect(self) -> SwitchReconciled:
        before = len(self.events)
        link = AsteriskLink(self.ari, self.events.append, _no_pin, NoQueues())
        self._link = asyncio.create_task(link.run())
        await until(lambda: link.connected, PATIENCE)
        found = next(e for e in self.events[before:] if isinstance(e, SwitchReconciled))
        return of_call(found, self.call or "nobody")

    def _at_caller(self) -> Call:
        assert self._caller is not None
        return self._caller

    def _at_seat(self) -> Call:
        assert self._rung is not None
        return self._rung


async def _no_pin(code: str, pin: str, seat: str) -> bool:
    return False


@asynccontextmanager
async def asterisk_for_all() -> AsyncIterator[tuple[Settings, dict[str, str]]]:
    """An Asterisk with the project's plan and no controller; the trunks' addresses."""
    async with AsyncExitStack() as held:
        fresh = held.enter_context(live_settings())
        settings = fresh.model_copy(update={"plan": fresh.data.parent / "plan"})
        trunks = copy_plan(PROJECT, settings.plan, settings)
        plan = load(settings.plan).plan
        assert plan is not None
        render(settings, exchange_of(plan, datetime(2017, 12, 1, 10, tzinfo=SHANGHAI)))
        running = await process.start(settings)
        held.push_async_callback(running.stop)
        silence, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            Silence, local_addr=(trunks[SILENT_TRUNK], 5060)
        )
        held.callback(silence.close)
        yield settings, trunks


@asynccontextmanager
async def at_asterisk(
    settings: Settings, trunks: dict[str, str], seat: Seat
) -> AsyncIterator[Real]:
    """That Asterisk with a caller in our hands and the seat's softphone."""
    access = Access("127.0.0.1", settings.ari_port, USER, ari_password(settings))
    place = str(settings.sip_host), settings.sip_port
    async with AsyncExitStack() as held:
        ari = await held.enter_async_context(Ari(access))
        switch = AsteriskSwitch(ari, settings.sounds)
        citizen = await Citizen.on(trunks["telecom"], place)
        held.push_async_callback(citizen.close)
        phone = None
        if seat is not Seat.AWAY:
            password = seat_password(settings, SEAT)
            phone = await Softphone.register(SEAT, password, place, behaviour=_BEHAVIOURS[seat])
            phone.voice = voice(Sound.OPERATOR)
            held.push_async_callback(phone.unregister)
        real = Real(settings, ari, switch, citizen, phone)
        switch.tell = real.events.append
        await real.connect()
        held.push_async_callback(real.disconnect)
        await real.caller_arrives()
        yield real
        await citizen.hang_up_all()
        for channel in await ari.channels():
            with suppress(AriError):  # gone already
                await ari.hang_up(str(channel["id"]), 16)
        await switch.close()
