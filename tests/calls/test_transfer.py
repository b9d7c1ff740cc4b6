"""A partner joins: forward, three-way call, one key to 110; and what becomes of the caller."""

from __future__ import annotations

import pytest

from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.commands import (
    Connect,
    Dial,
    Disconnect,
    Hangup,
    OutsideAddress,
    Ring,
    SendDigits,
    Separate,
    StartMusic,
    StopRinging,
)
from callcenter.calls.events import (
    AddPartner,
    BecomeNotReady,
    BecomeReady,
    CallEmergency,
    CommandFailed,
    DropPartner,
    Ending,
    Forward,
    HangUp,
    LeaveCall,
    PickFirstDialled,
    PlanChanged,
    Request,
    SipHeaders,
)
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Phase, Transfer
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Plan
from callcenter.orders.record import LegRole, Outcome
from tests.calls.desk import Desk
from tests.plans import edited, without_queue

FAILURES = [
    (Ending.BUSY, "partner_busy"),
    (Ending.DECLINED, "partner_busy"),
    (Ending.NO_ANSWER, "partner_no_answer"),
    (Ending.UNALLOCATED, "partner_unreachable"),
    (Ending.UNREACHABLE, "partner_unreachable"),
    (Ending.CONGESTION, "partner_unreachable"),
]


def three_way(desk: Desk, number: str = "12319") -> str:
    """Citizen, operator 001 and that partner talk."""
    call = desk.talking_call()
    assert desk.asks(AddPartner("001", number)) == ""
    desk.answers(desk.partner_of(call))
    assert desk.state(call).phase is Phase.THREE_WAY
    return call


def restart(desk: Desk) -> None:
    """The controller is gone and comes again; what was told meanwhile is lost."""
    desk.centre = decode_centre(encode_centre(desk.centre))
    desk.switch.lose_events()
    desk.happens(desk.switch.reconciled())
    desk.news()


# -- three-way -------------------------------------------------------------------------------------


def test_while_the_partner_rings_the_caller_hears_music_and_the_operator_ringing() -> None:
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    assert desk.asks(AddPartner("001", "12319")) == ""
    dial = desk.dialled()[-1]
    assert (dial.to, dial.seconds) == (OutsideAddress("12319", "12319"), 60.0)
    assert (desk.state(call).phase, desk.state(call).transfer) == (
        Phase.TRANSFERRING,
        Transfer.THREE_WAY,
    )
    caller = desk.switch.legs[call]
    assert (caller.music, caller.guarded, caller.ringing) == (True, True, False)
    assert desk.switch.legs[operator].ringing
    assert desk.together(call) == set(), "the silence of a bridge would drown the tone"


