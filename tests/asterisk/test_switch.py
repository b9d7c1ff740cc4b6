"""The core's commands as requests to Asterisk, and Asterisk's refusals as events."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.asterisk.ari import AriError, JsonValue
from callcenter.asterisk.switch import GUARD_SECONDS, TALK_GUARD_SECONDS, AsteriskSwitch
from callcenter.calls.commands import (
    Answer,
    ArriveAgain,
    Command,
    Connect,
    Detour,
    Dial,
    Disconnect,
    Guard,
    Hangup,
    OutsideAddress,
    Play,
    Record,
    Ring,
    Role,
    SeatAddress,
    SendDigits,
    Separate,
    Snoop,
    StartMusic,
    StopMusic,
    StopPlaying,
    StopRinging,
    TalkOver,
    Unguard,
)
from callcenter.calls.events import CommandFailed, Ending, Event, LegEnded
from tests.fakes.ari import FakeAri
from tests.fakes.waiting import until

SOUNDS = Path("/data/sounds")
TO_SEAT = Dial("15.1", "15.1_1", Role.OPERATOR, SeatAddress("seat01"), 20, "+86138", '12310 "x"')
TO_LINE = Dial(
    "15.1", "15.1_1", Role.PARTNER, OutsideAddress("telecom", "110"), 60, "", diversion="12310"
)

TO_CITIZEN = Dial(
    "15.1",
    "15.1",
    Role.CITIZEN,
    OutsideAddress("telecom", "13800000000"),
    30.0,
    "051912345",
    alone=True,
)


class Bench:
    """A switch on a fake ARI, and what it told."""

    def __init__(self) -> None:
        self.ari = FakeAri()
        self.told: list[Event] = []
        self.switch = AsteriskSwitch(self.ari, SOUNDS)
        self.switch.tell = self.told.append

    async def carry_out(self, *commands: Command) -> list[Event]:
        self.switch.send(commands)
        await self.switch.close()
        return self.told


@pytest.mark.parametrize(
    ("command", "request_", "query"),
    [
        (Answer("15.1"), "POST /channels/15.1/answer", {}),
        (Ring("15.1"), "POST /channels/15.1/ring", {}),
        (
            Play("15.1", "15.1_2", ("digit_0", "greeting")),
            "POST /channels/15.1/play/15.1_2",
            {"media": "sound:/data/sounds/digit_0,sound:/data/sounds/greeting"},
        ),
        (StopPlaying("15.1", "15.1_2"), "DELETE /playbacks/15.1_2", {}),
        (
            Snoop("15.1_v8", "15.1_1", whisper=False),
            "POST /channels/15.1_1/snoop/15.1_v8",
            {"app": "callcenter", "appArgs": "leg", "spy": "both", "whisper": "none"},
        ),
        (
            Snoop("15.1_v8", "15.1_1", whisper=True),
            "POST /channels/15.1_1/snoop/15.1_v8",
            {"app": "callcenter", "appArgs": "leg", "spy": "both", "whisper": "out"},
        ),
        (
            Separate("15.1_b", "15.1"),
            "POST /bridges/15.1_b/removeChannel",
            {"channel": "15.1"},
        ),
        (StartMusic("15.1", "default"), "POST /channels/15.1/moh", {"mohClass": "default"}),
        (StopMusic("15.1"), "DELETE /channels/15.1/moh", {}),
        (StopPlaying("15.1", "15.1_2"), "DELETE /playbacks/15.1_2", {}),
        (
            TalkOver("15.1"),
            "POST /channels/15.1/variable",
            {"variable": "OVER", "value": "1"},
        ),
        (SendDigits("15.1", "2", 1.5), "POST /channels/15.1/dtmf", {"dtmf": "2", "before": 1500}),
        (Hangup("15.1"), "DELETE /channels/15.1", {"reason_code": 16}),
        (Hangup("15.1", Ending.UNALLOCATED), "DELETE /channels/15.1", {"reason_code": 1}),
        (Hangup("15.1", Ending.CONGESTION), "DELETE /channels/15.1", {"reason_code": 34}),
        (Disconnect("15.1_b"), "DELETE /bridges/15.1_b", {}),
        (StopRinging("15.1_1"), "DELETE /channels/15.1_1/ring", {}),
        (
            Guard("15.1"),
            "POST /channels/15.1/variable",
            {"variable": "TIMEOUT(absolute)", "value": str(GUARD_SECONDS)},
        ),
        (
            Guard("15.1", in_talk=True),
            "POST /channels/15.1/variable",
            {"variable": "TIMEOUT(absolute)", "value": str(TALK_GUARD_SECONDS)},
        ),
        (
            Unguard("15.1"),
            "POST /channels/15.1/variable",
            {"variable": "TIMEOUT(absolute)", "value": "0"},
        ),
        (
            ArriveAgain("15.1"),
            "POST /channels/15.1/continue",
            {"context": "arrival", "extension": "again", "priority": 1},
        ),
        (
            Detour("15.1"),
            "POST /channels/15.1/continue",
            {"context": "fallback", "extension": "s", "priority": 1},
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str | dict) else "",
)
async def test_a_command_is_one_request(
    command: Command, request_: str, query: dict[str, str | int]
) -> None:
    bench = Bench()
    assert await bench.carry_out(command) == []
    assert bench.ari.paths() == [request_]
    assert bench.ari.asked[0].query == query


async def test_a_seat_is_dialled_with_the_callers_number_and_what_was_dialled() -> None:
    bench = Bench()
    await bench.carry_out(TO_SEAT)
    (asked,) = bench.ari.asked
    assert asked.path == "/channels/15.1_1"
    assert asked.query["endpoint"] == "PJSIP/seat01"
    assert asked.query["timeout"] == 20
    assert asked.query["callerId"] == '"12310 x" <+86138>'
    assert asked.query["originator"] == "15.1"
    assert asked.body == {"variables": {"CALLID": "15.1", "ROLE": "operator"}}


async def test_a_citizen_is_called_back_without_a_caller_to_call_for() -> None:
    bench = Bench()
    await bench.carry_out(TO_CITIZEN)
    asked, _ = bench.ari.asked
    assert asked.path == "/channels/15.1_c", "Asterisk refuses what another id begins with"
    assert "originator" not in asked.query
    assert asked.query["callerId"] == '"" <051912345>'
    assert asked.query["context"] == "citizen"
    assert await bench.carry_out(Connect("15.1", "15.1_b", ("15.1", "15.1_1"), new=True)) == []
    assert bench.ari.asked[-2].query["channel"] == "15.1_c"
    assert await bench.carry_out(Hangup("15.1")) == []
    assert bench.ari.paths()[-1] == "DELETE /channels/15.1_c"


async def test_the_end_of_a_citizens_telephone_is_told_though_no_app_has_it() -> None:
    """As soon as it may be dialled: both requests go together, on one connection."""
    bench = Bench()
    bench.ari.held["/channels/15.1_c"] = asyncio.Event()
    bench.switch.send((TO_CITIZEN,))
    await until(lambda: len(bench.ari.asked) == 2)
    source = bench.ari.asked[1]
    assert source.path == "/applications/callcenter/subscription"
    assert (source.query, source.about) == ({"eventSource": "channel:15.1_c"}, "15.1")
    bench.ari.held["/channels/15.1_c"].set()
    await bench.switch.close()
    assert bench.told == []


async def test_a_citizens_telephone_that_was_gone_at_once_is_told() -> None:
    bench = Bench()
    gone = AriError(422, "Event source does not exist")
    bench.ari.refusals["POST /applications/callcenter/subscription"] = gone
    assert await bench.carry_out(TO_CITIZEN) == [LegEnded("15.1", Ending.UNREACHABLE)]


async def test_an_announcement_that_is_over_already_need_not_be_ended() -> None:
    bench = Bench()
    bench.ari.refusals["DELETE /playbacks/15.1_2"] = AriError(404, "gone")
    assert await bench.carry_out(StopPlaying("15.1", "15.1_2")) == []


async def test_a_recording_is_begun_by_whoever_can() -> None:
    bench = Bench()
    begun: list[str] = []

    async def record(leg: str) -> None:
        begun.append(leg)

    bench.switch.record = record
    assert await bench.carry_out(Record("15.1")) == []
    assert begun == ["15.1"]


async def test_an_outside_line_is_told_which_number_was_diverted() -> None:
    bench = Bench()
    await bench.carry_out(TO_LINE)
    (asked,) = bench.ari.asked
    assert asked.query["endpoint"] == "PJSIP/110@trunk-telecom"
    assert asked.query["callerId"] == '"" <anonymous>'
    assert asked.body is not None
    variables = asked.body["variables"]
    assert isinstance(variables, dict)
    assert variables["GROUP(trunk)"] == "telecom", "so that the dialplan counts its channels"
    assert variables["PJSIP_HEADER(add,Diversion)"] == (
        "<sip:12310@callcenter.invalid>;reason=unconditional"
    )


async def test_a_partner_is_told_the_orders_number_in_their_header() -> None:
    bench = Bench()
    await bench.carry_out(replace(TO_LINE, header=("X-Reference", "320481-20171122-0252")))
    (asked,) = bench.ari.asked
    assert asked.body is not None
    variables = asked.body["variables"]
    assert isinstance(variables, dict)
    assert variables["PJSIP_HEADER(add,X-Reference)"] == "320481-20171122-0252"


async def test_two_legs_are_put_into_one_bridge_and_our_keys_are_kept_from_the_other() -> None:
    bench = Bench()
    await bench.carry_out(Connect("15.1", "15.1_b", ("15.1", "15.1_1"), own_digits=("15.1_1",)))
    assert bench.ari.paths() == [
        "POST /bridges/15.1_b",
        "POST /bridges/15.1_b/addChannel",
        "POST /bridges/15.1_b/addChannel",
    ]
    assert bench.ari.asked[1].query == {"channel": "15.1"}
    assert bench.ari.asked[2].query == {"channel": "15.1_1", "absorbDTMF": "true"}


async def test_a_bridge_that_is_there_already_will_do() -> None:
    bench = Bench()
    bench.ari.refusals["POST /bridges/15.1_b"] = AriError(409, "exists")
    assert await bench.carry_out(Connect("15.1", "15.1_b", ("15.1",))) == []


async def test_commands_of_one_call_are_sent_in_order_without_waiting_for_answers() -> None:
    bench = Bench()
    slow = bench.ari.held["/channels/15.1_1"] = asyncio.Event()
    bench.switch.send((TO_SEAT, Ring("15.1"), Answer("15.9"), Hangup("15.1")))
    await until(lambda: len(bench.ari.asked) == 4)
    assert [each for each in bench.ari.paths() if "15.1" in each] == [
        "POST /channels/15.1_1",
        "POST /channels/15.1/ring",
        "DELETE /channels/15.1",
    ]
    slow.set()
    await bench.switch.close()


FAULT = AriError(500, "")
UNKNOWN = AriError(0, "no answer in time")


def heals(bench: Bench, request: str, error: AriError, times: int = 2) -> None:
    """Asterisk does not do that so often, then does."""
    answer = bench.ari._answer
    left = [error] * times

    async def once_more(method: str, path: str) -> JsonValue:
        if f"{method} {path}" == request and left:
            raise left.pop()
        return await answer(method, path)

    bench.ari._answer = once_more  # type: ignore[method-assign]


@pytest.mark.parametrize("error", [FAULT, UNKNOWN], ids=["refused", "unanswered"])
async def test_what_asterisk_did_not_do_is_tried_again(error: AriError) -> None:
    bench = Bench()
    heals(bench, "POST /channels/15.1/variable", error)
    assert await bench.carry_out(Unguard("15.1"), Hangup("15.9")) == []
    assert bench.ari.paths().count("POST /channels/15.1/variable") == 3


async def test_who_is_in_the_bridge_already_is_not_put_there_again() -> None:
    bench = Bench()
    heals(bench, "POST /bridges/15.1_b/addChannel", FAULT, times=1)
    bench.ari.refusals["POST /bridges/15.1_b"] = AriError(409, "exists")
    bench.ari.answers["GET /bridges/15.1_b"] = {"channels": ["15.1_1"]}
    assert await bench.carry_out(Connect("15.1", "15.1_b", ("15.1", "15.1_1"), new=True)) == []
    last = [each for each in bench.ari.asked if each.path.endswith("addChannel")][-1]
    assert last.query["channel"] == "15.1"


@pytest.mark.parametrize(
    ("command", "later"),
    [
        (StartMusic("15.1", "default"), StopMusic("15.1")),
        (Ring("15.1"), StopRinging("15.1")),
        (TO_SEAT, Hangup("15.1_1")),
    ],
    ids=["music", "ringing", "dialling"],
)
async def test_what_was_undone_meanwhile_is_not_tried_again(
    command: Command, later: Command
) -> None:
    bench = Bench()
    path = {"StartMusic": "15.1/moh", "Ring": "15.1/ring", "Dial": "15.1_1"}[type(command).__name__]
    bench.ari.refusals[f"POST /channels/{path}"] = FAULT
    await bench.carry_out(command, later)
    assert bench.ari.paths().count(f"POST /channels/{path}") == 1


@pytest.mark.parametrize("command", [TO_SEAT, SendDigits("15.1", "2", 1.0)], ids=["dial", "digits"])
async def test_what_may_have_been_done_is_not_done_twice(command: Command) -> None:
    bench = Bench()
    path = "/channels/15.1_1" if command is TO_SEAT else "/channels/15.1/dtmf"
    bench.ari.refusals[f"POST {path}"] = UNKNOWN
    assert len(await bench.carry_out(command)) == 1
    assert bench.ari.paths().count(f"POST {path}") == 1


async def test_music_begins_again_where_it_began_before_the_answer() -> None:
    bench = Bench()
    heals(bench, "POST /channels/15.1/answer", FAULT, times=1)
    assert await bench.carry_out(Answer("15.1"), StartMusic("15.1", "default")) == []
    assert bench.ari.paths() == [
        "POST /channels/15.1/answer",
        "POST /channels/15.1/moh",
        "POST /channels/15.1/answer",
        "POST /channels/15.1/moh",
    ]


async def test_a_telephone_that_is_not_there_is_not_rung_again() -> None:
    bench = Bench()
    bench.ari.refusals["POST /channels/15.1_1"] = AriError(500, '{"error":"Allocation failed"}')
    assert await bench.carry_out(TO_SEAT) == [LegEnded("15.1_1", Ending.UNREACHABLE)]
    assert len(bench.ari.asked) == 1


@pytest.mark.parametrize(
    ("dial", "ending"),
    [(TO_SEAT, Ending.LOST), (TO_LINE, Ending.UNREACHABLE)],
    ids=["seat", "line"],
)
async def test_an_operator_is_not_taken_for_gone_where_asterisk_fails(
    dial: Dial, ending: Ending
) -> None:
    """Nobody would tell that the softphone is back. Of a line's ways the next one is tried."""
    bench = Bench()
    bench.ari.refusals["POST /channels/15.1_1"] = FAULT
    assert await bench.carry_out(dial) == [LegEnded("15.1_1", ending)]


