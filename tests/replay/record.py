"""Record the journals anew, of real calls on a real Asterisk with the real server.

    python -m tests.replay.record [NAME…]

For when Asterisk, or what is told of it, has changed; where the logic alone has,
`tests.replay.accept` is enough.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from callcenter.asterisk.render import members_file
from callcenter.calls.centre import LOGIC_VERSION
from callcenter.calls.state import Centre
from callcenter.numberplan.source import Source
from callcenter.orders.record import LegRole, OrderRecord
from callcenter.simulator.agent import Call
from callcenter.simulator.behaviour import AT_ONCE, BUSY, NO_ANSWER, Behaviour
from callcenter.simulator.phone import Softphone
from callcenter.store.orders import OrderFilter
from tests.replay.journals import (
    FOLDER,
    Recorded,
    Recording,
    accepted,
    keep_plan,
    read,
    replay,
)
from tests.support.city import VOICE, City, new_caller, running_city, until, within
from tests.support.processes import without_controller

RINGS_A_WHILE = Behaviour(ring_seconds=1.0)
_ADDRESS = re.compile(r"127\.\d+\.\d+\.(\d+)")
_RECORD = TypeAdapter(OrderRecord)


@dataclass(frozen=True, slots=True)
class Story:
    """What happens while a journal is recorded."""

    about: str
    at: str
    """The moment that the centre's clock begins with."""
    tell: Callable[[City], Awaitable[None]]


# -- the stories -----------------------------------------------------------------------------------


async def morning(city: City) -> None:
    """One is served, one after a miss, one gives up, one withholds the number."""
    async with city.operator("001", "seat01"):
        await hangs_up(city, await city.talk(new_caller()))
        await city.until_operator("001", "ready")
        await city.ask("POST", "/operators/001/not-ready", {"reason": "break"})
        async with city.operator("002", "seat02", NO_ANSWER):
            call = await city.call("12345", caller := new_caller())
            await city.until_operator("002", "not_ready")
            await city.ask("POST", "/operators/001/ready")
            await city.until_heard(call, VOICE)
            await hangs_up(city, call, caller)
    await hangs_up(city, await city.waiting_call(caller := new_caller()), caller)
    hidden = (("P-Asserted-Identity", "<sip:13900001111@carrier.example>"), ("Privacy", "id"))
    async with city.operator("001", "seat01") as phone:
        call = await city.call("12345", "", headers=hidden)
        seat = await phone.next_call()
        await city.until_heard(call, VOICE)
        await seat.hang_up()
        await city.until_operator("001", "ready")


async def numbers(city: City) -> None:
    """What the plan does with numbers that are not the hotline's."""
    call = await city.call("12319", caller := new_caller())
    await city.outside.call_to("12319", trunk="12319")
    assert await within(call.until_answered())
    await hangs_up(city, call, caller)

    call = await city.call("12366-2", caller := new_caller())
    far = (await city.outside.call_to(await city.target("12366-2"))).call
    assert await within(far.media.until_digits(1)) == "2"
    await far.hang_up()
    await over(city, call, caller)

    city.outside.behave("12319", BUSY)
    await over(city, await city.call("12319", caller := new_caller()), caller)
    city.outside.behave("12319", AT_ONCE)

    async with city.operator("001", "seat01"):
        call = await city.talk(caller := new_caller(), "87222160")
        await hangs_up(city, call, caller)
    await over(city, await city.call("87000000", caller := new_caller()), caller)
    call = await city.call("110", caller := new_caller())
    assert await within(call.until_answered())
    await hangs_up(city, call, caller)


async def formal_run(city: City) -> None:
    """A number that only announces what replaced it."""
    await over(city, await city.call("87222160", caller := new_caller()), caller)


async def partners(city: City) -> None:
    """Three-way with a drop and a leave, a forward that is busy, one key to 110."""
    for number in ("12319", "110"):
        city.outside.behave(number, RINGS_A_WHILE)
    async with city.operator("001", "seat01") as phone:
        async with talk(city, phone):
            await city.ask("POST", "/operators/001/three-way", {"number": "12319"})
            far = await joined(city, "12319")
            await city.ask("POST", "/operators/001/drop-partner")
            await within(far.until_ended())
        async with talk(city, phone) as own:
            await own.media.press("*2212366*2#")
            far = (await city.outside.call_to(await city.target("12366-2"))).call
            assert await within(far.media.until_digits(1)) == "2"
            await own.media.press("*23")
            await within(own.until_ended())
        city.outside.behave("12319", BUSY)
        async with talk(city, phone):
            await city.ask("POST", "/operators/001/forward", {"number": "12319"})
            await city.outside.call_to("12319")
            await phone.next_call()
            await city.until_operator("001", "talking")
        async with talk(city, phone) as own:
            await own.media.press("*0")
            await joined(city, "110")
            await city.ask("POST", "/operators/001/leave")
            await within(own.until_ended())


