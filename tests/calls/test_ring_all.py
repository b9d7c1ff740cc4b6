"""A caller is offered to several operators at once: the first to answer has the call."""

from __future__ import annotations

from itertools import permutations

import pytest

from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.commands import Connect, Hangup
from callcenter.calls.events import (
    BecomeNotReady,
    BecomeReady,
    CallLeft,
    Ending,
    HangUp,
    LegAnswered,
    LegEnded,
    SignOut,
)
from callcenter.calls.state import Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Plan
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk
from tests.plans import with_queues

SEATS = ("seat01", "seat02", "seat03")
NUMBERS = ("001", "002", "003")


def plan(more: str = "") -> Plan:
    return with_queues(f"""
  hotline: {{title: 综合, strategy: ring_all, announce_operator: false, ring_seconds: 20{more}}}
  second: {{title: 政策}}
""")


def desk_with(count: int, more: str = "") -> Desk:
    """So many operators ready, one second after another."""
    desk = Desk(plan=plan(more))
    for number, seat in list(zip(NUMBERS, SEATS, strict=True))[:count]:
        desk.operator_ready(number, seat)
        desk.wait(1)
    return desk


def rung(desk: Desk) -> list[str]:
    return [seat for seat in SEATS if desk.rings_at(seat)]


def statuses(desk: Desk) -> list[str]:
    return [str(desk.operator(number).status) for number in sorted(desk.centre.operators)]


def told(desk: Desk, call: str) -> list[str]:
    """What queue_log says of a call, without its times."""
    lines = (line.split("|")[1:5] for line in desk.queue_log)
    return [f"{agent} {event}" for of, _, agent, event in lines if of == call]


def test_all_who_are_free_are_rung() -> None:
    desk = desk_with(3)
    desk.call()
    assert rung(desk) == list(SEATS)
    assert statuses(desk) == ["ringing"] * 3


def test_not_more_than_the_queue_says() -> None:
    desk = desk_with(3, ", ring_at_most: 2")
    desk.call()
    assert rung(desk) == ["seat01", "seat02"]


def test_only_those_whom_the_wait_admits() -> None:
    operators = """operators:
  '001': {name: 李静}
  '002': {name: 陈刚, penalties: {hotline: 1}}
  '003': {name: 王敏}
"""
    at = with_queues(
        """
  hotline: {title: 综合, strategy: ring_all, relax: [{after: 10, up_to: 1}]}
  second: {title: 政策}
""",
        operators=operators,
    )
    desk = Desk(plan=at)
    for number, seat in zip(NUMBERS, SEATS, strict=True):
        desk.operator_ready(number, seat)
    desk.call()
    assert rung(desk) == ["seat01", "seat03"]


def test_the_first_to_answer_has_the_call_and_the_others_are_as_ready_as_before() -> None:
    desk = desk_with(3)
    call = desk.call()
    idle = [desk.operator(number).idle_since for number in NUMBERS]
    leg = desk.ringing_at("seat02")
    desk.wait(5)
    desk.answers(leg)
    assert statuses(desk) == ["ready", "talking", "ready"]
    assert rung(desk) == []
    assert [desk.operator(number).idle_since for number in NUMBERS] == idle
    assert [desk.operator(number).missed for number in NUMBERS] == [0, 0, 0]
    assert desk.together(call) == {call, leg}
    assert told(desk, call) == [
        "NONE ENTERQUEUE", "001 RINGCANCELED", "003 RINGCANCELED", "002 CONNECT",
    ]  # fmt: skip
    desk.goes(call)
    assert (desk.order(call).outcome, desk.order(call).operator) == (Outcome.ANSWERED, "002")


