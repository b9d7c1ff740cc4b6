"""The dead man's switch is held for every guarded caller, and for nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from callcenter.asterisk import guard
from callcenter.calls.commands import Command, Guard
from callcenter.calls.state import Call, Centre, Phase
from tests.fakes.waiting import until


def call(name: str, *, guarded: bool = True) -> Call:
    return Call(
        id=name,
        number="320481-20171201-0001",
        phase=Phase.WAITING,
        deadline=0.0,
        opened=0.0,
        trunk="telecom",
        dialled="12345",
        caller=None,
        caller_raw="",
        caller_withheld=True,
        first_dialled=None,
        hotline=None,
        hotline_service=None,
        owner=None,
        guarded=guarded,
    )


class Bench:
    """Guards at work."""

    def __init__(self) -> None:
        self.centre = Centre()
        self.sent: list[Command] = []
        self.task = asyncio.create_task(guard.renew_guards(self.centre, self._send))

    def _send(self, commands: tuple[Command, ...]) -> None:
        self.sent += commands

    def put(self, call: Call) -> None:
        self.centre.calls[call.id] = call


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(guard, "ROUND_SECONDS", 0.01)
    monkeypatch.setattr(guard, "LOOK_SECONDS", 0.01)
    bench = Bench()
    yield bench
    bench.task.cancel()
    await asyncio.wait([bench.task])


async def test_every_guarded_caller_is_renewed_again_and_again(bench: Bench) -> None:
    for name in ("15.1", "15.2", "15.3"):
        bench.put(call(name))
    await until(lambda: len(bench.sent) >= 9)
    assert bench.sent[:9] == [Guard("15.1"), Guard("15.2"), Guard("15.3")] * 3


async def test_who_talks_is_left_alone(bench: Bench) -> None:
    bench.put(call("15.1", guarded=False))
    bench.put(call("15.2"))
    await until(lambda: len(bench.sent) >= 3)
    assert set(bench.sent) == {Guard("15.2")}


async def test_who_begins_to_talk_is_renewed_no_more(bench: Bench) -> None:
    bench.put(call("15.1"))
    bench.put(call("15.2"))
    await until(lambda: len(bench.sent) == 2)
    bench.put(call("15.2", guarded=False))
    await until(lambda: len(bench.sent) >= 4)
    assert bench.sent.count(Guard("15.2")) == 1


async def test_who_is_gone_is_renewed_no_more(bench: Bench) -> None:
    bench.put(call("15.1"))
    bench.put(call("15.2"))
    await until(lambda: len(bench.sent) == 2)
    del bench.centre.calls["15.2"]
    await until(lambda: len(bench.sent) >= 4)
    assert bench.sent.count(Guard("15.2")) == 1


async def test_of_a_crowd_all_are_renewed_in_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "ROUND_SECONDS", 0.04)
    names = [f"15.{number}" for number in range(10)]
    for name in names:
        bench.put(call(name))
    await until(lambda: len(bench.sent) >= 30)
    assert bench.sent[:30] == [Guard(name) for name in names] * 3
