"""Greeted, queued, offered, answered: the caller's way to an operator."""

from __future__ import annotations

import pytest

from callcenter.calls.commands import Connect, Dial, Hangup, SeatAddress, StartMusic, StopMusic
from callcenter.calls.events import (
    BecomeNotReady,
    BecomeReady,
    Ending,
    FeatureDialled,
    HangUp,
    SeatReachable,
    SipHeaders,
)
from callcenter.calls.state import Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk
from tests.plans import edited, plan_of, without_queue

QUEUES = "dialplan/queues.yaml"


def test_a_caller_is_greeted_then_waits_with_music() -> None:
    desk = Desk()
    call = desk.call("12345")
    assert desk.heard(call) == [("greeting",)]
    assert desk.state(call).phase is Phase.GREETING
    desk.prompt_ends(call)
    assert desk.sent(StartMusic) == [StartMusic(call, "default")]
    assert desk.state(call).phase is Phase.WAITING


def test_a_queue_without_greeting_waits_at_once() -> None:
    desk = Desk(plan=edited(QUEUES, "greeting: greeting", "music: default"))
    assert desk.state(desk.call("12345")).phase is Phase.WAITING


def test_a_greeting_whose_end_is_never_told_is_given_up() -> None:
    desk = Desk()
    call = desk.call("12345")
    desk.wait(61)
    assert desk.state(call).phase is Phase.WAITING


def test_the_longest_waiting_caller_gets_the_longest_idle_operator() -> None:
    desk = Desk()
    first = desk.waiting_call()
    desk.wait(3)
    second = desk.waiting_call()
    desk.operator_ready("002", "seat02")
    assert desk.dialled()[-1].call == first
    desk.operator_ready("001", "seat01")
    assert desk.dialled()[-1].call == second


def test_the_operator_idle_for_longest_is_offered_first() -> None:
    desk = Desk()
    desk.operator_ready("002", "seat02")
    desk.wait(5)
    desk.operator_ready("001", "seat01")
    desk.waiting_call()
    assert desk.dialled()[-1].to == SeatAddress("seat02")


def test_an_operator_without_the_queues_skill_is_passed_over() -> None:
    plan = edited("agents/operators.yaml", "operators:", "skills: {law: 法律}\noperators:")
    texts = dict(plan.texts)
    texts[QUEUES] = texts[QUEUES].replace("title: 综合受理", "title: 法律\n    skills: [law]")
    texts["agents/operators.yaml"] = texts["agents/operators.yaml"].replace(
        "{name: 王敏}", "{name: 王敏, skills: [law]}"
    )
    desk = Desk(plan=plan_of(texts))
    desk.operator_ready("001", "seat01")
    desk.wait(5)
    desk.operator_ready("003", "seat03")
    desk.waiting_call()
    assert desk.rings_at("seat03")
    assert not desk.rings_at("seat01")


def test_the_operator_sees_the_caller_and_the_number_first_dialled() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.call("12310", SipHeaders(from_="<sip:051987200000@carrier>"))
    desk.prompt_ends(call)
    dial = desk.dialled()[-1]
    assert dial.caller_number == "+8651987200000"
    assert dial.caller_name == "12310 编办"


def test_on_answer_the_caller_hears_the_operators_number_then_both_talk() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    leg = desk.ringing_at("seat01")
    desk.answers(leg)
    words = ("digit_0", "digit_0", "digit_1_yao", "operator_suffix")
    assert desk.heard(call)[-1] == words
    assert desk.heard(leg) == [words]
    assert StopMusic(call) in desk.sent(StopMusic)
    assert desk.sent(Connect) == []
    desk.prompt_ends(call)
    assert desk.sent(Connect)[0].legs == (call, leg)
    assert desk.sent(Connect)[0].own_digits == (leg,)
    assert desk.operator("001").status is OperatorStatus.TALKING


def test_where_the_plan_says_so_they_talk_at_once() -> None:
    desk = Desk(plan=edited(QUEUES, "title: 综合受理", "title: 综合\n    announce_operator: false"))
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    desk.answers(desk.ringing_at("seat01"))
    assert desk.state(call).phase is Phase.TALKING


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (Ending.NO_ANSWER, "missed"),
        (Ending.DECLINED, "declined"),
        (Ending.BUSY, "declined"),
        (Ending.UNREACHABLE, "unreachable"),
        (Ending.CONGESTION, "unreachable"),
    ],
)
def test_an_offer_that_fails_sends_the_caller_to_the_head_of_the_queue(
    ending: Ending, reason: str
) -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    desk.wait(1)
    later = desk.waiting_call()
    desk.goes(desk.ringing_at("seat01"), ending)
    assert desk.state(call).phase is Phase.WAITING
    assert desk.operator("001").status is OperatorStatus.NOT_READY
    assert desk.operator("001").reason == reason
    desk.operator_ready("002", "seat02")
    assert desk.dialled()[-1].call == call
    assert desk.state(later).phase is Phase.WAITING


def test_a_ring_that_nobody_ends_is_ended_by_us() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    leg = desk.ringing_at("seat01")
    desk.wait(26)
    assert leg not in desk.switch.legs
    assert desk.state(call).phase is Phase.WAITING
    assert desk.operator("001").reason == "missed"


def test_a_seat_without_softphone_fails_at_once_and_the_next_operator_is_offered() -> None:
    desk = Desk()
    desk.switch.dead_seats.add("seat01")
    desk.operator_ready("001", "seat01")
    desk.wait(1)
    desk.operator_ready("002", "seat02")
    desk.waiting_call()
    assert desk.rings_at("seat02")


