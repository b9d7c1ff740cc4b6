"""Intentions: what the core wants the switch to do. asterisk/switch.py carries them out.

Leg, bridge and playback names are made by the core from the call's id and a sequence, and used as
Asterisk's ids, so a repeated command is recognised. A command that fails comes back as
`CommandFailed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from callcenter.calls.events import Ending


class Role(StrEnum):
    """What a leg is to its call."""

    CALLER = "caller"
    OPERATOR = "operator"
    PARTNER = "partner"
    FEATURE = "feature"
    SUPERVISOR = "supervisor"
    CITIZEN = "citizen"
    """The caller of before, whom we call back: the leg has the caller's name again."""


@dataclass(frozen=True, slots=True)
class SeatAddress:
    """A seat's softphone."""

    seat: str


@dataclass(frozen=True, slots=True)
class OutsideAddress:
    """A number on a trunk."""

    trunk: str
    digits: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer an incoming leg."""

    leg: str


@dataclass(frozen=True, slots=True)
class Ring:
    """Let a leg hear ringing: an unanswered one by a 180, an answered one by the tone."""

    leg: str


@dataclass(frozen=True, slots=True)
class StopRinging:
    """End the tone."""

    leg: str


@dataclass(frozen=True, slots=True)
class Guard:
    """Arm the dead man's switch: if we do not renew it, the leg goes to the fallback dialplan."""

    leg: str
    in_talk: bool = False
    """An operator has this caller, and comes back: it waits longer before it cuts them off."""


@dataclass(frozen=True, slots=True)
class Unguard:
    """Disarm it: the leg is about to talk."""

    leg: str


@dataclass(frozen=True, slots=True)
class ArriveAgain:
    """Have a caller's arrival told once more: the news was lost."""

    leg: str


@dataclass(frozen=True, slots=True)
class Detour:
    """Hand a caller to the fallback dialplan at once."""

    leg: str


@dataclass(frozen=True, slots=True)
class Play:
    """Speak these prompts, one after the other, to one leg."""

    leg: str
    playback: str
    prompts: tuple[str, ...]
    tone: bool = False
    """Then the tone after which a caller speaks."""


@dataclass(frozen=True, slots=True)
class RecordMessage:
    """What the leg says goes into a file; `#` ends it.

    Ends in RecordingFinished or RecordingFailed. Repeated while it is recorded it changes nothing;
    repeated after its end, that is told again.
    """

    leg: str
    recording: str
    """The file's name."""
    seconds: float
    """The longest."""
    silence: float
    """So many seconds of silence end it."""


@dataclass(frozen=True, slots=True)
class StopRecording:
    """End it; the file is kept."""

    leg: str
    recording: str


@dataclass(frozen=True, slots=True)
class StopPlaying:
    """Cut a playback short, if it is not over."""

    leg: str
    playback: str


@dataclass(frozen=True, slots=True)
class TalkOver:
    """Note at the leg that its talk is over: the fallback dialplan then ends it."""

    leg: str


@dataclass(frozen=True, slots=True)
class StartMusic:
    """Let one leg hear music until told otherwise."""

    leg: str
    music: str


@dataclass(frozen=True, slots=True)
class StopMusic:
    """End the music."""

    leg: str


@dataclass(frozen=True, slots=True)
class Mute:
    """Let nobody hear what this leg says; its keys still come to us."""

    leg: str


@dataclass(frozen=True, slots=True)
class Unmute:
    """Let it be heard again."""

    leg: str


@dataclass(frozen=True, slots=True)
class MuteRecording:
    """Write silence into the recording of this caller."""

    leg: str


@dataclass(frozen=True, slots=True)
class UnmuteRecording:
    """Record again what is said."""

    leg: str


@dataclass(frozen=True, slots=True)
class RecordAside:
    """Record what this leg says and hears to a file of its own, until it ends or is told to.

    Repeated it changes nothing.
    """

    leg: str
    recording: str
    """The file's name without its ending; begins with the call's id."""


@dataclass(frozen=True, slots=True)
class StopRecordingAside:
    """That file is whole."""

    leg: str


@dataclass(frozen=True, slots=True)
class Dial:
    """Make a leg and ring it; ends in LegAnswered or LegEnded."""

    call: str
    leg: str
    role: Role
    to: SeatAddress | OutsideAddress
    seconds: float
    caller_number: str
    """Shown to the called party: E.164, or empty for a withheld one."""
    caller_name: str = ""
    diversion: str = ""
    """The number first dialled, put into a Diversion header (RFC 5806)."""
    header: tuple[str, str] | None = None
    """Name and value of one more header: tells a partner the order's number."""
    alone: bool = False
    """The call has no caller's leg now that it could be made for."""


@dataclass(frozen=True, slots=True)
class Record:
    """Record what is said at a citizen's leg that we dialled, into the file of its call; the
    dialplan has callers recorded by itself."""

    leg: str


@dataclass(frozen=True, slots=True)
class Connect:
    """Put these legs into one mixing bridge; made if it is not there."""

    call: str
    bridge: str
    legs: tuple[str, ...]
    own_digits: tuple[str, ...] = ()
    """Of these legs, the ones whose keys come to us and are not heard by the others."""
    mixed: bool = False
    """Mix two as three are: the talk is with another far end than the first one. Else the recording
    might lack that voice (asterisk/switch.py)."""
    new: bool = False
    """The bridge is not there yet, so nobody need be asked who is in it."""


@dataclass(frozen=True, slots=True)
class Snoop:
    """Make a leg that hears all that is said and heard at another; told as LegAnswered once it is
    there. It ends with the other one."""

    leg: str
    of: str
    whisper: bool
    """What is said to the snooping leg is heard at the other's telephone, and nowhere else."""


@dataclass(frozen=True, slots=True)
class Join:
    """Put one leg into a bridge, unless it is there already; its keys are heard by nobody.

    If that fails nobody but this leg is concerned.
    """

    leg: str
    bridge: str
    make: bool
    """Make the bridge if it is not there."""


@dataclass(frozen=True, slots=True)
class Separate:
    """Take one leg out of a bridge; the others go on talking."""

    bridge: str
    leg: str


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Remove the bridge; its legs stay up."""

    bridge: str


@dataclass(frozen=True, slots=True)
class SendDigits:
    """Press these keys towards one leg (RFC 4733)."""

    leg: str
    digits: str
    pause: float = 0.0
    """Seconds before the first."""


@dataclass(frozen=True, slots=True)
class Hangup:
    """End a leg; an unanswered one is refused with the SIP code for `ending`."""

    leg: str
    ending: Ending = Ending.NORMAL


Command = (
    Answer
    | Ring
    | StopRinging
    | Guard
    | Unguard
    | ArriveAgain
    | Detour
    | Play
    | StopPlaying
    | TalkOver
    | RecordMessage
    | StopRecording
    | StartMusic
    | StopMusic
    | Mute
    | Unmute
    | MuteRecording
    | UnmuteRecording
    | RecordAside
    | StopRecordingAside
    | Dial
    | Record
    | Connect
    | Snoop
    | Join
    | Separate
    | Disconnect
    | SendDigits
    | Hangup
)
