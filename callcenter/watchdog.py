"""A process proves that its work goes on; whoever supervises it ends it when it falls silent.

The protocol is systemd's: datagrams to the socket that NOTIFY_SOCKET names. So the same controller
is watched by systemd (`WatchdogSec=` of its unit) and by `callcenter serve`, which opens such a
socket itself.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

BEAT_SECONDS = 0.5
START_SECONDS = 30
"""Silence allowed before a process is ready; each beat while it starts allows as much again."""
SILENT_SECONDS = 3
"""Silence allowed to a process that was ready.

A dead man's switch takes callers who wait from a controller that is silent for 6 s, renewed every
2 s. 3 s, and one to start again, leave them where they are, and are more than a busy machine needs.
"""
_VARIABLE = "NOTIFY_SOCKET"
_READY = b"READY=1"
_ALIVE = b"WATCHDOG=1"
_STARTING = b"EXTEND_TIMEOUT_USEC=%d" % (START_SECONDS * 1_000_000)
_LONGEST = 4096


class Supervisor:
    """Who watches this process, if anybody does: told that it is ready and alive."""

    def __init__(self, address: str | None = None) -> None:
        """Take the address, by default from the environment; None there: nobody watches."""
        address = os.environ.get(_VARIABLE) if address is None else address
        self._address = None if not address else address.replace("@", "\0", 1)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def ready(self) -> None:
        """From now on it is alive as long as `alive` is told."""
        self._tell(_READY)

    def alive(self) -> None:
        """It did a turn of its work just now."""
        self._tell(_ALIVE)

    def starting(self) -> None:
        """It is not ready yet, but gets on."""
        self._tell(_STARTING)

    def _tell(self, what: bytes) -> None:
        if self._address is not None:
            with suppress(OSError):  # nobody listens, or slowly: our work does not depend on it
                self._socket.sendto(what, self._address)


@asynccontextmanager
async def starting(supervisor: Supervisor) -> AsyncIterator[None]:
    """Tell all the while that this takes its time, as long as the event loop turns."""

    async def tell() -> NoReturn:
        while True:
            supervisor.starting()
            await asyncio.sleep(BEAT_SECONDS)

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()


async def beat(supervisor: Supervisor, turn: Callable[[], Awaitable[None]]) -> NoReturn:
    """Tell that we are ready after the first turn of our work, and alive after each one."""
    await turn()
    supervisor.ready()
    while True:
        supervisor.alive()
        await asyncio.sleep(BEAT_SECONDS)
        await turn()


class Watch:
    """The other side: listens to one child, from its start to its death."""

    def __init__(self, address: Path, listening: socket.socket) -> None:
        self.ready = False
        """Whether the child told so."""
        self.environment = {_VARIABLE: str(address)}
        """What the child must have in its environment."""
        self._listening = listening

    @classmethod
    @contextmanager
    def at(cls, address: Path) -> Iterator[Watch]:
        """Listen at a path of our own, a new one for each child: none answers for another."""
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as listening:
            listening.bind(str(address))
            address.chmod(0o600)
            try:
                yield cls(address, listening)
            finally:
                address.unlink(missing_ok=True)

    async def until_silent(
        self, start_seconds: int = START_SECONDS, silent_seconds: int = SILENT_SECONDS
    ) -> None:
        """Return when nothing was heard for so long.

        Seconds are waited for one by one, and counted: where the whole machine stood still, at most
        one of them is over, and the child gets its time.
        """
        silent = 0
        while silent < (silent_seconds if self.ready else start_seconds):
            try:
                heard = await asyncio.wait_for(self._hear(), 1.0)
            except TimeoutError:
                silent += 1
                continue
            silent = 0
            self.ready = self.ready or _READY in heard.splitlines()

    async def _hear(self) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self._listening, _LONGEST)
