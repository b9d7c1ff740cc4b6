"""Nights on which numbers change hands, and other edits of the plan while people wait."""

from __future__ import annotations

from callcenter.orders.record import Outcome
from tests.scenarios.city import city, hotline, leads, queue
from tests.scenarios.day import Day
from tests.scenarios.people import Caller


def test_the_night_of_a_cutover() -> None:
    """On 2017-08-01 12365 and 87269326 come to us: who called before midnight talks on with the
    department, who calls after it comes to our queue, the latter hearing that the number is old."""
    day = Day("2017-07-31T23:50")
    day.sits("001")
    kept, retired = (day.calls(Caller(number, talk=1200)) for number in ("12365", "87269326"))
    day.until("23:59")
    late = day.calls(Caller("12365", talk=300))
    day.until("00:01")
    new_kept = day.calls(Caller("12365", talk=30))
    day.until("00:05")
    new_retired = day.calls(Caller("87269326", talk=30))
    day.ends()
    for caller in (kept, retired, late):
        assert day.outcome_of(caller) is Outcome.FORWARDED
        assert day.order_of(caller).number.split("-")[1] == "20170731"
        assert day.heard(caller.id) == []
    for number, caller in enumerate((new_kept, new_retired), 1):
        assert day.outcome_of(caller) is Outcome.ANSWERED
        assert day.order_of(caller).number == f"320481-20170801-{number:04}"
    assert day.heard(new_kept.id)[0] == ("greeting",)
    assert day.heard(new_retired.id)[0] == ("forwarded_87269326",)
    assert day.order_of(new_retired).owner == "发改委"


def test_the_first_night_of_the_formal_run() -> None:
    """Until midnight callers of old numbers are connected; then they only hear the new number. Who
    waits at midnight is connected all the same."""
    day = Day("2018-06-30T23:58")
    day.sits("001")
    first = day.calls(Caller("87269326", talk=240))
    waiting = day.calls(Caller("87286017", talk=30))
    day.until("00:01")
    late = day.calls(Caller("87286017", talk=30))
    same = day.calls(Caller("12365", talk=30))
    day.ends()
    outcomes = [day.outcome_of(each) for each in (first, waiting, late, same)]
    assert outcomes == [Outcome.ANSWERED, Outcome.ANSWERED, Outcome.ANNOUNCED, Outcome.ANSWERED]
    assert day.heard(late.id) == [("announced_87286017",)]
    assert day.waited(waiting) > 240


def test_an_edit_takes_a_queue_away_while_callers_wait_in_it() -> None:
    """Nobody is stranded: they are served before all who come later, as callers of the hotline."""
    second = (queue("second", "skills: [policy]"), leads("12365", "queue: second"))
    day = Day("2017-12-01T10:00", city(*second))
    waiting = [day.calls(Caller("12365", talk=30)) for _ in range(3)]
    day.sits("001")
    day.wait(60)
    assert day.served() == [], "001 knows nothing of policy"
    day.plan_changes(city())
    later = day.calls(Caller("12365", talk=30))
    day.ends()
    assert day.outcomes() == {Outcome.ANSWERED: 4}
    answered = [day.order_of(caller).answered for caller in (*waiting, later)]
    assert answered == sorted(answered, key=lambda at: at or 0)


def test_an_edit_gives_the_queue_a_shorter_limit() -> None:
    """A shorter limit holds for who comes after the edit; who waits keeps what was promised."""
    day = Day("2017-12-01T10:00")
    before = day.calls()
    day.wait(30)
    day.plan_changes(city(hotline("max_wait_seconds: 60")))
    after = day.calls()
    day.ends()
    assert day.outcomes() == {Outcome.TIMED_OUT: 2}
    assert (day.waited(before), day.waited(after)) == (1800, 60)
