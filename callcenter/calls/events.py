"""Facts and requests: everything that can happen to the centre, as frozen values.

The edges (Asterisk, web, clock) make events; `centre.step` consumes them; the journal keeps them.
Times are not in the events: `now` comes beside each, in seconds since 1970 UTC. A leg is named by
the core (see commands.py), except a caller's, whose name is the call's id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from callcenter.numberplan.model import Treatment
from callcenter.orders.outbound import Called, OrderReference


class Ending(StrEnum):
    """Why a leg ended, in the core's words; asterisk/causes.py maps Asterisk's causes to them."""

    NORMAL = "normal"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    UNALLOCATED = "unallocated"
    CONGESTION = "congestion"
    LOST = "lost"
    """No media, or the connection broke: nobody hung up."""


class Handled(StrEnum):
    """What the fallback dialplan did with a call, as its record says."""

    NOT = ""
    """Nothing: the controller had the call, or it ended before."""
    QUEUE = "queue"
    FORWARD = "forward"
    ANNOUNCE = "announce"
    REJECT = "reject"
    VOICE_MAIL = "voice_mail"
    """A message was recorded."""


class SupervisionMode(StrEnum):
    """How a team leader takes part in an operator's talk."""

    LISTEN = "listen"
    """Hears all; nobody hears the team leader."""
    WHISPER = "whisper"
    """Hears all; the operator alone hears the team leader."""
    BARGE = "barge"
    """All hear all."""
    TAKE_OVER = "take_over"
    """Goes on in the operator's place, who is free."""


class ReleasedTo(StrEnum):
    """Where a caller goes whose operator is released."""

    QUEUE = "queue"
    """To the head of the queue; with a partner there, the two go on."""
    END = "end"
    """The call is over."""


@dataclass(frozen=True, slots=True)
class SipHeaders:
    """Raw header lines of an INVITE, in order of appearance; numberplan/callers.py reads them."""

    from_: str = ""
    asserted_identity: tuple[str, ...] = ()
    privacy: tuple[str, ...] = ()
    diversion: tuple[str, ...] = ()
    history_info: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()
    """Of the header that the trunk's file names; numberplan/references.py reads it."""


# -- facts from the switch -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallArrived:
    """An INVITE was accepted from a trunk of the plan."""

    call: str
    trunk: str
    dialled: str
    """The called number as it came (R-URI user)."""
    headers: SipHeaders = field(default_factory=SipHeaders)


@dataclass(frozen=True, slots=True)
class LegRinging:
    """The far phone rings. Nothing waits for it, so nobody tells it any more: old journals do."""

    leg: str


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """The far end answered."""

    leg: str


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The leg is gone, for whatever reason: hung up, refused, timed out, killed."""

    leg: str
    ending: Ending = Ending.NORMAL


@dataclass(frozen=True, slots=True)
class PlaybackFinished:
    """A prompt is over, whole or cut short."""

    leg: str
    playback: str


@dataclass(frozen=True, slots=True)
class RecordingFinished:
    """What a leg said is in its file: `#`, silence, the longest time, or it hung up."""

    leg: str
    recording: str
    spoken: float | None = None
    """For how many seconds there was no silence; None: not known."""


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """Nothing could be recorded."""

    leg: str
    recording: str
    reason: str


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """A key came from the far end (RFC 4733)."""

    leg: str
    digit: str


@dataclass(frozen=True, slots=True)
class CommandFailed:
    """Asterisk refused or could not carry out a command on `leg`."""

    leg: str
    command: str
    """The command's class name."""
    reason: str


@dataclass(frozen=True, slots=True)
class SeatReachable:
    """A seat's softphone registered (or went away)."""

    seat: str
    reachable: bool


@dataclass(frozen=True, slots=True)
class FeatureDialled:
    """A seat dialled a feature code. Its PIN was checked at the edge: none reaches the journal."""

    leg: str
    seat: str
    code: str
    pin_ok: bool = False
    order: OrderReference | None = None
    """The order that the code names; looked up at the edge too."""


