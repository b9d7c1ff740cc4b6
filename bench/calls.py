"""What a capture tells of each call: when it was sent, answered by seat and server, and heard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.packets import Datagram, Place
from callcenter.simulator.sdp import understand
from callcenter.simulator.sip import Request, Response, SipError, Uri, parse

_NUMBER = 11
"""Digits that tell callers apart, in whatever form a number is shown to the seat."""
_MILLION = 1_000_000


@dataclass(slots=True)
class CallTimes:
    """One call's moments, in nanoseconds since 1970; None for what never came."""

    caller: str
    invited: int
    """The INVITE left the caller."""
    seat_answered: int | None = None
    """The first seat's 200 OK left the seat."""
    answered: int | None = None
    """Our first 200 OK came to the caller."""
    heard: int | None = None
    """The first packet of the seat's voice came to the caller."""
    refused: int | None = None
    """The final status, where it was not 200."""

    def until(self, moment: int) -> float:
        """Milliseconds from the INVITE to a moment."""
        return (moment - self.invited) / _MILLION

    @property
    def fault(self) -> str | None:
        """What was wrong with this call; None for a good one."""
        if self.refused is not None:
            return f"refused with {self.refused}"
        if self.seat_answered is None:
            return "no seat answered"
        if self.answered is None:
            return "never answered"
        if self.answered < self.seat_answered:
            early = (self.seat_answered - self.answered) / _MILLION
            return f"our 200 came {early:.1f} ms before the seat's answer"
        if self.heard is None:
            return "the seat was never heard"
        return None


def follow(datagrams: Iterable[Datagram], server: Place, voice: bytes) -> list[CallTimes]:
    """Every call to `server`, in the order of the INVITEs. `voice`: what a seat's packet holds."""
    watch = _Watch(server, voice)
    for datagram in datagrams:
        watch.see(datagram)
    return list(watch.calls.values())


class _Watch:
    """Reads packets in order."""

    def __init__(self, server: Place, voice: bytes) -> None:
        self.calls: dict[str, CallTimes] = {}
        """By the caller's Call-ID."""
        self._server, self._voice = server, voice
        self._by_number: dict[str, CallTimes] = {}
        self._by_port: dict[int, CallTimes] = {}
        """By the server's port of the caller's audio: the call that has it now."""

    def see(self, datagram: Datagram) -> None:
        if self._server not in (datagram.source, datagram.to):
            self._see_voice(datagram)
            return
        try:
            message = parse(datagram.payload)
        except SipError:
            return  # keep-alives
        if message.cseq[1] != "INVITE":
            return
        inward = datagram.to == self._server
        match message:
            case Request() if inward:
                self._see_invite(message, datagram.at)
            case Response() if inward:
                self._see_seat(message, datagram.at)
            case Response():
                self._see_answer(message, datagram.at)

    def _see_invite(self, invite: Request, at: int) -> None:
        if invite.call_id not in self.calls:
            call = CallTimes(_number(invite), at)
            self.calls[invite.call_id] = self._by_number[call.caller] = call

    def _see_seat(self, answer: Response, at: int) -> None:
        call = self._by_number.get(_number(answer))
        if call is not None and answer.status == 200 and call.seat_answered is None:
            call.seat_answered = at

    def _see_answer(self, answer: Response, at: int) -> None:
        call = self.calls.get(answer.call_id)
        if call is None or call.answered is not None:
            return
        if answer.body:  # of a 183 too
            self._by_port[understand(answer.body).port] = call
        if answer.status == 200:
            call.answered = at
        elif answer.status > 200:
            call.refused = answer.status

    def _see_voice(self, datagram: Datagram) -> None:
        call = self._by_port.get(datagram.source[1])
        sound = datagram.payload[12:]
        if call is not None and call.heard is None and sound == self._voice[:1] * len(sound):
            call.heard = datagram.at


def _number(message: Request | Response) -> str:
    return Uri.parse(message.from_.uri).user[-_NUMBER:]
