"""Operators come, go, eat, change seats, and miss calls."""

from __future__ import annotations

from functools import partial

from callcenter.analytics.periods import By
from callcenter.analytics.report import Of
from callcenter.calls.events import SignIn, SignOut
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import LegRole, Outcome
from tests.scenarios.city import city, hotline
from tests.scenarios.day import Day
from tests.scenarios.people import Caller, Operator


def test_lunch_by_halves() -> None:
    """Four eat from 11:30, the other four from 12:00, half an hour each but for the end of a talk:
    all in all less than four hours, and half of them are always there."""
    day = Day("2017-12-01T11:00")
    day.shift(1, 8)
    for number in range(1, 9):
        half = "11:30" if number <= 4 else "12:00"
        day.at(half, partial(day.away_for, f"{number:03}", 30))
    day.call_between("11:00", "13:00", an_hour=60)
    day.until("13:00")
    work = day.books.report(By.HOUR, Of.OPERATOR).total_work
    assert work is not None
    assert work.signed_in_seconds == 8 * 2 * 3600
    assert 3.5 * 3600 < work.seconds["not_ready"] <= 4 * 3600
    day.ends()
    assert day.outcomes()[Outcome.ANSWERED] > 100
    levels = [hour.service_level or 0.0 for hour in day.hours().values()]
    assert min(levels) > 0.9


def test_shift_change_with_calls_up() -> None:
    """The afternoon takes over the morning's seats as soon as each talk there is over."""
    day = Day("2017-12-01T13:55")
    day.shift(1, 5)
    callers = [day.calls(Caller(talk=400)) for _ in range(5)]
    day.until("14:00")
    waiting = [day.calls(Caller(talk=30)) for _ in range(3)]
    for number in range(1, 6):
        day.goes_home(f"{number:03}")
        refused = day.asks(SignIn(f"{number + 5:03}", f"seat{number:02}"))
        assert refused == "seat_taken"
    day.until("14:05")
    for number in range(6, 11):
        day.sits(f"{number:03}", f"seat{number - 5:02}")
    day.ends()
    assert day.outcomes() == {Outcome.ANSWERED: 8}
    assert {day.order_of(caller).operator for caller in callers} == {
        "001",
        "002",
        "003",
        "004",
        "005",
    }
    assert {day.order_of(caller).operator for caller in waiting} == {"006", "007", "008"}
    assert all(order.ended_by == "caller" for order in day.records.values())


def test_an_operator_moves_to_another_seat() -> None:
    """Seat 1 is being repaired: its operator goes on at seat 20, with the same number."""
    day = Day("2017-12-01T10:00")
    day.sits("001")
    before = day.calls(Caller(talk=30))
    day.wait(60)
    assert day.asks(SignOut("001")) == ""
    day.sits("001", "seat20")
    after = day.calls(Caller(talk=30))
    day.ends()
    seats = [
        next(leg.place for leg in day.order_of(each).legs if leg.role is LegRole.OPERATOR)
        for each in (before, after)
    ]
    assert seats == ["seat01", "seat20"]
    assert {order.operator for order in day.records.values()} == {"001"}


def test_who_misses_three_offers_in_a_row_is_asked_no_more() -> None:
    """The caller loses no place by it: another operator has them before those who came later."""
    day = Day("2017-12-01T10:00", city(hotline("not_ready_after_misses: 3")))
    day.sits("001", misses=9)
    first = day.calls(Caller(talk=30))
    second = day.calls(Caller(talk=30))
    day.wait(3 + 3 * 20)
    assert day.operator("001").status is OperatorStatus.NOT_READY
    assert day.operator("001").reason == "missed"
    assert day.served() == ["001"] * 3
    day.sits("002")
    day.ends()
    assert day.waited(first) == 60 + 4
    assert day.waited(second) == 60 + 4 + 3 + 30 + 20 + 4
    work = {row.key: row.work for row in day.books.report(By.DAY, Of.OPERATOR).rows if row.work}
    assert (work["001"].offers, work["001"].missed, work["001"].taken) == (3, 3, 0)
    assert (work["002"].offers, work["002"].missed, work["002"].taken) == (2, 0, 2)


def test_a_shift_on_a_bare_telephone() -> None:
    """Everything by feature code: signing in, a forward, a break, and signing out, which a caller
    who talks puts off."""
    day = Day("2017-12-01T10:00")
    day.at_seat["seat07"] = Operator("001", "seat07")
    for code in ("*11001", "*12"):
        day.softphone("seat07", code)
        day.wait(5)
    caller = day.calls(Caller(talk=90))
    day.wait(30)
    day.keys(caller.id, "*2112348#")
    day.wait(10)
    assert day.operator("001").status is OperatorStatus.WRAP_UP
    day.softphone("seat07", "*131")
    day.wait(600)
    day.softphone("seat07", "*12")
    following = day.calls(Caller(talk=60))
    day.wait(20)
    day.keys(following.id, "*14")
    assert day.operator("001").status is OperatorStatus.TALKING, "not before the caller has gone"
    day.wait(100)
    day.softphone("seat07", "*14")
    assert day.operator("001").status is OperatorStatus.OFFLINE
    day.ends()
    assert day.outcomes() == {Outcome.ANSWERED: 2}
    partner = day.order_of(caller).legs[-1]
    assert (partner.hotline, partner.unit, partner.outcome) == ("12348", "司法局", "normal")