def test_then_all_three_talk() -> None:
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    desk.asks(AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    before = len(desk.sent(Connect))
    desk.answers(partner)
    assert desk.together(call) == {call, operator, partner}
    (connect,) = desk.sent(Connect)[before:]
    assert connect.legs == (call, operator, partner)
    assert connect.mixed, "two far ends, one after the other, are in the recording"
    assert desk.sent(Disconnect) == [Disconnect(f"{call}_b")]
    caller = desk.switch.legs[call]
    assert (caller.music, caller.guarded) == (False, False)
    assert not desk.switch.legs[operator].ringing
    assert desk.operator("001").status is OperatorStatus.TALKING


def test_the_operator_leaves_the_two_talking() -> None:
    desk = Desk()
    call = three_way(desk)
    operator, partner = desk.leg_of(call), desk.partner_of(call)
    assert desk.asks(LeaveCall("001")) == ""
    assert operator not in desk.switch.legs
    assert desk.together(call) == {call, partner}
    assert desk.state(call).phase is Phase.FORWARDED
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    desk.wait(42)
    desk.goes(call)
    order = desk.order(call)
    assert (order.outcome, order.operator, order.ended_by) == (Outcome.ANSWERED, "001", "caller")
    assert order.legs[2].ended == desk.now


def test_the_operator_drops_the_partner_and_talks_on() -> None:
    desk = Desk()
    call = three_way(desk)
    operator, partner = desk.leg_of(call), desk.partner_of(call)
    assert desk.asks(DropPartner("001")) == ""
    assert partner not in desk.switch.legs
    assert desk.together(call) == {call, operator}
    assert desk.state(call).phase is Phase.TALKING
    assert desk.asks(AddPartner("001", "12319")) == "", "and may have another"


def test_the_operator_stays_when_the_partner_hangs_up() -> None:
    desk = Desk()
    call = three_way(desk)
    operator = desk.leg_of(call)
    desk.goes(desk.partner_of(call))
    assert desk.together(call) == {call, operator}
    assert desk.state(call).phase is Phase.TALKING
    desk.goes(operator)
    assert desk.order(call).outcome is Outcome.ANSWERED
    assert desk.order(call).ended_by == "operator"


def test_when_the_partner_leaves_the_two_after_the_operator_the_call_ends() -> None:
    desk = Desk()
    call = three_way(desk)
    partner = desk.partner_of(call)
    desk.asks(LeaveCall("001"))
    desk.goes(partner)
    assert (desk.order(call).outcome, desk.order(call).ended_by) == (Outcome.ANSWERED, "partner")
    assert desk.switch.legs == {}


def test_an_operator_who_hangs_up_leaves_the_two_talking() -> None:
    desk = Desk()
    call = three_way(desk)
    partner = desk.partner_of(call)
    assert desk.asks(HangUp("001")) == ""
    assert desk.together(call) == {call, partner}
    assert desk.operator("001").status is OperatorStatus.WRAP_UP


def test_an_operator_whose_line_breaks_leaves_the_two_talking_and_is_free() -> None:
    desk = Desk()
    call = three_way(desk)
    partner = desk.partner_of(call)
    desk.goes(desk.leg_of(call), Ending.LOST)
    assert desk.together(call) == {call, partner}
    assert desk.operator("001").status is OperatorStatus.READY


def test_when_operator_and_partner_go_at_once_the_call_ends() -> None:
    desk = Desk()
    call = three_way(desk)
    for leg in (desk.leg_of(call), desk.partner_of(call)):
        desk.switch.far_end_goes(leg)
    desk.news()
    assert desk.order(call).outcome is Outcome.ANSWERED
    assert desk.switch.legs == {}


def test_12366_2_is_sent_its_digit_after_the_answer_and_its_pause() -> None:
    desk = Desk()
    call = desk.talking_call()
    assert desk.asks(AddPartner("001", "12366-2")) == ""
    partner = desk.partner_of(call)
    assert desk.dialled()[-1].to == OutsideAddress("telecom", "66660003")
    assert desk.sent(SendDigits) == []
    desk.answers(partner)
    assert desk.sent(SendDigits) == [SendDigits(partner, "2", 1.5)]


def test_the_pause_is_the_plans() -> None:
    desk = Desk(plan=edited("dialplan/numbers.yaml", "pause: 1.5", "pause: 4"))
    call = three_way(desk, "12366-2")
    assert desk.sent(SendDigits) == [SendDigits(desk.partner_of(call), "2", 4.0)]


def test_the_digits_of_one_partner_are_not_for_the_next() -> None:
    desk = Desk()
    call = three_way(desk, "12366-2")
    desk.asks(DropPartner("001"))
    desk.asks(AddPartner("001", "12319"))
    desk.answers(desk.partner_of(call))
    assert len(desk.sent(SendDigits)) == 1


def test_the_partner_sees_the_caller_and_the_number_dialled_first() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.call(headers=SipHeaders(from_="<sip:13800004572@carrier>"))
    desk.prompt_ends(call)
    desk.answers(desk.leg_of(call))
    desk.prompt_ends(call)
    desk.asks(AddPartner("001", "12319"))
    dial = desk.dialled()[-1]
    assert (dial.caller_number, dial.diversion) == ("+8613800004572", "12345")


def test_a_resident_number_is_reached_through_changzhou() -> None:
    desk = Desk()
    call = three_way(desk, "12315")
    partner = desk.order(call).legs[2]
    assert (partner.place, partner.hotline, partner.unit) == ("changzhou", "12315", "市场监管局")


def test_the_order_names_the_partner_its_unit_and_what_came_of_it() -> None:
    desk = Desk()
    call = three_way(desk, "12366-2")
    answered = desk.now
    desk.wait(30)
    desk.goes(desk.partner_of(call))
    desk.goes(call)
    leg = desk.order(call).legs[2]
    assert (leg.role, leg.party, leg.place) == (LegRole.PARTNER, "66660003", "telecom")
    assert (leg.hotline, leg.unit, leg.outcome) == ("12366-2", "地税局", "normal")
    assert (leg.answered, leg.ended) == (answered, answered + 30)


# -- the partner cannot be had ---------------------------------------------------------------------


@pytest.mark.parametrize(("ending", "heard"), FAILURES)
def test_a_partner_who_cannot_be_had_gives_the_caller_the_operator_back(
    ending: Ending, heard: str
) -> None:
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    desk.asks(AddPartner("001", "12319"))
    desk.goes(desk.partner_of(call), ending)
    assert desk.together(call) == {call, operator}
    assert desk.state(call).phase is Phase.TALKING
    assert desk.heard(operator)[-1] == (heard,)
    assert (heard,) not in desk.heard(call)
    assert not desk.switch.legs[operator].ringing
    caller = desk.switch.legs[call]
    assert (caller.music, caller.guarded) == (False, False)
    leg = desk.order(call).legs[2]
    assert (leg.hotline, leg.unit, leg.outcome, leg.answered) == ("12319", "城管局", ending, None)


@pytest.mark.parametrize(("ending", "heard"), FAILURES)
def test_a_forward_that_fails_gives_the_caller_the_same_operator_back(
    ending: Ending, heard: str
) -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.operator_ready("002", "seat02")
    queued = desk.state(call).queued
    assert desk.asks(Forward("001", "12319")) == ""
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    desk.goes(desk.partner_of(call), ending)
    assert desk.state(call).phase is Phase.OFFERED
    assert desk.switch.legs[call].music, "the music goes on"
    assert not desk.rings_at("seat02")
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(call)
    assert desk.together(call) == {call, desk.leg_of(call)}
    assert desk.state(call).queued == queued
    partner = desk.order(call).legs[2]
    assert (partner.unit, partner.outcome) == ("城管局", ending)
    desk.goes(call)
    assert desk.order(call).outcome is Outcome.ANSWERED


def test_a_failed_forward_is_first_in_the_queue_when_its_operator_took_something_else() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(Forward("001", "12319"))
    desk.happens(BecomeReady("001"))
    other = desk.waiting_call()
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(other)
    third = desk.waiting_call()
    desk.goes(desk.partner_of(call), Ending.BUSY)
    assert desk.state(call).phase is Phase.WAITING
    desk.operator_ready("002", "seat02")
    desk.news()
    assert desk.state(call).operator == "002"
    assert desk.state(third).phase is Phase.WAITING


def test_an_operator_who_went_on_a_break_does_not_get_the_caller_back() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(Forward("001", "12319"))
    desk.happens(BecomeNotReady("001", "break"))
    desk.operator_ready("002", "seat02")
    desk.goes(desk.partner_of(call), Ending.BUSY)
    assert desk.state(call).operator == "002"


def test_a_recalled_operator_who_does_not_answer_is_passed_over() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.operator_ready("002", "seat02")
    desk.asks(Forward("001", "12319"))
    desk.goes(desk.partner_of(call), Ending.BUSY)
    desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
    assert desk.operator("001").reason == "missed"
    assert desk.rings_at("seat02")


def test_a_caller_given_back_after_a_long_talk_may_wait_as_long_as_any() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.wait(3600)
    desk.asks(Forward("001", "12319"))
    desk.happens(BecomeNotReady("001", "break"))
    desk.goes(desk.partner_of(call), Ending.BUSY)
    desk.wait(1799)
    assert desk.state(call).phase is Phase.WAITING
    desk.wait(1)
    assert desk.heard(call)[-1] == ("queue_sorry",)
    desk.prompt_ends(call)
    assert desk.order(call).outcome is Outcome.ANSWERED, "they did talk"


def test_the_next_trunk_is_tried_when_the_first_fails() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12366-2"))
    first = desk.partner_of(call)
    desk.goes(first, Ending.UNREACHABLE)
    second = desk.partner_of(call)
    assert [dial.to for dial in desk.dialled()[1:]] == [
        OutsideAddress("telecom", "66660003"),
        OutsideAddress("unicom", "66660003"),
    ]
    assert desk.state(call).phase is Phase.TRANSFERRING
    assert desk.heard(desk.leg_of(call))[-1] != ("partner_unreachable",)
    desk.answers(second)
    assert desk.together(call) == {call, desk.leg_of(call), second}
    assert desk.sent(SendDigits) == [SendDigits(second, "2", 1.5)]
    outcomes = [leg.outcome for leg in desk.order(call).legs[2:]]
    assert outcomes == [Ending.UNREACHABLE, None]


def test_the_operator_sees_which_ways_failed_and_why() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12366-2"))
    desk.goes(desk.partner_of(call), Ending.CONGESTION)
    desk.goes(desk.partner_of(call), Ending.BUSY)
    (talk,) = (line.talk for line in desk.board().operators if line.talk is not None)
    assert [(way.number, way.why) for way in talk.failed] == [
        ("12366-2", "congestion"),
        ("12366-2", "busy"),
    ]
    assert len({way.trunk for way in talk.failed}) == 2


def test_busy_is_busy_on_every_trunk() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12366-2"))
    desk.goes(desk.partner_of(call), Ending.BUSY)
    assert len(desk.dialled()) == 2
    assert desk.state(call).phase is Phase.TALKING


def full_12319() -> Plan:
    return edited("trunks/12319.yaml", "channels: 5", "channels: 1")


def test_a_full_trunk_is_a_refusal_and_changes_nothing() -> None:
    desk = Desk(plan=full_12319())
    desk.call("12345", trunk="12319")
    call = desk.talking_call()
    before = desk.state(call)
    refusal = desk.happens(Forward("001", "12319"))
    assert refusal == Refusal("trunk_full", "通往12319的线路已满，请稍后再转。")
    assert desk.state(call) == before
    assert desk.together(call) == {call, desk.leg_of(call)}


def test_a_partner_gets_no_channel_that_is_kept_for_emergencies_and_110_does() -> None:
    """telecom: 6 channels, 1 reserved; unicom: 3 channels, 1 reserved."""
    desk = Desk()
    call = desk.talking_call()
    for _ in range(4):
        desk.call()
    for _ in range(2):
        desk.call(trunk="unicom")
    assert desk.asks(AddPartner("001", "12366-2")) == "trunk_full"
    assert desk.asks(CallEmergency("001")) == ""
    assert desk.dialled()[-1].to == OutsideAddress("telecom", "110")
    desk.goes(desk.partner_of(call), Ending.CONGESTION)
    assert desk.dialled()[-1].to == OutsideAddress("unicom", "110")


def test_a_partner_that_rings_for_ever_is_given_up_and_recorded_as_not_answering() -> None:
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    desk.asks(AddPartner("001", "12319"))
    desk.wait(65)
    assert desk.together(call) == {call, operator}
    assert desk.heard(operator)[-1] == ("partner_no_answer",)
    assert desk.order(call).legs[2].outcome == Ending.NO_ANSWER


def test_a_late_answer_of_a_partner_given_up_is_hung_up() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    desk.switch.far_end_answers(partner)  # while the operator changes their mind
    desk.asks(DropPartner("001"))
    assert partner not in desk.switch.legs
    assert desk.state(call).phase is Phase.TALKING
    assert desk.together(call) == {call, desk.leg_of(call)}


# -- forward ---------------------------------------------------------------------------------------


def test_a_forward_lets_the_operator_go_at_once_and_the_caller_hears_music() -> None:
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    assert desk.asks(Forward("001", "12319")) == ""
    assert operator not in desk.switch.legs
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    caller = desk.switch.legs[call]
    assert (caller.music, caller.guarded, caller.bridge) == (True, True, None)
    partner = desk.partner_of(call)
    desk.answers(partner)
    assert desk.together(call) == {call, partner}
    assert (caller.music, caller.guarded) == (False, False)
    assert desk.state(call).phase is Phase.FORWARDED
    desk.goes(partner)
    order = desk.order(call)
    assert (order.outcome, order.operator, order.ended_by) == (Outcome.ANSWERED, "001", "partner")


def test_leaving_while_the_partner_rings_makes_it_a_forward() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    assert desk.asks(LeaveCall("001")) == ""
    assert desk.switch.legs[call].music
    desk.answers(desk.partner_of(call))
    assert desk.state(call).phase is Phase.FORWARDED


@pytest.mark.parametrize("how", [Ending.NORMAL, Ending.LOST])
def test_an_operator_gone_while_the_partner_rings_makes_it_a_forward(how: Ending) -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    desk.goes(desk.leg_of(call), how)
    assert desk.switch.legs[call].music
    desk.answers(partner)
    assert desk.together(call) == {call, partner}


def test_operator_and_ringing_partner_gone_at_once_bring_the_caller_to_the_head_of_the_queue() -> (
    None
):
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    desk.switch.far_end_goes(desk.leg_of(call))
    desk.switch.far_end_goes(desk.partner_of(call), Ending.BUSY)
    desk.news()
    assert desk.rings_at("seat01"), "wrapping up, and called back"
    assert desk.switch.legs[call].music


def test_stopping_a_ringing_partner_brings_caller_and_operator_together() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    assert desk.asks(DropPartner("001")) == ""
    assert partner not in desk.switch.legs
    assert desk.together(call) == {call, desk.leg_of(call)}
    assert not desk.switch.legs[desk.leg_of(call)].ringing


# -- one key to 110 --------------------------------------------------------------------------------


def test_one_key_calls_110_while_caller_and_operator_talk_on() -> None:
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    desk.keys(call, "*0")
    partner = desk.partner_of(call)
    assert desk.dialled()[-1].to == OutsideAddress("telecom", "110")
    assert desk.together(call) == {call, operator}
    assert desk.sent(Separate) == []
    caller = desk.switch.legs[call]
    assert (caller.music, caller.guarded) == (False, False)
    assert not desk.switch.legs[operator].ringing
    desk.answers(partner)
    assert desk.together(call) == {call, operator, partner}
    assert desk.sent(Connect)[-1].legs == (call, operator, partner)
    leg = desk.order(call).legs[2]
    assert (leg.hotline, leg.unit) == ("110", "公安报警")
    assert desk.asks(LeaveCall("001")) == ""
    assert desk.together(call) == {call, partner}


@pytest.mark.parametrize("request_", [Forward("001", "110"), AddPartner("001", "110")])
def test_110_asked_for_as_a_partner_is_never_left_to_the_caller_alone(
    request_: Forward | AddPartner,
) -> None:
    desk = Desk()
    call = desk.talking_call()
    assert desk.asks(request_) == ""
    assert desk.state(call).transfer is Transfer.EMERGENCY
    assert desk.together(call) == {call, desk.leg_of(call)}


@pytest.mark.parametrize("answered", [False, True])
def test_110_takes_the_place_of_a_partner_who_rings_or_talks(answered: bool) -> None:
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    desk.asks(AddPartner("001", "12319"))
    other = desk.partner_of(call)
    if answered:
        desk.answers(other)
    desk.keys(call, "*0")
    assert Hangup(other) in desk.sent(Hangup)
    caller = desk.switch.legs[call]
    assert (caller.music, caller.guarded) == (False, False)
    assert not desk.switch.legs[operator].ringing
    assert desk.together(call) == {call, operator}
    emergency = desk.partner_of(call)
    assert desk.dialled()[-1].to == OutsideAddress("telecom", "110")
    desk.answers(emergency)
    assert desk.together(call) == {call, operator, emergency}
    legs = desk.order(call).legs
    assert [leg.hotline for leg in legs[2:]] == ["12319", "110"]


def test_110_does_not_take_the_place_of_110() -> None:
    desk = Desk()
    desk.talking_call()
    desk.asks(CallEmergency("001"))
    assert desk.asks(CallEmergency("001")) == "partner_already"


def test_until_110_answers_the_operator_cannot_leave() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(CallEmergency("001"))
    sentence = "紧急号码尚未接通，不能让来电人独自等待。"
    assert desk.happens(LeaveCall("001")) == Refusal("emergency_joining", sentence)
    assert desk.happens(HangUp("001")) == Refusal("emergency_joining", sentence)
    assert desk.together(call) == {call, desk.leg_of(call)}


def test_110_is_tried_on_every_trunk_whatever_the_first_one_says() -> None:
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    desk.asks(CallEmergency("001"))
    desk.goes(desk.partner_of(call), Ending.BUSY)
    assert desk.dialled()[-1].to == OutsideAddress("unicom", "110")
    desk.goes(desk.partner_of(call), Ending.NO_ANSWER)
    assert desk.state(call).phase is Phase.TALKING
    assert desk.together(call) == {call, operator}
    assert desk.heard(operator)[-1] == ("partner_no_answer",)


def test_calling_110_can_be_stopped() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(CallEmergency("001"))
    before = desk.sent(Connect)
    assert desk.asks(DropPartner("001")) == ""
    assert desk.state(call).phase is Phase.TALKING
    assert desk.sent(Connect) == before, "they never stopped talking"


@pytest.mark.parametrize("how", [Ending.NORMAL, Ending.LOST])
def test_a_caller_whose_operator_is_gone_hears_110_ring(how: Ending) -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(CallEmergency("001"))
    partner = desk.partner_of(call)
    desk.goes(desk.leg_of(call), how)
    caller = desk.switch.legs[call]
    assert (caller.ringing, caller.guarded) == (True, True)
    desk.answers(partner)
    assert (caller.ringing, caller.guarded) == (False, False)
    assert desk.together(call) == {call, partner}
    assert desk.sent(Connect)[-1].legs == (call, partner)


def test_without_operator_and_110_the_caller_gets_an_operator_again() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(CallEmergency("001"))
    desk.goes(desk.leg_of(call))
    desk.goes(desk.partner_of(call), Ending.UNREACHABLE)
    desk.goes(desk.partner_of(call), Ending.UNREACHABLE)
    caller = desk.switch.legs[call]
    assert (caller.ringing, caller.music, caller.guarded) == (False, True, True)
    assert desk.rings_at("seat01")


def test_the_one_key_knows_only_emergency_numbers() -> None:
    desk = Desk()
    desk.talking_call()
    refusal = desk.happens(CallEmergency("001", "12319"))
    assert refusal == Refusal("unknown_number", "12319不是紧急号码，请核对。")


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [Forward, AddPartner])
@pytest.mark.parametrize(
    ("number", "code", "sentence"),
    [
        ("99999999", "unknown_number", "号码表中没有99999999，请核对。"),
        ("12345", "not_a_partner", "12345由本中心受理，不能转接。"),
        ("12310", "not_a_partner", "12310由本中心受理，不能转接。"),
        ("12366*3", "unknown_number", "号码表中没有12366-3，请核对。"),
        ("", "unknown_number", "号码表中没有，请核对。"),
    ],
)
def test_what_is_no_partner_is_refused(
    request_: type[Forward | AddPartner], number: str, code: str, sentence: str
) -> None:
    desk = Desk()
    call = desk.talking_call()
    before = desk.state(call)
    assert desk.happens(request_("001", number)) == Refusal(code, sentence)
    assert desk.state(call) == before


