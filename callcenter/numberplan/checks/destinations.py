"""Destinations: what they name must exist, and no caller may be led round in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from callcenter.numberplan.destination import To
from callcenter.numberplan.files import DestinationShape
from callcenter.numberplan.model import Mode
from callcenter.numberplan.parsed import MENUS, NUMBERS, QUEUES, VOICE_BOXES, Parsed
from callcenter.numberplan.yamltree import Path

_ANSWERED_ELSEWHERE = (Mode.PARALLEL, Mode.RESIDENT)

Place = tuple[To, str]
"""A queue or a menu, by name."""
Written = tuple[str, Path, DestinationShape]
"""A destination with its file and the place in it."""
Ways = Mapping[Place, list[Written]]
"""Where one is led from each place without doing anything."""


def destinations(parsed: Parsed) -> Iterable[Written]:
    """Every destination that is written in the plan."""
    for ways in _at_once(parsed).values():
        yield from ways
    if parsed.menus:
        for name, menu in parsed.menus.menus.items():
            for key, choice in menu.choices.items():
                yield MENUS, ("menus", name, "choices", key), choice
    if parsed.numbers:
        for number, entry in parsed.numbers.numbers.items():
            if entry.closed is not None:
                yield NUMBERS, ("numbers", number, "closed"), entry.closed
    if parsed.queues:
        for name, queue in parsed.queues.queues.items():
            for index, rule in enumerate(queue.overflow):
                yield QUEUES, ("queues", name, "overflow", index, "to"), rule.to


def check(parsed: Parsed) -> None:
    """Names, and circles."""
    for file, path, shape in destinations(parsed):
        _names(parsed, file, path, shape)
    _circles(parsed)


def _at_once(parsed: Parsed) -> Ways:
    """The ways on which a call goes on without waiting in a queue and without a key."""
    ways: dict[Place, list[Written]] = {}
    for name, queue in parsed.queues.queues.items() if parsed.queues else ():
        if queue.closed is not None:
            ways[To.QUEUE, name] = [(QUEUES, ("queues", name, "closed"), queue.closed)]
    for name, menu in parsed.menus.menus.items() if parsed.menus else ():
        ways[To.MENU, name] = [(MENUS, ("menus", name, "otherwise"), menu.otherwise)]
        if menu.closed is not None:
            ways[To.MENU, name].append((MENUS, ("menus", name, "closed"), menu.closed))
    return ways


def _names(parsed: Parsed, file: str, path: Path, shape: DestinationShape) -> None:
    here = (*path, shape.kind.value)
    to = shape.destination
    match to.to:
        case To.QUEUE:
            parsed.refer(file, here, to.name, parsed.names(QUEUES, "queues"), "queue")
        case To.MENU:
            parsed.refer(file, here, to.name, parsed.names(MENUS, "menus"), "menu")
        case To.VOICE_BOX:
            known = parsed.names(VOICE_BOXES, "voice_boxes")
            parsed.refer(file, here, to.name, known, "voice box")
        case To.PARTNER:
            _partner(parsed, file, here, to.name)
        case To.CALLBACK:
            _callback(parsed, file, here, to.name)
        case To.ANNOUNCE if to.prompt is not None:
            text = "what is announced needs no prompt before it; write one of the two"
            parsed.error(file, (*path, "prompt"), text, at_key=True)
        case To.ANNOUNCE:
            pass  # checks/prompts.py


def _partner(parsed: Parsed, file: str, path: Path, number: str) -> None:
    known = parsed.names(NUMBERS, "numbers")
    if not parsed.refer(file, path, number, known, "number") or parsed.numbers is None:
        return
    entry = parsed.numbers.numbers.get(number)
    if entry is not None and entry.mode not in _ANSWERED_ELSEWHERE:
        parsed.error(
            file,
            path,
            f"{number} is {entry.mode}: its calls come to us, so it is no partner; "
            "name its queue, or a number that is parallel or resident",
        )


def _callback(parsed: Parsed, file: str, path: Path, name: str) -> None:
    known = parsed.names(QUEUES, "queues")
    if not parsed.refer(file, path, name, known, "queue") or parsed.queues is None:
        return
    queue = parsed.queues.queues.get(name)
    if queue is not None and queue.callback is None:
        text = f"queue {name} calls nobody back; write `callback: {{…}}` there, or name another"
        parsed.error(file, path, text)


def _circles(parsed: Parsed) -> None:
    """Who is led from place to place without doing anything must get somewhere."""
    ways = _at_once(parsed)
    good: set[Place] = set()

    def walk(place: Place, way: list[Place]) -> None:
        for file, path, shape in ways.get(place, ()):
            following = (shape.kind, shape.destination.name)
            if following in way:
                circle = [*way[way.index(following) :], following]
                shown = " -> ".join(f"{to} {name}" for to, name in circle)
                parsed.error(
                    file,
                    (*path, shape.kind.value),
                    f"a caller would be led round in a circle: {shown}; "
                    "let one of these lead to something else, such as {announce: …}",
                )
            elif following not in good:
                walk(following, [*way, following])
        good.add(place)

    for start in ways:
        if start not in good:
            walk(start, [start])
