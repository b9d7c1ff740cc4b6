"""Which prompts did the caller hear: proof, from captured audio, that a call did what it should.

Every prompt is slid over the capture by normalised cross-correlation: coarsely (below 1 kHz, where
most of a voice is) to find where it could be, then block by block at full rate, as a telephone line
may lose or shift a piece. Of the matches that overlap, those win that together explain most of the
sound. Spoken numbers are found digit by digit, as they are spliced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
import yaml
from numpy.typing import NDArray

from callcenter.simulator.audio import RATE, AudioError, Pcm, read_wav

THRESHOLD = 0.8
"""From here on it is the prompt; near-duplicates stay below .65, other prompts below .4."""

Samples = NDArray[np.float64]

_COARSE = 2
_COARSE_RATE = RATE // _COARSE
_BLOCK = int(0.4 * RATE)
_SLACK = int(0.25 * RATE)
"""How far a block may have moved against the prompt as a whole."""
_SHORT_SLACK = int(0.02 * RATE)
_QUIET = 30.0
"""RMS below which a stretch counts as silence (of 32767): line noise must not look like a match."""
_OVERLAP = int(0.06 * RATE)
"""How much two neighbours may overlap: a match is not placed to the sample."""
_MUSIC_WINDOW = RATE
_MUSIC_STEP = RATE // 2


@dataclass(frozen=True, slots=True)
class HeardPrompt:
    """One prompt in a capture."""

    prompt: str
    text: str
    at_s: float
    """Seconds from the capture's beginning."""
    score: float
    """1 is identical, `THRESHOLD` the least that counts."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a capture holds."""

    prompts: tuple[HeardPrompt, ...]
    """In order of time."""
    music_at: tuple[float, ...]
    """Seconds from the capture's beginning at which a stretch of music on hold was recognised."""

    @property
    def names(self) -> tuple[str, ...]:
        """The prompts' names in the order in which they were heard."""
        return tuple(prompt.prompt for prompt in self.prompts)

    @property
    def music(self) -> bool:
        """Whether there was music on hold."""
        return bool(self.music_at)


@dataclass(frozen=True)
class _Sound:
    """A sound to look for (or in): as it is, and as the two stages of the search want it."""

    name: str
    text: str
    pcm: Samples

    @cached_property
    def coarse(self) -> Samples:
        return _coarse(self.pcm)

    @cached_property
    def sharp(self) -> Samples:
        return _sharp(self.pcm)


@dataclass(frozen=True, slots=True)
class _Match:
    sound: _Sound
    start: int
    score: float
    gain: float

    @property
    def end(self) -> int:
        return self.start + len(self.sound.pcm)


class Catalog:
    """The sounds that can be recognised."""

    def __init__(
        self, prompts: Mapping[str, tuple[str, Pcm]], music: Mapping[str, Pcm] | None = None
    ) -> None:
        """`prompts`: name → text and samples; `music`: name → samples."""
        self._prompts = [
            _Sound(name, text, pcm.astype(np.float64)) for name, (text, pcm) in prompts.items()
        ]
        self._music = [
            _Sound(name, "", pcm.astype(np.float64)) for name, pcm in (music or {}).items()
        ]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """All WAV files of a prompt folder, with the texts of its catalog.yaml.

        Raises AudioError for a file that is no WAV or a catalog that cannot be read.
        """
        texts = _texts(folder / "catalog.yaml")
        prompts = {
            path.stem: (texts.get(path.stem, ""), read_wav(path))
            for path in sorted(folder.glob("*.wav"))
        }
        music = {path.stem: read_wav(path) for path in sorted(folder.glob("music/*.wav"))}
        return cls(prompts, music)

    def listen(self, capture: Pcm) -> Heard:
        """Find every prompt of the catalog, and music between them."""
        heard = _Sound("capture", "", capture.astype(np.float64))
        if not len(capture):
            return Heard((), ())
        matches = _best_together(self._matches(heard))
        prompts = tuple(
            HeardPrompt(m.sound.name, m.sound.text, round(m.start / RATE, 2), round(m.score, 3))
            for m in matches
        )
        return Heard(prompts, tuple(self._music_in(heard, matches)))

    def _matches(self, heard: _Sound) -> Iterable[_Match]:
        correlator = _Correlator(heard.coarse)
        energy = _running_energy(heard.sharp)
        for sound in self._prompts:
            for start in correlator.places_of(sound.coarse):
                score, at = _score(heard.sharp, sound.sharp, start * _COARSE)
                if score >= THRESHOLD:
                    covered = _energy_in(energy, at, at + len(sound.pcm))
                    # What a match explains, less what it leaves unexplained.
                    yield _Match(sound, at, score, (2 * score**2 - 1) * covered)

    def _music_in(self, heard: _Sound, prompts: list[_Match]) -> Iterable[float]:
        """Windows of the capture, free of prompts, that are found in a piece of music."""
        taken = np.zeros(len(heard.pcm), bool)
        for match in prompts:
            taken[max(match.start, 0) : match.end] = True
        following: tuple[_Sound, int] | None = None
        pieces = [(sound, _Correlator(sound.coarse)) for sound in self._music]
        for start in range(0, len(heard.pcm) - _MUSIC_WINDOW + 1, _MUSIC_STEP):
            window = heard.pcm[start : start + _MUSIC_WINDOW]
            if taken[start : start + _MUSIC_WINDOW].any() or _is_quiet(window):
                continue
            if following and _goes_on(window, *following, start):
                yield start / RATE
                continue
            following = _place_in(pieces, window, start)
            if following:
                yield start / RATE


