"""A trunk that is down or full: the next one is taken, and the order says which was tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.orders.record import Outcome
from callcenter.trunk_watch import IN_A_ROW
from tests.support.city import City, edit, new_caller, until, within
from tests.support.live import neighbour

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False

PARTNER = "96121"
"""Reached by unicom, or else by telecom."""


def texts(folder: Path, *files: str) -> dict[Path, str]:
    return {folder / file: (folder / file).read_text(encoding="utf-8") for file in files}


async def put_back(city: City, files: dict[Path, str]) -> None:
    for file, text in files.items():
        file.write_text(text, encoding="utf-8")
    await city.until_plan_is(city.server.settings.plan)


async def is_told(city: City) -> None:
    """Who keeps the server is told of the trunk, and calls are served."""

    async def has_begun() -> bool:
        alarms = (await city.ask("GET", "/alarms"))["alarms"]
        assert isinstance(alarms, list)
        return any(each["part"] == "trunks" and each["until"] is None for each in alarms)

    await until(has_begun, lambda: "there is no alarm")
    part = (await city.health())["trunks"]
    assert (part["ok"], part["needed"]) == (False, False)
    assert f"unicom: the last {IN_A_ROW} calls failed (unreachable)" in str(part["text"])
    async with city.http.get(f"{city.server.settings.web_url}/wallboard") as page:
        assert "中继线路 异常" in await page.text()


async def test_a_trunk_where_nobody_is_is_followed_by_the_next(city: City) -> None:
    folder, caller = city.server.settings.plan, new_caller()
    good = texts(folder, "trunks/unicom.yaml", "dialplan/centre.yaml")
    nobody = neighbour(city.server.settings, 99)
    edit(folder, "trunks/unicom.yaml", r"host: \S+", f"host: {nobody}")
    edit(folder, "dialplan/centre.yaml", r"forward_ring_seconds: \d+", "forward_ring_seconds: 15")
    await city.until_plan_is(folder)
    others = [await city.call(PARTNER, new_caller()) for _ in range(IN_A_ROW - 1)]
    call = await city.call(PARTNER, caller)
    far = await city.outside.call_to(await city.target(PARTNER), within=15.0)
    assert far.trunk == "telecom"
    for each in (call, *others):
        assert await within(each.until_answered())
    await is_told(city)
    for each in (call, *others):
        await each.hang_up()
    order = (await city.order_of(caller)).record
    assert order.outcome is Outcome.FORWARDED
    legs = [(leg.place, leg.outcome) for leg in order.legs]
    assert legs == [("telecom", "normal"), ("unicom", "unreachable"), ("telecom", "normal")]
    await put_back(city, good)


async def test_a_trunk_that_is_full_is_passed_over(city: City) -> None:
    folder, caller = city.server.settings.plan, new_caller()
    good = texts(folder, "trunks/unicom.yaml")
    edit(folder, "trunks/unicom.yaml", r"channels: \d+", "channels: 3")
    await city.until_plan_is(folder)
    there = [await city.call("12345", new_caller(), trunk="unicom") for _ in range(2)]
    for each in there:  # one channel is kept
        assert await within(each.until_answered())
    call = await city.call(PARTNER, caller)
    far = await city.outside.call_to(await city.target(PARTNER))
    assert far.trunk == "telecom"
    assert await within(call.until_answered())
    for each in (call, *there):
        await each.hang_up()
    order = (await city.order_of(caller)).record
    assert [leg.place for leg in order.legs] == ["telecom", "telecom"]
    await put_back(city, good)
