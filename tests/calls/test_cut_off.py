"""Asterisk dies under its calls and is started anew: nobody hung up, and nobody is forgotten."""

from __future__ import annotations

import pytest

from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.events import AddPartner, CallEndedOutside, Consult, Ending, Handled, Hold
from callcenter.calls.missed import callback_list
from callcenter.calls.state import Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk
from tests.calls.test_callback import MOBILE, answered_by, arranged
from tests.plans import with_callbacks


@pytest.fixture
def desk() -> Desk:
    desk = Desk(plan=with_callbacks())
    compare(desk)
    return desk


def compare(desk: Desk) -> None:
    desk.happens(desk.switch.reconciled())
    desk.news()


def dies(desk: Desk) -> None:
    """Asterisk; the next one takes calls."""
    desk.switch.dies()
    compare(desk)


def listed(desk: Desk) -> list[str]:
    return [line.order for line in callback_list(desk.centre).missed]


def talking(desk: Desk) -> str:
    desk.operator_ready("001", "seat01")
    call = desk.call(headers=MOBILE)
    desk.prompt_ends(call)
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(call)
    assert desk.centre.calls[call].phase is Phase.TALKING
    return call


def test_who_waits_is_cut_off_and_to_be_called_back(desk: Desk) -> None:
    call = desk.call(headers=MOBILE)
    desk.prompt_ends(call)
    dies(desk)
    order = desk.order(call)
    assert (order.outcome, order.ended_by) == (Outcome.INTERRUPTED, "system")
    assert [leg.outcome for leg in order.legs] == [Ending.LOST]
    assert listed(desk) == [order.number]
    assert not desk.centre.calls


@pytest.mark.parametrize(
    "asked", [None, Hold("001"), AddPartner("001", "12319"), Consult("001", "12319")]
)
def test_who_talked_is_cut_off_and_to_be_called_back(
    desk: Desk, asked: Hold | AddPartner | Consult | None
) -> None:
    call = talking(desk)
    if asked is not None:
        assert desk.asks(asked) == ""
    dies(desk)
    order = desk.order(call)
    assert (order.outcome, order.operator) == (Outcome.INTERRUPTED, "001")
    assert listed(desk) == [order.number]
    assert desk.centre.operators["001"].status is OperatorStatus.WRAP_UP


def test_whom_a_telephone_rang_for_is_cut_off_and_the_operator_is_ready(desk: Desk) -> None:
    desk.operator_ready("001", "seat01")
    call = desk.call(headers=MOBILE)
    desk.prompt_ends(call)
    desk.ringing_at("seat01")
    dies(desk)
    assert desk.order(call).outcome is Outcome.INTERRUPTED
    assert desk.centre.operators["001"].status is OperatorStatus.READY


def test_a_controller_that_died_too_knows_it_all_the_same(desk: Desk) -> None:
    call = talking(desk)
    desk.centre = decode_centre(encode_centre(desk.centre))
    dies(desk)
    assert desk.order(call).outcome is Outcome.INTERRUPTED


def test_a_controller_that_was_away_alone_takes_nobody_for_cut_off(desk: Desk) -> None:
    call = desk.call(headers=MOBILE)
    desk.prompt_ends(call)
    desk.switch.far_end_goes(call)
    desk.switch.lose_events()
    compare(desk)
    assert desk.order(call).outcome is Outcome.ABANDONED


def test_whom_the_dialplan_had_waits_for_its_record_and_is_then_to_be_called_back(
    desk: Desk,
) -> None:
    call = desk.call(headers=MOBILE)
    desk.prompt_ends(call)
    desk.switch.dead_mans_switch(call)
    desk.news()
    dies(desk)
    desk.wait(15)
    order = desk.order(call)
    assert order.outcome is Outcome.INTERRUPTED
    assert listed(desk) == [order.number]


def test_a_record_that_was_written_before_the_death_counts(desk: Desk) -> None:
    call = desk.call(headers=MOBILE)
    desk.prompt_ends(call)
    desk.switch.dead_mans_switch(call)
    desk.news()
    dies(desk)
    desk.happens(
        CallEndedOutside(
            *(call, "telecom", "12345", "13800001111", False),
            *(desk.now - 60.0, None, desk.now, Ending.NORMAL),
            handled=Handled.QUEUE,
        )
    )
    assert desk.order(call).outcome is Outcome.ABANDONED


def test_who_is_called_back_is_called_again(desk: Desk) -> None:
    call = arranged(desk)
    answered_by(desk, "001", "seat01")
    assert desk.centre.calls[call].phase is Phase.CALLING_BACK
    dies(desk)
    assert desk.centre.calls[call].phase is Phase.OFFERED, "to an operator, who is still there"


def test_calls_of_the_next_asterisk_are_its_own(desk: Desk) -> None:
    dies(desk)
    call = desk.call(headers=MOBILE)
    desk.prompt_ends(call)
    compare(desk)
    assert desk.centre.calls[call].phase is Phase.WAITING
