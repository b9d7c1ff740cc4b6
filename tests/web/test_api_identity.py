"""A PIN gives a token; a token says who asks; neither can be guessed."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from callcenter.staff.pins import FAILURES, SEAT_FAILURES
from tests.fakes.centre import World
from tests.web.conftest import Api


async def test_a_pin_gives_a_token_for_a_shift(nobody: Api, world: World) -> None:
    world.pins.set("001", "2468")
    status, given = await nobody.ask("POST", "/tokens", {"operator": "001", "pin": "2468"})
    assert status == 201
    assert (given["role"], given["operator"]) == ("operator", "001")
    assert given["expires"] == "1970-01-01T20:16:40+08:00"
    signed_in = Api(nobody.client, {"Authorization": f"Bearer {given['token']}"})
    assert await signed_in.ask("GET", "/me") == (
        200,
        {
            "role": "operator",
            "role_title": "话务员",
            "operator": "001",
            "name": "芮红",
            "expires": "1970-01-01T20:16:40+08:00",
        },
    )
    world.machine_time += 12 * 3600
    assert (await signed_in.ask("GET", "/me"))[0] == 401


@pytest.mark.parametrize(("operator", "pin"), [("001", "1111"), ("002", "2468"), ("999", "2468")])
async def test_a_wrong_pin_and_an_unknown_operator_look_the_same(
    nobody: Api, world: World, operator: str, pin: str
) -> None:
    world.pins.set("001", "2468")
    status, problem = await nobody.ask("POST", "/tokens", {"operator": operator, "pin": pin})
    assert (status, problem["code"]) == (401, "wrong_pin")


async def test_guessing_is_locked_for_a_while(nobody: Api, world: World) -> None:
    world.pins.set("001", "2468")
    for _ in range(FAILURES):
        await nobody.ask("POST", "/tokens", {"operator": "001", "pin": "0000"})
    response = await nobody.raw("POST", "/tokens", {"operator": "001", "pin": "2468"})
    assert response.status == 429
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert (await response.json())["code"] == "locked"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer cc_wrong", "Basic MDAxOjI0Njg=", "cc_wrong"]
)
async def test_without_a_valid_token_nothing_is_told(nobody: Api, header: str) -> None:
    response = await nobody.raw("GET", "/operators", Authorization=header)
    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert (await response.json())["code"] == "not_signed_in"


async def test_a_revoked_token_is_worthless_at_once(operator: Api, world: World) -> None:
    assert (await operator.ask("GET", "/me"))[0] == 200
    world.tokens.revoke(world.tokens.all()[0].id)
    assert (await operator.ask("GET", "/me"))[0] == 401


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"operator": "001"}, 422, "missing", "pin"),
        ({"operator": "001", "pin": 2468}, 422, "wrong_type", "pin"),
        ({"operator": "001", "pin": "1", "seat": "x"}, 422, "unknown_field", "seat"),
        (["001", "2468"], 422, "wrong_type", None),
    ],
)
async def test_what_is_wrong_is_named(
    nobody: Api, body: JsonValue, status: int, code: str, field: str | None
) -> None:
    got, problem = await nobody.ask("POST", "/tokens", body)
    assert (got, problem["code"], problem.get("field")) == (status, code, field)


async def test_a_team_leader_releases_a_locked_operator_and_a_locked_seat(
    nobody: Api, leader: Api, operator: Api, world: World
) -> None:
    world.pins.set("001", "2468")
    for _ in range(FAILURES):
        await nobody.ask("POST", "/tokens", {"operator": "001", "pin": "0000"})
    assert (await operator.ask("POST", "/operators/001/unlock"))[0] == 403
    assert (await leader.ask("POST", "/operators/001/unlock"))[0] == 200
    status, _ = await nobody.ask("POST", "/tokens", {"operator": "001", "pin": "2468"})
    assert status == 201
    for number in range(SEAT_FAILURES):
        await world.pins.verify(f"{number:03}", "0000", 0.0, "seat01")
    assert not (await world.pins.verify("001", "2468", 1.0, "seat01")).ok
    assert (await operator.ask("POST", "/seats/seat01/unlock"))[0] == 403
    assert (await leader.ask("POST", "/seats/seat01/unlock"))[0] == 200
    assert (await world.pins.verify("001", "2468", 1.0, "seat01")).ok


@pytest.mark.parametrize("path", ["/operators/999/unlock", "/seats/seat99/unlock"])
async def test_nobody_unknown_is_released(leader: Api, path: str) -> None:
    assert (await leader.ask("POST", path))[0] == 404
