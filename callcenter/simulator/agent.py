"""A SIP user agent and its calls: what a telephone does, without the telephone.

`UserAgent` is one address on the network; `Call` is one dialog of it with its audio. What a call
has come to is awaited (`until_answered`, `until_ended`), never polled.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from callcenter.simulator.audio import Pcm
from callcenter.simulator.rtp import RtpStream
from callcenter.simulator.sdp import Direction, Media, describe, understand
from callcenter.simulator.sip import (
    Headers,
    NameAddress,
    Request,
    Response,
    SipError,
    Uri,
    digest_answer,
    response_to,
)
from callcenter.simulator.transactions import (
    ClientTransaction,
    Place,
    ServerTransaction,
    SipSocket,
    Timers,
)

METHODS = "INVITE, ACK, CANCEL, BYE, OPTIONS"
"""What this agent understands."""

_CAUSE = re.compile(r"Q\.850\s*;.*?cause\s*=\s*(\d+)", re.I)


@dataclass(frozen=True, slots=True)
class Credentials:
    """For answering digest challenges."""

    user: str
    password: str


class Side(StrEnum):
    """Who ended a call, seen from this agent."""

    LOCAL = "local"
    REMOTE = "remote"
    NONE = "none"
    """Nobody hung up: refused, unanswered or unreachable."""


class CallState(StrEnum):
    """Where a call stands."""

    DIALLING = "dialling"
    RINGING = "ringing"
    INCOMING = "incoming"
    UP = "up"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended."""

    by: Side
    status: int
    """The INVITE's final SIP status: 200 if the call was answered."""
    reason: str
    """In words: the status line's, or the Reason header's text."""
    cause: int | None
    """Q.850 cause, where the other side gave one."""


