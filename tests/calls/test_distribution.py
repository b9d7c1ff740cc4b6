"""Which operator is offered a call: skills, penalties, strategies, who talked with the caller last.

Callers of 12345 wait in `hotline`, those of 12310 in `second`; no queue has a greeting.
"""

from __future__ import annotations

import pytest

from callcenter.calls import turn as turns
from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.commands import SeatAddress
from callcenter.calls.events import (
    BecomeNotReady,
    BecomeReady,
    Ending,
    PlanChanged,
    SignIn,
    SignOut,
    SipHeaders,
)
from callcenter.calls.state import Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Plan
from tests.calls.desk import Desk
from tests.plans import with_queues

SEATS = {"001": "seat01", "002": "seat02", "003": "seat03"}
HOTLINE = "  hotline: {title: 综合, announce_operator: false, wrap_up_seconds: 0%s}\n"
SECOND = "  second: {title: 政策, announce_operator: false, wrap_up_seconds: 0%s}\n"


def plan(hotline: str = "", second: str = "", operators: tuple[str, ...] = ("", "", "")) -> Plan:
    """What is written after a queue's title, and after an operator's name."""
    people = "".join(
        f"  '00{index}': {{name: 李静{index}{more}}}\n"
        for index, more in enumerate(operators, start=1)
    )
    return with_queues(
        HOTLINE % hotline + SECOND % second,
        operators=f"skills: {{policy: 政策咨询, english: 英语}}\noperators:\n{people}",
    )


def desk_with(ready: str, *, at: Plan) -> Desk:
    """Operators ready one second after another, in this order: `312` is 003 first."""
    desk = Desk(plan=at)
    for digit in ready:
        desk.operator_ready(f"00{digit}", SEATS[f"00{digit}"])
        desk.wait(1)
    return desk


def rung(desk: Desk) -> list[str]:
    """The seats whose telephones ring now."""
    return [seat for seat in SEATS.values() if desk.rings_at(seat)]


def asked(desk: Desk) -> str:
    """The operator who was rung last."""
    to = desk.dialled()[-1].to
    assert isinstance(to, SeatAddress)
    return next(number for number, seat in SEATS.items() if seat == to.seat)


def served(desk: Desk, number: str = "12345", headers: SipHeaders | None = None) -> str:
    """A caller is answered, talks for 10 s and hangs up: the operator who had the call."""
    call = desk.call(number, headers)
    operator = asked(desk)
    desk.answers(desk.ringing_at(SEATS[operator]))
    desk.wait(10)
    desk.goes(call)
    desk.wait(1)
    return operator


class TestSkills:
    def test_a_level_that_is_too_low_does_not_do(self) -> None:
        levels = (", skills: {english: 1}", ", skills: {english: 2}", ", skills: [english]")
        desk = desk_with("132", at=plan(", skills: {english: 2}", operators=levels))
        desk.call()
        assert rung(desk) == ["seat02"]

    def test_who_has_one_skill_of_two_is_not_asked(self) -> None:
        skills = (", skills: [english]", ", skills: [policy]", ", skills: [policy, english]")
        desk = desk_with("123", at=plan(", skills: [policy, english]", operators=skills))
        desk.call()
        assert rung(desk) == ["seat03"]

    def test_the_best_skilled_is_asked_first_where_the_queue_says_so(self) -> None:
        levels = (", skills: {policy: 2}", ", skills: {policy: 9}", ", skills: {policy: 9}")
        best = ", skills: [policy], best_skilled_first: true"
        desk = desk_with("132", at=plan(best, operators=levels))
        assert served(desk) == "003"
        assert served(desk) == "002"

    def test_otherwise_the_idle_time_alone_counts(self) -> None:
        levels = (", skills: {policy: 2}", ", skills: {policy: 9}", ", skills: {policy: 9}")
        desk = desk_with("132", at=plan(", skills: [policy]", operators=levels))
        assert served(desk) == "001"

    def test_who_gets_a_skill_by_an_edit_of_the_plan_is_offered_the_waiting_caller(self) -> None:
        desk = desk_with("1", at=plan(", skills: [policy]"))
        desk.call()
        assert rung(desk) == []
        desk.plan = plan(", skills: [policy]", operators=(", skills: [policy]", "", ""))
        desk.happens(PlanChanged(desk.plan.hash))
        assert rung(desk) == ["seat01"]


