"""Announcements to who waits: when, in which words, and what ends them."""

from __future__ import annotations

import pytest

from callcenter.calls import estimate
from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.commands import Command, Play, StartMusic, StopMusic, StopPlaying
from callcenter.calls.estimate import KEPT_SECONDS
from callcenter.calls.events import CommandFailed, Ending
from callcenter.calls.state import Phase
from callcenter.calls.waiting import place_in_words, wait_in_words
from callcenter.numberplan.model import Plan
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk
from tests.plans import edited, without_queue

QUEUES = "dialplan/queues.yaml"
RING = "    ring_seconds: 20\n"


def announcing(*settings: str) -> Plan:
    """The small plan with announcements after 20 s, then every 40 s."""
    lines = "".join(f"      {each}\n" for each in ("first: 20", "every: 40", *settings))
    return edited(QUEUES, RING, f"{RING}    announce:\n{lines}")


def announced(desk: Desk, call: str) -> list[tuple[str, ...]]:
    """What the caller was told while waiting."""
    return [words for words in desk.heard(call) if words[0].startswith("queue_")]


def orders_to(desk: Desk, call: str) -> list[Command]:
    """Music and prompts, as the exchange was told."""
    kinds = StartMusic | StopMusic | Play | StopPlaying
    return [each for each in desk.switch.sent if isinstance(each, kinds) and each.leg == call]


# -- when ------------------------------------------------------------------------------------------


def test_a_queue_without_announcements_plays_music_only() -> None:
    desk = Desk()
    call = desk.waiting_call()
    desk.wait(600)
    assert announced(desk, call) == []


def test_an_announcement_interrupts_the_music_and_music_goes_on_after_it() -> None:
    desk = Desk(plan=announcing())
    call = desk.waiting_call()
    desk.wait(19)
    assert announced(desk, call) == []
    desk.wait(1)
    stop, play = orders_to(desk, call)[-2:]
    assert isinstance(stop, StopMusic)
    assert isinstance(play, Play)
    desk.prompt_ends(call)
    assert isinstance(orders_to(desk, call)[-1], StartMusic)
    assert desk.switch.legs[call].music


def test_it_comes_again_after_some_more_music() -> None:
    desk = Desk(plan=announcing())
    call = desk.waiting_call()
    desk.wait(20)
    desk.wait(6)
    desk.prompt_ends(call)
    desk.wait(39)
    assert len(announced(desk, call)) == 1
    desk.wait(1)
    assert len(announced(desk, call)) == 2


def test_an_announcement_whose_end_is_never_told_is_taken_for_over() -> None:
    desk = Desk(plan=announcing())
    call = desk.waiting_call()
    desk.wait(20 + 61)
    assert desk.switch.legs[call].music


def test_an_announcement_that_cannot_be_played_leaves_music() -> None:
    desk = Desk(plan=announcing())
    call = desk.waiting_call()
    desk.wait(20)
    desk.happens(CommandFailed(call, "Play", "500"))
    assert desk.switch.legs[call].music


# -- what ------------------------------------------------------------------------------------------


def test_the_first_is_told_that_they_are_next_and_the_others_their_place() -> None:
    desk = Desk(plan=announcing("estimate: false"))
    calls = [desk.waiting_call() for _ in range(3)]
    desk.wait(20)
    assert [announced(desk, call) for call in calls] == [
        [("queue_next",)],
        [("queue_position", "digit_2", "queue_place")],
        [("queue_position", "digit_3", "queue_place")],
    ]


def test_the_wait_is_told_as_learned_from_the_queue() -> None:
    desk = Desk(plan=announcing("position: false"))
    desk.talking_call()
    calls = [desk.waiting_call() for _ in range(2)]
    desk.wait(20)
    assert [announced(desk, call)[0][0] for call in calls] == ["queue_wait"] * 2
    assert announced(desk, calls[0]) == [("queue_wait", "digit_3", "minutes")]
    assert announced(desk, calls[1]) == [("queue_wait", "digit_6", "minutes")]


def test_while_nobody_is_at_work_no_time_is_promised() -> None:
    desk = Desk(plan=announcing("position: false"))
    call = desk.waiting_call()
    desk.wait(20)
    assert announced(desk, call) == [("queue_wait_long",)]


def test_a_crowd_is_told_from_one_look_at_the_team_which_is_some_seconds_old_at_the_most() -> None:
    desk = Desk(plan=announcing("position: false"))
    desk.talking_call()
    calls = []
    for _ in range(3):
        calls.append(desk.waiting_call())
        desk.wait(KEPT_SECONDS - 1)
    looks = []
    for call in calls:
        while not announced(desk, call):
            desk.wait(1)
        looks.append(desk.centre.outlooks["hotline"])
    assert looks[0] is looks[1] is not looks[2]
    assert [look.at for look in looks[1:]] == [desk.now - 2 * (KEPT_SECONDS - 1), desk.now]
    team = [desk.operator("001")]
    assert looks[2] == estimate.outlook(desk.centre.experience, "hotline", team, desk.now)


