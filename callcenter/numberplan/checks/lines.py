"""Called numbers that mean two things, own lines that lead back to us, trunks that are one."""

from __future__ import annotations

from callcenter.numberplan.dialled import short_form, spellings
from callcenter.numberplan.files import OwnLineShape
from callcenter.numberplan.model import TrunkKind
from callcenter.numberplan.parsed import NUMBERS, SEATS, Parsed
from callcenter.numberplan.yamltree import Path


def check(parsed: Parsed) -> None:
    """Everything about which digits are dialled where."""
    _trunks(parsed)
    if parsed.numbers and parsed.centre:
        called = _called(parsed, parsed.centre.area_code, parsed.centre.country_code)
        _own_lines(parsed, called)
        _rooms(parsed, called)
        _placeholders(parsed)


def _called(parsed: Parsed, area: str, country: str) -> dict[str, Path]:
    """Every spelling of every called number of ours, and where it is written."""
    called: dict[str, Path] = {}
    if not parsed.numbers:
        return called
    for number in parsed.numbers.numbers:
        for spelling in spellings(number, area, country):
            called.setdefault(spelling, ("numbers", number))
    for number, entry in parsed.numbers.numbers.items():
        for index, did in enumerate(entry.dids):
            here: Path = ("numbers", number, "dids", index)
            other = called.get(did)
            if other is not None:
                parsed.error(
                    NUMBERS,
                    here,
                    f"{did} already reaches {other[1]} "
                    f"({parsed.where(NUMBERS, other)}); remove it from one of the two",
                )
                continue
            for spelling in spellings(short_form(did, area, country), area, country):
                called.setdefault(spelling, here)
    return called


def _own_lines(parsed: Parsed, called: dict[str, Path]) -> None:
    if not parsed.numbers:
        return
    for number, entry in parsed.numbers.numbers.items():
        if entry.own_line is not None:
            _leads_back(parsed, NUMBERS, ("numbers", number, "own_line"), entry.own_line, called)
        if entry.trunk is not None:
            trunk = parsed.trunks.get(entry.trunk)
            if trunk is not None and trunk.kind is TrunkKind.CARRIER:
                parsed.error(
                    NUMBERS,
                    ("numbers", number, "trunk"),
                    f"{entry.trunk} is a carrier, where {number} leads back to us; "
                    "write a trunk with `kind: platform`",
                )


def _rooms(parsed: Parsed, called: dict[str, Path]) -> None:
    if not parsed.seats:
        return
    extensions: dict[str, str] = {}
    for name, room in parsed.seats.rooms.items():
        path: Path = ("rooms", name)
        _leads_back(parsed, SEATS, (*path, "line"), room.line, called)
        other = extensions.setdefault(room.extension, name)
        if other != name:
            parsed.error(
                SEATS,
                (*path, "extension"),
                f"{room.extension} already calls room {other} "
                f"({parsed.where(SEATS, ('rooms', other))}); write another number",
            )
        if room.extension in called:
            parsed.error(
                SEATS,
                (*path, "extension"),
                f"{room.extension} is a public number "
                f"({parsed.where(NUMBERS, called[room.extension])}); write another one",
            )


def _leads_back(
    parsed: Parsed, file: str, path: Path, line: OwnLineShape, called: dict[str, Path]
) -> None:
    """On a carrier every spelling of a number of ours comes back; a platform answers it itself."""
    carriers = [
        name
        for name in line.via
        if name in parsed.trunks and parsed.trunks[name].kind is TrunkKind.CARRIER
    ]
    ours = called.get(line.digits)
    if ours is not None and carriers:
        parsed.error(
            file,
            (*path, "digits"),
            f"{line.digits} on {carriers[0]} leads back to us: it is {ours[1]} "
            f"({parsed.where(NUMBERS, ours)}); write an unpublished number",
        )


def _trunks(parsed: Parsed) -> None:
    hosts: dict[str, str] = {}
    for name, trunk in parsed.trunks.items():
        file = f"trunks/{name}.yaml"
        other = hosts.setdefault(trunk.host, name)
        if other != name:
            parsed.error(
                file,
                ("host",),
                f"{trunk.host} is also the host of {other} "
                f"({parsed.where(f'trunks/{other}.yaml', ('host',))}), and a trunk is known by its "
                "address; write another one",
            )
        if trunk.reserved >= trunk.channels:
            parsed.error(
                file,
                ("reserved",),
                f"{trunk.reserved} of {trunk.channels} channels are reserved and none is left; "
                "write a smaller number",
            )


def _placeholders(parsed: Parsed) -> None:
    if not parsed.numbers:
        return
    begin = parsed.numbers.placeholders
    digits = [
        text
        for entry in parsed.numbers.numbers.values()
        for text in (*entry.dids, *((entry.own_line.digits,) if entry.own_line else ()))
    ]
    count = sum(1 for text in digits if begin and text.startswith(begin))
    if count:
        parsed.warning(
            NUMBERS,
            ("placeholders",),
            f"{count} own lines and called numbers are still invented ones that begin with "
            f"{' or '.join(begin)}; put the real ones in their place",
            at_key=True,
        )
