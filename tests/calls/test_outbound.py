"""Calls on an order's behalf: the operator is rung, then the other side; every end is noted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcenter.analytics.record import OfferEnd
from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.commands import Dial, OutsideAddress, Record, Role, SendDigits
from callcenter.calls.events import (
    AddPartner,
    BecomeNotReady,
    BecomeReady,
    CallDetoured,
    CallForOrder,
    CallGivenUp,
    CommandFailed,
    Consult,
    Ending,
    Forward,
    HangUp,
    Hold,
    LeaveCall,
    MarkNuisance,
    PauseRecording,
    PickFirstDialled,
    Release,
    Resume,
    ResumeRecording,
    SeatReachable,
    SignIn,
    SignOut,
    SipHeaders,
)
from callcenter.calls.missed import callback_list
from callcenter.calls.state import Experience, Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.outbound import Called, OrderReference, OutboundOutcome, OutboundRecord
from callcenter.orders.record import Gap
from tests.calls.desk import Desk
from tests.plans import TEXTS, plan_of, small_plan, survey_texts, with_callbacks

NUMBER = "+8613800001111"
MOBILE = SipHeaders(from_="<sip:13800001111@carrier.example>")
ORDER = OrderReference(
    call="1511300000.7",
    number="320481-20171130-0007",
    caller=NUMBER,
    hotline="12319",
    owner="城管局",
    queue="hotline",
    operators=("001",),
)
"""Of yesterday; operator 001 took it."""


@pytest.fixture
def desk() -> Desk:
    desk = Desk(plan=with_callbacks())
    desk.operator_ready("001", "seat01")
    return desk


def restart(desk: Desk) -> None:
    desk.centre = decode_centre(encode_centre(desk.centre))
    desk.switch.lose_events()
    desk.happens(desk.switch.reconciled())
    desk.news()


def calls(desk: Desk, called: Called = Called.CITIZEN, number: str = "") -> str:
    """Operator 001 calls somebody for the order; the refusal's code, or nothing."""
    return desk.asks(CallForOrder("001", ORDER, called, number))


def asked(desk: Desk, called: Called = Called.CITIZEN, number: str = "") -> str:
    """The operator's telephone rings; the call."""
    assert calls(desk, called, number) == ""
    (call,) = desk.centre.calls
    return call


def dialling(desk: Desk, called: Called = Called.CITIZEN, number: str = "") -> str:
    """The operator is there, and the other side's telephone rings."""
    call = asked(desk, called, number)
    leg = desk.ringing_at("seat01")
    desk.answers(leg)
    desk.prompt_ends(leg)
    return call


def talking(desk: Desk) -> str:
    call = dialling(desk)
    desk.answers(call)
    return call


def made(desk: Desk) -> OutboundRecord:
    """What was noted of the only such call."""
    (record,) = desk.outbound.values()
    return record


def outcome(desk: Desk) -> OutboundOutcome | None:
    return made(desk).outcome


def status(desk: Desk) -> OperatorStatus:
    return desk.operator("001").status


def dialled_out(desk: Desk) -> list[Dial]:
    return [dial for dial in desk.dialled() if dial.role is Role.CITIZEN]


# -- the way of a call -----------------------------------------------------------------------------


def test_the_operators_own_telephone_rings_first(desk: Desk) -> None:
    call = asked(desk)
    assert desk.state(call).phase is Phase.RINGING_OPERATOR
    assert dialled_out(desk) == []
    (rings,) = desk.dialled()
    assert (rings.caller_number, rings.caller_name) == (NUMBER, "外呼 20171130-0007")
    assert rings.alone
    assert status(desk) is OperatorStatus.CALLING


def test_then_the_citizen_is_called_from_the_citys_number(desk: Desk) -> None:
    call = asked(desk)
    leg = desk.ringing_at("seat01")
    desk.answers(leg)
    assert desk.heard(leg) == [("outbound_begins",)]
    assert dialled_out(desk) == []
    desk.prompt_ends(leg)
    (dial,) = dialled_out(desk)
    assert (dial.leg, dial.to) == (call, OutsideAddress("telecom", "13800001111"))
    assert dial.caller_number == "051912345"
    assert desk.switch.legs[leg].ringing


