"""The real runtime, journal and store behind the web: a call from arrival to its entered order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from callcenter.alarms import Alarms
from callcenter.calls.commands import Command, Dial, Hangup, Play
from callcenter.calls.events import CallArrived, LegAnswered, LegEnded, PlaybackFinished, SipHeaders
from callcenter.clock import Clock
from callcenter.numberplan.decide import decide
from callcenter.recovery import restore
from callcenter.runtime import Runtime
from callcenter.staff.pins import Pins
from callcenter.staff.tokens import Tokens
from callcenter.store.audit import AuditStore
from callcenter.store.feeds import OrderFeed
from callcenter.store.figures import FigureStore
from callcenter.store.journal import Journal
from callcenter.store.orders import OrderStore
from callcenter.store.outbound import OutboundStore
from callcenter.store.projector import Projector
from callcenter.store.recordings import RecordingStore
from callcenter.store.voice_mail import VoiceMail
from callcenter.web.app import make_app
from callcenter.web.metrics import Lag, Metrics
from callcenter.web.services import Services
from tests.fakes.centre import WELL, FakeAttacks
from tests.fakes.waiting import until
from tests.plans import small_plan
from tests.web.conftest import Api


@dataclass
class ObedientSwitch:
    """Plays at once, answers every dialled leg, hangs up when told."""

    runtime: Runtime | None = None

    def send(self, commands: tuple[Command, ...]) -> None:
        assert self.runtime is not None
        for command in commands:
            match command:
                case Play():
                    self.runtime.post(PlaybackFinished(command.leg, command.playback))
                case Dial():
                    self.runtime.post(LegAnswered(command.leg))
                case Hangup():
                    self.runtime.post(LegEnded(command.leg))
                case _:
                    pass


@dataclass
class House:
    """All of it."""

    runtime: Runtime
    pins: Pins
    api: Api


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    plan = small_plan()
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    switch = ObedientSwitch()
    clock = Clock()
    runtime = Runtime(await restore(journal, plan), plan, journal, switch, clock)
    switch.runtime = runtime
    runtime.use_plan(plan)
    store = OrderStore.in_folder(tmp_path)
    projector = Projector(OrderFeed(journal), store, clock.now, first_pause=0.01, rest=0.01)
    services = Services(
        centre=runtime,
        orders=store,
        recordings=RecordingStore(store.engine),
        figures=FigureStore(store.engine),
        audit=AuditStore(store.engine),
        outbound=OutboundStore(store.engine),
        voice_mail=VoiceMail(store),
        recordings_folder=tmp_path / "recordings",
        pins=Pins(tmp_path),
        tokens=Tokens(tmp_path),
        metrics=Metrics(runtime.wallboard, Lag),
        attacks=FakeAttacks(),
        alarms=Alarms(lambda: WELL, clock.now),
        health=lambda: WELL,
        route=lambda number, caller, at: decide(plan, number, caller, at),
    )
    running = [asyncio.create_task(part) for part in (runtime.run(), projector.run())]
    async with TestClient(TestServer(make_app(services))) as client:
        yield House(runtime, services.pins, Api(client, {}))
    for task in running:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await runtime.stop()
    await store.close()
    await journal.close()


async def test_a_call_moves_the_wallboard_and_leaves_an_order(house: House) -> None:
    house.pins.set("001", "2468")
    _, given = await house.api.ask("POST", "/tokens", {"operator": "001", "pin": "2468"})
    operator = Api(house.api.client, {"Authorization": f"Bearer {given['token']}"})
    status, problem = await operator.ask("POST", "/operators/001/ready")
    assert (status, problem["code"]) == (409, "not_signed_in")
    _, seats = await operator.ask("GET", "/seats")
    assert isinstance(seats["seats"], list)
    first = seats["seats"][0]
    assert isinstance(first, dict)
    await operator.ask("POST", "/operators/001/sign-in", {"seat": first["name"]})
    assert (await operator.ask("POST", "/operators/001/ready"))[1]["state"] == "ready"

    headers = SipHeaders(from_="<sip:051987200000@carrier>")
    house.runtime.post(CallArrived("call-1", "telecom", "12345", headers))
    await until(lambda: house.runtime.wallboard().operators[0].state == "talking")
    assert (await operator.ask("GET", "/wallboard"))[1]["in_progress"] == 1

    assert (await operator.ask("POST", "/operators/001/hang-up"))[0] == 200
    await until(lambda: house.runtime.wallboard().answered == 1)

    async with asyncio.timeout(5):
        # The store opens beside all this, and says 503 until it has: nothing is lost meanwhile.
        while not (found := (await operator.ask("GET", "/orders?outcome=answered"))[1]).get(
            "total"
        ):
            pass
    assert isinstance(found["orders"], list)
    order = found["orders"][0]
    assert isinstance(order, dict)
    assert (order["caller"], order["operator"]) == ("+8651987200000", "001")
    path = f"/orders/{order['number']}/entry"
    assert (await operator.ask("PATCH", path, {"type": "enquiry"}, If_Match="0"))[0] == 200
