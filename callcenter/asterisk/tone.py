"""The tone after which a caller speaks. Asterisk's own is in a codec that need not be there."""

from __future__ import annotations

import io
import math
import struct
import wave

NAME = "message_tone"
"""Among the sounds; no prompt of the plan is called so."""
_RATE = 8000
_HERTZ, _SECONDS, _AMPLITUDE = 1000.0, 0.4, 8000.0
_RISE = 0.02
"""Seconds in which it swells and fades, so that it does not click."""


def tone() -> bytes:
    """A WAV file of it."""
    count = round(_SECONDS * _RATE)
    samples = [_sample(at / _RATE) for at in range(count)]
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(_RATE)
        written.writeframes(struct.pack(f"<{count}h", *samples))
    return file.getvalue()


def _sample(at: float) -> int:
    swell = min(1.0, at / _RISE, (_SECONDS - at) / _RISE)
    return round(_AMPLITUDE * swell * math.sin(2 * math.pi * _HERTZ * at))
