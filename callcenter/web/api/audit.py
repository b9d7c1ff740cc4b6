"""The audit: who did what to whom, when, from where, and what was refused. For team leaders."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError

from callcenter.orders.times import local
from callcenter.staff.audit import act_title
from callcenter.store.audit import AuditFilter
from callcenter.web.api.endpoint import Answer, Ask, Endpoint, Nothing
from callcenter.web.api.orders import unavailable
from callcenter.web.api.supervision import only_leaders


class AuditQuery(BaseModel):
    """Which rows, and which page of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: dt.date | None = Field(None, description="Asia/Shanghai.")
    who: str | None = Field(None, max_length=64, description="Who acted.")
    operator: str | None = Field(None, max_length=16, description="About whom.")
    act: str | None = Field(None, max_length=64)
    call: str | None = Field(None, max_length=64)
    refused: bool | None = Field(None, description="Only what was refused, or only what was done.")
    limit: int = Field(50, ge=1, le=500)
    offset: int = Field(0, ge=0, le=2**31)


class AuditView(BaseModel):
    """One act."""

    at: dt.datetime
    who: str = Field(description="An operator's number, or role and token.")
    address: str
    act: str
    act_title: str
    operator: str | None = Field(description="About whom.")
    call: str | None
    detail: str | None = Field(description="What else was asked for.")
    refusal: str | None = Field(description="The reason's code; null where the act was done.")


class AuditList(BaseModel):
    """A page of rows, newest first."""

    rows: tuple[AuditView, ...]
    total: int = Field(description="How many there are in all.")


async def _audit(ask: Ask[AuditQuery, Nothing]) -> Answer:
    only_leaders(ask)
    query = ask.query
    wanted = AuditFilter(
        day=query.day,
        who=query.who,
        operator=query.operator,
        act=query.act,
        call=query.call,
        refused=query.refused,
    )
    try:
        page = await ask.services.audit.page(wanted, limit=query.limit, offset=query.offset)
    except (SQLAlchemyError, OSError) as error:
        raise unavailable("请稍后再查。") from error
    rows = tuple(
        AuditView(
            at=local(row.at),
            who=row.who,
            address=row.address,
            act=row.act,
            act_title=act_title(row.act),
            operator=row.operator or None,
            call=row.call or None,
            detail=row.detail or None,
            refusal=row.refusal or None,
        )
        for row in page.rows
    )
    return Answer(AuditList(rows=rows, total=page.total))


AUDIT = (
    Endpoint(
        method="GET",
        path="/audit",
        summary="What team leaders did, and what they were refused, newest first",
        handler=_audit,
        query=AuditQuery,
        body=Nothing,
        answer=AuditList,
        problems=(403, 503),
        example_query={"operator": "001"},
        example_answer={
            "rows": [
                {
                    "at": "2017-11-22T10:31:05+08:00",
                    "who": "009",
                    "address": "10.0.0.9",
                    "act": "whisper",
                    "act_title": "密语",
                    "operator": "001",
                    "call": "1511317865.1",
                    "detail": "seat=seat20",
                    "refusal": None,
                }
            ],
            "total": 1,
        },
    ),
)
