"""A UDP socket that sends whatever bytes it is given to a SIP server, and keeps what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from callcenter.simulator.sip import NameAddress, Request, Response, SipError, parse
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

    def end_calls(self, at: Place) -> None:
        """Acknowledge and end each call that was answered, which would be given up otherwise."""
        for each in self.came:
            if isinstance(each, Response) and (each.status, each.cseq[1]) == (200, "INVITE"):
                for sequence, method in ((each.cseq[0], "ACK"), (each.cseq[0] + 1, "BYE")):
                    self.send(_within(each, method, sequence).encode(), at)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.place = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: Place) -> None:
        try:
            self.came.append(parse(data))
        except SipError:
            return


def _within(answer: Response, method: str, sequence: int) -> Request:
    """A request within the dialog that an answer began."""
    via = answer.get("Via").partition(";")[0]
    headers = (
        ("Via", f"{via};rport;branch=z9hG4bK{method}{answer.from_.tag}"),
        ("Max-Forwards", "70"),
        ("From", answer.get("From")),
        ("To", answer.get("To")),
        ("Call-ID", answer.call_id),
        ("CSeq", f"{sequence} {method}"),
    )
    uri = NameAddress.parse(next(iter(answer.values("Contact")))).uri
    return Request(headers, b"", method, uri)


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
