"""What a capture tells of calls."""

from __future__ import annotations

from bench.calls import CallTimes, follow
from tests.bench.wire import SERVER, VOICE, Wire

ANNA, BERT = "13800000001", "13800000002"


def followed(wire: Wire) -> list[CallTimes]:
    return follow(wire.seen, SERVER, VOICE)


def one(wire: Wire) -> CallTimes:
    (call,) = followed(wire)
    return call


def until(call: CallTimes, moment: int | None) -> float | None:
    return None if moment is None else call.until(moment)


def test_a_good_call_has_all_its_moments() -> None:
    wire = Wire()
    wire.call("a", ANNA, audio=10000, began=100)
    call = one(wire)
    assert call.caller == ANNA
    assert call.fault is None
    assert until(call, call.seat_answered) == 5.0
    assert until(call, call.answered) == 7.0
    assert until(call, call.heard) == 25.0


def test_calls_at_the_same_time_are_told_apart() -> None:
    wire = Wire()
    wire.invite(0, "a", ANNA)
    wire.invite(1, "b", BERT)
    wire.seat(5, BERT)
    wire.seat(6, ANNA)
    wire.answer(7, "b", BERT, audio=10002)
    wire.answer(8, "a", ANNA, audio=10000)
    wire.sound(20, 10002)
    wire.sound(30, 10000)
    anna, bert = followed(wire)
    assert (until(anna, anna.heard), until(bert, bert.heard)) == (30.0, 19.0)


def test_a_port_belongs_to_the_call_that_has_it_now() -> None:
    wire = Wire()
    wire.call("a", ANNA, audio=10000, began=0)
    wire.call("b", BERT, audio=10000, began=1000)
    assert [until(call, call.heard) for call in followed(wire)] == [25.0, 25.0]


def test_our_answer_before_the_seats_is_a_fault() -> None:
    wire = Wire()
    wire.invite(0, "a", ANNA)
    wire.answer(4, "a", ANNA, audio=10000)
    wire.seat(6.5, ANNA)
    wire.sound(20, 10000)
    assert one(wire).fault == "our 200 came 2.5 ms before the seat's answer"


def test_music_and_ringing_are_not_the_seats_voice() -> None:
    wire = Wire()
    wire.invite(0, "a", ANNA)
    wire.answer(2, "a", ANNA, status=183, audio=10000)
    wire.sound(4, 10000, b"\xd5" * 160)
    wire.sound(8, 10000, VOICE[:80] + b"\xd5" * 80)
    wire.seat(9, ANNA)
    wire.answer(11, "a", ANNA, audio=10000)
    assert one(wire).fault == "the seat was never heard"
    wire.sound(12, 10000)
    call = one(wire)
    assert until(call, call.heard) == 12.0


def test_what_is_sent_again_counts_from_the_first_time() -> None:
    wire = Wire()
    wire.invite(0, "a", ANNA)
    wire.invite(500, "a", ANNA)
    wire.seat(505, ANNA)
    wire.seat(600, ANNA)
    wire.answer(507, "a", ANNA, audio=10000)
    wire.sound(520, 10000)
    call = one(wire)
    assert until(call, call.seat_answered) == 505.0
    assert until(call, call.heard) == 520.0


def test_a_refused_call_and_one_that_nobody_answers_are_faults() -> None:
    wire = Wire()
    wire.invite(0, "a", ANNA)
    wire.answer(5, "a", ANNA, status=503)
    wire.invite(10, "b", BERT)
    wire.seat(12, BERT, 180)
    assert [call.fault for call in followed(wire)] == ["refused with 503", "no seat answered"]


def test_a_call_that_we_never_answer_is_a_fault() -> None:
    wire = Wire()
    wire.invite(0, "a", ANNA)
    wire.seat(5, ANNA)
    assert one(wire).fault == "never answered"


def test_other_requests_and_keep_alives_are_passed_over() -> None:
    wire = Wire()
    wire.invite(0, "a", ANNA)
    wire.seat(1, ANNA, method="OPTIONS")
    assert one(wire).seat_answered is None
