"""Why a person's request was refused: people are refused, facts are tolerated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason code for programs and a sentence for the person who asked."""

    code: str
    sentence: str