async def test_into_a_new_bridge_legs_follow_without_waiting_for_its_answer() -> None:
    bench = Bench()
    slow = bench.ari.held["/channels/15.1/answer"] = asyncio.Event()
    talk = Connect("15.1", "15.1_b", ("15.1", "15.1_1"), new=True)
    digit = SendDigits("15.1_1", "2", 1.0)
    bench.switch.send((Answer("15.1"), Unguard("15.1"), talk, digit))
    await until(lambda: len(bench.ari.asked) == 5)
    slow.set()
    await bench.switch.close()
    assert bench.ari.paths() == [
        "POST /channels/15.1/answer",
        "POST /channels/15.1/variable",
        "POST /bridges/15.1_b",
        "POST /bridges/15.1_b/addChannel",
        "POST /bridges/15.1_b/addChannel",
        "POST /channels/15.1_1/dtmf",
    ]


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        ({"POST /bridges/15.1_b": 409}, []),  # it is there already
        ({"POST /bridges/15.1_b": 500}, [CommandFailed("15.1", "Connect", "500 refused")]),
        (
            {"POST /bridges/15.1_b": 409, "POST /bridges/15.1_b/addChannel": 409},
            [CommandFailed("15.1", "Connect", "409 refused")],
        ),
    ],
    ids=["there already", "not made", "a leg is not in Stasis"],
)
async def test_a_new_bridge_that_is_refused(refused: dict[str, int], told: list[Event]) -> None:
    bench = Bench()
    bench.ari.refusals |= {request: AriError(code, "refused") for request, code in refused.items()}
    talk = Connect("15.1", "15.1_b", ("15.1", "15.1_1"), new=True)
    assert await bench.carry_out(talk) == told


