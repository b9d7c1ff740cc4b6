"""Reports for team leaders: the sums of a span, by period and by hotline, queue or operator."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy.exc import SQLAlchemyError

from callcenter.analytics.periods import By
from callcenter.analytics.report import Of, Report
from callcenter.analytics.span import LONGEST_DAYS, SpanError, read_span
from callcenter.clock import SHANGHAI
from callcenter.web.api.endpoint import Answer, Ask, Endpoint, Nothing
from callcenter.web.api.errors import refuse
from callcenter.web.api.orders import unavailable


class ReportQuery(BaseModel):
    """Of which time, and how long a row's period is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: str | None = Field(
        None, alias="from", max_length=32, description="2017-12-01 or 2017-12-01T10:15; today."
    )
    last: str | None = Field(
        None, alias="to", max_length=32, description="That day is in it, a moment is the end."
    )
    by: By = By.HOUR


async def _report(ask: Ask[ReportQuery, Nothing]) -> Answer:
    if not ask.principal.leads():
        raise refuse(403, "not_yours", "报表由班长和管理员查看。")
    of = ask.path["of"]
    if of not in set(Of):
        known = "、".join(Of)
        raise refuse(404, "unknown_report", f"没有“{of}”报表，可用的有：{known}。")
    query, now = ask.query, round(ask.services.centre.clock.now() * 1000)
    today = datetime.fromtimestamp(now / 1000, SHANGHAI).date().isoformat()
    try:
        span = read_span(query.first or today, query.last or today)
    except SpanError as error:
        message = (
            "时间段不对：请写成 2017-12-01 或 2017-12-01T10:15，止于起之后，"
            f"且不超过 {LONGEST_DAYS} 天。"
        )
        raise refuse(422, "wrong_span", message, error.field) from error
    try:
        return Answer(await ask.services.figures.report(span, query.by, Of(of), now))
    except (SQLAlchemyError, OSError) as error:
        raise unavailable("请稍后再查。") from error


_CALLS: dict[str, JsonValue] = {
    "offered": 20,
    "in_progress": 0,
    "outcomes": {"answered": 18, "abandoned": 2},
    "answered_in_time": 17,
    "answered_in_15s": 17,
    "abandoned_short": 1,
    "reached": 20,
    "connect_rate": 0.9,
    "service_level": 0.85,
    "waits": 20,
    "wait_seconds": 130.25,
    "average_wait_seconds": 6.513,
    "longest_wait_seconds": 31.2,
    "talk_seconds": 2160.5,
    "wrap_up_seconds": 540.0,
}

REPORTS = (
    Endpoint(
        method="GET",
        path="/reports/{of}",
        summary="Sums by period of each hotline, queue or operator; docs/figures.md explains them",
        handler=_report,
        query=ReportQuery,
        body=Nothing,
        answer=Report,
        problems=(403, 404, 503),
        example_query={"from": "2017-11-22", "to": "2017-11-22", "by": "hour"},
        example_answer={
            "by": "hour",
            "of": "hotline",
            "first": "2017-11-22T00:00:00+08:00",
            "until": "2017-11-23T00:00:00+08:00",
            "rows": [
                {
                    "period": "2017-11-22T10:00:00+08:00",
                    "key": "12345",
                    "calls": _CALLS,
                    "work": None,
                }
            ],
            "total": _CALLS,
            "total_work": None,
        },
    ),
)
