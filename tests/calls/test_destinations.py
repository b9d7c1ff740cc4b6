"""Whom an operator can bring in beside the plan's partners: colleagues, queues, rooms, numbers."""

from __future__ import annotations

import pytest

from callcenter.calls.commands import OutsideAddress, SeatAddress
from callcenter.calls.events import (
    AddPartner,
    BecomeNotReady,
    Consult,
    DropPartner,
    Ending,
    Forward,
    HangUp,
    Hold,
    LeaveCall,
    SeatReachable,
    SignIn,
)
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Plan
from callcenter.orders.record import LegRole, Outcome
from tests.calls.desk import Desk
from tests.plans import TEXTS, edited, plan_of


def wide_plan() -> Plan:
    """A second queue, the dispatch room, and outside numbers by class."""
    texts = dict(TEXTS)
    texts["dialplan/queues.yaml"] += "  policy: {title: 政策咨询, extension: '701'}\n"
    texts["agents/seats.yaml"] += (
        "rooms:\n  dispatch:\n    title: 调度室\n    extension: '600'\n"
        "    line: {digits: '66660600', via: [telecom]}\n"
    )
    texts["dialplan/centre.yaml"] += (
        "outside:\n  via: [unicom, telecom]\n  classes:\n"
        "    mobile: {title: 手机, pattern: '1[3-9][0-9]{9}'}\n"
        "    long_distance: {title: 长途, pattern: '0[1-9][0-9]{8,10}', everyone: false}\n"
    )
    texts["agents/operators.yaml"] = texts["agents/operators.yaml"].replace(
        "'002': {name: 陈刚}", "'002': {name: 陈刚, may_dial: [long_distance]}"
    )
    return plan_of(texts)


def two(desk: Desk) -> tuple[str, str]:
    """A talk of 001, and 002 who is ready; the call and 001's leg."""
    call = desk.talking_call()
    desk.operator_ready("002", "seat02")
    return call, desk.leg_of(call)


# -- a colleague -----------------------------------------------------------------------------------


def test_a_colleague_is_rung_at_their_seat_and_busy_on_the_board() -> None:
    desk = Desk()
    call, operator = two(desk)
    assert desk.asks(Consult("001", "002")) == ""
    assert desk.dialled()[-1].to == SeatAddress("seat02")
    assert desk.operator("002").status is OperatorStatus.RINGING
    assert desk.operator("002").call == call
    other = desk.waiting_call()
    assert desk.state(other).phase is Phase.WAITING, "nobody is free"
    colleague = desk.partner_of(call)
    desk.answers(colleague)
    assert desk.operator("002").status is OperatorStatus.TALKING
    assert desk.together(call) == {operator, colleague}
    assert desk.switch.legs[call].music


def test_a_colleague_takes_the_caller_over() -> None:
    desk = Desk()
    call, operator = two(desk)
    desk.asks(Consult("001", "002"))
    colleague = desk.partner_of(call)
    desk.answers(colleague)
    desk.asks(LeaveCall("001"))
    assert operator not in desk.switch.legs
    assert desk.together(call) == {call, colleague}
    assert desk.state(call).phase is Phase.TALKING
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    assert desk.asks(Hold("002")) == "", "who leads the talk now"
    assert desk.asks(Hold("001")) == "not_in_call"
    desk.goes(colleague)
    order = desk.order(call)
    assert (order.outcome, order.operator, order.ended_by) == (
        Outcome.ANSWERED,
        "002",
        "operator",
    )
    assert [leg.party for leg in order.legs if leg.role is LegRole.OPERATOR] == ["001", "002"]
    assert desk.operator("002").status is OperatorStatus.WRAP_UP


def test_a_forward_to_a_colleague() -> None:
    desk = Desk()
    call, operator = two(desk)
    desk.keys(call, "*21002#")
    assert operator not in desk.switch.legs
    assert desk.switch.legs[call].music
    desk.answers(desk.ringing_at("seat02"))
    assert desk.together(call) == {call, desk.leg_of(call)}
    assert (desk.state(call).phase, desk.state(call).operator) == (Phase.TALKING, "002")


