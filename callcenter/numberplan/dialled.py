"""Which number is meant: 12345, 051912345, +8651912345 and pilot numbers are one and the same.

Every spelling is put into a table beforehand and looked up whole, so nothing is ever matched by
its beginning or its end: 87229110 and 0519110 are not 110.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import unquote

_SEPARATORS = str.maketrans("", "", " -.()\u00a0")


@dataclass(frozen=True)
class DirectoryEntry:
    """A number of the plan, and the other called numbers that reach it."""

    number: str
    dids: tuple[str, ...] = ()
    dialled: bool = True
    """Whether the number itself can be dialled, or only its `dids`."""


class Directory:
    """Called numbers in every spelling → the plan's number."""

    def __init__(
        self, area_code: str, country_code: str, entries: Iterable[DirectoryEntry]
    ) -> None:
        table: dict[str, str] = {}
        for entry in entries:
            own = (entry.number,) if entry.dialled else ()
            for digits in (*own, *entry.dids):
                for spelling in spellings(digits, area_code, country_code):
                    table.setdefault(spelling, entry.number)
        self.table: Mapping[str, str] = MappingProxyType(table)

    def find(self, called: str) -> str | None:
        """The plan's number, or None where it has none like this."""
        if called.removeprefix("+").isdigit():  # most are: nothing to take off
            return self.table.get(called)
        user = bare(called)
        return self.table.get(user) or self.table.get(user.translate(_SEPARATORS))


def bare(called: str) -> str:
    """The user part as dialled: without URI parameters such as `;phone-context=+86519`."""
    user = called.strip().partition(";")[0]
    return unquote(user) if "%" in user else user


def short_form(digits: str, area_code: str, country_code: str) -> str:
    """A local number without country and area code: 051987200000 → 87200000."""
    area = area_code.removeprefix("0")
    for prefix in (f"+{country_code}", f"00{country_code}"):
        if digits.startswith(prefix):
            national = digits.removeprefix(prefix).removeprefix("0")
            return national.removeprefix(area)
    if digits.startswith(area_code):
        return digits.removeprefix(area_code)
    return digits


def spellings(digits: str, area_code: str, country_code: str) -> tuple[str, ...]:
    """Every way in which this local number may arrive as a called number."""
    area = area_code.removeprefix("0")
    return (
        digits,
        f"{area_code}{digits}",
        f"+{country_code}{area}{digits}",
        f"{country_code}{area}{digits}",
        f"00{country_code}{area}{digits}",
        f"+{country_code}{area_code}{digits}",
        f"+{country_code}{digits}",
        f"00{country_code}{digits}",
    )
