"""Work orders: read them, and enter what the citizen wants."""

from __future__ import annotations

import datetime as dt
import re

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy.exc import SQLAlchemyError

from callcenter.orders.entry import EntryPatch, EntryRefusedError
from callcenter.orders.record import Outcome
from callcenter.orders.view import (
    EntryView,
    OrderView,
    WholeOrder,
    entry_view,
    view,
    whole_view,
)
from callcenter.store.orders import (
    EntryConflictError,
    EntryState,
    Order,
    OrderFilter,
    OrderNotFoundError,
)
from callcenter.web.api.endpoint import Answer, Ask, Body, Endpoint, Nothing
from callcenter.web.api.errors import (
    Both,
    Mistake,
    Problem,
    ProblemError,
    from_mistakes,
    refuse,
)

_VERSION = re.compile(r'(?:W/)?"?(\d{1,9})"?')


class OrdersQuery(BaseModel):
    """Which orders, and which page of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: dt.date | None = Field(None, description="Opened on this day, Asia/Shanghai.")
    number: str | None = Field(None, max_length=32, description="The number dialled.")
    caller: str | None = Field(
        None, pattern=r"^\+?[0-9]{3,15}$", description="E.164, or the number's last digits."
    )
    operator: str | None = Field(None, max_length=16, description="Who took the call.")
    open: bool = Field(False, description="Only calls that still live.")
    outcome: Outcome | None = None
    reference: str | None = Field(
        None, max_length=64, description="What a partner who sent us the caller calls it."
    )
    limit: int = Field(50, ge=1, le=500)
    offset: int = Field(0, ge=0, le=2**31)


class OrderList(BaseModel):
    """A page of orders, newest first."""

    orders: tuple[OrderView, ...]
    total: int = Field(description="How many there are in all.")


async def _orders(ask: Ask[OrdersQuery, Nothing]) -> Answer:
    query, who = ask.query, ask.principal
    if not who.leads() and query.operator not in {None, who.operator}:
        raise refuse(403, "not_yours", "您只能查看自己受理的工单，请去掉 operator。", "operator")
    wanted = OrderFilter(
        day=query.day,
        caller=query.caller,
        hotline=query.number,
        operator=query.operator if who.leads() else who.operator,
        open=query.open,
        outcome=query.outcome,
        reference=query.reference,
    )
    try:
        page = await ask.services.orders.page(wanted, limit=query.limit, offset=query.offset)
    except (SQLAlchemyError, OSError) as error:
        raise unavailable("请稍后再查。") from error
    return Answer(OrderList(orders=tuple(view(order) for order in page.orders), total=page.total))


async def _order(ask: Ask[Nothing, Nothing]) -> Answer:
    order = await find_order(ask)
    try:
        changes = await ask.services.orders.changes(order.record.number)
        made = await ask.services.outbound.of_order(order.record.call)
        calls = (order.record.call, *(each.call for each in made))
        recordings = await ask.services.recordings.of_calls(*calls)
    except (SQLAlchemyError, OSError) as error:
        raise unavailable("请稍后再查。") from error
    return Answer(whole_view(order, changes, recordings, made), headers=_tag(order.entry))


async def _save_entry(ask: Ask[Nothing, EntryPatch]) -> Answer:
    expected = _expected_version(ask.headers.get("If-Match"))
    order = await find_order(ask)
    try:
        saved = await ask.services.orders.save_entry(
            order.record.number,
            ask.body,
            who=ask.principal.name,
            now=ask.services.centre.clock.now(),
            expected=expected,
        )
    except EntryConflictError as conflict:
        raise _conflict(ask.body, conflict.current) from conflict
    except EntryRefusedError as refused:
        mistakes = [
            Mistake(field=error.field, code=error.code, message=error.sentence)
            for error in refused.errors
        ]
        raise from_mistakes(mistakes) from refused
    except (SQLAlchemyError, OSError) as error:
        raise unavailable("您填写的内容尚未保存，请留在本页稍后再存。") from error
    return Answer(entry_view(saved.entry), headers=_tag(saved.entry))


async def find_order(ask: Ask[Nothing, Body]) -> Order:
    """The order of the path, if it is there and the asking person's to see."""
    number = ask.path["number"]
    try:
        order = await ask.services.orders.find(number)
    except OrderNotFoundError as error:
        message = f"没有工单{number}，请核对编号，例如 20171122-0252。"
        raise refuse(404, "unknown_order", message) from error
    except (SQLAlchemyError, OSError) as error:
        raise unavailable("请稍后再查。") from error
    who = ask.principal
    to_answer = order.record.voice_message is not None  # whoever is free may do that
    if not who.leads() and not to_answer and not (who.operator and order.taken_by(who.operator)):
        raise refuse(403, "not_yours", "这张工单不是您受理的，请找受理人或班长处理。")
    return order


def _expected_version(header: str | None) -> int:
    if header is None:
        message = "请在 If-Match 里写上您看到的版本（entry.version），以免覆盖别人的修改。"
        raise refuse(422, "version_missing", message, "If-Match")
    match = _VERSION.fullmatch(header.strip())
    if match is None:
        raise refuse(422, "wrong_version", 'If-Match 应为版本号，例如 "3"。', "If-Match")
    return int(match[1])


def _conflict(patch: EntryPatch, current: EntryState) -> ProblemError:
    sent = patch.model_dump(exclude_unset=True)
    theirs = entry_view(current).model_dump()
    both = {
        name: Both(yours=value, theirs=theirs[name])
        for name, value in sent.items()
        if value != theirs[name]
    }
    message = f"{current.entered_by or '别人'}刚刚保存过这张工单，请逐项选择保留谁的内容后再存。"
    problem = Problem(
        code="changed_meanwhile", message=message, version=current.version, conflicts=both
    )
    return ProblemError(409, problem, _tag(current))


