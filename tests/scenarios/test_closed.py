"""Nobody is there: nights, holidays, menus and messages."""

from __future__ import annotations

from callcenter.orders.record import Outcome
from tests.scenarios.city import city, leads, menus
from tests.scenarios.day import Day
from tests.scenarios.people import Caller

OFFICE = leads("12345", "hours: office", "closed: {voice_box: hotline}")
"""A hotline with office hours: outside them callers leave a message."""
MENUS = menus(
    "  main:",
    "    prompt: menu_main",
    "    choices:",
    '      "1": {title: 人工, queue: hotline}',
    '      "2": {title: 其他, menu: more}',
    '      "3": {title: 城管, partner: 12319}',
    "    seconds: 5",
    "    repeats: 2",
    "    wrong: menu_wrong",
    "    none: menu_none",
    "    otherwise: {queue: hotline}",
    "  more:",
    "    prompt: menu_more",
    "    choices:",
    '      "9": {title: 留言, voice_box: hotline}',
    '      "0": {title: 返回, menu: main}',
    "    otherwise: {queue: hotline}",
)


def test_messages_of_a_night_are_to_be_answered_within_a_day() -> None:
    """GB/T 33358: the clock runs from the message. Who says nothing has left none; who calls as the
    office opens is answered."""
    day = Day("2017-12-04T17:00", city(OFFICE))
    day.sits("001")
    day.until("17:29")
    last = day.calls(Caller(talk=120))
    day.until("17:30")
    messages = [day.calls(Caller(says=30)) for _ in range(3)]
    day.until("23:59")
    silent, midnight = day.calls(Caller(says=1)), day.calls(Caller(says=60))
    day.until("08:30")
    first = day.calls(Caller(talk=30))
    day.ends()
    assert day.outcome_of(last) is day.outcome_of(first) is Outcome.ANSWERED
    for caller in (*messages, midnight):
        order = day.order_of(caller)
        assert order.outcome is Outcome.VOICE_MAIL
        assert order.voice_message is not None
        assert order.answer_by == order.voice_message + 24 * 3600
        assert day.heard(caller.id)[-1] == ("voice_mail_thanks",)
    assert day.order_of(midnight).number.startswith("320481-20171204-")
    assert day.order_of(midnight).voice_message == day.clock("2017-12-05T00:00") + 3
    assert day.outcome_of(silent) is Outcome.ABANDONED
    assert day.order_of(silent).answer_by is None


def test_a_week_of_holidays() -> None:
    """National Day 2017: closed from 1 to 8 October, and open on Saturday 30 September, which makes
    up for it."""
    day = Day("2017-09-29T10:00", city(OFFICE))
    day.sits("001")
    found = {}
    for date in ("09-29", "09-30", "10-01", "10-02", "10-08", "10-09"):
        day.until(f"2017-{date}T10:30")
        found[date] = day.calls(Caller(talk=30))
    day.ends()
    answered = [date for date, each in found.items() if day.outcome_of(each) is Outcome.ANSWERED]
    assert answered == ["09-29", "09-30", "10-09"]
    assert day.outcomes()[Outcome.VOICE_MAIL] == 3


def test_a_menu_and_all_the_wrong_keys() -> None:
    """Who presses a right key goes there, who never does is led to people all the same."""
    day = Day("2017-12-01T10:00", city(MENUS, leads("12345", "menu: main")))
    day.sits("001")
    right = day.calls(Caller(presses={"menu_main": "1"}, talk=10))
    wrong = day.calls(Caller(presses={"menu_main": ["7", "8", "9"]}, talk=10))
    silent = day.calls(Caller(talk=10))
    round_ = day.calls(Caller(presses={"menu_main": ["2", "3"], "menu_more": "0"}, talk=10))
    message = day.calls(Caller(presses={"menu_main": "2", "menu_more": "9"}, says=20))
    day.ends()
    for caller in (right, wrong, silent):
        assert day.order_of(caller).operator == "001"
    heard = [[words[0] for words in day.heard(each.id)] for each in (right, wrong, silent)]
    assert heard[0][:1] == ["menu_main"]
    assert heard[1][:3] == ["menu_main", "menu_wrong", "menu_wrong"]
    assert heard[2][:3] == ["menu_main", "menu_none", "menu_none"]
    assert day.outcome_of(round_) is Outcome.FORWARDED
    assert day.outcome_of(message) is Outcome.VOICE_MAIL
