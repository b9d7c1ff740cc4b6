"""The processes of a running server: who its children are, who is replaced, who stays dead."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.fakes.waiting import until
from tests.support.live import LiveServer


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
async def replaced(
    server: LiveServer, name: str, by: signal.Signals, patience: float = 20.0
) -> AsyncIterator[None]:
    """A process of the server dies or freezes; at the end of the block another is well.

    It is given `patience` (seconds) to die. Nothing else of the server may be replaced.
    """
    before = children(server.process.pid)
    os.kill(before[name], by)
    yield
    await until(lambda: not lives(before[name]), patience)
    await until(lambda: children(server.process.pid).get(name, before[name]) != before[name], 20)
    await server.until_healthy()
    after = children(server.process.pid)
    assert {**after, name: 0} == {**before, name: 0}, "another one was replaced too"


@asynccontextmanager
async def without_controller(server: LiveServer) -> AsyncIterator[None]:
    """Kill the controller, and keep it from being started again until the end of the block.

    The block begins once Asterisk has noticed, and its end waits until the next one is well.
    """
    supervisor = server.process.pid
    controller = children(supervisor)["callcenter"]
    lost = _lost_websockets(server)
    os.kill(supervisor, signal.SIGSTOP)
    try:
        os.kill(controller, signal.SIGKILL)
        await until(lambda: not lives(controller))
        await until(lambda: _lost_websockets(server) > lost)
        yield
    finally:
        os.kill(supervisor, signal.SIGCONT)
    await until(lambda: children(supervisor).get("callcenter", controller) != controller, 20)
    await server.until_healthy()


def _lost_websockets(server: LiveServer) -> int:
    """How many controllers Asterisk has noticed to be gone."""
    log = server.settings.asterisk / "log" / "full"
    return log.read_text(encoding="utf-8", errors="replace").count("WebSocket read error")


@asynccontextmanager
async def with_frozen_controller(server: LiveServer) -> AsyncIterator[None]:
    """Stop the controller without ending it, and keep it so until the end of the block."""
    supervisor = server.process.pid
    controller = children(supervisor)["callcenter"]
    os.kill(supervisor, signal.SIGSTOP)
    os.kill(controller, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(controller, signal.SIGCONT)
        os.kill(supervisor, signal.SIGCONT)
    await server.until_healthy()
