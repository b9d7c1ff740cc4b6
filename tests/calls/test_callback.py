"""Called back instead of waiting: arranged by key, an operator rung first, then the citizen."""

from __future__ import annotations

import pytest

from callcenter.analytics.record import OfferEnd
from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.commands import Dial, OutsideAddress, Role, SeatAddress
from callcenter.calls.events import (
    AddPartner,
    CallDetoured,
    CallEndedOutside,
    Ending,
    ForceSignOut,
    Forward,
    SipHeaders,
)
from callcenter.calls.state import CallbackState, Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import LegRole, Outcome
from tests.calls.desk import Desk, moment
from tests.plans import CALLBACK, led_to_callbacks, with_callbacks, without_queue

MOBILE = SipHeaders(from_="<sip:13800001111@carrier.example>")
OTHER = SipHeaders(from_="<sip:13900002222@carrier.example>")
WITHHELD = SipHeaders(from_="<sip:anonymous@anonymous.invalid>")


@pytest.fixture
def desk() -> Desk:
    return Desk(plan=with_callbacks())


def waiting(desk: Desk, headers: SipHeaders = MOBILE) -> str:
    """A citizen waits, having heard the greeting."""
    call = desk.call("12345", headers)
    desk.prompt_ends(call)
    return call


def presses(desk: Desk, call: str, keys: str) -> None:
    desk.key(call, *keys)
    desk.news()


def arranged(desk: Desk, headers: SipHeaders = MOBILE) -> str:
    """A citizen has asked to be called back, and has hung up."""
    call = waiting(desk, headers)
    presses(desk, call, "11")
    desk.prompt_ends(call)
    assert call not in desk.switch.legs
    return call


def answered_by(desk: Desk, operator: str = "001", seat: str = "seat01") -> str:
    """An operator has answered for it and heard what it is; that operator's leg."""
    desk.operator_ready(operator, seat)
    leg = desk.ringing_at(seat)
    desk.answers(leg)
    desk.prompt_ends(leg)
    return leg


def talking(desk: Desk) -> str:
    call = arranged(desk)
    answered_by(desk)
    desk.answers(call)
    return call


def citizens_dialled(desk: Desk) -> list[Dial]:
    return [dial for dial in desk.dialled() if dial.role is Role.CITIZEN]


def state_of(desk: Desk, call: str) -> CallbackState:
    callback = desk.state(call).callback
    assert callback is not None
    return callback.state


def restart(desk: Desk) -> None:
    desk.centre = decode_centre(encode_centre(desk.centre))
    desk.switch.lose_events()
    desk.happens(desk.switch.reconciled())
    desk.news()


# -- arranging it ----------------------------------------------------------------------------------


def test_it_is_offered_with_the_announcement(desk: Desk) -> None:
    call = waiting(desk)
    desk.wait(20)
    assert desk.heard(call)[-1][-3:] == ("callback_press", "digit_1_yao", "callback_offer")


def test_it_is_offered_after_a_wait_where_the_plan_says_so() -> None:
    desk = Desk(plan=with_callbacks(CALLBACK.replace("after: 0", "after: 50")))
    call = waiting(desk)
    desk.wait(20)
    assert "callback_press" not in desk.heard(call)[-1]
    desk.prompt_ends(call)
    desk.wait(40)
    assert "callback_press" in desk.heard(call)[-1]


def test_the_key_has_the_number_confirmed(desk: Desk) -> None:
    call = waiting(desk)
    presses(desk, call, "1")
    assert not desk.switch.legs[call].music
    first, *digits, last = desk.heard(call)[-1]
    assert (first, last) == ("callback_number", "callback_confirm")
    assert len(digits) == len("13800001111")


def test_a_confirmed_number_is_noted_and_the_call_ends(desk: Desk) -> None:
    call = waiting(desk)
    presses(desk, call, "11")
    assert desk.heard(call)[-1] == ("callback_noted",)
    desk.prompt_ends(call)
    assert desk.order(call).outcome is Outcome.CALLBACK
    assert desk.order(call).ended is None, "the order stays open"
    assert desk.state(call).phase is Phase.CALLBACK


