"""Real Asterisks for the tests in this folder; each test has its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from callcenter.asterisk import process
from callcenter.asterisk.exchange import Exchange
from callcenter.asterisk.process import AsteriskProcess
from callcenter.asterisk.render import render
from callcenter.numberplan.model import DialTarget, HeaderTrust, Trunk
from callcenter.settings import Settings
from tests.support.city import City, running_city
from tests.support.faulty_way import FaultyWay
from tests.support.house import House, furnish
from tests.support.live import LiveServer, live_settings, neighbour, running_server

LONGEST = (
    *("newcomer", "whole_plan", "fallback", "survey", "menus", "recording", "transfer"),
    *("postgresql", "soak", "strategies", "waiting", "operators", "witness", "watchdog"),
)
"""Files that begin first, so that none of them is left to run alone in the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a real Asterisk."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.live)
    first = [here / f"test_{name}.py" for name in LONGEST]
    items.sort(key=lambda item: first.index(item.path) if item.path in first else len(first))


@pytest.fixture
def settings() -> Iterator[Settings]:
    """An address, ports and an empty data folder of our own."""
    with live_settings() as settings:
        yield settings


@pytest.fixture
def exchange(settings: Settings) -> Exchange:
    """Two trunks, two seats, two emergency numbers and a room, without a plan's files."""
    trust = HeaderTrust(asserted_identity=True)

    def way(trunk: str, digits: str) -> tuple[DialTarget, ...]:
        return (DialTarget(trunk=trunk, digits=digits),)

    telecom, mobile = neighbour(settings, 2), neighbour(settings, 3)
    return Exchange(
        trunks=(
            Trunk(name="telecom", title="电信", host=telecom, channels=3, reserved=1),
            Trunk(name="mobile", title="移动", host=mobile, channels=3, trust=trust),
        ),
        seats=("seat01", "seat02"),
        emergencies={
            "110": way("telecom", "110") + way("mobile", "0519110"),
            "120": way("mobile", "120"),
        },
        rooms={"800": way("mobile", "87220000")},
        features=("*12", "*131", "*14"),
    )


@pytest.fixture
async def asterisk(settings: Settings, exchange: Exchange) -> AsyncIterator[AsteriskProcess]:
    """A running Asterisk without a controller."""
    render(settings, exchange)
    running = await process.start(settings)
    yield running
    await running.stop()


@pytest.fixture
async def asterisk_server() -> AsyncIterator[LiveServer]:
    """A running server with the project's plan: Asterisk, controller, web."""
    async with running_server() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[City]:
    """One server for all tests of a file, on a day of the trial run.

    A file with `GREETING = False` has callers wait at once, with `ANNOUNCES = False` talk at once;
    `QUOTA_GB` is its room for recordings, `RTP_TIMEOUT` the seconds after which a leg without audio
    is ended.
    """
    greeting: bool = getattr(request.module, "GREETING", True)
    announces: bool = getattr(request.module, "ANNOUNCES", True)
    quota_gb: float | None = getattr(request.module, "QUOTA_GB", None)
    rtp_timeout: int | None = getattr(request.module, "RTP_TIMEOUT", None)
    folder: Path = tmp_path_factory.mktemp("plan")
    async with running_city(
        folder,
        *("--at", "2017-12-01T10:00"),
        greeting=greeting,
        announces=announces,
        quota_gb=quota_gb,
        rtp_timeout=rtp_timeout,
    ) as city:
        yield city


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def way(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FaultyWay]:
    """The way to Asterisk of a `house`'s controllers."""
    async with FaultyWay.laid(tmp_path_factory.mktemp("way")) as way:
        yield way


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(request: pytest.FixtureRequest, way: FaultyWay, city: City) -> AsyncIterator[House]:
    """A house with `SEATS` operators, for all tests of a file."""
    seats: int = request.module.SEATS
    assert way.is_used, "the city was there before the way"
    furnish(city.server.settings.plan)
    await city.until_plan_is(city.server.settings.plan)
    async with House.open(city, seats) as house:
        yield house