@dataclass(frozen=True, slots=True)
class SwitchReconciled:
    """After (re)connecting: the legs that Asterisk has now. All others of ours are gone."""

    legs: tuple[str, ...]
    arriving: tuple[str, ...] = ()
    """Of these, the ones whose arrival was told since and follows."""
    outside: tuple[str, ...] = ()
    """Callers' legs that the fallback dialplan has."""
    answered: tuple[str, ...] = ()
    """Of the legs that we dialled, the ones whose far end has answered."""
    callers: tuple[str, ...] = ()
    """Of the legs, the callers'."""
    bridges: tuple[str, ...] = ()
    """The bridges that Asterisk has of ours."""
    switch: str = ""
    """Which run of Asterisk tells it; empty where that is not known."""
    up: tuple[str, ...] = ()
    """Of the callers' legs, those that have been answered."""


@dataclass(frozen=True, slots=True)
class CallEndedOutside:
    """Asterisk's own record of a call that the dialplan handled or the controller missed."""

    call: str
    trunk: str
    dialled: str
    caller: str
    emergency: bool
    began: float
    answered: float | None
    ended: float
    ending: Ending
    target: str = ""
    """`trunk` that carried the emergency call."""
    handled: Handled = Handled.NOT
    """What the fallback dialplan did with it, if it had the call."""
    seat: str = ""
    """Who answered it there from Asterisk's own queue."""


@dataclass(frozen=True, slots=True)
class CallTakenOutside:
    """The fallback dialplan took a call that never reached the controller."""

    call: str
    trunk: str
    dialled: str
    headers: SipHeaders
    began: float


@dataclass(frozen=True, slots=True)
class CallReturned:
    """A caller who waited in Asterisk's own queue is with the controller again."""

    call: str
    trunk: str
    dialled: str
    headers: SipHeaders
    began: float
    queued: float
    """Start of the wait there."""


@dataclass(frozen=True, slots=True)
class CallLeft:
    """The caller is no longer ours, but did not hang up: the dead man's switch took the leg to the
    fallback dialplan."""

    leg: str


@dataclass(frozen=True, slots=True)
class CallDetoured:
    """The core could not handle something about this call: the fallback dialplan shall have it."""

    call: str
    reason: str


@dataclass(frozen=True, slots=True)
class CallGivenUp:
    """Not even the detour could be handled: the call is forgotten, the dialplan has its caller."""

    call: str


@dataclass(frozen=True, slots=True)
class SeatEngaged:
    """A seat's softphone is in a call of Asterisk's own queue (or no longer is)."""

    seat: str
    engaged: bool


# -- requests of people ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignIn:
    """The operator takes a seat."""

    operator: str
    seat: str


@dataclass(frozen=True, slots=True)
class TakeSeat:
    """The operator comes to a seat in mid-shift, from another or in the place of another."""

    operator: str
    seat: str


@dataclass(frozen=True, slots=True)
class ExtendWrapUp:
    """The operator needs more time for the order."""

    operator: str


@dataclass(frozen=True, slots=True)
class SignOut:
    """The operator leaves the seat."""

    operator: str


@dataclass(frozen=True, slots=True)
class BecomeReady:
    """The operator takes calls."""

    operator: str


@dataclass(frozen=True, slots=True)
class BecomeNotReady:
    """The operator takes no calls, for a reason."""

    operator: str
    reason: str
    """A reason's name in the plan."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The operator ends the talk by API."""

    operator: str


@dataclass(frozen=True, slots=True)
class Forward:
    """The operator hands the caller to a partner and leaves (blind transfer)."""

    operator: str
    number: str
    """Of the plan, in any spelling: `12319`, `12366-2`."""