def test_another_number_is_keyed_in_and_confirmed(desk: Desk) -> None:
    call = waiting(desk)
    presses(desk, call, "12")
    assert desk.heard(call)[-1] == ("callback_key_in",)
    presses(desk, call, "87200000#")
    assert desk.heard(call)[-1][:2] == ("callback_number", "digit_8")
    presses(desk, call, "1")
    desk.prompt_ends(call)
    callback = desk.state(call).callback
    assert callback is not None
    assert callback.number == "+8651987200000"


def test_who_withheld_the_number_must_key_one_in(desk: Desk) -> None:
    call = waiting(desk, WITHHELD)
    presses(desk, call, "1")
    assert desk.heard(call)[-1] == ("callback_key_in",)


@pytest.mark.parametrize(
    "number", ["110", "12345", "051912345", "66660001", "12319", "7", "0044201"]
)
def test_a_number_that_we_do_not_call_is_asked_again(desk: Desk, number: str) -> None:
    call = waiting(desk, WITHHELD)
    presses(desk, call, f"1{number}#")
    assert desk.heard(call)[-1] == ("callback_wrong",)


def test_after_three_such_numbers_the_caller_waits_on(desk: Desk) -> None:
    call = waiting(desk, WITHHELD)
    presses(desk, call, "1110#110#110#")
    assert desk.state(call).phase is Phase.WAITING
    assert desk.switch.legs[call].music


def test_a_number_is_complete_without_the_hash_after_some_seconds(desk: Desk) -> None:
    call = waiting(desk, WITHHELD)
    presses(desk, call, "113800001111")
    desk.wait(8)
    assert desk.heard(call)[-1][0] == "callback_number"


@pytest.mark.parametrize("keys", ["1*", "12*"])
def test_the_star_goes_back_to_the_queue_at_the_same_place(desk: Desk, keys: str) -> None:
    call = waiting(desk)
    queued = desk.state(call).queued
    desk.wait(5)
    presses(desk, call, keys)
    assert (desk.state(call).phase, desk.state(call).queued) == (Phase.WAITING, queued)
    assert desk.switch.legs[call].music
    assert desk.state(call).callback is None


@pytest.mark.parametrize("keys", ["1", "12"])
def test_who_presses_nothing_waits_on(desk: Desk, keys: str) -> None:
    call = waiting(desk)
    presses(desk, call, keys)
    desk.prompt_ends(call)
    desk.wait(8)
    assert desk.state(call).phase is Phase.WAITING


def test_a_question_whose_end_is_never_told_has_an_end(desk: Desk) -> None:
    call = waiting(desk)
    presses(desk, call, "1")
    desk.wait(61)
    assert desk.state(call).phase is Phase.WAITING


@pytest.mark.parametrize("keys", ["1", "12", "12138"])
def test_who_hangs_up_before_confirming_has_abandoned(desk: Desk, keys: str) -> None:
    call = waiting(desk)
    presses(desk, call, keys)
    desk.goes(call)
    assert desk.order(call).outcome is Outcome.ABANDONED
    assert call not in desk.centre.calls


def test_who_hangs_up_after_confirming_is_called_back(desk: Desk) -> None:
    call = waiting(desk)
    presses(desk, call, "11")
    desk.goes(call)
    assert desk.order(call).outcome is Outcome.CALLBACK
    assert desk.state(call).phase is Phase.CALLBACK


def test_other_keys_while_waiting_mean_nothing(desk: Desk) -> None:
    call = waiting(desk)
    presses(desk, call, "2*#90")
    assert desk.state(call).phase is Phase.WAITING


def test_without_it_in_the_plan_the_key_means_nothing() -> None:
    desk = Desk()
    call = waiting(desk)
    presses(desk, call, "11")
    assert desk.state(call).phase is Phase.WAITING


