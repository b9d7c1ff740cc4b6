"""Asterisk's own queues: who answers there, which seats are engaged, and who comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from callcenter.asterisk import native_queue
from callcenter.asterisk.ami import AmiError
from callcenter.asterisk.ari import JsonObject
from callcenter.asterisk.native_queue import NativeQueues, members
from callcenter.calls.events import Event, SeatEngaged
from callcenter.calls.state import Call, Centre, OperatorState, Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Plan
from callcenter.settings import Settings
from callcenter.values import replace
from tests.calls.desk import Desk
from tests.fakes.ari import FakeAri
from tests.fakes.waiting import until
from tests.plans import TEXTS, plan_of, small_plan


def operator(number: str, seat: str | None, status: OperatorStatus) -> OperatorState:
    return OperatorState(number=number, seat=seat, status=status)


READY = operator("001", "seat01", OperatorStatus.READY)


@dataclass
class Core:
    """State without a writer: the test changes it."""

    centre: Centre = field(default_factory=Centre)
    plan: Plan = field(default_factory=small_plan)
    posted: list[Event] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def post(self, event: Event) -> None:
        self.posted.append(event)

    async def changes(self) -> AsyncGenerator[None]:
        while True:
            await self.changed.wait()
            self.changed.clear()
            yield

    def put(self, *operators: OperatorState) -> None:
        self.centre.operators = {each.number: each for each in operators}
        self.changed.set()


class Asterisk:
    """AMI that notes what it is asked, and redirects at once; refuses while `refuses`."""

    def __init__(self, ari: FakeAri) -> None:
        self.ari = ari
        self.asked: list[str] = []
        self.refuses = False

    async def connect(self, settings: Settings) -> Asterisk:
        if self.refuses:
            raise AmiError("no AMI")
        return self

    async def reload(self, module: str) -> None:
        self.asked.append(f"reload {module}")

    async def redirect(self, channel: str, context: str, extension: str) -> None:
        self.asked.append(f"{channel} to {context} {extension}")
        self.ari.listed = [each for each in self.ari.listed if each["name"] != channel]

    async def close(self) -> None:
        pass


@dataclass
class Bench:
    """Queues at work beside a fake Asterisk."""

    queues: NativeQueues
    core: Core
    ari: FakeAri
    asterisk: Asterisk
    file: Path

    def text(self) -> str:
        return self.file.read_text() if self.file.exists() else "(none)"

    def fetched(self) -> int:
        """How often somebody was fetched."""
        return sum("returned" in line for line in self.asterisk.asked)

    async def looks(self, times: int) -> None:
        """Wait until Asterisk's channels have been looked at so often from now on."""
        seen = len(self.ari.asked)
        await until(lambda: len(self.ari.asked) >= seen + times)


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    settings = Settings(data=tmp_path)
    (settings.asterisk / "etc").mkdir(parents=True)
    core, ari = Core(), FakeAri()
    asterisk = Asterisk(ari)
    monkeypatch.setattr(native_queue, "Ami", asterisk)
    monkeypatch.setattr(native_queue, "SETTLE_SECONDS", 0.01)
    monkeypatch.setattr(native_queue, "LOOK_SECONDS", 0.01)
    queues = NativeQueues(settings, ari, core)
    file = settings.asterisk / "etc" / "members-hotline.conf"
    running = asyncio.create_task(queues.run())
    yield Bench(queues, core, ari, asterisk, file)
    running.cancel()
    await asyncio.wait([running])


def caller(name: str, *, application: str = "Queue") -> JsonObject:
    variables: JsonObject = {"CALLID": name, "ROLE": "caller", "HANDLED": "queue", "QUEUED": "15"}
    return {
        "id": name,
        "name": f"PJSIP/trunk-telecom-{name}",
        "channelvars": variables,
        "dialplan": {"app_name": application},
    }


def outside(name: str) -> Call:
    """What the core knows of a call that the dialplan has."""
    desk = Desk()
    return replace(desk.state(desk.waiting_call()), id=name, phase=Phase.NATIVE)


def seat_leg(seat: str, call: str, state: str) -> JsonObject:
    return {
        "id": f"{call}9",
        "name": f"PJSIP/{seat}-0000001a",
        "state": state,
        "channelvars": {"CALLID": call},
        "dialplan": {"app_name": "AppQueue"},
    }


# -- members ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", list(OperatorStatus))
def test_who_serves_or_will_again_by_themselves_answers_there(status: OperatorStatus) -> None:
    centre = Centre(operators={"001": operator("001", "seat01", status)})
    serves = status not in (OperatorStatus.OFFLINE, OperatorStatus.NOT_READY)
    expected = "member => PJSIP/seat01,0,001,PJSIP/seat01\n" if serves else ""
    assert members(centre, small_plan(), "hotline") == expected


