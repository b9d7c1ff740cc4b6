"""In time the centre itself forgets whom it knew."""

from __future__ import annotations

import pytest

from callcenter.calls.codec import decode_event, encode_event
from callcenter.calls.events import BlockCaller, MarkNuisance, PersonsForgotten, UnblockCaller
from callcenter.calls.forgetting import asked_for
from callcenter.calls.state import Centre
from callcenter.numberplan.model import Treatment
from tests.calls.desk import Desk
from tests.plans import PROTECTION, TEXTS, plan_of, protected_texts

NUMBER, E164 = "13800000001", "+8613800000001"
OTHER = "13800000002"
DAY = 86400.0


@pytest.fixture
def desk() -> Desk:
    return Desk(plan=plan_of(protected_texts(TEXTS, PROTECTION)))


def block(desk: Desk, number: str, days: float) -> None:
    until = desk.now + days * DAY
    request = BlockCaller(number, until, "反复占线", Treatment.ANNOUNCE, "009")
    assert desk.happens(request) is None


def forget(desk: Desk, days: float) -> PersonsForgotten:
    event = asked_for(desk.centre.shield, desk.now - days * DAY, desk.now)
    desk.happens(event)
    return event


def test_who_was_blocked_long_ago_is_forgotten_and_who_is_now_stays(desk: Desk) -> None:
    block(desk, NUMBER, days=1)
    block(desk, OTHER, days=300)
    desk.now += 100 * DAY
    forget(desk, 30)
    shield = desk.centre.shield
    assert [*shield.blocks] == ["+8613800000002"]
    assert shield.changes == ()


def test_what_is_younger_than_the_term_stays(desk: Desk) -> None:
    block(desk, NUMBER, days=1)
    desk.now += 10 * DAY
    before = desk.centre.shield.changes
    forget(desk, 30)
    assert desk.centre.shield.changes == before


def test_marks_and_the_last_order_of_an_operator_are_forgotten(desk: Desk) -> None:
    call = desk.talking_call()
    desk.happens(MarkNuisance("001"))
    desk.goes(call)
    desk.wait(3600)
    assert desk.centre.operators["001"].last_order is not None
    forget(desk, 30)
    assert desk.centre.operators["001"].last_order is not None
    desk.now += 31 * DAY
    forget(desk, 30)
    assert desk.centre.operators["001"].last_order is None
    assert desk.centre.shield.marks == {}


def test_a_journal_that_begins_with_it_keeps_out_whom_it_kept_out(desk: Desk) -> None:
    block(desk, NUMBER, days=300)
    desk.now += 100 * DAY
    event = decode_event(*encode_event(forget(desk, 30)))
    assert isinstance(event, PersonsForgotten)
    later = Desk(plan=desk.plan, now=desk.now, centre=Centre())
    later.happens(event)
    there, now = later.centre.shield.blocks[E164], desk.centre.shield.blocks[E164]
    assert (there.until, there.reason, there.treatment, there.by) == (
        now.until, now.reason, now.treatment, now.by,
    )  # fmt: skip


def test_who_was_let_in_meanwhile_is_not_kept_out_again(desk: Desk) -> None:
    block(desk, NUMBER, days=300)
    event = asked_for(desk.centre.shield, desk.now - 30 * DAY, desk.now)
    assert desk.happens(UnblockCaller(NUMBER, "009")) is None
    desk.happens(event)
    assert desk.centre.shield.blocks == {}
