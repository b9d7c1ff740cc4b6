"""Whoever hangs up, in whatever state, and whoever else at once: nobody is left behind."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from callcenter.calls.commands import Dial
from callcenter.calls.events import (
    AddPartner,
    CallEmergency,
    Ending,
    Event,
    Forward,
    LeaveCall,
    LegAnswered,
    LegEnded,
)
from callcenter.calls.state import Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk, moment
from tests.plans import edited

Scene = Callable[[], tuple[Desk, str]]
"""A centre in which one call has come so far."""


def greeting() -> tuple[Desk, str]:
    desk = Desk()
    return desk, desk.call()


def waiting() -> tuple[Desk, str]:
    desk = Desk()
    return desk, desk.waiting_call()


def offered() -> tuple[Desk, str]:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    return desk, desk.waiting_call()


def offered_unanswered() -> tuple[Desk, str]:
    desk = Desk(plan=edited("dialplan/queues.yaml", "    greeting: greeting\n", ""))
    desk.operator_ready("001", "seat01")
    return desk, desk.call()


def introducing() -> tuple[Desk, str]:
    desk, call = offered()
    desk.answers(desk.leg_of(call))
    return desk, call


def talking() -> tuple[Desk, str]:
    desk = Desk()
    return desk, desk.talking_call()


def three_way_rings() -> tuple[Desk, str]:
    desk, call = talking()
    desk.asks(AddPartner("001", "12319"))
    return desk, call


def emergency_rings() -> tuple[Desk, str]:
    desk, call = talking()
    desk.asks(CallEmergency("001"))
    return desk, call


def forward_rings() -> tuple[Desk, str]:
    desk, call = talking()
    desk.asks(Forward("001", "12319"))
    return desk, call


def three_way() -> tuple[Desk, str]:
    desk, call = three_way_rings()
    desk.answers(desk.partner_of(call))
    return desk, call


def left() -> tuple[Desk, str]:
    desk, call = three_way()
    desk.asks(LeaveCall("001"))
    return desk, call


def forwarding() -> tuple[Desk, str]:
    desk = Desk()
    return desk, desk.call("12319")


def forwarded() -> tuple[Desk, str]:
    desk, call = forwarding()
    desk.answers(desk.leg_of(call))
    return desk, call


def announcing() -> tuple[Desk, str]:
    desk = Desk(now=moment("2018-07-01T00:00"))
    return desk, desk.call("87209900")


SCENES: dict[Scene, Phase] = {
    greeting: Phase.GREETING,
    waiting: Phase.WAITING,
    offered: Phase.OFFERED,
    offered_unanswered: Phase.OFFERED,
    introducing: Phase.INTRODUCING,
    talking: Phase.TALKING,
    three_way_rings: Phase.TRANSFERRING,
    emergency_rings: Phase.TRANSFERRING,
    forward_rings: Phase.TRANSFERRING,
    three_way: Phase.THREE_WAY,
    left: Phase.FORWARDED,
    forwarding: Phase.FORWARDING,
    forwarded: Phase.FORWARDED,
    announcing: Phase.ANNOUNCING,
}
TALKED = (talking, introducing, three_way_rings, emergency_rings, forward_rings, three_way, left)
scenes = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)


def others(desk: Desk, call: str) -> list[str]:
    """The legs beside the caller's, as the exchange has them."""
    return sorted(leg for leg in desk.switch.legs if leg != call)


def nothing_is_left(desk: Desk, call: str, outcome: Outcome | None = None) -> None:
    """The call is over, with one order; its operator is free or wraps up."""
    assert desk.switch.legs == {}
    assert desk.switch.bridges == set()
    assert desk.centre.calls == {}
    assert desk.centre.trunk_channels == {}
    order = desk.order(call)
    assert order.outcome is not None
    assert outcome in (None, order.outcome)
    assert all(leg.ended is not None for leg in order.legs)
    board = desk.board()
    assert (board.offered, board.in_progress) == (1, 0)
    for operator in desk.centre.operators.values():
        assert operator.status not in (OperatorStatus.RINGING, OperatorStatus.TALKING)


@scenes
def test_each_scene_is_what_it_says(scene: Scene) -> None:
    desk, call = scene()
    assert desk.state(call).phase is SCENES[scene]


