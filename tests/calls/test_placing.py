"""A waiting caller's priority is changed, or the caller is moved to another queue."""

from __future__ import annotations

import pytest

from callcenter.calls.commands import StartMusic
from callcenter.calls.events import ChangePriority, MoveWaiting
from callcenter.calls.state import Phase
from callcenter.numberplan.model import Plan
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk
from tests.plans import with_queues


def two_queues() -> Plan:
    """`second` has music and a limit of its own; `closed` is closed on this Friday."""
    return with_queues(
        """
  hotline: {title: 综合受理, max_wait_seconds: 600}
  second: {title: 政策, music: second, max_wait_seconds: 300, skills: [policy]}
  closed: {title: 白天, hours: mondays, closed: {announce: not_possible}}
""",
        operators="""
skills: {policy: 政策咨询}
operators:
  '001': {name: 李静}
  '002': {name: 陈刚, skills: [policy]}
""",
    )


def test_who_has_a_higher_priority_is_offered_first_then_who_waited_longer() -> None:
    desk = Desk(plan=two_queues())
    calls = []
    for _ in range(4):
        calls.append(desk.call())
        desk.wait(1)
    assert desk.asks(ChangePriority(calls[2], 2)) == ""
    assert desk.asks(ChangePriority(calls[3], 2)) == ""
    assert desk.asks(ChangePriority(calls[0], -1)) == ""
    desk.operator_ready("001", "seat01")
    served = []
    for _ in calls:
        served.append(desk.dialled()[-1].call)
        desk.goes(served[-1])
    assert served == [calls[2], calls[3], calls[1], calls[0]]


def test_the_priority_of_a_caller_whose_operator_is_rung_counts_if_that_fails() -> None:
    desk = Desk(plan=two_queues())
    desk.operator_ready("001", "seat01")
    call = desk.call()
    desk.wait(1)
    other = desk.call()
    assert desk.asks(ChangePriority(call, -5)) == ""
    assert desk.state(call).phase is Phase.OFFERED
    desk.goes(desk.ringing_at("seat01"))
    desk.operator_ready("002", "seat02")
    assert desk.dialled()[-1].call == other


@pytest.mark.parametrize("priority", [-10, 10])
def test_a_priority_out_of_range_is_refused(priority: int) -> None:
    desk = Desk(plan=two_queues())
    assert desk.asks(ChangePriority(desk.call(), priority)) == "priority_out_of_range"


def test_a_caller_who_talks_or_is_gone_has_no_place_in_a_queue() -> None:
    desk = Desk(plan=two_queues())
    desk.operator_ready("001", "seat01")
    call = desk.call()
    desk.answers(desk.ringing_at("seat01"))
    assert desk.asks(ChangePriority(call, 1)) == "not_waiting"
    assert desk.asks(MoveWaiting(call, "second")) == "not_waiting"
    assert desk.asks(ChangePriority("1.1", 1)) == "not_waiting"
    assert desk.asks(MoveWaiting("1.1", "second")) == "not_waiting"


def test_a_moved_caller_keeps_the_wait_and_is_first_where_others_came_later() -> None:
    desk = Desk(plan=two_queues())
    call = desk.call()
    desk.wait(10)
    later = desk.call("12310")
    assert desk.asks(MoveWaiting(call, "second")) == ""
    desk.operator_ready("002", "seat02")
    assert desk.dialled()[-1].call == call
    assert desk.state(later).phase is Phase.WAITING


def test_a_moved_caller_is_offered_at_once_where_somebody_is_free() -> None:
    desk = Desk(plan=two_queues())
    desk.operator_ready("001", "seat01")
    call = desk.call("12310")
    assert desk.dialled() == []
    assert desk.asks(MoveWaiting(call, "hotline")) == ""
    assert desk.rings_at("seat01")


def test_a_moved_caller_hears_the_music_of_the_other_queue() -> None:
    desk = Desk(plan=two_queues())
    call = desk.call()
    desk.asks(MoveWaiting(call, "second"))
    assert desk.sent(StartMusic) == [StartMusic(call, "default"), StartMusic(call, "second")]


def test_the_limit_of_the_other_queue_counts_from_the_move() -> None:
    desk = Desk(plan=two_queues())
    call = desk.call()
    desk.wait(200)
    desk.asks(MoveWaiting(call, "second"))
    desk.wait(299)
    assert desk.state(call).phase is Phase.WAITING
    desk.wait(1)
    assert desk.heard(call)[-1] == ("queue_sorry",)
    desk.prompt_ends(call)
    assert desk.order(call).outcome is Outcome.TIMED_OUT
    assert desk.order(call).queue == "second"


def test_nobody_is_moved_to_a_queue_that_is_not_there_or_closed() -> None:
    desk = Desk(plan=two_queues())
    call = desk.call()
    assert desk.asks(MoveWaiting(call, "nowhere")) == "unknown_queue"
    assert desk.asks(MoveWaiting(call, "closed")) == "queue_closed"
    assert desk.state(call).queue == "hotline"


def test_moving_to_where_the_caller_is_changes_nothing() -> None:
    desk = Desk(plan=two_queues())
    call = desk.call()
    before, lines = desk.state(call), list(desk.queue_log)
    assert desk.asks(MoveWaiting(call, "hotline")) == ""
    assert (desk.state(call), desk.queue_log) == (before, lines)


def test_a_move_is_the_end_of_one_wait_and_the_start_of_another_in_queue_log() -> None:
    desk = Desk(plan=two_queues())
    call = desk.call()
    desk.wait(30)
    desk.asks(MoveWaiting(call, "second"))
    desk.operator_ready("002", "seat02")
    desk.wait(5)
    desk.answers(desk.ringing_at("seat02"))
    told = [line.split("|", 1)[1] for line in desk.queue_log if line.split("|")[1] == call]
    leg = desk.leg_of(call)
    assert told == [
        f"{call}|hotline|NONE|ENTERQUEUE|||1",
        f"{call}|hotline|NONE|WITHDRAW|1|1|30|to second",
        f"{call}|second|NONE|ENTERQUEUE|||1",
        f"{call}|second|002|CONNECT|5|{leg}|5",
    ]