@pytest.mark.parametrize(
    ("request_", "code", "sentence"),
    [
        (Forward("001", "12319"), "not_in_call", "当前没有通话，不能转接。"),
        (AddPartner("001", "12319"), "not_in_call", "当前没有通话，不能转接。"),
        (CallEmergency("001"), "not_in_call", "当前没有通话，不能转接。"),
        (LeaveCall("001"), "no_partner", "当前没有第三方，不能退出；结束通话请挂断。"),
        (DropPartner("001"), "no_partner", "当前没有第三方可以挂断。"),
        (
            PickFirstDialled("001", "12310"),
            "not_in_call",
            "当前没有通话，不能登记首拨号码。",
        ),
    ],
)
def test_without_a_talk_there_is_nothing_to_transfer(
    request_: Forward | AddPartner | CallEmergency | LeaveCall | DropPartner | PickFirstDialled,
    code: str,
    sentence: str,
) -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    assert desk.happens(request_) == Refusal(code, sentence)
    call = desk.waiting_call()
    assert desk.happens(request_) == Refusal(code, sentence), "it only rings"
    desk.goes(call)


def test_while_the_operators_number_is_spoken_nothing_can_be_transferred() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    desk.answers(desk.ringing_at("seat01"))
    assert desk.state(call).phase is Phase.INTRODUCING
    assert desk.asks(Forward("001", "12319")) == "not_in_call"


