"""Names that must exist elsewhere, and what each mode of a number needs."""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.numberplan.checks.destinations import destinations
from callcenter.numberplan.files import MenuShape, NumberShape, QueueShape
from callcenter.numberplan.model import Mode, TrunkKind
from callcenter.numberplan.parsed import (
    CENTRE,
    EMERGENCIES,
    HOURS,
    MENUS,
    NUMBERS,
    OPERATORS,
    QUEUES,
    SEATS,
    SURVEYS,
    UNITS,
    VOICE_BOXES,
    Parsed,
)
from callcenter.numberplan.problems import suggest
from callcenter.numberplan.yamltree import Path

_ONLY_RETIRING = (
    "forwarded_announcement",
    "announced_announcement",
    "announced_then",
    "retired_from",
)


def check(parsed: Parsed) -> None:
    """Queues, trunks, units, skills and hours that are named but not there."""
    _numbers(parsed)
    _queues(parsed)
    _citizens(parsed)
    _menus(parsed)
    _voice_boxes(parsed)
    _units(parsed)
    if parsed.operators:
        classes = _outside_classes(parsed)
        for number, operator in parsed.operators.operators.items():
            here: Path = ("operators", number)
            _skills(parsed, OPERATORS, (*here, "skills"), operator.skills)
            for queue in operator.penalties:
                path: Path = (*here, "penalties", queue)
                parsed.refer(OPERATORS, path, queue, parsed.names(QUEUES, "queues"), "queue")
            for index, name in enumerate(operator.may_dial):
                path = (*here, "may_dial", index)
                parsed.refer(OPERATORS, path, name, classes, "class of outside numbers")
    if parsed.centre and parsed.centre.outside:
        for index, trunk in enumerate(parsed.centre.outside.via):
            path = ("outside", "via", index)
            parsed.refer(CENTRE, path, trunk, parsed.trunk_names(), "trunk")
    if parsed.emergencies:
        for index, trunk in enumerate(parsed.emergencies.trunks):
            parsed.refer(EMERGENCIES, ("trunks", index), trunk, parsed.trunk_names(), "trunk")
    if parsed.seats:
        for name, room in parsed.seats.rooms.items():
            for index, trunk in enumerate(room.line.via):
                path = ("rooms", name, "line", "via", index)
                parsed.refer(SEATS, path, trunk, parsed.trunk_names(), "trunk")


def _outside_classes(parsed: Parsed) -> frozenset[str] | None:
    if parsed.centre is None:
        return None
    outside = parsed.centre.outside
    return frozenset() if outside is None else frozenset(outside.classes)


def _numbers(parsed: Parsed) -> None:
    if not parsed.numbers:
        return
    queues = parsed.names(QUEUES, "queues")
    owners = _owners(parsed)
    parsed.refer(NUMBERS, ("queue",), parsed.numbers.queue, queues, "queue")
    for number, entry in parsed.numbers.numbers.items():
        here: Path = ("numbers", number)
        if entry.queue is not None:
            parsed.refer(NUMBERS, (*here, "queue"), entry.queue, queues, "queue")
        if owners is not None and entry.owner not in owners:
            parsed.error(
                NUMBERS,
                (*here, "owner"),
                f"there is no unit {entry.owner!r}; {suggest(entry.owner, owners)} "
                f"Or add it to {UNITS}",
            )
        if entry.own_line:
            for index, trunk in enumerate(entry.own_line.via):
                path = (*here, "own_line", "via", index)
                parsed.refer(NUMBERS, path, trunk, parsed.trunk_names(), "trunk")
        if entry.trunk is not None:
            parsed.refer(NUMBERS, (*here, "trunk"), entry.trunk, parsed.trunk_names(), "trunk")
        if entry.menu is not None:
            parsed.refer(NUMBERS, (*here, "menu"), entry.menu, parsed.names(MENUS, "menus"), "menu")
        _opening(parsed, NUMBERS, here, number, entry)
        _mode(parsed, number, entry)
    if not any(entry.get("mode") == Mode.PRIMARY for entry in parsed.entries(NUMBERS, "numbers")):
        parsed.error(
            NUMBERS, ("numbers",), "no number has `mode: primary`; give it to the one hotline"
        )


def _mode(parsed: Parsed, number: str, entry: NumberShape) -> None:
    here: Path = ("numbers", number)
    mode = entry.mode
    if mode is not Mode.PRIMARY and not parsed.has(NUMBERS, (*here, "own_line")):
        parsed.error(
            NUMBERS,
            here,
            f"{number} is {mode} and has no own line to forward to; "
            "write `own_line: {digits: …, via: […]}`",
            at_key=True,
        )
    if mode is not Mode.PRIMARY and not parsed.has(NUMBERS, (*here, "month")):
        parsed.error(
            NUMBERS,
            here,
            f"{number} is {mode} and has no month; write `month: YYYY-MM`",
            at_key=True,
        )
    if mode is Mode.PRIMARY and entry.month is not None:
        parsed.error(
            NUMBERS, (*here, "month"), f"{number} is primary, live at every date; remove the month"
        )
    if mode is Mode.RESIDENT and not parsed.has(NUMBERS, (*here, "trunk")):
        parsed.error(
            NUMBERS,
            here,
            f"{number} is resident and has no platform to go to; write `trunk: …`",
            at_key=True,
        )
    if mode is not Mode.RESIDENT and entry.trunk is not None:
        parsed.error(
            NUMBERS,
            (*here, "trunk"),
            f"`trunk` is for resident numbers and {number} is {mode}; remove it, or put the "
            "trunk into own_line.via",
        )
    if mode is not Mode.DIRECT_RETIRE:
        for key in _ONLY_RETIRING:
            if parsed.has(NUMBERS, (*here, key)):
                parsed.error(
                    NUMBERS,
                    (*here, key),
                    f"`{key}` is for direct_retire numbers and {number} is {mode}; remove it",
                    at_key=True,
                )


