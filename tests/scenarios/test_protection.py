"""Those who keep others from being served: robots, nuisances, silence. And what callers thought."""

from __future__ import annotations

from functools import partial

from callcenter.calls.events import BlockCaller, HangUp, KeepCaller, MarkNuisance, ReleaseSilent
from callcenter.numberplan.model import Treatment
from callcenter.orders.record import Barred, Outcome
from tests.scenarios.city import city, hotline
from tests.scenarios.day import Day
from tests.scenarios.people import Caller

ROBOT = "13800000666"
LIMITED = (
    "dialplan/protection.yaml",
    "# limits:\n#   - {calls: 6, minutes: 10}\n#   - {calls: 30, minutes: 1440}\n",
    "limits:\n  - {calls: 3, minutes: 10}\n",
)


def test_a_robot_that_calls_every_half_minute() -> None:
    """For a quarter of an hour: three of its calls are let in every ten minutes, and all others are
    served as if it were not there."""
    day = Day("2017-12-01T10:00", city(LIMITED))
    day.shift(1, 4)
    robots = []
    for second in range(0, 900, 30):
        robot = Caller(number=ROBOT, talk=10)
        robots.append(robot)
        day.later(second, partial(day.calls, robot))
    citizens = [Caller(number=f"13900000{n:03}", talk=60) for n in range(15)]
    for place, citizen in enumerate(citizens):
        day.later(60 * place, partial(day.calls, citizen))
    day.ends()
    let_in = [n for n, each in enumerate(robots) if day.outcome_of(each) is Outcome.ANSWERED]
    assert let_in == [0, 1, 2, 20, 21, 22]
    kept_out = [day.order_of(each) for n, each in enumerate(robots) if n not in let_in]
    assert {(each.outcome, each.barred) for each in kept_out} == {
        (Outcome.REJECTED, Barred.LIMITED)
    }
    assert {day.outcome_of(each) for each in citizens} == {Outcome.ANSWERED}
    assert {day.waited(each) for each in citizens} == {4.0}


def test_blocked_callers() -> None:
    """One is told why, one hears busy, one is served after all others; an hour later nobody is
    blocked any more. A department's own line cannot be blocked."""
    day = Day("2017-12-01T10:00")
    until = day.now + 3600
    for n, treatment in enumerate((Treatment.ANNOUNCE, Treatment.REJECT, Treatment.LAST)):
        block = BlockCaller(f"1380000000{n}", until, "", treatment, "001")
        assert day.leader(block) == ""
    block = BlockCaller("0519 80901002", until, "", Treatment.REJECT, "001")
    assert day.leader(block) == "number_of_plan"
    told, refused, last = (day.calls(Caller(number=f"1380000000{n}", talk=30)) for n in range(3))
    others = [day.calls(Caller(talk=30)) for _ in range(2)]
    day.wait(10)
    day.sits("001")
    day.until("11:00")
    again = [day.calls(Caller(number=f"1380000000{n}", talk=30)) for n in range(3)]
    day.ends()
    assert [day.outcome_of(each) for each in (told, refused)] == [Outcome.REJECTED] * 2
    assert (day.heard(told.id), day.heard(refused.id)) == ([("caller_blocked",)], [])
    served = [call for call, _ in day.onlooker.offers]
    assert served[:3] == [*(each.id for each in others), last.id]
    assert {day.outcome_of(each) for each in again} == {Outcome.ANSWERED}


def test_who_is_marked_three_times_is_blocked_for_three_days() -> None:
    """Operators mark the caller; the fourth call is told why, the one after three days let in."""
    day = Day("2017-12-01T10:00")
    day.sits("001", does={5: MarkNuisance})
    calls: list[Caller] = []
    for at in ("12-01T12", "12-02T12", "12-03T12", "12-03T13", "12-06T13"):
        day.until(f"2017-{at}:00")
        calls.append(day.calls(Caller(number=ROBOT, talk=20)))
    day.ends()
    outcomes = [day.outcome_of(each) for each in calls]
    assert outcomes == [*[Outcome.ANSWERED] * 3, Outcome.REJECTED, Outcome.ANSWERED]
    assert [day.order_of(each).nuisance for each in calls] == [*["001"] * 3, None, "001"]


def test_silent_callers_do_not_hold_up_an_operator() -> None:
    """Nothing is heard of five callers: each is told so and released after 15 s; the sixth speaks
    after all and is kept."""
    day = Day("2017-12-01T10:00")
    operator = day.sits("001", does={10: ReleaseSilent})
    silent = [day.calls(Caller(talk=600)) for _ in range(5)]
    day.wait(5 * 52)
    operator.does = {10: ReleaseSilent, 20: KeepCaller}
    kept = day.calls(Caller(talk=100))
    day.ends()
    assert day.outcomes() == {Outcome.ANSWERED: 6}
    assert [day.order_of(each).ended_by for each in (*silent, kept)] == [*["silent"] * 5, "caller"]
    lengths = {
        (day.order_of(each).ended or 0) - (day.order_of(each).answered or 0) for each in silent
    }
    assert lengths == {10 + 15}


def test_a_survey_after_each_call() -> None:
    """By key: satisfied and solved; a wrong key first; listened to again; nothing; hung up before.
    One has no comment, one skips it, others say something. The operators have the next callers
    meanwhile."""
    day = Day("2017-12-01T10:00", city(hotline("survey: satisfaction")))
    day.sits("001", does={60: HangUp})
    keys: tuple[tuple[float, dict[str, str | list[str]]], ...] = (
        (20, {"survey_service": "5", "survey_solved": "1"}),
        (20, {"survey_service": ["9", "4"], "survey_solved": "2", "survey_comment": "#"}),
        (70, {"survey_service": ["*", "1"], "survey_solved": "1"}),
        (0, {}),
    )
    callers = [day.calls(Caller(presses=each, says=says, talk=600)) for says, each in keys]
    first_to_go = day.calls(Caller(talk=30))
    day.ends()
    answers = [
        [(each.question, each.meaning) for each in day.order_of(caller).answers]
        for caller in callers
    ]
    assert answers == [
        [("service", "非常满意"), ("solved", "已解答"), ("comment", "")],
        [("service", "满意"), ("solved", "未解答")],
        [("service", "非常不满意"), ("solved", "已解答"), ("comment", "")],
        [],
    ]
    assert {day.order_of(each).ended_by for each in callers} == {"operator"}
    assert day.order_of(first_to_go).ended_by == "caller"
    assert day.heard(callers[0].id)[-1] == ("survey_thanks",)
    waits = [day.waited(each) for each in (*callers, first_to_go)]
    assert waits == [4 + n * (60 + 20 + 4) for n in range(5)]