def test_who_answers_talks_with_the_operator_and_is_recorded(desk: Desk) -> None:
    call = dialling(desk)
    leg = desk.leg_of(call)
    desk.answers(call)
    assert desk.together(call) == {call, leg}
    assert not desk.switch.legs[leg].ringing
    assert [record.leg for record in desk.sent(Record)] == [call]
    assert status(desk) is OperatorStatus.TALKING
    assert outcome(desk) is None


def test_what_was_said_when_and_with_whom_is_on_the_order(desk: Desk) -> None:
    began = desk.now
    desk.wait(3)
    call = asked(desk)
    desk.wait(2)
    leg = desk.ringing_at("seat01")
    desk.answers(leg)
    desk.prompt_ends(leg)
    desk.wait(5)
    desk.answers(call)
    desk.wait(60)
    desk.goes(call)
    record = made(desk)
    assert (record.order_call, record.operator, record.seat) == (ORDER.call, "001", "seat01")
    assert (record.called, record.number) == (Called.CITIZEN, NUMBER)
    times = (record.began, record.answered, record.ended)
    assert [None if each is None else each - began for each in times] == [3, 10, 70]
    assert (record.outcome, record.ended_by) == (OutboundOutcome.ANSWERED, "caller")


def test_a_pause_of_its_recording_is_noted(desk: Desk) -> None:
    talking(desk)
    since = desk.now
    assert desk.asks(PauseRecording("001")) == ""
    desk.wait(20)
    assert desk.asks(ResumeRecording("001")) == ""
    assert made(desk).gaps == (Gap(since, since + 20),)


def test_what_is_noted_of_callers_is_not_of_who_was_called(desk: Desk) -> None:
    talking(desk)
    assert desk.asks(MarkNuisance("001")) == "not_a_callers"
    assert desk.asks(PickFirstDialled("001", "12319")) == "not_a_callers"


def test_the_operator_ends_the_talk_and_wraps_up(desk: Desk) -> None:
    call = talking(desk)
    desk.goes(desk.leg_of(call))
    assert outcome(desk) is OutboundOutcome.ANSWERED
    assert made(desk).ended_by == "operator"
    assert status(desk) is OperatorStatus.WRAP_UP
    assert not desk.centre.calls
    assert not desk.switch.legs


def test_the_talk_can_be_ended_by_api(desk: Desk) -> None:
    talking(desk)
    assert desk.asks(HangUp("001")) == ""
    assert outcome(desk) is OutboundOutcome.ANSWERED


def test_no_talk_lasts_for_ever(desk: Desk) -> None:
    talking(desk)
    desk.wait(4 * 3600 + 1)
    assert made(desk).ended_by == "system"
    assert not desk.switch.legs


def test_a_partner_can_be_brought_into_the_talk(desk: Desk) -> None:
    call = talking(desk)
    assert desk.asks(AddPartner("001", "12319")) == ""
    desk.answers(desk.partner_of(call))
    assert len(desk.together(call)) == 3
    desk.goes(call)
    assert outcome(desk) is OutboundOutcome.ANSWERED


def test_the_citizen_can_be_held(desk: Desk) -> None:
    call = talking(desk)
    assert desk.asks(Hold("001")) == ""
    assert desk.switch.legs[call].music
    assert desk.asks(Resume("001")) == ""
    assert desk.together(call) == {call, desk.leg_of(call)}


def test_a_held_citizen_who_loses_the_operator_hears_an_apology(desk: Desk) -> None:
    call = talking(desk)
    desk.asks(Hold("001"))
    desk.goes(desk.leg_of(call), Ending.LOST)
    assert desk.heard(call) == [("outbound_broken",)]
    assert not desk.switch.legs[call].music
    desk.prompt_ends(call)
    assert outcome(desk) is OutboundOutcome.ANSWERED


def test_a_colleague_can_be_consulted_and_takes_the_citizen(desk: Desk) -> None:
    call = talking(desk)
    desk.operator_ready("002", "seat02")
    assert desk.asks(Consult("001", "002")) == ""
    leg = desk.ringing_at("seat02")
    desk.answers(leg)
    assert desk.asks(LeaveCall("001")) == ""
    assert desk.together(call) == {call, leg}
    desk.goes(leg)
    record = made(desk)
    assert (record.operator, record.outcome) == ("001", OutboundOutcome.ANSWERED)
    assert not desk.switch.legs


