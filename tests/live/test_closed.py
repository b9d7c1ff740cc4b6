"""Closed queues lead on, a holiday closes, each hotline has its greeting: as callers hear it.

The server's day is Friday, 2017-12-01, which the plan here calls a holiday.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import pytest_asyncio

from callcenter.orders.record import LegRole, Outcome
from callcenter.simulator.agent import Side
from tests.support.city import VOICE, City, edit, new_caller, until, within
from tests.support.ears import Sound, until_hears, voice

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
ANNOUNCES = False

QUEUES = """
  to_partner: {title: 甲, hours: never, closed: {partner: "12319", prompt: queue_closed}}
  to_queue: {title: 乙, hours: never, closed: {queue: second}}
  to_words: {title: 丙, hours: never, closed: {announce: queue_closed}}
  to_callback: {title: 丁, hours: never, closed: {callback: hotline, prompt: queue_closed}}
  second: {title: 戊, greeting: greeting, skills: [english]}
"""
NUMBERS: Mapping[str, str] = {
    "12369": "queue: to_partner",
    "12365": "queue: to_queue",
    "12331": "queue: to_words",
    "12336": "queue: to_callback",
    "12350": "hours: workdays\n    closed: {announce: holiday}",
    "12318": "hours: fridays\n    closed: {announce: holiday}",
    "12330": "greeting: forwarded_87222160",
    "12358": "greeting: forwarded_87269326\n    queue: second",
}
HOURS = """
hours:
  never: {title: 从不, weekly: {}}
  fridays: {title: 周五, weekly: {friday: [00:00-24:00]}}
  workdays: {title: 工作日, follows_working_days: true, weekly: {friday: [00:00-24:00]}}
"""
HOLIDAY = "holidays:\n  2017-12-01: {working: false, title: 停电检修}\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def with_hours(city: City) -> None:
    folder = city.server.settings.plan
    edit(folder, "dialplan/queues.yaml", r"\Z", QUEUES)
    edit(folder, "dialplan/queues.yaml", "skills: \\[\\] ", "skills: [general] ")
    edit(folder, "dialplan/hours.yaml", "(?m)^hours:\n", HOURS)
    edit(folder, "dialplan/hours.yaml", "(?m)^holidays: {}\n", HOLIDAY)
    for number, lines in NUMBERS.items():
        edit(folder, "dialplan/numbers.yaml", f'"{number}":', f'"{number}":\n    {lines}')
    await city.until_plan_is(folder)


async def until_over(city: City, number: str, *prompts: str) -> Outcome | None:
    """A caller of that number hears these, and nothing else, and is hung up."""
    caller = new_caller()
    call = await city.call(number, caller)
    assert (await within(call.until_ended())).by is Side.REMOTE
    assert await city.heard(call) == list(prompts)
    return (await city.order_of(caller)).record.outcome


# -- a queue that is closed ----------------------------------------------------------------------


async def test_a_closed_queue_leads_to_a_department_after_a_word(city: City) -> None:
    caller = new_caller()
    call = await city.call("12369", caller)
    await city.until_heard(call, "queue_closed")
    far = await city.outside.call_to("12319", trunk="12319")
    assert await within(far.call.until_answered())  # it has a voice of its own until then
    far.call.media.background(voice(Sound.PARTNER))
    await until_hears(call, Sound.PARTNER)
    await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.hotline) == (Outcome.FORWARDED, "12369")
    (leg,) = (leg for leg in order.legs if leg.role is LegRole.PARTNER)
    assert leg.hotline == "12319"


async def test_a_closed_queue_leads_to_another_whose_operator_answers(city: City) -> None:
    async with city.operator("005", "seat01"):
        caller = new_caller()
        call = await city.talk(caller, "12365")
        heard = await city.heard(call)
        await call.hang_up()
        order = (await city.order_of(caller)).record
    assert heard[0] == "greeting", "the other queue's"
    assert (order.outcome, order.operator, order.queue) == (Outcome.ANSWERED, "005", "second")


async def test_a_closed_queue_says_so_and_the_call_ends(city: City) -> None:
    assert await until_over(city, "12331", "queue_closed") is Outcome.ANNOUNCED


@pytest.mark.long
async def test_a_closed_queue_leads_to_a_callback_that_is_made(city: City) -> None:
    caller = new_caller()
    call = await city.call("12336", caller)
    await city.until_heard(call, "queue_closed", "callback_number", "callback_confirm")
    await call.media.press("1")
    await city.until_heard(call, "callback_noted")
    assert (await within(call.until_ended())).by is Side.REMOTE
    async with city.operator("001", "seat01"):
        back = await city.outside.call_to(caller)
        await city.until_heard(back.call, VOICE)
        await back.call.hang_up()

    async def is_done() -> bool:
        (order,) = await city.orders_of(caller)
        return order.record.operator == "001"

    await until(is_done, lambda: f"{caller} was not called back")


# -- holidays --------------------------------------------------------------------------------------


async def test_on_a_holiday_what_follows_working_days_is_closed(city: City) -> None:
    assert await until_over(city, "12350", "holiday") is Outcome.ANNOUNCED


async def test_what_follows_the_week_alone_is_open_on_a_holiday(city: City) -> None:
    caller = new_caller()
    call = await city.waiting_call(caller, "12318")
    await city.until_music(call)
    assert "holiday" not in await city.heard(call)
    await call.hang_up()
    assert (await city.order_of(caller)).record.outcome is Outcome.ABANDONED


async def test_a_holiday_that_is_taken_back_holds_for_the_next_call(city: City) -> None:
    """An edit holds for the next call: the day is a working day again."""
    folder = city.server.settings.plan
    edit(folder, "dialplan/hours.yaml", "working: false", "working: true")
    await city.until_plan_is(folder)
    try:
        call = await city.waiting_call(new_caller(), "12350")
        await city.until_music(call)
        await call.hang_up()
    finally:
        edit(folder, "dialplan/hours.yaml", "working: true", "working: false")
        await city.until_plan_is(folder)


# -- greetings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "greeting"),
    [("12330", "forwarded_87222160"), ("12358", "forwarded_87269326")],
    ids=["before a queue without one", "in place of the queue's"],
)
async def test_each_hotline_greets_in_its_own_words(city: City, number: str, greeting: str) -> None:
    call = await city.waiting_call(new_caller(), number)
    await city.until_heard(call, greeting)
    await city.until_music(call)
    assert await city.heard(call) == [greeting]
    await call.hang_up()


async def test_who_calls_a_hotline_without_one_hears_that_of_its_queue_or_none(city: City) -> None:
    call = await city.waiting_call(new_caller(), "12320")
    await city.until_music(call)
    assert await city.heard(call) == []
    await call.hang_up()