@dataclass(frozen=True, slots=True)
class AddPartner:
    """The operator has a partner dialled for a three-way call; the caller waits with music."""

    operator: str
    number: str


@dataclass(frozen=True, slots=True)
class CallEmergency:
    """One-key transfer: an emergency number joins caller and operator, who go on talking."""

    operator: str
    number: str = "110"


@dataclass(frozen=True, slots=True)
class LeaveCall:
    """The operator leaves caller and partner talking."""

    operator: str


@dataclass(frozen=True, slots=True)
class DropPartner:
    """The operator ends the part of whoever came last, or of that number; or stops it ringing."""

    operator: str
    number: str = ""
    """As the operator's view of the talk has it."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The operator lets the caller wait with music."""

    operator: str


@dataclass(frozen=True, slots=True)
class Resume:
    """The operator goes back to the caller."""

    operator: str


@dataclass(frozen=True, slots=True)
class MuteOperator:
    """Nobody shall hear the operator."""

    operator: str


@dataclass(frozen=True, slots=True)
class UnmuteOperator:
    """The operator shall be heard again."""

    operator: str


@dataclass(frozen=True, slots=True)
class PressKeys:
    """The operator has keys sent to the far end."""

    operator: str
    keys: str


@dataclass(frozen=True, slots=True)
class PauseRecording:
    """What follows is not to be recorded."""

    operator: str


@dataclass(frozen=True, slots=True)
class ResumeRecording:
    """Everything is recorded again."""

    operator: str


@dataclass(frozen=True, slots=True)
class Consult:
    """The operator wants to talk to somebody alone; the caller waits with music."""

    operator: str
    number: str


@dataclass(frozen=True, slots=True)
class Alternate:
    """The operator goes from the consultation to the caller, or back."""

    operator: str


@dataclass(frozen=True, slots=True)
class Join:
    """Whom the operator consulted comes to the caller too."""

    operator: str


@dataclass(frozen=True, slots=True)
class PickFirstDialled:
    """The operator says which number the citizen dialled first."""

    operator: str
    number: str


@dataclass(frozen=True, slots=True)
class CallMissed:
    """The operator calls back a citizen whose call was missed."""

    operator: str
    number: str
    """E.164, as the callback list has it."""


@dataclass(frozen=True, slots=True)
class CallForOrder:
    """The operator calls somebody on an order's behalf."""

    operator: str
    order: OrderReference
    called: Called = Called.CITIZEN
    number: str = ""
    """Whom, where `called` does not say it."""


@dataclass(frozen=True, slots=True)
class CloseMissed:
    """A missed call needs no call back any more."""

    number: str
    by: str
    """Who says so."""
    result: str


@dataclass(frozen=True, slots=True)
class MarkNuisance:
    """The operator's present caller is a nuisance."""

    operator: str


@dataclass(frozen=True, slots=True)
class ReleaseSilent:
    """The operator hears nothing of the caller, who is told and then released."""

    operator: str


@dataclass(frozen=True, slots=True)
class KeepCaller:
    """The caller was heard after all."""

    operator: str


@dataclass(frozen=True, slots=True)
class BlockCaller:
    """A supervisor keeps a number out for a while."""

    number: str
    """In any spelling; a prefix ends in `*`."""
    until: float
    """Seconds since 1970 UTC."""
    reason: str
    treatment: Treatment
    by: str
    """Who asks: an operator's number, or role and token."""


@dataclass(frozen=True, slots=True)
class UnblockCaller:
    """A supervisor lets a number in again."""

    number: str
    by: str


@dataclass(frozen=True, slots=True)
class ChangePriority:
    """A waiting caller's turn shall come sooner or later."""

    call: str
    priority: int
    """Higher first; most callers have 0 (state.py's `LOWEST_PRIORITY`, `HIGHEST_PRIORITY`)."""


@dataclass(frozen=True, slots=True)
class MoveWaiting:
    """A waiting caller shall wait in another queue, in the place that the wait so far gives."""

    call: str
    queue: str


