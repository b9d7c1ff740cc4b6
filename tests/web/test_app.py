"""What holds for every request: errors of one form, limits, headers; and health and metrics."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcenter.calls.wallboard import OperatorStatus
from callcenter.web.app import MAX_BODY
from callcenter.web.health import Health, Part
from tests.fakes.centre import World
from tests.web.conftest import Api, Client


@pytest.mark.parametrize(
    ("data", "status", "code", "says"),
    [
        (b'{"operator": "001",\n "pin": }', 400, "malformed_json", "第 2 行第 9 列"),
        (b"", 422, "missing", "operator"),
        (b'{"operator": "001", "operator": "002"}', 422, "repeated", "operator"),
        (b'{"operator": NaN}', 400, "malformed_json", "NaN"),
        (b"\xff{}", 400, "malformed_json", "UTF-8"),
        (b"[" * 20000, 400, "malformed_json", ""),
        (b" " * (MAX_BODY + 1), 413, "too_large", "64 KB"),
    ],
)
async def test_a_body_that_cannot_be_read_is_explained(
    client: Client, data: bytes, status: int, code: str, says: str
) -> None:
    response = await client.post(
        "/api/v1/tokens", data=data, headers={"Content-Type": "application/json"}
    )
    problem = await response.json()
    assert (response.status, problem["code"]) == (status, code)
    assert says in problem["message"]


async def test_a_body_must_be_declared_as_json(client: Client) -> None:
    response = await client.post("/api/v1/tokens", data={"operator": "001", "pin": "2468"})
    assert (response.status, (await response.json())["code"]) == (415, "not_json")


async def test_an_unknown_address_and_a_wrong_method(operator: Api) -> None:
    status, problem = await operator.ask("GET", "/operator")
    assert (status, problem["code"]) == (404, "unknown_address")
    response = await operator.raw("DELETE", "/operators")
    assert (response.status, response.headers["Allow"]) == (405, "GET")
    assert (await response.json())["code"] == "method_not_allowed"


async def test_a_fault_of_ours_is_told_without_its_details(
    operator: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(world.centre, "wallboard", broken)
    status, problem = await operator.ask("GET", "/operators")
    assert (status, problem["code"]) == (500, "internal_error")
    assert "secret" not in str(problem)


@pytest.mark.parametrize("path", ["/wallboard", "/api/v1/me", "/nowhere", "/healthz"])
async def test_every_answer_has_the_strict_policy(client: Client, path: str) -> None:
    response = await client.get(path)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_healthy(client: Client) -> None:
    response = await client.get("/healthz")
    assert (response.status, (await response.json())["status"]) == (200, "ok")


async def test_a_part_that_calls_do_not_need_only_degrades(client: Client, world: World) -> None:
    away = Part(name="store", ok=False, needed=False, text="disk full", since=5.0)
    world.health = Health(parts=(away,))
    response = await client.get("/healthz")
    body = await response.json()
    assert (response.status, body["status"]) == (200, "degraded")
    assert body["parts"][0]["text"] == "disk full"


async def test_without_asterisk_the_answer_is_503(client: Client, world: World) -> None:
    gone = Part(name="asterisk", ok=False, needed=True, text="no connection", since=None)
    world.health = Health(parts=(gone,))
    response = await client.get("/healthz")
    assert (response.status, (await response.json())["status"]) == (503, "failing")


async def test_metrics_tell_the_wallboards_figures(client: Client, world: World) -> None:
    world.centre.put("001", OperatorStatus.READY, seat="seat01")
    world.centre.show(replace(world.centre.board, offered=5, answered=3, abandoned=2, waiting=4))
    text = await (await client.get("/metrics")).text()
    for line in (
        "callcenter_calls_offered_total 5.0",
        'callcenter_calls_ended_total{outcome="answered"} 3.0',
        'callcenter_calls_ended_total{outcome="abandoned"} 2.0',
        "callcenter_waiting 4.0",
        'callcenter_operators{state="ready"} 1.0',
        'callcenter_operators{state="offline"} 2.0',
        "callcenter_journal_lag_events 3.0",
        "callcenter_store_lag_events 2.0",
        'callcenter_part_ok{part="asterisk"} 1.0',
    ):
        assert line in text.splitlines()


async def test_metrics_time_what_they_are_told(world: World) -> None:
    metrics = world.services().metrics
    metrics.step_seconds(0.003)
    metrics.commit_seconds(0.3)
    text = metrics.exposition().decode()
    assert 'callcenter_step_seconds_bucket{le="0.0025"} 0.0' in text
    assert 'callcenter_step_seconds_bucket{le="0.005"} 1.0' in text
    assert "callcenter_commit_seconds_sum 0.3" in text
