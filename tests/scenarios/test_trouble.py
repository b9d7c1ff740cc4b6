"""What breaks on our side: the controller, softphones, the centre's clock."""

from __future__ import annotations

from functools import partial

from callcenter.calls.events import BecomeReady, Ending, SeatReachable
from callcenter.calls.state import Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import Outcome
from tests.scenarios.day import Day
from tests.scenarios.people import Caller


def test_the_controller_dies_five_times_in_the_busy_hour() -> None:
    """For two seconds each: who talks goes on talking, who waits keeps the place, and only who
    gives up is not answered."""
    day = Day("2017-12-01T09:00")
    day.shift(1, 10)
    day.call_between("09:00", "10:00", an_hour=200)
    for minute in (5, 15, 25, 35, 45):
        day.at(f"09:{minute:02}", partial(day.controller_dies, 2.0))
    day.ends()
    outcomes = day.outcomes()
    assert set(outcomes) == {Outcome.ANSWERED, Outcome.ABANDONED}
    assert outcomes[Outcome.ANSWERED] > 0.8 * len(day.callers)


def test_a_controller_that_is_away_for_a_minute() -> None:
    """Who waits, and who calls meanwhile, waits in Asterisk's own queue, and comes back in order;
    the talk under way goes on."""
    day = Day("2017-12-01T10:00")
    day.sits("001")
    talking = day.calls(Caller(talk=200))
    day.wait(20)
    waiting = [day.calls(Caller(talk=30)) for _ in range(2)]
    day.wait(20)
    day.controller_dies(60.0)
    day.wait(30)
    assert day.switch.legs[talking.id].bridge is not None
    assert all(day.switch.legs[each.id].outside for each in waiting)
    meanwhile = day.calls(Caller(talk=30))
    day.ends()
    assert day.outcomes() == {Outcome.ANSWERED: 4}
    served = [call for call, _ in day.onlooker.offers]
    assert served == [talking.id, *(each.id for each in waiting), meanwhile.id]
    assert day.order_of(talking).ended == day.clock("2017-12-01T10:00:10") + 200


def test_an_operators_telephone_is_lost_in_mid_talk() -> None:
    """The caller is at the head of the queue, and the same operator's once the telephone is back;
    who calls after them waits."""
    day = Day("2017-12-01T10:00")
    day.sits("001")
    caller = day.calls(Caller(talk=60))
    other = day.calls(Caller(talk=30))
    day.wait(30)
    day.happens(SeatReachable("seat01", False))
    day.goes(day.leg_of(caller.id), Ending.LOST)
    assert day.call_of(caller).phase is Phase.WAITING
    day.wait(10)
    assert day.operator("001").reason == "unreachable"
    day.happens(SeatReachable("seat01", True))
    day.news()
    day.ends()
    assert [call for call, _ in day.onlooker.offers] == [caller.id, caller.id, other.id]
    assert day.order_of(caller).waited_again_ms == 14_000


def test_a_softphone_that_goes_away_takes_no_calls() -> None:
    """Its operator is not ready meanwhile, without doing anything, and ready when it is back."""
    day = Day("2017-12-01T10:00")
    day.shift(1, 2)
    day.happens(SeatReachable("seat01", False))
    for _ in range(3):
        day.calls(Caller(talk=20))
        day.wait(60)
    assert day.served() == ["002"] * 3
    assert day.asks(BecomeReady("001")) == "seat_unreachable"
    day.happens(SeatReachable("seat01", True))
    assert day.operator("001").status is OperatorStatus.READY
    day.calls(Caller(talk=20))
    day.calls(Caller(talk=20))
    day.ends()
    assert day.served() == ["002"] * 4 + ["001"]


def test_days_begin_at_midnight_in_shanghai() -> None:
    """Orders are numbered from 0001 again, and today's figures begin anew: 16:00 UTC."""
    day = Day("2017-12-31T23:30")
    day.shift(1, 4)
    day.call_between("23:30", "00:30", an_hour=60)
    day.until("2017-12-31T23:59:59")
    old = day.board().offered
    assert old > 10
    day.until("2018-01-01T00:00:00")
    assert day.board().offered == 0
    day.ends()
    assert {order.number.split("-")[1] for order in day.records.values()} == {
        "20171231",
        "20180101",
    }
    assert day.centre.figures["20171231"].offered == old
    assert day.centre.figures["20180101"].offered == len(day.callers) - old
