"""What operators do is told at each change: the states of a shift cover it exactly once."""

from __future__ import annotations

from callcenter.analytics.facts import intervals
from callcenter.analytics.record import StateChange, milliseconds
from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.events import (
    BecomeNotReady,
    BecomeReady,
    Ending,
    HangUp,
    SeatEngaged,
    SeatReachable,
    SignIn,
    SignOut,
)
from tests.calls.desk import Desk
from tests.plans import edited


def states(desk: Desk) -> list[str]:
    """What 001 did, as far as it was told."""
    return [_words(change) for change in desk.changes if change.operator == "001"]


def _words(change: StateChange) -> str:
    return " ".join(part for part in (change.state, change.reason, change.offer) if part)


def test_a_shift() -> None:
    desk = Desk()
    began = desk.now
    desk.happens(SignIn("001", "seat01"))
    desk.wait(10)
    desk.happens(BecomeReady("001"))
    call = desk.waiting_call()
    desk.wait(3)
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(call)
    desk.wait(60)
    desk.goes(call)
    desk.wait(60)  # the whole wrap-up
    desk.wait(30)
    desk.happens(BecomeNotReady("001", "break"))
    desk.wait(20)
    desk.happens(SignOut("001"))
    assert states(desk) == [
        *("not_ready signed_in", "ready", "ringing", "talking taken", "wrap_up", "ready"),
        *("not_ready break", "offline"),
    ]
    own = list(intervals(desk.changes, milliseconds(desk.now + 5)))
    assert own[0].began == milliseconds(began)
    assert [each.length for each in own] == [
        *(10_000, 1, 3_000 - 1, 60_000, 60_000, 30_000, 20_000, 5_000)
    ]
    assert all(each.change.call == call for each in own[2:5])


def test_a_change_that_is_none_is_not_told() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.happens(SeatReachable("seat01", True))
    desk.happens(BecomeReady("001"))
    assert states(desk) == ["not_ready signed_in", "ready"]


def test_another_reason_is_another_state() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.happens(BecomeNotReady("001", "break"))
    desk.happens(BecomeNotReady("001", "break"))
    desk.happens(SeatReachable("seat01", False))
    desk.happens(BecomeNotReady("001", "meal"))
    assert states(desk)[2:] == ["not_ready break", "not_ready meal"]


def test_an_offer_that_is_declined_is_missed_whatever_was_wished_before() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.waiting_call()
    desk.happens(BecomeNotReady("001", "break"))
    desk.goes(desk.ringing_at("seat01"), Ending.DECLINED)
    assert states(desk)[2:] == ["ringing", "not_ready break missed"]


def test_an_offer_that_rings_for_too_long_is_missed() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.waiting_call()
    desk.wait(26)
    assert states(desk)[2:] == ["ringing", "not_ready missed missed"]


def test_an_offer_that_rings_again_at_once_is_another_offer() -> None:
    """Where the queue allows misses, and nobody else is there."""
    old, new = "    ring_seconds: 20\n", "    ring_seconds: 20\n    not_ready_after_misses: 2\n"
    desk = Desk(plan=edited("dialplan/queues.yaml", old, new))
    desk.operator_ready("001", "seat01")
    desk.waiting_call()
    desk.wait(10)
    desk.goes(desk.ringing_at("seat01"), Ending.DECLINED)
    desk.wait(10)
    desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
    assert states(desk)[2:] == ["ringing", "ringing missed", "not_ready missed missed"]


def test_an_offer_whose_caller_goes_is_withdrawn() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    desk.goes(call)
    assert states(desk)[2:] == ["ringing", "ready withdrawn"]


def test_an_offer_that_was_cut_off_while_we_were_away_goes_on() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.waiting_call()
    desk.wait(10)
    desk.goes(desk.ringing_at("seat01"), Ending.LOST)
    desk.answers(desk.ringing_at("seat01"))
    assert states(desk)[2:] == ["ringing", "talking taken"]


def test_an_offer_that_was_cut_off_is_no_fault_of_the_operators() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.waiting_call()
    desk.happens(SeatReachable("seat01", False))
    desk.goes(desk.ringing_at("seat01"), Ending.LOST)
    assert states(desk)[2:] == ["ringing", "not_ready unreachable withdrawn"]


def test_a_seat_in_a_call_of_asterisks_own_queue_is_not_ready_for_ours() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.happens(SeatEngaged("seat01", True))
    desk.wait(5)
    desk.happens(SeatEngaged("seat01", False))
    assert states(desk)[2:] == ["engaged", "ready"]


def test_where_the_clock_is_set_back_no_state_is_lost_or_negative() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    desk.now -= 3600
    desk.happens(BecomeNotReady("001", "break"))
    desk.now += 3600 + 60
    desk.happens(SignOut("001"))
    times = [change.at for change in desk.changes]
    assert times == sorted(set(times))
    own = list(intervals(desk.changes, milliseconds(desk.now)))
    assert [each.length >= 1 for each in own] == [True, True, True]
    assert states(desk) == ["not_ready signed_in", "ready", "not_ready break", "offline"]


def test_a_restart_neither_ends_nor_repeats_a_state() -> None:
    desk = Desk()
    desk.talking_call()
    told = len(desk.changes)
    desk.centre = decode_centre(encode_centre(desk.centre))
    desk.happens(desk.switch.reconciled())
    assert len(desk.changes) == told
    desk.happens(HangUp("001"))
    desk.news()
    assert states(desk)[told:] == ["wrap_up"]