@pytest.mark.parametrize("status", [OperatorStatus.TALKING, OperatorStatus.WRAP_UP])
def test_who_wishes_for_a_break_after_the_talk_does_not_answer_there(
    status: OperatorStatus,
) -> None:
    wishes = replace(operator("001", "seat01", status), reason_after="break")
    assert members(Centre(operators={"001": wishes}), small_plan(), "hotline") == ""


def test_only_who_has_the_queues_skills_answers_there() -> None:
    centre = Centre(
        operators={
            "001": READY,
            "002": operator("002", "seat02", OperatorStatus.TALKING),
        }
    )
    assert members(centre, small_plan(), "hotline").count("member") == 2
    queues, operators = "dialplan/queues.yaml", "agents/operators.yaml"
    able = "skills: {english: 英语}\n" + TEXTS[operators].replace("陈刚", "陈刚, skills: [english]")
    plan = plan_of({**TEXTS, queues: TEXTS[queues] + "    skills: [english]\n", operators: able})
    assert members(centre, plan, "hotline") == "member => PJSIP/seat02,0,002,PJSIP/seat02\n"


def test_an_operator_or_seat_that_the_plan_dropped_does_not_answer_there() -> None:
    centre = Centre(
        operators={
            "999": operator("999", "seat01", OperatorStatus.READY),
            "001": operator("001", "attic", OperatorStatus.READY),
        }
    )
    assert members(centre, small_plan(), "hotline") == ""


async def test_members_are_written_when_they_change_and_read_by_asterisk(bench: Bench) -> None:
    await until(lambda: bench.asterisk.asked == ["reload app_queue"])
    bench.core.put(READY)
    await until(lambda: "seat01" in bench.text() and len(bench.asterisk.asked) == 2)
    bench.core.put(operator("001", "seat01", OperatorStatus.TALKING))  # a call: nothing to write
    bench.core.put(operator("001", None, OperatorStatus.OFFLINE))
    await until(lambda: bench.text() == "" and len(bench.asterisk.asked) == 3)


async def test_a_wish_for_a_break_is_told_at_once_and_so_is_its_taking_back(bench: Bench) -> None:
    talks = operator("001", "seat01", OperatorStatus.TALKING)
    bench.core.put(talks)
    await until(lambda: "seat01" in bench.text())
    bench.core.put(replace(talks, reason_after="break"))
    await until(lambda: bench.text() == "")
    told = len(bench.asterisk.asked)
    bench.core.put(talks)
    await until(lambda: "seat01" in bench.text() and len(bench.asterisk.asked) > told)


async def test_what_asterisk_did_not_read_is_read_later(bench: Bench) -> None:
    await until(lambda: bench.asterisk.asked == ["reload app_queue"])
    bench.asterisk.refuses = True
    bench.core.put(READY)
    await until(lambda: "seat01" in bench.text())
    bench.asterisk.refuses = False
    await until(lambda: len(bench.asterisk.asked) == 2)


# -- seats -----------------------------------------------------------------------------------------


async def test_a_seat_is_engaged_from_its_first_ring_to_its_last_word(bench: Bench) -> None:
    bench.ari.listed = [caller("15.1"), seat_leg("seat01", "15.1", "Ringing")]
    bench.queues.rung("seat01")
    assert bench.core.posted == [SeatEngaged("seat01", True)]
    bench.ari.listed = [caller("15.1"), seat_leg("seat01", "15.1", "Up")]
    seen = len(bench.ari.asked)
    await until(lambda: len(bench.ari.asked) > seen + 2)
    assert len(bench.core.posted) == 1
    bench.ari.listed = []
    await until(lambda: len(bench.core.posted) == 2)
    assert bench.core.posted[1] == SeatEngaged("seat01", False)


async def test_after_a_restart_the_channels_tell_which_seats_are_engaged(bench: Bench) -> None:
    bench.core.centre.engaged_seats["seat02"] = 0.0
    queues = NativeQueues(Settings(data=bench.file.parents[2]), bench.ari, bench.core)
    channels = [caller("15.1"), seat_leg("seat01", "15.1", "Up")]
    bench.ari.listed = channels
    await queues.pause()
    queues.bring_back(channels)
    assert bench.core.posted == [SeatEngaged("seat01", True), SeatEngaged("seat02", False)]
    await queues.close()


# -- coming back -----------------------------------------------------------------------------------


