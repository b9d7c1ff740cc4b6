"""Forward, announce, reject: what the plan says besides the queue."""

from __future__ import annotations

import pytest

from callcenter.calls.commands import (
    Answer,
    Connect,
    Hangup,
    OutsideAddress,
    Ring,
    SendDigits,
)
from callcenter.calls.events import Ending, SipHeaders
from callcenter.calls.state import Phase
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk, moment


def test_a_parallel_number_is_forwarded_to_its_own_line_and_leaves_an_order() -> None:
    desk = Desk()
    call = desk.call("12319", SipHeaders(from_="<sip:13800004572@carrier>"))
    dial = desk.dialled()[0]
    assert dial.to == OutsideAddress("12319", "12319")
    assert dial.caller_number == "+8613800004572"
    assert dial.diversion == "12319"
    assert desk.sent(Ring) == [Ring(call)]
    assert desk.sent(Answer) == [], "the caller hears ringing, unanswered"
    desk.answers(dial.leg)
    assert desk.sent(Answer) == [Answer(call)]
    assert desk.sent(Connect)[0].legs == (call, dial.leg)
    desk.wait(42)
    desk.goes(call)
    order = desk.order(call)
    assert (order.outcome, order.ended_by) == (Outcome.FORWARDED, "caller")
    assert (order.hotline, order.owner, order.first_dialled) == ("12319", "城管局", "12319")
    partner = order.legs[1]
    assert (partner.place, partner.party) == ("12319", "12319")
    assert partner.answered is not None
    assert partner.ended == partner.answered + 42


def test_the_partner_may_leave_first() -> None:
    desk = Desk()
    call = desk.call("12319")
    desk.answers(desk.leg_of(call))
    desk.goes(desk.leg_of(call))
    assert (desk.order(call).outcome, desk.order(call).ended_by) == (Outcome.FORWARDED, "partner")


def test_digits_after_the_answer_reach_the_right_desk() -> None:
    desk = Desk()
    call = desk.call("12366-2")
    desk.answers(desk.leg_of(call))
    assert desk.sent(SendDigits) == [SendDigits(f"{call}_1", "2", 1.5)]


def test_before_its_cutover_a_number_rings_its_own_line() -> None:
    desk = Desk(now=moment("2017-04-30T23:59:59"))
    call = desk.call("12310")
    assert desk.dialled()[0].to == OutsideAddress("telecom", "66660001")
    desk.now = moment("2017-05-01T00:00")
    assert desk.state(desk.call("12310")).phase is Phase.GREETING
    assert desk.state(call).phase is Phase.FORWARDING


def test_a_resident_number_goes_to_the_changzhou_platform() -> None:
    desk = Desk()
    desk.call("12315")
    assert desk.dialled()[0].to == OutsideAddress("changzhou", "12315")


@pytest.mark.parametrize("ending", [Ending.UNREACHABLE, Ending.CONGESTION])
def test_a_trunk_that_fails_is_followed_by_the_next(ending: Ending) -> None:
    desk = Desk(now=moment("2017-04-01T10:00"))
    call = desk.call("12310")
    desk.goes(desk.leg_of(call), ending)
    assert [dial.to for dial in desk.dialled()] == [
        OutsideAddress("telecom", "66660001"),
        OutsideAddress("unicom", "66660001"),
    ]
    desk.answers(desk.leg_of(call))
    assert desk.state(call).phase is Phase.FORWARDED


@pytest.mark.parametrize(
    ("ending", "apology"),
    [
        (Ending.BUSY, "forward_busy"),
        (Ending.DECLINED, "forward_busy"),
        (Ending.NO_ANSWER, "forward_no_answer"),
        (Ending.UNALLOCATED, "forward_unreachable"),
    ],
)
def test_a_line_that_cannot_be_had_is_told_to_the_caller(ending: Ending, apology: str) -> None:
    desk = Desk(now=moment("2017-04-01T10:00"))
    call = desk.call("12310")
    desk.goes(desk.leg_of(call), ending)
    assert len(desk.dialled()) == 1, "no other trunk would help"
    assert desk.heard(call) == [(apology,)]
    desk.prompt_ends(call)
    order = desk.order(call)
    assert (order.outcome, order.ended_by) == (Outcome.FORWARD_FAILED, "system")
    assert order.legs[1].outcome == ending


