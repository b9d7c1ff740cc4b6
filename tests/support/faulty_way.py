"""The way between controller and Asterisk's HTTP, which a test can make slow, faulty, or cut.

Production code knows nothing of it: detour/sitecustomize.py is laid under it. Events and requests
go over it alike; who looks after Asterisk's own life does not.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

_DETOUR = Path(__file__).parent / "detour"
_FAILURE = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
_LENGTH = "content-length:"
_UPGRADE = b"upgrade: websocket"
_GONE = (ConnectionError, asyncio.IncompleteReadError)


@dataclass
class FaultyWay:
    """Passes everything on, until told to do otherwise."""

    folder: Path
    delay: float = 0.0
    """Seconds that everything takes, in either direction."""
    failing: float = 0.0
    """The share of requests that are answered with 500, and never reach Asterisk."""
    refused: int = 0
    """Requests that were."""
    random: Random = field(default_factory=lambda: Random(12345))
    _websockets: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    @asynccontextmanager
    async def laid(cls, folder: Path) -> AsyncIterator[FaultyWay]:
        """Servers started in this block have controllers that go by it."""
        way = cls(folder)
        server = await asyncio.start_server(way._serve, "127.0.0.1", 0)
        (folder / "by").write_text(str(server.sockets[0].getsockname()[1]))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FAULTY_WAY", str(folder))
            patch.setenv("PYTHONPATH", str(_DETOUR), prepend=os.pathsep)
            yield way
        server.close()
        for task in way._tasks:
            task.cancel()
        await asyncio.gather(*way._tasks, return_exceptions=True)

    @property
    def is_used(self) -> bool:
        """Whether a controller goes by it."""
        return (self.folder / "to").exists()

    @property
    def has_events(self) -> bool:
        """Whether a websocket was asked for, and is there still."""
        return bool(self._websockets)

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Everything takes that long in this block."""
        self.delay = seconds
        try:
            yield
        finally:
            self.delay = 0.0

    @contextmanager
    def refusing(self, share: float) -> Iterator[None]:
        """That share of the requests in this block is refused."""
        self.failing = share
        try:
            yield
        finally:
            self.failing = 0.0

    def cut_events(self) -> None:
        """End the websocket without a word."""
        while self._websockets:
            self._websockets.pop().transport.abort()

    async def _serve(self, near: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        far_writer: asyncio.StreamWriter | None = None
        try:
            to = int((self.folder / "to").read_text())
            far, far_writer = await asyncio.open_connection("127.0.0.1", to)
            await self._pass_on(near, answer, far, far_writer)
        except (*_GONE, OSError):
            pass
        finally:
            self._tasks.discard(task)
            self._websockets.discard(answer)
            for writer in (answer, far_writer):
                if writer is not None:
                    writer.transport.abort()

    async def _pass_on(
        self,
        near: asyncio.StreamReader,
        answer: asyncio.StreamWriter,
        far: asyncio.StreamReader,
        ask: asyncio.StreamWriter,
    ) -> None:
        """One request after the other, until one becomes a websocket."""
        requests: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        answers: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        beside = [
            asyncio.create_task(_read_all(near, requests)),
            asyncio.create_task(_deliver(answers, answer)),
        ]
        try:
            while True:
                arrived, request = await requests.get()
                if not request:
                    return
                await _at(arrived + self.delay)
                if _UPGRADE in request.lower():
                    self._websockets.add(answer)
                    ask.write(request)
                    await self._websocket(near, answer, far, ask)
                    return
                if self.random.random() < self.failing:
                    self.refused += 1
                    answers.put_nowait((_now() + self.delay, _FAILURE))
                    continue
                ask.write(request)
                answers.put_nowait((_now() + self.delay, await _message(far)))
        finally:
            for each in beside:
                each.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _websocket(
        self,
        near: asyncio.StreamReader,
        answer: asyncio.StreamWriter,
        far: asyncio.StreamReader,
        ask: asyncio.StreamWriter,
    ) -> None:
        both = [
            asyncio.create_task(self._stream(near, ask)),
            asyncio.create_task(self._stream(far, answer)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _stream(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        """Each piece arrives later by the delay of its moment."""
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def read() -> None:
            while piece := await source.read(65536):
                pieces.put_nowait((_now() + self.delay, piece))
            pieces.put_nowait((0.0, b""))

        reading = asyncio.create_task(read())
        try:
            await _deliver(pieces, to)
        finally:
            reading.cancel()


async def _deliver(pieces: asyncio.Queue[tuple[float, bytes]], to: asyncio.StreamWriter) -> None:
    """Write each piece when it is due, until an empty one."""
    while True:
        due, piece = await pieces.get()
        if not piece:
            return
        await _at(due)
        if to.is_closing():
            return
        to.write(piece)


async def _read_all(
    source: asyncio.StreamReader, requests: asyncio.Queue[tuple[float, bytes]]
) -> None:
    """Every request with the time of its arrival; an empty one at the end. A websocket is left
    alone after its handshake."""
    while True:
        try:
            request = await _message(source)
        except _GONE:
            request = b""
        requests.put_nowait((_now(), request))
        if not request or _UPGRADE in request.lower():
            return


async def _message(source: asyncio.StreamReader) -> bytes:
    """A whole request or answer."""
    head = await source.readuntil(b"\r\n\r\n")
    for line in head.decode("latin-1").split("\r\n"):
        if line.lower().startswith(_LENGTH):
            return head + await source.readexactly(int(line[len(_LENGTH) :]))
    return head


async def _at(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - _now()))


def _now() -> float:
    return asyncio.get_running_loop().time()