# -- whom ------------------------------------------------------------------------------------------


def test_whom_we_called_is_put_into_no_queue_but_may_be_held_or_handed_to_a_colleague(
    desk: Desk,
) -> None:
    call = talking(desk)
    assert desk.asks(Forward("001", "hotline")) == "only_callers"
    assert desk.asks(Hold("001")) == ""
    assert desk.switch.legs[call].music
    assert desk.asks(Resume("001")) == ""
    desk.operator_ready("002", "seat02")
    assert desk.asks(Forward("001", "002")) == ""
    colleague = desk.ringing_at("seat02")
    desk.answers(colleague)
    assert desk.together(call) == {call, colleague}
    desk.goes(call)
    assert outcome(desk) is OutboundOutcome.ANSWERED
    assert made(desk).operator == "001"


def test_the_handling_units_number_is_called_by_its_own_trunk(desk: Desk) -> None:
    dialling(desk, Called.UNIT)
    (dial,) = dialled_out(desk)
    assert dial.to == OutsideAddress("12319", "12319")
    assert dial.caller_number == "051912345"
    assert made(desk).number == "12319"


def test_a_desk_behind_a_partners_number_is_reached_by_its_keys(desk: Desk) -> None:
    call = dialling(desk, Called.NUMBER, "12366*2")
    desk.answers(call)
    assert SendDigits(call, "2", 1.5) in desk.sent(SendDigits)


def test_another_unit_number_serves_where_the_hotline_is_ours() -> None:
    texts = dict(TEXTS)
    texts["dialplan/centre.yaml"] += "citizens: {via: [telecom], shows: '12345'}\n"
    desk = Desk(plan=plan_of(texts))
    desk.operator_ready("001", "seat01")
    order = replace(ORDER, hotline="87209900", owner="城管局")
    assert desk.asks(CallForOrder("001", order, Called.UNIT)) == ""
    assert next(iter(desk.centre.calls.values())).caller_raw == "12319"


@pytest.mark.parametrize(
    ("caller", "code"),
    [
        (None, "no_caller"),
        ("110", "not_a_citizen"),
        ("+14155550100", "not_a_citizen"),
        ("+8651912345", "not_a_citizen"),
        ("12319", "not_a_citizen"),
    ],
)
def test_only_a_citizens_number_is_called_as_the_citizens(
    desk: Desk, caller: str | None, code: str
) -> None:
    order = replace(ORDER, caller=caller)
    assert desk.asks(CallForOrder("001", order)) == code
    assert desk.dialled() == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("110", "emergency_number"),
        ("13900002222", "unknown_number"),
        ("00861012345678", "unknown_number"),
        ("12345", "not_a_partner"),
    ],
)
def test_no_other_number_is_called_than_the_plan_allows(desk: Desk, number: str, code: str) -> None:
    assert calls(desk, Called.NUMBER, number) == code
    assert desk.dialled() == []


def with_classes() -> Desk:
    """Everybody may dial numbers of the town, operator 001 mobiles too."""
    texts = dict(TEXTS)
    texts["dialplan/centre.yaml"] += (
        "citizens: {via: [telecom], shows: '12345'}\n"
        "outside:\n  via: [unicom, telecom]\n  classes:\n"
        "    local: {title: 市话, pattern: '8[0-9]{7}'}\n"
        "    mobile: {title: 手机, pattern: '1[3-9][0-9]{9}', everyone: false}\n"
    )
    texts["agents/operators.yaml"] = texts["agents/operators.yaml"].replace(
        "{name: 李静}", "{name: 李静, may_dial: [mobile]}"
    )
    return Desk(plan=plan_of(texts))


