"""Citizens who are called back: by wish, or because their call was missed."""

from __future__ import annotations

from callcenter.calls.commands import Dial, Role
from callcenter.calls.events import CallMissed, CloseMissed, Ending
from callcenter.calls.missed import callback_list
from callcenter.orders.record import Outcome
from tests.scenarios.day import Day
from tests.scenarios.people import NEVER, Caller


def wishes(number: str) -> Caller:
    """Presses 1 when callbacks are offered, and confirms the number."""
    return Caller(number=number, presses={"callback_offer": "1", "callback_confirm": "1"}, talk=60)


def citizens_called(day: Day) -> list[str]:
    """The calls on which citizens were called, in order."""
    return [each.call for each in day.sent(Dial) if each.role is Role.CITIZEN]


def test_callbacks_keep_their_place_in_a_busy_hour() -> None:
    """The second of four wishes to be called back, and is called when their turn has come."""
    day = Day("2017-12-01T10:00")
    day.sits("001")
    callers = [
        *(day.calls(Caller(talk=60)), day.calls(Caller(talk=100))),
        *(day.calls(wishes("13800000001")), day.calls(Caller(talk=60))),
    ]
    day.ends()
    wished = callers[2]
    assert [call for call, _ in day.onlooker.offers] == [each.id for each in callers]
    assert citizens_called(day) == [wished.id]
    assert day.outcomes() == {Outcome.ANSWERED: 3, Outcome.CALLBACK: 1}
    order = day.order_of(wished)
    assert (order.operator, order.ended_by) == ("001", "caller")
    assert order.answered is not None
    assert order.answered > order.opened + 200
    assert not day.centre.missed


def test_a_citizen_who_is_not_reached_is_tried_three_times() -> None:
    """Ten minutes apart, by rule; in between the operator takes other calls."""
    day = Day("2017-12-01T10:00")
    wished = day.calls(wishes("13800000001"))
    wished.answers = [Ending.BUSY, NEVER, Ending.UNREACHABLE]
    day.wait(60)
    day.sits("001")
    day.call_between("10:05", "10:40", an_hour=20)
    day.ends()
    assert len(citizens_called(day)) == 4, "the last one by both carriers"
    assert day.outcome_of(wished) is Outcome.CALLBACK
    assert day.order_of(wished).operator is None
    assert day.outcomes()[Outcome.ANSWERED] >= 5


def test_who_calls_in_while_to_be_called_back_has_the_earlier_place() -> None:
    """The wish is over by it: nobody is called twice."""
    day = Day("2017-12-01T10:00")
    wished = day.calls(wishes("13800000001"))
    day.wait(60)
    other = day.calls(Caller(talk=30))
    day.wait(60)
    again = day.calls(Caller(number="13800000001", talk=30))
    day.wait(30)
    day.sits("001")
    day.ends()
    assert [call for call, _ in day.onlooker.offers] == [again.id, other.id]
    assert citizens_called(day) == []
    assert day.outcome_of(wished) is Outcome.CALLBACK
    assert day.outcome_of(again) is Outcome.ANSWERED


def test_the_missed_calls_of_lunch_are_worked_off_afterwards() -> None:
    """Nobody was there for half an hour: after lunch all who called in vain are called back, but
    for one whose affair is settled and one who has called again."""
    day = Day("2017-12-01T12:00")
    callers = [day.calls(Caller(number=f"1380000000{n}", patience=60, talk=30)) for n in range(5)]
    day.until("12:30")
    day.calls(Caller(number="13800000000", patience=60))
    day.wait(90)
    day.shift(1, 2)
    missed = callback_list(day.centre).missed
    assert {line.number: line.times for line in missed} == {
        "+8613800000000": 2,
        **{f"+861380000000{n}": 1 for n in range(1, 5)},
    }
    day.calls(Caller(number="13800000001", talk=30))
    day.wait(90)
    assert day.asks(CloseMissed("+8613800000002", "001", "短信已复")) == ""
    for operator, number in (("001", "0"), ("002", "3")):
        assert day.asks(CallMissed(operator, f"+861380000000{number}")) == ""
    day.wait(90)
    assert day.asks(CallMissed("002", "+8613800000004")) == ""
    assert day.asks(CallMissed("001", "+8613800000004")) == "unknown_missed"
    day.ends()
    assert [line.number for line in callback_list(day.centre).missed if not line.closed] == []
    assert len(citizens_called(day)) == 3
    assert day.outcomes() == {Outcome.ABANDONED: 6, Outcome.ANSWERED: 1}
    assert [day.order_of(each).operator for each in callers[3:]] == ["002", "002"]
