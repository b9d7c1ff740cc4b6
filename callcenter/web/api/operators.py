"""Operators, seats and the wallboard's figures: what is, and what operators may do about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from callcenter.calls.events import (
    Act,
    AddPartner,
    Alternate,
    Author,
    BecomeNotReady,
    BecomeReady,
    CallEmergency,
    Consult,
    DropPartner,
    ExtendWrapUp,
    Forward,
    HangUp,
    Hold,
    Join,
    KeepCaller,
    LeaveCall,
    MarkNuisance,
    MuteOperator,
    PauseRecording,
    PickFirstDialled,
    PressKeys,
    ReleaseSilent,
    Request,
    Resume,
    ResumeRecording,
    SignIn,
    SignOut,
    SupervisionMode,
    TakeSeat,
    UnmuteOperator,
)
from callcenter.calls.refusal import Refusal
from callcenter.calls.wallboard import OperatorLine, OperatorStatus, QueueLine
from callcenter.orders.numbers import shown
from callcenter.orders.times import local
from callcenter.staff.roles import Principal
from callcenter.web.api.endpoint import Answer, Ask, Body, Endpoint, Nothing, Query
from callcenter.web.api.errors import ProblemError, refuse
from callcenter.web.states import STATE_TITLES

_STATUSES: dict[str, tuple[int, str | None]] = {
    "unknown_operator": (404, None),
    "unknown_seat": (422, "seat"),
    "unknown_reason": (422, "reason"),
    "unknown_number": (422, "number"),
    "not_allowed": (403, "number"),
    "yourself": (422, "number"),
    "not_in_talk": (422, "number"),
    "not_a_partner": (422, "number"),
    "emergency_number": (422, "number"),
    "not_yours": (403, None),
    "no_seat": (422, "seat"),
    "unknown_queue": (422, "queue"),
    "priority_out_of_range": (422, "priority"),
    "not_a_number": (422, "number"),
    "number_of_plan": (422, "number"),
    "over_already": (422, "hours"),
    "not_blocked": (404, "number"),
    "not_a_team_leader": (403, None),
    "internal_error": (500, None),
}
"""HTTP status and field of a refusal; any other is a conflict with what is going on."""


class AtSeat(BaseModel):
    """Where to sign in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seat: str = Field(max_length=64, description="A free seat's name.")


class ForReason(BaseModel):
    """Why not ready."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str = Field(max_length=64, description="A reason's name in the plan.")


class WithNumber(BaseModel):
    """Which number is meant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str = Field(
        min_length=1,
        max_length=32,
        description="A number of the plan in any spelling: 12319, 12366-2.",
    )


class Whom(BaseModel):
    """Who of the others in the talk is meant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str = Field(
        default="", max_length=32, description="As `talk.parties` has it; empty: who came last."
    )


class Keys(BaseModel):
    """What is pressed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: str = Field(
        pattern=r"^[0-9*#]{1,32}$", description="Digits, * and #, in the order in which they go."
    )


class EmergencyNumber(BaseModel):
    """Which emergency number is called."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str = Field(default="110", max_length=32, description="An emergency number.")


class SupervisionView(BaseModel):
    """A team leader who takes part in an operator's talk."""

    by: str
    mode: SupervisionMode
    seat: str
    since: datetime | None = Field(description="Null while the team leader is rung.")


class PartyView(BaseModel):
    """Somebody whom the operator brought into the talk."""

    model_config = ConfigDict(from_attributes=True)

    number: str = Field(description="An operator's, a partner's in the plan, or the one dialled.")
    ringing: bool
    private: bool = Field(description="The caller does not hear them.")


class TalkView(BaseModel):
    """How an operator's talk is at the moment."""

    model_config = ConfigDict(from_attributes=True)

    leads: bool = Field(description="false: a colleague brought this operator in.")
    on_hold: bool = Field(description="The operator is not with the caller.")
    muted: bool
    recording_paused: bool
    parties: tuple[PartyView, ...] = Field(description="In the order in which they came.")