def test_one_partner_at_a_time() -> None:
    desk = Desk()
    desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    sentence = "已有第三方在通话中，请先挂断第三方。"
    for request in (Forward("001", "12315"), AddPartner("001", "12315")):
        assert desk.happens(request) == Refusal("partner_already", sentence)


def test_in_a_talk_without_partner_there_is_none_to_leave_or_drop() -> None:
    desk = Desk()
    call = desk.talking_call()
    assert desk.asks(LeaveCall("001")) == "no_partner"
    assert desk.asks(DropPartner("001")) == "no_partner"
    assert desk.state(call).phase is Phase.TALKING


def test_after_a_forward_the_operator_has_no_say_any_more() -> None:
    desk = Desk()
    desk.talking_call()
    desk.asks(Forward("001", "12319"))
    assert desk.asks(DropPartner("001")) == "no_partner"
    assert desk.asks(HangUp("001")) == "not_in_call"


# -- keys ------------------------------------------------------------------------------------------


def test_a_number_is_ended_by_the_hash_key() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.keys(call, "*2212319")
    assert desk.state(call).phase is Phase.TALKING
    desk.keys(call, "#")
    assert desk.state(call).transfer is Transfer.THREE_WAY
    assert desk.sent(SendDigits) == [], "nobody hears the keys"


