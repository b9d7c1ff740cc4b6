"""What Asterisk tells, as facts of the core."""

from __future__ import annotations

import pytest

from callcenter.asterisk.ari import JsonObject
from callcenter.asterisk.decode import (
    Decoder,
    QueueLeg,
    answered_leg,
    caller_here,
    caller_outside,
    feature_call,
    our_leg,
    queue_leg,
    waits_outside,
)
from callcenter.calls.events import (
    CallArrived,
    CallLeft,
    CallReturned,
    DigitPressed,
    Ending,
    Event,
    LegAnswered,
    LegEnded,
    PlaybackFinished,
    SipHeaders,
)


def decode(*events: JsonObject) -> list[Event]:
    decoder = Decoder()
    return [fact for event in events if (fact := decoder.decode(event)) is not None]


def start(channel: str, *args: str) -> JsonObject:
    return {"type": "StasisStart", "channel": {"id": channel}, "args": list(args)}


def hangup_request(channel: str, tech_cause: int | None = None) -> JsonObject:
    event: JsonObject = {"type": "ChannelHangupRequest", "channel": {"id": channel}}
    return event if tech_cause is None else {**event, "tech_cause": tech_cause}


def left_stasis(channel: str) -> JsonObject:
    return {"type": "StasisEnd", "channel": {"id": channel}}


def destroyed(channel: str, cause: int, tech_cause: int | None = None) -> JsonObject:
    event: JsonObject = {"type": "ChannelDestroyed", "channel": {"id": channel}, "cause": cause}
    return event if tech_cause is None else {**event, "tech_cause": tech_cause}


def test_a_caller_of_whom_no_audio_comes_is_lost() -> None:
    released = {**hangup_request("15.1"), "cause": 1, "soft": True}
    assert decode(released, left_stasis("15.1")) == [LegEnded("15.1", Ending.LOST)]
    again = (hangup_request("15.1"), left_stasis("15.1"))
    assert decode(released, left_stasis("15.1"), *again)[1:] == [LegEnded("15.1")]


def test_a_call_arrives_with_its_trunk_number_and_header_lines() -> None:
    event = start(
        "15.1",
        "arrived",
        "telecom",
        "12345",
        "%22A%22%20%3Csip%3A051987200000%40x%3E",
        "%3Ctel%3A%2B8613800004572%3E^%3Csip%3A1%40y%3E",
        "id",
        "",
        "",
        "CG-2017%2F0815",
    )
    headers = SipHeaders(
        from_='"A" <sip:051987200000@x>',
        asserted_identity=("<tel:+8613800004572>", "<sip:1@y>"),
        privacy=("id",),
        reference=("CG-2017/0815",),
    )
    assert decode(event) == [CallArrived("15.1", "telecom", "12345", headers)]


def test_headers_that_are_missing_altogether_are_empty() -> None:
    event = start("15.1", "arrived", "telecom", "12345")
    assert decode(event) == [CallArrived("15.1", "telecom", "12345", SipHeaders())]


CITIZEN: JsonObject = {
    "id": "15.1",
    "state": "Up",
    "channelvars": {"CALLID": "15.1", "ROLE": "citizen"},
    "dialplan": {"app_name": "Stasis"},
}


def test_a_citizen_who_is_called_back_is_a_leg_that_we_dialled() -> None:
    """Its name is that of the caller's leg of before."""
    ringing: JsonObject = {**CITIZEN, "state": "Ring", "dialplan": {"app_name": "AppDial2"}}
    assert (our_leg(CITIZEN), our_leg(ringing)) == ("15.1", "15.1")
    assert (answered_leg(CITIZEN), answered_leg(ringing)) == ("15.1", None)
    assert caller_here(CITIZEN) is None
    assert caller_outside(ringing) is None
    left: JsonObject = {"type": "StasisEnd", "channel": CITIZEN}
    assert decode(left, destroyed("15.1", 16)) == [LegEnded("15.1", Ending.NORMAL)]


def test_a_leg_of_ours_in_stasis_has_been_answered() -> None:
    assert decode(start("15.1_2", "leg")) == [LegAnswered("15.1_2")]


def test_a_callers_leg_ends_with_the_end_of_stasis_another_with_its_channel() -> None:
    assert decode(hangup_request("15.1"), left_stasis("15.1")) == [LegEnded("15.1")]
    assert decode(hangup_request("15.1", 487), left_stasis("15.1")) == [LegEnded("15.1")]
    assert decode(left_stasis("15.1_2")) == []
    assert decode(destroyed("15.1_2", 16)) == [LegEnded("15.1_2", Ending.NORMAL)]


def test_a_caller_who_leaves_without_a_hang_up_is_in_the_dialplan() -> None:
    assert decode(left_stasis("15.1")) == [CallLeft("15.1")]
    again = [hangup_request("15.1"), left_stasis("15.1"), left_stasis("15.1")]
    assert decode(*again) == [LegEnded("15.1"), CallLeft("15.1")]


def test_a_caller_comes_back_with_the_wait_that_was() -> None:
    event = start(
        *("15.1", "returned", "telecom", "12345"),
        *("%3Csip%3A1%40y%3E", "", "", "", "", "1511920700", "1511920705"),
    )
    decoder = Decoder(lambda: 0.5)
    assert decoder.decode(event) == CallReturned(
        *("15.1", "telecom", "12345", SipHeaders(from_="<sip:1@y>")),
        began=1511920700.5,
        queued=1511920705.5,
    )


