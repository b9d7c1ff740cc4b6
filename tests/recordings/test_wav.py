"""A recording that Asterisk could not finish is finished by us, and nothing else is touched."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import pytest

from callcenter.recordings import wav
from tests.recordings.sounds import cut_off, write_sound


def played(file: Path) -> float:
    """Seconds by Python's own reading."""
    with wave.open(str(file)) as opened:
        sound = opened.readframes(opened.getnframes())
    return len(sound) / 2 / 8000


def test_a_whole_file_stays_as_it_is(tmp_path: Path) -> None:
    file = write_sound(tmp_path / "a.wav")
    before = file.read_bytes()
    assert wav.finish(file) == wav.Wav(1.5, repaired=False)
    assert (file.read_bytes(), wav.length(file)) == (before, 1.5)


def test_a_cut_off_file_gets_its_lengths_and_can_be_read(tmp_path: Path) -> None:
    whole = write_sound(tmp_path / "whole.wav")
    file = cut_off(write_sound(tmp_path / "a.wav"))
    assert wav.finish(file) == wav.Wav(1.5, repaired=True)
    assert file.read_bytes() == whole.read_bytes()
    assert wav.finish(file) == wav.Wav(1.5, repaired=False)


@pytest.mark.parametrize("written", [4, 40])
def test_a_repair_that_was_cut_off_is_done_again(tmp_path: Path, written: int) -> None:
    file = cut_off(write_sound(tmp_path / "a.wav"))
    with file.open("rb+") as opened:
        opened.seek(written)
        opened.write(struct.pack("<I", 24036 if written == 4 else 24000))
    assert wav.finish(file) == wav.Wav(1.5, repaired=True)
    assert played(file) == 1.5


def test_half_a_sample_at_the_end_is_left_out(tmp_path: Path) -> None:
    file = cut_off(write_sound(tmp_path / "a.wav"))
    with file.open("ab") as opened:
        opened.write(b"x")
    assert wav.finish(file) == wav.Wav(1.5, repaired=True)
    assert played(file) == 1.5


@pytest.mark.parametrize("size", [0, 20, wav.HEADER])
def test_a_file_without_sound_is_told(tmp_path: Path, size: int) -> None:
    file = write_sound(tmp_path / "a.wav")
    file.write_bytes(file.read_bytes()[:size])
    assert wav.finish(file) is None


@pytest.mark.parametrize(
    ("place", "content", "reason"),
    [(0, b"OggS", "no plain PCM"), (20, b"\6\0", "no plain PCM"), (28, bytes(4), "no rate")],
)
def test_what_is_no_sound_is_refused_and_not_touched(
    tmp_path: Path, place: int, content: bytes, reason: str
) -> None:
    file = write_sound(tmp_path / "a.wav")
    with file.open("rb+") as opened:
        opened.seek(place)
        opened.write(content)
    before = file.read_bytes()
    with pytest.raises(wav.WavError, match=reason):
        wav.finish(file)
    assert file.read_bytes() == before
