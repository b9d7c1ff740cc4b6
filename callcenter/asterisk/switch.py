"""Carries out the core's commands on Asterisk, and says what went wrong.

Commands of one call are carried out in order: a hang-up must not overtake the dialling it ends.
What need not wait for an answer is sent at once, as ARI keeps a call's order (ari.py). Different
calls do not wait for each other.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import structlog

from callcenter.asterisk import tone
from callcenter.asterisk.ari import Ari, AriError, Asked
from callcenter.asterisk.causes import hangup_cause
from callcenter.asterisk.line import NO_ANSWER
from callcenter.calls.commands import (
    Answer,
    ArriveAgain,
    Command,
    Connect,
    Detour,
    Dial,
    Disconnect,
    Guard,
    Hangup,
    Join,
    Mute,
    MuteRecording,
    OutsideAddress,
    Play,
    Record,
    RecordAside,
    RecordMessage,
    Ring,
    Role,
    SeatAddress,
    SendDigits,
    Separate,
    Snoop,
    StartMusic,
    StopMusic,
    StopPlaying,
    StopRecording,
    StopRecordingAside,
    StopRinging,
    TalkOver,
    Unguard,
    Unmute,
    UnmuteRecording,
)
from callcenter.calls.events import CommandFailed, Ending, Event, LegEnded, RecordingFinished

log = structlog.get_logger(__name__)

BRIDGE = "mixing"
"""Two legs are bridged at little cost. Keys reach us because bridge_native_rtp is not loaded
(modules.conf)."""
MIXED_BRIDGE = "mixing,video_sfu"
"""Two are mixed as three are: `video_sfu`, though there is no video, keeps Asterisk from its simple
bridge. In that one MixMonitor decodes what the caller hears with one decoder for the whole call,
which takes the packets of a new far end for late ones where their numbers are lower than those of
the one before, and leaves them out: the recording would lack that voice."""
GUARD_SECONDS = 6
"""A caller who is not talking goes to the fallback dialplan this long after our last renewal."""
TALK_GUARD_SECONDS = 20
"""The same of one whom an operator has put on hold: they shall not lose each other while a frozen
controller is replaced."""
CITIZEN_SECONDS = 20
"""A citizen whom we called waits so long for a controller, where none is there at the answer."""
GUARD = "TIMEOUT(absolute)"
OVER = "OVER"
"""Set where a caller's talk is over: the fallback dialplan ends the call."""
ARRIVAL, AGAIN = "arrival", "again"
"""Where the dialplan tells of a call's arrival once more."""
FALLBACK = "fallback"
"""The context that does without us what the plan says; extension `s`."""

