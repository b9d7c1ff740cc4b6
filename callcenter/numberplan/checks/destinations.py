"""Destinations: what they name must exist, and no caller may be led round in a circle."""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.numberplan.destination import To
from callcenter.numberplan.files import DestinationShape
from callcenter.numberplan.model import Mode
from callcenter.numberplan.parsed import NUMBERS, QUEUES, Parsed
from callcenter.numberplan.yamltree import Path

_ANSWERED_ELSEWHERE = (Mode.PARALLEL, Mode.RESIDENT)

Place = tuple[To, str]
"""A queue, by name."""
Written = tuple[str, Path, DestinationShape]
"""A destination with its file and the place in it."""


def destinations(parsed: Parsed) -> Iterable[Written]:
    """Every destination that is written in the plan."""
    for _, written in _at_once(parsed):
        yield written


def check(parsed: Parsed) -> None:
    """Names, and circles."""
    for file, path, shape in destinations(parsed):
        _names(parsed, file, path, shape)
    _circles(parsed)


def _at_once(parsed: Parsed) -> Iterable[tuple[Place, Written]]:
    """Those that a call may come to without waiting and without pressing a key, by where from."""
    if parsed.queues:
        for name, queue in parsed.queues.queues.items():
            if queue.closed is not None:
                yield (To.QUEUE, name), (QUEUES, ("queues", name, "closed"), queue.closed)


def _names(parsed: Parsed, file: str, path: Path, shape: DestinationShape) -> None:
    here = (*path, shape.kind.value)
    to = shape.destination
    match to.to:
        case To.QUEUE:
            parsed.refer(file, here, to.name, parsed.names(QUEUES, "queues"), "queue")
        case To.PARTNER:
            _partner(parsed, file, here, to.name)
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


def _circles(parsed: Parsed) -> None:
    """Who is led from place to place without doing anything must get somewhere."""
    next_of = {
        place: (written, (written[2].kind, written[2].destination.name))
        for place, written in _at_once(parsed)
    }
    told: set[Place] = set()
    for start in next_of:
        way = [start]
        while way[-1] in next_of and next_of[way[-1]][1] not in way:
            way.append(next_of[way[-1]][1])
        if way[-1] not in next_of or told & set(way):
            continue
        told |= set(way)
        (file, path, shape), back = next_of[way[-1]]
        circle = [*way[way.index(back) :], back]
        shown = " -> ".join(f"{to} {name}" for to, name in circle)
        parsed.error(
            file,
            (*path, shape.kind.value),
            f"a caller would be led round in a circle: {shown}; "
            "let one of these lead to something else, such as {announce: …}",
        )
