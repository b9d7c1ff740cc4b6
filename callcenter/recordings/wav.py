"""The WAV files that Asterisk records: their length, and the header of one it could not finish.

Asterisk writes both lengths of the header when it closes the file. Killed, it leaves them 0; the
sound itself is there, up to the last 32 KB.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

HEADER = 44
"""Bytes of the header as Asterisk writes it: RIFF, fmt and data without anything between."""
_FORM = struct.Struct("<4sI4s4sIHHIIHH4sI")
_FIRST_LENGTH, _SECOND_LENGTH = 4, 40


class WavError(ValueError):
    """The file is no sound as Asterisk records it; the text says why."""


@dataclass(frozen=True, slots=True)
class Wav:
    """A whole file."""

    seconds: float
    repaired: bool
    """Its header had to be made anew."""


def finish(file: Path) -> Wav | None:
    """Make the file whole, on the disk too; None where it holds no sound at all.

    May be repeated. A part of a sample at the end is left out of the lengths. Raises WavError and
    OSError.
    """
    with file.open("rb+") as opened:
        size = os.fstat(opened.fileno()).st_size
        if size <= HEADER:
            return None
        byte_rate, block, lengths = _header(opened.read(HEADER))
        repaired = 0 in lengths
        if repaired:
            sound = (size - HEADER) // block * block
            # Either order will do: while one of the two is 0 this is done again.
            for place, length in ((_FIRST_LENGTH, sound + 36), (_SECOND_LENGTH, sound)):
                opened.seek(place)
                opened.write(struct.pack("<I", length))
            opened.flush()
        else:
            sound = min(lengths[1], size - HEADER)
        os.fsync(opened.fileno())
    return Wav(round(sound / byte_rate, 3), repaired)


def length(file: Path) -> float:
    """Seconds of sound that the header tells. Raises WavError and OSError."""
    with file.open("rb") as opened:
        byte_rate, _, lengths = _header(opened.read(HEADER))
        return round(min(lengths[1], os.fstat(opened.fileno()).st_size - HEADER) / byte_rate, 3)


def _header(start: bytes) -> tuple[int, int, tuple[int, int]]:
    """Bytes a second, bytes a sample, and the two lengths."""
    if len(start) < HEADER:
        raise WavError(f"it has only {len(start)} bytes")
    fields = _FORM.unpack(start)
    riff, first, wave, fmt, _, kind, _, _, byte_rate, block, _, data, second = fields
    if (riff, wave, fmt, data) != (b"RIFF", b"WAVE", b"fmt ", b"data") or kind != 1:
        raise WavError("it is no plain PCM WAV file")
    if not byte_rate or not block:
        raise WavError("its header tells no rate")
    return byte_rate, block, (first, second)