_IS_THERE = 409
_FAULT = 500
NOT_MADE = "Allocation failed"
"""Asterisk's 500 for a telephone that is not there: another try would find it no more."""
AGAIN_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Before each further try of what Asterisk did not do for a reason of its own."""

_HARMLESS = (
    Disconnect
    | Separate
    | StopMusic
    | StopPlaying
    | StopRecording
    | StopRecordingAside
    | StopRinging
    | Guard
)
"""Of a leg that has left us Asterisk tells by itself; what is over need not be ended."""
_WAITED_FOR = (
    Guard
    | MuteRecording
    | UnmuteRecording
    | RecordAside
    | StopRecordingAside
    | Connect
    | Join
    | Separate
    | Disconnect
)


_REPEATABLE = (
    Answer
    | Ring
    | StopRinging
    | Unguard
    | StartMusic
    | StopMusic
    | StopPlaying
    | TalkOver
    | Mute
    | Unmute
    | MuteRecording
    | UnmuteRecording
    | RecordAside
    | Connect
    | Join
    | Separate
    | Disconnect
    | Hangup
)
"""Done twice these are as done once: tried again though they may have been done."""

_UNDONE_BY: dict[type[Command], type[Command]] = {
    Ring: StopRinging,
    StopRinging: Ring,
    StartMusic: StopMusic,
    StopMusic: StartMusic,
    Guard: Unguard,
    Mute: Unmute,
    Unmute: Mute,
    MuteRecording: UnmuteRecording,
    UnmuteRecording: MuteRecording,
    Play: StopPlaying,
    RecordMessage: StopRecording,
}
"""What failed is not tried again once the other has been sent."""


_ASIDE = Guard | MuteRecording | UnmuteRecording | RecordAside | StopRecordingAside
"""Goes another way than the rest."""


class Records(Protocol):
    """What asterisk/recorder.py does; all of it raises AriError."""

    async def mute(self, leg: str, *, muted: bool) -> None:
        """Write silence, or what is said."""

    async def start(self, leg: str, recording: str) -> None:
        """Record to a file of that name."""

    async def stop(self, leg: str) -> None:
        """Close that file."""


class NoRecorder:
    """Where there is no AMI."""

    async def mute(self, leg: str, *, muted: bool) -> None:
        """Cannot be done."""
        raise AriError(0, "there is no recorder")

    async def start(self, leg: str, recording: str) -> None:
        """Cannot be done."""
        raise AriError(0, "there is no recorder")

    async def stop(self, leg: str) -> None:
        """Cannot be done."""
        raise AriError(0, "there is no recorder")


class AsteriskSwitch:
    """Sends commands to one Asterisk."""

    def __init__(self, ari: Ari, sounds: Path) -> None:
        self.tell: Callable[[Event], None] = _nobody_listens
        """Takes the events that failures become."""
        self.arm: Callable[[str, int], Awaitable[None]] = self.arm_by_ari
        """Arms a leg's dead man's switch, for so many seconds. ARI sets a variable only once what
        is being played is over, which may be too late: AMI is better, while there is a connection.
        """
        self.record: Callable[[str], Awaitable[None]] = _not_recorded
        """Begins the recording of a leg; ARI has no way to record one that will be bridged."""
        self.recorder: Records = NoRecorder()
        """Pauses recordings and makes further ones."""
        self.tried_again: Callable[[], None] = lambda: None
        """For metrics: called with each further try of a command."""
        self._ari = ari
        self._sounds = sounds
        self._lanes: dict[str, deque[Command]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, commands: tuple[Command, ...]) -> None:
        """Start carrying these out, each call's in order."""
        for command in commands:
            call = _call(command)
            lane = self._lanes.get(call)
            if lane is not None:
                lane.append(command)
                continue
            self._lanes[call] = deque([command])
            task = asyncio.create_task(self._drive(call))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def arm_by_ari(self, leg: str, seconds: int) -> None:
        """Arm the dead man's switch as soon as nothing is played to the leg. Raises AriError."""
        await self._ari.set_variable(leg, GUARD, str(seconds))

    async def close(self) -> None:
        """Wait for what is under way."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _drive(self, call: str) -> None:
        lane = self._lanes[call]
        try:
            while lane:
                sent = [(command, self._begin(command)) for command in _together(lane)]
                failed: list[tuple[Command, AriError, list[Command]]] = []
                for number, (command, answer) in enumerate(sent, start=1):
                    try:
                        await answer
                    except AriError as error:
                        failed.append((command, error, [later for later, _ in sent[number:]]))
                for command, why, later in failed:
                    await self._once_more(command, why, later)
        finally:
            del self._lanes[call]

    async def _once_more(self, command: Command, error: AriError, later: Sequence[Command]) -> None:
        """Try again what Asterisk did not do; `later` was sent after it. Tell if that fails."""
        if isinstance(command, Connect):
            command = replace(command, new=False)
        for pause in AGAIN_SECONDS:
            if not _is_worth_it(command, error) or any(_undoes(each, command) for each in later):
                break
            await asyncio.sleep(pause)
            self.tried_again()
            try:
                await self._begin(command)
            except AriError as again:
                error = again
            else:
                await self._begin_again(command, later)
                return
        await self._failed(command, error)

    async def _begin_again(self, command: Command, later: Sequence[Command]) -> None:
        """Music that began before its leg was answered, as that was late, is heard by nobody."""
        if not isinstance(command, Answer):
            return
        for each in later:
            if isinstance(each, StartMusic) and each.leg == command.leg:
                await self._once_more(each, AriError(_FAULT, "begun too early"), ())

    def _begin(self, command: Command) -> Awaitable[object]:
        """Send what needs no answer first; the rest when this is awaited."""
        ari = self._ari
        match command:
            case Answer(leg):
                return ari.answer(leg)
            case Ring(leg):
                return ari.ring(leg)
            case StopRinging(leg):
                return ari.stop_ringing(leg)
            case Guard(leg, in_talk):
                return self.arm(leg, TALK_GUARD_SECONDS if in_talk else GUARD_SECONDS)
            case Unguard(leg):
                return ari.set_variable(leg, GUARD, "0")
            case ArriveAgain(leg):
                return ari.go_on(leg, ARRIVAL, AGAIN)
            case Detour(leg):
                return ari.go_on(leg, FALLBACK)
            case Play(leg, playback, prompts, with_tone):
                words = (*prompts, tone.NAME) if with_tone else prompts
                return ari.play(leg, playback, tuple(f"sound:{self._sounds / w}" for w in words))
            case StopPlaying(_, playback):
                return ari.stop_playing(playback)
            case TalkOver(leg):
                return ari.set_variable(leg, OVER, "1")
            case RecordMessage():
                return self._record_message(command)
            case StopRecording(_, recording):
                return ari.stop_recording(recording)
            case StartMusic(leg, music):
                return ari.start_music(leg, music)
            case StopMusic(leg):
                return ari.stop_music(leg)
            case MuteRecording(leg):
                return self.recorder.mute(leg, muted=True)
            case UnmuteRecording(leg):
                return self.recorder.mute(leg, muted=False)
            case RecordAside(leg, recording):
                return self.recorder.start(leg, recording)
            case StopRecordingAside(leg):
                return self.recorder.stop(leg)
            case Mute(leg):
                return ari.mute(leg)
            case Unmute(leg):
                return ari.unmute(leg)
            case Dial():
                return self._dial(command)
            case Record(leg):
                return self.record(leg)
            case Connect(new=True):
                made = ari.make_bridge(command.bridge, _kind(command))
                return _connected(made, self._add(command, command.legs))
            case Connect():
                return self._connect_again(command)
            case Snoop(leg, other, whisper):
                return ari.snoop(leg, other, whisper=whisper)
            case Join():
                return self._join(command)
            case Separate(bridge, leg):
                return ari.take_from_bridge(bridge, leg)
            case Disconnect(bridge):
                return ari.remove_bridge(bridge)
            case SendDigits(leg, digits, pause):
                return ari.send_digits(leg, digits, round(pause * 1000))
            case Hangup(leg, ending):
                return ari.hang_up(leg, hangup_cause(ending))

    async def _record_message(self, command: RecordMessage) -> None:
        """Begin it, unless it was begun before: if it is over, that may not have been heard."""
        leg, recording = command.leg, command.recording
        try:
            await self._ari.record(
                leg,
                recording,
                seconds=round(command.seconds),
                silence=round(command.silence),
            )
        except AriError as error:
            if error.status != _IS_THERE:
                raise
            if await self._ari.is_recording(recording):
                return
            if not await self._ari.has_recorded(recording):
                raise
            self.tell(RecordingFinished(leg, recording))

    async def _connect_again(self, command: Connect) -> None:
        """Into a bridge that may be there: to be added once more would cost a leg some of what it
        hears."""
        inside: tuple[str, ...] = ()
        try:
            await self._ari.make_bridge(command.bridge, _kind(command))
        except AriError as error:
            if error.status != _IS_THERE:
                raise
            inside = await self._ari.in_bridge(command.bridge)
        joining = [leg for leg in command.legs if leg not in inside]
        await _all(self._add(command, joining))

    async def _join(self, command: Join) -> None:
        """Put one leg into a bridge, unless it is there."""
        if command.make:
            try:
                await self._ari.make_bridge(command.bridge, BRIDGE)
            except AriError as error:
                if error.status != _IS_THERE:
                    raise
        if command.leg not in await self._ari.in_bridge(command.bridge):
            await self._ari.add_to_bridge(command.bridge, command.leg, absorb_dtmf=True)

    def _add(self, command: Connect, legs: Sequence[str]) -> list[Asked]:
        return [
            self._ari.add_to_bridge(command.bridge, leg, absorb_dtmf=leg in command.own_digits)
            for leg in legs
        ]

    def _dial(self, dial: Dial) -> Awaitable[object]:
        variables = {"CALLID": dial.call, "ROLE": dial.role.value}
        if isinstance(dial.to, OutsideAddress):
            variables["GROUP(trunk)"] = dial.to.trunk  # the fallback dialplan counts channels so
        if dial.diversion:
            header = f"<sip:{dial.diversion}@callcenter.invalid>;reason=unconditional"
            variables["PJSIP_HEADER(add,Diversion)"] = header
        if dial.header is not None:
            name, value = dial.header
            variables[f"PJSIP_HEADER(add,{name})"] = value
        to, seconds = endpoint(dial.to), round(dial.seconds)
        caller_id = _caller_id(dial.caller_name, dial.caller_number)
        if dial.role is Role.CITIZEN:
            asked = self._ari.call_back(
                dial.leg, to, seconds=seconds, caller_id=caller_id, variables=variables
            )
            return _all(asked)
        return self._ari.originate(
            dial.leg,
            to,
            seconds=seconds,
            caller_id=caller_id,
            originator=None if dial.alone else dial.call,
            variables=variables,
        )

    async def _failed(self, command: Command, error: AriError) -> None:
        name = type(command).__name__
        leg = _leg(command)
        gone = error.status == 404
        level = (
            log.debug if gone or isinstance(command, Guard | StopRecordingAside) else log.warning
        )
        level("command_failed", call=_call(command), leg=leg, command=name, error=str(error))
        if isinstance(command, Dial):
            if error.status == NO_ANSWER:  # it may ring all the same
                with contextlib.suppress(AriError):
                    await self._ari.hang_up(leg, hangup_cause(Ending.NORMAL))
            # Nothing rang, nothing will be told. An operator is not taken for gone where Asterisk
            # rings nobody; else there was no contact, no such endpoint, or a dead originator.
            innocent = isinstance(command.to, SeatAddress) and _is_a_fault(error)
            self.tell(LegEnded(leg, Ending.LOST if innocent else Ending.UNREACHABLE))
        elif isinstance(command, Snoop):
            self.tell(LegEnded(leg, Ending.UNREACHABLE))  # it never was there
        elif isinstance(command, _HARMLESS):
            pass
        elif gone and not isinstance(command, Connect | Join):
            self.tell(LegEnded(leg))
        else:
            self.tell(CommandFailed(leg, name, str(error)))


def _together(lane: deque[Command]) -> list[Command]:
    """Take from the lane what can be sent without waiting for answers, in the order of sending.

    What goes another way than the rest goes alone. A change of bridges is waited for.
    """
    taken = [lane.popleft()]
    while lane and not isinstance(lane[0], _ASIDE) and not isinstance(taken[-1], _WAITED_FOR):
        taken.append(lane.popleft())
    return taken


def _is_worth_it(command: Command, error: AriError) -> bool:
    """Whether another try may do, and does no harm."""
    if error.status == NO_ANSWER:
        return isinstance(command, _REPEATABLE)
    return _is_a_fault(error)


def _is_a_fault(error: AriError) -> bool:
    """Whether Asterisk did not do it for a reason of its own."""
    return error.status >= _FAULT and NOT_MADE not in error.message


def _undoes(later: Command, command: Command) -> bool:
    """Whether what was sent later makes the other one needless, or wrong."""
    wanted = _UNDONE_BY.get(type(command))
    over = isinstance(later, Hangup) or (wanted is not None and isinstance(later, wanted))
    return over and _leg(later) == _leg(command)


async def _connected(made: Asked, added: Sequence[Asked]) -> None:
    """The bridge is made, or there already, and all are in it. Raises AriError."""
    bridge, *legs = await asyncio.gather(made, *added, return_exceptions=True)
    there = isinstance(bridge, AriError) and bridge.status == _IS_THERE
    _raise_first(legs if there else [bridge, *legs])


async def _all(asked: Sequence[Asked]) -> None:
    """Wait for all of these. Raises the first AriError then."""
    _raise_first(await asyncio.gather(*asked, return_exceptions=True))


def _raise_first(results: Iterable[object]) -> None:
    for result in results:
        if isinstance(result, BaseException):
            raise result


def _kind(connect: Connect) -> str:
    return MIXED_BRIDGE if connect.mixed else BRIDGE


def endpoint(address: SeatAddress | OutsideAddress) -> str:
    """What Asterisk dials for an address."""
    match address:
        case SeatAddress(seat):
            return f"PJSIP/{seat}"
        case OutsideAddress(trunk, digits):
            return f"PJSIP/{digits}@trunk-{trunk}"


async def _not_recorded(leg: str) -> None:
    log.error("not_recorded", leg=leg)


def _nobody_listens(event: Event) -> None:
    log.error("event_lost", event_lost=repr(event))


def _leg(command: Command) -> str:
    match command:
        case Connect(call=call) | Disconnect(bridge=call):
            return call.partition("_")[0]
        case _:
            return command.leg


def _call(command: Command) -> str:
    return _leg(command).partition("_")[0]


def _caller_id(name: str, number: str) -> str:
    quoted = name.replace("\\", "").replace('"', "")
    return f'"{quoted}" <{number or "anonymous"}>'
