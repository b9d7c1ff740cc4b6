"""Menus and voice mail as callers hear them; what they leave, from the sound of the file itself."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path

import pytest
import pytest_asyncio

from callcenter.orders.record import OrderRecord, Outcome
from callcenter.simulator.agent import Call, Side
from callcenter.simulator.audio import RATE, read_wav
from callcenter.simulator.heard import Catalog
from callcenter.simulator.rtp import FRAME
from callcenter.store.recordings import Recording, RecordingKind, RecordingStore
from tests.support.city import City, edit, new_caller, until, within
from tests.support.processes import without_controller

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False

CHOICES, CLOSED = "12369", "12365"
"""Numbers that the plan queues; here one has a menu, and the other is closed."""
CITIZEN, LATER = "pin_wrong", "cannot_dial"
"""What callers say: no call has these as a prompt."""
MENUS = """
menus:
  main:
    prompt: menu_main
    choices:
      "1": {title: 人工, queue: hotline}
      "2": {title: 其他, menu: more}
      "9": {title: 留言, voice_box: hotline}
    seconds: 2
    repeats: 2
    wrong: menu_wrong
    none: menu_none
    otherwise: {queue: hotline, prompt: now_ready}
  more:
    prompt: menu_more
    choices:
      "0": {title: 返回, menu: main}
      "3": {title: 城管, partner: 12319}
    otherwise: {queue: hotline}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def with_menus(city: City) -> None:
    folder = city.server.settings.plan
    (folder / "dialplan/menus.yaml").write_text(MENUS, encoding="utf-8")
    edit(folder, "dialplan/hours.yaml", "(?m)^hours:", "hours:\n  never: {title: 从不, weekly: {}}")
    edit(folder, "dialplan/centre.yaml", r"menu_seconds: \d+", "menu_seconds: 12")
    edit(folder, "dialplan/voice_boxes.yaml", r"silence_seconds: \d+", "silence_seconds: 3")
    edit(folder, "dialplan/numbers.yaml", f'"{CHOICES}":', f'"{CHOICES}":\n    menu: main')
    edit(
        folder,
        "dialplan/numbers.yaml",
        f'"{CLOSED}":',
        f'"{CLOSED}":\n    hours: never\n    closed: {{voice_box: hotline}}',
    )
    await city.until_plan_is(folder)


# -- menus -------------------------------------------------------------------------------------


