"""A call's work order as the call path knows it: the value that goes from the journal to the store.

The core makes a new `OrderRecord` whenever something about the call changes; the store keeps the
latest by `call` (idempotent: an older `version` never overwrites a newer one). What the operator
types is kept apart (`OrderEntry`), so neither overwrites the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from callcenter.values import wide


class Channel(StrEnum):
    """How a request came in (R10-R12; inconsistency I33)."""

    PHONE = "phone"
    WEB = "web"
    SMS = "sms"
    FAX = "fax"
    WEIBO = "weibo"
    WECHAT = "wechat"
    ZHENGQITONG = "zhengqitong"
    UPSTREAM = "upstream"


class Outcome(StrEnum):
    """How an offered call ended: exactly one each."""

    ANSWERED = "answered"
    """An operator and the caller talked."""
    ABANDONED = "abandoned"
    """The caller hung up before an operator answered."""
    TIMED_OUT = "timed_out"
    """Waited longer than the queue allows."""
    FORWARDED = "forwarded"
    """Talked with the number's own line."""
    FORWARD_FAILED = "forward_failed"
    ANNOUNCED = "announced"
    """Heard the announcement, which is all the plan gives."""
    VOICE_MAIL = "voice_mail"
    """Left a message, which somebody has to answer."""
    REJECTED = "rejected"
    EMERGENCY = "emergency"
    """Handed to an emergency number by the dialplan."""
    CALLBACK = "callback"
    """The caller chose to be called back instead of waiting; the order says what came of it."""
    INTERRUPTED = "interrupted"
    """Ended by a fault of ours: controller, switch or trunk."""


class Barred(StrEnum):
    """Why a caller was not served as others are."""

    BLOCKED = "blocked"
    """On the blocklist."""
    LIMITED = "limited"
    """Too many calls in a short time."""


class LegRole(StrEnum):
    """Who was at the end of a leg."""

    CALLER = "caller"
    OPERATOR = "operator"
    PARTNER = "partner"
    SUPERVISOR = "supervisor"
    """A team leader who talked with the caller."""


@dataclass(frozen=True)
class LegRecord:
    """One leg of a call. Times in seconds since 1970 UTC."""

    leg: str
    role: LegRole
    party: str
    """Operator's number, or the number dialled; the caller's own for a caller."""
    place: str
    """Seat or trunk."""
    began: float
    answered: float | None = None
    ended: float | None = None
    outcome: str | None = None
    """An `Ending`, once it ended."""
    hotline: str = ""
    """A partner's public number in the plan: 12319, 12366-2."""
    unit: str = ""
    """The handling unit behind it, against which the outcome counts (R25)."""


@dataclass(frozen=True)
class SurveyAnswer:
    """What the caller answered to one question of a survey."""

    question: str
    """Its name in the plan."""
    title: str
    """What was asked, as the plan said then."""
    key: str
    """Empty for a comment, which was spoken."""
    meaning: str
    at: float
    """Seconds since 1970 UTC."""
    recording: str = ""
    """The comment's recording."""


@dataclass(frozen=True)
class Gap:
    """The recording was paused. Times in seconds since 1970 UTC."""

    began: float
    ended: float | None = None
    """None while it is."""


@wide
@dataclass(frozen=True)
class OrderRecord:
    """Everything the switch and the core know about one call's order."""

    call: str
    number: str
    """`320481-20171122-0252`: area, day in Asia/Shanghai, sequence."""
    version: int
    channel: Channel
    opened: float
    caller: str | None
    """E.164; None when withheld or unreadable."""
    caller_raw: str
    caller_withheld: bool
    trunk: str
    dialled: str
    """As it came on the trunk."""
    first_dialled: str | None
    """The number the citizen dialled, as far as known."""
    hotline: str | None
    """The plan's number that the route was decided on."""
    hotline_service: str | None
    owner: str | None
    """The handling unit that owns the hotline."""
    queue: str | None = None
    operator: str | None = None
    """Number of the operator who talked (the last one, if several)."""
    queued: float | None = None
    answered: float | None = None
    """When an operator or the own line first answered."""
    ended: float | None = None
    outcome: Outcome | None = None
    """None while the call lives."""
    ended_by: str | None = None
    """`caller`, `operator`, `partner`, `supervisor`, `system`, or `silent`: nothing was heard of
    the caller."""
    legs: tuple[LegRecord, ...] = ()
    wait_ms: int | None = None
    """Milliseconds from the queue's beginning to the first answer or the caller's leaving it; None
    before that, and for a call that was in no queue."""
    waited_again_ms: int = 0
    """All later waits: a talk broke off, a partner could not be had."""
    answer_within: float | None = None
    """The queue's limit for an answer, in seconds, as it was when the wait ended."""
    answers: tuple[SurveyAnswer, ...] = ()
    barred: Barred | None = None
    nuisance: str | None = None
    """Number of the operator who marked the call as a nuisance."""
    voice_box: str | None = None
    """The voice box that the caller was led to."""
    voice_message: float | None = None
    """When the caller left a message there."""
    answer_by: float | None = None
    """By when somebody has to answer it."""
    gaps: tuple[Gap, ...] = ()
    """What was not recorded, as the operator asked."""
    reference: str | None = None
    """The partner's, who sent us the caller."""
