"""One endpoint: what it takes, who may call it, what it answers; and how a request becomes a call.

The same table makes the routes and OpenAPI's description, so the two cannot differ.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from callcenter.staff.roles import Principal
from callcenter.web.api.errors import ProblemError, from_validation, refuse
from callcenter.web.services import Services


class Nothing(BaseModel):
    """No query, or no body."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Access(StrEnum):
    """Who may call an endpoint at all; the handler looks at whose operator or order it is."""

    EVERYBODY = "everybody"
    STAFF = "staff"


Query = TypeVar("Query", bound=BaseModel)
Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Ask(Generic[Query, Body]):
    """A request, decoded and checked."""

    services: Services
    path: Mapping[str, str]
    query: Query
    body: Body
    headers: Mapping[str, str]
    who: Principal | None
    address: str = ""
    """Where the request came from."""

    @property
    def principal(self) -> Principal:
        """Who asks; an endpoint for staff always has somebody."""
        if self.who is None:
            raise unauthorized()
        return self.who


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    body: BaseModel
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """A file that goes back, whole or the range that was asked for."""

    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Generic[Query, Body]):
    """One method of one path."""

    method: str
    path: str
    """Behind the prefix, with `{name}` for what varies."""
    summary: str
    handler: Callable[[Ask[Query, Body]], Awaitable[Answer | FileAnswer]]
    answer: type[BaseModel]
    query: type[Query]
    body: type[Body]
    access: Access = Access.STAFF
    status: int = 200
    media: str = "application/json"
    """What goes back; another type is a file, and `answer` is Nothing."""
    problems: tuple[int, ...] = ()
    """Statuses of refusals, besides those that every endpoint has."""
    headers: tuple[tuple[str, str], ...] = ()
    """Request headers it reads, with what they mean."""
    example_query: Mapping[str, str] = field(default_factory=dict)
    example_body: JsonValue = None
    example_answer: JsonValue = None

    async def serve(self, request: web.Request, services: Services) -> web.StreamResponse:
        """Decode, check, call, encode; raises `ProblemError`."""
        who = _principal(request, services)
        if who is None and self.access is not Access.EVERYBODY:
            raise unauthorized()
        ask = Ask(
            services=services,
            path=request.match_info,
            query=_validated(self.query, _query(request)),
            body=_validated(self.body, await _body(request, self.body)),
            headers=request.headers,
            who=who,
            address=request.remote or "",
        )
        answer = await self.handler(ask)
        if isinstance(answer, FileAnswer):
            headers = {"Content-Type": self.media, "Cache-Control": "no-store"}
            return web.FileResponse(answer.file, headers=headers)
        return web.Response(
            text=answer.body.model_dump_json(),
            status=answer.status,
            content_type="application/json",
            headers={**answer.headers, "Cache-Control": "no-store"},
        )


AnyEndpoint = Endpoint[Any, Any]
"""An endpoint in the table: what it takes is a matter between its handler and its models."""


def unauthorized() -> ProblemError:
    """401: nobody we know."""
    problem = refuse(
        401,
        "not_signed_in",
        "令牌缺失、无效或已过期，请用工号和密码重新取得令牌（POST /api/v1/tokens）。",
    )
    problem.headers["WWW-Authenticate"] = "Bearer"
    return problem


def _principal(request: web.Request, services: Services) -> Principal | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    return services.tokens.verify(token.strip(), services.machine_time())


def _query(request: web.Request) -> JsonValue:
    found: dict[str, JsonValue] = {}
    for name, value in request.query.items():
        if name in found:
            raise refuse(422, "repeated", f"“{name}”只能给一次，请去掉多余的。", name)
        found[name] = value
    return found


async def _body(request: web.Request, kind: type[BaseModel]) -> JsonValue:
    if not request.can_read_body:
        return {}
    raw = await request.read()
    if not raw.strip() and not kind.model_fields:
        return {}
    if request.content_type != "application/json":
        message = "请求内容必须是 JSON，请加上 Content-Type: application/json。"
        raise refuse(415, "not_json", message)
    try:
        text = raw.decode()
        value: JsonValue = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant
        )
    except UnicodeDecodeError as error:
        message = f"请求内容不是 UTF-8（第 {error.start + 1} 字节），请改用 UTF-8。"
        raise refuse(400, "malformed_json", message) from error
    except json.JSONDecodeError as error:
        place = f"第 {error.lineno} 行第 {error.colno} 列"
        message = f"JSON 在{place}有语法错误（{error.msg}），请改正后再发。"
        raise refuse(400, "malformed_json", message) from error
    except RecursionError as error:
        raise refuse(400, "malformed_json", "JSON 嵌套过深，请简化后再发。") from error
    return value


def _without_duplicates(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for name, value in pairs:
        if name in found:
            raise refuse(422, "repeated", f"“{name}”出现了两次，请只留一个。", name)
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise refuse(400, "malformed_json", f"JSON 里不能有 {name}，请改用数字或 null。")


Model = TypeVar("Model", bound=BaseModel)


def _validated(kind: type[Model], value: JsonValue) -> Model:
    if not isinstance(value, dict):
        raise refuse(422, "wrong_type", "请求内容应为一个 JSON 对象：{ … }。")
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise from_validation(error, kind) from error