@pytest.mark.parametrize("order", list(permutations(range(3), 2)))
def test_of_two_who_answer_at_the_same_moment_one_talks_and_the_other_is_freed(
    order: tuple[int, int],
) -> None:
    """Both have answered before anything that we do reaches the telephones."""
    desk = desk_with(3)
    call = desk.call()
    legs = [desk.ringing_at(seat) for seat in SEATS]
    first, second = order
    for index in order:
        desk.switch.far_end_answers(legs[index])
    desk.news()
    talking, freed, third = NUMBERS[first], NUMBERS[second], NUMBERS[3 - first - second]
    assert desk.operator(talking).status is OperatorStatus.TALKING
    assert desk.operator(freed).status is OperatorStatus.READY
    assert desk.operator(third).status is OperatorStatus.READY
    assert desk.together(call) == {call, legs[first]}
    assert [connect.legs for connect in desk.sent(Connect)] == [(call, legs[first])]
    desk.goes(call)
    assert desk.order(call).operator == talking
    assert len([order for order in desk.records.values() if order.outcome is not None]) == 1
    assert desk.switch.legs == {}


def test_an_operator_is_offered_nothing_else_until_their_telephone_is_silent() -> None:
    desk = desk_with(2)
    call, other = desk.call(), desk.call()
    first, second = desk.ringing_at("seat01"), desk.ringing_at("seat02")
    desk.happens(LegAnswered(first))
    assert desk.operator("002").status is OperatorStatus.RINGING
    assert desk.operator("002").call == call
    desk.happens(LegEnded(second))
    assert desk.operator("002").status is OperatorStatus.RINGING
    assert desk.operator("002").call == other


def test_an_operator_whose_telephone_is_never_told_to_be_silent_is_free_after_all() -> None:
    desk = desk_with(2)
    desk.call()
    first = desk.ringing_at("seat01")
    desk.happens(LegAnswered(first))
    desk.switch.told.clear()
    desk.wait(5)
    assert desk.operator("002").status is OperatorStatus.READY


def test_who_declines_stops_ringing_and_the_others_ring_on() -> None:
    desk = desk_with(3)
    call = desk.call()
    desk.goes(desk.ringing_at("seat01"), Ending.DECLINED)
    assert rung(desk) == ["seat02", "seat03"]
    desk.goes(desk.ringing_at("seat03"), Ending.BUSY)
    assert rung(desk) == ["seat02"]
    assert statuses(desk) == ["not_ready", "ringing", "not_ready"]
    assert desk.state(call).phase is Phase.OFFERED
    desk.answers(desk.ringing_at("seat02"))
    assert desk.state(call).phase is Phase.TALKING
    assert told(desk, call) == [
        "NONE ENTERQUEUE", "001 RINGNOANSWER", "003 RINGNOANSWER", "002 CONNECT",
    ]  # fmt: skip


def test_when_all_have_declined_the_caller_waits_on() -> None:
    desk = desk_with(2)
    call = desk.call()
    for seat in ("seat02", "seat01"):
        desk.goes(desk.ringing_at(seat), Ending.DECLINED)
    assert desk.state(call).phase is Phase.WAITING
    desk.operator_ready("003", "seat03")
    assert rung(desk) == ["seat03"]


def test_who_becomes_ready_while_the_others_ring_is_not_rung_too() -> None:
    desk = desk_with(1)
    desk.call()
    desk.operator_ready("002", "seat02")
    assert rung(desk) == ["seat01"]


def test_nobody_answers_in_time() -> None:
    desk = desk_with(2)
    call = desk.call()
    desk.wait(25)
    assert rung(desk) == []
    assert [desk.operator(number).reason for number in NUMBERS[:2]] == ["missed", "missed"]
    assert desk.state(call).phase is Phase.WAITING


def test_the_caller_hangs_up_while_they_ring() -> None:
    desk = desk_with(3)
    call = desk.call()
    desk.goes(call)
    assert rung(desk) == []
    assert statuses(desk) == ["ready"] * 3
    assert desk.order(call).outcome is Outcome.ABANDONED
    assert told(desk, call) == [
        "NONE ENTERQUEUE",
        *(f"{number} RINGCANCELED" for number in NUMBERS),
        "NONE ABANDON",
    ]