@pytest.mark.parametrize("number", ["87654321", "13900002222"])
def test_an_outside_number_is_called_by_who_may_dial_its_class(number: str) -> None:
    desk = with_classes()
    desk.operator_ready("001", "seat01")
    dialling(desk, Called.NUMBER, number)
    (dial,) = dialled_out(desk)
    assert dial.to == OutsideAddress("unicom", number)
    assert dial.caller_number == "12345"
    assert made(desk).number == number


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("13900002222", "not_allowed"),
        ("0085212345678", "unknown_number"),
        ("120", "unknown_number"),
    ],
)
def test_nobody_dials_what_is_not_theirs_to_dial(number: str, code: str) -> None:
    desk = with_classes()
    desk.operator_ready("002", "seat02")
    order = replace(ORDER, operators=("002",))
    assert desk.asks(CallForOrder("002", order, Called.NUMBER, number)) == code
    assert desk.dialled() == []


def test_an_order_whose_unit_has_no_number_is_told_so(desk: Desk) -> None:
    order = replace(ORDER, hotline="12345", owner="政务办")
    assert desk.asks(CallForOrder("001", order, Called.UNIT)) == "no_unit_number"


# -- who may ---------------------------------------------------------------------------------------


def test_only_who_took_the_order_may_call(desk: Desk) -> None:
    desk.operator_ready("002", "seat02")
    assert desk.asks(CallForOrder("002", ORDER)) == "not_yours"
    leader = replace(ORDER, for_anybody=True)
    assert desk.asks(CallForOrder("002", leader)) == ""


def test_who_is_not_signed_in_cannot_call(desk: Desk) -> None:
    desk.asks(SignOut("001"))
    assert calls(desk) == "not_signed_in"


def test_who_talks_cannot_call(desk: Desk) -> None:
    desk.waiting_call()
    assert calls(desk) == "in_call"
    desk.answers(desk.ringing_at("seat01"))
    assert calls(desk) == "in_call"


def test_an_order_whose_citizen_is_on_the_line_is_not_called(desk: Desk) -> None:
    call = desk.call()
    live = replace(ORDER, call=call)
    assert desk.asks(CallForOrder("001", live)) == "call_not_over"


def test_nobody_is_called_twice_at_once_for_one_order(desk: Desk) -> None:
    asked(desk)
    desk.operator_ready("002", "seat02")
    both = replace(ORDER, operators=("001", "002"))
    assert desk.asks(CallForOrder("002", both)) == "already_calling"


def test_without_a_trunk_for_citizens_nobody_is_called() -> None:
    desk = Desk(plan=small_plan())
    desk.operator_ready("001", "seat01")
    assert calls(desk) == "no_trunk"


def test_full_trunks_are_told_at_once() -> None:
    texts = dict(TEXTS)
    texts["dialplan/centre.yaml"] += "citizens: {via: [telecom], shows: '12345'}\n"
    texts["trunks/telecom.yaml"] = TEXTS["trunks/telecom.yaml"].replace("6", "2")
    desk = Desk(plan=plan_of(texts))
    desk.operator_ready("001", "seat01")
    desk.call("12319")
    assert calls(desk) == "trunk_full"


def test_a_telephone_that_is_away_cannot_be_rung(desk: Desk) -> None:
    desk.happens(SeatReachable("seat01", reachable=False))
    assert calls(desk) == "seat_unreachable"


def test_a_telephone_that_has_just_gone_is_noted(desk: Desk) -> None:
    desk.switch.dead_seats.add("seat01")
    assert calls(desk) == ""
    assert outcome(desk) is OutboundOutcome.OPERATOR_MISSED


# -- nobody answers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "expected", "heard"),
    [
        (Ending.BUSY, OutboundOutcome.BUSY, "outbound_busy"),
        (Ending.DECLINED, OutboundOutcome.DECLINED, "outbound_busy"),
        (Ending.NO_ANSWER, OutboundOutcome.NO_ANSWER, "outbound_no_answer"),
        (Ending.UNALLOCATED, OutboundOutcome.UNREACHABLE, "outbound_unreachable"),
    ],
)
def test_the_operator_hears_why_nobody_answers(
    desk: Desk, ending: Ending, expected: OutboundOutcome, heard: str
) -> None:
    call = dialling(desk)
    leg = desk.leg_of(call)
    desk.goes(call, ending)
    assert not desk.switch.legs[leg].ringing
    assert desk.heard(leg)[-1] == (heard,)
    desk.prompt_ends(leg)
    assert outcome(desk) is expected
    assert not desk.switch.legs
    assert status(desk) is OperatorStatus.READY