def test_a_number_is_noted_once_for_a_queue(desk: Desk) -> None:
    first = arranged(desk)
    second = waiting(desk, OTHER)
    presses(desk, second, "1213800001111#1")
    assert desk.heard(second)[-1] == ("callback_already",)
    desk.prompt_ends(second)
    assert desk.order(second).outcome is Outcome.CALLBACK
    assert second not in desk.centre.calls
    assert desk.state(first).phase is Phase.CALLBACK


# -- where the plan leads to it --------------------------------------------------------------------


def on_a_tuesday() -> Desk:
    """The queue is closed today, and leads to a callback by itself."""
    return Desk(plan=led_to_callbacks(), now=moment("2017-12-05T10:00"))


def test_who_calls_a_closed_queue_can_be_led_to_a_callback() -> None:
    desk = on_a_tuesday()
    call = desk.call("12345", MOBILE)
    assert desk.heard(call) == [("system_busy",)]
    desk.prompt_ends(call)
    presses(desk, call, "1")
    desk.prompt_ends(call)
    assert desk.order(call).outcome is Outcome.CALLBACK
    desk.operator_ready("001", "seat01")
    assert not desk.rings_at("seat01"), "citizens are called on Mondays"


def test_who_is_led_there_and_does_not_want_it_hears_an_apology() -> None:
    desk = on_a_tuesday()
    call = desk.call("12345", MOBILE)
    desk.prompt_ends(call)
    presses(desk, call, "*")
    assert desk.heard(call)[-1] == ("queue_sorry",)
    desk.prompt_ends(call)
    assert desk.order(call).outcome is Outcome.TIMED_OUT


# -- calling ---------------------------------------------------------------------------------------


def test_the_operator_is_rung_first_then_the_citizen_then_they_talk(desk: Desk) -> None:
    call = arranged(desk)
    desk.operator_ready("001", "seat01")
    ring = desk.dialled()[-1]
    assert (ring.to, ring.caller_number, ring.alone) == (
        SeatAddress("seat01"),
        "+8613800001111",
        True,
    )
    assert ring.caller_name.startswith("回电 ")
    leg = desk.ringing_at("seat01")
    desk.answers(leg)
    assert desk.heard(leg) == [("callback_begins",)]
    assert citizens_dialled(desk) == []
    desk.prompt_ends(leg)
    (dial,) = citizens_dialled(desk)
    assert dial.to == OutsideAddress("telecom", "13800001111")
    assert (dial.caller_number, dial.seconds) == ("051912345", 30)
    assert desk.switch.legs[leg].ringing
    desk.answers(call)
    assert desk.together(call) == {call, leg}
    assert not desk.switch.legs[leg].ringing
    assert desk.switch.legs[call].recorded
    assert desk.state(call).phase is Phase.TALKING


def test_the_talk_ends_as_any_other_and_there_is_one_order(desk: Desk) -> None:
    call = talking(desk)
    desk.wait(60)
    desk.goes(call)
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    order = desk.order(call)
    assert (order.outcome, order.operator) == (Outcome.CALLBACK, "001")
    assert order.answered is not None
    assert order.ended == desk.now
    assert [leg.role for leg in order.legs] == [LegRole.CALLER, LegRole.OPERATOR, LegRole.CALLER]
    assert len(desk.records) == 1
    assert desk.centre.calls == {}
    assert desk.board().callback == 1
    assert desk.board().in_progress == 0


def test_the_place_is_kept(desk: Desk) -> None:
    first = arranged(desk)
    desk.wait(30)
    second = waiting(desk, OTHER)
    desk.operator_ready("001", "seat01")
    assert desk.dialled()[-1].call == first
    desk.operator_ready("002", "seat02")
    assert desk.dialled()[-1].call == second


def test_who_waited_longer_goes_first(desk: Desk) -> None:
    first = waiting(desk, OTHER)
    desk.wait(5)
    second = arranged(desk)
    desk.operator_ready("001", "seat01")
    assert desk.dialled()[-1].call == first
    assert desk.state(second).phase is Phase.CALLBACK


