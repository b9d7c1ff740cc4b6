"""A UDP socket that sends whatever bytes it is given to a SIP server, and keeps what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from callcenter.simulator.sip import Request, Response, SipError, parse
from callcenter.simulator.transactions import Place


class RawSip(asyncio.DatagramProtocol):
    """Everything that came back is in `came`, in order; what is no SIP is left out."""

    def __init__(self) -> None:
        self.came: list[Request | Response] = []
        self.place: Place = ("", 0)
        self._transport: asyncio.DatagramTransport | None = None

    def send(self, data: bytes, to: Place) -> None:
        """Send one datagram."""
        if self._transport is not None:
            self._transport.sendto(data, to)

    def statuses(self, call: str = "") -> list[int]:
        """Of the answers, to the message with this call id or to all."""
        return [
            each.status
            for each in self.came
            if isinstance(each, Response) and (not call or each.call_id == call)
        ]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.place = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: Place) -> None:
        try:
            self.came.append(parse(data))
        except SipError:
            return


@asynccontextmanager
async def raw_sip(host: str) -> AsyncIterator[RawSip]:
    """On any free port of an address."""
    transport, opened = await asyncio.get_running_loop().create_datagram_endpoint(
        RawSip, local_addr=(host, 0)
    )
    try:
        yield opened
    finally:
        transport.close()
