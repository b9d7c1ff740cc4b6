"""Calls that the fallback dialplan has: their order is kept until the end, or they come back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcenter.calls.centre import LATE_SECONDS
from callcenter.calls.commands import Answer, ArriveAgain, Detour, Guard, Hangup
from callcenter.calls.events import (
    AddPartner,
    CallDetoured,
    CallEmergency,
    CallEndedOutside,
    CallGivenUp,
    CallLeft,
    CallReturned,
    CallTakenOutside,
    Ending,
    Forward,
    Handled,
    Request,
    SeatEngaged,
    SipHeaders,
)
from callcenter.calls.native import LONGEST_SECONDS, RECORD_SECONDS, may_come_back
from callcenter.calls.state import Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import LegRole, Outcome
from tests.calls.desk import Desk


def record(desk: Desk, call: str, **changes: object) -> CallEndedOutside:
    """Asterisk's line about that call's end: 100 s ago it began, now it ended."""
    line = CallEndedOutside(
        call=call,
        trunk="telecom",
        dialled="12345",
        caller="13800004572",
        emergency=False,
        began=desk.now - 100,
        answered=None,
        ended=desk.now,
        ending=Ending.NORMAL,
    )
    return replace(line, **changes)  # type: ignore[arg-type]


def dead(desk: Desk, call: str) -> None:
    """The controller was too slow: the dialplan has the caller."""
    desk.switch.dead_mans_switch(call)
    desk.news()


# -- taken -----------------------------------------------------------------------------------------


def test_a_waiting_caller_goes_to_the_dialplan_and_keeps_the_order() -> None:
    desk = Desk()
    call = desk.waiting_call()
    number = desk.order(call).number
    dead(desk, call)
    state = desk.state(call)
    assert (state.phase, state.guarded, state.hears_music) == (Phase.NATIVE, False, False)
    assert desk.order(call).number == number
    assert desk.order(call).outcome is None


def test_an_offer_to_an_operator_is_withdrawn_with_the_caller() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    dead(desk, call)
    assert list(desk.switch.legs) == [call]
    assert desk.operator("001").status is OperatorStatus.READY


@pytest.mark.parametrize(
    "request_", [Forward("001", "12319"), AddPartner("001", "12319"), CallEmergency("001")]
)
def test_a_detour_ends_all_else_of_the_call_and_frees_its_operator(request_: Request) -> None:
    desk = Desk()
    call = desk.talking_call()
    assert desk.asks(request_) == ""
    desk.happens(CallDetoured(call, "a fault"))
    desk.news()
    assert desk.sent(Detour) == [Detour(call)]
    assert list(desk.switch.legs) == [call]
    assert desk.switch.legs[call].outside
    assert desk.switch.bridges == set()
    assert desk.state(call).phase is Phase.NATIVE
    assert desk.operator("001").status in (OperatorStatus.READY, OperatorStatus.WRAP_UP)


def test_a_call_that_ends_takes_no_detour() -> None:
    desk = Desk()
    rejected = desk.call("87000000")
    desk.happens(CallDetoured(rejected, "a fault"))
    assert desk.sent(Detour) == []


def test_a_caller_on_whose_return_the_core_fails_is_sent_to_the_dialplan_again() -> None:
    desk = Desk()
    call = desk.waiting_call()
    dead(desk, call)
    desk.happens(CallDetoured(call, "a fault"))
    assert desk.sent(Detour) == [Detour(call)]
    desk.news()
    assert desk.state(call).phase is Phase.NATIVE


def test_whom_the_dead_mans_switch_took_is_to_come_back_and_waits_on() -> None:
    desk = Desk()
    call = desk.waiting_call()
    queued = desk.state(call).queued
    dead(desk, call)
    assert may_come_back(desk.centre, call)
    desk.wait(2)
    desk.switch.comes_back(call, desk.now)
    desk.news()
    state = desk.state(call)
    assert (state.phase, state.queued, state.guarded) == (Phase.WAITING, queued, True)


def test_who_was_sent_to_arrive_once_more_and_did_so_late_waits_on() -> None:
    """Asterisk was slow: the dialplan had the caller, and gave them back, before it sent them."""
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    dead(desk, call)
    desk.switch.comes_back(call, desk.now)
    desk.news()
    desk.switch.send((ArriveAgain(call),))
    desk.news()
    state = desk.state(call)
    assert (state.phase, state.guarded) == (Phase.OFFERED, True)
    assert [each.dial is not None for each in desk.switch.legs.values()] == [False, True]


@pytest.mark.parametrize("is_up", [True, False])
def test_after_a_restart_the_dead_mans_switch_waits_for_nothing(is_up: bool) -> None:
    """Asterisk answers a leg only when it has heard its prompt: not again without need."""
    desk = Desk()
    call = desk.waiting_call()
    desk.switch.legs[call].answered = is_up
    desk.switch.sent.clear()
    desk.happens(desk.switch.reconciled())
    assert desk.switch.sent[0] == Guard(call)
    assert (Answer(call) in desk.switch.sent) is not is_up


def test_whom_the_core_has_failed_on_is_not_to_come_back() -> None:
    desk = Desk()
    taken, given_up = desk.waiting_call(), desk.waiting_call()
    desk.happens(CallDetoured(taken, "a fault"))
    desk.happens(CallGivenUp(given_up))
    desk.news()
    assert not may_come_back(desk.centre, taken)
    assert not may_come_back(desk.centre, given_up)
    assert may_come_back(desk.centre, "15.1"), "a caller of whom nothing is known yet"


def test_a_call_that_cannot_even_be_detoured_is_forgotten_with_its_order_made() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.happens(CallGivenUp(call))
    assert call not in desk.centre.calls
    assert desk.order(call).outcome is Outcome.INTERRUPTED
    assert desk.operator("001").status is OperatorStatus.READY
    assert desk.board().in_progress == 0


def test_a_call_that_came_without_a_controller_gets_its_order() -> None:
    desk = Desk()
    began = desk.now - 20
    headers = SipHeaders(
        from_="<sip:13800004572@carrier>", diversion=("<sip:12310@carrier>;reason=unconditional",)
    )
    desk.happens(CallTakenOutside("15.1", "telecom", "12345", headers, began))
    order = desk.order("15.1")
    assert (order.opened, order.caller, order.first_dialled) == (began, "+8613800004572", "12310")
    assert desk.state("15.1").phase is Phase.NATIVE
    desk.happens(CallTakenOutside("15.1", "telecom", "12345", headers, began))
    assert desk.board().offered == 1, "told twice is one call"


# -- how it ended there ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handled", "answered", "outcome"),
    [
        (Handled.QUEUE, True, Outcome.ANSWERED),
        (Handled.QUEUE, False, Outcome.ABANDONED),
        (Handled.FORWARD, True, Outcome.FORWARDED),
        (Handled.FORWARD, False, Outcome.FORWARD_FAILED),
        (Handled.ANNOUNCE, False, Outcome.ANNOUNCED),
        (Handled.REJECT, False, Outcome.REJECTED),
        (Handled.NOT, False, Outcome.INTERRUPTED),
    ],
)
@pytest.mark.parametrize("seen", [True, False], ids=["taken", "never seen"])
def test_the_record_tells_the_outcome(
    handled: Handled, answered: bool, outcome: Outcome, seen: bool
) -> None:
    desk = Desk()
    if seen:
        desk.happens(CallTakenOutside("15.1", "telecom", "12345", SipHeaders(), desk.now - 100))
    moment = desk.now - 60
    line = record(desk, "15.1", handled=handled, answered=moment if answered else None)
    desk.happens(line)
    order = desk.order("15.1")
    assert order.outcome is outcome
    assert order.answered == (moment if answered else None)
    assert order.ended == desk.now
    assert desk.centre.calls == {}
    assert desk.board().in_progress == 0


def test_a_wait_that_asterisks_queue_gave_up_is_timed_out() -> None:
    desk = Desk()
    desk.happens(record(desk, "15.1", handled=Handled.QUEUE, ending=Ending.NO_ANSWER))
    assert desk.order("15.1").outcome is Outcome.TIMED_OUT


def test_who_answered_there_is_told_by_the_seat() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.call()
    dead(desk, call)
    line = record(desk, call, handled=Handled.QUEUE, answered=desk.now - 60, seat="seat01")
    desk.happens(line)
    order = desk.order(call)
    assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")
    leg = order.legs[-1]
    assert (leg.role, leg.party, leg.place) == (LegRole.OPERATOR, "001", "seat01")
    assert (leg.answered, leg.ended) == (desk.now - 60, desk.now)


def test_who_was_served_there_is_answered_though_nobody_told_us_of_the_leaving() -> None:
    """As where the call came to us, and we were away from then to its end."""
    desk = Desk()
    call = desk.waiting_call()
    del desk.switch.legs[call]
    desk.operator_ready("001", "seat02")
    line = record(desk, call, handled=Handled.QUEUE, answered=desk.now - 60, seat="seat02")
    desk.happens(line)
    desk.happens(desk.switch.reconciled())
    order = desk.order(call)
    assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")
    assert desk.centre.calls == {}


def test_a_seat_where_nobody_is_signed_in_is_told_without_a_name() -> None:
    desk = Desk()
    line = record(desk, "15.1", handled=Handled.QUEUE, answered=desk.now - 60, seat="seat03")
    desk.happens(line)
    order = desk.order("15.1")
    assert (order.outcome, order.operator) == (Outcome.ANSWERED, None)
    assert (order.legs[-1].party, order.legs[-1].place) == ("", "seat03")


def test_who_talked_before_the_detour_was_answered_whatever_came_of_it() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.happens(CallDetoured(call, "a fault"))
    desk.happens(record(desk, call, handled=Handled.QUEUE))
    assert desk.order(call).outcome is Outcome.ANSWERED
    assert desk.order(call).operator == "001"


def test_an_emergency_call_of_the_dialplans_names_its_trunk() -> None:
    desk = Desk()
    answered = desk.now - 60
    desk.happens(
        record(
            desk, "15.1", dialled="110", emergency=True, target="unicom", answered=answered
        )
    )  # fmt: skip
    order = desk.order("15.1")
    assert order.outcome is Outcome.EMERGENCY
    assert (order.legs[1].role, order.legs[1].party, order.legs[1].place) == (
        LegRole.PARTNER,
        "110",
        "unicom",
    )


def test_a_caller_gone_without_a_record_is_waited_for_only_so_long() -> None:
    desk = Desk()
    call = desk.waiting_call()
    dead(desk, call)
    desk.switch.far_end_goes(call)
    ended = desk.switch.told.pop(0)
    desk.switch.told.clear()
    desk.happens(ended)
    assert desk.state(call).phase is Phase.NATIVE, "the record will say how it ended"
    desk.wait(RECORD_SECONDS)
    assert desk.order(call).outcome is Outcome.INTERRUPTED
    desk.happens(record(desk, call, handled=Handled.QUEUE))
    assert desk.board().offered == 1, "a record that comes too late is no new call"


def test_a_talk_that_ended_while_we_were_away_ended_when_the_record_says() -> None:
    desk = Desk()
    call = desk.talking_call()
    answered = desk.state(call).answered
    assert answered is not None
    desk.now += 20
    desk.happens(record(desk, call, ended=desk.now - 15.0))
    order = desk.order(call)
    assert (order.outcome, order.ended) == (Outcome.ANSWERED, desk.now - 15.0)
    assert order.legs[0].ended == desk.now - 15.0


def test_no_talk_ends_before_it_began_though_the_record_has_whole_seconds() -> None:
    desk = Desk()
    call = desk.talking_call()
    answered = desk.state(call).answered
    assert answered is not None
    desk.now += 20
    desk.happens(record(desk, call, ended=answered - 0.5))
    assert desk.order(call).ended == answered


def test_an_end_that_was_seen_is_not_rounded() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.now += 20.25
    desk.happens(record(desk, call, ended=desk.now - 0.25))
    assert desk.order(call).ended == desk.now


def test_calls_that_are_over_are_forgotten_though_nothing_is_ever_due() -> None:
    desk = Desk()
    for number in range(3):
        desk.happens(record(desk, f"15.{number}"))
        desk.now += LATE_SECONDS
    assert list(desk.centre.filed_calls) == ["15.2"]


def test_nobody_is_believed_to_talk_there_for_ever() -> None:
    desk = Desk()
    call = desk.waiting_call()
    dead(desk, call)
    desk.wait(LONGEST_SECONDS)
    assert desk.order(call).outcome is Outcome.INTERRUPTED
    assert desk.switch.legs == {}


# -- back again ------------------------------------------------------------------------------------


def test_a_caller_who_comes_back_waits_with_the_wait_that_was() -> None:
    desk = Desk()
    began = desk.now - 90
    first = desk.waiting_call()
    desk.happens(CallTakenOutside("15.1", "telecom", "12345", SipHeaders(), began))
    desk.happens(CallReturned("15.1", "telecom", "12345", SipHeaders(), began, began + 5))
    state = desk.state("15.1")
    assert (state.phase, state.queued, state.queue) == (Phase.WAITING, began + 5, "hotline")
    assert (state.guarded, state.hears_music) == (True, True)
    assert state.deadline == began + 5 + 1800
    desk.operator_ready("001", "seat01")
    assert desk.state("15.1").phase is Phase.OFFERED, "before the one who waits since later"
    assert desk.state(first).phase is Phase.WAITING


def test_a_caller_whom_the_dead_mans_switch_took_comes_back_with_the_first_wait() -> None:
    desk = Desk()
    call = desk.waiting_call()
    queued = desk.state(call).queued
    desk.now += 6
    dead(desk, call)
    desk.now += 10
    desk.switch.comes_back(call, desk.now - 10)
    desk.news()
    assert desk.state(call).phase is Phase.WAITING
    assert desk.state(call).queued == queued
    assert desk.switch.legs[call].music
    desk.operator_ready("001", "seat01")
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(call)
    desk.goes(call)
    assert desk.order(call).outcome is Outcome.ANSWERED
    assert desk.centre.ended_calls == {}, "Asterisk's record was this call's"


def test_a_caller_of_whom_nothing_was_ever_told_may_come_back_too() -> None:
    desk = Desk()
    queued = desk.now - 30
    desk.happens(CallReturned("15.1", "telecom", "12345", SipHeaders(), queued - 3, queued))
    assert desk.state("15.1").phase is Phase.WAITING
    assert (desk.order("15.1").opened, desk.order("15.1").queued) == (queued - 3, queued)


def test_a_call_that_is_over_for_us_is_not_taken_back() -> None:
    desk = Desk()
    call = desk.waiting_call()
    desk.switch.far_end_goes(call)
    desk.happens(desk.switch.told.pop(0))
    desk.happens(CallReturned(call, "telecom", "12345", SipHeaders(), desk.now, desk.now))
    assert desk.sent(Hangup)[-1] == Hangup(call)
    assert desk.centre.calls == {}


def test_callers_found_in_our_hands_after_a_restart_wait_again() -> None:
    desk = Desk()
    call = desk.waiting_call()
    dead(desk, call)
    desk.switch.legs[call].outside = False
    desk.happens(desk.switch.reconciled())
    assert desk.state(call).phase is Phase.WAITING
    assert desk.switch.legs[call].music


def test_callers_found_outside_after_a_restart_stay_there() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    desk.switch.dead_mans_switch(call)
    desk.switch.told.clear()
    desk.happens(desk.switch.reconciled())
    desk.news()
    assert desk.state(call).phase is Phase.NATIVE
    assert list(desk.switch.legs) == [call]
    assert desk.operator("001").status is OperatorStatus.READY


# -- seats -----------------------------------------------------------------------------------------


def test_a_seat_in_a_call_of_asterisks_own_is_offered_nothing() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.happens(SeatEngaged("seat01", True))
    call = desk.waiting_call()
    assert desk.state(call).phase is Phase.WAITING
    desk.happens(SeatEngaged("seat01", False))
    assert desk.rings_at("seat01")


def test_the_next_operator_is_offered_the_call_meanwhile() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.now += 1
    desk.operator_ready("002", "seat02")
    desk.happens(SeatEngaged("seat01", True))
    desk.waiting_call()
    assert desk.rings_at("seat02")
    assert not desk.rings_at("seat01")


def test_news_of_a_feature_codes_leg_are_not_a_calls() -> None:
    desk = Desk()
    leg = desk.switch.seat_dials("seat01", "*12")
    desk.news()
    desk.happens(CallLeft(leg))
    assert desk.centre.calls == {}