class TestSeveralQueues:
    def test_an_operator_of_two_queues_takes_who_waits_longest_in_either(self) -> None:
        desk = Desk(plan=plan())
        first = desk.call("12310")
        desk.wait(1)
        second = desk.call("12345")
        desk.operator_ready("001", "seat01")
        assert desk.dialled()[-1].call == first
        desk.operator_ready("002", "seat02")
        assert desk.dialled()[-1].call == second

    def test_the_queue_with_the_higher_priority_comes_first(self) -> None:
        desk = Desk(plan=plan(second=", priority: 1"))
        desk.call("12345")
        desk.wait(60)
        urgent = desk.call("12310")
        desk.operator_ready("001", "seat01")
        assert desk.dialled()[-1].call == urgent

    def test_a_hotline_with_a_higher_priority_comes_first_in_its_queue(self) -> None:
        at = with_queues(
            HOTLINE % "" + SECOND % "",
            numbers="""  12348:
    mode: direct_keep
    month: 2017-05
    owner: 编办
    service: 法律
    priority: 3
    own_line: {digits: '66660009', via: [telecom]}
""",
        )
        desk = Desk(plan=at)
        desk.call("12345")
        desk.wait(60)
        urgent = desk.call("12348")
        assert desk.state(urgent).priority == 3
        desk.operator_ready("001", "seat01")
        assert desk.dialled()[-1].call == urgent

    def test_a_queue_that_nobody_serves_holds_back_no_other(self) -> None:
        desk = Desk(plan=plan(second=", skills: [policy], priority: 9"))
        desk.call("12310")
        other = desk.call("12345")
        desk.operator_ready("001", "seat01")
        assert desk.dialled()[-1].call == other


class TestStrategies:
    def test_longest_idle(self) -> None:
        desk = desk_with("312", at=plan(", strategy: longest_idle"))
        assert [served(desk) for _ in range(4)] == ["003", "001", "002", "003"]

    def test_fewest_calls(self) -> None:
        desk = desk_with("12", at=plan(", strategy: fewest_calls"))
        assert [served(desk) for _ in range(3)] == ["001", "002", "001"]
        desk.asks(BecomeNotReady("002", "break"))
        assert [served(desk) for _ in range(2)] == ["001", "001"]
        desk.asks(BecomeReady("002"))
        assert [served(desk) for _ in range(4)] == ["002", "002", "002", "001"]

    def test_who_signs_in_late_does_not_get_all_calls_until_they_have_caught_up(self) -> None:
        desk = desk_with("12", at=plan(", strategy: fewest_calls"))
        for _ in range(6):
            served(desk)
        desk.operator_ready("003", "seat03")
        assert sorted(served(desk) for _ in range(3)) == ["001", "002", "003"]

    def test_round_robin_goes_on_after_who_was_asked_last_busy_or_not(self) -> None:
        desk = desk_with("321", at=plan(", strategy: round_robin"))
        assert [served(desk) for _ in range(4)] == ["001", "002", "003", "001"]
        desk.asks(BecomeNotReady("002", "break"))
        assert [served(desk) for _ in range(3)] == ["003", "001", "003"]

    def test_round_robin_goes_on_after_a_restart_of_ours(self) -> None:
        desk = desk_with("123", at=plan(", strategy: round_robin"))
        served(desk)
        desk.centre = decode_centre(encode_centre(desk.centre))
        assert served(desk) == "002"

    def test_priority_order_asks_the_first_in_the_plan_who_is_free(self) -> None:
        desk = desk_with("321", at=plan(", strategy: priority_order"))
        assert [served(desk) for _ in range(2)] == ["001", "001"]
        desk.call()
        desk.call()
        assert rung(desk) == ["seat01", "seat02"]


