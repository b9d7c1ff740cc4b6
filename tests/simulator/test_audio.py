"""G.711 as ITU-T's tables have it, WAV files as people bring them, voices that differ."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from callcenter.simulator.audio import (
    PCMA,
    PCMU,
    RATE,
    AudioError,
    Codec,
    read_wav,
    tone,
    voice_of,
    write_wav,
)


@pytest.mark.parametrize(
    ("code", "sample"),
    [(0xD5, 8), (0x55, -8), (0xD4, 24), (0xAA, 32256), (0x2A, -32256), (0x80, 5504), (0xC5, 264)],
)
def test_alaw_codes_stand_for_the_samples_of_the_standard(code: int, sample: int) -> None:
    assert PCMA.decode(bytes([code])).tolist() == [sample]
    assert PCMA.encode(np.array([sample], np.int16)) == bytes([code])


@pytest.mark.parametrize(
    ("code", "sample"),
    [(0xFF, 0), (0x00, -32124), (0x80, 32124), (0xFE, 8), (0x7E, -8), (0xEF, 132), (0xCE, 988)],
)
def test_ulaw_codes_stand_for_the_samples_of_the_standard(code: int, sample: int) -> None:
    assert PCMU.decode(bytes([code])).tolist() == [sample]
    assert PCMU.encode(np.array([sample], np.int16)) == bytes([code])


@pytest.mark.parametrize("codec", [PCMA, PCMU])
def test_no_sample_is_off_by_more_than_half_a_step(codec: Codec) -> None:
    samples = np.arange(-32000, 32001)
    error = np.abs(codec.decode(codec.encode(samples.astype(np.int16))) - samples)
    assert (error <= np.abs(samples) / 32 + 8).all()


@pytest.mark.parametrize("codec", [PCMA, PCMU])
def test_coding_again_loses_nothing_more(codec: Codec) -> None:
    once = codec.decode(bytes(range(256)))
    assert np.array_equal(codec.decode(codec.encode(once)), once)


def test_a_wav_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", tone(440, 0.5))
    assert np.array_equal(read_wav(tmp_path / "a.wav"), tone(440, 0.5))


def test_stereo_at_another_rate_is_brought_to_telephone_audio(tmp_path: Path) -> None:
    left = (8000 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)).astype("<i2")
    with wave.open(str(tmp_path / "b.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(np.column_stack([left, left]).tobytes())
    pcm = read_wav(tmp_path / "b.wav")
    assert len(pcm) == RATE
    assert np.argmax(np.abs(np.fft.rfft(pcm))) == 440


def test_what_is_no_wav_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "c.wav").write_text("no sound")
    with pytest.raises(AudioError, match=r"c\.wav: not a PCM WAV file"):
        read_wav(tmp_path / "c.wav")
    with pytest.raises(AudioError, match=r"d\.wav: cannot be read"):
        read_wav(tmp_path / "d.wav")


def test_every_number_has_a_voice_of_its_own_that_never_changes() -> None:
    one, again, other = voice_of("12319"), voice_of("12319"), voice_of("12318")
    assert np.array_equal(one, again)
    a, b = one.astype(float), other.astype(float)
    assert abs(a @ b) / np.sqrt((a @ a) * (b @ b)) < 0.3
