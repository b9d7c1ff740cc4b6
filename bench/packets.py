"""UDP datagrams in capture files (pcap): what `capture.py` saw, and what seats say."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

Place = tuple[str, int]
"""Address and port."""

IP, ETHERNET = 101, 1
"""What a file's packets begin with."""
_NANOSECONDS = 0xA1B23C4D
_FILE = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")
_IP = struct.Struct("!BBHHHBBH4s4s")
_UDP = struct.Struct("!HHHH")
_ETHERNET = bytes(12) + b"\x08\x00"
_LONGEST = 65535
_BILLION = 1_000_000_000


class CaptureError(Exception):
    """A capture cannot be made or read; the text says why."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """One UDP datagram; a long one may have been cut."""

    at: int
    """Nanoseconds since 1970."""
    source: Place
    to: Place
    payload: bytes


def file_header(begins_with: int = IP) -> bytes:
    """How a capture file begins."""
    return _FILE.pack(_NANOSECONDS, 2, 4, 0, 0, _LONGEST, begins_with)


def record(at: int, packet: bytes) -> bytes:
    """One packet in a capture file; `at` in nanoseconds."""
    return _RECORD.pack(at // _BILLION, at % _BILLION, len(packet), len(packet)) + packet


def read(file: Path) -> Iterator[Datagram]:
    """The datagrams of a file that `capture.py` wrote. Raises CaptureError for another one."""
    data = file.read_bytes()
    if len(data) < _FILE.size or data[: _FILE.size] != file_header():
        raise CaptureError(f"{file} is no capture of ours: give one that python -m bench has kept")
    at = _FILE.size
    while at + _RECORD.size <= len(data):
        seconds, nanoseconds, length, _ = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        yield parse(seconds * _BILLION + nanoseconds, data[at : at + length])
        at += length


def parse(at: int, packet: bytes) -> Datagram:
    """The UDP datagram in an IPv4 packet."""
    header = (packet[0] & 15) * 4
    source, to = (str(IPv4Address(packet[n : n + 4])) for n in (12, 16))
    source_port, to_port, _, _ = _UDP.unpack_from(packet, header)
    return Datagram(at, (source, source_port), (to, to_port), packet[header + _UDP.size :])


def build(datagram: Datagram) -> bytes:
    """The IPv4 packet that `parse` reads; without checksums."""
    length = _UDP.size + len(datagram.payload)
    source, to = (IPv4Address(place[0]).packed for place in (datagram.source, datagram.to))
    ip = _IP.pack(0x45, 0, _IP.size + length, 0, 0, 64, 17, 0, source, to)
    return ip + _UDP.pack(datagram.source[1], datagram.to[1], length, 0) + datagram.payload


def write_voice(file: Path, payloads: Iterable[bytes], every: int) -> None:
    """A file for sipp to play: one RTP payload `every` so many nanoseconds."""
    with file.open("wb") as out:
        out.write(file_header(ETHERNET))
        at = 0
        for payload in payloads:
            datagram = Datagram(at, ("127.0.0.1", 6000), ("127.0.0.1", 6000), payload)
            out.write(record(at, _ETHERNET + build(datagram)))
            at += every
