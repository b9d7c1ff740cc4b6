"""The small plan of tests/plans.py with an edit; a caret `‸` in it marks where the fault is."""

from __future__ import annotations

from collections.abc import Mapping

from callcenter.numberplan.loader import Loaded, load_texts
from tests.plans import TEXTS

CARET = "‸"


def prompts_of(texts: Mapping[str, str]) -> frozenset[str]:
    """Names of all prompts in the catalogue: as if each were recorded."""
    lines = texts.get("ivr_prompts/catalog.yaml", "").splitlines()
    names = (line.split(":")[0].strip() for line in lines if line.startswith("  "))
    return frozenset(name for name in names if name)


def replaced(file: str, old: str, new: str) -> dict[str, str]:
    """The texts with one passage of one file replaced."""
    text = TEXTS.get(file, "")
    assert text.count(old) == 1 or not old, f"{old!r} is {text.count(old)} times in {file}"
    return {**TEXTS, file: text.replace(old, new) if old else text + new}


def loaded(texts: Mapping[str, str]) -> Loaded:
    """Load these texts without their caret; all prompts are recorded."""
    clean = {file: text.replace(CARET, "") for file, text in texts.items()}
    return load_texts(clean, prompts_of(clean))


def place_of_caret(texts: Mapping[str, str]) -> str:
    """`file:line:column` of the one caret."""
    (found,) = [(file, text) for file, text in texts.items() if CARET in text]
    before = found[1].partition(CARET)[0]
    return f"{found[0]}:{before.count(chr(10)) + 1}:{len(before.rpartition(chr(10))[2]) + 1}"