def test_another_trunk_is_tried_where_one_fails(desk: Desk) -> None:
    call = dialling(desk)
    desk.goes(call, Ending.CONGESTION)
    assert [dial.to for dial in dialled_out(desk)] == [
        OutsideAddress("telecom", "13800001111"),
        OutsideAddress("unicom", "13800001111"),
    ]
    desk.answers(call)
    assert len(desk.together(call)) == 2


def test_where_all_trunks_fail_nobody_was_reachable(desk: Desk) -> None:
    call = dialling(desk)
    leg = desk.leg_of(call)
    desk.goes(call, Ending.UNREACHABLE)
    desk.goes(call, Ending.CONGESTION)
    desk.prompt_ends(leg)
    assert outcome(desk) is OutboundOutcome.UNREACHABLE


def test_a_telephone_that_rings_for_ever_is_given_up(desk: Desk) -> None:
    call = dialling(desk)
    leg = desk.leg_of(call)
    desk.wait(66)
    assert call not in desk.switch.legs
    assert desk.heard(leg)[-1] == ("outbound_no_answer",)
    desk.prompt_ends(leg)
    assert outcome(desk) is OutboundOutcome.NO_ANSWER


def test_prompts_whose_end_is_never_told_hold_nobody(desk: Desk) -> None:
    call = asked(desk)
    desk.answers(desk.ringing_at("seat01"))
    desk.wait(60)
    desk.goes(call, Ending.BUSY)
    desk.wait(60)
    assert outcome(desk) is OutboundOutcome.BUSY
    assert not desk.switch.legs


def test_a_prompt_that_cannot_be_played_is_passed_over(desk: Desk) -> None:
    call = asked(desk)
    leg = desk.ringing_at("seat01")
    desk.answers(leg)
    desk.happens(CommandFailed(leg, "Play", "500"))
    assert desk.state(call).playback is None
    assert len(dialled_out(desk)) == 1


@pytest.mark.parametrize(
    "ending", [Ending.NO_ANSWER, Ending.BUSY, Ending.DECLINED, Ending.UNREACHABLE]
)
def test_an_operator_who_does_not_answer_their_own_call_loses_nothing(
    desk: Desk, ending: Ending
) -> None:
    asked(desk)
    desk.goes(desk.ringing_at("seat01"), ending)
    assert outcome(desk) is OutboundOutcome.OPERATOR_MISSED
    assert dialled_out(desk) == []
    operator = desk.operator("001")
    assert (operator.status, operator.missed) == (OperatorStatus.READY, 0)


def test_a_telephone_of_the_operator_that_rings_for_ever_is_given_up(desk: Desk) -> None:
    asked(desk)
    desk.wait(26)
    assert outcome(desk) is OutboundOutcome.OPERATOR_MISSED
    assert not desk.switch.legs


def test_an_operator_who_hangs_up_early_calls_nobody(desk: Desk) -> None:
    asked(desk)
    leg = desk.ringing_at("seat01")
    desk.answers(leg)
    desk.goes(leg)
    assert outcome(desk) is OutboundOutcome.CANCELLED
    assert dialled_out(desk) == []
    assert status(desk) is OperatorStatus.READY


def test_an_operator_who_hangs_up_stops_the_ringing(desk: Desk) -> None:
    call = dialling(desk)
    desk.goes(desk.leg_of(call))
    assert outcome(desk) is OutboundOutcome.CANCELLED
    assert not desk.switch.legs


def test_a_call_is_cancelled_by_api(desk: Desk) -> None:
    dialling(desk)
    assert desk.asks(HangUp("001")) == ""
    assert outcome(desk) is OutboundOutcome.CANCELLED


def test_who_does_not_hear_the_reason_to_its_end_does_not_change_it(desk: Desk) -> None:
    call = dialling(desk)
    leg = desk.leg_of(call)
    desk.goes(call, Ending.BUSY)
    desk.goes(leg)
    assert outcome(desk) is OutboundOutcome.BUSY


# -- what the operator does afterwards -------------------------------------------------------------


def test_who_was_not_ready_still_is(desk: Desk) -> None:
    desk.asks(BecomeNotReady("001", "meal"))
    asked(desk)
    desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
    operator = desk.operator("001")
    assert (operator.status, operator.reason) == (OperatorStatus.NOT_READY, "meal")


