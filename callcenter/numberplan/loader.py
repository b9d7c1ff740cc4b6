"""The plan's files → a `Plan`, or every error in them at once.

loaded = load(folder)
if loaded.plan is None:
    print(*loaded.errors, sep="\\n")
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from callcenter.numberplan.build import build
from callcenter.numberplan.checks import check_all
from callcenter.numberplan.model import Plan
from callcenter.numberplan.parsed import parse_all
from callcenter.numberplan.problems import Problem
from callcenter.numberplan.source import Source, read_source


@dataclass(frozen=True)
class Loaded:
    """A plan, or the errors why there is none. Warnings may stand beside a plan."""

    plan: Plan | None
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    source: Source


def load(folder: Path) -> Loaded:
    """Read and check the plan in `folder` (the one that holds dialplan/, agents/, trunks/, …)."""
    source, unreadable = read_source(folder)
    return _load(source, unreadable)


def load_texts(texts: Mapping[str, str], wavs: frozenset[str]) -> Loaded:
    """The same of texts by path, without any file: for replay, tests and editors."""
    return _load(Source(dict(texts), wavs), ())


def load_source(text: str) -> Plan | None:
    """The plan that `Plan.source_json` stored; None where this version cannot read it any more."""
    try:
        source = Source.from_json(text)
    except ValueError:
        return None
    return _load(source, ()).plan


def _load(source: Source, unreadable: Iterable[Problem]) -> Loaded:
    parsed = parse_all(source)
    known = {problem.file for problem in unreadable}
    missing = [problem for problem in parsed.errors if problem.file in known]
    parsed.errors = [
        *unreadable,
        *(problem for problem in parsed.errors if problem not in missing),
    ]
    check_all(parsed)
    errors = tuple(sorted(set(parsed.errors)))
    plan = None if errors else build(parsed)
    return Loaded(plan, errors, tuple(sorted(set(parsed.warnings))), source)
