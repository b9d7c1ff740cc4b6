"""Missed calls form a list: who is on it, who takes one, and what ends an entry."""

from __future__ import annotations

import pytest

from callcenter.calls import missed_calls
from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.events import BecomeNotReady, CallMissed, CloseMissed, Ending, SipHeaders
from callcenter.calls.missed import callback_list
from callcenter.calls.missed_calls import CallbackLine
from callcenter.calls.state import Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk
from tests.calls.test_callback import MOBILE, WITHHELD, answered_by, arranged, waiting
from tests.plans import TEXTS, plan_of, small_plan, with_callbacks

NUMBER = "+8613800001111"


@pytest.fixture
def desk() -> Desk:
    return Desk(plan=with_callbacks())


def missed(desk: Desk, headers: SipHeaders = MOBILE) -> str:
    """A citizen gives up."""
    call = waiting(desk, headers)
    desk.goes(call)
    return call


def listed(desk: Desk) -> list[CallbackLine]:
    """The open entries."""
    return [each for each in callback_list(desk.centre).missed if each.closed is None]


def taken(desk: Desk, operator: str = "001", seat: str = "seat01") -> str:
    """An operator takes it, answers and hears what it is; the operator's leg."""
    assert desk.asks(CallMissed(operator, NUMBER)) == ""
    leg = desk.ringing_at(seat)
    desk.answers(leg)
    desk.prompt_ends(leg)
    return leg


# -- who is on the list ----------------------------------------------------------------------------


def test_who_gave_up_has_waited_so_long_though_they_are_called_back(desk: Desk) -> None:
    call = waiting(desk)
    desk.wait(30)
    desk.goes(call)
    desk.operator_ready("001", "seat01")
    taken(desk)
    assert desk.order(call).wait_ms == 30_000
    desk.answers(call)
    desk.wait(60)
    desk.goes(call)
    order = desk.order(call)
    assert (order.wait_ms, order.waited_again_ms, order.answer_within) == (30_000, 0, 15.0)
    assert order.outcome is Outcome.ABANDONED


def test_who_gave_up_is_on_the_list_with_the_order(desk: Desk) -> None:
    call = missed(desk)
    (line,) = listed(desk)
    assert (line.number, line.order) == (NUMBER, desk.order(call).number)
    assert (line.queue, line.outcome, line.times) == ("hotline", Outcome.ABANDONED, 1)


def test_who_waited_too_long_is_on_the_list(desk: Desk) -> None:
    call = waiting(desk)
    desk.wait(1800)
    desk.prompt_ends(call)
    assert [line.outcome for line in listed(desk)] == [Outcome.TIMED_OUT]


def test_calls_of_one_number_are_one_entry(desk: Desk) -> None:
    missed(desk)
    last = missed(desk)
    (line,) = listed(desk)
    assert (line.times, line.order) == (2, desk.order(last).number)


def test_who_withheld_the_number_cannot_be_called_back(desk: Desk) -> None:
    missed(desk, WITHHELD)
    assert listed(desk) == []


def test_a_partners_own_caller_is_the_partners(desk: Desk) -> None:
    call = desk.call("12319", MOBILE)
    desk.goes(call)
    assert listed(desk) == []


def test_who_talked_later_is_off_the_list(desk: Desk) -> None:
    missed(desk)
    desk.operator_ready("001", "seat01")
    waiting(desk)
    desk.answers(desk.ringing_at("seat01"))
    assert listed(desk) == []


def test_a_wish_that_could_not_be_fulfilled_is_on_the_list(desk: Desk) -> None:
    arranged(desk)
    desk.wait(2 * 3600 + 60)
    assert [line.number for line in listed(desk)] == [NUMBER]


def test_who_wishes_to_be_called_back_is_shown_apart(desk: Desk) -> None:
    arranged(desk)
    lists = callback_list(desk.centre)
    assert [line.number for line in lists.wished] == [NUMBER]
    assert lists.missed == ()


def test_the_list_is_bounded_in_age(desk: Desk) -> None:
    missed(desk)
    desk.wait(missed_calls.KEEP_SECONDS)
    missed(desk, SipHeaders(from_="<sip:13900002222@carrier.example>"))
    assert [line.number for line in listed(desk)] == ["+8613900002222"]


def test_the_list_is_bounded_in_length(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missed_calls, "MOST", 2)
    for last in "123":
        missed(desk, SipHeaders(from_=f"<sip:1380000111{last}@carrier.example>"))
    assert [line.number[-1] for line in listed(desk)] == ["2", "3"]