def test_a_number_is_complete_when_no_key_follows_for_three_seconds() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.keys(call, "*2212319")
    desk.wait(2.9)
    assert desk.state(call).phase is Phase.TALKING
    desk.wait(0.1)
    assert desk.state(call).transfer is Transfer.THREE_WAY


def test_each_key_gives_three_seconds_more() -> None:
    desk = Desk()
    call = desk.talking_call()
    for key in "*2212319":
        desk.keys(call, key)
        desk.wait(2)
    assert desk.state(call).phase is Phase.TALKING
    desk.keys(call, "#")
    assert desk.state(call).phase is Phase.TRANSFERRING


def test_a_forward_by_keys() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.keys(call, "*2112319#")
    assert desk.state(call).leg is None
    assert desk.dialled()[-1].to == OutsideAddress("12319", "12319")


def test_a_hyphen_is_keyed_as_a_star() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.keys(call, "*2212366*2#")
    assert desk.order(call).legs[2].hotline == "12366-2"


@pytest.mark.parametrize("code", ["*2299999#", "*2112345#", "*22#", "*23", "*24", "*2599999#"])
def test_what_cannot_be_done_is_said_to_the_operator_alone(code: str) -> None:
    desk = Desk()
    call = desk.talking_call()
    before = desk.heard(call)
    desk.keys(call, code)
    assert desk.heard(desk.leg_of(call))[-1] == ("not_possible",)
    assert desk.heard(call) == before
    assert desk.state(call).phase is Phase.TALKING


