"""A telephone exchange in memory: carries out the core's commands and tells what came of them.

It is as forgiving as Asterisk and no more: what it would refuse becomes the same event that
asterisk/switch.py makes of Asterisk's refusal. Events wait in `told` until a test hands them on, in
any order that keeps each leg's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
    Play,
    Record,
    RecordAside,
    RecordMessage,
    Ring,
    Role,
    SeatAddress,
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
from callcenter.calls.events import (
    CallArrived,
    CallEndedOutside,
    CallLeft,
    CallReturned,
    CallTakenOutside,
    CommandFailed,
    Ending,
    Event,
    FeatureDialled,
    Handled,
    LegAnswered,
    LegEnded,
    PlaybackFinished,
    RecordingFinished,
    SipHeaders,
    SwitchReconciled,
)
from callcenter.orders.outbound import OrderReference

_HARMLESS = (
    StopMusic
    | StopPlaying
    | StopRecording
    | StopRinging
    | Separate
    | Guard
    | UnmuteRecording
    | RecordAside
    | StopRecordingAside
)
"""Of a leg that is gone these tell nothing."""


_FLAGS: dict[type[Command], tuple[str, bool]] = {
    Ring: ("ringing", True),
    StopRinging: ("ringing", False),
    Guard: ("guarded", True),
    Unguard: ("guarded", False),
    StartMusic: ("music", True),
    StopMusic: ("music", False),
    Mute: ("muted", True),
    Unmute: ("muted", False),
    MuteRecording: ("unrecorded", True),
    UnmuteRecording: ("unrecorded", False),
}
"""What a command changes about its leg."""


@dataclass
class FakeLeg:
    """One leg as the exchange sees it."""

    name: str
    dial: Dial | None = None
    trunk: str = ""
    """Where a caller comes from; empty for all others."""
    dialled: str = ""
    answered: bool = False
    waits: bool = False
    """A citizen whom we called answered while no controller was there."""
    bridge: str | None = None
    playing: str | None = None
    recording: str | None = None
    """The message that is being recorded."""
    music: bool = False
    ringing: bool = False
    """It hears the tone (a 180 while unanswered)."""
    guarded: bool = False
    over: bool = False
    """Its talk is over: the fallback dialplan ends it."""
    snoops_on: str | None = None
    """The leg that it hears."""
    whispers: bool = False
    """What it hears from its bridge is heard there."""
    recorded: bool = False
    """By a command of ours; the dialplan has callers recorded."""
    unrecorded: bool = False
    """Silence is written into its recording."""
    aside: str = ""
    """The recording of its own that is being made."""
    muted: bool = False
    """Nobody hears what it says."""
    outside: bool = False
    """The fallback dialplan has it."""


@dataclass
class FakeSwitch:
    """The exchange. Tests drive the far ends; the core drives the rest by `send`."""

    legs: dict[str, FakeLeg] = field(default_factory=dict)
    bridges: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    """Bridges that were there: the name is not to be had again at once."""
    told: list[Event] = field(default_factory=list)
    sent: list[Command] = field(default_factory=list)
    recorded: set[str] = field(default_factory=set)
    """Messages whose recording is over."""
    dead_seats: set[str] = field(default_factory=set)
    heard: bool = True
    """Whether a controller is connected: otherwise a leg of ours whose far end answers is ended,
    unless it is a citizen's."""
    arrivals: int = 0
    run: int = 1
    """It has been started so often."""

    # -- what callers and softphones do --------------------------------------------------------

    def caller_arrives(self, dialled: str, trunk: str = "telecom", caller: str = "") -> str:
        self.arrivals += 1
        call = f"1511344265.{self.arrivals}"
        self.legs[call] = FakeLeg(call, trunk=trunk, dialled=dialled, guarded=True)
        headers = SipHeaders(from_=f"<sip:{caller}@line.invalid>" if caller else "")
        self.told.append(CallArrived(call, trunk, dialled, headers))
        return call

    def seat_dials(
        self, seat: str, code: str, *, pin_ok: bool = False, order: OrderReference | None = None
    ) -> str:
        self.arrivals += 1
        leg = f"1511344265.{self.arrivals}"
        self.legs[leg] = FakeLeg(leg)
        self.told.append(FeatureDialled(leg, seat, code, pin_ok, order))
        return leg

    def far_end_answers(self, leg: str) -> None:
        dial = self.legs[leg].dial
        if self.heard:
            self._is_answered(self.legs[leg])
        elif dial is not None and dial.role is Role.CITIZEN:
            self.legs[leg].waits = True
        else:
            self._drop(leg, Ending.NORMAL)

    def _is_answered(self, leg: FakeLeg) -> None:
        leg.answered, leg.waits = True, False
        self.told.append(LegAnswered(leg.name))

    def far_end_goes(self, leg: str, ending: Ending = Ending.NORMAL) -> None:
        self._drop(leg, ending)

    def prompt_ends(self, leg: str) -> None:
        playing = self.legs[leg].playing
        assert playing is not None
        self.legs[leg].playing = None
        self.told.append(PlaybackFinished(leg, playing))

    def message_ends(self, leg: str, spoken: float | None = None) -> None:
        """The caller pressed `#`, was silent, or spoke for too long."""
        recording = self.legs[leg].recording
        assert recording is not None
        self.legs[leg].recording = None
        self.recorded.add(recording)
        self.told.append(RecordingFinished(leg, recording, spoken))

    # -- what a restart of ours sees ------------------------------------------------------------

    def lose_events(self) -> None:
        """Nobody was connected: what was told is lost, but for the dialplan's own lines."""
        lines = CallEndedOutside | CallTakenOutside
        self.told = [event for event in self.told if isinstance(event, lines)]

    def dies(self) -> None:
        """It has ended with all its calls and is there anew: of these it writes no more lines."""
        self.run += 1
        self.legs.clear()
        self.bridges.clear()
        self.lose_events()

    def reconciled(self) -> SwitchReconciled:
        outside = tuple(leg.name for leg in self.legs.values() if leg.outside)
        ours = tuple(leg for leg in self.legs.values() if not leg.outside)
        found = SwitchReconciled(
            legs=tuple(leg.name for leg in ours),
            outside=outside,
            answered=tuple(
                leg.name for leg in ours if (leg.dial or leg.snoops_on) and leg.answered
            ),
            callers=tuple(leg.name for leg in ours if leg.trunk),
            bridges=tuple(sorted(self.bridges)),
            switch=str(self.run),
            up=tuple(leg.name for leg in ours if leg.trunk and leg.answered),
        )
        for leg in ours:
            if leg.waits:
                self._is_answered(leg)
        return found

    def dead_mans_switch(self, leg: str) -> None:
        """Nobody renewed the guard: the dialplan has the leg, and the app is told that it left."""
        assert self.legs[leg].guarded
        if self.legs[leg].dial is not None:  # a citizen who was called back: the leg is ours alone
            self._drop(leg, Ending.NORMAL)
        else:
            self._to_dialplan(leg)

    def comes_back(self, call: str, queued: float) -> None:
        """A caller in Asterisk's own queue, who was answered there, is brought back."""
        leg = self.legs[call]
        leg.outside = False
        leg.answered = True
        leg.guarded = True
        self.told.append(CallReturned(call, leg.trunk, leg.dialled, SipHeaders(), queued, queued))

    # -- what the core does ----------------------------------------------------------------------

    def send(self, commands: tuple[Command, ...]) -> None:
        for command in commands:
            self.sent.append(command)
            self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        match command:
            case Dial():
                self._dial(command)
            case Connect():
                self._connect(command)
            case Snoop():
                self._snoop(command)
            case Join():
                self._join(command)
            case Disconnect(bridge):
                self._disconnect(bridge)
            case Separate(_, leg) if leg in self.legs:
                self.legs[leg].bridge = None
            case Hangup(leg, ending):
                self._hang_up(leg, ending)
            case _ if command.leg not in self.legs:
                if not isinstance(command, _HARMLESS):
                    self.told.append(LegEnded(command.leg))
            case (
                Answer()
                | Ring()
                | Play()
                | RecordMessage()
                | StartMusic()
                | Detour()
                | ArriveAgain()
            ) if self.legs[command.leg].outside:
                reason = "409 channel not in Stasis"
                self.told.append(CommandFailed(command.leg, type(command).__name__, reason))
            case _ if type(command) in _FLAGS:
                flag, value = _FLAGS[type(command)]
                setattr(self.legs[command.leg], flag, value)
            case Answer(leg):
                self.legs[leg].answered = True
                self.legs[leg].ringing = False
            case Play(leg, playback, _):
                self.legs[leg].playing = playback
            case StopPlaying(leg, playback):
                if self.legs[leg].playing == playback:
                    self.prompt_ends(leg)
            case RecordMessage() | StopRecording():
                self._record_message(command)
            case ArriveAgain(leg):
                self._arrive_again(self.legs[leg])
            case Detour(leg) if self.legs[leg].dial is not None:
                self._drop(leg, Ending.NORMAL)  # nothing there knows it
            case Detour(leg):
                self._to_dialplan(leg)
            case Record(leg):
                self.legs[leg].recorded = True
            case RecordAside(leg, recording):
                self.legs[leg].aside = recording
            case StopRecordingAside(leg):
                self.legs[leg].aside = ""
            case _:
                self._talk_is_over(command)

    def _talk_is_over(self, command: Command) -> None:
        match command:
            case StopPlaying(leg, playback) if self.legs[leg].playing == playback:
                self.prompt_ends(leg)
            case TalkOver(leg):
                self.legs[leg].over = True
            case _:
                pass

    def _arrive_again(self, leg: FakeLeg) -> None:
        leg.guarded = True
        arrived = CallArrived(leg.name, leg.trunk, leg.dialled, SipHeaders())
        self.told += [CallLeft(leg.name), arrived]

    def _record_message(self, command: RecordMessage | StopRecording) -> None:
        leg = self.legs[command.leg]
        if isinstance(command, StopRecording):
            if leg.recording == command.recording:
                self.message_ends(leg.name)
        elif command.recording in self.recorded:
            self.told.append(RecordingFinished(leg.name, command.recording))
        else:
            leg.recording = command.recording

    def _dial(self, command: Dial) -> None:
        to = command.to
        no_contact = isinstance(to, SeatAddress) and to.seat in self.dead_seats
        orphan = not command.alone and command.call not in self.legs
        if no_contact or orphan or command.leg in self.legs:
            self.told.append(LegEnded(command.leg, Ending.UNREACHABLE))
        else:
            self.legs[command.leg] = FakeLeg(command.leg, command)

    def _snoop(self, command: Snoop) -> None:
        leg, of = command.leg, command.of
        if of not in self.legs:
            self.told.append(LegEnded(leg, Ending.UNREACHABLE))
            return
        self.legs[leg] = FakeLeg(leg, answered=True, snoops_on=of, whispers=command.whisper)
        self.told.append(LegAnswered(leg))

    def _join(self, command: Join) -> None:
        if command.make:
            self.bridges.add(command.bridge)
        there = command.leg in self.legs and self.legs[command.leg].answered
        if command.bridge in self.bridges and there:
            self.legs[command.leg].bridge = command.bridge
        else:
            failed = CommandFailed(command.leg, "Join", "404 not found")
            self.told.append(failed)

    def _hang_up(self, leg: str, ending: Ending) -> None:
        if leg not in self.legs:
            self.told.append(LegEnded(leg))
        elif self.legs[leg].trunk:  # for a caller the code is all that differs
            self._drop(leg, Ending.NORMAL)
        else:
            self._drop(leg, ending)

    def _to_dialplan(self, leg: str) -> None:
        if self.legs[leg].recording is not None:
            self.message_ends(leg)
        self.legs[leg].bridge = None
        self.legs[leg].playing = None
        self.legs[leg].music = False
        self.legs[leg].ringing = False
        self.legs[leg].guarded = False
        self.legs[leg].outside = True
        self.told.append(CallLeft(leg))
        self.told.append(self._entered(self.legs[leg]))
        if self.legs[leg].over:  # the dialplan hangs up; of that only its own line tells
            gone = self.legs.pop(leg)
            gone.outside = False
            self.told.append(self._record(gone))

    def _connect(self, command: Connect) -> None:
        if command.new and command.bridge in self.removed:
            self.told.append(CommandFailed(command.call, "Connect", "404 bridge not found"))
            return
        self.bridges.add(command.bridge)
        for leg in command.legs:
            if leg not in self.legs or self.legs[leg].outside:
                self.told.append(CommandFailed(command.call, "Connect", "400 channel not found"))
                return
            self.legs[leg].bridge = command.bridge

    def _disconnect(self, bridge: str) -> None:
        if bridge in self.bridges:
            self.bridges.discard(bridge)
            self.removed.add(bridge)
        for leg in self.legs.values():
            leg.bridge = None if leg.bridge == bridge else leg.bridge

    def _drop(self, leg: str, ending: Ending) -> None:
        if self.legs[leg].recording is not None:
            self.message_ends(leg)
        gone = self.legs.pop(leg)
        self.told.append(LegEnded(leg, ending))
        if gone.trunk:
            self.told.append(self._record(gone))
        for each in [each.name for each in self.legs.values() if each.snoops_on == leg]:
            self._drop(each, Ending.NORMAL)

    # -- the dialplan's own lines ----------------------------------------------------------------

    def _entered(self, leg: FakeLeg) -> CallTakenOutside:
        return CallTakenOutside(leg.name, leg.trunk, leg.dialled, SipHeaders(), 0.0)

    def _record(self, gone: FakeLeg) -> CallEndedOutside:
        return CallEndedOutside(
            call=gone.name,
            trunk=gone.trunk,
            dialled=gone.dialled,
            caller="",
            emergency=False,
            began=0.0,
            answered=None,
            ended=0.0,
            ending=Ending.NORMAL,
            handled=Handled.QUEUE if gone.outside else Handled.NOT,
        )
