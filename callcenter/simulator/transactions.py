"""SIP transactions over UDP (RFC 3261, section 17): repeat until answered, answer repeats.

`SipSocket` owns one UDP socket and tells its user about new requests; the user sends requests and
answers through it. Timers A, B, E, F, G and H are here, nobody else needs to know of them.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, Self

from callcenter.simulator.sip import (
    Message,
    Request,
    Response,
    SipError,
    parse,
    response_to,
)

Place = tuple[str, int]
"""A host and a UDP port."""


@dataclass(frozen=True, slots=True)
class Timers:
    """The protocol's clock, in seconds. Tests make it faster."""

    t1: float = 0.5
    """An assumed round trip: the first interval between repetitions."""
    t2: float = 4.0
    """The longest interval between repetitions."""

    @property
    def give_up(self) -> float:
        """How long to go on without an answer."""
        return 64 * self.t1


class Handler(Protocol):
    """What a `SipSocket` tells its user."""

    def on_request(self, incoming: ServerTransaction) -> None:
        """A new request, to be answered through `incoming.respond`; CANCEL too."""

    def on_ack(self, ack: Request) -> None:
        """The ACK of a 2xx answer: it belongs to the dialog, not to a transaction."""


class _Repeater:
    """Does something again at growing intervals until stopped or too late."""

    def __init__(
        self,
        again: Callable[[], None],
        too_late: Callable[[], None],
        timers: Timers,
        longest: float,
    ) -> None:
        self._again, self._longest, self._interval = again, longest, timers.t1
        loop = asyncio.get_running_loop()
        self._next = loop.call_later(self._interval, self._repeat)
        self._end = loop.call_later(timers.give_up, self._give_up, too_late)

    def _repeat(self) -> None:
        self._again()
        self._interval = min(2 * self._interval, self._longest)
        self._next = asyncio.get_running_loop().call_later(self._interval, self._repeat)

    def _give_up(self, too_late: Callable[[], None]) -> None:
        self.stop()
        too_late()

    def slow_down(self, interval: float) -> None:
        self._interval = interval

    def stop(self) -> None:
        self._next.cancel()
        self._end.cancel()


class ClientTransaction:
    """A request on its way, and the responses to it.

    `on_response` gets every provisional response, the final one, and, for an INVITE, each
    repetition of a 2xx (the dialog must ACK them all). Silence becomes a 408.
    """

    def __init__(
        self,
        socket: SipSocket,
        request: Request,
        place: Place,
        on_response: Callable[[Response], None],
    ) -> None:
        self.request, self.place = request, place
        self._socket, self._on_response = socket, on_response
        self._final: Response | None = None
        self._invite = request.method == "INVITE"
        longest = socket.timers.give_up if self._invite else socket.timers.t2
        self._repeater = _Repeater(self._send, self._silence, socket.timers, longest)
        self._send()

    def _send(self) -> None:
        self._socket.send(self.request, self.place)

    def _silence(self) -> None:
        self._finish(response_to(self.request, 408))

    def receive(self, response: Response) -> None:
        """A response arrived that belongs here."""
        if self._final is not None:
            if self._invite and self._final.status < 300 and response.status < 300:
                if response.status >= 200:
                    self._on_response(response)
            elif self._invite and response.status >= 300:
                self._acknowledge(response)
            return
        if response.status < 200:
            if self._invite:
                self._repeater.stop()
            else:
                self._repeater.slow_down(self._socket.timers.t2)
            self._on_response(response)
            return
        if self._invite and response.status >= 300:
            self._acknowledge(response)
        self._finish(response)

    def _finish(self, response: Response) -> None:
        self._final = response
        self.stop()
        self._socket.forget_later(self)
        self._on_response(response)

    def _acknowledge(self, response: Response) -> None:
        """An INVITE's refusal is acknowledged within the transaction."""
        headers = [("Via", self.request.get("Via")), ("Max-Forwards", "70")]
        headers += [("Route", route) for route in self.request.all("Route")]
        headers += [
            ("From", self.request.get("From")),
            ("To", response.get("To")),
            ("Call-ID", self.request.call_id),
            ("CSeq", f"{self.request.cseq[0]} ACK"),
        ]
        self._socket.send(Request(tuple(headers), b"", "ACK", self.request.uri), self.place)

    def stop(self) -> None:
        """Send no more."""
        self._repeater.stop()


class ServerTransaction:
    """A request that came in, and our answers to it, repeated as UDP needs it."""

    def __init__(self, socket: SipSocket, request: Request, source: Place) -> None:
        self.request, self.source = request, source
        self._socket = socket
        self._last: Response | None = None
        self._repeater: _Repeater | None = None

    @property
    def answered(self) -> bool:
        """Whether a final response was sent."""
        return self._last is not None and self._last.status >= 200

    @property
    def accepted(self) -> bool:
        """Whether the final response was a 2xx."""
        return self._last is not None and 200 <= self._last.status < 300

    def respond(self, response: Response, *, on_silence: Callable[[], None] = lambda: None) -> None:
        """Send; a final answer to an INVITE goes out again until its ACK, or else `on_silence`."""
        if self.answered:
            return
        self._last = response
        self.repeat()
        if self.answered:
            self._socket.forget_later(self)
            if self.request.method == "INVITE":
                timers = self._socket.timers
                self._repeater = _Repeater(self.repeat, on_silence, timers, timers.t2)

    def repeat(self) -> None:
        """Send the last response again, if there is one."""
        if self._last is not None:
            self._socket.send(self._last, self.source)

    def acknowledged(self) -> None:
        """The ACK is here."""
        self.stop()

    def stop(self) -> None:
        """Send no more."""
        if self._repeater is not None:
            self._repeater.stop()


