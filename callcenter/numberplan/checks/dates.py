"""Dates that overlap, come in the wrong order, or leave a gap."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from callcenter.numberplan.files import PhaseShape, TimeRange
from callcenter.numberplan.model import Mode, PhaseName
from callcenter.numberplan.parsed import HOURS, NUMBERS, PHASES, Parsed

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def cutover_of(month: str) -> date:
    """The first day of a month `YYYY-MM`."""
    return date.fromisoformat(f"{month}-01")


def check(parsed: Parsed) -> None:
    """Phases, numbers' lives, holidays, open hours."""
    _phases(parsed)
    _numbers(parsed)
    _holidays(parsed)
    _hours(parsed)


def _phases(parsed: Parsed) -> None:
    if not parsed.phases:
        return
    if not parsed.has(PHASES, ("phases", PhaseName.FORMAL_RUN)):
        parsed.error(
            PHASES,
            ("phases",),
            "there is no phase formal_run, from which retiring numbers only announce; "
            "write `formal_run: {title: …, first: YYYY-MM-DD}`",
        )
    in_order = sorted(parsed.phases.phases.items(), key=lambda item: item[1].first)
    for name, phase in in_order:
        if phase.last is not None and phase.last < phase.first:
            parsed.error(
                PHASES,
                ("phases", name, "last"),
                f"phase {name} ends before it begins on {phase.first}; write a later day",
            )
    for (earlier, before), (later, after) in pairwise(in_order):
        _neighbours(parsed, earlier, before, later, after)


def _neighbours(
    parsed: Parsed, earlier: PhaseName, before: PhaseShape, later: PhaseName, after: PhaseShape
) -> None:
    path = ("phases", later, "first")
    if before.last is None or before.last >= after.first:
        until = "has no last day" if before.last is None else f"lasts until {before.last}"
        parsed.error(
            PHASES,
            path,
            f"phase {later} begins on {after.first} while {earlier} "
            f"({parsed.where(PHASES, ('phases', earlier))}) {until}; let one end before the other",
        )
    elif after.first - before.last > timedelta(days=1):
        parsed.warning(
            PHASES,
            path,
            f"no phase covers the days between {before.last} ({earlier}) and {after.first}",
        )


def _numbers(parsed: Parsed) -> None:
    if not parsed.numbers:
        return
    formal = parsed.phases.phases.get(PhaseName.FORMAL_RUN) if parsed.phases else None
    for number, entry in parsed.numbers.numbers.items():
        if entry.mode is not Mode.DIRECT_RETIRE or entry.month is None:
            continue
        if formal is not None and cutover_of(entry.month) >= formal.first:
            parsed.error(
                NUMBERS,
                ("numbers", number, "month"),
                f"{number} is cut over in {entry.month}, not before the formal run of "
                f"{formal.first} ({parsed.where(PHASES, ('phases', PhaseName.FORMAL_RUN))}); "
                "write an earlier month",
            )
        own = entry.retired_from is not None
        retired = entry.retired_from or parsed.numbers.retired_from
        begins = formal.first if formal is not None else cutover_of(entry.month)
        if retired is not None and retired <= max(begins, cutover_of(entry.month)):
            parsed.error(
                NUMBERS,
                ("numbers", number, "retired_from") if own else ("retired_from",),
                f"{number} is retired from {retired}, before it has announced its replacement "
                f"from {begins} on; write a later day",
            )


def _holidays(parsed: Parsed) -> None:
    if not parsed.hours:
        return
    taken: list[tuple[date, date]] = []
    for first, override in sorted(parsed.hours.holidays.items()):
        last = override.last or first
        path = ("holidays", first.isoformat())
        if last < first:
            parsed.error(
                HOURS, (*path, "last"), f"these days end before {first}; write a later day"
            )
        for other_first, other_last in taken:
            if first <= other_last:
                parsed.error(
                    HOURS,
                    path,
                    f"the days from {first} overlap those from {other_first} to {other_last} "
                    f"({parsed.where(HOURS, ('holidays', other_first.isoformat()))}); "
                    "let each day be in one entry",
                    at_key=True,
                )
                break
        taken.append((first, last))


def _hours(parsed: Parsed) -> None:
    if not parsed.hours:
        return
    for name, hours in parsed.hours.hours.items():
        for day, ranges in zip(_DAYS, hours.weekly.days, strict=True):
            previous = "00:00"
            for index, written in enumerate(ranges):
                path = ("hours", name, "weekly", day, index)
                previous = _range(parsed, path, written, previous)


def _range(parsed: Parsed, path: tuple[str | int, ...], written: TimeRange, previous: str) -> str:
    start, _, end = written.partition("-")
    if end <= start:
        parsed.error(HOURS, path, f"{written} ends before it begins; write the earlier time first")
    elif start < previous:
        parsed.error(
            HOURS,
            path,
            f"{written} begins before the one before it ends, at {previous}; "
            "write times in order, without overlap",
        )
    return max(previous, end)
