"""What an ear makes of the voices in talks."""

from __future__ import annotations

import pytest

from bench.gaps import Ear
from tests.bench.wire import CALLER, SEAT, SERVER, VOICE, Wire

ANNA, BERT = "13800000001", "13800000002"


def ear(wire: Wire, host: str = CALLER[0]) -> Ear:
    listening = Ear(SERVER, host, VOICE, longest=1.0)
    for datagram in wire.seen:
        listening.notice(datagram)
    return listening


def talk(*sounds: float, ended: float) -> Wire:
    """Anna's call is answered after 100 ms, and she hears a voice at these moments."""
    wire = Wire()
    wire.invite(0, "a", ANNA)
    wire.answer(100, "a", ANNA, audio=10000)
    for at in sounds:
        wire.sound(at, 10000)
    wire.bye(ended, "a", ANNA)
    return wire


def test_a_whole_talk_has_no_gap() -> None:
    found = ear(talk(*range(200, 4000, 20), ended=4010))
    assert (found.heard, found.wrong) == ({ANNA}, [])


@pytest.mark.parametrize(("sounds", "gap"), [((200, 1500, 1600), "1.3"), ((200, 700, 1000), "2.0")])
def test_a_gap_is_found_in_mid_talk_and_before_the_end(sounds: tuple[float, ...], gap: str) -> None:
    ended = max(sounds[-1] + 10, 3000 if gap == "2.0" else 0)
    assert ear(talk(*sounds, ended=ended)).wrong == [
        f"{ANNA} heard nothing for {gap} s at {CALLER[0]}"
    ]


def test_a_wait_before_the_first_word_is_no_gap_nor_is_a_call_in_which_nobody_spoke() -> None:
    assert ear(talk(3000, 3020, ended=3030)).wrong == []
    silent = ear(talk(ended=9000))
    assert (silent.heard, silent.wrong) == (set(), [])


def test_music_is_no_voice() -> None:
    wire = talk(200, ended=2000)
    for at in range(220, 2000, 20):
        wire.sound(at, 10000, b"\xd5" * 160)
    wire.seen.sort(key=lambda each: each.at)
    assert len(ear(wire).wrong) == 1


def test_a_port_belongs_to_the_talk_that_has_it_now() -> None:
    wire = talk(200, 220, ended=230)
    wire.invite(5000, "b", BERT)
    wire.answer(5100, "b", BERT, audio=10000)
    wire.sound(5200, 10000)
    wire.bye(5210, "b", BERT)
    assert (ear(wire).heard, ear(wire).wrong) == ({ANNA, BERT}, [])


def test_an_ear_at_the_seats_does_not_listen_to_callers() -> None:
    found = ear(talk(200, ended=5000), SEAT[0])
    assert (found.heard, found.wrong) == (set(), [])


def test_a_seat_that_waits_for_our_goodbye_after_its_caller_has_gone_hears_no_gap() -> None:
    wire = Wire()
    wire.offer(0, ANNA, audio=10000)
    wire.sound(100, 10000)
    wire.bye(200, "a", ANNA)
    wire.seat_bye(4000, ANNA)
    found = ear(wire, SEAT[0])
    assert (found.heard, found.wrong) == ({ANNA}, [])


def test_a_seat_whose_caller_stays_hears_a_gap() -> None:
    wire = Wire()
    wire.offer(0, ANNA, audio=10000)
    wire.sound(100, 10000)
    wire.bye(200, "b", BERT)
    wire.bye(4000, "a", ANNA)
    assert ear(wire, SEAT[0]).wrong == [f"{ANNA} heard nothing for 3.9 s at {SEAT[0]}"]
