"""Three thousand calls, and everything that can happen on a day, at random with a fixed seed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random

from callcenter.calls.events import (
    AddPartner,
    Alternate,
    BecomeReady,
    BlockCaller,
    CallEmergency,
    CallForOrder,
    CallMissed,
    ChangePriority,
    Consult,
    DropPartner,
    Ending,
    EndSupervision,
    Forward,
    HangUp,
    Hold,
    Join,
    LeaveCall,
    MarkNuisance,
    MuteOperator,
    PauseRecording,
    Release,
    ReleaseSilent,
    Request,
    Resume,
    ResumeRecording,
    SeatReachable,
    Supervise,
    SupervisionMode,
    UnmuteOperator,
)
from callcenter.calls.state import Phase, SystemReason
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Treatment
from callcenter.orders.outbound import OutboundOutcome
from callcenter.orders.record import Outcome
from tests.scenarios.city import city, hotline, leads
from tests.scenarios.day import Day
from tests.scenarios.people import NEVER, Answer, Caller, Does, Operator, Partner, a_citizen

CALLS_BY_HOUR = (
    *(190, 215, 210, 180, 150, 160, 190, 200, 190, 170, 150, 140),  # from 8:00 on
    *(130, 120, 110, 90, 60, 40, 30, 25, 25, 30, 60, 135),
)
SHIFTS = (
    ((1, 2), ("2017-07-31T22:00", "2017-08-01T08:00")),
    ((3, 9), ("2017-07-31T08:00", "2017-07-31T16:00")),
    ((10, 15), ("2017-07-31T11:30", "2017-07-31T22:30")),
    ((1, 2), ("2017-07-31T08:00", "2017-07-31T12:00")),
    ((3, 9), ("2017-08-01T07:30", "2017-08-01T10:00")),
)
QUEUE = ("survey: satisfaction", "not_ready_after_misses: 2")
DIALLED = ("12345",) * 24 + ("12365", "12358", "87269326", "87286017", "12319", "12315", "12366")
PARTNERS = ("12319", "12348", "12366-2", "12315", "87622222")
Wish = Callable[[str], Request]
_WAYS = (AddPartner, Consult, Forward)
WHOM = (*PARTNERS, "600", "700", *(f"{number:03}" for number in range(1, 16)))
"""Departments, the dispatch room, the queue, and colleagues."""
WISHES = {"callback_offer": "1", "callback_confirm": "1"}
SATISFIED = {"survey_service": "5", "survey_solved": "1"}


def somebody(random: Random) -> Caller:
    """A citizen with some wish or other."""
    caller = a_citizen(random)
    caller.dials = random.choice(DIALLED)
    if random.random() < 0.01:
        caller.dials = "99999999"
    caller.presses = random.choice(({}, {}, WISHES, SATISFIED))
    caller.answers = [random.choice((5.0, 9.0, NEVER, Ending.BUSY)) for _ in range(3)]
    return caller


def acts(*wishes: tuple[float, Wish]) -> Does:
    return dict(wishes)


def whatever(random: Random) -> Does:
    """What an operator does in a talk: mostly nothing but talk."""
    number, at = random.choice(WHOM), random.uniform(10, 60)
    then, last = at + random.uniform(5, 30), at + random.uniform(30, 90)
    leaves: Wish = random.choice((LeaveCall, DropPartner, HangUp))
    afterwards: tuple[Wish, ...] = (Alternate, Join, DropPartner, Resume, LeaveCall)
    goes_on = random.choice(afterwards)
    adds, consults, forwards = (partial(_asks_for, number, way) for way in _WAYS)
    wishes = (
        *(acts(),) * 30,
        *(acts((random.uniform(30, 200), HangUp)),) * 10,
        *(acts((at, adds), (last, leaves)),) * 6,
        *(acts((at, consults), (then, goes_on), (last, leaves)),) * 6,
        *(acts((at, forwards)),) * 2,
        *(acts((at, Hold), (then, Resume)),) * 4,
        acts((at, Hold)),
        acts((at, adds), (then, consults)),
        acts((at, MuteOperator), (then, UnmuteOperator)),
        acts((at, PauseRecording), (then, ResumeRecording)),
        acts((at, CallEmergency), (at + 30, LeaveCall)),
        acts((at, MarkNuisance)),
        acts((at, ReleaseSilent)),
    )
    return random.choice(wishes)


def _asks_for(number: str, way: type[AddPartner | Consult | Forward], who: str) -> Request:
    return way(who, number)


def answers(random: Random, number: int) -> list[Answer]:
    often: tuple[Answer, ...] = (3.0, 5.0, 8.0, 12.0, NEVER, Ending.BUSY, Ending.UNREACHABLE)
    return [random.choice(often) for _ in range(number)]


def comes(day: Day, number: str) -> None:
    """An operator with habits of their own, who may miss or decline a call."""
    seat = next(each for each in day.plan.seats if each not in day.taken_seats())
    day.sits(
        number,
        seat,
        answers=lambda: day.random.choice((*range(2, 22), NEVER, Ending.DECLINED)),
        wraps_up=day.random.uniform(5, 50),
        does=lambda: whatever(day.random),
    )


def a_seat_fails(day: Day) -> None:
    """Its softphone is gone for half a minute, and with it whatever is at that seat."""
    seat = day.random.choice(sorted(day.taken_seats()))
    day.happens(SeatReachable(seat, False))
    for leg in list(day.switch.legs.values()):
        if leg.dial is not None and getattr(leg.dial.to, "seat", "") == seat:
            day.switch.far_end_goes(leg.name, Ending.LOST)
    day.later(30, lambda: day.happens(SeatReachable(seat, True)))


def a_team_leader_does_something(day: Day) -> None:
    """Listens to somebody, helps a waiting caller, or releases an operator."""
    operator = f"{day.random.randrange(1, 16):03}"
    mode = day.random.choice(list(SupervisionMode))
    day.leader(Supervise(operator, mode, "seat20"))
    day.later(60, lambda: day.leader(EndSupervision(operator)))
    waiting = [each.id for each in day.centre.calls.values() if each.phase is Phase.WAITING]
    if waiting:
        day.leader(ChangePriority(day.random.choice(waiting), day.random.randrange(-1, 3)))
    if day.random.random() < 0.1:
        day.leader(Release(operator))


def who_missed_calls_is_ready_again(day: Day) -> None:
    for operator in list(day.centre.operators.values()):
        if operator.reason in (SystemReason.MISSED, SystemReason.DECLINED):
            day.asks(BecomeReady(operator.number))


def missed_calls_are_worked_off(day: Day) -> None:
    ready = [
        each.number for each in day.centre.operators.values() if each.status is OperatorStatus.READY
    ]
    for operator, number in zip(ready, sorted(day.centre.missed), strict=False):
        day.asks(CallMissed(operator, number))


def operators_come_and_go(day: Day) -> None:
    for (first, last), (begins, ends) in SHIFTS:
        for number in range(first, last + 1):
            day.at(begins, partial(comes, day, f"{number:03}"))
            day.at(ends, partial(day.goes_home, f"{number:03}"))
    for number in range(3, 10):
        half = "11:40" if number < 6 else "12:15"
        day.at(half, partial(day.away_for, f"{number:03}", 30))


def citizens_call(day: Day) -> None:
    first = day.clock("08:00") - day.now
    for hour, calls in enumerate(CALLS_BY_HOUR):
        for _ in range(calls):
            at = first + 3600 * hour + day.random.uniform(0, 3600)
            day.later(at, partial(day.calls, somebody(day.random)))


def others_have_their_work(day: Day) -> None:
    """Partners, team leaders, and whoever is ready and works off missed calls."""
    for number in PARTNERS:
        day.partners[number] = Partner(answers(day.random, 400), talk=90.0)
    day.partners["110"] = Partner([6.0])
    day.phones = answers(day.random, 400)
    day.at_seat["seat20"] = Operator("班长", "seat20")
    for minute in range(10, 22 * 60, 17):
        day.later(60 * minute, partial(a_team_leader_does_something, day))
        day.later(60 * minute + 500, partial(missed_calls_are_worked_off, day))
        day.later(60 * minute + 800, partial(operators_call_for_orders, day))
    for minute in range(10, 26 * 60, 5):
        day.later(60 * minute, partial(who_missed_calls_is_ready_again, day))
    robots = BlockCaller("+861380*", day.now + 9 * 3600, "", Treatment.ANNOUNCE, "001")
    day.at("10:00", lambda: day.leader(robots))


def things_break(day: Day) -> None:
    for minute in range(65, 13 * 60, 60):
        day.later(60 * minute, partial(a_seat_fails, day))
    for at, away in (("09:30", 2), ("10:40", 2), ("13:15", 30), ("18:00", 2), ("20:20", 8)):
        day.at(at, partial(day.controller_dies, away))
    day.at("14:00", partial(day.trunk_fails, "unicom"))
    day.at("14:10", day.trunks_down.clear)


def operators_call_for_orders(day: Day) -> None:
    """Whoever has just had a caller may call them again."""
    for order in list(day.records.values())[-30:]:
        if order.operator is not None and order.call in day.callers:
            day.asks(CallForOrder(order.operator, day.reference(day.callers[order.call])))


def test_three_thousand_calls() -> None:
    """A day and a night with a cutover at midnight: five deaths of the controller, a trunk that
    fails, two edits of the plan, softphones that are lost; and at its end everything adds up."""
    usual, all_ring = (
        city(hotline(*QUEUE, f"strategy: {strategy}"), leads("12358", "priority: 1"))
        for strategy in ("longest_idle", "ring_all")
    )
    day = Day("2017-07-31T07:55", usual, seed=12345)
    others_have_their_work(day)
    operators_come_and_go(day)
    citizens_call(day)
    things_break(day)
    day.at("12:30", partial(day.plan_changes, all_ring))
    day.at("15:00", partial(day.plan_changes, usual))
    day.ends()
    outcomes = day.outcomes()
    assert len(day.callers) == sum(CALLS_BY_HOUR) == sum(outcomes.values()) == 3000
    assert outcomes[Outcome.ANSWERED] > 1700
    some = {Outcome.ABANDONED, Outcome.CALLBACK, Outcome.FORWARDED, Outcome.REJECTED}
    assert some < set(outcomes)
    made = {each.outcome for each in day.outbound.values()}
    assert {OutboundOutcome.ANSWERED, OutboundOutcome.BUSY} < made
    taken = {order.operator for order in day.records.values() if order.operator is not None}
    assert len(taken) == 15
