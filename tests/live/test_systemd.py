"""systemd itself replaces a controller that is frozen or dead, as its unit's file asks it to."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from time import monotonic

import aiohttp
import pytest

from callcenter.settings import PROJECT, Settings
from callcenter.watchdog import SILENT_SECONDS
from tests.fakes import waiting
from tests.support.city import until
from tests.support.processes import lives
from tests.support.systemd import keeping, kept_as

UNIT = PROJECT / "script" / "systemd" / "callcenter.service"


def controller(settings: Settings) -> int:
    """The process that has these data; 0 where there is none."""
    ours = f"CALLCENTER_DATA={settings.data}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            if words[-1] == b"controller" and ours in (process / "environ").read_bytes():
                return int(process.name)
        except OSError:  # it has ended meanwhile
            continue
    return 0


async def until_it_answers(settings: Settings) -> None:
    """There is no Asterisk: it says so (503), and is as well as it can be."""

    async def answers() -> bool:
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"{settings.web_url}/healthz") as answer,
            ):
                return answer.status == 503
        except aiohttp.ClientError:
            return False

    await until(answers, lambda: "the controller does not answer")


@pytest.mark.parametrize("by", [signal.SIGSTOP, signal.SIGKILL], ids=["frozen", "killed"])
async def test_the_controller_is_replaced(
    settings: Settings, tmp_path: Path, by: signal.Signals
) -> None:
    command = (str(Path(sys.executable).with_name("callcenter")), "controller")
    text = kept_as(UNIT, command, settings.environment())
    async with keeping(tmp_path, f"callcenter-{os.getpid()}.service", text):
        await until_it_answers(settings)
        before, began = controller(settings), monotonic()
        os.kill(before, by)
        await waiting.until(lambda: not lives(before), SILENT_SECONDS + 2)
        if by is signal.SIGSTOP:
            assert monotonic() - began > SILENT_SECONDS - 1, "it was given its time"
        await waiting.until(lambda: controller(settings) not in (0, before), 5)
        await until_it_answers(settings)