@pytest.mark.parametrize(
    ("cause", "sent", "made_up", "ending"),
    [
        (17, 486, 486, Ending.BUSY),
        (17, 600, 600, Ending.BUSY),
        (21, 603, 603, Ending.DECLINED),
        (19, 480, 480, Ending.NO_ANSWER),
        (1, 404, 404, Ending.UNALLOCATED),
        (34, 503, 503, Ending.CONGESTION),
        (18, 408, 408, Ending.UNREACHABLE),
        (19, None, 480, Ending.NO_ANSWER),
        (44, None, None, Ending.LOST),
        (0, None, None, Ending.NORMAL),
        (99, None, None, Ending.UNREACHABLE),
    ],
)
def test_why_a_leg_ended(cause: int, sent: int | None, made_up: int | None, ending: Ending) -> None:
    """A SIP code counts only where a hang-up request carried it."""
    requests = [] if sent is None else [hangup_request("15.1_2", sent)]
    assert decode(*requests, destroyed("15.1_2", cause, made_up)) == [LegEnded("15.1_2", ending)]


def test_a_code_is_forgotten_with_its_leg() -> None:
    events = decode(hangup_request("15.1_2", 486), destroyed("15.1_2", 17), destroyed("15.1_2", 16))
    assert events == [LegEnded("15.1_2", Ending.BUSY), LegEnded("15.1_2", Ending.NORMAL)]


def test_keys_and_prompts() -> None:
    assert decode(
        {"type": "ChannelDtmfReceived", "channel": {"id": "15.1_2"}, "digit": "*"},
        {"type": "PlaybackFinished", "playback": {"id": "15.1_3", "target_uri": "channel:15.1"}},
    ) == [
        DigitPressed("15.1_2", "*"),
        PlaybackFinished("15.1", "15.1_3"),
    ]


def test_a_feature_code_comes_with_its_pin_apart() -> None:
    assert feature_call(start("15.9", "feature", "seat01", "*11001", "4821")) == (
        "15.9",
        "seat01",
        "*11001",
        "4821",
    )
    assert feature_call(start("15.9", "feature", "seat01", "*12")) == ("15.9", "seat01", "*12", "")
    assert feature_call(start("15.9", "arrived", "telecom", "*12")) is None
    assert decode(start("15.9", "feature", "seat01", "*11001", "4821")) == []


@pytest.mark.parametrize(
    "event",
    [{}, {"type": None}, {"type": "StasisStart"}, {"type": "StasisStart", "channel": 3, "args": 4}],
)
def test_what_makes_no_sense_is_no_fact(event: JsonObject) -> None:
    assert decode(event) == []
    assert feature_call(event) is None


def test_only_legs_that_the_controller_looks_after_are_ours() -> None:
    def channel(name: str, role: str, application: str) -> JsonObject:
        return {
            "id": name,
            "channelvars": {"CALLID": "15.1", "ROLE": role},
            "dialplan": {"app_name": application},
        }

    assert our_leg(channel("15.1", "caller", "Stasis")) == "15.1"
    assert our_leg(channel("15.1_2", "operator", "AppDial2")) == "15.1_2"
    assert our_leg(channel("15.1", "caller", "Playback")) is None
    assert our_leg(channel("15.1", "emergency", "Dial")) is None
    assert our_leg({"id": "15.8"}) is None


def caller(
    application: str, *, role: str = "caller", handled: str = "", queued: str = ""
) -> JsonObject:
    variables: JsonObject = {"CALLID": "15.1", "ROLE": role, "HANDLED": handled, "QUEUED": queued}
    return {"id": "15.1", "channelvars": variables, "dialplan": {"app_name": application}}


@pytest.mark.parametrize(
    ("channel", "outside", "waits"),
    [
        (caller("Stasis"), False, False),
        (caller("Playback", handled="queue"), True, True),
        (caller("Queue", handled="queue", queued="1511920705"), True, True),
        (caller("Playback", handled="queue", queued="1511920705"), True, False),  # the apology
        (caller("Dial", handled="forward"), True, False),
        (caller("Dial", role="emergency"), False, False),
        (caller("AppQueue", role=""), False, False),
    ],
)
def test_callers_in_the_dialplan(channel: JsonObject, outside: bool, waits: bool) -> None:
    assert caller_outside(channel) == ("15.1" if outside else None)
    assert waits_outside(channel) is waits


@pytest.mark.parametrize(("state", "answered"), [("Ringing", False), ("Up", True)])
def test_a_seat_rung_by_asterisks_own_queue(state: str, answered: bool) -> None:
    leg: JsonObject = {
        "id": "15.2",
        "name": "PJSIP/seat-01-0000002a",
        "state": state,
        "channelvars": {"CALLID": "15.1"},
        "dialplan": {"app_name": "AppQueue"},
    }
    assert queue_leg(leg) == QueueLeg("seat-01", "15.1", answered)
    assert queue_leg({**leg, "dialplan": {"app_name": "AppDial"}}) is None


def test_a_snoop_has_ended_when_it_leaves_and_no_other_leg_of_ours() -> None:
    snoop: JsonObject = {"id": "15.1_v8", "name": "Snoop/15.1_1-00000001"}
    assert decode({"type": "StasisEnd", "channel": snoop}) == [LegEnded("15.1_v8")]
    assert decode(left_stasis("15.1_1")) == []


def test_a_snoop_is_one_of_our_legs() -> None:
    snoop: JsonObject = {"id": "15.1_v8", "name": "Snoop/15.1_1-00000001", "state": "Up"}
    assert our_leg(snoop) == "15.1_v8"
