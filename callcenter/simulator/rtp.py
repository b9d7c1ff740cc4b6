"""Audio over RTP (RFC 3550) and DTMF as telephone events (RFC 4733), both ways.

The sender keeps a 20 ms pace. The receiver keeps every packet and, when asked what was heard,
places packets by their timestamps: a late packet is not a gap, and a lost one is silence.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import struct
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from callcenter.simulator.audio import CODECS, RATE, Pcm
from callcenter.simulator.sdp import Media
from callcenter.simulator.sip import SipError

FRAME = RATE // 50
"""Samples in a packet of 20 ms."""

DTMF = "0123456789*#ABCD"
"""Digits in the order of their event codes."""

_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_TONE_FRAMES = 5
_GAP_FRAMES = 5
_PAUSE_FRAMES = 25
_LATEST = 0.2
"""Seconds the sender may be late before it gives up catching up."""
_DRIFT = 1.0
"""Seconds by which timestamps and arrival may disagree before they are a new stream."""


@dataclass(frozen=True, slots=True)
class Packet:
    """An audio packet as it came."""

    at: float
    """When, by the event loop's clock."""
    sequence: int
    timestamp: int
    source: int
    """SSRC."""
    pcm: Pcm


class Recording:
    """The audio packets that came, and the sound they make."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def pcm(self, since: float, until: float) -> Pcm:
        """What was heard between two moments of the loop's clock; silence where nothing came."""
        sound = np.zeros(max(0, round((until - since) * RATE)), np.int16)
        for at, packet in self._timed():
            _place(sound, round((at - since) * RATE), packet.pcm)
        return sound

    @property
    def end(self) -> float:
        """The moment of the loop's clock up to which sound has come; that may be a while ago."""
        return max((at + len(packet.pcm) / RATE for at, packet in self._timed()), default=0.0)

    def _timed(self) -> Iterator[tuple[float, Packet]]:
        """Every packet with the moment at which it belongs by the clock of its stretch."""
        for run in self._runs():
            first = run[0]
            offsets = [_forward(first.timestamp, packet.timestamp) / RATE for packet in run]
            # The packet that was delayed least says best when the run began.
            began = min(packet.at - offset for packet, offset in zip(run, offsets, strict=True))
            for packet, offset in zip(run, offsets, strict=True):
                yield began + offset, packet

    def _runs(self) -> Iterator[list[Packet]]:
        """Stretches of packets on one media clock: a switch may start a new one at any time."""
        run: list[Packet] = []
        for packet in self.packets:
            if run and not _continues(run[-1], packet):
                yield run
                run = []
            run.append(packet)
        if run:
            yield run


def _forward(earlier: int, later: int, bits: int = 32) -> int:
    """How far one wrapping counter is ahead of another; negative if it is behind."""
    half = 1 << (bits - 1)
    return (later - earlier + half) % (2 * half) - half


def _continues(last: Packet, packet: Packet) -> bool:
    if packet.source != last.source:
        return False
    samples = _forward(last.timestamp, packet.timestamp)
    if samples == len(last.pcm) * _forward(last.sequence, packet.sequence, 16):
        return True
    return abs(samples / RATE - (packet.at - last.at)) < _DRIFT


def _place(sound: Pcm, at: int, pcm: Pcm) -> None:
    begin, end = max(at, 0), min(at + len(pcm), len(sound))
    if begin < end:
        sound[begin:end] = pcm[begin - at : end - at]


