"""Whose call it is: skills, strategies, penalties, priorities, and where queues lead callers on."""

from __future__ import annotations

from collections import Counter

from callcenter.analytics.periods import By
from callcenter.analytics.report import Of
from callcenter.calls.events import ChangePriority, SignOut
from callcenter.orders.record import Outcome
from tests.calls.desk import LEADER
from tests.scenarios.city import OPERATORS, city, hotline, leads, menus, queue
from tests.scenarios.day import Day
from tests.scenarios.people import NEVER, Caller

LANGUAGES = menus(
    "  main:",
    "    prompt: menu_main",
    "    choices:",
    '      "1": {title: 普通话, queue: hotline}',
    '      "2": {title: 溧阳话, queue: dialect}',
    '      "3": {title: English, queue: english}',
    "    otherwise: {queue: hotline}",
)


def test_callers_choose_their_language() -> None:
    """003 and 006 speak the dialect, 005 English: they are asked for it however long the others
    have been idle, and take the hotline's callers when nobody needs them."""
    plan = city(
        *(LANGUAGES, leads("12345", "menu: main")),
        *(queue("dialect", "skills: [dialect]"), queue("english", "skills: [english]")),
    )
    day = Day("2017-12-01T10:00", plan)
    day.shift(1, 6)
    callers: dict[str, list[Caller]] = {"1": [], "2": [], "3": []}
    for key in "3" * 4 + "2" * 4 + "1" * 4:
        callers[key].append(day.calls(Caller(presses={"menu_main": key}, talk=60)))
    day.ends()
    operators = {
        key: {day.order_of(each).operator for each in found} for key, found in callers.items()
    }
    assert operators["3"] == {"005"}
    assert operators["2"] == {"003", "006"}
    assert operators["1"] == {"001", "002", "004"} | (operators["1"] & {"003", "006"})
    assert max(day.waited(each) for each in callers["3"]) > 3 * 60, "one after the other"


def test_ring_all_answered_by_two_at_once() -> None:
    """The first has the caller; the others are as ready as before, and nothing is counted as
    missed."""
    day = Day("2017-12-01T10:00", city(hotline("strategy: ring_all")))
    for number in ("001", "002", "003"):
        day.sits(number, answers=NEVER)
    callers = []
    for _ in range(6):
        callers.append(day.calls(Caller(talk=30)))
        day.wait(10)
        ringing = [day.ringing_at(f"seat0{n}") for n in (1, 2, 3)]
        day.switch.far_end_answers(ringing[2])
        day.switch.far_end_answers(ringing[0])
        day.news()
        day.wait(90)
    day.ends()
    assert {day.order_of(each).operator for each in callers} == {"003"}
    total = day.books.report(By.DAY, Of.OPERATOR).total_work
    assert total is not None
    assert (total.offers, total.taken, total.withdrawn, total.missed) == (18, 6, 12, 0)


def test_round_robin_is_fair_over_a_day() -> None:
    """A call every five minutes for eight hours: each operator has as many as any other, but for
    the one who was away for an hour."""
    day = Day("2017-12-01T09:00", city(hotline("strategy: round_robin")))
    day.shift(1, 5)
    day.at("12:00", lambda: day.away_for("003", 60))
    for number in range(96):
        day.calls(Caller(talk=30 + 40 * (number % 3)))
        day.wait(300)
    day.ends()
    assert day.served()[:7] == ["001", "002", "003", "004", "005", "001", "002"]
    # 12 calls of that hour go round among four.
    assert Counter(day.served()) == {"003": 17, "001": 20, "002": 20, "004": 20, "005": 19}


def test_fewest_calls_does_not_punish_who_comes_late() -> None:
    """004 comes at noon and shares the calls with the others from then on."""
    day = Day("2017-12-01T10:00", city(hotline("strategy: fewest_calls")))
    day.shift(1, 3)
    day.at("12:00", lambda: day.sits("004"))
    for _ in range(24):
        day.calls(Caller(talk=30))
        day.wait(600)
    day.ends()
    morning, afternoon = Counter(day.served()[:12]), Counter(day.served()[12:])
    assert morning == {"001": 4, "002": 4, "003": 4}
    assert afternoon == {"001": 3, "002": 3, "003": 3, "004": 3}


