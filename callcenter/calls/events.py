"""Facts and requests: everything that can happen to the centre, as frozen values.

The edges (Asterisk, web, clock) make events; `centre.step` consumes them; the journal keeps them.
Times are not in the events: `now` comes beside each, in seconds since 1970 UTC. A leg is named by
the core (see commands.py), except a caller's, whose name is the call's id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class SipHeaders:
    """Raw header lines of an INVITE, in order of appearance; numberplan/callers.py reads them."""

    from_: str = ""
    asserted_identity: tuple[str, ...] = ()
    privacy: tuple[str, ...] = ()
    diversion: tuple[str, ...] = ()
    history_info: tuple[str, ...] = ()


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
    """The far phone rings."""

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


@dataclass(frozen=True, slots=True)
class SwitchReconciled:
    """After (re)connecting: the legs that Asterisk has now. All others of ours are gone."""

    legs: tuple[str, ...]
    arriving: tuple[str, ...] = ()
    """Of these, the ones whose arrival was told since and follows."""


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


# -- requests of people ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignIn:
    """The operator takes a seat."""

    operator: str
    seat: str


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


# -- time and plan ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeadlineReached:
    """The clock passed the earliest deadline: everything due by now is handled."""


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """From here on `step` gets the plan with this hash."""

    plan: str


@dataclass(frozen=True, slots=True)
class OrderNumbersTaken:
    """The order store knows numbers up to `sequence` of `day`: never give them again."""

    day: str
    sequence: int


Event = (
    CallArrived
    | LegRinging
    | LegAnswered
    | LegEnded
    | PlaybackFinished
    | DigitPressed
    | CommandFailed
    | SeatReachable
    | FeatureDialled
    | SwitchReconciled
    | CallEndedOutside
    | SignIn
    | SignOut
    | BecomeReady
    | BecomeNotReady
    | HangUp
    | DeadlineReached
    | PlanChanged
    | OrderNumbersTaken
)