def test_leaving_by_keys() -> None:
    desk = Desk()
    call = three_way(desk)
    partner = desk.partner_of(call)
    desk.keys(call, "*23")
    assert desk.together(call) == {call, partner}


def test_dropping_by_keys() -> None:
    desk = Desk()
    call = three_way(desk)
    desk.keys(call, "*24")
    assert desk.together(call) == {call, desk.leg_of(call)}


def test_while_the_partner_rings_it_can_be_stopped_by_keys() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.keys(call, "*2212319#")
    desk.keys(call, "*24")
    assert desk.together(call) == {call, desk.leg_of(call)}


def test_in_a_three_way_other_keys_go_to_the_partner_alone() -> None:
    desk = Desk()
    call = three_way(desk)
    desk.keys(call, "17#")
    partner = desk.partner_of(call)
    assert desk.sent(SendDigits) == [SendDigits(partner, digit) for digit in "17#"]


def test_while_the_partner_rings_other_keys_go_nowhere() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    desk.keys(call, "1")
    assert desk.sent(SendDigits) == []


def test_a_code_begun_before_the_operator_left_is_forgotten() -> None:
    desk = Desk()
    call = three_way(desk)
    partner = desk.partner_of(call)
    desk.keys(call, "*2")
    desk.asks(LeaveCall("001"))
    desk.wait(5)
    assert desk.heard(partner) == []
    assert desk.state(call).digits == ""


def test_ready_and_not_ready_are_keyed_in_a_three_way_too() -> None:
    desk = Desk()
    call = three_way(desk)
    desk.keys(call, "*132")
    desk.asks(LeaveCall("001"))
    desk.wait(60)
    assert desk.operator("001").reason == "meal"
    assert desk.state(call).phase is Phase.FORWARDED


# -- the number dialled first ----------------------------------------------------------------------