class SipSocket(asyncio.DatagramProtocol):
    """One UDP socket that speaks SIP."""

    def __init__(self, handler: Handler, timers: Timers) -> None:
        self.timers = timers
        self._handler = handler
        self._transport: asyncio.DatagramTransport | None = None
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[tuple[tuple[str, str], str], ServerTransaction] = {}
        self._forgetting: set[asyncio.TimerHandle] = set()

    @classmethod
    async def bind(cls, host: str, port: int, handler: Handler, timers: Timers) -> Self:
        """Listen on host:port; port 0 takes any free one. Raises OSError if it cannot."""
        socket = cls(handler, timers)
        loop = asyncio.get_running_loop()
        socket._transport, _ = await loop.create_datagram_endpoint(
            lambda: socket, local_addr=(host, port)
        )
        return socket

    @property
    def place(self) -> Place:
        """Where this socket listens."""
        if self._transport is None:
            raise SipError("this SIP socket is closed")
        host, port = self._transport.get_extra_info("sockname")[:2]
        return str(host), int(port)

    def send(self, message: Request | Response, place: Place) -> None:
        """Send once, nothing more; a closed socket sends nothing."""
        if self._transport is not None:
            self._transport.sendto(message.encode(), place)

    def request(
        self, request: Request, place: Place, on_response: Callable[[Response], None]
    ) -> ClientTransaction:
        """Send a request (its Via is added here) until it is answered."""
        branch = f"z9hG4bK{secrets.token_hex(8)}"
        host, port = self.place
        via = ("Via", f"SIP/2.0/UDP {host}:{port};rport;branch={branch}")
        request = replace(request, headers=(via, *request.headers))
        transaction = ClientTransaction(self, request, place, on_response)
        self._clients[branch, request.method] = transaction
        return transaction

    def cancel(self, invite: ClientTransaction) -> None:
        """Ask to end an INVITE that has no final answer; that answer comes to the INVITE."""
        request = invite.request
        headers = tuple(
            (name, f"{request.cseq[0]} CANCEL" if name == "CSeq" else value)
            for name, value in request.headers
            if name in {"Via", "Route", "From", "To", "Call-ID", "CSeq", "Max-Forwards"}
        )
        cancel = Request(headers, b"", "CANCEL", request.uri)
        self._clients[request.branch[0], "CANCEL"] = ClientTransaction(
            self, cancel, invite.place, lambda response: None
        )

    def invite_of(self, cancel: Request) -> ServerTransaction | None:
        """The INVITE that a CANCEL means."""
        return self._servers.get((cancel.branch, "INVITE"))

    def forget_later(self, transaction: ClientTransaction | ServerTransaction) -> None:
        """Keep a finished transaction as long as repetitions of its messages may come."""

        def forget() -> None:
            self._forgetting.discard(handle)
            transaction.stop()
            self._clients = {k: v for k, v in self._clients.items() if v is not transaction}
            self._servers = {k: v for k, v in self._servers.items() if v is not transaction}

        handle = asyncio.get_running_loop().call_later(2 * self.timers.give_up, forget)
        self._forgetting.add(handle)

    def close(self) -> None:
        """Stop listening and sending."""
        for client in self._clients.values():
            client.stop()
        for server in self._servers.values():
            server.stop()
        for handle in self._forgetting:
            handle.cancel()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def datagram_received(self, data: bytes, addr: Place) -> None:
        """From asyncio. What is no SIP is dropped: a socket on a network gets anything."""
        if not data.strip():
            return  # a keep-alive
        try:
            message: Message = parse(data)
        except SipError:
            return
        if isinstance(message, Response):
            client = self._clients.get((message.branch[0], message.cseq[1]))
            if client is not None:
                client.receive(message)
        elif isinstance(message, Request):
            self._request_received(message, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there (ICMP): the transaction's own timers deal with it."""

    def _request_received(self, request: Request, source: Place) -> None:
        method = "INVITE" if request.method == "ACK" else request.method
        known = self._servers.get((request.branch, method))
        if request.method == "ACK":
            if known is not None:
                known.acknowledged()
            if known is None or known.accepted:
                self._handler.on_ack(request)
        elif known is not None:
            known.repeat()
        else:
            incoming = ServerTransaction(self, _seen_from(request, source), source)
            self._servers[request.branch, method] = incoming
            self._handler.on_request(incoming)


def _seen_from(request: Request, source: Place) -> Request:
    """The request with its true source in the top Via (RFC 3581), as responses carry it."""
    index = next(i for i, (name, _) in enumerate(request.headers) if name.lower() in {"via", "v"})
    name, via = request.headers[index]
    first, comma, rest = via.partition(",")
    first = re.sub(r";rport(?=;|$)", f";rport={source[1]}", first)
    marked = (name, f"{first};received={source[0]}{comma}{rest}")
    return replace(
        request, headers=(*request.headers[:index], marked, *request.headers[index + 1 :])
    )
