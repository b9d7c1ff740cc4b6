"""Each call leaves exactly one work order, whoever ends it and whatever becomes of it."""

from __future__ import annotations

from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.events import (
    CallArrived,
    CallEndedOutside,
    Ending,
    OrderNumbersTaken,
    SipHeaders,
)
from callcenter.orders.record import Channel, LegRole, Outcome
from tests.calls.desk import Desk, moment


def line(call: str, *, emergency: bool = False, dialled: str = "12345") -> CallEndedOutside:
    began = moment("2017-12-01T10:00")
    return CallEndedOutside(
        call=call,
        trunk="telecom",
        dialled=dialled,
        caller="13800004572",
        emergency=emergency,
        began=began,
        answered=began + 5 if emergency else None,
        ended=began + 30,
        ending=Ending.NORMAL,
        target="unicom" if emergency else "",
    )


def test_numbers_are_area_day_and_sequence() -> None:
    desk = Desk(now=moment("2017-11-22T23:59:58"))
    first, second = desk.call(), desk.call()
    desk.now = moment("2017-11-23T00:00:01")
    third = desk.call()
    assert desk.order(first).number == "320481-20171122-0001"
    assert desk.order(second).number == "320481-20171122-0002"
    assert desk.order(third).number == "320481-20171123-0001"


def test_numbers_go_on_after_a_restart() -> None:
    desk = Desk()
    desk.call()
    desk.centre = decode_centre(encode_centre(desk.centre))
    assert desk.order(desk.call()).number == "320481-20171201-0002"


def test_numbers_that_the_store_knows_are_not_given_again() -> None:
    desk = Desk()
    desk.happens(OrderNumbersTaken("20171201", 251))
    assert desk.order(desk.call()).number == "320481-20171201-0252"


def test_a_clock_that_is_set_back_over_midnight_gives_no_number_twice() -> None:
    desk = Desk(now=moment("2017-11-23T00:00:01"))
    first = desk.call()
    desk.now = moment("2017-11-22T23:59:00")
    assert desk.order(desk.call()).number == "320481-20171123-0002"
    assert desk.order(first).number == "320481-20171123-0001"


def test_an_order_tells_who_called_what_and_every_leg() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.call("12310", SipHeaders(from_="<sip:051987200000@carrier>"))
    desk.wait(4)
    desk.prompt_ends(call)
    desk.wait(6)
    desk.answers(desk.ringing_at("seat01"))
    desk.wait(3)
    desk.prompt_ends(call)
    desk.wait(100)
    desk.goes(call)
    order = desk.order(call)
    began = moment("2017-12-01T10:00")
    assert order.channel is Channel.PHONE
    assert (order.caller, order.caller_raw) == ("+8651987200000", "051987200000")
    assert (order.dialled, order.first_dialled, order.hotline) == ("12310", "12310", "12310")
    assert (order.owner, order.hotline_service) == ("编办", "机构编制举报服务热线")
    assert (order.queue, order.operator, order.outcome) == ("hotline", "001", Outcome.ANSWERED)
    assert (order.opened, order.queued, order.answered) == (began, began + 4, began + 10)
    assert (order.ended, order.ended_by) == (began + 113, "caller")
    caller, operator = order.legs
    assert (caller.role, caller.place, caller.ended) == (LegRole.CALLER, "telecom", began + 113)
    assert (operator.role, operator.party, operator.place) == (LegRole.OPERATOR, "001", "seat01")
    assert (operator.began, operator.answered) == (began + 4, began + 10)


def test_a_withheld_number_is_masked_to_everybody() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.call("12345", SipHeaders(from_='"Anonymous" <sip:anonymous@anonymous.invalid>'))
    desk.prompt_ends(call)
    assert desk.order(call).caller_withheld
    assert desk.dialled()[-1].caller_number == ""


def test_the_number_first_dialled_is_told_by_the_carrier_when_the_did_does_not() -> None:
    desk = Desk()
    diverted = SipHeaders(diversion=("<sip:87209900@c>;reason=unconditional",))
    assert desk.order(desk.call("12345", diverted)).first_dialled == "87209900"
    assert desk.order(desk.call("12310", diverted)).first_dialled == "12310"
    assert desk.order(desk.call("12345")).first_dialled == "12345"


def test_an_abandoned_call_has_an_order() -> None:
    desk = Desk()
    call = desk.call()
    desk.goes(call)
    order = desk.order(call)
    assert (order.outcome, order.ended_by, order.operator) == (Outcome.ABANDONED, "caller", None)


def test_an_event_that_is_told_twice_makes_no_second_order() -> None:
    desk = Desk()
    call = desk.call()
    desk.happens(CallArrived(call, "telecom", "12345"))
    assert len(desk.records) == 1
    desk.switch.told.clear()
    desk.switch.far_end_goes(call)
    gone = desk.switch.told.pop(0)
    desk.happens(gone)
    desk.happens(gone)
    desk.happens(CallArrived(call, "telecom", "12345"))
    assert len(desk.records) == 1
    assert desk.board().abandoned == 1


def test_a_call_that_only_asterisk_saw_is_filed_from_its_own_line() -> None:
    desk = Desk()
    desk.happens(line("15.77"))
    order = desk.order("15.77")
    assert (order.outcome, order.ended_by) == (Outcome.INTERRUPTED, "system")
    assert (order.opened, order.caller) == (moment("2017-12-01T10:00"), "+8613800004572")
    assert desk.board().interrupted == 1


def test_an_emergency_call_is_filed_afterwards() -> None:
    desk = Desk()
    desk.happens(line("15.77", emergency=True, dialled="110"))
    order = desk.order("15.77")
    assert order.outcome is Outcome.EMERGENCY
    assert order.dialled == "110"
    assert [leg.place for leg in order.legs] == ["telecom", "unicom"]
    assert order.legs[1].answered == moment("2017-12-01T10:00") + 5


def test_asterisks_line_of_a_call_that_we_led_files_nothing_more() -> None:
    desk = Desk()
    call = desk.call()
    desk.switch.far_end_goes(call)
    desk.news()
    assert len(desk.records) == 1
    assert desk.centre.ended_calls == {}


def test_asterisks_line_ends_a_call_whose_end_was_never_told() -> None:
    desk = Desk()
    call = desk.waiting_call()
    desk.happens(line(call))
    assert desk.order(call).outcome is Outcome.ABANDONED
    assert desk.board().offered == 1


def test_the_wallboard_adds_up() -> None:
    desk = Desk()
    desk.goes(desk.talking_call())
    desk.goes(desk.waiting_call())
    desk.call("87000000")
    desk.call("12319")
    waiting = desk.waiting_call()
    board = desk.board()
    assert (board.offered, board.in_progress) == (5, 2)
    assert (board.answered, board.answered_in_15s, board.abandoned, board.rejected) == (1, 1, 1, 1)
    assert board.waiting == 1
    assert board.longest_wait_since == desk.state(waiting).queued
    desk.now = moment("2017-12-02T00:00")
    assert desk.board().offered == 0