def test_a_restart_tells_the_same_from_it() -> None:
    desk = Desk(plan=announcing("position: false"))
    desk.talking_call()
    desk.waiting_call()
    desk.wait(20)
    look = desk.centre.outlooks["hotline"]
    again = decode_centre(encode_centre(desk.centre)).outlooks["hotline"]
    assert [again.wait(ahead) for ahead in range(9)] == [look.wait(ahead) for ahead in range(9)]


def test_a_prompt_of_the_plan_is_spoken_after_these() -> None:
    desk = Desk(plan=announcing("estimate: false", "also: queue_sorry"))
    call = desk.waiting_call()
    desk.wait(20)
    assert announced(desk, call) == [("queue_next", "queue_sorry")]


def test_an_announcement_with_nothing_to_say_does_not_interrupt_the_music() -> None:
    desk = Desk(plan=announcing("position: false", "estimate: false"))
    call = desk.waiting_call()
    desk.wait(300)
    assert desk.sent(StopMusic) == []
    assert desk.switch.legs[call].music


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, ("queue_wait_short",)),
        (60.0, ("queue_wait_short",)),
        (61.0, ("queue_wait", "digit_2_liang", "minutes")),
        (750.0, ("queue_wait", "ten", "digit_3", "minutes")),
        (3600.0, ("queue_wait", "digit_6", "ten", "minutes")),
        (3601.0, ("queue_wait_long",)),
        (None, ("queue_wait_long",)),
    ],
)
def test_waits_are_told_in_full_minutes(seconds: float | None, words: tuple[str, ...]) -> None:
    assert wait_in_words(seconds) == words


def test_places_are_told_as_ordinals() -> None:
    assert place_in_words(12) == ("queue_position", "ten", "digit_2", "queue_place")


# -- what ends one ---------------------------------------------------------------------------------


def during_announcement(desk: Desk) -> str:
    call = desk.waiting_call()
    desk.wait(20)
    assert announced(desk, call)
    return call


def test_a_caller_is_offered_during_an_announcement_and_hears_its_end() -> None:
    desk = Desk(plan=announcing())
    call = during_announcement(desk)
    desk.operator_ready("001", "seat01")
    assert desk.state(call).phase is Phase.OFFERED
    assert desk.sent(StopPlaying) == []
    desk.prompt_ends(call)
    assert desk.switch.legs[call].music


def test_an_operator_who_answers_ends_it_at_once() -> None:
    desk = Desk(plan=announcing())
    call = during_announcement(desk)
    desk.operator_ready("001", "seat01")
    desk.answers(desk.ringing_at("seat01"))
    stop, play = orders_to(desk, call)[-2:]
    assert isinstance(stop, StopPlaying)
    assert isinstance(play, Play)
    assert play.prompts[-1] == "operator_suffix"


def test_who_is_being_offered_is_not_announced_to() -> None:
    desk = Desk(plan=announcing())
    call = desk.waiting_call()
    desk.wait(15)
    desk.operator_ready("001", "seat01")
    desk.wait(19)
    assert announced(desk, call) == []
    desk.goes(desk.ringing_at("seat01"), Ending.DECLINED)
    desk.wait(0)
    assert len(announced(desk, call)) == 1, "it was due meanwhile"


def test_an_offer_that_fails_during_an_announcement_does_not_play_music_over_it() -> None:
    desk = Desk(plan=announcing())
    call = during_announcement(desk)
    desk.operator_ready("001", "seat01")
    desk.goes(desk.ringing_at("seat01"), Ending.DECLINED)
    assert not desk.switch.legs[call].music
    desk.prompt_ends(call)
    assert desk.switch.legs[call].music


def test_a_caller_who_hangs_up_during_an_announcement_has_abandoned() -> None:
    desk = Desk(plan=announcing())
    call = during_announcement(desk)
    desk.goes(call)
    assert desk.order(call).outcome is Outcome.ABANDONED


def test_the_apology_after_the_longest_wait_cuts_an_announcement_short() -> None:
    desk = Desk(plan=announcing("position: true"))
    call = desk.waiting_call()
    for _ in range(60):
        desk.wait(30)
        if desk.state(call).phase is Phase.ANNOUNCING:
            break
    assert desk.heard(call)[-1] == ("queue_sorry",)
    desk.prompt_ends(call)
    assert desk.order(call).outcome is Outcome.TIMED_OUT


def test_a_plan_without_the_queue_ends_announcements_and_no_call() -> None:
    desk = Desk(plan=announcing())
    call = desk.waiting_call()
    desk.plan = without_queue()
    desk.wait(300)
    assert announced(desk, call) == []
    assert desk.switch.legs[call].music


def test_after_a_restart_music_goes_on_where_an_announcement_was() -> None:
    desk = Desk(plan=announcing())
    call = during_announcement(desk)
    desk.centre = decode_centre(encode_centre(desk.centre))
    desk.switch.lose_events()
    desk.happens(desk.switch.reconciled())
    desk.news()
    assert desk.switch.legs[call].music
    assert desk.switch.legs[call].playing is None
    desk.wait(61)
    assert len(announced(desk, call)) == 2
