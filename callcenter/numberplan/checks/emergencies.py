"""Nothing of the plan may stand in an emergency number's way."""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.numberplan.dialled import short_form
from callcenter.numberplan.files import OwnLineShape
from callcenter.numberplan.parsed import EMERGENCIES, NUMBERS, SEATS, Parsed
from callcenter.numberplan.yamltree import Path


def check(parsed: Parsed) -> None:
    """Numbers, DIDs, aliases, own lines, extensions and dial prefixes; reserved channels."""
    emergencies = parsed.names(EMERGENCIES, "emergencies")
    if not emergencies:
        if emergencies is not None and parsed.emergencies:
            parsed.error(
                EMERGENCIES,
                ("emergencies",),
                "there is no emergency number; write at least `'110': {service: …}`",
            )
        return
    _reserved(parsed)
    _numbers(parsed, emergencies)
    for name, trunk in parsed.trunks.items():
        trapped = [number for number in emergencies if trunk.dial_prefix.startswith(number)]
        if trapped:
            parsed.error(
                f"trunks/{name}.yaml",
                ("dial_prefix",),
                f"prefix {trunk.dial_prefix} begins with emergency number {trapped[0]}, so every "
                "call could reach that; write another prefix",
            )


def _numbers(parsed: Parsed, emergencies: frozenset[str]) -> None:
    area = parsed.centre.area_code if parsed.centre else ""
    country = parsed.centre.country_code if parsed.centre else ""

    def short(text: str) -> str:
        return short_form(text, area, country) if area else text

    written: list[tuple[str, Path, str]] = []
    if parsed.numbers:
        for number, entry in parsed.numbers.numbers.items():
            here: Path = ("numbers", number)
            written.append((NUMBERS, here, number))
            written += ((NUMBERS, (*here, "dids", i), did) for i, did in enumerate(entry.dids))
            written += ((NUMBERS, (*here, "aliases", i), a) for i, a in enumerate(entry.aliases))
            if entry.own_line:
                _line(parsed, NUMBERS, (*here, "own_line"), entry.own_line, emergencies)
    if parsed.seats:
        for name, room in parsed.seats.rooms.items():
            written.append((SEATS, ("rooms", name, "extension"), room.extension))
            _line(parsed, SEATS, ("rooms", name, "line"), room.line, emergencies)
    for file, path, text in written:
        trapped = short(text)
        if text in emergencies or trapped in emergencies:
            parsed.error(
                file,
                path,
                f"{text} would trap emergency number {trapped} "
                f"({parsed.where(EMERGENCIES, ('emergencies', trapped))}); remove it",
                at_key=len(path) == 2,
            )


def _line(
    parsed: Parsed, file: str, path: Path, line: OwnLineShape, emergencies: frozenset[str]
) -> None:
    prefixes = (
        "",
        *(parsed.trunks[name].dial_prefix for name in line.via if name in parsed.trunks),
    )
    for dialled in _dialled(parsed, line.digits, prefixes):
        if dialled in emergencies:
            parsed.error(
                file,
                (*path, "digits"),
                f"{line.digits} would send callers to emergency number {dialled} "
                f"({parsed.where(EMERGENCIES, ('emergencies', dialled))}); "
                "write the department's own line",
            )
            return


def _dialled(parsed: Parsed, digits: str, prefixes: Iterable[str]) -> Iterable[str]:
    for prefix in prefixes:
        yield prefix + digits
    if parsed.centre:
        yield short_form(digits, parsed.centre.area_code, parsed.centre.country_code)


def _reserved(parsed: Parsed) -> None:
    if not parsed.emergencies:
        return
    for index, name in enumerate(parsed.emergencies.trunks):
        trunk = parsed.trunks.get(name)
        if trunk is not None and trunk.reserved < 1:
            parsed.error(
                EMERGENCIES,
                ("trunks", index),
                f"trunk {name} reserves no channel for emergency calls; "
                f"write `reserved: 1` in trunks/{name}.yaml",
            )
