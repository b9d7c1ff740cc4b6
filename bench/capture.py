"""Sees packets on the loopback device: all SIP of one server, and the seats' voice at the caller.

The kernel picks them (a classic BPF program) and stamps them, so that neither a busy machine nor we
change what is measured. Needs root, as Asterisk's made root does.
"""

from __future__ import annotations

import ctypes
import math
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

from bench.packets import CaptureError, Place, file_header, record

_ETH_P_IP = 0x0800
_SO_ATTACH_FILTER, _SO_RCVBUFFORCE, _SO_TIMESTAMPNS = 26, 33, 35
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_BUFFER = 64 * 1024 * 1024
_LONGEST = 65535
_CUT = 120
"""Bytes kept of a packet of voice."""
_POLL_SECONDS = 0.2

# The instructions in use: load a byte, half-word or word; load the length of the IP header; return.
_LDB, _LDW, _LDH_X, _LDW_X, _LDX_IP, _JEQ, _RET = (
    0x30, 0x20, 0x48, 0x40, 0xB1, 0x15, 0x06,
)  # fmt: skip
Instruction = tuple[int, int, int, int]


def program(server: Place, caller: str, voice: bytes) -> list[Instruction]:
    """UDP that is SIP from or to `server`, or RTP to `caller` whose payload begins with `voice`.

    Offsets count from the IP header. `voice`: four bytes.
    """
    host, port = int(IPv4Address(server[0])), server[1]
    return [
        (_LDB, 0, 0, 9),
        (_JEQ, 0, 15, socket.IPPROTO_UDP),
        (_LDX_IP, 0, 0, 0),
        (_LDW, 0, 0, 12),
        (_JEQ, 0, 2, host),  # from the server?
        (_LDH_X, 0, 0, 0),
        (_JEQ, 9, 0, port),
        (_LDW, 0, 0, 16),
        (_JEQ, 0, 2, host),  # to the server?
        (_LDH_X, 0, 0, 2),
        (_JEQ, 5, 6, port),
        (_LDW, 0, 0, 16),
        (_JEQ, 0, 4, int(IPv4Address(caller))),
        (_LDW_X, 0, 0, 8 + 12),  # behind the UDP and RTP headers
        (_JEQ, 0, 2, int.from_bytes(voice[:4], "big")),
        (_RET, 0, 0, _CUT),
        (_RET, 0, 0, _LONGEST),
        (_RET, 0, 0, 0),
    ]


@contextmanager
def capturing(file: Path, server: Place, caller: str, voice: bytes) -> Iterator[None]:
    """Write what is seen during the block to `file`. Raises CaptureError as `seeing` does."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as out:
        out.write(file_header())

        def keep(at: int, packet: bytes) -> None:
            out.write(record(at, packet))

        with seeing(keep, server, caller, voice):
            yield


@contextmanager
def seeing(
    see: Callable[[int, bytes], None], server: Place, caller: str, voice: bytes
) -> Iterator[None]:
    """Tell `see` of each packet during the block, in a thread: nanoseconds since 1970, and it.

    Raises CaptureError if that is not allowed, or the kernel lost a packet.
    """
    with _listening(program(server, caller, voice)) as listening:
        end = math.inf

        def keep() -> None:
            while True:
                try:
                    packet, extra, _, _ = listening.recvmsg(_LONGEST, 64)
                except TimeoutError:
                    if end < math.inf:
                        return
                    continue
                seconds, nanoseconds = struct.unpack("qq", extra[0][2])
                at = seconds * 1_000_000_000 + nanoseconds
                if at > end:  # the traffic may go on
                    return
                see(at, packet)

        thread = threading.Thread(target=keep, name="capture", daemon=True)
        thread.start()
        try:
            yield
        finally:
            end = time.time_ns()
            thread.join()
        _, lost = struct.unpack("II", listening.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
        if lost:
            raise CaptureError(f"the kernel lost {lost} packets: run this on a less busy machine")


@contextmanager
def _listening(instructions: list[Instruction]) -> Iterator[socket.socket]:
    try:
        # Of this protocol only what arrives is seen: no packet twice.
        listening = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    except PermissionError as error:
        raise CaptureError("seeing packets needs root: run this as root") from error
    with listening:
        code = b"".join(struct.pack("HBBI", *each) for each in instructions)
        buffer = ctypes.create_string_buffer(code, len(code))
        packed = struct.pack("HP", len(instructions), ctypes.addressof(buffer))
        listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, packed)
        listening.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        listening.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        listening.settimeout(_POLL_SECONDS)
        listening.bind(("lo", _ETH_P_IP))
        yield listening
