"""Team leaders take part, and take things into their own hands."""

from __future__ import annotations

from functools import partial

from callcenter.calls.events import (
    BecomeNotReady,
    EndSupervision,
    ForceSignOut,
    PullWaiting,
    Release,
    ReleasedTo,
    Supervise,
    SupervisionMode,
)
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import LegRole, Outcome
from tests.scenarios.city import city, leads, queue
from tests.scenarios.day import Day
from tests.scenarios.people import Caller, Operator

LEADERS_SEAT = "seat20"


def led_day() -> Day:
    """Three operators, and a team leader at seat 20 who answers as they do."""
    day = Day("2017-12-01T10:00")
    day.shift(1, 3)
    day.at_seat[LEADERS_SEAT] = Operator("班长", LEADERS_SEAT)
    return day


def takes_part(mode: SupervisionMode, operator: str = "001") -> Supervise:
    return Supervise(operator, mode, LEADERS_SEAT)


def test_a_team_leader_listens_barges_in_and_takes_over() -> None:
    """The operator wraps up as soon as it is taken over, and has the next call while the team
    leader talks on."""
    day = led_day()
    caller = day.calls(Caller(talk=300))
    day.wait(30)
    for mode in ("listen", "whisper", "barge"):
        assert day.leader(takes_part(SupervisionMode(mode))) == ""
        day.wait(20)
    assert len(day.together(caller.id)) == 3
    assert day.leader(takes_part(SupervisionMode.TAKE_OVER)) == ""
    day.wait(30)
    assert len(day.together(caller.id)) == 2
    assert day.operator("001").status is OperatorStatus.READY
    day.asks(BecomeNotReady("002", "break"))
    day.asks(BecomeNotReady("003", "break"))
    following = day.calls(Caller(talk=30))
    day.ends()
    assert day.order_of(following).operator == "001"
    assert day.ended(following) < day.ended(caller)
    order = day.order_of(caller)
    assert order.outcome is Outcome.ANSWERED
    roles = [leg.role for leg in order.legs]
    assert roles == [LegRole.CALLER, LegRole.OPERATOR, LegRole.SUPERVISOR]
    assert [row.act for row in day.audit] == ["listen", "whisper", "barge", "take_over"]


def test_a_team_leader_listens_to_each_operator_in_turn() -> None:
    """An hour of it: every talk goes on as if nobody were there."""
    day = led_day()
    day.call_between("10:00", "11:00", an_hour=80)
    for minute in range(2, 58, 4):
        operator = f"{1 + minute // 4 % 3:03}"
        listens = takes_part(SupervisionMode.LISTEN, operator)
        day.at(f"10:{minute:02}", partial(day.leader, listens))
        day.at(f"10:{minute + 2:02}", partial(day.leader, EndSupervision(operator)))
    day.ends()
    assert set(day.outcomes()) == {Outcome.ANSWERED, Outcome.ABANDONED}
    assert day.outcomes()[Outcome.ANSWERED] > 60
    talked = [order for order in day.records.values() if order.outcome is Outcome.ANSWERED]
    assert {order.ended_by for order in talked} == {"caller"}
    listened = [row for row in day.audit if row.refusal == ""]
    assert len(listened) > 15


def test_operators_are_released_and_signed_out() -> None:
    """The caller of one goes to the head of the queue, the other's call ends; who is signed out in
    mid-talk goes when it is over."""
    day = led_day()
    callers = [day.calls(Caller(talk=120)) for _ in range(4)]
    day.wait(30)
    assert day.leader(Release("001")) == ""
    assert day.leader(Release("002", ReleasedTo.END)) == ""
    assert day.leader(ForceSignOut("003")) == ""
    assert day.leader(BecomeNotReady("001", "training")) == ""
    assert day.operator("003").status is OperatorStatus.TALKING
    day.ends()
    assert day.outcomes() == {Outcome.ANSWERED: 4}
    assert [day.order_of(each).operator for each in callers] == ["002", "002", "003", "002"]
    assert day.order_of(callers[1]).ended_by == "supervisor"
    served = [call for call, _ in day.onlooker.offers]
    assert served[3:] == [callers[0].id, callers[3].id]
    assert day.operator("003").status is OperatorStatus.OFFLINE


def test_a_team_leader_pulls_a_waiting_call() -> None:
    """For an operator who would not be asked, and before its turn: no other call overtakes one."""
    plan = city(queue("second", "skills: [english]"), leads("12365", "queue: second"))
    day = Day("2017-12-01T10:00", plan)
    day.shift(1, 2)
    first, second = (day.calls(Caller("12365", talk=30)) for _ in range(2))
    day.wait(60)
    assert day.served() == []
    assert day.leader(PullWaiting(second.id, "003")) == "operator_not_ready"
    assert day.leader(PullWaiting(second.id, "002")) == ""
    assert day.leader(PullWaiting(second.id, "001")) == "not_waiting"
    assert day.onlooker.overtaken == [(first.id, second.id)]
    day.onlooker.overtaken.clear()
    day.wait(30)
    day.sits("005")
    day.ends()
    assert [day.order_of(each).operator for each in (first, second)] == ["005", "002"]