def _owners(parsed: Parsed) -> frozenset[str] | None:
    names = parsed.names(UNITS, "units")
    if names is None:
        return None
    written = (unit.get("aliases") for unit in parsed.entries(UNITS, "units"))
    aliases = (alias for each in written if isinstance(each, list) for alias in each)
    return names | frozenset(alias for alias in aliases if isinstance(alias, str))


def _queues(parsed: Parsed) -> None:
    if not parsed.queues:
        return
    for name, queue in parsed.queues.queues.items():
        _skills(parsed, QUEUES, ("queues", name, "skills"), queue.skills)
        if queue.survey is not None:
            surveys = parsed.names(SURVEYS, "surveys")
            parsed.refer(QUEUES, ("queues", name, "survey"), queue.survey, surveys, "survey")
        _opening(parsed, QUEUES, ("queues", name), f"queue {name}", queue)
        _callback(parsed, name, parsed.names(HOURS, "hours"))


def _callback(parsed: Parsed, name: str, hours: frozenset[str] | None) -> None:
    callback = parsed.queues.queues[name].callback if parsed.queues else None
    if callback is None:
        return
    path: Path = ("queues", name, "callback")
    if callback.hours is not None:
        parsed.refer(QUEUES, (*path, "hours"), callback.hours, hours, "hours")
    if parsed.centre is not None and parsed.centre.citizens is None:
        parsed.error(
            QUEUES,
            path,
            f"queue {name} calls citizens back, but nothing says on which trunk; write "
            f"`citizens: {{via: […], shows: …}}` into {CENTRE}",
            at_key=True,
        )


def _citizens(parsed: Parsed) -> None:
    citizens = parsed.centre.citizens if parsed.centre else None
    if citizens is None:
        return
    for index, name in enumerate(citizens.via):
        path: Path = ("citizens", "via", index)
        parsed.refer(CENTRE, path, name, parsed.trunk_names(), "trunk")
        trunk = parsed.trunks.get(name)
        if trunk is not None and trunk.kind is not TrunkKind.CARRIER:
            parsed.error(
                CENTRE,
                path,
                f"{name} is a platform, which reaches no citizen; write a trunk with "
                "`kind: carrier`",
            )


def _skills(parsed: Parsed, file: str, path: Path, skills: Iterable[str]) -> None:
    """Written as a list or with levels."""
    known = parsed.names(OPERATORS, "skills")
    for index, skill in enumerate(skills):
        key = skill if parsed.has(file, (*path, skill)) else index
        parsed.refer(file, (*path, key), skill, known, "skill")


def _menus(parsed: Parsed) -> None:
    if not parsed.menus:
        return
    numbers = parsed.numbers.numbers.values() if parsed.numbers else ()
    reached = {shape.menu for _, _, shape in destinations(parsed)}
    reached |= {entry.menu for entry in numbers}
    for name, menu in parsed.menus.menus.items():
        _opening(parsed, MENUS, ("menus", name), f"menu {name}", menu)
        if name not in reached:
            parsed.warning(
                MENUS,
                ("menus", name),
                f"nothing leads to menu {name}; write `menu: {name}` at a number",
                at_key=True,
            )


def _voice_boxes(parsed: Parsed) -> None:
    if not parsed.voice_boxes:
        return
    queues, owners = parsed.names(QUEUES, "queues"), _owners(parsed)
    for name, box in parsed.voice_boxes.voice_boxes.items():
        here: Path = ("voice_boxes", name)
        if box.queue is not None:
            parsed.refer(VOICE_BOXES, (*here, "queue"), box.queue, queues, "queue")
        if box.unit is not None:
            parsed.refer(VOICE_BOXES, (*here, "unit"), box.unit, owners, "unit")


def _opening(
    parsed: Parsed, file: str, path: Path, what: str, shape: QueueShape | MenuShape | NumberShape
) -> None:
    """`hours` and `closed` are written both, or neither."""
    if shape.hours is not None:
        hours = parsed.names(HOURS, "hours")
        parsed.refer(file, (*path, "hours"), shape.hours, hours, "hours")
    if parsed.has(file, (*path, "hours")) != parsed.has(file, (*path, "closed")):
        parsed.error(
            file,
            path,
            f"{what} has only one of `hours` and `closed`; write both (when it is open, "
            "and where callers go outside these hours) or none",
            at_key=True,
        )


def _units(parsed: Parsed) -> None:
    if not parsed.units:
        return
    levels, groups = parsed.names(UNITS, "levels"), parsed.names(UNITS, "groups")
    named: dict[str, str] = {name: name for name in parsed.units.units}
    for name, unit in parsed.units.units.items():
        parsed.refer(UNITS, ("units", name, "level"), unit.level, levels, "level")
        for index, group in enumerate(unit.groups):
            parsed.refer(UNITS, ("units", name, "groups", index), group, groups, "group")
        for index, alias in enumerate(unit.aliases):
            other = named.setdefault(alias, name)
            if other != name or alias == name:
                parsed.error(
                    UNITS,
                    ("units", name, "aliases", index),
                    f"{alias!r} already means {other}, on line "
                    f"{parsed.line(UNITS, ('units', other))}; remove it from one of the two",
                )
