"""What the number plan does with a call, and why: as `callcenter route` says it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from callcenter.clock import SHANGHAI
from callcenter.numberplan.model import Route
from callcenter.orders.times import local
from callcenter.web.api.endpoint import Answer, Ask, Endpoint, Nothing


class RouteQuery(BaseModel):
    """A call to think through."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str = Field(min_length=1, max_length=32, description="As dialled.")
    at: datetime | None = Field(
        None, description="When; without a zone it is Asia/Shanghai. Now, if absent."
    )
    caller: str | None = Field(None, pattern=r"^\+[0-9]{5,15}$", description="E.164.")


async def _route(ask: Ask[RouteQuery, Nothing]) -> Answer:
    query, services = ask.query, ask.services
    at = query.at or local(services.centre.clock.wall())
    if at.tzinfo is None:
        at = at.replace(tzinfo=SHANGHAI)
    return Answer(services.route(query.number, query.caller, at))


PLAN = (
    Endpoint(
        method="GET",
        path="/plan/route",
        summary="What happens to a call for a number at a moment, and the reasons",
        handler=_route,
        query=RouteQuery,
        body=Nothing,
        answer=Route,
        example_query={"number": "87222160", "at": "2017-12-01T10:00"},
        example_answer={
            "number": "87222160",
            "mode": "direct_retire",
            "state": "forwarded",
            "action": "queue",
            "queue": "hotline",
            "announcement": "forwarded_87222160",
            "owner": "教育局",
            "service": "部门服务举报热线",
            "steps": [{"text": "cutover 2017-10", "file": "dialplan/numbers.yaml", "line": 12}],
        },
    ),
)
