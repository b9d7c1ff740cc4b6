"""Session descriptions (RFC 4566, 3264): one G.711 audio stream with DTMF."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from callcenter.simulator.audio import CODECS, Codec
from callcenter.simulator.sip import SipError

TELEPHONE_EVENT = 101
"""The payload type we offer for DTMF (RFC 4733)."""


class Direction(StrEnum):
    """Who sends, as the party sees it that wrote the description."""

    BOTH = "sendrecv"
    SEND = "sendonly"
    RECEIVE = "recvonly"
    NEITHER = "inactive"

    @property
    def mirrored(self) -> Direction:
        """The same, seen from the other side: how a hold is answered."""
        return {Direction.SEND: Direction.RECEIVE, Direction.RECEIVE: Direction.SEND}.get(
            self, self
        )

    @property
    def receives(self) -> bool:
        """Whether the party that wrote this wants audio."""
        return self in {Direction.BOTH, Direction.RECEIVE}


@dataclass(frozen=True, slots=True)
class Media:
    """What the other side wants: where to send audio, in which codec, how to send DTMF."""

    host: str
    port: int
    codec: Codec
    telephone_event: int | None
    direction: Direction
    streams: tuple[str, ...] = ("audio",)
    """Every stream of the description in order: `audio` for this one, else its `m=` line."""


def describe(
    host: str,
    port: int,
    *,
    version: int,
    answering: Media | None = None,
    offering: Direction = Direction.BOTH,
) -> bytes:
    """Our description of the stream at host:port: an offer, or the answer to `answering`."""
    codecs = list(CODECS.values()) if answering is None else [answering.codec]
    event = TELEPHONE_EVENT if answering is None else answering.telephone_event
    direction = offering if answering is None else answering.direction.mirrored
    formats = [codec.payload_type for codec in codecs] + ([] if event is None else [event])
    audio = [f"m=audio {port} RTP/AVP {' '.join(map(str, formats))}"]
    audio += [f"a=rtpmap:{codec.payload_type} {codec.name}/8000" for codec in codecs]
    if event is not None:
        audio += [f"a=rtpmap:{event} telephone-event/8000", f"a=fmtp:{event} 0-15"]
    audio += ["a=ptime:20", f"a={direction.value}"]
    lines = ["v=0", f"o=- {port} {version} IN IP4 {host}", "s=call", f"c=IN IP4 {host}", "t=0 0"]
    for stream in answering.streams if answering else ("audio",):
        # An answer has as many streams as the offer; those we do not take get port 0.
        lines += audio if stream == "audio" else [re.sub(r"^(m=\S+) \d+", r"\1 0", stream)]
    return "\r\n".join([*lines, ""]).encode()


def understand(body: bytes) -> Media:
    """The first audio stream that we can speak. Raises SipError if there is none."""
    session, *sections = re.split(r"^(?=m=)", body.decode("utf-8", "replace"), flags=re.MULTILINE)
    streams: list[str] = []
    media: Media | None = None
    for section in sections:
        found = None if media else _audio(session, section)
        media = media or found
        streams.append("audio" if found else section.splitlines()[0].strip())
    if media is None:
        raise SipError("the description offers no audio in PCMA or PCMU")
    return replace(media, streams=tuple(streams))


def _audio(session: str, section: str) -> Media | None:
    match = re.match(r"m=audio (\d+)(?:/\d+)? RTP/AVP ([\d ]+)", section)
    if match is None or match[1] == "0":
        return None
    codec = next((CODECS[int(f)] for f in match[2].split() if int(f) in CODECS), None)
    host = re.search(r"^c=IN IP[46] (\S+)", section, re.M) or re.search(
        r"^c=IN IP[46] (\S+)", session, re.M
    )
    if codec is None or host is None:
        return None
    event = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", section, re.M | re.I)
    words = "|".join(direction.value for direction in Direction)
    direction = re.search(rf"^a=({words})\s*$", section, re.M) or re.search(
        rf"^a=({words})\s*$", session, re.M
    )
    return Media(
        host[1],
        int(match[1]),
        codec,
        int(event[1]) if event else None,
        Direction(direction[1]) if direction else Direction.BOTH,
    )
