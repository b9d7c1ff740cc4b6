"""Other departments join, by the operator's will: all at once, busy, by two numbers, 110."""

from __future__ import annotations

from callcenter.calls.commands import SendDigits
from callcenter.calls.events import (
    AddPartner,
    CallEmergency,
    Ending,
    Forward,
    LeaveCall,
    PickFirstDialled,
)
from callcenter.numberplan.model import Plan
from callcenter.orders.record import LegRecord, LegRole, OrderRecord, Outcome
from tests.scenarios.city import city
from tests.scenarios.day import Day
from tests.scenarios.people import NEVER, Caller, Does, Partner


def partners(order: OrderRecord) -> list[LegRecord]:
    return [leg for leg in order.legs if leg.role is LegRole.PARTNER]


def units(order: OrderRecord) -> list[tuple[str, str | None]]:
    """Against whom it counts, and how the leg ended (R25)."""
    return [(leg.unit, leg.outcome) for leg in partners(order)]


def brings_in(number: str, leaves: float = 60) -> Does:
    """Ten seconds into the talk the partner is asked for; later the operator leaves the two."""
    return {10: lambda who: AddPartner(who, number), leaves: LeaveCall}


def test_everyone_talks_with_a_partner_at_once() -> None:
    """Eight have 12319 on its trunk of eight channels, the ninth is told that it is full; six have
    other departments by the carriers. All operators leave, and nobody is cut."""
    day = Day("2017-12-01T10:00")
    for number in range(1, 16):
        day.sits(f"{number:03}", does=brings_in("12319" if number <= 9 else "12348"))
    callers = [day.calls(Caller(talk=300, trunk="unicom")) for _ in range(15)]
    day.wait(40)
    assert day.centre.trunk_channels == {"12319": 8, "telecom": 6, "unicom": 15}
    day.wait(60)
    talking = [each.number for each in day.centre.operators.values() if each.call is not None]
    assert talking == ["009"], "who was refused talks on"
    day.ends()
    assert day.refused == ["trunk_full", "no_partner"]
    assert day.outcomes() == {Outcome.ANSWERED: 15}
    found = [units(day.order_of(caller)) for caller in callers]
    assert found == [[("城管局", "normal")]] * 8 + [[]] + [[("司法局", "normal")]] * 6
    ended_by = [order.ended_by for order in day.records.values()]
    assert ended_by == ["caller"] * 15


def test_a_forward_to_a_busy_partner_comes_back_before_everybody_else() -> None:
    """Two wait meanwhile: the same operator has the caller again at once, and then the two."""
    day = Day("2017-12-01T10:00")
    day.partners["12319"] = Partner([Ending.BUSY])
    operator = day.sits("001", does={20: lambda who: Forward(who, "12319")}, wraps_up=30)
    first = day.calls(Caller(talk=60))
    waiting = [day.calls(Caller(talk=30)) for _ in range(2)]
    day.wait(30)
    operator.does = {}
    day.ends()
    assert day.outcomes() == {Outcome.ANSWERED: 3}
    served = [call for call, _ in day.onlooker.offers]
    assert served == [first.id, first.id, *(caller.id for caller in waiting)]
    assert units(day.order_of(first)) == [("城管局", "busy")]
    assert day.order_of(first).waited_again_ms > 0


def test_a_partner_who_does_not_answer_is_tried_again_later() -> None:
    """Nobody answers at 12348 for a minute; caller and operator talk on, and the second time it is
    answered."""
    day = Day("2017-12-01T10:00")
    day.partners["12348"] = Partner([NEVER, 5.0])
    again: Does = {
        10: lambda who: AddPartner(who, "12348"),
        90: lambda who: AddPartner(who, "12348"),
    }
    day.sits("001", does=again)
    caller = day.calls(Caller(talk=40))
    day.ends()
    assert units(day.order_of(caller)) == [("司法局", "no_answer"), ("司法局", "normal")]
    assert day.refused == []


