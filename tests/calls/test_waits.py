"""How long callers waited, by which wallboard and reports count."""

from __future__ import annotations

from callcenter.calls.events import (
    CallEndedOutside,
    CallLeft,
    CallReturned,
    Ending,
    Forward,
    Handled,
    SipHeaders,
)
from tests.calls.desk import Desk
from tests.plans import edited

QUEUES = "dialplan/queues.yaml"


def test_the_wait_is_from_the_queue_to_the_answer() -> None:
    desk = Desk()
    call = desk.call()
    desk.wait(8)  # the greeting
    desk.prompt_ends(call)
    desk.wait(12)
    desk.operator_ready("001", "seat01")
    desk.wait(3)
    assert desk.order(call).wait_ms is None
    desk.answers(desk.ringing_at("seat01"))
    assert desk.order(call).wait_ms == 15_000
    assert desk.order(call).answer_within == 15.0
    desk.prompt_ends(call)
    desk.wait(100)
    desk.goes(call)
    assert (desk.order(call).wait_ms, desk.order(call).waited_again_ms) == (15_000, 0)
    assert desk.board().answered_in_15s == 1


def test_who_gives_up_has_waited_until_then() -> None:
    desk = Desk()
    call = desk.waiting_call()
    desk.wait(7.25)
    desk.goes(call)
    assert desk.order(call).wait_ms == 7_250


def test_the_apology_is_no_wait() -> None:
    desk = Desk()
    call = desk.waiting_call()
    desk.wait(1810)
    desk.prompt_ends(call)
    assert desk.order(call).wait_ms == 1_800_000


def test_who_hangs_up_in_the_greeting_was_in_no_queue() -> None:
    desk = Desk()
    call = desk.call()
    desk.wait(3)
    desk.goes(call)
    assert desk.order(call).wait_ms is None


def test_a_transfer_keeps_the_connect_and_waiting_again_is_apart() -> None:
    desk = Desk()
    call = desk.talking_call()
    first = desk.order(call).wait_ms
    desk.wait(30)
    desk.asks(Forward("001", "12319"))
    desk.goes(desk.partner_of(call), Ending.BUSY)
    desk.goes(desk.ringing_at("seat01"), Ending.DECLINED)
    desk.wait(40)
    desk.goes(call)
    order = desk.order(call)
    assert (order.outcome, order.wait_ms) == ("answered", first)
    assert order.waited_again_ms == 40_000


def test_a_clock_set_back_makes_no_wait_negative() -> None:
    desk = Desk()
    call = desk.waiting_call()
    desk.now -= 3600
    desk.goes(call)
    assert desk.order(call).wait_ms == 0


def test_the_limit_is_the_queues_own_as_it_was() -> None:
    desk = Desk(plan=edited(QUEUES, "wrap_up_seconds: 60", "answer_within_seconds: 20"))
    call = desk.waiting_call()
    desk.goes(call)
    assert desk.order(call).answer_within == 20.0


def test_the_wait_goes_on_while_asterisks_own_queue_has_the_caller() -> None:
    desk = Desk()
    call = desk.waiting_call()
    desk.wait(5)
    desk.happens(CallLeft(call))
    desk.wait(20)
    assert desk.order(call).wait_ms is None
    desk.happens(CallReturned(call, "telecom", "12345", SipHeaders(), desk.now - 25, desk.now - 20))
    desk.operator_ready("001", "seat01")
    desk.answers(desk.ringing_at("seat01"))
    assert desk.order(call).wait_ms == 25_000


def test_a_call_that_only_asterisk_had_waited_from_its_arrival() -> None:
    desk = Desk()
    ended = CallEndedOutside(
        call="1511317865.1",
        trunk="telecom",
        dialled="12345",
        caller="051987200000",
        emergency=False,
        began=desk.now - 100,
        answered=desk.now - 60,
        ended=desk.now,
        ending=Ending.NORMAL,
        handled=Handled.QUEUE,
        seat="seat01",
    )
    desk.happens(ended)
    order = desk.order("1511317865.1")
    assert (order.outcome, order.queue, order.wait_ms) == ("answered", "hotline", 40_000)
    assert desk.board().answered_in_15s == 0