async def test_a_bridge_is_not_made_before_a_leg_has_left_it() -> None:
    bench = Bench()
    leaving = bench.ari.held["/bridges/15.1_b/removeChannel"] = asyncio.Event()
    bench.switch.send((Separate("15.1_b", "15.1"), Connect("15.1", "15.1_b", ("15.1",))))
    await until(lambda: bench.ari.asked != [])
    assert bench.ari.paths() == ["POST /bridges/15.1_b/removeChannel"]
    leaving.set()
    await bench.switch.close()
    assert bench.ari.paths()[1] == "POST /bridges/15.1_b"


async def test_a_guard_under_way_is_waited_for_as_it_may_go_another_way() -> None:
    bench = Bench()
    armed = asyncio.Event()

    async def arm(leg: str, _: int) -> None:
        await armed.wait()

    bench.switch.arm = arm
    bench.switch.send((Answer("15.1"), Guard("15.1"), Unguard("15.1"), Answer("15.9")))
    await until(lambda: "POST /channels/15.9/answer" in bench.ari.paths())
    assert "POST /channels/15.1/variable" not in bench.ari.paths()
    armed.set()
    await bench.switch.close()
    assert bench.ari.paths()[-1] == "POST /channels/15.1/variable"


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_a_dial_that_is_refused_is_an_unreachable_leg(status: int) -> None:
    bench = Bench()
    bench.ari.refusals["POST /channels/15.1_1"] = AriError(status, "Allocation failed")
    assert await bench.carry_out(TO_SEAT) == [LegEnded("15.1_1", Ending.UNREACHABLE)]