class TestPenalties:
    PEOPLE = (", penalties: {hotline: 2}", ", penalties: {hotline: 1}", "")

    def test_the_lowest_penalty_is_asked_first(self) -> None:
        desk = desk_with("123", at=plan(operators=self.PEOPLE))
        desk.call()
        assert rung(desk) == ["seat03"]
        desk.call()
        desk.call()
        assert rung(desk) == ["seat01", "seat02", "seat03"]

    def test_a_penalty_holds_in_its_queue_alone(self) -> None:
        desk = desk_with("123", at=plan(operators=self.PEOPLE))
        desk.call("12310")
        assert rung(desk) == ["seat01"]

    RELAX = ", relax: [{after: 30, up_to: 1}, {after: 60, up_to: 5}]"

    def test_with_steps_those_with_a_penalty_are_asked_after_some_waiting(self) -> None:
        desk = desk_with("12", at=plan(self.RELAX, operators=self.PEOPLE))
        desk.call()
        assert rung(desk) == []
        desk.wait(29)
        assert rung(desk) == []
        desk.wait(1)
        assert rung(desk) == ["seat02"]

    def test_the_last_step_admits_the_highest(self) -> None:
        desk = desk_with("1", at=plan(self.RELAX, operators=self.PEOPLE))
        call = desk.call()
        desk.wait(59)
        assert desk.state(call).phase is Phase.WAITING
        desk.wait(1)
        assert rung(desk) == ["seat01"]

    def test_who_becomes_ready_takes_the_first_caller_who_has_waited_long_enough(self) -> None:
        desk = Desk(plan=plan(self.RELAX, operators=self.PEOPLE))
        long = desk.call()
        desk.wait(31)
        desk.call()
        desk.operator_ready("002", "seat02")
        assert desk.dialled()[-1].call == long

    def test_who_waited_too_little_for_a_penalty_waits_on(self) -> None:
        desk = Desk(plan=plan(self.RELAX, operators=self.PEOPLE))
        desk.call()
        desk.operator_ready("001", "seat01")
        assert desk.dialled() == []
        desk.operator_ready("003", "seat03")
        assert rung(desk) == ["seat03"]

    def test_the_wait_goes_on_counting_after_a_restart_of_ours(self) -> None:
        desk = desk_with("2", at=plan(self.RELAX, operators=self.PEOPLE))
        desk.call()
        desk.wait(10)
        desk.centre = decode_centre(encode_centre(desk.centre))
        desk.happens(desk.switch.reconciled())
        desk.wait(19)
        assert rung(desk) == []
        desk.wait(1)
        assert rung(desk) == ["seat02"]

    def test_an_edit_of_the_steps_holds_for_those_who_wait(self) -> None:
        desk = desk_with("2", at=plan(self.RELAX, operators=self.PEOPLE))
        desk.call()
        desk.plan = plan(", relax: [{after: 10, up_to: 1}]", operators=self.PEOPLE)
        desk.happens(PlanChanged(desk.plan.hash))
        desk.wait(10)
        assert rung(desk) == ["seat02"]


class TestMissedOffers:
    def test_so_many_misses_in_a_row_make_not_ready(self) -> None:
        desk = desk_with("1", at=plan(", not_ready_after_misses: 3"))
        desk.call()
        for ending in (Ending.NO_ANSWER, Ending.DECLINED):
            desk.goes(desk.ringing_at("seat01"), ending)
            assert rung(desk) == ["seat01"]
        desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
        assert rung(desk) == []
        assert desk.operator("001").reason == "missed"

    def test_after_a_miss_the_others_are_asked_first(self) -> None:
        desk = desk_with("12", at=plan(", not_ready_after_misses: 2"))
        desk.call()
        desk.wait(1)
        desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
        assert rung(desk) == ["seat02"]
        assert desk.operator("001").status is OperatorStatus.READY

    def test_an_answered_call_makes_good_for_them(self) -> None:
        desk = desk_with("1", at=plan(", not_ready_after_misses: 2"))
        desk.call()
        desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
        call = desk.dialled()[-1].call
        desk.answers(desk.ringing_at("seat01"))
        desk.goes(call)
        desk.call()
        desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
        assert desk.operator("001").status is OperatorStatus.RINGING

    def test_becoming_ready_again_makes_good_for_them_too(self) -> None:
        desk = desk_with("1", at=plan(", not_ready_after_misses: 2"))
        desk.call()
        for _ in range(2):
            desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
        assert desk.asks(BecomeReady("001")) == ""
        desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
        assert rung(desk) == ["seat01"]

    def test_a_telephone_that_is_away_makes_not_ready_at_once(self) -> None:
        desk = desk_with("1", at=plan(", not_ready_after_misses: 9"))
        desk.call()
        desk.goes(desk.ringing_at("seat01"), Ending.UNREACHABLE)
        assert desk.operator("001").reason == "unreachable"

    def test_a_wish_not_to_be_ready_holds_after_a_miss_that_is_allowed(self) -> None:
        desk = desk_with("1", at=plan(", not_ready_after_misses: 9"))
        desk.call()
        desk.asks(BecomeNotReady("001", "meal"))
        desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
        assert desk.operator("001").reason == "meal"


