"""A softphone is gone where neither audio nor an answer comes from it; its leg is ended then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from structlog.testing import capture_logs

from callcenter.asterisk import softphones
from callcenter.asterisk.ami import AmiError
from callcenter.asterisk.ari import AriError, JsonValue
from callcenter.calls.events import Hold
from tests.calls.desk import Desk
from tests.fakes.ari import FakeAri
from tests.fakes.waiting import until

HERE, ANEW = "sip:seat01@192.0.2.1:5060", "sip:seat01@192.0.2.1:40000"


class FakeContacts:
    """Softphones that answer, or not."""

    def __init__(self) -> None:
        self.there: frozenset[str] | None = frozenset({HERE})
        self.answers: frozenset[str] | None = frozenset({HERE})
        """Who is there once they are asked."""
        self.asked: list[str] = []
        self.lost = False
        self.on_asked: Callable[[], None] = lambda: None

    async def qualify(self, seat: str) -> None:
        self.asked.append(seat)
        self.on_asked()
        if self.lost:
            raise AmiError("the connection is lost")
        self.there = self.answers

    def answering(self, seat: str) -> frozenset[str] | None:
        return self.there


class CountingAri(FakeAri):
    """Counts audio packets that come while somebody speaks."""

    def __init__(self) -> None:
        super().__init__()
        self.packets = 100
        self.speaks = False

    def speak_once(self) -> None:
        self.packets += 1

    async def _answer(self, method: str, path: str) -> JsonValue:
        answer = await super()._answer(method, path)
        if not path.endswith("/rtp_statistics"):
            return answer
        self.packets += self.speaks
        return {"rxcount": self.packets, "txcount": 7}


class Bench:
    """A talk at seat01, and who looks at it."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.call = self.desk.talking_call()
        self.leg = self.desk.leg_of(self.call)
        self.ari = CountingAri()
        self.contacts: FakeContacts | None = FakeContacts()
        watch = softphones.Softphones(self.desk.centre, self.ari, lambda: self.contacts)
        self.task = asyncio.create_task(watch.run())

    @property
    def asked(self) -> int:
        """How often the softphone was asked."""
        assert self.contacts is not None
        return len(self.contacts.asked)

    @property
    def looking(self) -> str:
        return f"GET /channels/{self.leg}/rtp_statistics"

    @property
    def looks(self) -> int:
        return self.ari.paths().count(self.looking)

    @property
    def ended(self) -> bool:
        return f"DELETE /channels/{self.leg}" in self.ari.paths()

    async def until_looked(self, times: int = 5) -> None:
        wanted = self.looks + times
        await until(lambda: self.looks >= wanted)


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(softphones, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(softphones, "ANSWER_SECONDS", 0.001)
    bench = Bench()
    yield bench
    bench.task.cancel()
    await asyncio.wait([bench.task])


async def test_a_softphone_that_neither_speaks_nor_answers_is_gone(bench: Bench) -> None:
    assert bench.contacts is not None
    bench.contacts.answers = frozenset()
    await until(lambda: bench.ended)
    (end,) = [each.query for each in bench.ari.asked if each.method == "DELETE"][:1]
    assert end == {"reason_code": 44}  # lost


async def test_one_that_answers_may_be_silent_for_as_long_as_it_likes(bench: Bench) -> None:
    await until(lambda: bench.asked >= 5)
    assert not bench.ended


async def test_the_log_names_it_once_should_its_audio_be_lost_on_the_way(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(softphones, "SILENT_SECONDS", 0.05)
    with capture_logs() as logged:
        await until(lambda: len(logged) > 0)
        asked = bench.asked
        await until(lambda: bench.asked >= asked + 5)
        assert [(line["event"], line["seat"]) for line in logged] == [
            ("softphone_silent", "seat01")
        ]
        bench.ari.speak_once()
        await until(lambda: len(logged) > 1)
    assert not bench.ended


async def test_one_that_speaks_is_not_even_asked(bench: Bench) -> None:
    bench.ari.speaks = True
    await bench.until_looked()
    bench.desk.asks(Hold("001"))
    await bench.until_looked()
    assert bench.asked == 0


async def test_one_that_does_not_answer_and_yet_speaks_stays(bench: Bench) -> None:
    assert bench.contacts is not None
    bench.contacts.answers = frozenset()
    bench.contacts.on_asked = bench.ari.speak_once
    await until(lambda: bench.asked >= 5)
    assert not bench.ended


async def test_one_that_has_started_again_does_not_have_the_old_ones_call(bench: Bench) -> None:
    await until(lambda: bench.asked >= 2)
    assert not bench.ended
    assert bench.contacts is not None
    bench.contacts.answers = frozenset({ANEW})
    await until(lambda: bench.ended)


async def test_one_whose_address_changes_while_it_speaks_stays(bench: Bench) -> None:
    assert bench.contacts is not None
    bench.ari.speaks = True
    await bench.until_looked()
    bench.contacts.there = bench.contacts.answers = frozenset({ANEW})
    await bench.until_looked()
    bench.ari.speaks = False
    await until(lambda: bench.asked >= 5)
    assert not bench.ended


async def test_one_that_starts_again_at_once_has_not_spoken_yet(bench: Bench) -> None:
    assert bench.contacts is not None
    await until(lambda: bench.asked >= 2)
    bench.ari.speak_once()  # the old one did
    bench.contacts.there = bench.contacts.answers = frozenset({ANEW})
    await until(lambda: bench.ended)


async def test_while_nobody_can_ask_all_are_taken_to_be_there(bench: Bench) -> None:
    assert bench.contacts is not None
    bench.contacts.lost = True
    await until(lambda: bench.asked >= 3)
    bench.contacts.lost = False
    bench.contacts.answers = None
    await until(lambda: bench.asked >= 6)
    bench.contacts = None
    await bench.until_looked()
    assert not bench.ended


async def test_an_exchange_that_does_not_tell_is_asked_again(bench: Bench) -> None:
    assert bench.contacts is not None
    bench.contacts.answers = frozenset()
    bench.ari.refusals[bench.looking] = AriError(500, "busy")
    await bench.until_looked()
    bench.ari.refusals[bench.looking] = AriError(404, "Channel not found")
    await bench.until_looked()
    assert not bench.ended
    bench.ari.refusals.clear()
    await until(lambda: bench.ended)


async def test_a_leg_that_cannot_be_ended_is_tried_again(bench: Bench) -> None:
    assert bench.contacts is not None
    bench.contacts.answers = frozenset()
    bench.ari.refusals[f"DELETE /channels/{bench.leg}"] = AriError(500, "busy")
    await until(lambda: bench.ari.paths().count(f"DELETE /channels/{bench.leg}") >= 2)


async def test_nobody_looks_at_a_leg_that_is_over(bench: Bench) -> None:
    await bench.until_looked()
    bench.desk.goes(bench.leg)
    leg = bench.desk.leg_of(bench.desk.talking_call("002", "seat02"))
    other = f"GET /channels/{leg}/rtp_statistics"
    await until(lambda: bench.ari.paths().count(other) >= 2)
    looks = bench.looks
    await until(lambda: bench.ari.paths().count(other) >= 7)
    assert bench.looks == looks