class Call:
    """One call, outgoing or incoming. Times are the event loop's (`loop.time()`), in seconds."""

    def __init__(self, agent: UserAgent, invite: Request, media: RtpStream, outgoing: bool) -> None:
        self.invite = invite
        """The INVITE as sent or received: its headers are here."""
        self.media = media
        self.outgoing = outgoing
        self.state = CallState.DIALLING if outgoing else CallState.INCOMING
        self.began_at = asyncio.get_running_loop().time()
        self.ringing_at: float | None = None
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.ending: Ending | None = None
        self.early_packets = 0
        """How many audio packets came before the answer."""
        self._agent = agent
        self._ringing, self._answered, self._ended = (asyncio.Event() for _ in range(3))
        own, other = (invite.from_, invite.to) if outgoing else (invite.to, invite.from_)
        self._local = invite.get("From") if outgoing else f"{invite.get('To')};tag={_token()}"
        self._remote = invite.get("To") if outgoing else invite.get("From")
        self._remote_tag = other.tag
        self._target = invite.uri if outgoing else _contact(invite, other.uri)
        self._routes = invite.values("Route" if outgoing else "Record-Route")
        self._sequence = invite.cseq[0] if outgoing else 0
        self._remote_sequence = 0 if outgoing else invite.cseq[0]
        self._version = 1
        self._offered = outgoing
        self._local_tag = own.tag or NameAddress.parse(self._local).tag
        # Outgoing: the INVITE on its way. Incoming: the INVITE to answer.
        self._client: ClientTransaction | None = None
        self._server: ServerTransaction | None = None
        self._proceeding = False
        self._cancelling = False
        self._challenged = False
        self._ack: Request | None = None
        self._ack_place: Place = ("", 0)

    # -- what others ask ---------------------------------------------------------------------------

    @property
    def key(self) -> tuple[str, str]:
        """Names the dialog at this agent."""
        return self.invite.call_id, self._local_tag

    @property
    def replaces(self) -> str:
        """How a Replaces header names this dialog to the other side."""
        return f"{self.invite.call_id};to-tag={self._remote_tag};from-tag={self._local_tag}"

    @property
    def number(self) -> str:
        """The number that was called."""
        return Uri.parse(self.invite.uri).user

    async def until_ringing(self) -> bool:
        """Wait until the other side rings; False if the call ended without."""
        await self._ringing.wait()
        return self.ringing_at is not None

    async def until_answered(self) -> bool:
        """Wait until the call is answered; False if it ended without."""
        await self._answered.wait()
        return self.answered_at is not None

    async def until_ended(self) -> Ending:
        """Wait until the call is over, and say how."""
        await self._ended.wait()
        if self.ending is None:
            raise SipError("a call ended without an ending")
        return self.ending

    async def ended_within(self, seconds: float) -> bool:
        """Wait until the call is over, but not longer than this; whether it is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            pass
        return self.state is CallState.ENDED

    def heard(self, since: float | None = None) -> Pcm:
        """What came from the other side, from `since` (or the call's beginning) until now."""
        until = self.ended_at or asyncio.get_running_loop().time()
        return self.media.heard.pcm(self.began_at if since is None else since, until)

    # -- what one does with a call -----------------------------------------------------------------

    def ring(self) -> None:
        """Let an incoming call ring."""
        if self._server is not None and self.state is CallState.INCOMING:
            self.ringing_at = self.ringing_at or asyncio.get_running_loop().time()
            self._ringing.set()
            self._server.respond(self._response(180))

    def answer(self) -> None:
        """Answer an incoming call; does nothing if the caller is already gone."""
        if self._server is None or self.state is not CallState.INCOMING:
            return
        try:
            body = self._describe(self.invite.body)
        except SipError:
            self.refuse(488)
            return
        self._server.respond(self._response(200, body), on_silence=self._unacknowledged)
        self._up()

    def refuse(self, status: int = 603, contact: str | None = None) -> None:
        """Refuse an incoming call: 486 busy, 603 declined, 503 unavailable, 302 with `contact`, the
        address where the caller is to call instead."""
        if self._server is not None and self.state is CallState.INCOMING:
            self._server.respond(self._response(status, contact=contact))
            self._end(Ending(Side.LOCAL, status, "refused", None))

    async def hang_up(self) -> Ending:
        """End the call in whatever way its state asks for, and wait until it has ended."""
        if self.state is CallState.INCOMING:
            self.refuse()
        elif self.state in {CallState.DIALLING, CallState.RINGING}:
            self._cancelling = True
            if self._proceeding and self._client is not None:
                self._agent.socket.cancel(self._client)
        elif self.state is CallState.UP:
            bye = self._request("BYE")
            self._end(Ending(Side.LOCAL, 200, "OK", None))
            await self._agent.ask(bye, self._hop)
        return await self.until_ended()

    async def ask(
        self, method: str, *headers: tuple[str, str], uri: str | None = None, body: bytes = b""
    ) -> Response:
        """Send any request within the dialog, and return the final response.

        `uri` and headers may be whatever a hostile telephone would send.
        """
        request = self._request(method).with_headers(*headers)
        request = replace(request, uri=uri or request.uri, body=body)
        response = await self._agent.ask(request, self._hop)
        self._sequence = response.cseq[0]  # credentials may have been asked for
        if method == "INVITE" and response.status < 300:
            self._agent.send_ack(self._request("ACK", sequence=self._sequence), self._hop)
        return response

    async def offer(self, direction: Direction) -> None:
        """Have audio go this way from now on: SEND or NEITHER is a hold, BOTH ends it.

        Raises SipError where the other side refuses.
        """
        self._version += 1
        host = self._agent.socket.place[0]
        body = describe(host, self.media.port, version=self._version, offering=direction)
        response = await self.ask("INVITE", ("Content-Type", "application/sdp"), body=body)
        if response.status >= 300:
            raise SipError(f"the other side refuses: {response.status} {response.reason}")
        self.media.connect(understand(response.body))

    # -- signalling, outgoing ----------------------------------------------------------------------

    def start(self, place: Place) -> None:
        """Send the INVITE."""
        self._ack_place = place
        self._client = self._agent.socket.request(self.invite, place, self._invite_answered)

    def _invite_answered(self, response: Response) -> None:
        if response.cseq[0] != self.invite.cseq[0]:
            return  # to the INVITE before the credentials were added
        if response.status < 200:
            self._provisional(response)
        elif response.status < 300:
            self._accepted(response)
        elif response.status in {401, 407} and not self._challenged and not self._cancelling:
            self._challenged = True
            self._again_with_credentials(response)
        else:
            by = Side.LOCAL if self._cancelling else Side.NONE
            self._end(Ending(by, response.status, response.reason, _cause(response)))

    def _provisional(self, response: Response) -> None:
        if self.state is CallState.ENDED:
            return
        first, self._proceeding = not self._proceeding, True
        if self._cancelling and first and self._client is not None:
            self._agent.socket.cancel(self._client)
            return
        if response.status > 100:
            self.state = CallState.RINGING
            self.ringing_at = self.ringing_at or asyncio.get_running_loop().time()
            self._ringing.set()
        if response.body:
            self._listen_early(response.body)

    def _listen_early(self, body: bytes) -> None:
        try:
            self.media.connect(understand(body))
        except SipError:
            return  # the answer proper decides whether the call can be had

    def _accepted(self, response: Response) -> None:
        if self._ack is None:
            self._remote = response.get("To")
            self._remote_tag = response.to.tag
            self._target = _contact(response, self._target)
            self._routes = tuple(reversed(response.values("Record-Route"))) or self._routes
            self._ack = self._request("ACK", sequence=self.invite.cseq[0])
        self._agent.send_ack(self._ack, self._hop)
        if self.state is CallState.ENDED or self.answered_at is not None:
            return
        try:
            if response.body or not self.media.connected:
                self.media.connect(understand(response.body))
        except SipError as error:
            self._drop(Side.LOCAL, 488, str(error))
            return
        self._up()
        if self._cancelling:
            self._drop(Side.LOCAL, 200, "answered while being cancelled")

    def _again_with_credentials(self, response: Response) -> None:
        again = self._agent.with_credentials(self.invite, response)
        if again is None:
            self._end(Ending(Side.NONE, response.status, response.reason, None))
            return
        self.invite, self._proceeding = again, False
        self._sequence = again.cseq[0]
        self.start(self._ack_place)

    # -- signalling, incoming ----------------------------------------------------------------------

    def offered(self, incoming: ServerTransaction) -> None:
        """The INVITE arrived."""
        self._server = incoming

    def cancelled(self, reason: int | None) -> None:
        """The caller gave up before the answer."""
        if self._server is not None and self.state is CallState.INCOMING:
            self._server.respond(self._response(487))
            self._end(Ending(Side.REMOTE, 487, "cancelled by the caller", reason))

    def received(self, incoming: ServerTransaction) -> None:
        """A request within the dialog."""
        request = incoming.request
        if request.cseq[0] < self._remote_sequence:
            incoming.respond(response_to(request, 500))
            return
        self._remote_sequence = request.cseq[0]
        if request.method == "BYE":
            incoming.respond(response_to(request, 200))
            self._end(Ending(Side.REMOTE, 200, _reason_text(request) or "OK", _cause(request)))
        elif request.method == "INVITE":
            self._renegotiated(incoming)
        else:
            self._agent.answer_simply(incoming)

    def acknowledged(self, ack: Request) -> None:
        """The ACK to our 2xx: it holds the answer if the offer was ours."""
        if self._server is not None and ack.cseq[0] == self._server.request.cseq[0]:
            self._server.acknowledged()
        if self._offered and ack.body and not self.outgoing:
            self._listen_early(ack.body)

    def _renegotiated(self, incoming: ServerTransaction) -> None:
        """A re-INVITE: hold, resume, or audio that goes elsewhere."""
        request = incoming.request
        try:
            body = self._describe(request.body)
        except SipError:
            incoming.respond(response_to(request, 488))
            return
        self._target = _contact(request, self._target)
        self._server = incoming
        incoming.respond(self._response(200, body), on_silence=self._unacknowledged)

    def _describe(self, offer: bytes) -> bytes:
        """Our answer to an offer, or our offer if there was none."""
        host, port = self._agent.socket.place[0], self.media.port
        self._version += 1
        self._offered = not offer
        if not offer:
            return describe(host, port, version=self._version)
        media: Media = understand(offer)
        self.media.connect(media)
        return describe(host, port, version=self._version, answering=media)

    def _unacknowledged(self) -> None:
        self._drop(Side.NONE, 408, "our answer was never acknowledged")

    # -- both --------------------------------------------------------------------------------------

    @property
    def _hop(self) -> Place:
        first = NameAddress.parse(self._routes[0]).uri if self._routes else self._target
        return Uri.parse(first).place

    def _request(self, method: str, sequence: int | None = None) -> Request:
        if sequence is None:
            self._sequence += 1
        headers = [("Max-Forwards", "70")]
        headers += [("Route", route) for route in self._routes]
        headers += [
            ("From", self._local),
            ("To", self._remote),
            ("Call-ID", self.invite.call_id),
            ("CSeq", f"{sequence or self._sequence} {method}"),
            ("Contact", f"<{self._agent.contact}>"),
        ]
        return Request(tuple(headers), b"", method, self._target)

    def _response(self, status: int, body: bytes = b"", contact: str | None = None) -> Response:
        if self._server is None:
            raise SipError("there is no request to answer")
        headers = [("Contact", f"<{contact or self._agent.contact}>"), ("Allow", METHODS)]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        return response_to(
            self._server.request, status, tag=self._local_tag, headers=headers, body=body
        )

    def _up(self) -> None:
        self.state = CallState.UP
        self.answered_at = asyncio.get_running_loop().time()
        self.early_packets = len(self.media.heard.packets)
        self._ringing.set()
        self._answered.set()

    def _drop(self, by: Side, status: int, reason: str) -> None:
        """End an established dialog by a BYE that nobody waits for."""
        if self.state is not CallState.ENDED:
            bye = self._request("BYE")
            self._end(Ending(by, status, reason, None))
            self._agent.spawn(self._agent.ask(bye, self._hop))

    def _end(self, ending: Ending) -> None:
        if self.state is CallState.ENDED:
            return
        self.state, self.ending = CallState.ENDED, ending
        self.ended_at = asyncio.get_running_loop().time()
        for event in (self._ringing, self._answered, self._ended):
            event.set()
        self._agent.spawn(self.media.close())


class UserAgent:
    """One SIP address over UDP that calls, is called, and registers."""

    def __init__(
        self, on_call: Callable[[Call], Awaitable[None]] | None, credentials: Credentials | None
    ) -> None:
        self.user = "anonymous"
        self.calls: list[Call] = []
        """Every call of this agent, over or not, in order of appearance."""
        self._on_call, self._credentials = on_call, credentials
        self._socket: SipSocket | None = None
        self._dialogs: dict[tuple[str, str], Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def bind(
        cls,
        host: str,
        port: int = 0,
        *,
        on_call: Callable[[Call], Awaitable[None]] | None = None,
        credentials: Credentials | None = None,
        timers: Timers | None = None,
    ) -> Self:
        """Listen on host:port (0: any free one). Raises OSError if it cannot.

        `on_call` decides about each incoming call; without it they are refused as busy.
        """
        agent = cls(on_call, credentials)
        agent._socket = await SipSocket.bind(host, port, agent, timers or Timers())
        return agent

    @property
    def socket(self) -> SipSocket:
        """Where messages go out. Raises SipError before `bind`."""
        if self._socket is None:
            raise SipError("this user agent is not bound to an address")
        return self._socket

    @property
    def place(self) -> Place:
        """Host and port it listens on."""
        return self.socket.place

    @property
    def contact(self) -> str:
        """Where it wants requests sent."""
        host, port = self.place
        return f"sip:{self.user}@{host}:{port}"

    async def call(self, uri: str, *, caller: str, headers: Iterable[tuple[str, str]] = ()) -> Call:
        """Dial. `caller` is the From header's value without tag, such as `<sip:1@host>`.

        Raises SipError for an address that is none.
        """
        target = Uri.parse(uri)
        media = await RtpStream.bind(self.place[0])
        body = describe(self.place[0], media.port, version=1)
        common = self._headers("INVITE", f"{caller};tag={_token()}", f"<{uri}>")
        extra = (*headers, ("Allow", METHODS), ("Content-Type", "application/sdp"))
        invite = Request((*common, *extra), body, "INVITE", str(target))
        call = Call(self, invite, media, outgoing=True)
        self._adopt(call)
        call.start(target.place)
        return call

    async def options(self, place: Place) -> Response:
        """Ask whether anybody is there; 408 means no."""
        uri = f"sip:{place[0]}:{place[1]}"
        return await self.ask(self._outside("OPTIONS", uri, f"<{self.contact}>", f"<{uri}>"), place)

    async def register(self, user: str, place: Place, *, seconds: int = 3600) -> Response:
        """Register this agent's contact as `user` at a registrar; `seconds` 0 takes it back."""
        self.user = user
        address = f"<sip:{user}@{place[0]}:{place[1]}>"
        request = self._outside("REGISTER", f"sip:{place[0]}:{place[1]}", address, address)
        return await self.ask(request.with_headers(("Expires", str(seconds))), place)

    async def ask(self, request: Request, place: Place) -> Response:
        """Send any request, with credentials if asked; the final response.

        That to an INVITE is for whoever asked to acknowledge.
        """
        response = await self._ask_once(request, place)
        if response.status in {401, 407}:
            again = self.with_credentials(request, response)
            if again is not None:
                response = await self._ask_once(again, place)
        return response

    async def _ask_once(self, request: Request, place: Place) -> Response:
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def received(response: Response) -> None:
            if response.status >= 200 and not answer.done():
                answer.set_result(response)

        self.socket.request(request, place, received)
        return await answer

    def with_credentials(self, request: Request, challenge: Response) -> Request | None:
        """The request again, answering a 401 or 407; None if there is nothing to answer with."""
        if self._credentials is None:
            return None
        ours, theirs = ("Authorization", "WWW-Authenticate")
        if challenge.status == 407:
            ours, theirs = ("Proxy-Authorization", "Proxy-Authenticate")
        answer = digest_answer(
            challenge.get(theirs),
            method=request.method,
            uri=request.uri,
            user=self._credentials.user,
            password=self._credentials.password,
            client_nonce=_token(),
        )
        sequence = f"{request.cseq[0] + 1} {request.method}"
        return request.with_headers(("CSeq", sequence), (ours, answer))

    async def close(self) -> None:
        """Stop without a word: hang up and unregister first if the other side should know."""
        for call in self.calls:
            await call.media.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.socket.close()

    # -- for calls and the socket ------------------------------------------------------------------

    def send_ack(self, ack: Request, place: Place) -> None:
        """An ACK is a transaction of its own that nobody answers."""
        host, port = self.place
        via = ("Via", f"SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK{_token()}")
        self.socket.send(Request((via, *ack.headers), ack.body, ack.method, ack.uri), place)

    def spawn(self, work: Coroutine[object, object, object]) -> None:
        """Do something beside; `close` ends it."""

        async def run() -> None:
            await work

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # if it was cancelled before it began

    def on_request(self, incoming: ServerTransaction) -> None:
        """From the socket."""
        request = incoming.request
        call = self._dialogs.get((request.call_id, request.to.tag))
        if request.method == "CANCEL":
            self._cancel_received(incoming)
        elif request.get("Require"):
            unsupported = [("Unsupported", request.get("Require"))]
            incoming.respond(response_to(request, 420, tag=_token(), headers=unsupported))
        elif call is not None and call.state is not CallState.ENDED:
            call.received(incoming)
        elif request.to.tag:
            incoming.respond(response_to(request, 481))
        elif request.method == "INVITE":
            self._invited(incoming)
        else:
            self.answer_simply(incoming)

    def on_ack(self, ack: Request) -> None:
        """From the socket."""
        call = self._dialogs.get((ack.call_id, ack.to.tag))
        if call is not None:
            call.acknowledged(ack)

    def answer_simply(self, incoming: ServerTransaction) -> None:
        """What needs no call: OPTIONS; the rest we do not speak."""
        status = 200 if incoming.request.method == "OPTIONS" else 405
        headers = [("Allow", METHODS), ("Accept", "application/sdp")]
        incoming.respond(response_to(incoming.request, status, tag=_token(), headers=headers))

    def _invited(self, incoming: ServerTransaction) -> None:
        incoming.respond(response_to(incoming.request, 100))
        call = Call(self, incoming.request, RtpStream(), outgoing=False)
        call.offered(incoming)
        self._adopt(call)
        if self._on_call is None:
            call.refuse(486)
        else:
            self.spawn(self._decide(call, self._on_call))

    async def _decide(self, call: Call, on_call: Callable[[Call], Awaitable[None]]) -> None:
        await call.media.open(self.place[0])
        await on_call(call)
        if call.state is CallState.ENDED:
            await call.media.close()

    def _cancel_received(self, incoming: ServerTransaction) -> None:
        request = incoming.request
        invite = self.socket.invite_of(request)
        incoming.respond(response_to(request, 200 if invite else 481, tag=_token()))
        for call in self._dialogs.values():
            if call.invite.call_id == request.call_id:
                call.cancelled(_cause(request))

    def forget(self, call: Call) -> None:
        """Keep nothing of a call that is over."""
        self.calls.remove(call)
        del self._dialogs[call.key]

    def _adopt(self, call: Call) -> None:
        self.calls.append(call)
        self._dialogs[call.key] = call

    def _headers(self, method: str, from_: str, to: str) -> Headers:
        return (
            ("Max-Forwards", "70"),
            ("From", from_),
            ("To", to),
            ("Call-ID", f"{_token()}@{self.place[0]}"),
            ("CSeq", f"1 {method}"),
            ("Contact", f"<{self.contact}>"),
        )

    def _outside(self, method: str, uri: str, from_: str, to: str) -> Request:
        return Request(self._headers(method, f"{from_};tag={_token()}", to), b"", method, uri)


def _token() -> str:
    return secrets.token_hex(6)


def _contact(message: Request | Response, otherwise: str) -> str:
    contact = next(iter(message.values("Contact")), "")
    return NameAddress.parse(contact).uri if contact else otherwise


def _cause(message: Request | Response) -> int | None:
    match = next(filter(None, map(_CAUSE.search, message.all("Reason"))), None)
    return int(match[1]) if match else None


def _reason_text(message: Request | Response) -> str:
    match = re.search(r'text\s*=\s*"([^"]*)"', message.get("Reason"))
    return match[1] if match else ""