def test_a_wish_not_to_be_ready_holds_for_who_was_rung_in_vain() -> None:
    desk = desk_with(2)
    desk.call()
    assert desk.asks(BecomeNotReady("002", "meal")) == ""
    assert desk.asks(SignOut("002")) == "in_call"
    desk.answers(desk.ringing_at("seat01"))
    assert desk.operator("002").reason == "meal"


def test_who_was_rung_in_vain_has_no_call_to_hang_up() -> None:
    desk = desk_with(2)
    desk.call()
    first = desk.ringing_at("seat01")
    desk.happens(LegAnswered(first))
    assert desk.operator("002").status is OperatorStatus.RINGING
    refusal = desk.happens(HangUp("002"))
    assert refusal is not None
    assert refusal.code == "not_in_call"


def test_two_callers_share_those_who_are_free() -> None:
    desk = desk_with(3, ", ring_at_most: 2")
    first = desk.call()
    second = desk.call()
    assert [desk.operator(number).call for number in NUMBERS] == [first, first, second]
    desk.answers(desk.ringing_at("seat02"))
    assert desk.state(first).operator == "002"
    assert desk.operator("001").status is OperatorStatus.READY


def test_the_dialplan_takes_the_caller_while_they_ring() -> None:
    desk = desk_with(2)
    call = desk.call()
    desk.happens(CallLeft(call))
    desk.news()
    assert rung(desk) == []
    assert statuses(desk) == ["ready", "ready"]


class TestARestart:
    def restarted(self, desk: Desk) -> None:
        desk.centre = decode_centre(encode_centre(desk.centre))
        desk.switch.lose_events()
        desk.happens(desk.switch.reconciled())
        desk.news()

    def test_they_ring_on(self) -> None:
        desk = desk_with(2)
        call = desk.call()
        self.restarted(desk)
        assert rung(desk) == ["seat01", "seat02"]
        desk.answers(desk.ringing_at("seat02"))
        assert desk.state(call).operator == "002"

    def test_who_answered_meanwhile_has_the_call(self) -> None:
        desk = desk_with(3)
        call = desk.call()
        legs = [desk.ringing_at(seat) for seat in SEATS]
        for leg in legs[1:]:
            desk.switch.far_end_answers(leg)
        self.restarted(desk)
        talking = [number for number in NUMBERS if desk.state(call).operator == number]
        assert talking in (["002"], ["003"])
        assert sorted(statuses(desk)) == ["ready", "ready", "talking"]
        assert len(desk.together(call)) == 2

    def test_those_whose_telephones_were_cut_off_are_free_and_the_rest_ring_on(self) -> None:
        desk = desk_with(3)
        desk.call()
        for seat in ("seat01", "seat03"):
            del desk.switch.legs[desk.ringing_at(seat)]
        self.restarted(desk)
        assert rung(desk) == ["seat02"]
        assert statuses(desk) == ["ready", "ringing", "ready"]
        assert desk.operator("001").missed == 0

    def test_all_were_cut_off(self) -> None:
        desk = desk_with(2)
        call = desk.call()
        for seat in ("seat01", "seat02"):
            del desk.switch.legs[desk.ringing_at(seat)]
        self.restarted(desk)
        assert desk.state(call).phase is Phase.OFFERED
        assert rung(desk) == ["seat01", "seat02"]

    def test_the_others_telephones_are_silenced_if_that_was_not_done(self) -> None:
        desk = desk_with(2)
        call = desk.call()
        first, second = desk.ringing_at("seat01"), desk.ringing_at("seat02")
        desk.happens(LegAnswered(first))
        # the hang-up was stored but never sent
        desk.switch.told.clear()
        desk.switch.legs.setdefault(second, type(desk.switch.legs[call])(second))
        desk.switch.sent.clear()
        desk.happens(desk.switch.reconciled())
        assert Hangup(second) in desk.sent(Hangup)
        desk.news()
        assert desk.operator("002").status is OperatorStatus.READY


def test_who_missed_it_is_ready_again_when_they_say_so() -> None:
    desk = desk_with(2)
    desk.call()
    desk.wait(25)
    assert desk.asks(BecomeReady("001")) == ""
    assert rung(desk) == ["seat01"]
