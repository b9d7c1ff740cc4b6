"""A process that gets on with its work is let be; one that does not is noticed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callcenter.watchdog import SILENT_SECONDS, START_SECONDS, Supervisor, Watch, beat, starting
from tests.fakes.waiting import until

CHILD = """
import asyncio, sys, time
from callcenter.watchdog import Supervisor, beat, starting

async def main():
    supervisor = Supervisor()
    async with starting(supervisor):
        if "slow" in sys.argv:
            await asyncio.sleep(2.5)
    stuck = asyncio.Event()

    async def turn():
        if stuck.is_set():
            await asyncio.Event().wait()

    beating = asyncio.create_task(beat(supervisor, turn))
    await asyncio.sleep(0.1)
    if "writer" in sys.argv:
        stuck.set()
    if "loop" in sys.argv:
        time.sleep(60)
    await beating

asyncio.run(main())
"""


@asynccontextmanager
async def child(
    folder: Path, *arguments: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Watch]]:
    with Watch.at(folder / "notify") as watch:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", CHILD, *arguments), env={**os.environ, **watch.environment}
        )
        try:
            yield process, watch
        finally:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("fault", ["writer", "loop"])
async def test_a_child_that_gets_stuck_falls_silent(tmp_path: Path, fault: str) -> None:
    async with child(tmp_path, fault) as (process, watch):
        await asyncio.wait_for(watch.until_silent(silent_seconds=1), 20)
        assert watch.ready
        assert process.returncode is None


async def test_a_frozen_child_falls_silent(tmp_path: Path) -> None:
    async with child(tmp_path) as (process, watch):
        silent = asyncio.create_task(watch.until_silent(silent_seconds=1))
        await until(lambda: watch.ready)
        process.send_signal(signal.SIGSTOP)
        await asyncio.wait_for(silent, 10)


async def test_a_child_that_never_becomes_ready_falls_silent(tmp_path: Path) -> None:
    with Watch.at(tmp_path / "notify") as watch:
        await asyncio.wait_for(watch.until_silent(start_seconds=1), 10)
        assert not watch.ready


async def test_a_slow_start_is_waited_for_as_long_as_it_gets_on(tmp_path: Path) -> None:
    async with child(tmp_path, "slow") as (_, watch):
        silent = asyncio.create_task(watch.until_silent(start_seconds=2))
        await until(lambda: watch.ready or silent.done(), 10)
        assert watch.ready
        silent.cancel()


async def test_who_beats_is_never_silent(tmp_path: Path) -> None:
    """Also after a pause of everybody: what is in the socket counts first."""
    with Watch.at(tmp_path / "notify") as watch:
        supervisor = Supervisor(watch.environment["NOTIFY_SOCKET"])
        turns = 0

        async def turn() -> None:
            nonlocal turns
            turns += 1

        beating = asyncio.create_task(beat(supervisor, turn))
        silent = asyncio.create_task(watch.until_silent(silent_seconds=1))
        await until(lambda: turns > 4)
        assert not silent.done()
        beating.cancel()
        silent.cancel()


async def test_it_is_systemds_protocol(tmp_path: Path) -> None:
    async def turn() -> None: ...

    loop, told = asyncio.get_running_loop(), []
    with Watch.at(tmp_path / "notify") as watch:
        supervisor = Supervisor(watch.environment["NOTIFY_SOCKET"])
        async with starting(supervisor):
            told.append(await loop.sock_recv(watch._listening, 100))
        beating = asyncio.create_task(beat(supervisor, turn))
        told += [await loop.sock_recv(watch._listening, 100) for _ in range(2)]
        beating.cancel()
    assert told == [b"EXTEND_TIMEOUT_USEC=30000000", b"READY=1", b"WATCHDOG=1"]
    assert (START_SECONDS, SILENT_SECONDS) == (30, 3)


async def test_nobody_need_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    Supervisor().ready()
    Supervisor(str(tmp_path / "nobody")).alive()
    Supervisor("@abstract-and-nobody-there").alive()