class TestTheOperatorOfLastTime:
    CALLER = SipHeaders(from_="<sip:051987200000@carrier>")
    AGAIN = ", same_operator_hours: 24"
    PATIENT = ", same_operator_hours: 24, same_operator_wait_seconds: 30"

    def test_is_offered_the_caller_before_who_is_idle_longest(self) -> None:
        desk = desk_with("12", at=plan(self.AGAIN))
        assert served(desk, headers=self.CALLER) == "001"
        assert served(desk, headers=self.CALLER) == "001"
        assert served(desk) == "002"

    def test_only_where_the_queue_wants_it(self) -> None:
        desk = desk_with("12", at=plan())
        assert [served(desk, headers=self.CALLER) for _ in range(2)] == ["001", "002"]
        assert desk.centre.last_talks == {}

    def test_is_not_waited_for_when_busy(self) -> None:
        desk = desk_with("12", at=plan(self.AGAIN))
        served(desk, headers=self.CALLER)
        desk.call("12345", self.CALLER)
        assert rung(desk) == ["seat01"]
        desk.call("12345", self.CALLER)
        assert rung(desk) == ["seat01", "seat02"]

    def test_is_waited_for_when_busy_where_the_queue_says_how_long(self) -> None:
        desk = desk_with("1", at=plan(self.PATIENT))
        served(desk, headers=self.CALLER)
        desk.call()
        desk.answers(desk.ringing_at("seat01"))
        call = desk.call("12345", self.CALLER)
        desk.operator_ready("002", "seat02")
        desk.wait(29)
        assert desk.state(call).phase is Phase.WAITING
        desk.wait(1)
        assert rung(desk) == ["seat02"]

    def test_who_comes_free_in_time_gets_the_caller(self) -> None:
        desk = desk_with("1", at=plan(self.PATIENT))
        served(desk, headers=self.CALLER)
        other = desk.call()
        desk.answers(desk.ringing_at("seat01"))
        desk.operator_ready("002", "seat02")
        desk.wait(5)
        call = desk.call("12345", self.CALLER)
        desk.wait(5)
        desk.goes(other)
        assert rung(desk) == ["seat01"]
        assert desk.operator("001").call == call

    def test_who_waits_for_one_operator_holds_back_nobody_else(self) -> None:
        desk = desk_with("1", at=plan(self.PATIENT))
        served(desk, headers=self.CALLER)
        desk.call()
        desk.answers(desk.ringing_at("seat01"))
        desk.call("12345", self.CALLER)
        desk.wait(1)
        other = desk.call()
        desk.operator_ready("002", "seat02")
        assert desk.operator("002").call == other

    def test_who_has_signed_out_is_not_waited_for(self) -> None:
        desk = desk_with("1", at=plan(self.PATIENT))
        served(desk, headers=self.CALLER)
        other = desk.call()
        desk.answers(desk.ringing_at("seat01"))
        desk.call("12345", self.CALLER)
        desk.operator_ready("002", "seat02")
        assert rung(desk) == []
        desk.asks(BecomeNotReady("001", "meal"))
        desk.goes(other)
        assert rung(desk) == ["seat02"]

    def test_is_forgotten_after_the_time(self) -> None:
        desk = desk_with("12", at=plan(self.AGAIN))
        served(desk, headers=self.CALLER)
        desk.wait(24 * 3600)
        assert served(desk, headers=self.CALLER) == "002"

    def test_is_known_after_a_restart_of_ours(self) -> None:
        desk = desk_with("12", at=plan(self.AGAIN))
        served(desk, headers=self.CALLER)
        desk.centre = decode_centre(encode_centre(desk.centre))
        assert served(desk, headers=self.CALLER) == "001"

    def test_a_withheld_number_is_nobodys(self) -> None:
        desk = desk_with("12", at=plan(self.AGAIN))
        withheld = SipHeaders(from_="<sip:051987200000@carrier>", privacy=("id",))
        assert [served(desk, headers=withheld) for _ in range(2)] == ["001", "002"]
        assert desk.centre.last_talks == {}

    def test_so_many_are_remembered_and_no_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(turns, "MOST_REMEMBERED", 2)
        desk = desk_with("1", at=plan(self.AGAIN))
        for last in "1231":
            served(desk, headers=SipHeaders(from_=f"<sip:05198720000{last}@carrier>"))
        assert list(desk.centre.last_talks) == ["+8651987200003", "+8651987200001"]


def test_an_operator_who_moves_to_another_seat_is_rung_there() -> None:
    desk = desk_with("1", at=plan())
    assert desk.asks(SignOut("001")) == ""
    assert desk.asks(SignIn("001", "seat03")) == ""
    assert desk.asks(SignIn("002", "seat01")) == ""
    assert desk.asks(BecomeReady("001")) == ""
    desk.call()
    assert rung(desk) == ["seat03"]


def test_the_wallboard_counts_each_queues_callers_and_operators() -> None:
    desk = desk_with("12", at=plan(", skills: [policy]", operators=(", skills: [policy]", "", "")))
    desk.asks(BecomeNotReady("001", "break"))
    desk.asks(BecomeNotReady("002", "break"))
    since = desk.now
    desk.call("12345")
    desk.wait(5)
    desk.call("12345")
    desk.asks(BecomeReady("002"))
    desk.call("12310")
    lines = [
        (line.name, line.waiting, line.longest_wait_since, line.ready, line.signed_in)
        for line in desk.board().queues
    ]
    assert lines == [("hotline", 2, since, 0, 1), ("second", 1, since + 5, 0, 2)]