def _goes_on(window: Samples, sound: _Sound, lead: int, start: int) -> bool:
    """Whether the music is where it must be if it simply played on."""
    return _score(sound.sharp, _sharp(window), start + lead)[0] >= THRESHOLD


def _place_in(
    pieces: list[tuple[_Sound, _Correlator]], window: Samples, start: int
) -> tuple[_Sound, int] | None:
    """The piece of music a window comes from, and by how much it is ahead of the capture."""
    for sound, correlator in pieces:
        for place in correlator.places_of(_coarse(window), most=3):
            score, at = _score(sound.sharp, _sharp(window), place * _COARSE)
            if score >= THRESHOLD:
                return sound, at - start
    return None


class _Correlator:
    """A long sound, prepared once, in which short ones are looked up."""

    def __init__(self, sound: Samples) -> None:
        self._sound = sound
        self._energy = _running_energy(sound)
        # Half the precision is enough here, and twice as fast.
        self._spectra: dict[int, NDArray[np.complex64]] = {}

    def places_of(self, wanted: Samples, most: int = 40) -> list[int]:
        """Where it correlates well enough for a closer look, best first."""
        likeness = self._likeness(wanted)
        # A long prompt may have been cut or shifted on the way; a digit is whole or not there.
        least = 0.35 if len(wanted) > 0.8 * _COARSE_RATE else 0.6
        apart = max(len(wanted) // 2, 1)
        places: list[int] = []
        while len(places) < most:
            best = int(np.argmax(likeness))
            if likeness[best] < least:
                break
            places.append(best)
            likeness[max(0, best - apart) : best + apart] = 0
        return places

    def _likeness(self, wanted: Samples) -> Samples:
        """Normalised cross-correlation at every place of the long sound, its tail included."""
        size = _fast_size(len(self._sound) + len(wanted))
        if size not in self._spectra:
            spectrum = np.fft.rfft(self._sound.astype(np.float32), size)
            self._spectra[size] = spectrum.astype(np.complex64)
        products = self._spectra[size] * np.conj(np.fft.rfft(wanted.astype(np.float32), size))
        correlation = np.fft.irfft(products, size)[: len(self._sound)]
        length = min(len(wanted), len(self._sound))
        ends = np.pad(self._energy[length:], (0, length - 1), mode="edge")
        return _normalised(correlation, ends - self._energy[:-1], wanted)


def _score(heard: Samples, prompt: Samples, start: int) -> tuple[float, int]:
    """How well a prompt matches near a place, and where exactly: the blocks' weighted mean."""
    count = max(1, round(len(prompt) / _BLOCK))
    slack = _SLACK if count > 1 else _SHORT_SLACK
    likenesses, weights, shifts = [], [], []
    for block, offset in _blocks(prompt, count):
        weight = float(np.sqrt(block @ block))
        if _is_quiet(block):
            continue
        window = _cut(heard, start + offset - slack, start + offset + len(block) + slack)
        likeness = _slide(window, block)
        best = int(np.argmax(likeness))
        likenesses.append(max(0.0, float(likeness[best])))
        weights.append(weight)
        shifts.append(best - slack)
    if not weights:
        return 0.0, start
    score = float(np.average(likenesses, weights=weights))
    return score, start + int(np.median(shifts))


def _blocks(prompt: Samples, count: int) -> Iterable[tuple[Samples, int]]:
    edges = np.linspace(0, len(prompt), count + 1).astype(int)
    for begin, end in pairwise(edges):
        yield prompt[begin:end], int(begin)


def _slide(window: Samples, block: Samples) -> Samples:
    size = _fast_size(len(window))
    spectrum = np.fft.rfft(window, size) * np.conj(np.fft.rfft(block, size))
    correlation = np.fft.irfft(spectrum, size)[: len(window) - len(block) + 1]
    energy = _running_energy(window)
    return _normalised(correlation, energy[len(block) :] - energy[: -len(block)], block)


def _normalised(correlation: Samples, energy: Samples, wanted: Samples) -> Samples:
    floor = len(wanted) * _QUIET**2
    likeness: Samples = correlation / np.sqrt(np.maximum(energy, floor) * max(wanted @ wanted, 1.0))
    return likeness


def _best_together(matches: Iterable[_Match]) -> list[_Match]:
    """Of overlapping matches, those that gain most in all (weighted interval scheduling)."""
    ordered = sorted(matches, key=lambda match: (match.end, match.sound.name))
    ends = np.array([match.end for match in ordered])
    # best[i]: the gain and the choice among the first i matches.
    best: list[tuple[float, list[_Match]]] = [(0.0, [])]
    for index, match in enumerate(ordered):
        before = int(np.searchsorted(ends[:index], match.start + _OVERLAP, side="right"))
        gain, chosen = best[before]
        taken = (gain + match.gain, [*chosen, match])
        best.append(max(best[-1], taken, key=lambda choice: choice[0]))
    return sorted(best[-1][1], key=lambda match: match.start)


def _coarse(pcm: Samples) -> Samples:
    """The same sound below 1 kHz, at half the rate.

    Twice what 1 kHz needs: a match between two samples must not look like none.
    """
    size = _fast_size(len(pcm))
    spectrum = np.fft.rfft(pcm, size)[: size // (2 * _COARSE) + 1]
    spectrum[size * 1000 // RATE :] = 0
    coarse: Samples = np.fft.irfft(spectrum, size // _COARSE) / _COARSE
    return coarse[: -(-len(pcm) // _COARSE)]


def _sharp(pcm: Samples) -> Samples:
    """The same sound with its higher frequencies raised: they tell one syllable from another."""
    return np.append(pcm[:1], pcm[1:] - 0.7 * pcm[:-1])


def _cut(pcm: Samples, begin: int, end: int) -> Samples:
    """A stretch of a sound, with silence where it reaches over the edges."""
    inside = pcm[max(begin, 0) : max(end, 0)]
    before = min(max(-begin, 0), end - begin)
    return np.pad(inside, (before, end - begin - before - len(inside)))


def _running_energy(pcm: Samples) -> Samples:
    return np.concatenate(([0.0], np.cumsum(pcm * pcm)))


def _energy_in(running: Samples, begin: int, end: int) -> float:
    low, high = np.clip([begin, end], 0, len(running) - 1)
    return float(running[high] - running[low])


def _is_quiet(pcm: Samples) -> bool:
    return bool(pcm @ pcm < len(pcm) * _QUIET**2)


def _fast_size(least: int) -> int:
    """The next size at which a Fourier transform is fast: few small factors."""
    power = 1 << max(least - 1, 63).bit_length()
    return next(size for size in (power * 5 // 8, power * 3 // 4, power) if size >= least)


def _texts(path: Path) -> dict[str, str]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        prompts = content["prompts"]
        return {str(name): str(prompt["text"]) for name, prompt in prompts.items()}
    except FileNotFoundError:
        return {}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise AudioError(
            f"{path}: needs `prompts:` with a `text:` for each name; run callcenter check ({error})"
        ) from error