def test_a_colleague_who_does_not_answer_is_as_idle_as_before() -> None:
    desk = Desk()
    two(desk)
    idle_since = desk.operator("002").idle_since
    desk.wait(10)
    desk.asks(Forward("001", "002"))
    desk.goes(desk.ringing_at("seat02"), Ending.NO_ANSWER)
    assert desk.operator("002").status is OperatorStatus.READY
    assert desk.operator("002").idle_since == idle_since
    assert desk.rings_at("seat01"), "who forwarded gets the caller back"


def test_a_colleague_who_hangs_up_is_free_without_wrap_up() -> None:
    desk = Desk()
    call, operator = two(desk)
    desk.asks(AddPartner("001", "002"))
    desk.answers(desk.partner_of(call))
    assert desk.asks(HangUp("002")) == ""
    assert desk.operator("002").status is OperatorStatus.READY
    assert desk.together(call) == {call, operator}


def test_a_colleague_is_dropped() -> None:
    desk = Desk()
    call, operator = two(desk)
    desk.asks(AddPartner("001", "002"))
    for answered in (False, True):
        if answered:
            desk.asks(AddPartner("001", "002"))
            desk.answers(desk.partner_of(call))
        assert desk.asks(DropPartner("001")) == ""
        assert desk.operator("002").status is OperatorStatus.READY
        assert desk.together(call) == {call, operator}


def test_a_caller_who_hangs_up_frees_the_colleague() -> None:
    desk = Desk()
    call, _ = two(desk)
    desk.asks(Consult("001", "002"))
    desk.goes(call)
    assert desk.operator("002").status is OperatorStatus.READY
    assert desk.switch.legs == {}