@scenes
def test_the_caller_hangs_up(scene: Scene) -> None:
    desk, call = scene()
    desk.goes(call)
    nothing_is_left(desk, call, Outcome.ANSWERED if scene in TALKED else None)


@scenes
def test_the_caller_hangs_up_after_everybody_else(scene: Scene) -> None:
    desk, call = scene()
    while call in desk.switch.legs and (rest := others(desk, call)):
        desk.goes(rest[0])
    if call in desk.switch.legs:
        desk.goes(call)
    nothing_is_left(desk, call)


@scenes
@pytest.mark.parametrize("how", [Ending.NORMAL, Ending.LOST])
def test_all_hang_up_at_once_in_whatever_order_it_is_told(scene: Scene, how: Ending) -> None:
    legs = len(others(*scene())) + 1
    for order in permutations(range(legs)):
        desk, call = scene()
        everybody = [call, *others(desk, call)]
        for index in order:
            desk.switch.far_end_goes(everybody[index], how)
        desk.news()
        nothing_is_left(desk, call)


@scenes
def test_the_caller_hangs_up_while_another_answers(scene: Scene) -> None:
    desk, call = scene()
    ringing = [leg for leg in others(desk, call) if not desk.switch.legs[leg].answered]
    for leg in ringing:
        desk.switch.far_end_answers(leg)
    desk.switch.far_end_goes(call)
    desk.news()
    nothing_is_left(desk, call)


@scenes
def test_an_answer_told_after_the_callers_end_is_hung_up(scene: Scene) -> None:
    desk, call = scene()
    ringing = [leg for leg in others(desk, call) if not desk.switch.legs[leg].answered]
    desk.switch.far_end_goes(call)
    for leg in ringing:
        desk.switch.far_end_answers(leg)
    desk.news()
    nothing_is_left(desk, call)


def test_the_caller_goes_before_the_operators_leg_is_made() -> None:
    desk, call = waiting()
    desk.switch.far_end_goes(call)  # not told yet: Asterisk refuses a leg for nobody
    desk.operator_ready("001", "seat01")
    assert len(desk.sent(Dial)) == 1
    desk.news()
    nothing_is_left(desk, call, Outcome.ABANDONED)
    assert desk.operator("001").status is OperatorStatus.READY


@pytest.mark.parametrize(
    "wish", [AddPartner("001", "12319"), Forward("001", "12319"), CallEmergency("001")]
)
def test_the_caller_goes_before_the_partners_leg_is_made(
    wish: AddPartner | Forward | CallEmergency,
) -> None:
    desk, call = talking()
    desk.switch.far_end_goes(call)
    desk.asks(wish)
    nothing_is_left(desk, call, Outcome.ANSWERED)


@pytest.mark.parametrize("seat_goes", [True, False])
def test_the_operator_goes_before_the_partners_leg_is_made(seat_goes: bool) -> None:
    """The wish was on its way when the operator's telephone hung up: it is a forward then."""
    desk, call = talking()
    desk.switch.far_end_goes(desk.leg_of(call), Ending.LOST if seat_goes else Ending.NORMAL)
    desk.asks(AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    desk.answers(partner)
    assert desk.together(call) == {call, partner}
    desk.goes(call)
    nothing_is_left(desk, call, Outcome.ANSWERED)


@pytest.mark.parametrize(
    "late", [LegAnswered("{call}_9"), LegEnded("{call}_9"), LegAnswered("15.9_1")]
)
def test_news_of_legs_that_nobody_knows_change_no_call(late: LegAnswered | LegEnded) -> None:
    desk, call = talking()
    before = desk.state(call)
    event: Event = type(late)(late.leg.format(call=call))
    desk.happens(event)
    desk.news()
    assert desk.state(call) == before


def test_a_leg_that_is_answered_when_nobody_waits_for_it_any_more_is_hung_up() -> None:
    """Its dialling had been given up, and it was made all the same."""
    desk, call = talking()
    desk.happens(AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    desk.happens(LegEnded(partner, Ending.UNREACHABLE))
    desk.answers(partner)
    assert partner not in desk.switch.legs
    assert desk.together(call) == {call, desk.leg_of(call)}
