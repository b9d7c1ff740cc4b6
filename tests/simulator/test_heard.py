"""Which prompts were heard: right ones for certain, near-duplicates and other sounds never."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from callcenter.simulator.audio import (
    PCMA,
    PCMU,
    RATE,
    AudioError,
    Codec,
    Pcm,
    read_wav,
    tone,
    write_wav,
)
from callcenter.simulator.heard import Catalog

PROMPTS = Path(__file__).parents[2] / "ivr_prompts"


def voice(seed: int, seconds: float) -> Pcm:
    """Something like speech: syllables of a buzz whose pitch, colour and loudness wander."""
    random = np.random.default_rng(seed)
    syllables: list[NDArray[np.float64]] = []
    while sum(len(syllable) for syllable in syllables) < seconds * RATE:
        length = int(random.uniform(0.12, 0.25) * RATE)
        low, high = (float(hertz) for hertz in random.uniform(150, 260, 2))
        pitch = np.linspace(low, high, length)
        phase = np.cumsum(2 * np.pi * pitch / RATE)
        colour = random.dirichlet(np.ones(10))
        buzz = sum(c * np.sin((k + 1) * phase) for k, c in enumerate(colour))
        syllables.append(buzz * np.sin(np.linspace(0, np.pi, length)) * random.uniform(0.4, 1))
    return np.asarray(12000 * np.concatenate(syllables)[: int(seconds * RATE)]).astype(np.int16)


DIGITS = {f"digit_{d}": voice(100 + d, 0.35 + 0.03 * d) for d in range(10)}
SENTENCES = {"greeting": voice(1, 3.5), "sorry": voice(2, 5.0), "suffix": voice(3, 1.9)}
MUSIC = voice(50, 20.0)
# One word of a long sentence changed; and the same sentence that goes on.
CHANGED = np.concatenate([voice(2, 5.0)[: 3 * RATE], voice(9, 2.0)])
LONGER = np.concatenate([voice(1, 3.5), voice(8, 1.5)])

CATALOG = Catalog(
    {name: (f"text of {name}", pcm) for name, pcm in {**DIGITS, **SENTENCES}.items()},
    {"music": MUSIC},
)


def line(
    *parts: Pcm, codec: Codec = PCMA, loss: float = 0.0, offset: float = 0.0, gap: int = 0
) -> Pcm:
    """What arrives of these sounds, one after the other, over a telephone line."""
    spaced = [np.concatenate([part, np.zeros(gap, np.int16)]) for part in parts]
    sound = np.concatenate([np.zeros(int(offset * RATE), np.int16), *spaced])
    arrived = codec.decode(codec.encode(sound)).copy()
    random = np.random.default_rng(7)
    for frame in range(0, len(arrived), 160):
        if random.random() < loss:
            arrived[frame : frame + 160] = 0
    return arrived


@pytest.mark.parametrize("codec", [PCMA, PCMU])
@pytest.mark.parametrize("loss", [0.0, 0.05])
@pytest.mark.parametrize("offset", [0.0, 0.337, 4.1])
def test_a_greeting_and_a_spoken_number_are_heard_in_order(
    codec: Codec, loss: float, offset: float
) -> None:
    names = ("greeting", "digit_0", "digit_0", "digit_1", "suffix")
    sounds = [{**DIGITS, **SENTENCES}[name] for name in names]
    heard = CATALOG.listen(line(*sounds, codec=codec, loss=loss, offset=offset, gap=90))
    assert heard.names == names
    assert heard.prompts[0].at_s == pytest.approx(offset, abs=0.02)
    assert heard.prompts[0].text == "text of greeting"
    assert not heard.music


def test_quiet_lines_are_understood_too() -> None:
    assert CATALOG.listen(line(SENTENCES["greeting"] // 10)).names == ("greeting",)


def test_a_jump_in_the_middle_is_forgiven() -> None:
    sorry = SENTENCES["sorry"]
    jumped = np.concatenate([sorry[: 2 * RATE], np.zeros(700, np.int16), sorry[2 * RATE :]])
    assert CATALOG.listen(line(jumped)).names == ("sorry",)


def test_near_duplicates_and_pieces_are_not_taken_for_the_prompt() -> None:
    assert CATALOG.listen(line(CHANGED)).names == ()
    assert CATALOG.listen(line(SENTENCES["sorry"][: 3 * RATE])).names == ()


def test_of_two_prompts_that_begin_alike_the_one_spoken_is_heard() -> None:
    both = Catalog({"short": ("", SENTENCES["greeting"]), "long": ("", LONGER)})
    assert both.listen(line(LONGER, offset=0.5)).names == ("long",)
    assert both.listen(line(SENTENCES["greeting"], offset=0.5)).names == ("short",)


@pytest.mark.parametrize("other", [voice(77, 6.0), tone(440, 4.0), np.zeros(RATE, np.int16)])
def test_other_sounds_are_no_prompt_and_no_music(other: Pcm) -> None:
    heard = CATALOG.listen(line(other))
    assert heard.names == ()
    assert not heard.music


def test_nothing_was_heard_in_nothing() -> None:
    assert CATALOG.listen(np.zeros(0, np.int16)).names == ()


def test_music_is_recognised_wherever_it_began() -> None:
    played = MUSIC[7 * RATE : 12 * RATE]
    heard = CATALOG.listen(line(SENTENCES["greeting"], played, SENTENCES["suffix"], loss=0.05))
    assert heard.names == ("greeting", "suffix")
    assert heard.music
    assert min(heard.music_at) == pytest.approx(3.5, abs=0.6)
    assert max(heard.music_at) <= 8.5


def test_a_folder_of_prompts_is_loaded_with_its_texts(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    write_wav(tmp_path / "greeting.wav", SENTENCES["greeting"])
    write_wav(tmp_path / "music" / "m.wav", MUSIC)
    (tmp_path / "catalog.yaml").write_text("prompts:\n  greeting: {text: 您好}\n", "utf-8")
    heard = Catalog.load(tmp_path).listen(line(SENTENCES["greeting"], MUSIC[RATE : 4 * RATE]))
    assert [(p.prompt, p.text) for p in heard.prompts] == [("greeting", "您好")]
    assert heard.music


def test_a_broken_catalog_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text("prompts: [1]\n")
    with pytest.raises(AudioError, match=r"catalog\.yaml: needs `prompts:`"):
        Catalog.load(tmp_path)


def tell_apart(names: list[str], *, loss: float) -> None:
    """Each of the project's prompts is heard as itself among all of them."""
    catalog = Catalog.load(PROMPTS)
    for begin in range(0, len(names), 12):
        some = names[begin : begin + 12]
        sounds = (read_wav(PROMPTS / f"{name}.wav") for name in some)
        assert list(catalog.listen(line(*sounds, loss=loss, gap=1600)).names) == some


def test_every_digit_and_unit_of_the_project_is_told_from_all_prompts() -> None:
    lengths = {path.stem: len(read_wav(path)) for path in sorted(PROMPTS.glob("*.wav"))}
    tell_apart([name for name, length in lengths.items() if length < 0.8 * RATE], loss=0.02)


@pytest.mark.long
def test_every_prompt_of_the_project_is_told_from_all_others() -> None:
    tell_apart(sorted(path.stem for path in PROMPTS.glob("*.wav")), loss=0.02)


def test_twenty_seconds_against_the_whole_catalog_take_no_time_to_speak_of() -> None:
    catalog = Catalog.load(PROMPTS)
    names = ["greeting", "digit_0", "digit_1_yao", "digit_2", "operator_suffix", "queue_sorry"]
    capture = line(*(read_wav(PROMPTS / f"{name}.wav") for name in names), voice(5, 8.0))
    began = time.process_time()
    assert list(catalog.listen(capture).names) == names
    assert time.process_time() - began < 2.0
