"""The texts a plan is made from: read once, hashed, kept in the journal, read for replay."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import TypeAdapter

from callcenter.numberplan.problems import Problem

SINGLE_FILES = (
    "dialplan/centre.yaml",
    "dialplan/numbers.yaml",
    "dialplan/emergencies.yaml",
    "dialplan/phases.yaml",
    "dialplan/queues.yaml",
    "dialplan/menus.yaml",
    "dialplan/surveys.yaml",
    "dialplan/protection.yaml",
    "dialplan/voice_boxes.yaml",
    "dialplan/hours.yaml",
    "dialplan/units.yaml",
    "agents/operators.yaml",
    "agents/seats.yaml",
    "agents/feature_codes.yaml",
    "ivr_prompts/catalog.yaml",
)
TRUNKS = "trunks"
PROMPTS = "ivr_prompts"
FOLDERS = ("agents", "dialplan", PROMPTS, TRUNKS)
"""All that a plan is made of is in these."""
_SHAPE = TypeAdapter(dict[str, dict[str, str] | list[str]])


@dataclass(frozen=True)
class Source:
    """Files' texts by their path in the plan's folder, and which prompts have a WAV."""

    texts: Mapping[str, str]
    wavs: frozenset[str]
    """Names of prompts, without `.wav`."""

    @cached_property
    def hash(self) -> str:
        """SHA-256 of all of it, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode("utf-8", "backslashreplace")).hexdigest()

    def to_json(self) -> str:
        """The same source always gives the same text."""
        content = {"texts": dict(self.texts), "wavs": sorted(self.wavs)}
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Source:
        """Raises ValueError where `text` is none of ours."""
        content = _SHAPE.validate_json(text)
        texts, wavs = content.get("texts"), content.get("wavs")
        if not isinstance(texts, dict) or not isinstance(wavs, list):
            raise ValueError("a plan's source has `texts` and `wavs`")
        return Source(texts, frozenset(wavs))


def plan_files(folder: Path) -> tuple[str, ...]:
    """Paths, relative to `folder`, of the files a plan is made from, whether they exist or not.

    Every file in the plan's own folders that ends in .yaml or .yml is one, so that a misplaced or
    misnamed file is told rather than passed over.
    """
    found = {
        file.relative_to(folder).as_posix()
        for name in FOLDERS
        for file in (folder / name).glob("*.y*ml")
        if not file.name.startswith(".")
    }
    return tuple(sorted(found | set(SINGLE_FILES)))


def read_source(folder: Path) -> tuple[Source, tuple[Problem, ...]]:
    """Read the plan's files; one that cannot be read is a problem and absent from the texts."""
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for path in plan_files(folder):
        try:
            texts[path] = (folder / path).read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        except FileNotFoundError:
            continue  # the loader tells which files are missing
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            problems.append(Problem(path, line, 1, "is not UTF-8; save the file as UTF-8"))
        except OSError as error:
            problems.append(
                Problem(path, 1, 1, f"cannot be read ({error.strerror}); make it a readable file")
            )
    wavs = frozenset(file.stem for file in (folder / PROMPTS).glob("*.wav"))
    return Source(texts, wavs), tuple(problems)