async def test_a_command_to_a_leg_that_is_gone_tells_so() -> None:
    bench = Bench()
    bench.ari.refusals["POST /channels/15.1/answer"] = AriError(404, "Channel not found")
    assert await bench.carry_out(Answer("15.1")) == [LegEnded("15.1")]


async def test_any_other_refusal_is_told_as_a_failed_command() -> None:
    bench = Bench()
    refusal = AriError(409, "Channel not in Stasis application")
    bench.ari.refusals["POST /channels/15.1/play/15.1_2"] = refusal
    assert await bench.carry_out(Play("15.1", "15.1_2", ("greeting",))) == [
        CommandFailed("15.1", "Play", "409 Channel not in Stasis application")
    ]


async def test_a_talk_that_cannot_be_connected_is_told() -> None:
    bench = Bench()
    bench.ari.refusals["POST /bridges/15.1_b/addChannel"] = AriError(400, "Channel not found")
    assert await bench.carry_out(Connect("15.1", "15.1_b", ("15.1", "15.1_1"))) == [
        CommandFailed("15.1", "Connect", "400 Channel not found")
    ]


async def test_tidying_up_what_is_gone_is_no_news() -> None:
    bench = Bench()
    tidying = (Disconnect("15.1_b"), StopMusic("15.1"), StopPlaying("15.1", "15.1_2"))
    for request in (
        *("DELETE /bridges/15.1_b", "DELETE /channels/15.1/moh", "DELETE /playbacks/15.1_2"),
    ):
        bench.ari.refusals[request] = AriError(404, "not found")
    assert await bench.carry_out(*tidying) == []


