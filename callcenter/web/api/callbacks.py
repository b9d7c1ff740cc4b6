"""Whom to call back: who wished it instead of waiting, and whose calls were missed."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from callcenter.calls.events import CallMissed, CloseMissed
from callcenter.calls.missed_calls import CallbackLine
from callcenter.calls.refusal import Refusal
from callcenter.orders.numbers import shown
from callcenter.orders.record import Outcome
from callcenter.orders.times import local
from callcenter.web.api.endpoint import Answer, Ask, Endpoint, Nothing
from callcenter.web.api.errors import ProblemError, refuse
from callcenter.web.services import CallCentre

_STATUSES = {"unknown_missed": 404, "internal_error": 500}


class CallbackView(BaseModel):
    """Somebody to call back."""

    number: str = Field(description="E.164.")
    order: str = Field(description="The order that it belongs to.")
    queue: str | None
    at: datetime = Field(description="Since when they wait, or when they called.")
    outcome: Outcome | None = Field(description="How their call ended.")
    tries: int = Field(description="Calls of ours that did not reach them.")
    times: int = Field(description="Calls of theirs in vain.")
    closed: datetime | None = Field(description="When somebody closed it; null while it is open.")
    closed_by: str | None
    result: str | None


class CallbackLists(BaseModel):
    """Who wished to be called back, and whose calls were missed; longest ago first."""

    wished: tuple[CallbackView, ...]
    missed: tuple[CallbackView, ...]


class ByOperator(BaseModel):
    """Who calls."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operator: str = Field(max_length=16, description="Whose softphone rings first.")


class WithResult(BaseModel):
    """Why no call back is needed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    result: str = Field(min_length=1, max_length=500)


async def _list(ask: Ask[Nothing, Nothing]) -> Answer:
    return Answer(_lists(ask.services.centre))


async def _call(ask: Ask[Nothing, ByOperator]) -> Answer:
    operator = ask.body.operator
    if not ask.principal.acts_for(operator):
        message = f"您只能用自己的工号回电，不能代{operator}号；请班长处理。"
        raise refuse(403, "not_yours", message)
    event = CallMissed(operator, ask.path["number"])
    _unless_refused(await ask.services.centre.request(event))
    return Answer(_lists(ask.services.centre))


async def _close(ask: Ask[Nothing, WithResult]) -> Answer:
    event = CloseMissed(ask.path["number"], ask.principal.name, ask.body.result)
    _unless_refused(await ask.services.centre.request(event))
    return Answer(_lists(ask.services.centre))


def _unless_refused(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise _problem(refusal)


def _problem(refusal: Refusal) -> ProblemError:
    return refuse(_STATUSES.get(refusal.code, 409), refusal.code, refusal.sentence)


def _lists(centre: CallCentre) -> CallbackLists:
    found = centre.callbacks()
    return CallbackLists(
        wished=tuple(_view(line) for line in found.wished),
        missed=tuple(_view(line) for line in found.missed),
    )


def _view(line: CallbackLine) -> CallbackView:
    return CallbackView(
        number=line.number,
        order=shown(line.order),
        queue=line.queue,
        at=local(line.at),
        outcome=line.outcome,
        tries=line.tries,
        times=line.times,
        closed=None if line.closed is None else local(line.closed),
        closed_by=line.closed_by,
        result=line.result,
    )


_EXAMPLE: dict[str, JsonValue] = {
    "number": "+8613800001111",
    "order": "20171122-0252",
    "queue": "hotline",
    "at": "2017-11-22T10:31:05+08:00",
    "outcome": "abandoned",
    "tries": 0,
    "times": 2,
    "closed": None,
    "closed_by": None,
    "result": None,
}
_LISTS: dict[str, JsonValue] = {"wished": [], "missed": [_EXAMPLE]}

CALLBACKS = (
    Endpoint(
        method="GET",
        path="/callbacks",
        summary="Whom to call back: on their wish, and because their calls were missed",
        handler=_list,
        query=Nothing,
        body=Nothing,
        answer=CallbackLists,
        example_answer=_LISTS,
    ),
    Endpoint(
        method="POST",
        path="/callbacks/{number}/call",
        summary="Call a missed caller back: the operator is rung, then the citizen",
        handler=_call,
        query=Nothing,
        body=ByOperator,
        answer=CallbackLists,
        problems=(403, 404, 409),
        example_body={"operator": "001"},
        example_answer={"wished": [_EXAMPLE], "missed": []},
    ),
    Endpoint(
        method="POST",
        path="/callbacks/{number}/close",
        summary="Close a missed call that needs no call back any more",
        handler=_close,
        query=Nothing,
        body=WithResult,
        answer=CallbackLists,
        problems=(404, 409),
        example_body={"result": "已由网站答复"},
        example_answer=_LISTS,
    ),
)
