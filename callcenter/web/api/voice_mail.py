"""Messages that callers left out of hours: which wait, and that one was answered."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy.exc import SQLAlchemyError

from callcenter.orders.numbers import shown
from callcenter.orders.times import local, written
from callcenter.orders.view import RecordingView, recording_view
from callcenter.store.orders import Order, OrderNotFoundError
from callcenter.store.recordings import RecordingKind
from callcenter.store.voice_mail import AlreadyAnsweredError, NoMessageError
from callcenter.web.api.endpoint import Answer, Ask, Body, Endpoint, Nothing, Query
from callcenter.web.api.errors import refuse
from callcenter.web.api.orders import unavailable


class MessagesQuery(BaseModel):
    """Which messages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    voice_box: str | None = Field(None, max_length=41, description="Only of this voice box.")
    queue: str | None = Field(
        None, max_length=41, description="Only of voice boxes that the plan gives this queue."
    )
    unit: str | None = Field(
        None, max_length=64, description="Only of voice boxes that the plan gives this unit."
    )
    answered: bool = Field(
        False, description="Those that somebody has answered, latest first, instead."
    )
    limit: int = Field(50, ge=1, le=500)


class MessageView(BaseModel):
    """A message, and what is known of who left it."""

    order: str = Field(description="The order's number.")
    voice_box: str | None
    queue: str | None = Field(description="Whose callers leave messages there, by the plan.")
    unit: str | None = Field(description="Who answers them, by the plan.")
    caller: str | None = Field(description="E.164; null when withheld or unreadable.")
    hotline: str | None = Field(description="The number dialled.")
    owner: str | None = Field(description="The handling unit of that number.")
    left: datetime | None
    answer_by: datetime | None = Field(description="Until when it must be answered.")
    overdue: bool
    answered: datetime | None = Field(description="null while it waits.")
    answered_by: str | None
    recordings: tuple[RecordingView, ...] = Field(description="The sound of the message.")


class MessageList(BaseModel):
    """Messages that wait, most urgent first, or those that were answered."""

    messages: tuple[MessageView, ...]
    total: int = Field(description="How many there are in all.")


async def _messages(ask: Ask[MessagesQuery, Nothing]) -> Answer:
    query = ask.query
    try:
        orders, total = await ask.services.voice_mail.page(
            _boxes(ask), query.limit, answered=query.answered
        )
        messages = tuple([await _view(ask, order) for order in orders])
    except (SQLAlchemyError, OSError) as error:
        raise unavailable("请稍后再查。") from error
    return Answer(MessageList(messages=messages, total=total))


def _boxes(ask: Ask[MessagesQuery, Nothing]) -> tuple[str, ...] | None:
    """The voice boxes that are asked for; None for all, also those that the plan has no more."""
    query = ask.query
    if query.queue is None and query.unit is None:
        return None if query.voice_box is None else (query.voice_box,)
    return tuple(
        name
        for name, box in ask.services.centre.plan.voice_boxes.items()
        if query.voice_box in (None, name)
        and query.queue in (None, box.queue)
        and query.unit in (None, box.unit)
    )


async def _answered(ask: Ask[Nothing, Nothing]) -> Answer:
    number, services = ask.path["number"], ask.services
    try:
        order = await services.voice_mail.answer(
            number, who=ask.principal.name, now=services.centre.clock.now()
        )
        return Answer(await _view(ask, order))
    except (OrderNotFoundError, NoMessageError) as error:
        message = f"工单{number}没有留言，请从待回复的留言中选。"
        raise refuse(404, "unknown_message", message) from error
    except AlreadyAnsweredError as error:
        answer = error.answer
        message = f"{answer.by}已于{written(answer.at)}回复过这条留言，不必再回复。"
        raise refuse(409, "already_answered", message) from error
    except (SQLAlchemyError, OSError) as error:
        raise unavailable("请稍后再记。") from error


async def _view(ask: Ask[Query, Body], order: Order) -> MessageView:
    record, answer = order.record, order.message_answer
    recordings = await ask.services.recordings.of_call(record.call)
    number = shown(record.number)
    box = ask.services.centre.plan.voice_boxes.get(record.voice_box or "")
    late_from = record.answer_by
    now = answer.at if answer is not None else ask.services.centre.clock.now()
    return MessageView(
        order=number,
        voice_box=record.voice_box,
        queue=None if box is None else box.queue,
        unit=None if box is None else box.unit,
        caller=None if record.caller_withheld else record.caller,
        hotline=record.hotline,
        owner=record.owner,
        left=None if record.voice_message is None else local(record.voice_message),
        answer_by=None if late_from is None else local(late_from),
        overdue=late_from is not None and now > late_from,
        answered=None if answer is None else local(answer.at),
        answered_by=None if answer is None else answer.by,
        recordings=tuple(
            recording_view(number, each)
            for each in recordings
            if each.kind is RecordingKind.VOICE_MAIL
        ),
    )


_MESSAGE: dict[str, JsonValue] = {
    "order": "20171122-0252",
    "voice_box": "night",
    "queue": "hotline",
    "unit": "政务办",
    "caller": "+8651987200000",
    "hotline": "12345",
    "owner": "政务办",
    "left": "2017-11-22T22:31:40+08:00",
    "answer_by": "2017-11-23T22:31:40+08:00",
    "overdue": False,
    "answered": None,
    "answered_by": None,
    "recordings": [
        {
            "id": "1511361065.1_v3",
            "file": "2017/11/22/1511361065.1_v3.wav",
            "url": "/api/v1/orders/20171122-0252/recordings/1511361065.1_v3",
            "began": "2017-11-22T22:31:14+08:00",
            "seconds": 26.4,
            "bytes": 422444,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "kind": "voice_mail",
            "repaired": False,
            "gaps": [],
            "removed": None,
            "removed_because": None,
        }
    ],
}

VOICE_MAIL = (
    Endpoint(
        method="GET",
        path="/voice-messages",
        summary="Messages that callers left and nobody has answered (or those somebody has)",
        handler=_messages,
        query=MessagesQuery,
        body=Nothing,
        answer=MessageList,
        problems=(503,),
        example_query={"queue": "hotline"},
        example_answer={"messages": [_MESSAGE], "total": 1},
    ),
    Endpoint(
        method="POST",
        path="/voice-messages/{number}/answered",
        summary="Note that the asking person has answered the message of this order",
        handler=_answered,
        query=Nothing,
        body=Nothing,
        answer=MessageView,
        problems=(404, 409, 503),
        example_answer={
            **_MESSAGE,
            "answered": "2017-11-23T08:40:00+08:00",
            "answered_by": "001",
        },
    ),
)
