"""Packets of calls as a capture has them, written by hand."""

from __future__ import annotations

from bench.packets import Datagram, Place
from callcenter.simulator.sdp import describe
from callcenter.simulator.sip import Request, Response

SERVER: Place = ("127.9.9.1", 5060)
CALLER: Place = ("127.9.9.2", 5060)
SEAT: Place = ("127.9.9.200", 5060)
VOICE = bytes([0x35] * 160)
_MILLION = 1_000_000


class Wire:
    """Collects datagrams; times in milliseconds."""

    def __init__(self) -> None:
        self.seen: list[Datagram] = []

    def invite(self, at: float, call: str, number: str) -> None:
        """A caller's INVITE."""
        self._send(
            at, CALLER, SERVER, Request(_headers(call, number), b"", "INVITE", "sip:12345@x")
        )

    def answer(self, at: float, call: str, number: str, status: int = 200, audio: int = 0) -> None:
        """Our response to the caller, with the port of our audio."""
        body = describe(SERVER[0], audio, version=1) if audio else b""
        self._send(at, SERVER, CALLER, Response(_headers(call, number), body, status, "-"))

    def bye(self, at: float, call: str, number: str) -> None:
        """The caller's BYE."""
        headers = _headers(call, number, "BYE")
        self._send(at, CALLER, SERVER, Request(headers, b"", "BYE", "sip:12345@x"))

    def offer(self, at: float, number: str, audio: int = 0) -> None:
        """Our INVITE to the seat, with the port of our audio."""
        headers = _headers(f"seat-{number}", number)
        body = describe(SERVER[0], audio, version=1) if audio else b""
        self._send(at, SERVER, SEAT, Request(headers, body, "INVITE", "sip:seat001@x"))

    def seat_bye(self, at: float, number: str) -> None:
        """Our BYE to the seat."""
        headers = _headers(f"seat-{number}", number, "BYE")
        self._send(at, SERVER, SEAT, Request(headers, b"", "BYE", "sip:seat001@x"))

    def seat(self, at: float, number: str, status: int = 200, method: str = "INVITE") -> None:
        """A seat's response; the number may be written in another way there."""
        headers = _headers(f"seat-{number}", f"+86{number}", method)
        self._send(at, SEAT, SERVER, Response(headers, b"", status, "-"))

    def sound(self, at: float, audio: int, sound: bytes = VOICE) -> None:
        """A packet of audio from our port to the caller."""
        payload = bytes(12) + sound
        self.seen.append(_datagram(at, (SERVER[0], audio), (CALLER[0], 6000), payload))

    def call(self, call: str, number: str, audio: int, began: float) -> None:
        """A whole call as it should be: heard after 25 ms."""
        self.invite(began, call, number)
        self.offer(began + 3, number)
        self.seat(began + 4, number, 180)
        self.seat(began + 5, number)
        self.answer(began + 7, call, number, audio=audio)
        self.sound(began + 25, audio)
        self.sound(began + 45, audio)

    def _send(self, at: float, source: Place, to: Place, message: Request | Response) -> None:
        self.seen.append(_datagram(at, source, to, message.encode()))


def _datagram(at: float, source: Place, to: Place, payload: bytes) -> Datagram:
    return Datagram(round(at * _MILLION), source, to, payload)


def _headers(call: str, number: str, method: str = "INVITE") -> tuple[tuple[str, str], ...]:
    return (
        ("Via", "SIP/2.0/UDP 127.9.9.9:5060;branch=z9hG4bK1"),
        ("From", f'"somebody" <sip:{number}@127.9.9.9>;tag=1'),
        ("To", "<sip:12345@127.9.9.1>"),
        ("Call-ID", call),
        ("CSeq", f"1 {method}"),
    )