def test_who_had_just_signed_in_is_still_not_ready_after_a_talk() -> None:
    desk = Desk(plan=with_callbacks())
    desk.asks(SignIn("001", "seat01"))
    call = talking(desk)
    desk.goes(call)
    desk.wait(61)
    assert status(desk) is OperatorStatus.NOT_READY


def test_who_wishes_to_be_ready_during_the_call_is(desk: Desk) -> None:
    desk.asks(BecomeNotReady("001", "meal"))
    call = talking(desk)
    desk.asks(BecomeReady("001"))
    desk.goes(call)
    desk.wait(61)
    assert status(desk) is OperatorStatus.READY


def test_who_wrapped_up_can_go_on_with_it(desk: Desk) -> None:
    call = desk.waiting_call()
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(call)
    desk.goes(call)
    assert status(desk) is OperatorStatus.WRAP_UP
    desk.wait(50)
    made_call = dialling(desk)
    desk.goes(made_call, Ending.BUSY)
    desk.prompt_ends(desk.leg_of(made_call))
    assert status(desk) is OperatorStatus.WRAP_UP
    desk.wait(59)
    assert status(desk) is OperatorStatus.WRAP_UP
    desk.wait(2)
    assert status(desk) is OperatorStatus.READY


def test_who_calls_is_offered_nobody_meanwhile(desk: Desk) -> None:
    asked(desk)
    waiting = desk.waiting_call()
    assert desk.state(waiting).phase is Phase.WAITING
    desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
    assert desk.state(waiting).phase is Phase.OFFERED


# -- the line breaks -------------------------------------------------------------------------------


def test_a_citizen_who_loses_the_operator_hears_an_apology(desk: Desk) -> None:
    call = talking(desk)
    desk.goes(desk.leg_of(call), Ending.LOST)
    assert desk.heard(call) == [("outbound_broken",)]
    assert desk.switch.legs[call].guarded
    desk.prompt_ends(call)
    assert outcome(desk) is OutboundOutcome.ANSWERED
    assert not desk.switch.legs


def test_a_released_operators_citizen_hears_it_too(desk: Desk) -> None:
    call = talking(desk)
    assert desk.leader(Release("001")) == ""
    assert desk.heard(call) == [("outbound_broken",)]
    desk.goes(call)
    assert not desk.switch.legs


def test_a_forward_that_fails_does_not_lead_to_a_queue(desk: Desk) -> None:
    call = talking(desk)
    assert desk.asks(Forward("001", "12319")) == ""
    desk.goes(desk.partner_of(call), Ending.BUSY)
    assert desk.heard(call)[-1] == ("outbound_broken",)
    desk.prompt_ends(call)
    assert not desk.switch.legs


def test_an_operator_lost_while_it_rings_interrupts_the_call(desk: Desk) -> None:
    call = dialling(desk)
    desk.goes(desk.leg_of(call), Ending.LOST)
    assert outcome(desk) is OutboundOutcome.INTERRUPTED
    assert not desk.switch.legs


# -- restarts --------------------------------------------------------------------------------------


def test_a_restart_while_the_operator_is_rung_changes_nothing(desk: Desk) -> None:
    call = asked(desk)
    restart(desk)
    assert desk.state(call).phase is Phase.RINGING_OPERATOR
    desk.answers(desk.ringing_at("seat01"))
    assert desk.state(call).phase is Phase.CALLING_OUT


def test_an_operator_who_answered_meanwhile_goes_on(desk: Desk) -> None:
    call = asked(desk)
    desk.switch.far_end_answers(desk.ringing_at("seat01"))
    restart(desk)
    assert desk.state(call).phase is Phase.CALLING_OUT


def test_a_telephone_that_was_lost_meanwhile_interrupts_the_call(desk: Desk) -> None:
    asked(desk)
    desk.switch.far_end_goes(desk.ringing_at("seat01"))
    restart(desk)
    assert outcome(desk) is OutboundOutcome.INTERRUPTED
    assert status(desk) is OperatorStatus.READY