def test_when_every_trunk_fails_the_caller_hears_so() -> None:
    desk = Desk()
    call = desk.call("12319")
    desk.goes(desk.leg_of(call), Ending.UNREACHABLE)
    assert desk.heard(call) == [("forward_unreachable",)]


def test_a_line_that_rings_for_ever_is_given_up() -> None:
    desk = Desk()
    call = desk.call("12319")
    desk.wait(66)
    assert desk.heard(call) == [("forward_no_answer",)]


def test_a_caller_who_hangs_up_while_the_line_rings_takes_its_leg_along() -> None:
    desk = Desk()
    call = desk.call("12319")
    desk.goes(call)
    assert desk.switch.legs == {}
    assert desk.order(call).outcome is Outcome.ABANDONED


def test_a_merged_number_is_announced_then_queued() -> None:
    desk = Desk()
    call = desk.call("87209900")
    assert desk.heard(call) == [("forwarded_87209900",)]
    desk.prompt_ends(call)
    assert desk.state(call).phase is Phase.WAITING
    assert desk.state(call).first_dialled == "87209900"


def test_a_replaced_number_only_announces() -> None:
    desk = Desk(now=moment("2018-07-01T00:00"))
    call = desk.call("87209900")
    assert desk.heard(call) == [("announced_87209900",)]
    desk.prompt_ends(call)
    order = desk.order(call)
    assert (order.outcome, order.ended_by) == (Outcome.ANNOUNCED, "system")


def test_a_caller_may_hang_up_on_the_announcement() -> None:
    desk = Desk(now=moment("2018-07-01T00:00"))
    call = desk.call("87209900")
    desk.goes(call)
    assert (desk.order(call).outcome, desk.order(call).ended_by) == (Outcome.ANNOUNCED, "caller")


def test_a_number_of_nobody_is_refused_as_unallocated_and_leaves_an_order() -> None:
    desk = Desk()
    call = desk.call("87000000")
    assert desk.sent(Hangup) == [Hangup(call, Ending.UNALLOCATED)]
    assert desk.sent(Answer) == []
    assert desk.order(call).outcome is Outcome.REJECTED
    assert desk.order(call).hotline is None


def test_the_last_channel_of_a_trunk_is_not_for_ordinary_calls() -> None:
    """telecom: 6 channels, 1 reserved."""
    desk = Desk()
    for _ in range(5):
        desk.call("12345")
    refused = desk.call("12345")
    assert desk.sent(Hangup) == [Hangup(refused, Ending.CONGESTION)]
    assert desk.order(refused).outcome is Outcome.REJECTED
    assert desk.state(desk.call("12345", trunk="unicom")).phase is Phase.GREETING


def test_a_forward_does_not_take_the_last_channel_either() -> None:
    """unicom: 3 channels, 1 reserved."""
    desk = Desk(now=moment("2017-04-01T10:00"))
    for _ in range(5):
        desk.call("12345")
    for _ in range(2):
        desk.call("12310", trunk="12319")
    assert [dial.to for dial in desk.dialled()] == [
        OutsideAddress("unicom", "66660001"),
        OutsideAddress("unicom", "66660001"),
    ]
    call = desk.call("12310", trunk="12319")
    assert desk.heard(call) == [("forward_unreachable",)]


def test_a_call_that_has_been_through_us_is_queued_not_forwarded_round_again() -> None:
    desk = Desk()
    call = desk.call("12319", SipHeaders(diversion=("<sip:12319@us>;reason=unconditional",)))
    assert desk.dialled() == []
    assert desk.state(call).phase is Phase.GREETING
