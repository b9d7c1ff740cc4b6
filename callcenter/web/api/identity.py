"""Who one is: a PIN gives a token, a token says who asks."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime

import structlog
from pydantic import BaseModel, ConfigDict, Field

from callcenter.orders.times import local
from callcenter.staff.roles import ROLE_TITLES, Role
from callcenter.staff.tokens import SIGN_IN_SECONDS, Origin
from callcenter.web.api.endpoint import Access, Answer, Ask, Endpoint, Nothing
from callcenter.web.api.errors import Problem, ProblemError, refuse

log = structlog.get_logger(__name__)


class PinSignIn(BaseModel):
    """An operator's number and PIN."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operator: str = Field(max_length=16)
    pin: str = Field(max_length=64)


class TokenAnswer(BaseModel):
    """A token: to be sent as `Authorization: Bearer …`."""

    token: str
    role: Role
    operator: str | None
    expires: datetime


class Me(BaseModel):
    """Whom a token stands for."""

    role: Role
    role_title: str
    operator: str | None
    name: str | None
    expires: datetime


async def _create_token(ask: Ask[Nothing, PinSignIn]) -> Answer:
    services, wanted = ask.services, ask.body
    now = asyncio.get_running_loop().time()
    if wanted.operator not in services.centre.plan.operators:
        raise _wrong_pin()
    check = await services.pins.verify(wanted.operator, wanted.pin, now)
    if check.locked_until is not None:
        seconds = max(1, math.ceil(check.locked_until - now))
        message = f"密码错误次数过多，请 {seconds} 秒后再试，或请管理员重置密码。"
        raise ProblemError(
            429, Problem(code="locked", message=message), {"Retry-After": str(seconds)}
        )
    if not check.ok:
        raise _wrong_pin()
    # The file is written and synced on another thread: no call waits for it.
    text, token = await asyncio.to_thread(
        services.tokens.create,
        Role.OPERATOR,
        wanted.operator,
        Origin.PIN,
        now=services.machine_time(),
        seconds=SIGN_IN_SECONDS,
    )
    body = TokenAnswer(
        token=text, role=token.role, operator=token.operator, expires=local(token.expires)
    )
    return Answer(body, status=201)


def _wrong_pin() -> ProblemError:
    return refuse(401, "wrong_pin", "工号或密码不对，请核对后再试；忘记密码请管理员重置。")


async def _me(ask: Ask[Nothing, Nothing]) -> Answer:
    who = ask.principal
    operator = ask.services.centre.plan.operators.get(who.operator or "")
    return Answer(
        Me(
            role=who.role,
            role_title=ROLE_TITLES[who.role],
            operator=who.operator,
            name=None if operator is None else operator.name,
            expires=local(who.expires),
        )
    )


async def _unlock_operator(ask: Ask[Nothing, Nothing]) -> Answer:
    number = ask.path["number"]
    _check_leads(ask)
    if number not in ask.services.centre.plan.operators:
        raise refuse(404, "unknown_operator", f"没有工号{number}，请核对。")
    ask.services.pins.release(number)
    log.info("pin_unlocked", operator=number, by=ask.principal.name)
    return Answer(Nothing())


async def _unlock_seat(ask: Ask[Nothing, Nothing]) -> Answer:
    name = ask.path["name"]
    _check_leads(ask)
    if name not in ask.services.centre.plan.seats:
        raise refuse(404, "unknown_seat", f"没有席位{name}，请核对席位编号。")
    ask.services.pins.release_seat(name)
    log.info("pin_unlocked", seat=name, by=ask.principal.name)
    return Answer(Nothing())


def _check_leads(ask: Ask[Nothing, Nothing]) -> None:
    if not ask.principal.leads():
        raise refuse(403, "not_yours", "只有班长或管理员可以解锁，请找班长处理。")


IDENTITY = (
    Endpoint(
        method="POST",
        path="/tokens",
        summary="Get a token of 12 hours for an operator's number and PIN",
        handler=_create_token,
        access=Access.EVERYBODY,
        query=Nothing,
        body=PinSignIn,
        answer=TokenAnswer,
        status=201,
        problems=(401, 429),
        example_body={"operator": "001", "pin": "246810"},
        example_answer={
            "token": "cc_Zm9yLWV4YW1wbGU",
            "role": "operator",
            "operator": "001",
            "expires": "2017-11-22T20:00:00+08:00",
        },
    ),
    Endpoint(
        method="POST",
        path="/operators/{number}/unlock",
        summary="Let an operator who keyed in too many wrong PINs try again at once",
        handler=_unlock_operator,
        query=Nothing,
        body=Nothing,
        answer=Nothing,
        problems=(403, 404),
        example_answer={},
    ),
    Endpoint(
        method="POST",
        path="/seats/{name}/unlock",
        summary="Let PINs be tried again at a seat where too many were wrong",
        handler=_unlock_seat,
        query=Nothing,
        body=Nothing,
        answer=Nothing,
        problems=(403, 404),
        example_answer={},
    ),
    Endpoint(
        method="GET",
        path="/me",
        summary="Whom this token stands for",
        handler=_me,
        query=Nothing,
        body=Nothing,
        answer=Me,
        example_answer={
            "role": "operator",
            "role_title": "话务员",
            "operator": "001",
            "name": "芮红",
            "expires": "2017-11-22T20:00:00+08:00",
        },
    ),
)
