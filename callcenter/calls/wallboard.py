"""The wallboard's figures: sums over the same calls and operators that `step` works on (R60).

`offered` counts the calls that arrived today (Asia/Shanghai); each ends in exactly one outcome, so
`offered` is always `in_progress` plus all outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from callcenter.calls.events import SupervisionMode


class OperatorStatus(StrEnum):
    """What an operator is doing. A signed-out operator is offline."""

    OFFLINE = "offline"
    READY = "ready"
    RINGING = "ringing"
    CALLING = "calling"
    """Calls somebody on an order's behalf, who has not answered yet."""
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True)
class SupervisionLine:
    """Who takes part in an operator's talk: for team leaders alone."""

    by: str
    mode: SupervisionMode
    seat: str
    since: float | None
    """When the team leader answered; None while they are rung."""


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A caller who waits."""

    call: str
    number: str
    """The order's."""
    queue: str
    dialled: str
    since: float
    priority: int = 0
    """Higher is served first."""


@dataclass(frozen=True, slots=True)
class PartyLine:
    """Somebody whom an operator brought into a talk."""

    number: str
    """An operator's, a partner's in the plan, or the one dialled."""
    ringing: bool
    private: bool
    """The caller does not hear them."""


@dataclass(frozen=True, slots=True)
class FailedLine:
    """A way on which somebody from outside was dialled in vain."""

    number: str
    """A partner's in the plan, or the one dialled."""
    trunk: str
    why: str
    """As on the order: `busy`, `no_answer`, `declined`, `unreachable`, `congestion`, …"""


@dataclass(frozen=True, slots=True)
class TalkLine:
    """How an operator's talk is at the moment."""

    leads: bool
    """False: a colleague has brought this operator in, and only that one can change anything."""
    on_hold: bool
    """The operator is not with the caller."""
    muted: bool
    recording_paused: bool
    parties: tuple[PartyLine, ...]
    """In the order in which they came."""
    failed: tuple[FailedLine, ...] = ()
    """Ways that failed in this talk, in the order in which they were tried."""


@dataclass(frozen=True, slots=True)
class OperatorLine:
    """One operator on the wallboard. `since` in seconds since 1970 UTC."""

    number: str
    name: str
    seat: str | None
    state: OperatorStatus
    since: float
    reason: str | None
    """The Chinese title of the not-ready reason."""
    call: str | None
    seat_title: str | None = None
    """What staff call the seat."""
    supervision: SupervisionLine | None = None
    order: str | None = None
    """The number of that call's order."""
    reference: str | None = None
    """The partner's, who sent us its caller."""
    talk: TalkLine | None = None
    """None: the operator does not talk."""


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One queue on the wallboard. `longest_wait_since` in seconds since 1970 UTC."""

    name: str
    title: str
    waiting: int
    longest_wait_since: float | None
    ready: int
    """Operators who are ready and serve it."""
    signed_in: int
    """Operators who are signed in and serve it."""


@dataclass(frozen=True, slots=True)
class Wallboard:
    """The figures of today and of this moment. Times in seconds since 1970 UTC."""

    at: float
    waiting: int
    longest_wait_since: float | None
    offered: int
    in_progress: int
    answered: int
    answered_in_15s: int
    """Of the answered, those whose wait in the queue was at most 15 s (GB/T 33358)."""
    abandoned: int
    timed_out: int
    forwarded: int
    forward_failed: int
    announced: int
    voice_mail: int
    rejected: int
    emergency: int
    interrupted: int
    operators: tuple[OperatorLine, ...]
    queue: tuple[WaitingLine, ...] = ()
    """Who waits, longest first."""
    callback: int = 0
    """Ended with the wish to be called back."""
    callbacks_open: int = 0
    """Citizens who are to be called back and were not reached yet."""
    queues: tuple[QueueLine, ...] = ()