class RtpStream(asyncio.DatagramProtocol):
    """One UDP socket that sends and receives the audio of one call."""

    def __init__(self) -> None:
        self.heard = Recording()
        self.digits = ""
        """DTMF received so far."""
        self.sent = 0.0
        """Seconds of audio sent so far: on a machine that is too busy, fewer than have passed."""
        self.quiet = False
        """Send no audio at all, as telephones do that suppress silence while nobody speaks."""
        self._transport: asyncio.DatagramTransport | None = None
        self._media: Media | None = None
        self._pacing: asyncio.Task[None] | None = None
        self._speech: deque[Pcm] = deque()
        self._background = np.zeros(FRAME, np.int16)
        self._background_at = 0
        self._pressing: deque[_Press] = deque()
        self._sequence = secrets.randbelow(1 << 15)
        self._timestamp = secrets.randbelow(1 << 31)
        self._source = secrets.randbelow(1 << 32)
        self._last_event: int | None = None
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    @classmethod
    async def bind(cls, host: str) -> Self:
        """Listen on a free port of this host. Raises OSError if it cannot."""
        stream = cls()
        await stream.open(host)
        return stream

    async def open(self, host: str) -> None:
        """Listen, where the stream was made before its address was known."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))

    @property
    def connected(self) -> bool:
        """Whether the other side has said where to send audio."""
        return self._media is not None

    @property
    def port(self) -> int:
        """The UDP port audio is to be sent to; 0 once closed."""
        if self._transport is None:
            return 0
        return int(self._transport.get_extra_info("sockname")[1])

    def connect(self, media: Media) -> None:
        """Begin to send what the other side described, or follow its new description."""
        self._media = media
        if self._pacing is None and self._transport is not None:
            self._pacing = asyncio.create_task(self._pace())

    def begin_at(self, sequence: int) -> None:
        """Number the packets from here on, instead of from a random number."""
        self._sequence = sequence

    def say(self, pcm: Pcm) -> None:
        """Speak this after what is being spoken; silence (or the background) follows."""
        frames = -(-len(pcm) // FRAME)
        padded = np.zeros(frames * FRAME, np.int16)
        padded[: len(pcm)] = pcm
        self._speech.extend(padded.reshape(frames, FRAME))

    @property
    def speaking(self) -> bool:
        """Whether something that was to be said is not all out yet."""
        return bool(self._speech)

    def background(self, pcm: Pcm) -> None:
        """Send this over and over whenever nothing else is to be said."""
        self._background = pcm
        self._background_at = 0

    async def press(self, digits: str) -> None:
        """Send digits as telephone events and wait until they are out; `,` pauses half a second.

        Raises ValueError for what is no digit, SipError if the other side takes no such events.
        """
        wrong = set(digits.upper()) - set(DTMF) - {","}
        if wrong:
            raise ValueError(f"not on a keypad: {' '.join(sorted(wrong))}; use 0-9 * # A-D and ,")
        if self._media is None or self._media.telephone_event is None:
            raise SipError("the other side takes no telephone events: no digits can be sent")
        presses = [_Press(digit, asyncio.Event()) for digit in digits.upper()]
        self._pressing.extend(presses)
        for press in presses:
            await press.done.wait()

    async def until_digits(self, count: int) -> str:
        """Wait until so many digits were received; gives all of them."""
        await self._until(lambda: len(self.digits) >= count)
        return self.digits

    async def until_heard(self, packets: int) -> None:
        """Wait until so many audio packets were received."""
        await self._until(lambda: len(self.heard.packets) >= packets)

    async def _until(self, reached: Callable[[], bool]) -> None:
        if not reached():
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((reached, future))
            await future

    async def close(self) -> None:
        """Stop; what was heard stays, and nobody waits for keys that are not out yet."""
        while self._pressing:
            self._pressing.popleft().done.set()
        if self._pacing is not None:
            self._pacing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pacing
            self._pacing = None
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    # -- sending -----------------------------------------------------------------------------------

    async def _pace(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self._send_frame()
            due += FRAME / RATE
            late = loop.time() - due
            if late > _LATEST:
                # The machine slept: go on from here instead of sending a burst.
                due += late
                self._timestamp += round(late * RATE)
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _send_frame(self) -> None:
        media = self._media
        if self.quiet or media is None or not media.direction.receives:
            self._timestamp += FRAME
            return
        if self._pressing and media.telephone_event is not None:
            press = self._pressing[0]
            if press.began is None:
                press.began = self._timestamp
            for marker, payload in press.frame():
                self._send(media.telephone_event, payload, press.began, marker=marker)
            if press.finished:
                self._pressing.popleft().done.set()
        else:
            self._send(media.codec.payload_type, media.codec.encode(self._frame()), self._timestamp)
            self.sent += FRAME / RATE
        self._timestamp += FRAME

    def _frame(self) -> Pcm:
        if self._speech:
            return self._speech.popleft()
        where = np.arange(self._background_at, self._background_at + FRAME) % len(self._background)
        self._background_at = (self._background_at + FRAME) % len(self._background)
        return self._background[where]

    def _send(self, payload_type: int, payload: bytes, at: int, *, marker: bool = False) -> None:
        if self._transport is None or self._media is None:
            return
        self._sequence = (self._sequence + 1) & 0xFFFF
        header = _HEADER.pack(
            0x80, payload_type | (marker << 7), self._sequence, at & 0xFFFFFFFF, self._source
        )
        self._transport.sendto(header + payload, (self._media.host, self._media.port))

    # -- receiving ---------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """From asyncio. What is no RTP of ours (RTCP, strays) is dropped."""
        if len(data) < _HEADER.size or data[0] >> 6 != 2:
            return
        first, second, sequence, timestamp, source = _HEADER.unpack_from(data)
        begin = _HEADER.size + 4 * (first & 15)
        payload_type, payload = second & 0x7F, data[begin:]
        codec = CODECS.get(payload_type)
        if codec is not None:
            at = asyncio.get_running_loop().time()
            self.heard.packets.append(
                Packet(at, sequence, timestamp, source, codec.decode(payload))
            )
        elif self._is_event(payload_type) and len(payload) >= _EVENT.size:
            self._event_received(payload[0], timestamp)
        else:
            return
        self._tell()

    def error_received(self, exc: Exception) -> None:
        """The other side has closed its port (ICMP): SIP will say so."""

    def _is_event(self, payload_type: int) -> bool:
        return self._media is not None and payload_type == self._media.telephone_event

    def _event_received(self, code: int, timestamp: int) -> None:
        # All packets of one key press carry the timestamp of its beginning.
        if timestamp != self._last_event and code < len(DTMF):
            self._last_event = timestamp
            self.digits += DTMF[code]

    def _tell(self) -> None:
        for reached, future in self._waiting:
            if not future.done() and reached():
                future.set_result(None)
        self._waiting = [(r, future) for r, future in self._waiting if not future.done()]


class _Press:
    """One key on its way out, a frame at a time: tone, end, gap; or a pause."""

    def __init__(self, digit: str, done: asyncio.Event) -> None:
        self._pause = digit == ","
        self._code = DTMF.find(digit)
        self._frames = 0
        self.began: int | None = None
        self.done = done

    @property
    def finished(self) -> bool:
        return self._frames >= (_PAUSE_FRAMES if self._pause else _TONE_FRAMES + _GAP_FRAMES)

    def frame(self) -> Iterator[tuple[bool, bytes]]:
        """The packets of the next 20 ms, each with its marker bit."""
        self._frames += 1
        if self._pause or self._frames > _TONE_FRAMES:
            return
        ending = self._frames == _TONE_FRAMES
        payload = _EVENT.pack(self._code, (ending << 7) | 10, self._frames * FRAME)
        for copy in range(3 if ending else 1):
            yield self._frames == 1 and copy == 0, payload