def test_penalties_relax_with_the_wait() -> None:
    """002 is asked for who has waited 30 s, 003 for who has waited 90 s."""
    people = tuple(
        (
            OPERATORS,
            f"skills: [general, {skill}]}}",
            f"skills: [general], penalties: {{hotline: {n}}}}}",
        )
        for skill, n in (("policy", 1), ("dialect", 5))
    )
    relax = hotline("relax: [{after: 30, up_to: 1}, {after: 90, up_to: 5}]")
    day = Day("2017-12-01T10:00", city(*people, relax))
    day.shift(1, 3)
    callers = [day.calls(Caller(talk=300)) for _ in range(3)]
    day.ends()
    assert [day.order_of(each).operator for each in callers] == ["001", "002", "003"]
    assert [day.waited(each) for each in callers] == [4, 34, 94]


def test_a_team_leader_gives_a_waiting_caller_priority() -> None:
    """The last of five is next; callers of the safety hotline come before all others anyway."""
    day = Day("2017-12-01T10:00", city(leads("12350", "priority: 2")))
    day.sits("001")
    callers = [day.calls(Caller(talk=30)) for _ in range(5)]
    safety = day.calls(Caller("12350", talk=30))
    day.wait(20)
    assert day.leader(ChangePriority(callers[4].id, 1)) == ""
    day.ends()
    served = [call for call, _ in day.onlooker.offers]
    first, second, third, fourth, fifth = (each.id for each in callers)
    assert served == [first, safety.id, fifth, second, third, fourth]
    assert [(row.who, row.act) for row in day.audit] == [(LEADER.name, "change_priority")]


def test_who_calls_again_has_the_same_operator() -> None:
    """Within three days; who is busy is waited for, for half a minute."""
    same = hotline("same_operator_hours: 72", "same_operator_wait_seconds: 30")
    day = Day("2017-12-01T10:00", city(same))
    day.sits("001")
    day.calls(Caller(number="13800000001", talk=30))
    day.wait(120)
    day.sits("002")
    day.wait(600)
    idle = day.calls(Caller(number="13800000001", talk=30))
    other = day.calls(Caller(number="13900000000", talk=30))
    day.until("2017-12-02T10:00")
    long = day.calls(Caller(number="13900000000", talk=400))
    waits_in_vain = day.calls(Caller(number="13900000000", talk=30))
    day.until("2017-12-05T12:00")
    too_late = day.calls(Caller(number="13800000001", talk=30))
    day.ends()
    talked = [day.order_of(each).operator for each in (idle, other, long, waits_in_vain, too_late)]
    assert talked == ["001", "002", "002", "001", "001"]
    assert day.waited(waits_in_vain) == 30 + 4


def test_a_queue_leads_callers_on() -> None:
    """To another queue while two wait; to a department after a minute; to a message once nobody is
    signed in."""
    plan = city(
        queue("second", "skills: [policy]"),
        hotline(
            "skills: [dialect]",
            "overflow: [{length: 2, to: {queue: second}}, {waited: 60, to: {partner: '12348'}}, "
            "{nobody_signed_in: true, to: {voice_box: hotline}}]",
        ),
    )
    day = Day("2017-12-01T10:00", plan)
    day.sits("003")
    day.sits("002")
    talks = day.calls(Caller(talk=300))
    waiting = [day.calls(Caller(talk=30)) for _ in range(2)]
    one_too_many = day.calls(Caller(talk=30))
    day.wait(250)
    assert day.order_of(one_too_many).operator == "002"
    assert [day.outcome_of(each) for each in waiting] == [Outcome.FORWARDED] * 2
    assert [day.waited(each) for each in waiting] == [60 + 6] * 2
    day.until("10:10")
    left = day.calls(Caller(says=30))
    day.wait(2)
    assert day.asks(SignOut("003")) == ""
    day.ends()
    assert day.outcome_of(talks) is Outcome.ANSWERED
    assert day.outcome_of(left) is Outcome.VOICE_MAIL
