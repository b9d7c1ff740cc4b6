"""What operators do with a caller on the line: hold, consult, join, hand over, five at once."""

from __future__ import annotations

from callcenter.analytics.periods import By
from callcenter.analytics.report import Of
from callcenter.calls.events import (
    AddPartner,
    Alternate,
    Consult,
    DropPartner,
    Ending,
    ExtendWrapUp,
    Forward,
    Hold,
    Join,
    LeaveCall,
    PauseRecording,
    Resume,
    TakeSeat,
)
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import LegRole, Outcome
from tests.scenarios.day import Day
from tests.scenarios.people import Caller, Does, Partner


def talked_seconds(day: Day, operator: str) -> float:
    rows = day.books.report(By.DAY, Of.OPERATOR).rows
    work = [row.work for row in rows if row.work is not None and row.key == operator]
    return sum(each.seconds.get("talking", 0.0) for each in work)


def test_everyone_puts_their_caller_on_hold() -> None:
    """Fifteen callers hear music at once; one operator forgets the caller, who has them back after
    ten minutes by itself."""
    day = Day("2017-12-01T10:00")
    for number in range(1, 16):
        does: Does = {10: Hold, 70: Resume} if number < 15 else {10: Hold}
        day.sits(f"{number:03}", does=does)
    callers = [day.calls(Caller(talk=60)) for _ in range(15)]
    day.wait(3 + 4 + 15)
    legs = [day.switch.legs[each.id] for each in callers]
    assert all(leg.music and leg.guarded for leg in legs)
    day.ends()
    assert day.refused == []
    assert day.outcomes() == {Outcome.ANSWERED: 15}
    answered = [day.order_of(each).answered or 0.0 for each in callers]
    lengths = [day.ended(each) - at for each, at in zip(callers, answered, strict=True)]
    assert lengths == [70 + 60] * 14 + [10 + 600 + 60]


def test_consulting_and_handing_over() -> None:
    """One partner takes the caller, one is busy, one only gives advice: two callers keep their
    operator."""
    day = Day("2017-12-01T10:00")
    day.partners["12319"] = Partner([Ending.BUSY])
    day.sits("001", does={10: lambda who: Consult(who, "12348"), 40: LeaveCall})
    day.sits("002", does={10: lambda who: Consult(who, "12319")})
    day.sits("003", does={10: lambda who: Consult(who, "12366"), 40: Alternate, 50: DropPartner})
    callers = [day.calls(Caller(talk=120)) for _ in range(3)]
    day.wait(30)
    assert [day.switch.legs[each.id].music for each in callers] == [True, False, True]
    day.wait(40)
    assert [day.operator(f"00{n}").status for n in (1, 2, 3)] == [
        *(OperatorStatus.READY, OperatorStatus.TALKING, OperatorStatus.TALKING),
    ]
    day.ends()
    assert day.refused == []
    assert day.outcomes() == {Outcome.ANSWERED: 3}
    partners = [
        [(leg.hotline, leg.outcome) for leg in day.order_of(each).legs if leg.hotline]
        for each in callers
    ]
    assert partners == [[("12348", "normal")], [("12319", "busy")], [("12366", "normal")]]


def test_five_talk_with_each_other() -> None:
    """The caller, the operator, two departments and a colleague; a sixth finds no room. The
    operator leaves, and the colleague leads on."""
    day = Day("2017-12-01T10:00")
    adds: Does = {
        20: lambda who: AddPartner(who, "12348"),
        40: lambda who: AddPartner(who, "12319"),
        60: lambda who: AddPartner(who, "002"),
        80: lambda who: AddPartner(who, "12366"),
        90: LeaveCall,
    }
    day.sits("001", does=adds)
    day.wait(1)
    day.sits("002")
    caller = day.calls(Caller(talk=100))
    day.wait(3 + 4 + 75)
    assert len(day.together(caller.id)) == 5
    day.wait(15)
    assert len(day.together(caller.id)) == 4
    assert day.operator("002").status is OperatorStatus.TALKING
    day.ends()
    assert day.refused == ["too_many"]
    roles = [leg.role for leg in day.order_of(caller).legs]
    assert roles.count(LegRole.OPERATOR) == 2
    assert roles.count(LegRole.PARTNER) == 2
    assert talked_seconds(day, "001") == 90
    assert talked_seconds(day, "002") == 100


def test_an_operator_asks_a_colleague() -> None:
    """001 asks 002 alone, goes to and fro, and brings 002 to the caller. 003 is talking and is not
    rung; who is asked has no other calls meanwhile."""
    day = Day("2017-12-01T10:00")
    asks: Does = {
        10: lambda who: Consult(who, "003"),
        20: lambda who: Consult(who, "002"),
        40: Alternate,
        50: Alternate,
        60: Join,
        80: DropPartner,
    }
    operator = day.sits("001", does=asks)
    caller = day.calls(Caller(talk=60))
    day.wait(8)
    operator.does = {}
    day.sits("003")
    other = day.calls(Caller(talk=200))
    day.wait(1)
    day.sits("002")
    day.wait(30)
    waiting = day.calls(Caller(talk=30))
    day.ends()
    assert day.refused == ["operator_busy"]
    assert day.order_of(other).operator == "003"
    assert day.waited(waiting) > 30, "all three were in a talk"
    assert day.order_of(caller).operator == "001"
    assert talked_seconds(day, "002") >= 50


def test_callers_are_sent_to_a_queue_again_and_to_the_dispatch_room() -> None:
    """Who is sent back to the hotline's queue waits by the first wait; the dispatch room answers as
    a partner does; a long-distance number is nothing for everybody."""
    day = Day("2017-12-01T10:00")
    operator = day.sits("001", does={10: lambda who: Forward(who, "700")})
    sent_back = day.calls(Caller(talk=60))
    waiting = day.calls(Caller(talk=60))
    day.wait(15)
    operator.does = {
        10: lambda who: Forward(who, "01066660000"),
        20: lambda who: Forward(who, "600"),
    }
    day.ends()
    served = [call for call, _ in day.onlooker.offers]
    assert served == [sent_back.id, sent_back.id, waiting.id]
    assert day.refused == ["not_allowed"] * 2
    last = [day.order_of(each).legs[-1].hotline for each in (sent_back, waiting)]
    assert last == ["600", "600"]


def test_a_seat_changes_hands_in_mid_shift() -> None:
    """002 takes 001's seat, who is signed out by it unless talking; and asks for more time to write
    the order."""
    day = Day("2017-12-01T10:00")
    day.sits("001", does={10: PauseRecording})
    caller = day.calls(Caller(talk=60))
    day.wait(20)
    assert day.asks(TakeSeat("002", "seat01")) != ""
    day.wait(53)
    assert day.operator("001").status is OperatorStatus.WRAP_UP
    assert day.asks(ExtendWrapUp("001")) == ""
    day.until("10:03")
    assert day.asks(TakeSeat("002", "seat01")) == ""
    assert day.operator("001").status is OperatorStatus.OFFLINE
    day.ends()
    assert day.order_of(caller).operator == "001"
