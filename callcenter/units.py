"""What the units of script/systemd run beside the controller: one part of the call centre each."""

from __future__ import annotations

import asyncio
import signal
import sys

from callcenter.asterisk import process
from callcenter.asterisk.exchange import exchange_of
from callcenter.asterisk.render import RenderError, render
from callcenter.clock import Clock
from callcenter.instance import TakenError, alone, announced
from callcenter.numberplan.loader import load
from callcenter.settings import Settings
from callcenter.watchdog import Supervisor


def render_plan(settings: Settings) -> int:
    """Write Asterisk's configuration for the plan in force now; return the exit code."""
    loaded = load(settings.plan)
    if loaded.plan is None:
        for problem in loaded.errors:
            print(problem, file=sys.stderr)
        return 1
    try:
        render(settings, exchange_of(loaded.plan, Clock(settings.clock_offset).datetime()))
    except RenderError as error:
        print(f"callcenter render: {error}", file=sys.stderr)
        return 1
    return 0


def run_asterisk(settings: Settings) -> int:
    """Run Asterisk on what was rendered, until it ends, freezes, or we are told to end.

    Returns the exit code: 1 where it ended by itself, for whoever keeps it running to start it
    again.
    """
    if not (settings.asterisk / "etc" / "asterisk.conf").is_file():
        print(
            f"callcenter asterisk: no configuration in {settings.asterisk}/etc: "
            "run callcenter render first",
            file=sys.stderr,
        )
        return 1
    try:
        with alone(settings):
            return asyncio.run(_run_asterisk(settings))
    except (TakenError, process.AsteriskError) as error:
        print(f"callcenter asterisk: {error}", file=sys.stderr)
        return 1


async def _run_asterisk(settings: Settings) -> int:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    running = await process.start(settings)
    over = asyncio.create_task(running.until_over())
    telling = asyncio.create_task(told.wait())
    try:
        with announced(settings):
            Supervisor().ready()
            await asyncio.wait({over, telling}, return_when=asyncio.FIRST_COMPLETED)
        if not over.done():
            return 0
        print(f"callcenter asterisk: Asterisk {over.result()}", file=sys.stderr)
        return 1
    finally:
        over.cancel()
        telling.cancel()
        await running.stop()
