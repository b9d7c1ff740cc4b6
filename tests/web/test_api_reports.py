"""Team leaders read reports; the wallboard shows the same sums."""

from __future__ import annotations

import pytest

from tests.fakes.centre import World
from tests.fakes.shifts import CALLS, SHIFT
from tests.web.conftest import Api


@pytest.fixture(autouse=True)
async def _filed(world: World) -> None:
    await world.orders.file(CALLS, 1)
    await world.services().figures.file(SHIFT, 9)


SPAN = "from=2017-11-22&to=2017-11-22"


async def test_a_leader_reads_them_an_operator_does_not(operator: Api, leader: Api) -> None:
    status, found = await leader.ask("GET", f"/reports/hotline?{SPAN}&by=quarter")
    assert status == 200
    rows, total = found["rows"], found["total"]
    assert isinstance(rows, list) and isinstance(total, dict)
    assert total["offered"] == 5
    assert [row["key"] for row in rows if isinstance(row, dict)] == ["12345", "12319", "12345"]
    status, problem = await operator.ask("GET", f"/reports/hotline?{SPAN}")
    assert (status, problem["code"]) == (403, "not_yours")


async def test_what_operators_did(leader: Api) -> None:
    _, found = await leader.ask("GET", f"/reports/operator?{SPAN}&by=day")
    work = found["total_work"]
    assert isinstance(work, dict)
    assert (work["signed_in_seconds"], work["offers"], work["missed"]) == (700.0, 2, 1)


async def test_today_is_what_is_shown_without_a_span(leader: Api) -> None:
    status, found = await leader.ask("GET", "/reports/queue")
    assert (status, found["by"]) == (200, "hour")


@pytest.mark.parametrize(
    ("path", "status", "code", "field"),
    [
        ("/reports/unit", 404, "unknown_report", None),
        ("/reports/queue?from=today", 422, "wrong_span", "from"),
        ("/reports/queue?from=2017-11-22&to=2017-11-21", 422, "wrong_span", "to"),
        ("/reports/queue?from=2017-01-01&to=2017-11-21", 422, "wrong_span", "to"),
        ("/reports/queue?by=minute", 422, "not_one_of", "by"),
    ],
)
async def test_a_wrong_wish_is_named(
    leader: Api, path: str, status: int, code: str, field: str | None
) -> None:
    found, problem = await leader.ask("GET", path)
    assert (found, problem["code"], problem.get("field")) == (status, code, field)