def test_the_operator_says_which_number_was_dialled_first() -> None:
    desk = Desk()
    call = desk.talking_call()
    assert desk.asks(PickFirstDialled("001", "87209900")) == ""
    assert desk.order(call).first_dialled == "87209900"
    desk.keys(call, "*2512310#")
    assert desk.order(call).first_dialled == "12310"
    assert desk.heard(desk.leg_of(call))[-1] == ("number_noted",)
    desk.asks(AddPartner("001", "12319"))
    assert desk.dialled()[-1].diversion == "12310"


def test_a_pilot_number_says_nothing_so_it_is_unknown_until_the_operator_asked() -> None:
    pilot = edited("dialplan/numbers.yaml", "12345: {", "12345: {dids: ['66660000'], ")
    desk = Desk(plan=pilot)
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call("66660000")
    desk.answers(desk.leg_of(call))
    desk.prompt_ends(call)
    assert desk.order(call).first_dialled is None
    desk.asks(AddPartner("001", "12319"))
    assert desk.dialled()[-1].diversion == "66660000"
    desk.asks(PickFirstDialled("001", "12310"))
    assert desk.order(call).first_dialled == "12310"


def test_a_number_of_nobody_was_not_dialled_first() -> None:
    desk = Desk()
    call = desk.talking_call()
    refusal = desk.happens(PickFirstDialled("001", "99999999"))
    assert refusal == Refusal("unknown_number", "号码表中没有99999999，请核对。")
    assert desk.order(call).first_dialled == "12345"


def test_in_a_three_way_the_number_can_be_noted_too() -> None:
    desk = Desk()
    call = three_way(desk)
    assert desk.asks(PickFirstDialled("001", "12310")) == ""
    assert desk.order(call).first_dialled == "12310"


def test_who_forwarded_the_call_can_note_the_number_while_the_caller_talks_on() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(Forward("001", "12319"))
    desk.answers(desk.partner_of(call))
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    assert desk.asks(PickFirstDialled("001", "12310")) == ""
    assert desk.order(call).first_dialled == "12310"


# -- the caller hangs up ---------------------------------------------------------------------------


@pytest.mark.parametrize("how", [Transfer.BLIND, Transfer.THREE_WAY, Transfer.EMERGENCY])
def test_a_caller_who_hangs_up_while_the_partner_rings_ends_the_call(how: Transfer) -> None:
    desk = Desk()
    call = desk.talking_call()
    requests: dict[Transfer, Request] = {
        Transfer.BLIND: Forward("001", "12319"),
        Transfer.THREE_WAY: AddPartner("001", "12319"),
        Transfer.EMERGENCY: CallEmergency("001"),
    }
    assert desk.asks(requests[how]) == ""
    desk.goes(call)
    assert desk.switch.legs == {}
    assert desk.switch.bridges == set()
    order = desk.order(call)
    assert (order.outcome, order.ended_by) == (Outcome.ANSWERED, "caller")
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    assert all(leg.ended is not None for leg in order.legs)


def test_a_caller_who_hangs_up_in_a_three_way_ends_the_call() -> None:
    desk = Desk()
    call = three_way(desk)
    desk.goes(call)
    assert desk.switch.legs == {}
    assert desk.order(call).outcome is Outcome.ANSWERED
    assert desk.operator("001").status is OperatorStatus.WRAP_UP


def test_a_caller_given_back_who_hangs_up_was_answered() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(Forward("001", "12319"))
    desk.goes(desk.partner_of(call), Ending.BUSY)
    desk.goes(call)
    assert desk.switch.legs == {}
    assert desk.order(call).outcome is Outcome.ANSWERED
    assert desk.operator("001").status is OperatorStatus.READY, "the offer is withdrawn"


# -- deadlines, plan, faults, restarts -------------------------------------------------------------


def test_a_talk_of_three_has_an_end() -> None:
    desk = Desk()
    call = three_way(desk)
    desk.wait(desk.plan.limits.talk_seconds)
    assert desk.switch.legs == {}
    assert (desk.order(call).outcome, desk.order(call).ended_by) == (Outcome.ANSWERED, "system")


def test_so_has_the_talk_of_the_two_that_the_operator_left() -> None:
    desk = Desk()
    call = three_way(desk)
    desk.asks(LeaveCall("001"))
    desk.wait(desk.plan.limits.talk_seconds)
    assert desk.switch.legs == {}
    assert desk.order(call).outcome is Outcome.ANSWERED


def test_a_new_plan_meanwhile_strands_nobody() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12366-2"))
    desk.plan = without_queue()
    desk.happens(PlanChanged(desk.plan.hash))
    desk.goes(desk.partner_of(call), Ending.UNREACHABLE)
    desk.answers(desk.partner_of(call))
    assert desk.state(call).phase is Phase.THREE_WAY
    desk.asks(LeaveCall("001"))
    desk.goes(call)
    assert desk.switch.legs == {}


