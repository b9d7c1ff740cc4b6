"""Composes music/waiting.wav: 32 s of calm music for waiting callers, as a loop without a seam.

Made from sines alone, by the rules below, so that no one's rights are touched: soft plucked notes
of the pentatonic scale over held chords. A note that outlasts the loop's end rings on at its
beginning. `python -m ivr_prompts.waiting_music` writes the file; it always comes out the same.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8_000
BEAT = 0.5
"""Seconds."""
BEATS = 64
LEVEL = 10 ** (-26 / 20)
"""RMS: well below the voice, which is at -20 dB."""

# A bar has eight beats. Notes are MIDI numbers (60 = middle C); none is below what a telephone
# carries. 0 is a rest.
CHORDS = ((60, 64, 67), (57, 60, 64), (62, 65, 69), (55, 59, 62)) * 2
MELODY = (
    (76, 0, 79, 0, 81, 0, 79, 76),
    (72, 0, 76, 0, 74, 72, 0, 0),
    (74, 0, 76, 79, 0, 76, 74, 0),
    (71, 0, 74, 0, 79, 0, 0, 0),
    (84, 0, 81, 0, 79, 0, 76, 79),
    (81, 0, 79, 76, 0, 72, 0, 0),
    (74, 76, 0, 74, 72, 0, 69, 0),
    (71, 0, 74, 0, 72, 0, 0, 0),
)
OUTPUT = Path(__file__).parent / "music" / "waiting.wav"


def note(midi: int, seconds: float, attack: float) -> NDArray[np.float64]:
    """One note with a few fading overtones, swelling for `attack` seconds, then dying away."""
    t = np.arange(int(seconds * RATE)) / RATE
    pitch = 440 * 2 ** ((midi - 69) / 12)
    tone = np.zeros_like(t)
    for overtone, strength in ((1, 1.0), (2, 0.35), (3, 0.12), (4, 0.05)):
        if overtone * pitch < 3_400:
            fading = np.exp(-3 * overtone * t / seconds)
            tone += strength * fading * np.sin(2 * np.pi * overtone * pitch * t)
    swell = np.minimum(1, t / attack) * np.minimum(1, (seconds - t) / 0.1)
    return np.asarray(tone * swell, np.float64)


def compose() -> NDArray[np.int16]:
    """The whole loop, 8 kHz, 16 bit."""
    loop = np.zeros(int(BEATS * BEAT * RATE))

    def play(beat: float, sound: NDArray[np.float64], strength: float) -> None:
        at = (int(beat * BEAT * RATE) + np.arange(len(sound))) % len(loop)
        loop[at] += strength * sound

    for bar, (chord, melody) in enumerate(zip(CHORDS, MELODY, strict=True)):
        for midi in chord:
            play(bar * 8, note(midi, seconds=7.0, attack=0.8), strength=0.3)
        for beat, midi in enumerate(melody):
            if midi:
                play(bar * 8 + beat, note(midi, seconds=2.0, attack=0.02), strength=0.8)
    loop *= LEVEL / np.sqrt(np.mean(loop**2))
    return np.round(loop * 32767).astype("<i2")


def main() -> None:
    """Write the file."""
    with wave.open(str(OUTPUT), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(compose().tobytes())


if __name__ == "__main__":
    main()