def test_an_operator_is_not_offered_a_call_while_the_softphone_is_away() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.happens(SeatReachable("seat01", False))
    call = desk.waiting_call()
    assert desk.dialled() == []
    assert desk.operator("001").reason == "unreachable"
    desk.happens(SeatReachable("seat01", True))
    assert desk.dialled()[-1].call == call


def test_a_caller_who_hangs_up_while_it_rings_leaves_the_operator_as_idle_as_before() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.wait(10)
    idle_since = desk.operator("001").idle_since
    call = desk.waiting_call()
    leg = desk.ringing_at("seat01")
    desk.goes(call)
    assert leg not in desk.switch.legs
    assert desk.operator("001").status is OperatorStatus.READY
    assert desk.operator("001").idle_since == idle_since
    assert desk.order(call).outcome is Outcome.ABANDONED


def test_the_caller_leaves_and_the_operator_wraps_up_until_the_limit() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.goes(call)
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    assert desk.operator("001").call == call
    desk.wait(59)
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    desk.wait(1)
    assert desk.operator("001").status is OperatorStatus.READY


def test_the_operator_leaves_first_and_the_callers_leg_ends() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.goes(desk.leg_of(call))
    assert desk.sent(Hangup)[-1] == Hangup(call)
    order = desk.order(call)
    assert (order.outcome, order.ended_by) == (Outcome.ANSWERED, "operator")
    assert desk.operator("001").status is OperatorStatus.WRAP_UP


def test_the_operator_hangs_up_by_api() -> None:
    desk = Desk()
    call = desk.talking_call()
    assert desk.happens(HangUp("001")) is None
    desk.news()
    assert desk.order(call).outcome is Outcome.ANSWERED
    refusal = desk.happens(HangUp("001"))
    assert refusal is not None
    assert refusal.code == "not_in_call"


def test_wrap_up_ends_early_when_the_operator_is_ready() -> None:
    desk = Desk()
    desk.goes(desk.talking_call())
    assert desk.happens(BecomeReady("001")) is None
    assert desk.operator("001").status is OperatorStatus.READY


def test_a_wish_not_to_be_ready_holds_after_the_call() -> None:
    desk = Desk()
    call = desk.talking_call()
    assert desk.happens(BecomeNotReady("001", "meal")) is None
    assert desk.operator("001").status is OperatorStatus.TALKING
    desk.goes(call)
    desk.wait(60)
    assert desk.operator("001").status is OperatorStatus.NOT_READY
    assert desk.operator("001").reason == "meal"


def test_no_wrap_up_where_the_plan_gives_none() -> None:
    desk = Desk(plan=edited(QUEUES, "wrap_up_seconds: 60", "wrap_up_seconds: 0"))
    desk.goes(desk.talking_call())
    assert desk.operator("001").status is OperatorStatus.READY


def test_a_lost_operator_leg_brings_the_caller_back_to_the_same_operator_first() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.happens(SeatReachable("seat01", False))
    desk.operator_ready("002", "seat02")
    desk.goes(desk.leg_of(call), Ending.LOST)
    assert desk.state(call).phase is Phase.WAITING
    assert not desk.rings_at("seat02"), "the other operator is only asked after a while"
    desk.wait(10)
    desk.happens(SeatReachable("seat01", True))
    assert desk.rings_at("seat01")
    desk.answers(desk.ringing_at("seat01"))
    desk.goes(call)
    assert desk.order(call).operator == "001"
    assert len([leg for leg in desk.order(call).legs if leg.party == "001"]) == 2


def test_an_offer_cut_off_while_we_were_away_is_made_again() -> None:
    """The controller died while the phone rang, and the operator answered in the gap."""
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    leg = desk.ringing_at("seat01")
    del desk.switch.legs[leg]
    desk.happens(desk.switch.reconciled())
    assert desk.operator("001").status is OperatorStatus.RINGING
    assert desk.dialled()[-1].call == call
    assert desk.ringing_at("seat01") != leg


def test_another_operator_takes_over_when_the_first_does_not_come_back() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.operator_ready("002", "seat02")
    desk.happens(SeatReachable("seat01", False))
    desk.goes(desk.leg_of(call), Ending.LOST)
    desk.wait(31)
    assert desk.rings_at("seat02")


def test_an_operator_who_hangs_up_before_the_caller_is_connected_gives_the_caller_back() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    leg = desk.ringing_at("seat01")
    desk.answers(leg)
    desk.goes(leg)
    assert desk.state(call).phase is Phase.WAITING


def test_nobody_waits_for_ever() -> None:
    desk = Desk()
    call = desk.waiting_call()
    desk.wait(1800)
    assert desk.heard(call)[-1] == ("queue_sorry",)
    desk.prompt_ends(call)
    assert desk.order(call).outcome is Outcome.TIMED_OUT


def test_an_edit_that_removes_the_queue_strands_nobody() -> None:
    desk = Desk()
    call = desk.waiting_call()
    desk.plan = without_queue()
    desk.operator_ready("001", "seat01")
    assert desk.dialled()[-1].call == call


def test_an_operator_is_not_rung_while_hearing_the_answer_of_a_feature_code() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.happens(BecomeNotReady("001", "break"))
    leg = desk.switch.seat_dials("seat01", "*12")
    event = desk.switch.told.pop()
    assert isinstance(event, FeatureDialled)
    call = desk.waiting_call()
    desk.happens(event)
    assert desk.operator("001").status is OperatorStatus.READY
    assert not desk.rings_at("seat01")
    desk.prompt_ends(leg)
    assert desk.dialled()[-1].call == call


def test_a_dial_command_carries_the_ring_time_of_the_queue() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.waiting_call()
    assert [dial.seconds for dial in desk.sent(Dial)] == [20]
