"""How a text becomes a recording; a tone stands in for the voice."""

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from callcenter.prompt_checksums import read, stale
from ivr_prompts.render import RATE, RECIPE, VOICE_RATE, readable, render, speak, to_telephone_rate

Sound = NDArray[np.float32]


def tone(seconds: float, pitch: float = 440, strength: float = 0.4) -> Sound:
    t = np.arange(int(seconds * VOICE_RATE)) / VOICE_RATE
    return np.asarray(strength * np.sin(2 * np.pi * pitch * t), np.float32)


def hum(text: str, speed: float) -> Sound:
    """Half a second of silence, a fifth of a second for each letter, half a second of silence."""
    silence = np.zeros(VOICE_RATE // 2, np.float32)
    return np.concatenate([silence, tone(0.2 * len(text) / speed), silence])


def catalog(folder: Path, **texts: str) -> dict[str, str]:
    lines = [f"  {name}: {{text: {text}}}\n" for name, text in texts.items()]
    (folder / "catalog.yaml").write_text("prompts:\n" + "".join(lines), encoding="utf-8")
    return texts


@pytest.mark.parametrize(
    ("text", "read_out"),
    [
        ("请拨打12345。", "请拨打幺二三四五。"),
        ("热线87222160已", "热线八七二二，二幺六零已"),
        ("3号", "三号"),
        ("第11家", "第一一家"),
        ("您好。", "您好。"),
    ],
)
def test_digits_are_read_singly_and_1_as_yao_in_longer_numbers(text: str, read_out: str) -> None:
    assert readable(text) == read_out


def test_nothing_above_the_telephone_band_is_folded_into_it() -> None:
    assert np.abs(to_telephone_rate(tone(1, pitch=1000))[800:-800]).max() > 0.39
    assert np.abs(to_telephone_rate(tone(1, pitch=5000))[800:-800]).max() < 0.002


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("零", 2 * 0.2 / 1.0 + 0.01 + 0.04),
        ("您好。", 3 * 0.2 / 0.9 + 0.05 + 0.1),
        ("您好。再见！", 2 * (3 * 0.2 / 0.9 + 0.05 + 0.1) + 0.35),
    ],
)
def test_silence_is_cut_to_a_little_around_a_piece_and_some_around_a_sentence(
    text: str, seconds: float
) -> None:
    assert len(speak(text, hum)) / RATE == pytest.approx(seconds, abs=0.04)


@pytest.mark.parametrize("strength", [0.05, 0.4, 1.0])
def test_every_prompt_comes_out_equally_loud(strength: float) -> None:
    spoken = speak("零", lambda text, speed: hum(text, speed) * np.float32(strength))
    assert np.abs(spoken).max() == pytest.approx(0.1 * 2**0.5, rel=0.05)


def test_a_voice_that_stays_silent_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing was spoken"):
        speak("零", lambda _text, _speed: np.zeros(VOICE_RATE, np.float32))


def test_only_texts_that_changed_are_spoken_again(tmp_path: Path) -> None:
    spoken: list[str] = []

    def listening(text: str, speed: float) -> Sound:
        spoken.append(text)
        return hum(text, speed)

    catalog(tmp_path, a="您好。", b="再见。", gone="喂。")
    render(tmp_path, listening)
    assert spoken == ["您好。", "再见。", "喂。"]

    spoken.clear()
    texts = catalog(tmp_path, a="您好。", b="明天见。")
    assert stale(tmp_path, texts) == {"b": "its WAV says an older text or is in another voice"}
    render(tmp_path, listening)
    assert spoken == ["明天见。"]
    assert stale(tmp_path, texts) == {}
    assert sorted(wav.name for wav in tmp_path.glob("*.wav")) == ["a.wav", "b.wav"]
    assert read(tmp_path).prompts.keys() == {"a", "b"}


def test_a_recording_is_stale_when_missing_changed_by_hand_or_of_another_voice(
    tmp_path: Path,
) -> None:
    texts = catalog(tmp_path, a="您好。", b="再见。")
    assert stale(tmp_path, texts) == {"a": "has no WAV", "b": "has no WAV"}
    render(tmp_path, hum)
    with wave.open(str(tmp_path / "a.wav")) as wav:
        assert (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (1, 2, RATE)
    (tmp_path / "a.wav").write_bytes(b"something else")
    assert stale(tmp_path, texts) == {"a": "its WAV was changed by hand"}
    other = RECIPE | {"voice": "another"}
    assert stale(tmp_path, texts, other).keys() == {"a", "b"}