def _tag(entry: EntryState) -> dict[str, str]:
    return {"ETag": f'"{entry.version}"'}


def unavailable(what_now: str) -> ProblemError:
    """The order store is away; `what_now` says what to do, and ends with a sign."""
    return refuse(503, "store_unavailable", f"工单库暂时不可用；{what_now}通话不受影响。")


_ENTRY: dict[str, JsonValue] = {
    "version": 1,
    "type": "complaint",
    "type_title": "投诉",
    "category": "市政/路灯",
    "content": "南大街路灯不亮",
    "answered_on_spot": False,
    "refusal": None,
    "refusal_title": None,
    "entered_by": "001",
    "entered": "2017-11-22T10:33:00+08:00",
}

_ORDER: dict[str, JsonValue] = {
    "number": "20171122-0252",
    "full_number": "320481-20171122-0252",
    "call": "1511317865.1",
    "channel": "phone",
    "opened": "2017-11-22T10:31:05+08:00",
    "caller": "+8651987200000",
    "caller_raw": "051987200000",
    "caller_withheld": False,
    "trunk": "telecom",
    "dialled": "12345",
    "first_dialled": "12345",
    "reference": None,
    "hotline": "12345",
    "hotline_service": "政府公共服务热线",
    "owner": "政务办",
    "queue": "main",
    "operator": "001",
    "queued": "2017-11-22T10:31:09+08:00",
    "answered": "2017-11-22T10:31:14+08:00",
    "ended": "2017-11-22T10:33:15+08:00",
    "wait_seconds": 5.0,
    "talk_seconds": 121.0,
    "outcome": "answered",
    "ended_by": "caller",
    "barred": None,
    "nuisance": None,
    "voice_box": None,
    "voice_message": None,
    "answer_by": None,
    "message_answered": None,
    "message_answered_by": None,
    "erased": None,
    "legs": [
        {
            "role": "operator",
            "party": "001",
            "place": "seat01",
            "began": "2017-11-22T10:31:11+08:00",
            "answered": "2017-11-22T10:31:14+08:00",
            "ended": "2017-11-22T10:33:15+08:00",
            "outcome": "normal",
            "hotline": None,
            "unit": None,
        }
    ],
    "answers": [
        {
            "question": "service",
            "title": "对话务员的服务是否满意",
            "key": "5",
            "meaning": "非常满意",
            "at": "2017-11-22T10:33:21+08:00",
            "recording": None,
            "recording_url": None,
        }
    ],
    "entry": _ENTRY,
}

_CHANGE: JsonValue = {
    "version": 1,
    "field": "type",
    "old": None,
    "new": "complaint",
    "changed_by": "001",
    "changed": "2017-11-22T10:33:00+08:00",
}

_OUTBOUND: dict[str, JsonValue] = {
    "call": "out1511320265000.1",
    "operator": "001",
    "seat": "seat01",
    "called": "citizen",
    "number": "+8651987200000",
    "began": "2017-11-22T11:11:05+08:00",
    "answered": "2017-11-22T11:11:31+08:00",
    "ended": "2017-11-22T11:12:40+08:00",
    "talk_seconds": 69.0,
    "outcome": "answered",
    "ended_by": "caller",
}

_RECORDING: dict[str, JsonValue] = {
    "id": "1511317865.1",
    "file": "2017/11/22/1511317865.1.wav",
    "url": "/api/v1/orders/20171122-0252/recordings/1511317865.1",
    "began": "2017-11-22T10:31:05+08:00",
    "seconds": 130.2,
    "bytes": 2083244,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "kind": "call",
    "repaired": False,
    "gaps": [{"first": 41.5, "last": 60.25}],
    "removed": None,
    "removed_because": None,
}

_RECORDING_OF_OUTBOUND: JsonValue = {
    **_RECORDING,
    "id": "out1511320265000.1",
    "file": "2017/11/22/out1511320265000.1.wav",
    "url": "/api/v1/orders/20171122-0252/recordings/out1511320265000.1",
    "began": "2017-11-22T11:11:31+08:00",
    "seconds": 69.1,
    "bytes": 1105644,
}

ORDERS = (
    Endpoint(
        method="GET",
        path="/orders",
        summary="Work orders, newest first; an operator sees those they took",
        handler=_orders,
        query=OrdersQuery,
        body=Nothing,
        answer=OrderList,
        problems=(403, 503),
        example_query={"day": "2017-11-22", "limit": "20"},
        example_answer={"orders": [_ORDER], "total": 1},
    ),
    Endpoint(
        method="GET",
        path="/orders/{number}",
        summary="One work order with its legs, recordings, changes, and calls made for it",
        handler=_order,
        query=Nothing,
        body=Nothing,
        answer=WholeOrder,
        problems=(403, 404, 503),
        example_answer={
            **_ORDER,
            "changes": [_CHANGE],
            "recordings": [_RECORDING],
            "outbound": [{**_OUTBOUND, "recordings": [_RECORDING_OF_OUTBOUND]}],
        },
    ),
    Endpoint(
        method="PATCH",
        path="/orders/{number}/entry",
        summary="Enter what the citizen wants: only the fields to change; null empties one",
        handler=_save_entry,
        query=Nothing,
        body=EntryPatch,
        answer=EntryView,
        problems=(403, 404, 409, 503),
        headers=(("If-Match", 'The entry\'s version that was seen, e.g. "1"; 0 for the first.'),),
        example_body={"type": "complaint", "category": "市政/路灯", "content": "南大街路灯不亮"},
        example_answer=_ENTRY,
    ),
)