def test_a_restart_during_the_prompt_dials_soon(desk: Desk) -> None:
    asked(desk)
    desk.answers(desk.ringing_at("seat01"))
    restart(desk)
    desk.wait(5)
    assert len(dialled_out(desk)) == 1


def test_a_restart_while_it_rings_goes_on_ringing(desk: Desk) -> None:
    call = dialling(desk)
    leg = desk.leg_of(call)
    restart(desk)
    assert desk.switch.legs[leg].ringing
    desk.answers(call)
    assert desk.together(call) == {call, leg}


def test_who_answered_meanwhile_is_connected_at_the_restart(desk: Desk) -> None:
    call = dialling(desk)
    desk.switch.far_end_answers(call)
    restart(desk)
    assert len(desk.together(call)) == 2


def test_who_was_lost_while_ringing_is_called_once_more(desk: Desk) -> None:
    call = dialling(desk)
    desk.switch.far_end_goes(call)
    restart(desk)
    assert [dial.to for dial in dialled_out(desk)] == 2 * [OutsideAddress("telecom", "13800001111")]
    desk.answers(call)
    assert len(desk.together(call)) == 2


def test_a_restart_during_the_reason_ends_the_call_soon(desk: Desk) -> None:
    call = dialling(desk)
    desk.goes(call, Ending.BUSY)
    restart(desk)
    desk.wait(5)
    assert outcome(desk) is OutboundOutcome.BUSY


def test_a_restart_during_the_talk_leaves_it_alone(desk: Desk) -> None:
    call = talking(desk)
    together = desk.together(call)
    restart(desk)
    assert desk.together(call) == together
    desk.goes(call)
    assert outcome(desk) is OutboundOutcome.ANSWERED


def test_a_call_that_the_core_cannot_handle_is_ended(desk: Desk) -> None:
    call = dialling(desk)
    desk.happens(CallDetoured(call, "a fault"))
    desk.news()
    assert outcome(desk) is OutboundOutcome.INTERRUPTED
    assert status(desk) is OperatorStatus.READY
    assert not desk.switch.legs


def test_even_a_hopeless_call_has_an_outcome(desk: Desk) -> None:
    call = dialling(desk)
    desk.happens(CallGivenUp(call))
    assert outcome(desk) is OutboundOutcome.INTERRUPTED


# -- what it does not count as ---------------------------------------------------------------------


def test_it_has_no_order_of_its_own_and_is_no_offered_call(desk: Desk) -> None:
    before = desk.board()
    call = talking(desk)
    during = desk.board()
    desk.goes(call)
    after = desk.board()
    for board in (during, after):
        assert (board.offered, board.in_progress, board.answered) == (
            *(before.offered, before.in_progress, before.answered),
        )
    assert desk.records == {}
    assert not [line for line in desk.queue_log if f"|{call}|" in line]
    assert not desk.centre.ended_calls


def test_it_is_no_offer_to_the_operator(desk: Desk) -> None:
    call = talking(desk)
    desk.goes(call)
    states = [change.state for change in desk.changes if change.operator == "001"]
    assert states[-3:] == ["calling", "talking", "wrap_up"]
    ends: list[OfferEnd | None] = [change.offer for change in desk.changes]
    assert set(ends) == {None}
    assert desk.operator("001").taken == 0


def test_nobody_learns_from_it_how_long_callers_talk(desk: Desk) -> None:
    call = talking(desk)
    desk.wait(500)
    desk.goes(call)
    desk.wait(61)
    assert set(desk.centre.experience.values()) <= {Experience()}


def test_who_was_not_reached_is_not_on_the_list_of_missed_calls(desk: Desk) -> None:
    call = dialling(desk)
    leg = desk.leg_of(call)
    desk.goes(call, Ending.NO_ANSWER)
    desk.prompt_ends(leg)
    assert callback_list(desk.centre).missed == ()


def test_whom_an_operator_reached_is_missed_no_longer(desk: Desk) -> None:
    desk.asks(BecomeNotReady("001", "meal"))
    gave_up = desk.call("12345", MOBILE)
    desk.prompt_ends(gave_up)
    desk.goes(gave_up)
    assert len(callback_list(desk.centre).missed) == 1
    talking(desk)
    assert callback_list(desk.centre).missed == ()


