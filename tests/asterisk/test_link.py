"""The connection to Asterisk: what is compared on each connect, and in which order it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from callcenter.asterisk import link as link_module
from callcenter.asterisk.ari import AriError, JsonObject
from callcenter.asterisk.link import AsteriskLink, ReplacedError
from callcenter.calls.events import (
    CallArrived,
    CallLeft,
    Event,
    FeatureDialled,
    SwitchReconciled,
)
from callcenter.orders.outbound import OrderReference
from tests.fakes.ari import FakeAri
from tests.fakes.waiting import until

ORDER = OrderReference(call="15.1", number="320481-20171122-0252", caller="+8651987200000")


def channel(name: str, role: str = "caller", application: str = "Stasis") -> JsonObject:
    return {
        "id": name,
        "channelvars": {"CALLID": name.partition("_")[0], "ROLE": role},
        "dialplan": {"app_name": application},
    }


def start(name: str, *args: str) -> JsonObject:
    return {"type": "StasisStart", "channel": {"id": name}, "args": list(args)}


class Queues:
    """Asterisk's own queues: notes what it is asked."""

    def __init__(self, ari: FakeAri) -> None:
        self._ari = ari
        self.asked: list[str] = []
        self.may_fetch = False

    async def pause(self) -> None:
        self.asked.append(f"pause, after {self._ari.paths().count('GET /channels')} looks")

    def bring_back(self, channels: Sequence[JsonObject]) -> None:
        self.asked.append(f"bring back from {len(channels)} channels")
        self.may_fetch = True

    def stay_out(self) -> None:
        self.may_fetch = False


class Bench:
    """A link at work on a fake ARI."""

    def __init__(self) -> None:
        self.ari = FakeAri()
        self.told: list[Event] = []
        self.queues = Queues(self.ari)
        self.link = AsteriskLink(
            self.ari,
            self.told.append,
            self._pin_is_right,
            self.queues,
            find_order=self._find_order,
        )
        self.task = asyncio.create_task(self.link.run())

    async def _pin_is_right(self, code: str, pin: str, seat: str) -> bool:
        return (code, pin, bool(seat)) == ("*11001", "4821", True)

    async def _find_order(self, code: str) -> OrderReference | None:
        return ORDER if code == "*42252" else None

    async def connection(self) -> asyncio.Queue[JsonObject | None]:
        return await asyncio.wait_for(self.ari.connections.get(), 5)


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(link_module, "RETRY_SECONDS", 0.01)
    bench = Bench()
    yield bench
    bench.task.cancel()
    await asyncio.wait([bench.task])


async def test_first_the_legs_that_are_there_then_what_was_held_back(bench: Bench) -> None:
    bench.ari.listed = [channel("15.1"), channel("15.1_1", "operator"), {"id": "other"}]
    hold = bench.ari.held["/channels"] = asyncio.Event()
    events = await bench.connection()
    events.put_nowait({"type": "StasisEnd", "channel": {"id": "15.1"}})
    await until(lambda: "GET /channels" in bench.ari.paths())
    assert bench.told == []
    assert not bench.link.connected
    hold.set()
    await until(lambda: bench.link.connected)
    assert bench.told == [SwitchReconciled(("15.1", "15.1_1"), callers=("15.1",)), CallLeft("15.1")]


async def test_a_call_that_arrives_while_we_compare_is_not_taken_for_a_stray(bench: Bench) -> None:
    bench.ari.listed = [channel("15.9")]
    hold = bench.ari.held["/channels"] = asyncio.Event()
    events = await bench.connection()
    events.put_nowait(start("15.9", "arrived", "telecom", "12345"))
    await until(lambda: "GET /channels" in bench.ari.paths() and events.empty())
    hold.set()
    await until(lambda: len(bench.told) == 2)
    assert bench.told == [
        SwitchReconciled(("15.9",), arriving=("15.9",), callers=("15.9",)),
        CallArrived("15.9", "telecom", "12345"),
    ]


async def test_callers_in_the_dialplan_are_told_and_fetched(bench: Bench) -> None:
    bench.ari.listed = [channel("15.1", application="Queue"), channel("15.2")]
    await bench.connection()
    await until(lambda: bench.link.connected)
    assert bench.told == [SwitchReconciled(("15.2",), outside=("15.1",), callers=("15.2",))]
    assert bench.queues.asked == ["pause, after 0 looks", "bring back from 2 channels"]


