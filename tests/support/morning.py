"""A program that works like the controller, without an Asterisk: requests, calls, orders, entries.

It says on standard output what people are told, one JSON object a line, and ends as by a kill.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import structlog

from callcenter.calls.commands import Command
from callcenter.calls.events import BecomeNotReady, BecomeReady, CallArrived, LegEnded, SignIn
from callcenter.clock import Clock
from callcenter.orders.entry import EntryPatch
from callcenter.recovery import restore
from callcenter.runtime import Runtime
from callcenter.store import journal as journal_module
from callcenter.store.feeds import OrderFeed
from callcenter.store.journal import Journal
from callcenter.store.orders import Order, OrderFilter, OrderStore
from callcenter.store.projector import Projector
from callcenter.store.queue_log_writer import QueueLogWriter
from tests.plans import small_plan
from tests.support.power import SAID

CALLS = 3
REQUESTS = ("SignIn", "BecomeReady", "BecomeNotReady")


class _NoSwitch:
    """There is nobody to command."""

    def send(self, commands: tuple[Command, ...]) -> None:
        """Nothing comes of it."""


async def main(folder: Path) -> None:
    """One life in that folder."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    journal_module.CHECKPOINT_ENTRIES = 7  # so that the log moves into the database on the way
    plan, clock = small_plan(), Clock()
    journal = Journal(folder / "journal.db")
    await journal.open()
    runtime = Runtime(await restore(journal, plan), plan, journal, _NoSwitch(), clock)
    runtime.use_plan(plan)
    store = OrderStore.in_folder(folder)
    projector = Projector(OrderFeed(journal), store, clock.now, rest=0.01)
    lines = QueueLogWriter(journal, folder / "queue_log", clock.now, gather=0.01)
    running = [asyncio.create_task(runtime.run())]
    assert await runtime.request(SignIn("001", "seat01")) is None
    say(requests=1)
    running += [asyncio.create_task(part.run()) for part in (projector, lines)]
    for number in range(CALLS):
        call = f"15.{number}"
        runtime.post(CallArrived(call, "telecom", "12345"))
        say(filed=(await filed(store, call, ended=False)).record.number)
        ready = BecomeReady("001") if number % 2 else BecomeNotReady("001", "break")
        assert await runtime.request(ready) is None
        say(requests=number + 2)
        runtime.post(LegEnded(call))
        order = await filed(store, call, ended=True)
        say(ended=order.record.number)
        content = f"第 {number} 件"
        await store.save_entry(
            order.record.number, EntryPatch(content=content), who="001", now=1.0, expected=0
        )
        say(entered=[order.record.number, content])
    assert not any(task.done() for task in running)
    os._exit(0)


async def filed(store: OrderStore, call: str, *, ended: bool) -> Order:
    """That call's order as people see it, or as they see it in the end."""
    async with asyncio.timeout(20):
        while True:
            if await store.exists():
                for order in (await store.page(OrderFilter())).orders:
                    if order.record.call == call and (order.record.outcome is not None) >= ended:
                        return order
            await asyncio.sleep(0.005)


def say(**fact: object) -> None:
    """A person is told this."""
    os.write(SAID, json.dumps(fact).encode() + b"\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
