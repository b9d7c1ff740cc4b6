"""Percentiles of runs, ratios of pairs, and the tables that are printed. Times in milliseconds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of all do not exceed; infinite where there are none."""
    if not values:
        return math.inf
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


@dataclass(frozen=True, slots=True)
class Figures:
    """One run of one side."""

    side: str
    heard: tuple[float, ...]
    """From the INVITE to the seat's voice, for each timed call."""
    answered: tuple[float, ...]
    """From the INVITE to our 200 OK."""
    faults: tuple[str, ...]
    """What went wrong, one for each failed call."""
    work: Mapping[str, float]
    """CPU time a call, by process."""

    @property
    def p50(self) -> float:
        """The median time to the seat's voice."""
        return percentile(self.heard, 50)

    @property
    def p95(self) -> float:
        """Its 95th percentile: what is compared."""
        return percentile(self.heard, 95)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs, one after the other."""

    native: Figures
    ours: Figures

    @property
    def ratio(self) -> float:
        """Our 95th percentile by app_queue's; infinite where a call of ours failed."""
        return math.inf if self.ours.faults else self.ours.p95 / self.native.p95


def median_ratio(pairs: Iterable[Pair]) -> float:
    """The middle one of the pairs' ratios."""
    return median(pair.ratio for pair in pairs)


def line(run: Figures) -> str:
    """One run in one line."""
    work = ", ".join(f"{name} {value:.1f}" for name, value in run.work.items())
    return (
        f"{run.side:<10} {len(run.heard):>5} calls, {len(run.faults)} failed  "
        f"heard p50 {run.p50:.1f} p95 {run.p95:.1f} p99 {percentile(run.heard, 99):.1f} ms  "
        f"answered p95 {percentile(run.answered, 95):.1f} ms  CPU a call: {work} ms"
    )


def table(rows: Sequence[tuple[str, Sequence[Pair]]]) -> str:
    """The README's table: a scale's name, and medians over its pairs."""
    lines = [
        "| | app_queue p50, p95 | callcenter p50, p95 | ratio at p95 | failed calls |",
        "|---|---|---|---|---|",
    ]
    for name, pairs in rows:
        native, ours = [pair.native for pair in pairs], [pair.ours for pair in pairs]
        failed = " and ".join(str(sum(len(run.faults) for run in side)) for side in (native, ours))
        cells = (name, _middle(native), _middle(ours), f"{median_ratio(pairs):.2f}", failed)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _middle(runs: Sequence[Figures]) -> str:
    return f"{median(run.p50 for run in runs):.1f}, {median(run.p95 for run in runs):.1f} ms"
