"""Who hears whom: every party sends a tone of its own, and each telephone is listened to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import numpy as np

from callcenter.simulator.agent import Call
from callcenter.simulator.audio import RATE, Pcm, tone
from tests.support.city import until


class Sound(StrEnum):
    """What a telephone can hear in these tests."""

    CITIZEN = "citizen"
    OPERATOR = "operator"
    PARTNER = "partner"
    LEADER = "leader"
    FOURTH = "fourth"
    FIFTH = "fifth"
    RINGING = "ringing"
    OTHER = "other"
    """Music, or a prompt."""


PITCHES: Mapping[Sound, float] = {
    Sound.CITIZEN: 700.0,
    Sound.OPERATOR: 1100.0,
    Sound.PARTNER: 1700.0,
    Sound.LEADER: 2300.0,
    Sound.FOURTH: 2600.0,
    Sound.FIFTH: 2900.0,
    Sound.RINGING: 450.0,
}
"""In Hz. The ringing tone's is China's (asterisk-config/indications.conf.j2)."""
_LEVEL = 0.12
"""Four together are neither clipped nor so loud that A-law's own noise is heard beside them."""
_WINDOW = 0.4
"""Seconds that are looked at: the latest."""
_STRETCH = 0.1
"""Seconds in which a sound that goes on must be heard."""
_LOUD = 300.0
"""Amplitude from which a tone is there; voices have 3900, and an echo or a click far less."""
_QUIET = 20.0
"""Mean amplitude below which nothing is heard: music is far above it."""
_WIDTH = 12.0
"""Hz on either side that belong to a tone."""


def voice(of: Sound) -> Pcm:
    """That party's tone: a second of it, which can be repeated without a seam."""
    return tone(PITCHES[of], 1.0, _LEVEL)


def hears(call: Call) -> frozenset[Sound]:
    """What that telephone hears at this moment."""
    pcm = call.heard()[-int(_WINDOW * RATE) :].astype(np.float64)
    if len(pcm) < int(_WINDOW * RATE):
        return frozenset()
    window = np.hanning(len(pcm))
    power = np.abs(np.fft.rfft(pcm * window) / window.sum() * 2) ** 2
    frequencies = np.fft.rfftfreq(len(pcm), 1 / RATE)
    found = set()
    for sound, pitch in PITCHES.items():
        near = np.abs(frequencies - pitch) <= _WIDTH
        if np.sqrt(power[near].max()) >= _LOUD:
            found.add(sound)
        power[near] = 0.0
    if np.sqrt(power.sum()) >= _LOUD:
        found.add(Sound.OTHER)
    return frozenset(found)


async def until_hears(call: Call, *sounds: Sound) -> None:
    """Wait until that telephone hears these and nothing else."""
    await until(
        lambda: hears(call) == frozenset(sounds),
        lambda: f"{call.number} hears {sorted(hears(call))}, not {sorted(sounds)}",
    )


async def until_talking(*parties: tuple[Call, Sound]) -> None:
    """Wait until each of these hears all the others and nothing else."""
    for call, own in parties:
        await until_hears(call, *(sound for _, sound in parties if sound is not own))


def loudest(call: Call, sound: Sound, since: float, until: float) -> float:
    """The greatest amplitude of that sound in any half second between those two moments."""
    pcm = call.media.heard.pcm(since, until).astype(np.float64)
    size = RATE // 2
    wave = np.hanning(size) * np.exp(-2j * np.pi * PITCHES[sound] * np.arange(size) / RATE)
    stretches = [pcm[start : start + size] for start in range(0, len(pcm) - size + 1, size)]
    assert stretches, "too short to say anything"
    return max(float(abs(each @ wave)) * 4 / size for each in stretches)


async def gaps(call: Call, sound: Sound, since: float, end: float) -> list[float]:
    """Seconds after `since` (of the event loop's clock) at which a sound was missing up to `end`.

    Waits for what was on its way then: on a busy machine sound comes late, yet whole.
    """
    await until(lambda: call.media.heard.end >= end, lambda: f"{call.number} hears no more")
    return [at for at, heard in _stretches(call, sound, since, end) if not heard]


def moments(call: Call, sound: Sound, since: float, until: float) -> list[float]:
    """Seconds after `since` (of the event loop's clock) at which a sound was there."""
    return [at for at, heard in _stretches(call, sound, since, until) if heard]


def _stretches(
    call: Call, sound: Sound, since: float, until: float
) -> Iterator[tuple[float, bool]]:
    """Each stretch's begin, and whether the sound is in it."""
    pcm = call.media.heard.pcm(since, until).astype(np.float64)
    size = int(_STRETCH * RATE)
    wave = np.exp(-2j * np.pi * PITCHES[sound] * np.arange(size) / RATE)
    for start in range(0, len(pcm) - size + 1, size):
        yield start / RATE, abs(pcm[start : start + size] @ wave) * 2 / size >= _LOUD


def longest_gap(call: Call, sound: Sound, since: float, until: float) -> float:
    """The longest stretch between those moments in which a sound was missing, in seconds."""
    return _longest(not heard for _, heard in _stretches(call, sound, since, until))


def longest_silence(call: Call, since: float, until: float) -> float:
    """The longest stretch between those moments in which nothing at all was heard, in seconds."""
    pcm = call.media.heard.pcm(since, until).astype(np.float64)
    size = int(_STRETCH * RATE)
    whole = pcm[: len(pcm) // size * size].reshape(-1, size)
    return _longest(bool(quiet) for quiet in np.sqrt((whole**2).mean(axis=1)) < _QUIET)


def _longest(missing: Iterable[bool]) -> float:
    """How long the longest run of stretches is."""
    longest = run = 0
    for each in missing:
        run = run + 1 if each else 0
        longest = max(longest, run)
    return longest * _STRETCH