def test_a_colleague_leads_on_rather_than_a_partner() -> None:
    desk = Desk()
    call, _ = two(desk)
    desk.asks(AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    desk.answers(partner)
    desk.asks(AddPartner("001", "002"))
    colleague = desk.partner_of(call)
    desk.answers(colleague)
    desk.asks(LeaveCall("001"))
    assert (desk.state(call).operator, desk.leg_of(call)) == ("002", colleague)
    assert desk.together(call) == {call, partner, colleague}
    assert desk.asks(DropPartner("002")) == ""
    assert desk.together(call) == {call, colleague}


def test_who_is_not_ready_is_rung_only_by_choice_and_is_not_ready_afterwards() -> None:
    desk = Desk()
    call, operator = two(desk)
    desk.happens(BecomeNotReady("002", "meal"))
    refusal = desk.happens(Consult("001", "002"))
    assert refusal == Refusal("operator_not_ready", "002号陈刚未示闲；确要呼叫请注明。")
    desk.keys(call, "*26002*#")
    desk.answers(desk.ringing_at("seat02"))
    desk.asks(DropPartner("001"))
    assert (desk.operator("002").status, desk.operator("002").reason) == (
        OperatorStatus.NOT_READY,
        "meal",
    )
    assert desk.together(call) == {call, operator}


@pytest.mark.parametrize(
    ("number", "code"),
    [("001", "yourself"), ("003", "operator_offline"), ("002", "operator_busy")],
)
def test_who_cannot_be_rung(number: str, code: str) -> None:
    desk = Desk()
    call, _ = two(desk)
    desk.waiting_call()
    desk.answers(desk.ringing_at("seat02"))
    before = desk.state(call)
    assert desk.asks(Forward("001", number)) == code
    assert desk.state(call) == before


def test_whose_telephone_is_away_is_not_rung() -> None:
    desk = Desk()
    two(desk)
    desk.happens(SignIn("003", "seat03"))
    desk.happens(SeatReachable("seat03", False))
    assert desk.asks(Consult("001", "003*")) == "operator_busy"


# -- a queue ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["policy", "701"])
def test_a_caller_is_sent_to_another_queue(number: str) -> None:
    desk = Desk(plan=wide_plan())
    call = desk.talking_call()
    operator = desk.leg_of(call)
    assert desk.asks(Forward("001", number)) == ""
    assert operator not in desk.switch.legs
    assert (desk.state(call).phase, desk.state(call).queue) == (Phase.WAITING, "policy")
    assert desk.switch.legs[call].music
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    desk.operator_ready("002", "seat02")
    desk.answers(desk.ringing_at("seat02"))
    desk.prompt_ends(call)
    assert desk.together(call) == {call, desk.leg_of(call)}
    assert any("|BLINDTRANSFER|policy|queues|" in line for line in desk.queue_log)


def test_a_queue_is_not_consulted() -> None:
    desk = Desk(plan=wide_plan())
    desk.talking_call()
    assert desk.asks(Consult("001", "701")) == "only_forward"
    assert desk.asks(AddPartner("001", "701")) == "only_forward"


def test_nobody_is_sent_to_a_queue_that_is_closed() -> None:
    texts = dict(TEXTS)
    texts["dialplan/queues.yaml"] += (
        "  night: {title: 夜间, extension: '702', hours: evening, "
        "closed: {announce: queue_sorry}}\n"
    )
    texts["dialplan/hours.yaml"] += (
        "  evening:\n    title: 晚上\n    weekly: {friday: [20:00-22:00]}\n"
    )
    desk = Desk(plan=plan_of(texts))
    desk.talking_call()
    refusal = desk.happens(Forward("001", "702"))
    assert refusal == Refusal("queue_closed", "夜间现在不受理，请改转其他。")


# -- a room, any number ----------------------------------------------------------------------------


def test_the_dispatch_room_joins() -> None:
    desk = Desk(plan=wide_plan())
    call = desk.talking_call()
    desk.keys(call, "*22600#")
    assert desk.dialled()[-1].to == OutsideAddress("telecom", "66660600")
    desk.answers(desk.partner_of(call))
    assert len(desk.together(call)) == 3
    leg = desk.order(call).legs[2]
    assert (leg.hotline, leg.unit) == ("600", "调度室")


def test_a_mobile_number_that_the_plan_allows() -> None:
    desk = Desk(plan=wide_plan())
    call = desk.talking_call()
    desk.keys(call, "*2613800004572#")
    assert desk.dialled()[-1].to == OutsideAddress("unicom", "13800004572")
    desk.goes(desk.partner_of(call), Ending.UNREACHABLE)
    assert desk.dialled()[-1].to == OutsideAddress("telecom", "13800004572")


def test_some_numbers_are_for_some_operators() -> None:
    desk = Desk(plan=wide_plan())
    desk.talking_call()
    refusal = desk.happens(Consult("001", "02012345678"))
    assert refusal == Refusal("not_allowed", "您没有拨打长途的权限，请班长处理。")
    desk = Desk(plan=wide_plan())
    desk.talking_call("002", "seat02")
    assert desk.asks(Consult("002", "02012345678")) == ""


@pytest.mark.parametrize("number", ["23800004572", "1380000457", "138000045721"])
def test_all_other_numbers_are_refused(number: str) -> None:
    desk = Desk(plan=wide_plan())
    desk.talking_call()
    assert desk.asks(Consult("001", number)) == "unknown_number"


def test_a_prefix_of_the_trunk_is_dialled_too() -> None:
    texts = dict(wide_plan().texts)
    texts["trunks/unicom.yaml"] += "dial_prefix: '9'\n"
    desk = Desk(plan=plan_of(texts))
    desk.talking_call()
    desk.asks(Consult("001", "13800004572"))
    assert desk.dialled()[-1].to == OutsideAddress("unicom", "913800004572")


def test_without_allowed_numbers_there_are_none() -> None:
    desk = Desk(plan=edited("dialplan/centre.yaml", "order_area", "title: 热线\norder_area"))
    desk.talking_call()
    assert desk.asks(Consult("001", "13800004572")) == "unknown_number"