async def crashes(city: City) -> None:
    """The controller dies under a talk and a wait, and two call while it is away."""
    async with city.operator("001", "seat01") as one, city.operator("002", "seat02"):
        await until_serving(city, "seat01", "seat02")
        talking = await city.talk(talker := new_caller())
        own = await one.next_call()
        await city.until_operator("001", "talking")
        async with without_controller(city.server):
            served = await city.call("12345", caller := new_caller())
            await city.until_heard(served, VOICE)
            waiting = await city.call("12345", late := new_caller())
            assert await within(waiting.until_answered())
        await hangs_up(city, served, caller)
        await own.hang_up()
        await over(city, talking, talker)
        await city.until_heard(waiting, VOICE)
        await hangs_up(city, waiting, late)


STORIES = {
    "morning": Story("a morning: served, missed, given up, withheld", "2017-12-01T10:00", morning),
    "numbers": Story("numbers with lines of their own", "2017-12-01T10:00", numbers),
    "formal-run": Story("a number that is replaced", "2018-07-02T10:00", formal_run),
    "partners": Story("three-way, forward, one key", "2017-12-01T10:00", partners),
    "crashes": Story("the controller dies; Asterisk goes on", "2017-12-01T10:00", crashes),
}


@asynccontextmanager
async def talk(city: City, phone: Softphone) -> AsyncIterator[Call]:
    """A citizen talks with operator 001, whose leg this gives; and hangs up at last."""
    await city.until_operator("001", "ready")
    call = await city.call("12345", caller := new_caller())
    own = await phone.next_call()
    await city.until_heard(call, VOICE)
    await city.until_operator("001", "talking")
    yield own
    await hangs_up(city, call, caller)


async def joined(city: City, number: str) -> Call:
    """The partner, who has answered and is in the talk."""
    far = (await city.outside.call_to(number)).call
    assert await within(far.until_answered())

    async def is_known() -> bool:
        page = await city.orders.page(OrderFilter())
        legs = [leg for order in page.orders for leg in order.record.legs if leg.ended is None]
        return any(leg.role is LegRole.PARTNER and leg.answered is not None for leg in legs)

    await until(is_known, lambda: f"{number} has not joined")
    return far


async def hangs_up(city: City, call: Call, caller: str | None = None) -> None:
    await call.hang_up()
    if caller is not None:
        await city.order_of(caller)


async def over(city: City, call: Call, caller: str) -> None:
    """The other side ends it."""
    await within(call.until_ended())
    await city.order_of(caller)


async def until_serving(city: City, *seats: str) -> None:
    """Wait until Asterisk's own queue knows these seats."""
    file = city.server.settings.asterisk / "etc" / members_file("hotline")
    await until(
        lambda: file.exists() and all(seat in file.read_text() for seat in seats),
        lambda: f"{seats} do not serve",
    )

    async def is_read() -> bool:
        return bool((await city.health())["plan"]["ok"])

    await until(is_read, lambda: "Asterisk has not read its configuration")


# -- from the database to a text ---------------------------------------------------------------


async def record(name: str, story: Story) -> Recording:
    """Let it happen, and take its journal out."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_city(Path(folder), "--at", story.at) as city:
            await story.tell(city)

            async def is_quiet() -> bool:
                board = await city.ask("GET", "/wallboard")
                return board["in_progress"] == 0

            await until(is_quiet, lambda: "a call is not over")
            return await asyncio.to_thread(
                export, name, story.about, city.server.settings.data / "journal.db"
            )


def export(name: str, about: str, database: Path) -> Recording:
    """The journal with addresses and plans that do not depend on where it was recorded."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as journal:
        rows = journal.execute(
            "SELECT seq, at, plan, logic, kind, body, rejected FROM events ORDER BY seq"
        ).fetchall()
        plans = dict(journal.execute("SELECT hash, body FROM plans").fetchall())
        records = [
            (event, _RECORD.validate_json(_anywhere(body)))
            for event, body in journal.execute("SELECT event, body FROM orders ORDER BY seq")
        ]
    hashes = {}
    for old, texts in plans.items():
        source = Source.from_json(_anywhere(texts))
        hashes[old] = source.hash
        keep_plan(source)

    def without_old(text: str) -> str:
        for old, new in hashes.items():
            text = text.replace(old, new)
        return _anywhere(text)

    events = tuple(
        Recorded(seq, at, hashes[plan][:12], logic, kind, without_old(body), rejected, {})
        for seq, at, plan, logic, kind, body, rejected in rows
    )
    recording = accepted(Recording(name, about, LOGIC_VERSION, {}, "", events))
    again = [
        (each.event.seq, record)
        for each in replay(events, Centre())
        for record in each.result.records
    ]
    assert again == records, "replayed it does not give the records that the server made"
    return recording


def _anywhere(text: str) -> str:
    return _ADDRESS.sub(r"127.0.0.\1", text)


async def main() -> None:
    for name in sys.argv[1:] or STORIES:
        recording = await record(name, STORIES[name])
        recording.write()
        print(f"{name}: {len(recording.events)} events, {list(recording.orders.values())}")
    used = {event.plan for file in FOLDER.glob("*.jsonl") for event in read(file.stem).events}
    for file in (FOLDER / "plans").glob("*.json"):
        if file.stem not in used:
            file.unlink()


if __name__ == "__main__":
    asyncio.run(main())
