"""Somebody sets the machine's clock by an hour, there and back, while people wait and talk."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from time import time as now

import pytest
import pytest_asyncio

from callcenter.clock import CATCH_UP
from callcenter.orders.record import Outcome
from callcenter.staff.roles import Role
from callcenter.staff.tokens import Origin, Tokens
from tests.support.city import City, edit, new_caller, running_city, until, within
from tests.support.faketime import FakeTime
from tests.support.processes import without_controller

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR = 3600
MORNING = "hours:\n  morning: {title: 上午, weekly: {friday: [09:30-10:30]}}\n"


@dataclass
class Machine:
    """A city, and the clock of its server."""

    city: City
    time: FakeTime

    async def set(self, by: int) -> None:
        """Set it, and wait until the server has seen it."""
        self.time.set(by)

        async def is_seen() -> bool:
            said = re.search(r"[-+]\d+", str((await self.city.health())["clock"]["text"]))
            return said is not None and abs(int(said[0]) - by) < 30

        await until(is_seen, lambda: "the server does not see its clock set")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def machine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Machine]:
    folder: Path = tmp_path_factory.mktemp("plan")
    time = FakeTime(folder / "clock")
    time.set(0)
    at = ("--at", "2017-12-01T10:00")
    async with running_city(folder, *at, greeting=False, environment=time.environment) as city:
        plan = city.server.settings.plan
        edit(plan, "dialplan/hours.yaml", "(?m)^hours:\n", MORNING)
        closed = '"12350":\n    hours: morning\n    closed: {announce: holiday}'
        edit(plan, "dialplan/numbers.yaml", '"12350":', closed)
        await city.until_plan_is(plan)
        tokens = Tokens(city.server.settings.secrets)  # an hour must not end it
        city.token, _ = tokens.create(
            Role.ADMINISTRATOR, None, Origin.COMMAND, now=now(), seconds=86400.0
        )
        yield Machine(city, time)


@pytest.mark.long
async def test_timers_and_figures_stay_right_and_opening_hours_follow(machine: Machine) -> None:
    city = machine.city
    talker, waiter = new_caller(), new_caller()
    async with city.operator("001", "seat01") as phone:
        before = monotonic()
        talk = await city.talk(talker)
        seat = await phone.next_call()
        began = monotonic()
        wait = await city.waiting_call(waiter)
        queued = monotonic()
        await machine.set(HOUR)
        assert await is_closed(city)
        async with without_controller(city.server):
            pass  # one that starts now goes on in the same time
        assert await is_closed(city)
        await machine.set(-HOUR)
        assert await is_closed(city)
        board = await city.ask("GET", "/wallboard")
        assert board["waiting"] == 1
        at, since = (
            datetime.fromisoformat(str(board[each])) for each in ("at", "longest_wait_since")
        )
        shown = (at - since).total_seconds()
        assert lasted(shown, monotonic() - queued, monotonic() - began)
        assert talk.ending is None
        assert wait.ending is None
        await machine.set(0)
        await city.until_music(wait)
        talked = monotonic() - began, monotonic() - before
        await talk.hang_up()
        await within(seat.until_ended())
        await phone.next_call()
        waited = monotonic() - queued, monotonic() - began
        await city.until_operator("001", "talking")
        await wait.hang_up()
    first, second = [(await city.order_of(each)).record for each in (talker, waiter)]
    assert (first.outcome, second.outcome) == (Outcome.ANSWERED, Outcome.ANSWERED)
    assert first.answered is not None
    assert first.ended is not None
    assert lasted(first.ended - first.answered, *talked)
    assert second.wait_ms is not None
    assert lasted(second.wait_ms / 1000, *waited)


def lasted(seconds: float, least: float, most: float) -> bool:
    """Whether it took as long as was measured here, but for what the clock made up meanwhile."""
    return least * (1 - CATCH_UP) - 1 <= seconds <= most * (1 + CATCH_UP) + 1


async def is_closed(city: City) -> bool:
    """Whether a caller of the number with opening hours hears that nobody is there."""
    call = await city.call("12350", new_caller())
    await city.until_heard(call, "holiday")
    await within(call.until_ended())
    return True
