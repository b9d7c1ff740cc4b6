"""Team leaders keep callers out and let them in again; nobody else does."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from callcenter.calls.events import Act, BlockCaller, UnblockCaller
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Block, BlockChange, Shield
from callcenter.numberplan.model import Treatment
from callcenter.web.api.blocklist import Blocklist
from tests.fakes.centre import World
from tests.fakes.orders import MORNING
from tests.web.conftest import Api

E164 = "+8613800000001"
WISH: dict[str, JsonValue] = {
    "number": "13800000001",
    "hours": 24,
    "reason": " 占线 ",
    "treatment": "reject",
}


async def test_a_team_leader_keeps_a_number_out(leader: Api, world: World) -> None:
    status, _ = await leader.ask("POST", "/blocklist/block", WISH)
    assert status == 200
    (act,) = world.centre.asked
    assert isinstance(act, Act)
    assert (act.by.leads, act.by.address) == (True, "127.0.0.1")
    asked = act.request
    assert isinstance(asked, BlockCaller)
    assert asked.by.startswith("team_leader:")
    assert asked.by == act.by.name
    assert (asked.number, asked.until) == ("13800000001", MORNING + 86400)
    assert (asked.reason, asked.treatment) == ("占线", Treatment.REJECT)


async def test_and_lets_it_in_again(leader: Api, world: World) -> None:
    assert (await leader.ask("POST", "/blocklist/unblock", {"number": E164}))[0] == 200
    (act,) = world.centre.asked
    assert isinstance(act, Act)
    assert isinstance(act.request, UnblockCaller)
    assert act.request.number == E164


async def test_the_list_shows_what_holds_now_and_every_change(leader: Api, world: World) -> None:
    def entry(number: str, hours: float) -> Block:
        return Block(
            number=number,
            since=MORNING,
            until=MORNING + hours * 3600,
            reason="占线",
            treatment=Treatment.LAST,
            by="rule",
        )

    world.centre.shield = Shield(
        blocks={"a": entry("a", 2), "b": entry("b", 1), "c": entry("c", 0)},
        changes=(
            BlockChange(at=MORNING, by="rule", number="a", until=MORNING + 7200, reason="占线"),
            BlockChange(at=MORNING + 1, by="001", number="d"),
        ),
    )
    status, told = await leader.ask("GET", "/blocklist")
    assert status == 200
    shown = Blocklist.model_validate(told)
    assert [block.number for block in shown.blocks] == ["b", "a"]
    assert [(each.by, each.until and each.until.timestamp()) for each in shown.changes] == [
        ("001", None),
        ("rule", MORNING + 7200),
    ]


async def test_an_operator_does_not_see_it(operator: Api) -> None:
    status, problem = await operator.ask("GET", "/blocklist")
    assert (status, problem["code"]) == (403, "not_a_team_leader")


@pytest.mark.parametrize(
    ("path", "body"),
    [("/blocklist/block", dict(WISH)), ("/blocklist/unblock", {"number": E164})],
)
async def test_nor_changes_it_and_the_centre_which_refuses_audits_the_try(
    operator: Api, world: World, path: str, body: JsonValue
) -> None:
    world.centre.refusal = Refusal("not_a_team_leader", "只有班长和管理员可以这样做；请班长处理。")
    status, problem = await operator.ask("POST", path, body)
    assert (status, problem["code"]) == (403, "not_a_team_leader")
    (act,) = world.centre.asked
    assert isinstance(act, Act)
    assert (act.by.name, act.by.leads) == ("001", False)


@pytest.mark.parametrize(
    ("code", "status", "field"),
    [("number_of_plan", 422, "number"), ("not_blocked", 404, "number"), ("busy", 409, None)],
)
async def test_a_refusal_is_told(
    leader: Api, world: World, code: str, status: int, field: str | None
) -> None:
    world.centre.refusal = Refusal(code, "不行。")
    got, problem = await leader.ask("POST", "/blocklist/block", dict(WISH))
    assert (got, problem["code"], problem.get("field")) == (status, code, field)


@pytest.mark.parametrize(
    "wrong",
    [{"hours": 0}, {"hours": 9000}, {"reason": ""}, {"treatment": "shoot"}, {"number": "1"}],
)
async def test_a_wrong_wish_is_told(leader: Api, world: World, wrong: dict[str, JsonValue]) -> None:
    status, _ = await leader.ask("POST", "/blocklist/block", {**WISH, **wrong})
    assert status == 422
    assert world.centre.asked == []