def test_an_operator_who_does_not_answer_leaves_it_to_the_next(desk: Desk) -> None:
    call = arranged(desk)
    desk.operator_ready("001", "seat01")
    desk.goes(desk.ringing_at("seat01"), Ending.DECLINED)
    assert desk.state(call).phase is Phase.CALLBACK
    desk.operator_ready("002", "seat02")
    assert desk.ringing_at("seat02")


def test_an_operator_who_hangs_up_while_the_citizen_rings_leaves_it_to_the_next(
    desk: Desk,
) -> None:
    call = arranged(desk)
    desk.goes(answered_by(desk))
    assert call not in desk.switch.legs
    assert desk.operator("001").status is OperatorStatus.NOT_READY
    answered_by(desk, "002", "seat02")
    assert len(citizens_dialled(desk)) == 2
    assert state_of(desk, call) is CallbackState.OPEN


@pytest.mark.parametrize("ending", [Ending.BUSY, Ending.NO_ANSWER, Ending.DECLINED])
def test_a_citizen_who_is_not_reached_is_tried_again_by_rule(desk: Desk, ending: Ending) -> None:
    call = arranged(desk)
    leg = answered_by(desk)
    desk.goes(call, ending)
    assert desk.heard(leg)[-1] == ("callback_not_reached",)
    desk.prompt_ends(leg)
    assert desk.operator("001").status is OperatorStatus.READY
    desk.wait(599)
    assert not desk.rings_at("seat01")
    desk.wait(1)
    leg = desk.ringing_at("seat01")
    desk.answers(leg)
    desk.prompt_ends(leg)
    desk.answers(call)
    assert desk.together(call) == {call, leg}
    assert [each.outcome for each in desk.order(call).legs].count(ending) == 1


def test_after_the_last_try_it_is_given_up(desk: Desk) -> None:
    call = arranged(desk)
    for _ in range(2):
        leg = answered_by(desk) if not desk.dialled() else desk.ringing_at("seat01")
        if leg in desk.switch.legs and not desk.switch.legs[leg].answered:
            desk.answers(leg)
            desk.prompt_ends(leg)
        desk.goes(call, Ending.NO_ANSWER)
        desk.prompt_ends(leg)
        desk.wait(600)
    assert call not in desk.centre.calls
    assert desk.order(call).ended is not None
    assert desk.order(call).operator is None


def test_the_next_trunk_is_tried_where_one_fails(desk: Desk) -> None:
    call = arranged(desk)
    answered_by(desk)
    desk.goes(call, Ending.CONGESTION)
    assert [dial.to for dial in citizens_dialled(desk)] == [
        OutsideAddress("telecom", "13800001111"),
        OutsideAddress("unicom", "13800001111"),
    ]
    desk.answers(call)
    assert desk.state(call).phase is Phase.TALKING


def test_a_telephone_that_rings_for_ever_is_given_up(desk: Desk) -> None:
    call = arranged(desk)
    leg = answered_by(desk)
    desk.wait(36)
    assert call not in desk.switch.legs
    assert desk.heard(leg)[-1] == ("callback_not_reached",)


def test_no_operator_is_rung_while_every_trunk_is_full(desk: Desk) -> None:
    for _ in range(5):
        desk.call("12345", OTHER)
    for _ in range(2):
        desk.call("12345", OTHER, trunk="unicom")
    call = next(iter(desk.centre.calls))
    desk.prompt_ends(call)
    presses(desk, call, "11")
    extra = desk.call("12345", OTHER)
    assert desk.order(extra).outcome is Outcome.REJECTED


def test_citizens_are_called_between_the_hours_of_the_plan() -> None:
    rule = CALLBACK.replace("keep_hours: 2", "keep_hours: 24, hours: always")
    desk = Desk(plan=with_callbacks(rule))  # `always` is Mondays; the desk is open on a Friday
    call = waiting(desk)
    presses(desk, call, "11")
    assert desk.state(call).phase is Phase.WAITING, "not offered outside these hours"


def test_what_nobody_could_do_in_time_is_given_up(desk: Desk) -> None:
    call = arranged(desk)
    desk.wait(2 * 3600 + 60)
    assert call not in desk.centre.calls
    assert desk.order(call).outcome is Outcome.CALLBACK


