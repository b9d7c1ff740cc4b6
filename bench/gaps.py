"""Who heard the other one's voice all the time: gaps in what came to one end of each talk.

One `Ear` listens to all telephones at one address, callers or seats, while calls come and go; it
remembers a talk only as long as that lasts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.packets import Datagram, Place, parse
from callcenter.simulator import sip
from callcenter.simulator.sdp import understand
from callcenter.simulator.sip import Message, Request, SipError, Uri

_NUMBER = 11
_BILLION = 1_000_000_000


@dataclass(slots=True)
class _Talk:
    """A dialogue, by its voice so far. In nanoseconds."""

    caller: str
    last: int | None = None
    gap: int = 0


@dataclass
class Ear:
    """Listens at `host` for `voice`, as it comes from the server."""

    server: Place
    host: str
    voice: bytes
    longest: float
    """Seconds that nothing may be heard in a talk; until either end hangs up, once somebody is
    heard: a seat whose caller is gone has nobody to hear."""
    heard: set[str] = field(default_factory=set)
    """Callers in whose talk the voice came here."""
    wrong: list[str] = field(default_factory=list)
    """Talks with a longer gap."""
    _talks: dict[str, _Talk] = field(default_factory=dict)
    _by_port: dict[int, _Talk] = field(default_factory=dict)
    """By the server's port of the audio: the talk that has it now."""

    def see(self, at: int, packet: bytes) -> None:
        """A packet of those that `capture.program` lets through."""
        self.notice(parse(at, packet))

    def notice(self, datagram: Datagram) -> None:
        """SIP, or voice."""
        if self.server not in (datagram.source, datagram.to):
            self._hear(datagram)
            return
        try:
            message = sip.parse(datagram.payload)
        except SipError:
            return  # keep-alives
        if self.host in (datagram.source[0], datagram.to[0]):
            self._read(message, datagram)
        elif datagram.to == self.server and isinstance(message, Request):
            self._hear_of_a_goodbye(message, datagram.at)

    def _hear_of_a_goodbye(self, request: Request, at: int) -> None:
        """At another address: of the caller, for those who listen at the seats."""
        if request.method != "BYE":
            return
        number = Uri.parse(request.from_.uri).user[-_NUMBER:]
        for call_id in [key for key, each in self._talks.items() if each.caller == number]:
            self._over(self._talks.pop(call_id), at)

    def _read(self, message: Message, datagram: Datagram) -> None:
        if isinstance(message, Request) and message.method == "BYE":
            talk = self._talks.pop(message.call_id, None)
            if talk is not None:
                self._over(talk, datagram.at)
        elif datagram.source == self.server and message.body:
            number = Uri.parse(message.from_.uri).user[-_NUMBER:]
            talk = self._talks.setdefault(message.call_id, _Talk(number))
            self._by_port[understand(message.body).port] = talk

    def _hear(self, datagram: Datagram) -> None:
        sound = datagram.payload[12:]
        talk = self._by_port.get(datagram.source[1])
        if talk is None or sound != self.voice[:1] * len(sound):
            return
        if talk.last is None:
            self.heard.add(talk.caller)
        else:
            talk.gap = max(talk.gap, datagram.at - talk.last)
        talk.last = datagram.at

    def _over(self, talk: _Talk, at: int) -> None:
        if talk.last is None:
            return
        gap = max(talk.gap, at - talk.last) / _BILLION
        if gap > self.longest:
            self.wrong.append(f"{talk.caller} heard nothing for {gap:.1f} s at {self.host}")
