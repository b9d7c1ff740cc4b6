"""A child that ends or freezes is replaced: at once if it was well, ever later if it never was."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from callcenter import watchdog
from callcenter.asterisk.switch import GUARD_SECONDS
from callcenter.supervisor import AGAIN_SECONDS, FAILED_SECONDS, Backoff, run_watched
from tests.fakes.waiting import until
from tests.support.processes import lives

CHILD = """
import asyncio, os, pathlib, signal, sys
from callcenter.watchdog import Supervisor, beat

async def main():
    supervisor = Supervisor()
    if "unwell" in sys.argv:
        raise SystemExit(7)
    async def turn(): ...
    beating = asyncio.create_task(beat(supervisor, turn))
    await asyncio.sleep(0.1)
    file = pathlib.Path(os.environ["PID_FILE"])
    file.with_suffix(".new").write_text(str(os.getpid()))
    file.with_suffix(".new").rename(file)
    if "short" in sys.argv:
        raise SystemExit(8)
    if "frozen" in sys.argv:
        os.kill(os.getpid(), signal.SIGSTOP)
    await beating

asyncio.run(main())
"""


async def run(folder: Path, what: str) -> tuple[bool, str]:
    command = (sys.executable, "-c", CHILD, what)
    environment = {"PID_FILE": str(folder / "pid")}
    return await asyncio.wait_for(run_watched(command, environment, folder / "notify"), 20)


async def test_a_child_that_was_well_and_ends(tmp_path: Path) -> None:
    assert await run(tmp_path, "short") == (True, "ended by itself (8)")


async def test_a_child_that_never_was_well(tmp_path: Path) -> None:
    assert await run(tmp_path, "unwell") == (False, "ended by itself (7)")


async def test_a_frozen_child_is_killed(tmp_path: Path) -> None:
    assert await run(tmp_path, "frozen") == (True, "gave no sign of life")
    assert not lives(int((tmp_path / "pid").read_text()))


async def test_a_child_ends_when_nobody_wants_it_any_more(tmp_path: Path) -> None:
    running = asyncio.create_task(run(tmp_path, "well"))
    await until((tmp_path / "pid").is_file, 10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not lives(int((tmp_path / "pid").read_text()))
    assert not (tmp_path / "notify").exists()


def test_who_was_well_comes_back_at_once_however_often() -> None:
    delays = Backoff()
    failing = [delays.next(was_well=False) for _ in range(7)]
    assert failing == [*FAILED_SECONDS, FAILED_SECONDS[-1], FAILED_SECONDS[-1]]
    assert [delays.next(was_well=True) for _ in range(3)] == [AGAIN_SECONDS] * 3
    assert delays.next(was_well=False) == FAILED_SECONDS[0]


def test_a_frozen_controller_is_noticed_before_the_dead_mans_switch_takes_its_callers() -> None:
    renewed = 2
    assert renewed + watchdog.SILENT_SECONDS < GUARD_SECONDS