def test_three_who_cannot_be_connected_are_two_again() -> None:
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    desk.asks(AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    desk.switch.far_end_answers(partner)
    desk.news()
    desk.happens(CommandFailed(call, "Connect", "500 Allocation failed"))
    desk.news()
    assert partner not in desk.switch.legs
    assert desk.state(call).phase is Phase.TALKING
    assert desk.sent(Connect)[-1].legs == (call, operator)
    assert desk.together(call) == {call, operator}


@pytest.mark.parametrize("how", [Transfer.BLIND, Transfer.THREE_WAY])
def test_after_a_restart_the_caller_still_hears_music_while_the_partner_rings(
    how: Transfer,
) -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(Forward("001", "12319") if how is Transfer.BLIND else AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    restart(desk)
    assert desk.state(call).phase is Phase.TRANSFERRING
    assert desk.sent(StartMusic)[-1].leg == call
    assert desk.switch.legs[call].bridge is None
    desk.answers(partner)
    assert call in desk.together(call)
    assert partner in desk.together(call)


def test_a_transfer_of_which_nothing_was_carried_out_is_done_after_the_restart() -> None:
    """The process died between the journal's commit and the first command."""
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    carried_out = desk.switch.send
    desk.switch.send = lambda commands: None  # type: ignore[method-assign]
    desk.asks(AddPartner("001", "12319"))
    desk.switch.send = carried_out  # type: ignore[method-assign]
    restart(desk)
    assert isinstance(desk.dialled()[-1], Dial)
    caller = desk.switch.legs[call]
    assert (caller.music, caller.guarded, caller.bridge) == (True, True, None)
    assert desk.switch.legs[operator].ringing
    desk.answers(desk.partner_of(call))
    assert desk.together(call) == {call, operator, desk.partner_of(call)}


def test_three_whose_connection_was_not_carried_out_are_connected_after_the_restart() -> None:
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    desk.asks(AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    carried_out = desk.switch.send
    desk.switch.send = lambda commands: None  # type: ignore[method-assign]
    desk.answers(partner)
    desk.switch.send = carried_out  # type: ignore[method-assign]
    restart(desk)
    assert desk.together(call) == {call, operator, partner}
    caller = desk.switch.legs[call]
    assert (caller.music, caller.guarded) == (False, False)
    assert not desk.switch.legs[operator].ringing


def test_a_partner_who_answered_while_nobody_listened_is_connected_after_the_restart() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    desk.switch.far_end_answers(partner)
    restart(desk)
    assert desk.together(call) == {call, desk.leg_of(call), partner}


def test_a_partner_cut_off_while_we_were_away_is_dialled_again() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    desk.switch.far_end_goes(desk.partner_of(call))
    restart(desk)
    assert [dial.to for dial in desk.dialled()[1:]] == [OutsideAddress("12319", "12319")] * 2
    assert desk.state(call).phase is Phase.TRANSFERRING


def test_after_a_restart_three_go_on_talking() -> None:
    desk = Desk()
    call = three_way(desk)
    restart(desk)
    assert desk.state(call).phase is Phase.THREE_WAY
    assert desk.together(call) == {call, desk.leg_of(call), desk.partner_of(call)}


@pytest.mark.parametrize("gone", ["operator", "partner", "both", "caller"])
def test_who_went_while_we_were_away(gone: str) -> None:
    desk = Desk()
    call = three_way(desk)
    operator, partner = desk.leg_of(call), desk.partner_of(call)
    for leg in {
        "operator": (operator,),
        "partner": (partner,),
        "both": (operator, partner),
        "caller": (call,),
    }[gone]:
        desk.switch.far_end_goes(leg)
    restart(desk)
    match gone:
        case "operator":
            assert desk.together(call) == {call, partner}
        case "partner":
            assert desk.together(call) == {call, operator}
        case _:
            assert desk.switch.legs == {}
            assert desk.order(call).outcome is Outcome.ANSWERED


def test_after_a_restart_110_still_rings_while_the_two_talk() -> None:
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    desk.asks(CallEmergency("001"))
    partner = desk.partner_of(call)
    restart(desk)
    assert desk.together(call) == {call, operator}
    desk.answers(partner)
    assert desk.together(call) == {call, operator, partner}


def test_after_a_restart_a_caller_alone_still_hears_110_ring() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(CallEmergency("001"))
    desk.goes(desk.leg_of(call))
    restart(desk)
    assert desk.sent(Ring)[-1] == Ring(call)
    assert desk.switch.legs[call].guarded


def test_the_forwarded_talk_of_two_survives_a_restart() -> None:
    desk = Desk()
    call = three_way(desk)
    desk.asks(LeaveCall("001"))
    partner = desk.leg_of(call)
    restart(desk)
    assert desk.together(call) == {call, partner}
    assert desk.sent(StopRinging)[-1] == StopRinging(call)
    desk.goes(partner)
    assert desk.order(call).outcome is Outcome.ANSWERED


def test_nothing_is_left_of_a_call_that_is_over() -> None:
    desk = Desk()
    call = three_way(desk)
    desk.asks(LeaveCall("001"))
    desk.goes(call)
    assert desk.sent(Disconnect) == [Disconnect(f"{call}_b"), Disconnect(f"{call}_mb")]
    assert desk.switch.bridges == set()
    assert len(desk.sent(Hangup)) == 2
