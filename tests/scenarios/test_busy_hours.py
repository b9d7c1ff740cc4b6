"""Many callers at once: in order of their arrival, and as long as they are patient."""

from __future__ import annotations

from collections import Counter

from callcenter.orders.record import Outcome
from tests.scenarios.city import city, hotline
from tests.scenarios.day import Day
from tests.scenarios.people import Caller


def test_a_busy_hour_with_fifteen_operators_on_twenty_seats() -> None:
    """They sit where they like (R61); more calls come than they can take."""
    day = Day("2017-12-01T09:00")
    for number in range(1, 16):
        day.sits(f"{number:03}", f"seat{21 - number:02}")
    day.call_between("09:00", "10:00", an_hour=360)
    books = day.ends()
    outcomes = day.outcomes()
    assert set(outcomes) == {Outcome.ANSWERED, Outcome.ABANDONED}
    assert 320 <= sum(outcomes.values()) <= 400
    assert outcomes[Outcome.ANSWERED] > 300
    hour = day.hours()["09:00"]
    assert hour.reached == hour.offered == len(books.orders)
    assert hour.service_level is not None
    assert hour.service_level < 0.8, "far too many for them"
    taken = Counter(order.operator for order in books.orders if order.operator)
    assert len(taken) == 15
    assert max(taken.values()) - min(taken.values()) <= 12


def test_who_comes_first_is_served_first() -> None:
    """Ten callers within ten seconds, and one operator: each waits for all before them."""
    day = Day("2017-12-01T10:00")
    day.sits("001", wraps_up=30)
    callers = []
    for _ in range(10):
        callers.append(day.calls(Caller(talk=60)))
        day.wait(1)
    day.ends()
    # Rung 4 s, the number spoken 3 s, 60 s of talk, 30 s of wrap-up: 97 s a call.
    assert [day.waited(caller) for caller in callers] == [4 + 97 * n - n for n in range(10)]
    assert day.outcomes() == {Outcome.ANSWERED: 10}
    assert day.hours()["10:00"].answered_in_15s == 1


def test_who_has_no_patience_left_makes_room_for_the_others() -> None:
    """One is answered at once, the next as their turn comes after 83 s; all others have gone."""
    day = Day("2017-12-01T10:00")
    day.sits("001", wraps_up=20)
    callers = [day.calls(Caller(talk=60, patience=60)) for _ in range(5)]
    last = day.calls(Caller(talk=60, patience=100))
    day.ends()
    outcomes = [day.outcome_of(caller) for caller in callers]
    assert outcomes == [Outcome.ANSWERED, *[Outcome.ABANDONED] * 4]
    assert day.outcome_of(last) is Outcome.ANSWERED
    assert day.waited(last) == 4 + 87
    assert [day.waited(caller) for caller in callers[1:]] == [57] * 4, "60 s less the greeting"
    assert len(day.centre.missed) == 0, "they withheld their numbers"


def test_nobody_waits_longer_than_the_queue_says() -> None:
    """Nobody is signed in: after ten minutes each hears sorry, and is on the callback list."""
    day = Day("2017-12-01T10:00", city(hotline("max_wait_seconds: 600")))
    callers = []
    for number in range(5):
        callers.append(day.calls(Caller(number=f"1380000000{number}")))
        day.wait(60)
    day.ends()
    assert day.outcomes() == {Outcome.TIMED_OUT: 5}
    assert {day.waited(caller) for caller in callers} == {600}
    assert {day.heard(caller.id)[-1] for caller in callers} == {("queue_sorry",)}
    assert sorted(day.centre.missed) == [f"+861380000000{number}" for number in range(5)]


def test_the_longest_idle_operator_is_asked() -> None:
    """Calls a minute apart go round; who had a break has been idle for a shorter time."""
    day = Day("2017-12-01T10:00")
    day.shift(1, 3)
    day.at("10:05", lambda: day.away_for("002", 1, "break"))
    for _ in range(10):
        day.calls(Caller(talk=10))
        day.wait(60)
    day.ends()
    assert day.served() == [
        *("001", "002", "003", "001", "002", "003"),
        *("001", "003", "002", "001"),
    ]


def test_the_figures_of_each_hour_are_what_happened() -> None:
    """At nine o'clock one operator is there: two calls in time, one late, one given up after 57 s
    and one at once. At ten o'clock two are there; at eleven nobody calls; at noon one gives up."""
    day = Day("2017-12-01T09:00")
    day.sits("001", wraps_up=10)
    day.calls(Caller(talk=100))
    day.wait(1)
    day.calls(Caller(talk=20))
    day.calls(Caller(patience=60))
    day.calls(Caller(patience=13))
    day.until("09:30")
    day.calls(Caller(talk=20))
    day.until("10:00")
    day.sits("002")
    for _ in range(2):
        day.calls(Caller(talk=300))
    day.until("12:00")
    day.goes_home("001")
    day.goes_home("002")
    day.calls(Caller(patience=23))
    day.ends()
    hours = day.hours()
    assert list(hours) == ["09:00", "10:00", "12:00"]
    nine, ten, noon = hours.values()
    assert (nine.offered, nine.outcomes[Outcome.ANSWERED]) == (5, 3)
    assert (nine.answered_in_time, nine.abandoned_short) == (2, 1)
    assert (nine.service_level, nine.connect_rate) == (0.4, 0.6)
    assert nine.wait_seconds == 4 + (4 + 3 + 100 + 10 + 4 - 1) + 57 + 10 + 4
    assert nine.longest_wait_seconds == 120
    assert (ten.service_level, ten.connect_rate, ten.talk_seconds) == (1.0, 1.0, 2 * 303)
    assert (noon.service_level, noon.wait_seconds, noon.abandoned_short) == (0.0, 20, 0)