def test_nobody_who_was_called_is_asked_how_it_was() -> None:
    texts = survey_texts()
    texts["dialplan/centre.yaml"] += "citizens: {via: [telecom], shows: '12345'}\n"
    desk = Desk(plan=plan_of(texts))
    desk.operator_ready("001", "seat01")
    call = talking(desk)
    desk.goes(desk.leg_of(call))
    assert not desk.switch.legs


# -- on a bare telephone ---------------------------------------------------------------------------


def dials(desk: Desk, code: str, order: OrderReference | None = None) -> tuple[str, str]:
    """Seat 1 dials a code and hangs up; the refusal's code, and what was heard."""
    leg = desk.switch.seat_dials("seat01", code, order=order)
    refusal = desk.happens(desk.switch.told.pop())
    (heard,) = desk.heard(leg)
    desk.prompt_ends(leg)
    return ("" if refusal is None else refusal.code), heard[0]


def test_a_code_calls_the_citizen_of_the_call_just_ended(desk: Desk) -> None:
    call = desk.call("12345", MOBILE)
    desk.prompt_ends(call)
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(call)
    desk.goes(call)
    assert status(desk) is OperatorStatus.WRAP_UP
    assert dials(desk, "*41") == ("", "outbound_hang_up")
    leg = desk.ringing_at("seat01")
    desk.answers(leg)
    desk.prompt_ends(leg)
    (dial,) = dialled_out(desk)
    assert dial.to == OutsideAddress("telecom", "13800001111")
    assert made(desk).order_call == call


def test_the_code_still_works_after_wrap_up_and_after_a_call_in_vain(desk: Desk) -> None:
    call = desk.call("12345", MOBILE)
    desk.prompt_ends(call)
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(call)
    desk.goes(call)
    desk.wait(61)
    for _ in range(2):
        assert dials(desk, "*41")[0] == ""
        desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
    assert {each.order_call for each in desk.outbound.values()} == {call}


def test_a_code_calls_the_citizen_of_the_order_that_is_dialled(desk: Desk) -> None:
    assert dials(desk, "*427", ORDER) == ("", "outbound_hang_up")
    assert desk.rings_at("seat01")


def test_a_code_may_not_call_for_somebody_elses_order(desk: Desk) -> None:
    theirs = replace(ORDER, operators=("002",))
    assert dials(desk, "*427", theirs) == ("not_yours", "not_possible")
    assert desk.dialled() == []


def test_an_order_that_there_is_not_cannot_be_called_for(desk: Desk) -> None:
    assert dials(desk, "*429999") == ("unknown_order", "order_unknown")
    assert dials(desk, "*41") == ("unknown_order", "order_unknown")


def test_nobody_calls_from_a_seat_without_an_operator(desk: Desk) -> None:
    desk.asks(SignOut("001"))
    assert dials(desk, "*427", ORDER) == ("not_signed_in", "not_signed_in")


def test_the_next_at_the_seat_does_not_call_the_last_ones_citizen(desk: Desk) -> None:
    call = desk.call("12345", MOBILE)
    desk.prompt_ends(call)
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(call)
    desk.goes(call)
    desk.asks(SignOut("001"))
    desk.operator_ready("002", "seat01")
    assert dials(desk, "*41")[0] == "unknown_order"


def test_who_hangs_up_during_the_answer_is_rung_at_once(desk: Desk) -> None:
    leg = desk.switch.seat_dials("seat01", "*427", order=ORDER)
    desk.happens(desk.switch.told.pop())
    desk.goes(leg)
    assert desk.rings_at("seat01")


def test_a_wish_survives_a_restart(desk: Desk) -> None:
    desk.switch.seat_dials("seat01", "*427", order=ORDER)
    desk.happens(desk.switch.told.pop())
    restart(desk)
    desk.wait(6)
    assert desk.rings_at("seat01")


def test_a_code_rings_before_a_waiting_caller_does(desk: Desk) -> None:
    leg = desk.switch.seat_dials("seat01", "*427", order=ORDER)
    desk.happens(desk.switch.told.pop())
    waiting = desk.waiting_call()
    desk.goes(leg)
    assert status(desk) is OperatorStatus.CALLING
    assert desk.state(waiting).phase is Phase.WAITING