def test_local_taxes_are_reached_behind_12366() -> None:
    """12366-2 dials the line of 12366 and presses 2 once it is answered (I21)."""
    day = Day("2017-12-01T10:00")
    day.sits("001", does=brings_in("12366-2"))
    day.sits("002", does=brings_in("12366"))
    local, national = (day.calls(Caller(talk=100)) for _ in range(2))
    direct = day.calls(Caller("80900001", talk=60))
    day.ends()
    plan: Plan = city()
    same = {plan.numbers[each].own_line[0].digits for each in ("12366", "12366-2")}
    assert {leg.party for each in (local, national) for leg in partners(day.order_of(each))} == same
    assert [each.unit for each in partners(day.order_of(local))] == ["地税局"]
    assert [each.unit for each in partners(day.order_of(national))] == ["国税局"]
    pressed = {(each.leg.partition("_")[0], each.digits) for each in day.sent(SendDigits)}
    assert pressed == {(local.id, "2"), (direct.id, "2")}
    assert day.outcome_of(direct) is Outcome.FORWARDED


def test_110_by_one_key() -> None:
    """Three operators at once; each stays until 110 has answered, then leaves. One caller whose
    operator's line breaks before hears 110 ring, and is connected."""
    day = Day("2017-12-01T10:00")
    day.partners["110"] = Partner([8.0])
    for number in range(1, 4):
        day.sits(f"{number:03}", does={5: CallEmergency, 6: LeaveCall, 30: LeaveCall})
    callers = [day.calls(Caller(talk=120)) for _ in range(3)]
    day.wait(3 + 4 + 3 + 7)
    day.goes(day.leg_of(callers[2].id), Ending.LOST)
    assert day.switch.legs[callers[2].id].ringing
    day.ends()
    assert day.refused == ["emergency_joining"] * 3
    assert [units(day.order_of(each)) for each in callers] == [[("报警", "normal")]] * 3
    assert day.outcomes() == {Outcome.ANSWERED: 3}


def test_who_dials_a_department_that_kept_its_number() -> None:
    """12319 is answered on its own trunk, busy for the second caller, and silent for the third:
    each leaves an order all the same, against the department."""
    day = Day("2017-12-01T10:00")
    day.partners["12319"] = Partner([6.0, Ending.BUSY, NEVER])
    callers = []
    for _ in range(3):
        callers.append(day.calls(Caller("12319", talk=30)))
        day.wait(120)
    day.ends()
    outcomes = [day.outcome_of(each) for each in callers]
    assert outcomes == [Outcome.FORWARDED, Outcome.FORWARD_FAILED, Outcome.FORWARD_FAILED]
    found = [units(day.order_of(each)) for each in callers]
    assert found == [[("城管局", end)] for end in ("normal", "busy", "no_answer")]
    assert [day.heard(each.id) for each in callers] == [
        *([], [("forward_busy",)], [("forward_no_answer",)]),
    ]


def test_12319_sends_us_its_callers() -> None:
    """On its own trunk (R21), with the number that was dialled first. Whom we send to it, and who
    comes back as it forwards to us, is queued rather than sent round in a circle."""
    day = Day("2017-12-01T10:00")
    day.sits("001", does={20: lambda who: Forward(who, "12319")})
    sent = day.calls(Caller(trunk="12319", diverted_by="12319", number="13800000001", talk=15))
    day.wait(120)
    circle = day.calls(Caller("12319", diverted_by="12319", talk=60))
    day.ends()
    assert day.order_of(sent).trunk == "12319"
    assert day.order_of(sent).first_dialled == "12319"
    assert day.order_of(sent).operator == day.order_of(circle).operator == "001"
    assert [leg.hotline for leg in partners(day.order_of(circle))] == ["12319"]
    assert day.outcomes() == {Outcome.ANSWERED: 2}


def test_callers_by_the_pilot_number() -> None:
    """The carrier does not tell what they dialled: the operator asks, and notes it on the order."""
    day = Day("2017-12-01T10:00")
    day.sits("001", does={20: lambda who: PickFirstDialled(who, "87222160")})
    noted = day.calls(Caller("80900000", talk=60))
    hung_up = day.calls(Caller("80900000", patience=10))
    told = day.calls(Caller("80900000", diverted_by="87286017", talk=10))
    day.ends()
    found = [day.order_of(each).first_dialled for each in (noted, hung_up, told)]
    assert found == ["87222160", None, "87286017"]
