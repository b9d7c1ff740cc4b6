"""The committed recordings: every text has one, it says that text, and a telephone can play it."""

import re
import wave
from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from callcenter.prompt_checksums import stale
from ivr_prompts.render import RATE, RECIPE, catalog_texts, readable, voiced_rms
from ivr_prompts.waiting_music import compose

PROMPTS = Path(__file__).parents[2] / "ivr_prompts"
TEXTS = catalog_texts(PROMPTS)
MERGED = {name.partition("_")[2] for name in TEXTS if re.fullmatch("forwarded_[0-9]+", name)}


def sound(wav_file: Path) -> NDArray[np.float32]:
    with wave.open(str(wav_file)) as wav:
        form = (wav.getnchannels(), wav.getsampwidth(), wav.getframerate())
        assert form == (1, 2, RATE), f"{wav_file.name} is not 8 kHz mono 16 bit"
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")
    return np.asarray(samples / 32768, np.float32)


@pytest.fixture(scope="module")
def sounds() -> dict[str, NDArray[np.float32]]:
    return {name: sound(PROMPTS / f"{name}.wav") for name in TEXTS}


def test_every_text_has_a_recording_that_says_it() -> None:
    assert stale(PROMPTS, TEXTS, RECIPE) == {}, "run script/render-prompts"


def test_no_recording_is_without_a_text() -> None:
    assert {wav.stem for wav in PROMPTS.glob("*.wav")} == set(TEXTS)


def test_recordings_last_as_long_as_their_text_takes(
    sounds: dict[str, NDArray[np.float32]],
) -> None:
    for name, samples in sounds.items():
        syllables = len(re.sub(r"\W", "", readable(TEXTS[name])))
        per_syllable = len(samples) / RATE / syllables
        assert 0.15 <= per_syllable <= 0.75, f"{name}: {per_syllable:.2f} s a syllable"


def test_the_greeting_keeps_nobody_waiting(sounds: dict[str, NDArray[np.float32]]) -> None:
    assert len(sounds["greeting"]) / RATE <= 4.2


def test_no_recording_clips_and_all_are_equally_loud(
    sounds: dict[str, NDArray[np.float32]],
) -> None:
    for name, samples in sounds.items():
        assert np.abs(samples).max() <= 10 ** (-3 / 20), name
        assert 20 * np.log10(voiced_rms(samples)) == pytest.approx(-20, abs=1), name


def test_recordings_begin_and_end_in_silence_so_that_joining_them_does_not_click(
    sounds: dict[str, NDArray[np.float32]],
) -> None:
    for name, samples in sounds.items():
        assert abs(samples[0]) < 0.005, name
        assert abs(samples[-1]) < 0.005, name


def test_a_missing_recording_has_a_generic_one_in_its_place() -> None:
    catalog = yaml.safe_load((PROMPTS / "catalog.yaml").read_text(encoding="utf-8"))["prompts"]
    generics = {name: entry["generic"] for name, entry in catalog.items() if "generic" in entry}
    assert set(generics.values()) == {"forwarded_generic", "announced_generic"}
    assert all("generic" not in catalog[generic] for generic in generics.values())


def test_each_of_the_28_merged_numbers_is_announced_in_both_ways_by_its_digits() -> None:
    assert len(MERGED) == 28
    for number in MERGED:
        assert f"{number}已并入12345" in TEXTS[f"forwarded_{number}"]
        assert f"{number}已由12345替代" in TEXTS[f"announced_{number}"]


def test_no_two_prompts_say_the_same() -> None:
    assert len(set(TEXTS.values())) == len(TEXTS)


def test_the_waiting_music_is_what_its_score_says() -> None:
    # Sines differ in the last bit from one processor or numpy to the next.
    recorded = sound(PROMPTS / "music" / "waiting.wav") * 32768
    assert np.abs(recorded - compose()).max() <= 1


def test_the_waiting_music_loops_quietly_and_without_a_seam() -> None:
    music = sound(PROMPTS / "music" / "waiting.wav")
    assert len(music) / RATE >= 30
    assert 20 * np.log10(np.sqrt(np.mean(music**2))) == pytest.approx(-26, abs=0.5)
    assert abs(music[0] - music[-1]) <= np.abs(np.diff(music)).max()
