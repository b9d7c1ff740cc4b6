"""The processes of a running server: who its children are, and a controller that stays dead."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.fakes.waiting import until
from tests.support.live import LiveServer

_LISTEN, _TIME_WAIT = 0x0A, 0x06


def children(pid: int) -> dict[str, int]:
    """A process's children by their command's name."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, _, rest = status.read_text().partition(" (")
        except (FileNotFoundError, ProcessLookupError):
            continue
        name, _, fields = rest.rpartition(") ")
        state, parent = fields.split()[:2]
        if parent == str(pid) and state != "Z":
            found[name] = int(number)
    return found


def lives(pid: int) -> bool:
    """Whether it runs: a zombie does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@asynccontextmanager
async def without_controller(server: LiveServer) -> AsyncIterator[None]:
    """Kill the controller, and keep it from being started again until the end of the block.

    The block begins once Asterisk has noticed, and its end waits until the next one is well.
    """
    supervisor = server.process.pid
    controller = children(supervisor)["callcenter"]
    os.kill(supervisor, signal.SIGSTOP)
    try:
        os.kill(controller, signal.SIGKILL)
        await until(lambda: not lives(controller))
        await until(lambda: not _is_connected(server.settings.ari_port))
        yield
    finally:
        os.kill(supervisor, signal.SIGCONT)
    await until(lambda: children(supervisor).get("callcenter", controller) != controller, 20)
    await server.until_healthy()


def _is_connected(port: int) -> bool:
    """Whether anybody is connected to a port of ours."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state = line.split()[:4]
        if int(local.split(":")[1], 16) == port and int(state, 16) not in (_LISTEN, _TIME_WAIT):
            return True
    return False
