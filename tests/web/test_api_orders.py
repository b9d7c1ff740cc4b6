"""Orders are read by who may, and entered without anybody's work being overwritten."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import JsonValue

from callcenter.store.tables import METADATA
from tests.fakes.centre import World
from tests.fakes.orders import ENDED, MORNING, another
from tests.web.conftest import Api

PATH = "/orders/20171122-0252"
ENTRY = f"{PATH}/entry"


@pytest.fixture(autouse=True)
async def _filed(world: World) -> None:
    other = replace(another(253), operator="002", opened=MORNING + 60)
    await world.orders.file([ENDED, other], 1)


def numbers(answer: dict[str, JsonValue]) -> list[JsonValue]:
    orders = answer["orders"]
    assert isinstance(orders, list)
    return [order["number"] for order in orders if isinstance(order, dict)]


async def test_a_leader_sees_all_an_operator_their_own(operator: Api, leader: Api) -> None:
    assert numbers((await leader.ask("GET", "/orders"))[1]) == ["20171122-0253", "20171122-0252"]
    assert numbers((await operator.ask("GET", "/orders"))[1]) == ["20171122-0252"]
    assert (await operator.ask("GET", "/orders?operator=002"))[0] == 403
    assert (await operator.ask("GET", "/orders/20171122-0253"))[0] == 403
    assert (await leader.ask("GET", "/orders/20171122-0253"))[0] == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("day=2017-11-22&limit=1", ["20171122-0253"]),
        ("limit=1&offset=1", ["20171122-0252"]),
        ("open=true", ["20171122-0253"]),
        ("outcome=answered", ["20171122-0252"]),
        ("operator=002", ["20171122-0253"]),
        ("number=12319", []),
        ("caller=87200000", ["20171122-0253", "20171122-0252"]),
        ("caller=%2B8613800000000", []),
    ],
)
async def test_filters_and_pages(leader: Api, query: str, found: list[str]) -> None:
    status, answer = await leader.ask("GET", f"/orders?{query}")
    assert (status, numbers(answer)) == (200, found)


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("day=yesterday", "day", "wrong_value"),
        ("limit=0", "limit", "wrong_value"),
        ("outcome=lost", "outcome", "not_one_of"),
        ("colour=red", "colour", "unknown_field"),
        ("limit=1&limit=2", "limit", "repeated"),
    ],
)
async def test_a_wrong_filter_is_named(leader: Api, query: str, field: str, code: str) -> None:
    status, problem = await leader.ask("GET", f"/orders?{query}")
    assert (status, problem["field"], problem["code"]) == (422, field, code)


async def test_an_order_is_shown_whole_with_or_without_its_area(operator: Api) -> None:
    response = await operator.raw("GET", "/orders/320481-20171122-0252")
    order = await response.json()
    assert response.headers["ETag"] == '"0"'
    assert order["opened"] == "2017-11-22T10:31:05.250000+08:00"
    assert (order["wait_seconds"], order["talk_seconds"]) == (5.0, 121.0)
    assert [leg["outcome"] for leg in order["legs"]] == ["normal", "declined", "normal"]
    assert await operator.ask("GET", PATH) == (200, order)
    assert (await operator.ask("GET", "/orders/20171122-9999"))[1]["code"] == "unknown_order"


async def test_an_entry_is_saved_signed_and_kept_with_its_changes(operator: Api) -> None:
    body: JsonValue = {"type": "complaint", "content": "路灯不亮"}
    response = await operator.raw("PATCH", ENTRY, body, If_Match='"0"')
    assert response.status == 200
    assert response.headers["ETag"] == '"1"'
    entry = await response.json()
    assert (entry["type_title"], entry["entered_by"], entry["version"]) == ("投诉", "001", 1)
    _, order = await operator.ask("GET", PATH)
    assert order["entry"] == entry
    changes = order["changes"]
    assert isinstance(changes, list)
    assert len(changes) == 2


async def test_the_second_writer_sees_both_values_of_each_field(operator: Api, leader: Api) -> None:
    await operator.ask("PATCH", ENTRY, {"type": "complaint", "content": "a"}, If_Match='"0"')
    body: JsonValue = {"type": "complaint", "content": "b"}
    response = await leader.raw("PATCH", ENTRY, body, If_Match='"0"')
    assert (response.status, response.headers["ETag"]) == (409, '"1"')
    problem = await response.json()
    assert problem["code"] == "changed_meanwhile"
    assert problem["conflicts"] == {"content": {"yours": "b", "theirs": "a"}}
    assert "001" in problem["message"]
    assert (await leader.ask("PATCH", ENTRY, body, If_Match=f'"{problem["version"]}"'))[0] == 200


@pytest.mark.parametrize("header", [{}, {"If_Match": "*"}, {"If_Match": "abc"}])
async def test_without_the_version_seen_nothing_is_saved(
    operator: Api, header: dict[str, str]
) -> None:
    status, problem = await operator.ask("PATCH", ENTRY, {"content": "a"}, **header)
    assert (status, problem["field"]) == (422, "If-Match")


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"type": "praise"}, "type", "not_one_of"),
        ({"refusal": "tired"}, "refusal", "not_one_of"),
        ({"refusal": "military", "answered_on_spot": True}, "refusal", "refused_and_answered"),
        ({"content": "字" * 5001}, "content", "too_long"),
        ({"kontent": "a"}, "kontent", "unknown_field"),
        ({"answered_on_spot": "maybe"}, "answered_on_spot", "wrong_type"),
    ],
)
async def test_a_wrong_entry_is_refused_with_field_and_reason(
    operator: Api, body: JsonValue, field: str, code: str
) -> None:
    status, problem = await operator.ask("PATCH", ENTRY, body, If_Match="0")
    assert (status, problem["field"], problem["code"]) == (422, field, code)
    assert (await operator.ask("GET", PATH))[1]["changes"] == []


async def test_all_mistakes_are_told_at_once(operator: Api) -> None:
    body: JsonValue = {"type": "praise", "refusal": "tired"}
    _, problem = await operator.ask("PATCH", ENTRY, body, If_Match="0")
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert len(errors) == 2


async def test_an_operator_does_not_enter_into_others_orders(operator: Api) -> None:
    path = "/orders/20171122-0253/entry"
    assert (await operator.ask("PATCH", path, {"content": "a"}, If_Match="0"))[0] == 403


async def test_while_the_store_is_away_it_says_what_is_not_saved(
    operator: Api, world: World
) -> None:
    async with world.orders.engine.begin() as connection:
        await connection.run_sync(METADATA.drop_all)
    status, problem = await operator.ask("PATCH", ENTRY, {"content": "a"}, If_Match="0")
    assert (status, problem["code"]) == (503, "store_unavailable")
    assert (await operator.ask("GET", "/orders"))[0] == 503