def test_the_list_survives_a_restart(desk: Desk) -> None:
    missed(desk)
    assert decode_centre(encode_centre(desk.centre)) == desk.centre


# -- calling back ----------------------------------------------------------------------------------


def test_the_operator_is_rung_then_the_citizen_on_the_same_order(desk: Desk) -> None:
    call = missed(desk)
    desk.operator_ready("001", "seat01")
    leg = taken(desk)
    assert listed(desk) == []
    desk.answers(call)
    assert desk.together(call) == {call, leg}
    desk.goes(call)
    order = desk.order(call)
    assert (order.outcome, order.operator) == (Outcome.ABANDONED, "001")
    assert len(desk.records) == 1
    assert desk.board().in_progress == 0
    assert listed(desk) == []


def test_a_citizen_who_is_not_reached_is_on_the_list_again(desk: Desk) -> None:
    call = missed(desk)
    desk.operator_ready("001", "seat01")
    leg = taken(desk)
    desk.goes(call, Ending.NO_ANSWER)
    desk.prompt_ends(leg)
    assert [line.number for line in listed(desk)] == [NUMBER]


def test_an_operator_on_paperwork_may_call_and_goes_on_with_it(desk: Desk) -> None:
    call = missed(desk)
    desk.operator_ready("001", "seat01")
    desk.asks(BecomeNotReady("001", "meal"))
    taken(desk)
    desk.answers(call)
    desk.goes(call)
    desk.wait(60)
    operator = desk.operator("001")
    assert (operator.status, operator.reason) == (OperatorStatus.NOT_READY, "meal")


def test_an_operator_who_does_not_answer_leaves_it_to_the_others(desk: Desk) -> None:
    call = missed(desk)
    desk.operator_ready("001", "seat01")
    desk.asks(CallMissed("001", NUMBER))
    desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
    assert desk.state(call).phase is Phase.CALLBACK
    answered_by(desk, "002", "seat02")
    desk.answers(call)
    assert desk.order(call).operator == "002"


def test_without_a_rule_of_the_queue_it_is_on_the_list_again_after_a_while() -> None:
    texts = {**TEXTS}
    texts["dialplan/centre.yaml"] += "citizens: {via: [telecom], shows: '12345'}\n"
    desk = Desk(plan=plan_of(texts))
    missed(desk)
    desk.operator_ready("001", "seat01")
    desk.asks(CallMissed("001", NUMBER))
    desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
    assert listed(desk) == []
    desk.wait(11 * 60)
    assert [line.number for line in listed(desk)] == [NUMBER]


def test_who_calls_in_while_being_called_back_is_no_longer_missed(desk: Desk) -> None:
    missed(desk)
    desk.operator_ready("001", "seat01")
    taken(desk)
    again = waiting(desk)
    assert listed(desk) == []
    assert desk.state(again).phase is Phase.OFFERED


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (CallMissed("001", "+8613900002222"), "unknown_missed"),
        (CallMissed("003", NUMBER), "not_signed_in"),
        (CallMissed("002", NUMBER), "in_call"),
        (CloseMissed("+8613900002222", "班长", "已办"), "unknown_missed"),
    ],
)
def test_what_cannot_be_done_is_refused(
    desk: Desk, request_: CallMissed | CloseMissed, code: str
) -> None:
    missed(desk)
    desk.talking_call("002", "seat02")
    desk.operator_ready("001", "seat01")
    assert desk.asks(request_) == code


def test_without_a_trunk_in_the_plan_nobody_is_called() -> None:
    desk = Desk(plan=small_plan())
    missed(desk)
    desk.operator_ready("001", "seat01")
    assert desk.asks(CallMissed("001", NUMBER)) == "no_trunk"
    assert len(listed(desk)) == 1


# -- closing ---------------------------------------------------------------------------------------


def test_a_closed_entry_keeps_who_closed_it_and_why(desk: Desk) -> None:
    missed(desk)
    assert desk.asks(CloseMissed(NUMBER, "001", "已由网站答复")) == ""
    (line,) = callback_list(desk.centre).missed
    assert (line.closed, line.closed_by, line.result) == (desk.now, "001", "已由网站答复")
    assert desk.asks(CloseMissed(NUMBER, "001", "再次")) == "unknown_missed"


def test_another_missed_call_opens_a_new_entry(desk: Desk) -> None:
    missed(desk)
    desk.asks(CloseMissed(NUMBER, "001", "已办"))
    missed(desk)
    assert [line.times for line in listed(desk)] == [1]
