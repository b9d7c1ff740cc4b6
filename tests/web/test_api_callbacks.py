"""The callback list: everybody on the staff sees it, takes from it in their own name, closes."""

from __future__ import annotations

from callcenter.calls.events import CallMissed, CloseMissed
from callcenter.calls.missed_calls import CallbackLine, CallbackList
from callcenter.calls.refusal import Refusal
from callcenter.orders.record import Outcome
from callcenter.orders.times import local
from tests.fakes.centre import World
from tests.fakes.orders import MORNING
from tests.web.conftest import Api

LINE = CallbackLine(
    number="+8613800001111",
    order="320481-20171122-0007",
    queue="hotline",
    at=MORNING,
    outcome=Outcome.ABANDONED,
    tries=0,
    times=2,
)


async def test_the_list_says_whom_and_why(operator: Api, world: World) -> None:
    world.centre.to_call = CallbackList(missed=(LINE,))
    status, body = await operator.ask("GET", "/callbacks")
    assert status == 200
    assert body["wished"] == []
    assert body["missed"] == [
        {
            "number": "+8613800001111",
            "order": "20171122-0007",
            "queue": "hotline",
            "at": local(MORNING).isoformat(),
            "outcome": "abandoned",
            "tries": 0,
            "times": 2,
            "closed": None,
            "closed_by": None,
            "result": None,
        }
    ]


async def test_an_operator_calls_in_their_own_name(operator: Api, world: World) -> None:
    path = "/callbacks/+8613800001111/call"
    status, _ = await operator.ask("POST", path, {"operator": "001"})
    assert status == 200
    assert world.centre.asked == [CallMissed("001", "+8613800001111")]
    status, body = await operator.ask("POST", path, {"operator": "002"})
    assert (status, body["code"]) == (403, "not_yours")


async def test_a_closed_entry_is_signed(operator: Api, world: World) -> None:
    status, _ = await operator.ask(
        "POST", "/callbacks/+8613800001111/close", {"result": "已由网站答复"}
    )
    assert status == 200
    assert world.centre.asked == [CloseMissed("+8613800001111", "001", "已由网站答复")]


async def test_a_refusal_says_why(operator: Api, world: World) -> None:
    world.centre.refusal = Refusal("unknown_missed", "回电名单里没有这个号码。")
    status, body = await operator.ask("POST", "/callbacks/+861/close", {"result": "已办"})
    assert (status, body["code"]) == (404, "unknown_missed")


async def test_nobody_else_sees_it(nobody: Api) -> None:
    status, _ = await nobody.ask("GET", "/callbacks")
    assert status == 401
