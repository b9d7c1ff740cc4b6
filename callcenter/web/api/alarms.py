"""What is wrong, and what was since the controller started; team leaders see it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field, JsonValue

from callcenter.orders.times import local
from callcenter.web.api.endpoint import Answer, Ask, Endpoint, Nothing
from callcenter.web.api.supervision import only_leaders
from callcenter.web.wallboard import PART_TITLES


class AlarmView(BaseModel):
    """A part of the service that did not work for a while."""

    part: str = Field(description="Its name in /healthz.")
    title: str = Field(description="Its name on the wallboard.")
    text: str = Field(description="What was the matter, in English.")
    since: datetime
    until: datetime | None = Field(description="null: it is not over.")


class AlarmList(BaseModel):
    """Alarms that go on, then those that are over, the newest first in both."""

    alarms: tuple[AlarmView, ...]


async def _list(ask: Ask[Nothing, Nothing]) -> Answer:
    only_leaders(ask)
    return Answer(
        AlarmList(
            alarms=tuple(
                AlarmView(
                    part=each.part,
                    title=PART_TITLES.get(each.part, each.part),
                    text=each.text,
                    since=local(each.since),
                    until=None if each.until is None else local(each.until),
                )
                for each in ask.services.alarms.latest
            )
        )
    )


_EXAMPLE: dict[str, JsonValue] = {
    "alarms": [
        {
            "part": "attacks",
            "title": "外部攻击",
            "text": "1 addresses are refused",
            "since": "2017-11-22T10:31:05+08:00",
            "until": "2017-11-22T10:52:40+08:00",
        }
    ]
}

ALARMS = (
    Endpoint(
        method="GET",
        path="/alarms",
        summary="What is wrong, and what was since the controller started",
        handler=_list,
        query=Nothing,
        body=Nothing,
        answer=AlarmList,
        problems=(403,),
        example_answer=_EXAMPLE,
    ),
)