async def test_a_lost_websocket_is_opened_again_and_compared_again(bench: Bench) -> None:
    first = await bench.connection()
    await until(lambda: bench.link.connected)
    assert bench.queues.may_fetch
    bench.ari.refusals["GET /channels"] = AriError(503, "busy")
    first.put_nowait(None)
    await bench.connection()
    await until(lambda: bench.ari.paths().count("GET /channels") >= 2)
    assert not bench.queues.may_fetch, "who is fetched would not find us"
    bench.ari.refusals.clear()
    await until(lambda: len(bench.told) == 2)
    assert bench.told == [SwitchReconciled(()), SwitchReconciled(())]


async def test_a_comparison_that_lost_its_websocket_is_not_told(bench: Bench) -> None:
    """What happened since nobody told us: a call that came then would be taken for gone."""
    hold = bench.ari.held["/channels"] = asyncio.Event()
    first = await bench.connection()
    await until(lambda: "GET /channels" in bench.ari.paths())
    first.put_nowait(None)
    second = await bench.connection()
    await until(lambda: bench.ari.paths().count("GET /channels") == 2)
    hold.set()
    await until(lambda: bench.link.connected)
    second.put_nowait(start("15.9", "arrived", "telecom", "12345"))
    await until(lambda: len(bench.told) > 1)
    assert bench.told == [SwitchReconciled(()), CallArrived("15.9", "telecom", "12345")]


async def test_which_run_of_asterisk_it_is_is_told(bench: Bench) -> None:
    began = "2017-12-01T10:00:00.000+0800"
    bench.ari.answers["GET /asterisk/info"] = {"status": {"startup_time": began}}
    await bench.connection()
    await until(lambda: bench.link.connected)
    assert bench.told == [SwitchReconciled((), switch=began)]


async def test_comparing_is_tried_again_until_asterisk_answers(bench: Bench) -> None:
    bench.ari.refusals["GET /channels"] = AriError(503, "busy")
    await bench.connection()
    await until(lambda: bench.ari.paths().count("GET /channels") >= 2)
    assert bench.told == []
    bench.ari.refusals.clear()
    await until(lambda: bench.link.connected)
    assert bench.told == [SwitchReconciled(())]


async def test_whoever_is_replaced_ends(bench: Bench) -> None:
    events = await bench.connection()
    events.put_nowait({"type": "ApplicationReplaced"})
    with pytest.raises(ReplacedError):
        await asyncio.wait_for(bench.task, 5)


@pytest.mark.parametrize(("pin", "right"), [("4821", True), ("0000", False), ("", False)])
async def test_a_pin_is_checked_here_and_goes_no_further(
    bench: Bench, pin: str, right: bool
) -> None:
    events = await bench.connection()
    await until(lambda: bench.link.connected)
    events.put_nowait(start("15.9", "feature", "seat01", "*11001", pin))
    await until(lambda: len(bench.told) == 2)
    assert bench.told[1] == FeatureDialled("15.9", "seat01", "*11001", right)


async def test_an_order_that_a_code_names_is_looked_up_here(bench: Bench) -> None:
    events = await bench.connection()
    for leg, code in (("15.8", "*42252"), ("15.9", "*12")):
        events.put_nowait(start(leg, "feature", "seat01", code))
    await until(lambda: len(bench.told) == 3)
    assert bench.told[1:] == [
        FeatureDialled("15.8", "seat01", "*42252", order=ORDER),
        FeatureDialled("15.9", "seat01", "*12"),
    ]


async def test_legs_that_were_answered_meanwhile_are_told(bench: Bench) -> None:
    ringing = channel("15.1_2", "partner", "") | {"state": "Ringing"}
    answered = channel("15.1_1", "operator") | {"state": "Up"}
    bench.ari.listed = [channel("15.1") | {"state": "Up"}, answered, ringing]
    await bench.connection()
    await until(lambda: bench.told != [])
    assert bench.told == [
        SwitchReconciled(
            ("15.1", "15.1_1", "15.1_2"), answered=("15.1_1",), callers=("15.1",), up=("15.1",)
        )
    ]


async def test_the_bridges_that_were_left_are_told(bench: Bench) -> None:
    bench.ari.bridged = ["15.1_b", "of somebody else"]
    await bench.connection()
    await until(lambda: bench.told != [])
    assert bench.told == [SwitchReconciled((), bridges=("15.1_b",))]
