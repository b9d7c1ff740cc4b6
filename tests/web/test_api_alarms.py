"""Team leaders see what is wrong, and what was."""

from __future__ import annotations

from callcenter.web.api.alarms import AlarmList
from callcenter.web.health import Health, Part
from tests.fakes.centre import WELL, World
from tests.fakes.orders import MORNING
from tests.web.conftest import Api


def ill(world: World, name: str) -> None:
    part = Part(name=name, ok=False, needed=False, text="disk is full", since=None)
    others = tuple(each for each in world.health.parts if each.name != name)
    world.health = Health(parts=(*others, part))
    world.alarms.look()


async def test_what_goes_on_comes_before_what_is_over(leader: Api, world: World) -> None:
    ill(world, "store")
    world.centre.clock.moment = MORNING + 60
    world.health = WELL
    world.alarms.look()
    ill(world, "recordings")
    status, answer = await leader.ask("GET", "/alarms")
    assert status == 200
    now, before = AlarmList.model_validate(answer).alarms
    assert (now.part, now.title, now.text, now.until) == (
        "recordings",
        "录音",
        "disk is full",
        None,
    )
    assert (before.part, before.title) == ("store", "工单库")
    assert before.until is not None
    assert (before.until - before.since).total_seconds() == 60


async def test_an_operator_does_not_see_them(operator: Api) -> None:
    assert (await operator.ask("GET", "/alarms"))[0] == 403
