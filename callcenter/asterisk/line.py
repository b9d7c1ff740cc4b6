"""One HTTP connection to Asterisk, on which requests do not wait for each other's answers.

Asterisk reads a connection one request after the other: what is sent together is carried out in
that order, without a way to us and back in between, and other connections do not wait for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

Settle = Callable[[int, bytes], None]
"""Takes an answer's status and body; status 0 and a reason where there was no answer: whether the
request was carried out is not known then."""

NO_ANSWER = 0

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Line(asyncio.Protocol):
    """Opened with the first request, closed where an answer takes too long. Use from one event
    loop."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        """No answer may take longer than `seconds`."""
        self.closed = False
        self._host, self._port = host, port
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._opening: asyncio.Task[None] | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._unsent: list[bytes] = []
        self._waiting: deque[tuple[float, Settle]] = deque()
        """For each request without an answer: until when that is in time, and who waits."""
        self._timer: asyncio.TimerHandle | None = None
        self._received = bytearray()

    @property
    def load(self) -> int:
        """How many requests have no answer yet."""
        return len(self._waiting)

    def send(self, request: bytes, settle: Settle) -> None:
        """Send a whole request; `settle` is called once, later."""
        deadline = self._loop.time() + self._seconds
        self._waiting.append((deadline, settle))
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._look)
        if self._transport is not None:
            self._transport.write(request)
            return
        self._unsent.append(request)
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())

    def close(self, reason: str = "closed") -> None:
        """Give up what has no answer yet."""
        self.closed = True
        if self._opening is not None:
            self._opening.cancel()
        if self._transport is not None:
            self._transport.abort()
        if self._timer is not None:
            self._timer.cancel()
        while self._waiting:
            _, settle = self._waiting.popleft()
            settle(NO_ANSWER, reason.encode())

    def _look(self) -> None:
        """Whether the oldest request has waited too long; one timer serves all."""
        self._timer = None
        if not self._waiting:
            return
        deadline, _ = self._waiting[0]
        if deadline <= self._loop.time():
            self.close("no answer in time")
        else:
            self._timer = self._loop.call_at(deadline, self._look)

    async def _open(self) -> None:
        try:
            await self._loop.create_connection(lambda: self, self._host, self._port)
        except OSError as error:
            self.close(str(error))

    # -- asyncio.Protocol --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what was waiting."""
        self._transport = cast(asyncio.WriteTransport, transport)
        self._transport.writelines(self._unsent)
        self._unsent.clear()

    def data_received(self, data: bytes) -> None:
        """Hand out the answers that are complete, in order."""
        self._received += data
        try:
            while self._waiting and (found := _parse(self._received)) is not None:
                status, body, length = found
                del self._received[:length]
                _, settle = self._waiting.popleft()
                settle(status, body)
        except ValueError:
            self.close("an answer that is not HTTP")

    def connection_lost(self, exc: Exception | None) -> None:
        """Asterisk ends connections that were idle for long, and all when it ends."""
        self.close(str(exc or "the connection was ended"))


def _parse(received: bytearray) -> tuple[int, bytes, int] | None:
    """Status, body and whole length of the first answer; None while it is not complete.

    Raises ValueError where it is none.
    """
    end = received.find(_HEAD_END)
    if end < 0:
        return None
    head = bytes(received[:end])
    protocol, status = head.split(b" ", 2)[:2]
    if not protocol.startswith(b"HTTP/1."):
        raise ValueError("not HTTP")
    lines = (line for line in head.split(b"\r\n") if line[: len(_LENGTH)].lower() == _LENGTH)
    length = int(next(lines, _LENGTH + b"0")[len(_LENGTH) :])
    begin = end + len(_HEAD_END)
    if len(received) < begin + length:
        return None
    return int(status), bytes(received[begin : begin + length]), begin + length
