"""Where callers are led when what they called is closed: a queue, a partner, a last prompt."""

from __future__ import annotations

import pytest

from callcenter.calls.commands import OutsideAddress, Ring, StartMusic
from callcenter.calls.events import Ending, SipHeaders
from callcenter.calls.state import Phase
from callcenter.numberplan.model import Plan
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk, moment
from tests.plans import edited

TUESDAY = moment("2017-12-05T10:00")
"""The small plan's hours `always` know no day but Monday."""


def closed(to: str) -> Desk:
    """A centre whose only queue is closed, and leads there."""
    return Desk(plan=closed_plan(to), now=TUESDAY)


def closed_plan(to: str) -> Plan:
    hours = f"max_wait_seconds: 1800\n    hours: always\n    closed: {to}"
    return edited("dialplan/queues.yaml", "max_wait_seconds: 1800", hours)


def test_an_announcement_ends_the_call() -> None:
    desk = closed("{announce: system_busy}")
    call = desk.call()
    assert desk.heard(call) == [("system_busy",)]
    desk.prompt_ends(call)
    assert desk.order(call).outcome is Outcome.ANNOUNCED


def test_another_queue_takes_the_caller_after_a_prompt() -> None:
    desk = closed("{queue: night, prompt: system_busy}\n  night: {title: 夜间, greeting: greeting}")
    call = desk.call()
    assert desk.heard(call) == [("system_busy",)]
    desk.prompt_ends(call)
    assert (desk.state(call).phase, desk.state(call).queue) == (Phase.WAITING, "night")


def test_another_queue_greets_with_its_own_words() -> None:
    desk = closed("{queue: night}\n  night: {title: 夜间, greeting: system_busy}")
    assert desk.heard(desk.call()) == [("system_busy",)]


def test_a_partner_rings_at_once() -> None:
    desk = closed("{partner: 12319}")
    call = desk.call()
    assert [dial.to for dial in desk.dialled()] == [OutsideAddress("12319", "12319")]
    assert desk.sent(Ring)
    desk.answers(desk.leg_of(call))
    assert desk.state(call).phase is Phase.FORWARDED
    desk.goes(call)
    order = desk.order(call)
    assert (order.outcome, order.hotline, order.owner) == (Outcome.FORWARDED, "12345", "政务办")
    assert (order.legs[1].hotline, order.legs[1].unit) == ("12319", "城管局")


def test_a_partner_rings_after_a_prompt_and_the_caller_hears_music() -> None:
    desk = closed("{partner: 12366-2, prompt: system_busy}")
    call = desk.call()
    assert desk.heard(call) == [("system_busy",)]
    assert not desk.dialled()
    desk.prompt_ends(call)
    assert desk.sent(StartMusic)
    assert not desk.sent(Ring)
    desk.goes(desk.leg_of(call), Ending.CONGESTION)
    desk.answers(desk.leg_of(call))
    assert desk.together(call) == {call, desk.leg_of(call)}
    assert not desk.switch.legs[call].music


def test_a_partner_who_cannot_be_had_is_told_without_music() -> None:
    desk = closed("{partner: 12319, prompt: system_busy}")
    call = desk.call()
    desk.prompt_ends(call)
    desk.goes(desk.leg_of(call), Ending.BUSY)
    assert desk.heard(call)[-1] == ("forward_busy",)
    assert not desk.switch.legs[call].music
    desk.prompt_ends(call)
    assert desk.order(call).outcome is Outcome.FORWARD_FAILED


def test_a_partner_who_sent_us_the_caller_is_not_dialled_again() -> None:
    desk = closed("{partner: 12319}")
    call = desk.call(headers=SipHeaders(diversion=("<sip:12319@127.0.0.4>",)))
    assert not desk.dialled()
    assert desk.heard(call) == [("forward_unreachable",)]


@pytest.mark.parametrize("prompt", ["", ", prompt: system_busy"])
def test_a_caller_may_hang_up_on_the_way(prompt: str) -> None:
    desk = closed(f"{{partner: 12319{prompt}}}")
    call = desk.call()
    desk.goes(call)
    assert desk.order(call).outcome is Outcome.ABANDONED
    assert not desk.switch.legs


def test_the_prompt_before_a_partner_may_be_lost_in_a_restart() -> None:
    desk = closed("{partner: 12319, prompt: system_busy}")
    call = desk.call()
    desk.switch.legs[call].playing = None
    desk.switch.lose_events()
    desk.happens(desk.switch.reconciled())
    desk.wait(6.0)
    assert desk.state(call).phase is Phase.FORWARDING