def test_a_prompt_to_the_operator_whose_end_is_never_told_is_given_up(desk: Desk) -> None:
    call = arranged(desk)
    desk.operator_ready("001", "seat01")
    desk.answers(desk.ringing_at("seat01"))
    desk.wait(61)
    assert call in desk.switch.legs, "the citizen is called"


def test_no_partner_is_brought_in_before_they_talk(desk: Desk) -> None:
    arranged(desk)
    answered_by(desk)
    assert desk.asks(AddPartner("001", "12319")) == "not_in_call"
    assert desk.asks(Forward("001", "12319")) == "not_in_call"


def test_a_partner_joins_the_talk_as_any_other(desk: Desk) -> None:
    call = talking(desk)
    assert desk.asks(AddPartner("001", "12319")) == ""
    desk.answers(next(each.name for each in desk.switch.legs.values() if not each.answered))
    assert len(desk.together(call)) == 3


# -- calling in meanwhile --------------------------------------------------------------------------


def test_who_calls_in_meanwhile_keeps_the_place_and_is_not_called_back(desk: Desk) -> None:
    first = arranged(desk)
    queued = desk.state(first).queued
    desk.wait(10)
    waiting(desk, OTHER)
    desk.wait(10)
    again = waiting(desk)
    assert desk.state(again).queued == queued
    assert first not in desk.centre.calls
    desk.operator_ready("001", "seat01")
    assert desk.dialled()[-1].call == again


def test_who_calls_in_while_an_operator_is_rung_gets_the_operator(desk: Desk) -> None:
    first = arranged(desk)
    desk.operator_ready("001", "seat01")
    again = waiting(desk)
    assert first not in desk.centre.calls
    assert [leg.name for leg in desk.switch.legs.values() if leg.dial] == [
        desk.ringing_at("seat01")
    ]
    assert desk.dialled()[-1].call == again


def test_who_calls_in_while_being_called_gets_the_operator(desk: Desk) -> None:
    first = arranged(desk)
    answered_by(desk)
    again = waiting(desk)
    assert first not in desk.centre.calls
    assert desk.dialled()[-1].call == again
    assert desk.state(again).phase is Phase.OFFERED


def test_who_talks_is_not_cut_off_by_another_call_of_the_same_number(desk: Desk) -> None:
    call = talking(desk)
    waiting(desk)
    assert desk.state(call).phase is Phase.TALKING


# -- restarts, faults, edits -----------------------------------------------------------------------


def test_a_restart_forgets_no_callback(desk: Desk) -> None:
    call = arranged(desk)
    restart(desk)
    answered_by(desk)
    desk.answers(call)
    assert desk.state(call).phase is Phase.TALKING


def test_after_a_restart_the_question_is_asked_again(desk: Desk) -> None:
    call = waiting(desk)
    presses(desk, call, "1")
    restart(desk)
    assert desk.switch.legs[call].playing is not None
    presses(desk, call, "1")
    assert desk.heard(call)[-1] == ("callback_noted",)


def test_after_a_restart_the_citizens_telephone_rings_on(desk: Desk) -> None:
    call = arranged(desk)
    leg = answered_by(desk)
    restart(desk)
    desk.answers(call)
    assert desk.together(call) == {call, leg}


def test_who_does_not_answer_for_it_has_missed_an_offer(desk: Desk) -> None:
    arranged(desk)
    desk.operator_ready("001", "seat01")
    desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
    assert desk.changes[-1].offer is OfferEnd.MISSED


def test_who_is_signed_out_while_it_rings_has_missed_it_all_the_same(desk: Desk) -> None:
    arranged(desk)
    desk.operator_ready("001", "seat01")
    assert desk.leader(ForceSignOut("001")) == ""
    desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
    assert desk.operator("001").status is OperatorStatus.OFFLINE
    assert desk.changes[-1].offer is OfferEnd.MISSED


