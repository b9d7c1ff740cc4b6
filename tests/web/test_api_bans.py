"""Administrators see which addresses are refused and let them in again; nobody else does."""

from __future__ import annotations

import pytest

from callcenter.attacks.bans import Attack, Ban, Change, Sign
from callcenter.web.api.bans import BanList
from tests.fakes.centre import World
from tests.fakes.orders import MORNING
from tests.web.conftest import Api

STRANGER = "203.0.113.7"


@pytest.fixture(autouse=True)
def banned(world: World) -> None:
    until = MORNING + 3600
    world.attacks.bans = (Ban(STRANGER, MORNING, until, Sign.UNKNOWN),)
    world.attacks.changes = (
        Change(MORNING - 60, "rule", "203.0.113.8", MORNING),
        Change(MORNING, "rule", STRANGER, until),
    )
    world.attacks.attack = Attack(MORNING, 1, ("192.0.2.21",))


async def test_an_administrator_sees_who_is_refused(administrator: Api) -> None:
    status, answer = await administrator.ask("GET", "/bans")
    assert status == 200
    found = BanList.model_validate(answer)
    (ban,) = found.bans
    assert (ban.address, ban.why, ban.times) == (STRANGER, Sign.UNKNOWN, 1)
    assert found.spared == ("192.0.2.21",)
    assert [each.address for each in found.changes] == [STRANGER, "203.0.113.8"]


async def test_and_lets_an_address_in_again(administrator: Api, world: World) -> None:
    status, answer = await administrator.ask("POST", "/bans/lift", {"address": f" {STRANGER}"})
    assert status == 200
    assert BanList.model_validate(answer).bans == ()
    ((address, by),) = world.attacks.lifted
    assert address == STRANGER
    assert by.startswith("administrator:")


async def test_one_that_is_not_banned_is_told_so(administrator: Api) -> None:
    status, found = await administrator.ask("POST", "/bans/lift", {"address": "1.2.3.4"})
    assert (status, found["code"], found["field"]) == (404, "not_banned", "address")


async def test_a_team_leader_may_not(leader: Api, world: World) -> None:
    assert (await leader.ask("GET", "/bans"))[0] == 403
    assert (await leader.ask("POST", "/bans/lift", {"address": STRANGER}))[0] == 403
    assert world.attacks.lifted == []