class OperatorView(BaseModel):
    """One operator, now."""

    number: str
    name: str
    seat: str | None
    state: OperatorStatus
    state_title: str
    since: datetime | None = Field(description="Start of this state; null if it never changed.")
    reason: str | None = Field(description="Title of the not-ready reason.")
    call: str | None = Field(description="The call being offered, talked or wrapped up.")
    order: str | None = Field(None, description="The number of that call's order.")
    reference: str | None = Field(
        None, description="What the partner who sent us the caller calls it."
    )
    talk: TalkView | None = Field(None, description="Null: the operator does not talk.")
    supervision: SupervisionView | None = Field(
        None, description="Who listens; only team leaders are told."
    )


class OperatorList(BaseModel):
    """All operators of the plan, and the reasons for not being ready."""

    operators: tuple[OperatorView, ...]
    reasons: dict[str, str] = Field(description="Name and title.")


class SeatView(BaseModel):
    """One seat, now."""

    name: str
    title: str
    operator: str | None = Field(description="Who is signed in there.")


class SeatList(BaseModel):
    """All seats of the plan."""

    seats: tuple[SeatView, ...]


class QueueView(BaseModel):
    """One queue, now."""

    name: str
    title: str
    waiting: int
    longest_wait_since: datetime | None
    ready: int = Field(description="Operators who are ready and serve it.")
    signed_in: int = Field(description="Operators who are signed in and serve it.")


class WallboardView(BaseModel):
    """Today's figures (Asia/Shanghai). `offered` is `in_progress` plus all outcomes."""

    at: datetime
    waiting: int
    longest_wait_since: datetime | None
    offered: int
    in_progress: int
    answered: int
    answered_in_15s: int
    abandoned: int
    timed_out: int
    forwarded: int
    forward_failed: int
    announced: int
    voice_mail: int
    rejected: int
    emergency: int
    callback: int = Field(description="Ended with the wish to be called back.")
    callbacks_open: int = Field(description="Citizens to be called back, not reached yet.")
    interrupted: int
    operators: tuple[OperatorView, ...]
    queues: tuple[QueueView, ...]


def operator_view(line: OperatorLine, who: Principal) -> OperatorView:
    """The operator as shown to that person."""
    supervision = line.supervision if who.leads() else None
    return OperatorView(
        number=line.number,
        name=line.name,
        seat=line.seat,
        state=line.state,
        state_title=STATE_TITLES[line.state],
        since=local(line.since) if line.since else None,
        reason=line.reason,
        call=line.call,
        order=None if line.order is None else shown(line.order),
        reference=line.reference,
        talk=None if line.talk is None else TalkView.model_validate(line.talk),
        supervision=None
        if supervision is None
        else SupervisionView(
            by=supervision.by,
            mode=supervision.mode,
            seat=supervision.seat,
            since=None if supervision.since is None else local(supervision.since),
        ),
    )


def _queue_view(line: QueueLine) -> QueueView:
    since = line.longest_wait_since
    return QueueView(
        name=line.name,
        title=line.title,
        waiting=line.waiting,
        longest_wait_since=None if since is None else local(since),
        ready=line.ready,
        signed_in=line.signed_in,
    )


async def _operators(ask: Ask[Nothing, Nothing]) -> Answer:
    centre = ask.services.centre
    return Answer(
        OperatorList(
            operators=tuple(
                operator_view(line, ask.principal) for line in centre.wallboard().operators
            ),
            reasons={name: reason.title for name, reason in centre.plan.not_ready_reasons.items()},
        )
    )


async def _operator(ask: Ask[Nothing, Nothing]) -> Answer:
    return Answer(current(ask, ask.path["number"]))


