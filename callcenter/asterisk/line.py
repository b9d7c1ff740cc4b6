"""One HTTP connection to Asterisk, on which requests do not wait for each other's answers.

Asterisk reads a connection one request after the other: what is sent together is carried out in
that order, without a way to us and back in between, and other connections do not wait for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class LineError(Exception):
    """The connection is gone, or never was; whether the request was carried out is not known."""


class Line(asyncio.Protocol):
    """Opened with the first request. Use from one event loop."""

    def __init__(self, host: str, port: int) -> None:
        self.closed = False
        self._host, self._port = host, port
        self._opening: asyncio.Task[None] | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._unsent: list[bytes] = []
        self._answers: deque[asyncio.Future[tuple[int, bytes]]] = deque()
        self._received = bytearray()

    @property
    def load(self) -> int:
        """How many requests have no answer yet."""
        return len(self._answers)

    def send(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        """Send a whole request; its answer's status and body. The future raises LineError."""
        answer: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        if self._transport is not None:
            self._transport.write(request)
            return answer
        self._unsent.append(request)
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        return answer

    def close(self, reason: str = "closed") -> None:
        """Give up what has no answer yet."""
        self.closed = True
        if self._opening is not None:
            self._opening.cancel()
        if self._transport is not None:
            self._transport.abort()
        while self._answers:
            answer = self._answers.popleft()
            if not answer.done():
                answer.set_exception(LineError(reason))

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self, self._host, self._port)
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
            while self._answers and (found := _parse(self._received)) is not None:
                status, body, length = found
                del self._received[:length]
                answer = self._answers.popleft()
                if not answer.done():
                    answer.set_result((status, body))
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
