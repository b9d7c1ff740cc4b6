"""Operators call on an order's behalf, and have callers too."""

from __future__ import annotations

from dataclasses import replace

from callcenter.analytics.periods import By
from callcenter.analytics.report import Of
from callcenter.calls.commands import SendDigits
from callcenter.calls.events import CallForOrder, Ending
from callcenter.orders.outbound import Called, OutboundOutcome
from callcenter.orders.record import Outcome
from tests.scenarios.day import Day
from tests.scenarios.people import NEVER, Caller


def test_operators_call_citizens_about_their_orders() -> None:
    """Three orders of the morning: one citizen is reached, one is busy, one does not answer. None
    of it counts as a call to us, and callers have the other operator meanwhile."""
    day = Day("2017-12-01T10:00")
    day.sits("001")
    citizens = []
    for n in range(3):
        citizens.append(day.calls(Caller(number=f"1380000000{n}", talk=30)))
        day.wait(120)
    day.sits("002")
    day.phones = [5.0, Ending.BUSY, NEVER]
    assert day.asks(CallForOrder("002", day.reference(citizens[0]))) == "not_yours"
    for citizen in citizens:
        assert day.asks(CallForOrder("001", day.reference(citizen))) == ""
        assert day.asks(CallForOrder("001", day.reference(citizen))) != "", "one at a time"
        day.wait(20)
        meanwhile = day.calls(Caller(talk=30))
        day.wait(280)
        assert day.order_of(meanwhile).operator == "002"
        assert day.waited(meanwhile) == 4
    day.ends()
    assert [(each.order_call, each.outcome) for each in day.outbound.values()] == [
        (citizens[0].id, OutboundOutcome.ANSWERED),
        (citizens[1].id, OutboundOutcome.BUSY),
        (citizens[2].id, OutboundOutcome.NO_ANSWER),
    ]
    assert day.outcomes() == {Outcome.ANSWERED: 6}
    total = day.books.report(By.DAY, Of.OPERATOR).total_work
    assert total is not None
    assert total.offers == total.taken == 6


def test_a_department_is_called_about_a_forwarded_order() -> None:
    """The local tax office talked with the citizen itself: only who may call for any order calls it
    again, by 12366 and then 2, and reaches it the second time."""
    day = Day("2017-12-01T10:00")
    day.sits("001")
    day.phones = [Ending.BUSY, 5.0]
    order = day.reference(day.calls(Caller("80900001", number="13800000001", talk=30)))
    day.wait(60)
    assert day.asks(CallForOrder("001", order, Called.UNIT)) == "not_yours"
    order = replace(order, for_anybody=True)
    for _ in range(2):
        assert day.asks(CallForOrder("001", order, Called.UNIT)) == ""
        day.wait(300)
    day.ends()
    made = [(each.number, each.outcome) for each in day.outbound.values()]
    assert made == [("12366-2", OutboundOutcome.BUSY), ("12366-2", OutboundOutcome.ANSWERED)]
    assert [each.digits for each in day.sent(SendDigits)] == ["2", "2"]
    assert day.outcomes() == {Outcome.FORWARDED: 1}