async def _seats(ask: Ask[Nothing, Nothing]) -> Answer:
    centre = ask.services.centre
    taken = {line.seat: line.number for line in centre.wallboard().operators if line.seat}
    seats = tuple(
        SeatView(name=seat.name, title=seat.title, operator=taken.get(seat.name))
        for seat in centre.plan.seats.values()
    )
    return Answer(SeatList(seats=seats))


async def _wallboard(ask: Ask[Nothing, Nothing]) -> Answer:
    board = ask.services.centre.wallboard()
    values: dict[str, object] = {name: getattr(board, name) for name in WallboardView.model_fields}
    values["at"] = local(board.at)
    since = board.longest_wait_since
    values["longest_wait_since"] = None if since is None else local(since)
    values["operators"] = tuple(operator_view(line, ask.principal) for line in board.operators)
    values["queues"] = tuple(_queue_view(line) for line in board.queues)
    return Answer(WallboardView.model_validate(values))


async def _act(ask: Ask[Nothing, Body], event: Callable[[str], Request]) -> Answer:
    """Ask the centre, and answer with the operator's state after it."""
    operator = ask.path["number"]
    if not ask.principal.acts_for(operator):
        message = f"您只能操作自己的工号，不能代{operator}号操作；请班长处理。"
        raise refuse(403, "not_yours", message)
    current(ask, operator)
    request = event(operator)
    own = ask.principal.operator == operator
    refusal = await ask.services.centre.request(request if own else Act(author(ask), request))
    if refusal is not None:
        raise from_refusal(refusal)
    return Answer(current(ask, operator))


def author(ask: Ask[Query, Body]) -> Author:
    """Who asks, for the audit."""
    who = ask.principal
    return Author(who.name, who.leads(), who.operator or "", ask.address)


def _request(
    action: str,
    summary: str,
    event: Callable[[str, Body], Request],
    body: type[Body],
    *,
    example_answer: dict[str, JsonValue],
    example_body: dict[str, JsonValue] | None = None,
) -> Endpoint[Nothing, Body]:
    """The endpoint of something that an operator may ask of the centre."""

    async def handler(ask: Ask[Nothing, Body]) -> Answer:
        return await _act(ask, lambda operator: event(operator, ask.body))

    return Endpoint(
        method="POST",
        path=f"/operators/{{number}}/{action}",
        summary=summary,
        handler=handler,
        query=Nothing,
        body=body,
        answer=OperatorView,
        problems=(403, 404, 409),
        example_body=example_body,
        example_answer=example_answer,
    )


def from_refusal(refusal: Refusal) -> ProblemError:
    """The answer to what the centre refused."""
    status, field = _STATUSES.get(refusal.code, (409, None))
    return refuse(status, refusal.code, refusal.sentence, field)


def current(ask: Ask[Nothing, Body], number: str) -> OperatorView:
    """The operator now; raises 404."""
    line = ask.services.centre.operator(number)
    if line is None:
        raise refuse(
            404, "unknown_operator", f"没有工号{number}，请核对；GET /api/v1/operators 列出全部。"
        )
    return operator_view(line, ask.principal)


EXAMPLE: dict[str, JsonValue] = {
    "number": "001",
    "name": "芮红",
    "seat": "seat01",
    "state": "ready",
    "state_title": "示闲",
    "since": "2017-11-22T10:31:05+08:00",
    "reason": None,
    "call": None,
    "order": None,
    "reference": None,
    "talk": None,
    "supervision": None,
}

TALKING: dict[str, JsonValue] = {
    **EXAMPLE,
    "state": "talking",
    "state_title": "通话",
    "call": "1511317865.1",
    "order": "20171122-0252",
    "talk": {
        "leads": True,
        "on_hold": False,
        "muted": False,
        "recording_paused": False,
        "parties": [{"number": "12319", "ringing": True, "private": False}],
    },
}

WRAPPING_UP: dict[str, JsonValue] = {
    **EXAMPLE,
    "state": "wrap_up",
    "state_title": "整理",
    "call": "1511317865.1",
    "order": "20171122-0252",
}

