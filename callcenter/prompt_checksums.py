"""Does each prompt's WAV still say its text? Says so without a voice: by checksums beside the WAVs.

`ivr_prompts/checksums.json` holds the recipe (voice, speed, level) the WAVs were made by and, for
each prompt, the checksum of its text under that recipe and of its WAV. script/render-prompts writes
it; tests and checks read it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

FILE_NAME = "checksums.json"

Recipe = dict[str, str]
"""What decides how a text sounds, apart from the text; any change makes every WAV stale."""


class Rendered(BaseModel):
    """One rendered prompt: hexadecimal SHA-256 of what was said and of the file that says it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    wav: str


class Checksums(BaseModel):
    """The whole checksum file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: Recipe = {}
    prompts: dict[str, Rendered] = {}


def text_checksum(text: str, recipe: Recipe) -> str:
    """SHA-256 (hexadecimal) of a text as spoken by this recipe."""
    said = json.dumps([recipe, text], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def wav_checksum(wav: Path) -> str:
    """SHA-256 (hexadecimal) of a file's bytes. Raises OSError where it cannot be read."""
    return hashlib.sha256(wav.read_bytes()).hexdigest()


def read(folder: Path) -> Checksums:
    """The checksums of a prompt folder; empty where it has none.

    Raises pydantic.ValidationError where the file is not of this shape.
    """
    file = folder / FILE_NAME
    return Checksums.model_validate_json(file.read_bytes()) if file.exists() else Checksums()


def write(folder: Path, checksums: Checksums) -> None:
    """Store them in the prompt folder, sorted, so that a new prompt is a short difference."""
    whole = json.dumps(checksums.model_dump(), ensure_ascii=False, indent=2, sort_keys=True)
    (folder / FILE_NAME).write_text(whole + "\n", encoding="utf-8")


def stale(folder: Path, texts: Mapping[str, str], recipe: Recipe | None = None) -> dict[str, str]:
    """The prompts whose WAV does not say their text, each with the reason in a few words.

    Without a `recipe` the one of the folder counts. Raises pydantic.ValidationError as `read` does.
    """
    checksums = read(folder)
    recipe = checksums.recipe if recipe is None else recipe
    reasons: dict[str, str] = {}
    for name, text in texts.items():
        wav, rendered = folder / f"{name}.wav", checksums.prompts.get(name)
        if not wav.exists():
            reasons[name] = "has no WAV"
        elif rendered is None or rendered.text != text_checksum(text, recipe):
            reasons[name] = "its WAV says an older text or is in another voice"
        elif rendered.wav != wav_checksum(wav):
            reasons[name] = "its WAV was changed by hand"
    return reasons