# -- team leaders ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Supervise:
    """Take part in an operator's talk; or in another way than before."""

    operator: str
    mode: SupervisionMode
    seat: str = ""
    """Whose softphone rings; empty: where the team leader is signed in."""


@dataclass(frozen=True, slots=True)
class EndSupervision:
    """Take part no longer."""

    operator: str


@dataclass(frozen=True, slots=True)
class Release:
    """End the operator's part in the talk."""

    operator: str
    caller: ReleasedTo = ReleasedTo.QUEUE


@dataclass(frozen=True, slots=True)
class ForceSignOut:
    """Sign an operator out: at once, or once the call is over."""

    operator: str


@dataclass(frozen=True, slots=True)
class PullWaiting:
    """Offer a waiting call to this operator, before its turn."""

    call: str
    operator: str


@dataclass(frozen=True, slots=True)
class Author:
    """Who acts."""

    name: str
    """An operator's number, or role and token."""
    leads: bool
    """Whether it is a team leader or an administrator."""
    operator: str = ""
    """The operator that they are, if any."""
    address: str = ""
    """Where the request came from."""


# -- time and plan ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeadlineReached:
    """The clock passed the earliest deadline: everything due by now is handled."""


@dataclass(frozen=True, slots=True)
class ClockCompared:
    """How far the machine's clock, by which people live, is ahead of the centre's time."""

    at: float
    """The centre's time, when the other two were read."""
    boot: str
    """Names the count of `steady`: it is the same until the machine is started again."""
    steady: float
    """Seconds since the machine started."""
    ahead: float
    """Seconds; not 0 since the machine's clock was set, until the centre's time has followed."""


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """From here on `step` gets the plan with this hash."""

    plan: str


@dataclass(frozen=True, slots=True)
class OrderNumbersTaken:
    """The order store knows numbers up to `sequence` of `day`: never give them again."""

    day: str
    sequence: int


@dataclass(frozen=True, slots=True)
class PersonsForgotten:
    """What the centre still knows of people from before a moment is to be forgotten.

    The journal forgets it too, so the blocklist of this moment stands here once more.
    """

    before: float
    """Seconds since 1970 UTC."""
    blocks: tuple[BlockCaller, ...]


Request = (
    SignIn
    | TakeSeat
    | ExtendWrapUp
    | SignOut
    | BecomeReady
    | BecomeNotReady
    | HangUp
    | Forward
    | AddPartner
    | CallEmergency
    | LeaveCall
    | DropPartner
    | Hold
    | Resume
    | MuteOperator
    | UnmuteOperator
    | PressKeys
    | PauseRecording
    | ResumeRecording
    | Consult
    | Alternate
    | Join
    | PickFirstDialled
    | CallMissed
    | CallForOrder
    | CloseMissed
    | MarkNuisance
    | ReleaseSilent
    | KeepCaller
    | BlockCaller
    | UnblockCaller
    | ChangePriority
    | MoveWaiting
)
"""What a person asks for, and may be refused."""

Led = Supervise | EndSupervision | Release | ForceSignOut | PullWaiting
"""What only team leaders may ask for."""


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody asks for something that is not their own affair alone: it is audited."""

    by: Author
    request: Request | Led


Event = (
    CallArrived
    | LegRinging
    | LegAnswered
    | LegEnded
    | PlaybackFinished
    | RecordingFinished
    | RecordingFailed
    | DigitPressed
    | CommandFailed
    | SeatReachable
    | FeatureDialled
    | SwitchReconciled
    | CallEndedOutside
    | CallTakenOutside
    | CallReturned
    | CallLeft
    | CallDetoured
    | CallGivenUp
    | SeatEngaged
    | Request
    | Act
    | DeadlineReached
    | ClockCompared
    | PlanChanged
    | OrderNumbersTaken
    | PersonsForgotten
)