_BOARD: dict[str, JsonValue] = {
    "at": "2017-11-22T10:31:05+08:00",
    "waiting": 1,
    "longest_wait_since": "2017-11-22T10:30:55+08:00",
    "offered": 271,
    "in_progress": 6,
    "answered": 256,
    "answered_in_15s": 231,
    "abandoned": 9,
    "timed_out": 0,
    "forwarded": 0,
    "forward_failed": 0,
    "announced": 0,
    "voice_mail": 0,
    "rejected": 0,
    "emergency": 0,
    "callback": 0,
    "callbacks_open": 0,
    "interrupted": 0,
    "operators": [EXAMPLE],
    "queues": [
        {
            "name": "hotline",
            "title": "12345热线",
            "waiting": 1,
            "longest_wait_since": "2017-11-22T10:30:55+08:00",
            "ready": 0,
            "signed_in": 12,
        }
    ],
}

OPERATORS = (
    Endpoint(
        method="GET",
        path="/operators",
        summary="All operators with their states",
        handler=_operators,
        query=Nothing,
        body=Nothing,
        answer=OperatorList,
        example_answer={"operators": [EXAMPLE], "reasons": {"break": "小休"}},
    ),
    Endpoint(
        method="GET",
        path="/operators/{number}",
        summary="One operator's state",
        handler=_operator,
        query=Nothing,
        body=Nothing,
        answer=OperatorView,
        problems=(404,),
        example_answer=EXAMPLE,
    ),
    _request(
        "sign-in",
        "Sign an operator in at a free seat; not yet ready",
        lambda operator, body: SignIn(operator, body.seat),
        AtSeat,
        example_answer={
            **EXAMPLE,
            "state": "not_ready",
            "state_title": "示忙",
            "reason": "刚签入",
        },
        example_body={"seat": "seat01"},
    ),
    _request(
        "take-seat",
        "Bring an operator to a seat in mid-shift; who sits there is signed out",
        lambda operator, body: TakeSeat(operator, body.seat),
        AtSeat,
        example_answer=EXAMPLE,
        example_body={"seat": "seat01"},
    ),
    _request(
        "extend-wrap-up",
        "More time to wrap up",
        lambda operator, _: ExtendWrapUp(operator),
        Nothing,
        example_answer=WRAPPING_UP,
    ),
    _request(
        "sign-out",
        "Sign an operator out; not during a call",
        lambda operator, _: SignOut(operator),
        Nothing,
        example_answer={**EXAMPLE, "seat": None, "state": "offline", "state_title": "离线"},
    ),
    _request(
        "ready",
        "Take calls from now on",
        lambda operator, _: BecomeReady(operator),
        Nothing,
        example_answer=EXAMPLE,
    ),
    _request(
        "not-ready",
        "Take no calls for now; during a call: once it is over",
        lambda operator, body: BecomeNotReady(operator, body.reason),
        ForReason,
        example_answer={**EXAMPLE, "state": "not_ready", "state_title": "示忙", "reason": "小休"},
        example_body={"reason": "break"},
    ),
    _request(
        "hang-up",
        "End the operator's talk",
        lambda operator, _: HangUp(operator),
        Nothing,
        example_answer=WRAPPING_UP,
    ),
    _request(
        "forward",
        "Hand the caller to a partner and leave; the caller comes back if that fails",
        lambda operator, body: Forward(operator, body.number),
        WithNumber,
        example_answer=WRAPPING_UP,
        example_body={"number": "12319"},
    ),
    _request(
        "three-way",
        "Have a partner dialled for a three-way call; the caller hears music meanwhile",
        lambda operator, body: AddPartner(operator, body.number),
        WithNumber,
        example_answer=TALKING,
        example_body={"number": "12366-2"},
    ),
    _request(
        "consult",
        "Speak with somebody alone; the caller hears music. Then leave, drop-partner or join",
        lambda operator, body: Consult(operator, body.number),
        WithNumber,
        example_answer=TALKING,
        example_body={"number": "12319"},
    ),
    _request(
        "alternate",
        "Go from the consultation to the caller, or back",
        lambda operator, _: Alternate(operator),
        Nothing,
        example_answer=TALKING,
    ),
    _request(
        "join",
        "Bring whom the operator consulted into the talk with the caller",
        lambda operator, _: Join(operator),
        Nothing,
        example_answer=TALKING,
    ),
    _request(
        "hold",
        "Let the caller wait with music",
        lambda operator, _: Hold(operator),
        Nothing,
        example_answer=TALKING,
    ),
    _request(
        "resume",
        "Go back to the caller",
        lambda operator, _: Resume(operator),
        Nothing,
        example_answer=TALKING,
    ),
    _request(
        "mute",
        "Let nobody hear the operator",
        lambda operator, _: MuteOperator(operator),
        Nothing,
        example_answer=TALKING,
    ),
    _request(
        "press",
        "Send keys to whoever joined last, whose menu may ask for them, or to the caller",
        lambda operator, body: PressKeys(operator, body.keys),
        Keys,
        example_answer=TALKING,
        example_body={"keys": "1#"},
    ),
    _request(
        "pause-recording",
        "Record silence from now on, and note the gap; it ends by itself after some minutes",
        lambda operator, _: PauseRecording(operator),
        Nothing,
        example_answer=TALKING,
    ),
    _request(
        "resume-recording",
        "Record what is said again",
        lambda operator, _: ResumeRecording(operator),
        Nothing,
        example_answer=TALKING,
    ),
    _request(
        "unmute",
        "Let the operator be heard again",
        lambda operator, _: UnmuteOperator(operator),
        Nothing,
        example_answer=TALKING,
    ),
    _request(
        "emergency",
        "Have an emergency number join; the caller is never alone",
        lambda operator, body: CallEmergency(operator, body.number),
        EmergencyNumber,
        example_answer=TALKING,
        example_body={"number": "110"},
    ),
    _request(
        "leave",
        "Leave caller and partner talking",
        lambda operator, _: LeaveCall(operator),
        Nothing,
        example_answer=WRAPPING_UP,
    ),
    _request(
        "drop-partner",
        "End the part of who came last, or of the one named; or stop the ringing",
        lambda operator, body: DropPartner(operator, body.number),
        Whom,
        example_answer=TALKING,
        example_body={"number": "12319"},
    ),
    _request(
        "first-dialled",
        "Say which number the citizen dialled first, where the carrier did not tell",
        lambda operator, body: PickFirstDialled(operator, body.number),
        WithNumber,
        example_answer=TALKING,
        example_body={"number": "87222160"},
    ),
    _request(
        "nuisance",
        "Mark the present call as a nuisance; often enough, and the number is blocked by rule",
        lambda operator, _: MarkNuisance(operator),
        Nothing,
        example_answer=TALKING,
    ),
    _request(
        "silent-caller",
        "Nothing is heard of the caller: tell them, and end the call a little later",
        lambda operator, _: ReleaseSilent(operator),
        Nothing,
        example_answer=TALKING,
    ),
    _request(
        "keep-caller",
        "The caller was heard after all: the call goes on",
        lambda operator, _: KeepCaller(operator),
        Nothing,
        example_answer=TALKING,
    ),
    Endpoint(
        method="GET",
        path="/seats",
        summary="All seats, and who is signed in there",
        handler=_seats,
        query=Nothing,
        body=Nothing,
        answer=SeatList,
        example_answer={"seats": [{"name": "seat01", "title": "1号席", "operator": "001"}]},
    ),
    Endpoint(
        method="GET",
        path="/wallboard",
        summary="Today's figures and this moment's states",
        handler=_wallboard,
        query=Nothing,
        body=Nothing,
        answer=WallboardView,
        example_answer=_BOARD,
    ),
)
