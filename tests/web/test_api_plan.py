"""What the plan does with a number is asked at a moment of Liyang's time."""

from __future__ import annotations

import pytest

from tests.web.conftest import Api


@pytest.mark.parametrize(
    ("query", "caller_and_moment"),
    [
        ("number=12345", "None 2017-11-22T10:31:05.250000+08:00"),
        ("number=12345&at=2017-12-01T10:00", "None 2017-12-01T10:00:00+08:00"),
        ("number=12345&at=2017-12-01T02:00:00Z", "None 2017-12-01T02:00:00+00:00"),
        ("number=12345&caller=%2B8613800001111", "+8613800001111 2017-11-22T10:31:05.250000+08:00"),
    ],
)
async def test_a_route(operator: Api, query: str, caller_and_moment: str) -> None:
    status, route = await operator.ask("GET", f"/plan/route?{query}")
    assert (status, route["number"], route["action"]) == (200, "12345", "queue")
    assert route["owner"] == caller_and_moment


@pytest.mark.parametrize(
    ("query", "field"),
    [("", "number"), ("number=12345&at=noon", "at"), ("number=1&caller=me", "caller")],
)
async def test_a_wrong_question_is_named(operator: Api, query: str, field: str) -> None:
    status, problem = await operator.ask("GET", f"/plan/route?{query}")
    assert (status, problem["field"]) == (422, field)