def test_who_reaches_nobody_has_missed_nothing(desk: Desk) -> None:
    call = arranged(desk)
    leg = answered_by(desk)
    desk.goes(call, Ending.BUSY)
    desk.prompt_ends(leg)
    assert desk.operator("001").status is OperatorStatus.READY
    assert desk.changes[-1].offer is OfferEnd.WITHDRAWN


def test_who_was_rung_too_is_free_as_soon_as_their_telephone_is_silent() -> None:
    """Where a queue rings all: the next try rings two, and one of them calls the citizen."""
    desk = Desk(plan=with_callbacks(CALLBACK + "    strategy: ring_all\n"))
    call = arranged(desk)
    leg = answered_by(desk)
    desk.goes(call, Ending.BUSY)
    desk.prompt_ends(leg)
    desk.operator_ready("002", "seat02")
    desk.wait(600)
    idle_since = desk.operator("001").idle_since
    assert desk.rings_at("seat01")
    desk.answers(desk.ringing_at("seat02"))
    assert desk.state(call).phase is Phase.CALLING_BACK
    assert desk.operator("001").status is OperatorStatus.READY
    assert desk.operator("001").idle_since == idle_since
    assert desk.changes[-1].offer is OfferEnd.WITHDRAWN
    told = [line.split("|")[3:5] for line in desk.queue_log if "|RING" in line]
    assert told == [["001", "RINGCANCELED"]]


def test_an_answer_that_was_missed_is_seen_after_a_restart(desk: Desk) -> None:
    call = arranged(desk)
    leg = answered_by(desk)
    desk.switch.far_end_answers(call)
    restart(desk)
    assert desk.together(call) == {call, leg}


def test_after_a_restart_the_operators_prompt_is_not_waited_for_long(desk: Desk) -> None:
    call = arranged(desk)
    desk.operator_ready("001", "seat01")
    desk.answers(desk.ringing_at("seat01"))
    restart(desk)
    desk.wait(5)
    assert call in desk.switch.legs


def test_both_gone_at_a_restart_leaves_it_for_the_next_operator(desk: Desk) -> None:
    call = arranged(desk)
    desk.switch.far_end_goes(answered_by(desk))
    desk.switch.far_end_goes(call)
    restart(desk)
    assert desk.state(call).phase in (Phase.CALLBACK, Phase.OFFERED)


def test_the_line_of_the_first_call_ends_no_talk(desk: Desk) -> None:
    call = talking(desk)
    desk.happens(
        CallEndedOutside(call, "telecom", "12345", "", False, 0.0, None, 0.0, Ending.NORMAL)
    )
    assert desk.state(call).phase is Phase.TALKING


@pytest.mark.parametrize("far", [False, True])
def test_a_fault_of_the_core_gives_the_callback_up_and_not_the_operator(
    desk: Desk, far: bool
) -> None:
    call = arranged(desk)
    if far:
        answered_by(desk)
    desk.happens(CallDetoured(call, "a fault"))
    desk.news()
    assert call not in desk.centre.calls
    assert not [leg for leg in desk.switch.legs.values() if leg.dial]


def test_an_edit_that_takes_the_queue_away_strands_nobody(desk: Desk) -> None:
    call = arranged(desk)
    desk.plan = without_queue()
    desk.wait(3 * 3600)
    assert call not in desk.centre.calls


def test_replay_gives_the_same(desk: Desk) -> None:
    call = talking(desk)
    desk.goes(call)
    assert decode_centre(encode_centre(desk.centre)) == desk.centre


def test_queue_log_tells_of_it(desk: Desk) -> None:
    call = talking(desk)
    desk.goes(call)
    told = [line.split("|")[4] for line in desk.queue_log if line.split("|")[1] == call]
    assert told == ["ENTERQUEUE", "EXITWITHKEY", "ENTERQUEUE", "CONNECT", "COMPLETECALLER"]


def test_the_wallboard_counts_who_is_to_be_called_back(desk: Desk) -> None:
    arranged(desk)
    board = desk.board()
    assert (board.waiting, board.callbacks_open, board.callback) == (0, 1, 1)