async def test_who_waits_comes_back_and_meanwhile_no_seat_is_rung(bench: Bench) -> None:
    bench.core.put(READY)
    await until(lambda: "seat01" in bench.text())
    await bench.queues.pause()
    assert bench.text() == ""
    bench.ari.listed = [caller("15.1"), caller("15.2"), caller("15.3", application="Dial")]
    bench.asterisk.asked.clear()
    bench.queues.bring_back(bench.ari.listed)
    await until(lambda: "seat01" in bench.text())
    assert bench.asterisk.asked[:2] == [
        "PJSIP/trunk-telecom-15.1 to arrival returned",
        "PJSIP/trunk-telecom-15.2 to arrival returned",
    ]


async def test_who_is_just_being_answered_is_not_torn_away(bench: Bench) -> None:
    bench.ari.listed = [caller("15.1"), seat_leg("seat01", "15.1", "Ringing")]
    await bench.queues.pause()
    bench.asterisk.asked.clear()
    bench.queues.bring_back(bench.ari.listed)
    seen = len(bench.ari.asked)
    await until(lambda: len(bench.ari.asked) > seen + 2)
    bench.ari.listed = [caller("15.1"), seat_leg("seat01", "15.1", "Up")]
    await until(lambda: len(bench.ari.asked) > seen + 6)
    assert not [line for line in bench.asterisk.asked if "returned" in line]


async def test_who_was_not_answered_comes_back_then(bench: Bench) -> None:
    bench.ari.listed = [caller("15.1"), seat_leg("seat01", "15.1", "Ringing")]
    await bench.queues.pause()
    bench.queues.bring_back(bench.ari.listed)
    bench.ari.listed = [caller("15.1")]
    await until(lambda: "PJSIP/trunk-telecom-15.1 to arrival returned" in bench.asterisk.asked)


async def test_who_comes_to_wait_there_later_is_fetched_too(bench: Bench) -> None:
    """The dead man's switch has one, though we are here."""
    await bench.queues.pause()
    bench.queues.bring_back([])
    for name in ("15.1", "15.2", "15.1"):
        bench.asterisk.asked.clear()
        bench.core.centre.calls[name] = outside(name)
        bench.ari.listed = [caller(name)]
        bench.queues.look()
        await until(lambda: bench.fetched() == 1)


async def test_nobody_is_fetched_while_nobody_would_find_us(bench: Bench) -> None:
    await bench.queues.pause()
    bench.queues.bring_back([])
    bench.queues.stay_out()
    bench.ari.listed = [caller("15.1")]
    bench.queues.look()
    await bench.looks(3)
    assert bench.fetched() == 0
    await bench.queues.pause()
    bench.queues.bring_back([])
    await until(lambda: bench.fetched() == 1)


async def test_whom_the_core_has_failed_on_stays_there(bench: Bench) -> None:
    bench.core.centre.calls["15.1"] = replace(outside("15.1"), detoured=True)
    bench.core.centre.ended_calls["15.2"] = 0.0
    bench.ari.listed = [caller("15.1"), caller("15.2"), caller("15.3")]
    await bench.queues.pause()
    bench.queues.bring_back([])
    await until(lambda: bench.fetched() == 1)
    assert "PJSIP/trunk-telecom-15.3 to arrival returned" in bench.asterisk.asked


async def test_whom_the_core_does_not_know_is_fetched_once(bench: Bench) -> None:
    """It may fail on them and find no call to blame."""
    bench.ari.listed = [caller("15.1")]
    await bench.queues.pause()
    bench.queues.bring_back([])
    await until(lambda: bench.fetched() == 1)
    bench.ari.listed = [caller("15.1"), caller("15.2")]
    bench.queues.look()
    await until(lambda: bench.fetched() == 2)
    assert "PJSIP/trunk-telecom-15.2 to arrival returned" in bench.asterisk.asked
    bench.core.centre.calls["15.1"] = outside("15.1")
    bench.queues.look()
    await until(lambda: bench.fetched() == 3)


async def test_a_caller_who_could_not_be_fetched_is_fetched_later(bench: Bench) -> None:
    await bench.queues.pause()
    bench.queues.bring_back([])
    bench.asterisk.refuses = True
    bench.ari.listed = [caller("15.1")]
    bench.queues.look()
    await bench.looks(2)
    bench.asterisk.refuses = False
    await until(lambda: bench.fetched() == 1)


async def test_without_ami_the_controller_goes_on_and_seats_are_rung_again(bench: Bench) -> None:
    bench.core.put(READY)
    await until(lambda: "seat01" in bench.text())
    bench.asterisk.refuses = True
    await bench.queues.pause()
    bench.ari.listed = [caller("15.1")]
    bench.queues.bring_back(bench.ari.listed)
    await until(lambda: "seat01" in bench.text())
