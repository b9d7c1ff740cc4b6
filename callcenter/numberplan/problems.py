"""What is wrong in the plan's files: where, what, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, order=True)
class Problem:
    """One error or warning at a place in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


def suggest(wrong: str, known: Iterable[str]) -> str:
    """End of a sentence: the nearest of the known words, or all of them."""
    words = sorted(set(known))
    if not words:
        return "there is none yet"
    near = get_close_matches(wrong, words, n=1, cutoff=0.55)
    if near:
        return f"did you mean {near[0]!r}?"
    shown = ", ".join(words[:12]) + (", …" if len(words) > 12 else "")
    return f"write one of: {shown}"
