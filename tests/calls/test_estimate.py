"""What a queue's calls teach about waiting, and what callers are told from it."""

from __future__ import annotations

import pytest

from callcenter.calls import estimate
from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.events import BecomeNotReady, BecomeReady, Ending
from callcenter.calls.state import Experience, OperatorState
from callcenter.calls.wallboard import OperatorStatus
from callcenter.values import replace
from tests.calls.desk import Desk
from tests.plans import without_queue

NOTHING = Experience()
"""What is known before any call."""


def experience(desk: Desk) -> Experience:
    return desk.centre.experience["hotline"]


def mean(desk: Desk) -> float:
    return experience(desk).busy / experience(desk).taken


TALK, WRAP_UP = (100.0,) * 10, (30.0,) * 10
STEADY = Experience(busy=130.0, taken=1.0, waited=1000.0, talks=TALK, wrap_ups=WRAP_UP)


def busy(status: OperatorStatus, since: float) -> OperatorState:
    return OperatorState(number="001", status=status, since=since, serves="hotline")


def wait(past: Experience, ahead: int, *team: OperatorState, now: float = 1000.0) -> float:
    outlook = estimate.outlook({"hotline": past}, "hotline", team, now)
    assert outlook is not None
    return outlook.wait(ahead)


def test_who_has_talked_for_long_is_nearer_to_the_end() -> None:
    begun = busy(OperatorStatus.TALKING, 990.0)
    nearly_over = busy(OperatorStatus.TALKING, 920.0)
    assert wait(STEADY, 0, begun) == pytest.approx(90 + 30, abs=1)
    assert wait(STEADY, 0, nearly_over) == pytest.approx(20 + 30, abs=1)
    assert wait(STEADY, 0, begun, nearly_over) == pytest.approx(20 + 30, abs=1)


def test_who_wraps_up_is_free_first_and_at_the_deadline_at_the_latest() -> None:
    wraps_up = busy(OperatorStatus.WRAP_UP, 990.0)
    assert wait(STEADY, 0, wraps_up) == pytest.approx(20, abs=1)
    assert wait(STEADY, 0, replace(wraps_up, deadline=1004.0)) == pytest.approx(4, abs=1)


def test_each_caller_ahead_takes_another_call_of_somebody() -> None:
    begun = busy(OperatorStatus.TALKING, 1000.0)
    first, second, third = (wait(STEADY, ahead, begun) for ahead in range(3))
    assert second - first == pytest.approx(130 * 2 / 3, abs=1)
    assert third - second == pytest.approx(130, abs=1)


def test_a_talk_longer_than_any_before_ends_at_random() -> None:
    endless = busy(OperatorStatus.TALKING, 0.0)
    assert wait(STEADY, 0, endless) == pytest.approx(30 + 100, rel=0.3)


def test_whoever_gives_up_ahead_makes_the_wait_shorter() -> None:
    begun = busy(OperatorStatus.TALKING, 1000.0)
    hasty = replace(STEADY, gave_up=10.0)
    assert wait(hasty, 0, begun) == wait(STEADY, 0, begun)
    assert wait(hasty, 3, begun) < wait(STEADY, 3, begun) - 60


def test_before_any_call_what_is_usual_is_expected() -> None:
    ringing = busy(OperatorStatus.RINGING, 1000.0)
    assert 60 < wait(Experience(), 0, ringing) < 180


def test_what_an_operator_does_for_another_queue_lasts_as_it_does_there() -> None:
    known = {"hotline": STEADY, "short": replace(STEADY, talks=(20.0,) * 10)}
    elsewhere = replace(busy(OperatorStatus.TALKING, 1000.0), serves="short")
    outlook = estimate.outlook(known, "hotline", [elsewhere], 1000.0)
    assert outlook is not None
    assert outlook.wait(0) == pytest.approx(20 + 30, abs=1)


@pytest.mark.parametrize("ahead", [0, 20, 300])
def test_in_a_large_team_some_stand_for_the_others(
    ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    talks = tuple(60.0 + 7 * n for n in range(estimate.SAMPLES))
    past = replace(STEADY, busy=230.0, talks=talks)
    team = [busy(OperatorStatus.TALKING, 1000.0 - 0.37 * n) for n in range(500)]
    team += [busy(OperatorStatus.WRAP_UP, 1000.0 - 0.1 * n) for n in range(100)]
    team += [busy(OperatorStatus.RINGING, 1000.0 - 0.01 * n) for n in range(50)]
    some = wait(past, ahead, *team)
    monkeypatch.setattr(estimate, "LOOKED_AT", len(team))
    assert some == pytest.approx(wait(past, ahead, *team), rel=0.05, abs=5)


def test_a_large_team_of_which_little_is_known_counts_whole() -> None:
    little = replace(STEADY, talks=(100.0,))
    rung = [busy(OperatorStatus.RINGING, 1000.0) for _ in range(500)]
    assert wait(little, 400, *rung) == wait(little, 0, *rung)


def test_while_nobody_is_at_work_nothing_can_be_promised() -> None:
    assert estimate.outlook({}, "hotline", [], 0.0) is None


def test_ringing_talk_and_wrap_up_count_as_the_time_of_a_call() -> None:
    desk = Desk()
    before = NOTHING
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    desk.wait(7)
    desk.answers(desk.ringing_at("seat01"))
    desk.wait(5)
    desk.prompt_ends(call)
    desk.wait(88)
    desk.goes(call)
    desk.wait(30)
    desk.asks(BecomeReady("001"))
    faded = 1 - 1 / estimate.MEMORY
    assert experience(desk).taken == pytest.approx(before.taken * faded + 1)
    assert experience(desk).busy == pytest.approx((before.busy + 7) * faded + 93 + 30)


def test_an_offer_that_is_not_taken_costs_time_and_is_no_call() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.waiting_call()
    desk.wait(4)
    desk.goes(desk.ringing_at("seat01"), Ending.DECLINED)
    assert experience(desk).taken == NOTHING.taken
    assert experience(desk).busy == NOTHING.busy + 4


def test_a_break_costs_the_queue_nothing() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.asks(BecomeNotReady("001", "meal"))
    desk.wait(1800)
    desk.asks(BecomeReady("001"))
    desk.waiting_call()
    assert experience(desk) == NOTHING


def test_who_gives_up_counts_with_the_time_waited() -> None:
    desk = Desk()
    call = desk.waiting_call()
    desk.wait(60)
    desk.goes(call)
    faded = 1 - 1 / estimate.MEMORY
    assert experience(desk).gave_up == 1.0
    assert experience(desk).waited == pytest.approx(NOTHING.waited * faded + 60)


def test_the_latest_calls_count_most() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    for seconds in [100] * 300 + [400] * 300:
        call = desk.waiting_call()
        desk.answers(desk.ringing_at("seat01"))
        desk.prompt_ends(call)
        desk.wait(seconds)
        desk.goes(call)
        desk.asks(BecomeReady("001"))
    assert mean(desk) == pytest.approx(400, rel=0.06)


def test_what_was_learned_is_kept_in_the_snapshot() -> None:
    desk = Desk()
    desk.goes(desk.waiting_call())
    assert decode_centre(encode_centre(desk.centre)).experience == desk.centre.experience


def test_a_queue_that_is_no_more_is_forgotten() -> None:
    desk = Desk()
    desk.goes(desk.waiting_call())
    desk.plan = without_queue()
    desk.waiting_call()
    assert "hotline" not in desk.centre.experience
