"""A trunk by which no call gets out is told of, and one that works is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcenter.calls.events import Ending
from callcenter.orders.record import LegRecord, LegRole
from callcenter.trunk_watch import FORGET_SECONDS, IN_A_ROW, TrunkWatch
from tests.fakes.orders import ENDED


class Calls:
    """Calls to a partner by a trunk, one a minute."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.made = 0
        self.watch = TrunkWatch(lambda: self.now)

    def end(
        self,
        outcome: Ending,
        *,
        answered: bool = False,
        trunk: str = "unicom",
        after: float = 60.0,
    ) -> None:
        self.now += after
        self.made += 1
        leg = LegRecord(
            leg=f"15.{self.made}_1",
            role=LegRole.PARTNER,
            party="12319",
            place=trunk,
            began=self.now - 10,
            answered=self.now - 5 if answered else None,
            ended=self.now,
            outcome=outcome,
        )
        record = replace(ENDED, legs=(*ENDED.legs, leg))
        for _ in range(2):  # the call goes on, and its record tells the same leg again
            self.watch.note(record)


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.mark.parametrize("how", [Ending.UNREACHABLE, Ending.CONGESTION])
def test_several_failures_in_a_row_are_told(calls: Calls, how: Ending) -> None:
    for _ in range(IN_A_ROW - 1):
        calls.end(how)
    assert calls.watch.told() == "calls get through"
    calls.end(how)
    assert calls.watch.told() == f"unicom: the last {IN_A_ROW} calls failed ({how})"
    assert calls.watch.failing()["unicom"].since == 1060.0


def test_those_that_fail_at_the_same_moment_all_count(calls: Calls) -> None:
    for _ in range(IN_A_ROW):
        calls.end(Ending.UNREACHABLE, after=0.0)
    assert calls.watch.failing()["unicom"].calls == IN_A_ROW


@pytest.mark.parametrize("how", [Ending.BUSY, Ending.NO_ANSWER, Ending.DECLINED, Ending.NORMAL])
def test_one_that_got_through_ends_it(calls: Calls, how: Ending) -> None:
    for _ in range(IN_A_ROW):
        calls.end(Ending.UNREACHABLE)
    calls.end(how, answered=how is Ending.NORMAL)
    assert calls.watch.failing() == {}
    calls.end(Ending.UNREACHABLE)
    assert calls.watch.failing() == {}


def test_one_that_its_caller_gave_up_says_nothing(calls: Calls) -> None:
    for _ in range(IN_A_ROW):
        calls.end(Ending.UNREACHABLE)
        calls.end(Ending.NORMAL)
    assert "unicom" in calls.watch.failing()


def test_each_trunk_counts_by_itself(calls: Calls) -> None:
    for trunk in ("unicom", "telecom", "unicom", "mobile", "unicom"):
        calls.end(Ending.UNREACHABLE, trunk=trunk)
    assert [*calls.watch.failing()] == ["unicom"]


def test_it_is_forgotten_where_nobody_tries_any_more(calls: Calls) -> None:
    for _ in range(IN_A_ROW):
        calls.end(Ending.CONGESTION)
    calls.now += FORGET_SECONDS
    assert calls.watch.failing() == {}
    calls.end(Ending.CONGESTION)
    assert calls.watch.failing() == {}, "it begins anew"


def test_operators_and_callers_own_legs_are_no_calls_out(calls: Calls) -> None:
    for leg in ENDED.legs:
        for _ in range(IN_A_ROW):
            lost = replace(leg, ended=calls.now, outcome=Ending.UNREACHABLE)
            calls.watch.note(replace(ENDED, legs=(lost,)))
            calls.now += 1
    assert calls.watch.failing() == {}