@pytest.mark.parametrize("status", [404, 409])
async def test_a_guard_that_comes_too_late_is_no_news(status: int) -> None:
    """The dialplan has the caller, or nobody: Asterisk tells which."""
    bench = Bench()
    bench.ari.refusals["POST /channels/15.1/variable"] = AriError(status, "not in Stasis")
    assert await bench.carry_out(Guard("15.1")) == []


async def test_who_is_in_the_bridge_already_is_not_moved_again() -> None:
    bench = Bench()
    bench.ari.refusals["POST /bridges/15.1_b"] = AriError(409, "exists")
    bench.ari.answers["GET /bridges/15.1_b"] = {"channels": ["15.1", "15.1_1"]}
    await bench.carry_out(Connect("15.1", "15.1_b", ("15.1", "15.1_1", "15.1_2")))
    added = [asked.query for asked in bench.ari.asked if asked.path.endswith("addChannel")]
    assert added == [{"channel": "15.1_2"}]


async def test_a_dial_that_was_not_answered_in_time_is_taken_back() -> None:
    """Asterisk may have made the leg all the same: it would ring without an owner."""
    bench = Bench()
    bench.ari.refusals["POST /channels/15.1_1"] = AriError(0, "TimeoutError")
    assert await bench.carry_out(TO_SEAT) == [LegEnded("15.1_1", Ending.UNREACHABLE)]
    assert bench.ari.paths() == ["POST /channels/15.1_1", "DELETE /channels/15.1_1"]


async def test_the_callers_hang_up_does_not_overtake_the_dialling_under_way() -> None:
    bench = Bench()
    slow = bench.ari.held["/channels/15.1_1"] = asyncio.Event()
    bench.switch.send((TO_SEAT,))
    await until(lambda: bench.ari.paths() == ["POST /channels/15.1_1"])
    bench.switch.send((Hangup("15.1_1"), Disconnect("15.1_b")))
    assert bench.ari.paths() == ["POST /channels/15.1_1"]
    slow.set()
    await bench.switch.close()
    assert bench.ari.paths() == [
        "POST /channels/15.1_1",
        "DELETE /channels/15.1_1",
        "DELETE /bridges/15.1_b",
    ]
