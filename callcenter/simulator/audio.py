"""Telephone audio as numpy arrays: 8 kHz mono 16-bit PCM, G.711 both ways, WAV files and tones.

Python's audioop left the standard library in 3.13, so G.711 is two tables made here.
"""

from __future__ import annotations

import hashlib
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
"""Samples at `RATE`, full scale ±32767."""

RATE = 8000
"""Samples a second."""

_SEGMENTS = 8


class AudioError(ValueError):
    """A sound file that cannot be used; the message says which and why."""


def _alaw_decoding() -> Pcm:
    codes = np.arange(256) ^ 0x55
    exponent, mantissa = (codes >> 4) & 7, codes & 15
    magnitude = np.where(
        exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0)
    )
    return np.where(codes & 0x80, magnitude, -magnitude).astype(np.int16)


def _ulaw_decoding() -> Pcm:
    codes = ~np.arange(256) & 0xFF
    magnitude = ((((codes & 15) << 3) + 0x84) << ((codes >> 4) & 7)) - 0x84
    return np.where(codes & 0x80, -magnitude, magnitude).astype(np.int16)


def _segment(magnitude: NDArray[np.int64], first: int) -> NDArray[np.int64]:
    """Which of the eight segments each magnitude lies in; the lowest ends below `first`."""
    return np.searchsorted(first << np.arange(_SEGMENTS - 1), magnitude, side="right")


def _alaw_encoding() -> NDArray[np.uint8]:
    samples = np.arange(-32768, 32768)
    # G.711 works on 13 bits; negative values are mirrored so that -1 belongs to the zero step.
    magnitude = np.where(samples >= 0, samples, -samples - 1) >> 3
    segment = _segment(magnitude, 32)
    mantissa = (magnitude >> np.maximum(segment, 1)) & 15
    codes = (segment << 4) | mantissa | np.where(samples >= 0, 0x80, 0)
    return (codes ^ 0x55).astype(np.uint8)


def _ulaw_encoding() -> NDArray[np.uint8]:
    samples = np.arange(-32768, 32768)
    magnitude = np.minimum(np.abs(samples), 32635) + 0x84
    segment = _segment(magnitude, 256)
    mantissa = (magnitude >> (segment + 3)) & 15
    codes = (segment << 4) | mantissa | np.where(samples < 0, 0x80, 0)
    return (~codes & 0xFF).astype(np.uint8)


class Codec:
    """One G.711 law: its RTP payload type, its SDP name and its two tables."""

    def __init__(
        self, payload_type: int, name: str, decoding: Pcm, encoding: NDArray[np.uint8]
    ) -> None:
        self.payload_type = payload_type
        self.name = name
        self._decoding = decoding
        self._encoding = encoding

    def decode(self, payload: bytes) -> Pcm:
        """Samples of an RTP payload."""
        return self._decoding[np.frombuffer(payload, np.uint8)]

    def encode(self, pcm: Pcm) -> bytes:
        """RTP payload of samples."""
        return self._encoding[pcm.astype(np.int64) + 32768].tobytes()


PCMA = Codec(8, "PCMA", _alaw_decoding(), _alaw_encoding())
PCMU = Codec(0, "PCMU", _ulaw_decoding(), _ulaw_encoding())
CODECS = {codec.payload_type: codec for codec in (PCMA, PCMU)}
"""By payload type, the preferred one first (carriers in China speak A-law)."""


def read_wav(path: Path) -> Pcm:
    """Samples of a 16-bit PCM WAV file; other rates and stereo are brought to 8 kHz mono.

    Raises AudioError if there is no such file or it is something else.
    """
    try:
        with wave.open(str(path), "rb") as file:
            width, rate, channels = file.getsampwidth(), file.getframerate(), file.getnchannels()
            frames = file.readframes(file.getnframes())
    except OSError as error:
        raise AudioError(f"{path}: cannot be read ({error.strerror})") from error
    except (wave.Error, EOFError) as error:
        raise AudioError(f"{path}: not a PCM WAV file ({error}); convert it first") from error
    if width != 2:
        raise AudioError(f"{path}: has {8 * width} bits a sample; write a 16-bit PCM WAV file")
    samples = np.frombuffer(frames, "<i2").reshape(-1, channels).mean(axis=1)
    if rate != RATE:
        moments = np.arange(int(len(samples) * RATE / rate)) * (rate / RATE)
        samples = np.interp(moments, np.arange(len(samples)), samples)
    return _pcm(samples)


def write_wav(path: Path, pcm: Pcm) -> None:
    """Write an 8 kHz mono 16-bit WAV file. Raises OSError as open() does."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm.astype("<i2").tobytes())


def _pcm(samples: NDArray[np.float64]) -> Pcm:
    return np.clip(np.rint(samples), -32767, 32767).astype(np.int16)


def tone(frequency: float, seconds: float, level: float = 0.25) -> Pcm:
    """A sine of `frequency` Hz; `level` 1 is full scale."""
    moments = np.arange(int(seconds * RATE)) / RATE
    return _pcm(32767 * level * np.sin(2 * np.pi * frequency * moments))


def voice_of(name: str, seconds: float = 2.0) -> Pcm:
    """A sound that belongs to `name` alone: what a simulated far end says instead of words.

    A run of short chords drawn from a hash of the name, so that any two names differ clearly and
    the same name always sounds the same.
    """
    random = np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))
    chord = int(0.1 * RATE)
    moments = np.arange(chord) / RATE
    fade = np.minimum(1.0, np.minimum(np.arange(chord), np.arange(chord)[::-1]) / (0.01 * RATE))
    count = round(seconds / 0.1)
    frequencies = random.uniform(300, 1500, size=(count, 3, 1))
    chords = fade * np.sin(2 * np.pi * frequencies * moments).sum(axis=1)
    return _pcm(6000 * chords.reshape(-1))
