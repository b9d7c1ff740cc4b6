"""What team leaders do: take part in talks, release operators, sort the waiting callers.

Everything here goes through the centre as an `Act`, also what is refused: so it is audited. What
operators ask for themselves (to be not ready, to sign out) a team leader asks for them at the same
addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from callcenter.calls.events import (
    Act,
    ChangePriority,
    EndSupervision,
    ForceSignOut,
    Led,
    MoveWaiting,
    PullWaiting,
    Release,
    ReleasedTo,
    Request,
    Supervise,
    SupervisionMode,
)
from callcenter.calls.state import HIGHEST_PRIORITY, LOWEST_PRIORITY
from callcenter.orders.times import local
from callcenter.web.api.endpoint import Answer, Ask, Body, Endpoint, Nothing, Query
from callcenter.web.api.errors import refuse
from callcenter.web.api.operators import (
    EXAMPLE,
    TALKING,
    WRAPPING_UP,
    OperatorView,
    author,
    current,
    from_refusal,
)


class FromSeat(BaseModel):
    """Whose softphone is rung."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seat: str = Field(
        "", max_length=64, description="A free seat; absent: where you are signed in."
    )


class Released(BaseModel):
    """Where the caller goes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    caller: ReleasedTo = Field(
        ReleasedTo.QUEUE, description="To the head of the queue, or the call ends."
    )


class ToOperator(BaseModel):
    """Who is offered the call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operator: str = Field(max_length=16)


class ToQueue(BaseModel):
    """Where the caller is to wait."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    queue: str = Field(max_length=64, description="A queue's name in the plan.")


class AtPriority(BaseModel):
    """How soon it is the caller's turn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    priority: int = Field(
        description=f"{LOWEST_PRIORITY} to {HIGHEST_PRIORITY}, higher first; most callers have 0."
    )


class WaitingView(BaseModel):
    """A caller who waits."""

    call: str
    number: str = Field(description="The order's.")
    queue: str
    dialled: str = Field(description="The number first dialled, as far as known.")
    since: datetime
    priority: int = Field(description="Higher is served first, whatever the wait.")


class WaitingList(BaseModel):
    """Everybody who waits, longest first."""

    calls: tuple[WaitingView, ...]


def only_leaders(ask: Ask[Query, Body]) -> None:
    """Raises 403 for everybody else."""
    if not ask.principal.leads():
        raise refuse(403, "not_a_team_leader", "只有班长和管理员可以查看。")


async def lead(ask: Ask[Nothing, Body], request: Request | Led) -> None:
    """Have the centre do it; raises its refusal."""
    refusal = await ask.services.centre.request(Act(author(ask), request))
    if refusal is not None:
        raise from_refusal(refusal)


async def _waiting(ask: Ask[Nothing, Nothing]) -> Answer:
    only_leaders(ask)
    return Answer(waiting_list(ask))


def waiting_list(ask: Ask[Nothing, Body]) -> WaitingList:
    """Who waits now."""
    return WaitingList(
        calls=tuple(
            WaitingView(
                call=line.call,
                number=line.number,
                queue=line.queue,
                dialled=line.dialled,
                since=local(line.since),
                priority=line.priority,
            )
            for line in ask.services.centre.wallboard().queue
        )
    )


def _of_operator(
    action: str,
    summary: str,
    request: Callable[[str, Body], Led],
    body: type[Body],
    *,
    example_answer: dict[str, JsonValue],
    example_body: dict[str, JsonValue] | None = None,
) -> Endpoint[Nothing, Body]:
    """The endpoint of something that is done to an operator."""

    async def handler(ask: Ask[Nothing, Body]) -> Answer:
        await lead(ask, request(ask.path["number"], ask.body))
        return Answer(current(ask, ask.path["number"]))

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


def _supervise(action: str, mode: SupervisionMode, summary: str) -> Endpoint[Nothing, FromSeat]:
    supervision: dict[str, JsonValue] = {
        "by": "team_leader:5d4c3b2a",
        "mode": mode.value,
        "seat": "seat20",
        "since": None,
    }
    return _of_operator(
        action,
        summary,
        lambda operator, body: Supervise(operator, mode, body.seat),
        FromSeat,
        example_body={"seat": "seat20"},
        example_answer={**TALKING, "supervision": supervision},
    )


def _of_call(
    action: str,
    summary: str,
    request: Callable[[str, Body], Request | Led],
    body: type[Body],
    *,
    example_body: dict[str, JsonValue],
) -> Endpoint[Nothing, Body]:
    """The endpoint of something that is done to a waiting call."""

    async def handler(ask: Ask[Nothing, Body]) -> Answer:
        await lead(ask, request(ask.path["call"], ask.body))
        return Answer(waiting_list(ask))

    return Endpoint(
        method="POST",
        path=f"/calls/{{call}}/{action}",
        summary=summary,
        handler=handler,
        query=Nothing,
        body=body,
        answer=WaitingList,
        problems=(403, 404, 409),
        example_body=example_body,
        example_answer={"calls": [_WAITING]},
    )


_WAITING: dict[str, JsonValue] = {
    "call": "1511317865.1",
    "number": "320481-20171122-0252",
    "queue": "hotline",
    "dialled": "12345",
    "since": "2017-11-22T10:30:55+08:00",
    "priority": 0,
}

SUPERVISION = (
    _supervise(
        "listen",
        SupervisionMode.LISTEN,
        "Ring the team leader, who then hears the operator's talk; nobody hears the team leader",
    ),
    _supervise(
        "whisper",
        SupervisionMode.WHISPER,
        "Listen, and be heard by the operator alone",
    ),
    _supervise("barge", SupervisionMode.BARGE, "Join the talk: all hear all"),
    _supervise(
        "take-over",
        SupervisionMode.TAKE_OVER,
        "Go on with the caller in the operator's place, who is released",
    ),
    _of_operator(
        "stop-listening",
        "Take part in the operator's talk no longer",
        lambda operator, _: EndSupervision(operator),
        Nothing,
        example_answer=TALKING,
    ),
    _of_operator(
        "release",
        "End the operator's part in a talk; the caller waits at the head of the queue, or is gone",
        lambda operator, body: Release(operator, body.caller),
        Released,
        example_body={"caller": "queue"},
        example_answer=WRAPPING_UP,
    ),
    _of_operator(
        "force-sign-out",
        "Sign an operator out; during a call: once it is over",
        lambda operator, _: ForceSignOut(operator),
        Nothing,
        example_answer={**EXAMPLE, "seat": None, "state": "offline", "state_title": "离线"},
    ),
    Endpoint(
        method="GET",
        path="/calls/waiting",
        summary="Everybody who waits, longest first",
        handler=_waiting,
        query=Nothing,
        body=Nothing,
        answer=WaitingList,
        problems=(403,),
        example_answer={"calls": [_WAITING]},
    ),
    _of_call(
        "offer",
        "Offer a waiting call to a ready operator now, before its turn",
        lambda call, body: PullWaiting(call, body.operator),
        ToOperator,
        example_body={"operator": "001"},
    ),
    _of_call(
        "move",
        "Have a waiting caller wait in another queue, in the place that the whole wait gives",
        lambda call, body: MoveWaiting(call, body.queue),
        ToQueue,
        example_body={"queue": "hotline"},
    ),
    _of_call(
        "priority",
        "Have a waiting caller's turn come sooner or later",
        lambda call, body: ChangePriority(call, body.priority),
        AtPriority,
        example_body={"priority": 1},
    ),
)
