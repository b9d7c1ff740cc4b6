"""Carriers' lines: full, and broken."""

from __future__ import annotations

from functools import partial

from callcenter.calls.events import AddPartner, CallEmergency
from callcenter.orders.record import LegRole, Outcome
from tests.scenarios.city import city
from tests.scenarios.day import Day
from tests.scenarios.people import Caller

FEW = (
    ("trunks/telecom.yaml", "channels: 30 ", "channels: 4 "),
    ("trunks/unicom.yaml", "channels: 30 ", "channels: 3 "),
)
"""Telecom has 3 channels beside the one that is kept for emergencies, unicom has 2."""


def test_a_carriers_line_fails_and_comes_back() -> None:
    """Who is on it is cut off; all who call meanwhile come by the other carrier."""
    day = Day("2017-12-01T10:00")
    day.shift(1, 4)
    cut = [day.calls(Caller(talk=600)) for _ in range(2)]
    safe = day.calls(Caller(talk=600, trunk="unicom"))
    day.until("10:05")
    day.trunk_fails("telecom")
    assert day.centre.trunk_channels == {"unicom": 1}
    rerouted = [day.calls(Caller(talk=60)) for _ in range(3)]
    day.until("10:10")
    day.trunks_down.clear()
    back = day.calls(Caller(talk=60))
    day.ends()
    assert day.outcomes() == {Outcome.ANSWERED: 7}
    ended = {day.order_of(caller).ended for caller in cut}
    assert ended == {day.clock("2017-12-01T10:05")}
    assert [day.order_of(each).trunk for each in (*rerouted, back)] == ["unicom"] * 3 + ["telecom"]
    assert day.order_of(safe).ended_by == "caller"


def test_both_carriers_fail() -> None:
    """Nobody comes through, and nobody is left behind; then everything is as before."""
    day = Day("2017-12-01T10:00")
    day.shift(1, 2)
    day.call_between("10:00", "10:30", an_hour=120)
    for trunk in ("telecom", "unicom"):
        day.at("10:10", partial(day.trunk_fails, trunk))
    day.until("10:11")
    assert not day.centre.calls
    assert not day.switch.legs
    day.at("10:20", day.trunks_down.clear)
    day.ends()
    assert day.turned_away > 10
    assert {order.opened // 600 for order in day.records.values()} == {
        day.clock(f"2017-12-01T{at}") // 600 for at in ("10:00", "10:20")
    }


def test_all_channels_are_taken() -> None:
    """The fourth caller by telecom hears busy; the kept channel takes a call to 110."""
    day = Day("2017-12-01T10:00", city(*FEW))
    day.sits("001", does={10: lambda who: AddPartner(who, "12348"), 20: CallEmergency})
    day.shift(2, 5)
    callers = [day.calls(Caller(talk=90)) for _ in range(3)]
    others = [day.calls(Caller(talk=90, trunk="unicom")) for _ in range(2)]
    refused = [day.calls(Caller(trunk=trunk)) for trunk in ("telecom", "unicom")]
    day.ends()
    assert [day.outcome_of(each) for each in (*callers, *others)] == [Outcome.ANSWERED] * 5
    assert [day.outcome_of(each) for each in refused] == [Outcome.REJECTED] * 2
    assert day.refused == ["trunk_full"]
    partners = [leg for leg in day.order_of(callers[0]).legs if leg.role is LegRole.PARTNER]
    assert [(leg.hotline, leg.place) for leg in partners] == [("110", "telecom")]


def test_a_department_is_reached_by_its_second_way() -> None:
    """12365's own line is reached by telecom; while that is down, by unicom."""
    day = Day("2017-07-15T10:00")
    day.trunks_down.add("telecom")
    caller = day.calls(Caller("12365", talk=60))
    day.ends()
    order = day.order_of(caller)
    assert order.outcome is Outcome.FORWARDED
    ways = [(leg.place, leg.outcome) for leg in order.legs if leg.role is LegRole.PARTNER]
    assert ways == [("telecom", "unreachable"), ("unicom", "normal")]