async def test_a_key_during_the_prompt_ends_it_and_leads_on(city: City) -> None:
    caller = new_caller()
    call = await city.call(CHOICES, caller)
    assert await within(call.until_answered())
    await within(call.media.until_heard(RATE // FRAME))  # a second of it
    await call.media.press("2")
    await city.until_heard(call, "menu_more")
    heard = (await asyncio.to_thread(city.catalog.listen, call.heard())).prompts
    (more,) = [prompt for prompt in heard if prompt.prompt == "menu_more"]
    whole = len(city.recording("menu_main")) / RATE
    assert more.at_s < whole, "the first prompt was cut short"
    await call.media.press("3")
    far = await city.outside.call_to("12319", trunk="12319")
    await within(far.call.until_answered())
    await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.hotline) == (Outcome.FORWARDED, CHOICES)
    assert order.legs[1].hotline == "12319"


@pytest.mark.long
async def test_a_wrong_key_and_none_are_told_and_in_the_end_the_caller_is_led_on(
    city: City,
) -> None:
    caller = new_caller()
    call = await city.call(CHOICES, caller)
    assert await within(call.until_answered())
    await within(call.media.until_heard(RATE // FRAME))
    await call.media.press("7")
    await city.until_heard(call, "menu_wrong", "menu_main")
    await city.until_heard(call, "menu_wrong", "menu_main", "menu_none", "menu_main")
    await city.until_heard(call, "menu_none", "menu_main", "now_ready")
    await city.until_music(call)
    await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.queue) == (Outcome.ABANDONED, "hotline")


@pytest.mark.long
async def test_who_goes_round_in_menus_is_led_on_in_the_end(city: City) -> None:
    """From one to the other and back, by key: after 12 s no key counts any more."""
    caller = new_caller()
    call = await city.call(CHOICES, caller)
    assert await within(call.until_answered())

    async def goes_round() -> bool:
        await call.media.press("20")
        return any(order.record.queued is not None for order in await city.orders_of(caller))

    await until(goes_round, lambda: "still in menus")
    await city.until_music(call)
    await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.queue) == (Outcome.ABANDONED, "hotline")


async def test_a_menu_outlives_its_controller(city: City) -> None:
    """Who pressed no key for so long is Asterisk's: it does what the menu does otherwise."""
    caller = new_caller()
    call = await city.call(CHOICES, caller)
    await city.until_heard(call, "menu_main")
    async with without_controller(city.server):
        await city.until_music(call)
    await call.hang_up()
    assert (await city.order_of(caller)).record.outcome is Outcome.ABANDONED


# -- voice mail --------------------------------------------------------------------------------


async def leaves(city: City, number: str, caller: str) -> Call:
    """Call a number that is closed, hear greeting and tone, then speak."""
    spool = city.server.settings.spooled_recordings
    before = set(spool.glob("*_v*.wav"))
    call = await city.call(number, caller)
    await city.until_heard(call, "voice_mail_greeting")
    await until(lambda: bool(set(spool.glob("*_v*.wav")) - before), lambda: "nothing is recorded")
    call.media.say(city.recording(CITIZEN))
    await until(lambda: not call.media.speaking, lambda: "still speaking")
    return call


async def messages(city: City, order: OrderRecord, count: int = 1) -> list[Recording]:
    """The messages of a call that is over, each in its place."""
    table = RecordingStore(city.orders.engine)
    found: list[Recording] = []

    async def are_filed() -> bool:
        rows = await table.of_call(order.call)
        found[:] = [each for each in rows if each.kind is RecordingKind.VOICE_MAIL]
        here = [file_of(city, each).is_file() for each in rows]
        return len(found) == count and all(here) and len(rows) == count + 1

    await until(are_filed, lambda: f"{found} of {order.call}")
    return found


def file_of(city: City, recording: Recording) -> Path:
    return city.server.settings.recordings / recording.file


@cache
def clips(folder: Path) -> Catalog:
    return Catalog({name: (name, read_wav(folder / f"{name}.wav")) for name in (CITIZEN, LATER)})


def said_in(city: City, recording: Recording) -> list[str]:
    """The clips in a message's file."""
    catalog = clips(city.server.settings.plan / "ivr_prompts")
    return list(catalog.listen(read_wav(file_of(city, recording))).names)


@pytest.mark.long
async def test_a_message_ended_by_key_waits_for_its_answer(city: City) -> None:
    caller = new_caller()
    call = await leaves(city, CLOSED, caller)
    await call.media.press("#")
    await city.until_heard(call, "voice_mail_greeting", "voice_mail_thanks")
    assert (await within(call.until_ended())).by is Side.REMOTE
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.voice_box) == (Outcome.VOICE_MAIL, "hotline")
    assert order.voice_message is not None
    assert order.answer_by == order.voice_message + 24 * 3600
    (message,) = await messages(city, order)
    assert said_in(city, message) == [CITIZEN]
    assert message.seconds == pytest.approx(len(read_wav(file_of(city, message))) / RATE, abs=0.01)

    waiting = (await city.ask("GET", "/voice-messages"))["messages"]
    assert isinstance(waiting, list)
    (mine,) = [each for each in waiting if each["caller"] == f"+86{caller}"]
    assert [each["sha256"] for each in mine["recordings"]] == [message.sha256]
    await city.ask("POST", f"/voice-messages/{mine['order']}/answered")
    shown = await city.ask("GET", f"/orders/{mine['order']}")
    assert shown["message_answered"] is not None


async def test_a_message_ends_with_silence(city: City) -> None:
    caller = new_caller()
    call = await leaves(city, CLOSED, caller)
    await city.until_heard(call, "voice_mail_thanks")
    order = (await city.order_of(caller)).record
    (message,) = await messages(city, order)
    assert (order.outcome, said_in(city, message)) == (Outcome.VOICE_MAIL, [CITIZEN])


@pytest.mark.long
async def test_who_says_nothing_leaves_nothing(city: City) -> None:
    caller = new_caller()
    call = await city.call(CLOSED, caller)
    await city.until_heard(call, "voice_mail_greeting", "voice_mail_nothing")
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.answer_by) == (Outcome.ABANDONED, None)


async def test_who_hangs_up_while_speaking_leaves_what_was_said(city: City) -> None:
    caller = new_caller()
    call = await leaves(city, CLOSED, caller)
    await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.ended_by) == (Outcome.VOICE_MAIL, "caller")
    (message,) = await messages(city, order)
    assert said_in(city, message) == [CITIZEN]


async def test_a_controller_that_dies_loses_nothing_of_a_message(city: City) -> None:
    """Asterisk takes the caller's words until and after the dead man's switch takes the caller."""
    caller = new_caller()
    call = await leaves(city, CLOSED, caller)
    async with without_controller(city.server):
        spool = city.server.settings.spooled_recordings
        await until(lambda: len(set(spool.glob("*_v*.wav"))) > 1, lambda: "no second message")
        call.media.say(city.recording(LATER))
        await until(lambda: not call.media.speaking, lambda: "still speaking")
        await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.voice_box) == (Outcome.VOICE_MAIL, "hotline")
    first, second = await messages(city, order, 2)
    assert said_in(city, first)[0] == CITIZEN
    assert said_in(city, second) == [LATER]
