"""Citizens' telephone numbers, as we call them: which may be called, and the digits to dial."""

from __future__ import annotations

import re

from callcenter.numberplan.callers import normalised
from callcenter.numberplan.dialled import bare
from callcenter.numberplan.model import DialTarget, Plan

_SUBSCRIBER = re.compile(
    r"1(?!349|740)[3-9][0-9]{9}"  # a mobile, on earth
    r"|(10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}"  # in a town; no service's number begins so
)
"""National numbers that people have in China."""


def citizen_number(plan: Plan, written: str) -> str | None:
    """A citizen's number as E.164; None for one that we do not call.

    These are emergency numbers, our own and those of partners, numbers abroad, services that cost
    the caller more than a call does (168…, by satellite), and what is no number at all: whoever
    calls us can key in what we are to call.
    """
    digits = bare(written)
    if digits in plan.emergencies:
        return None
    number = normalised(digits, plan.area_code, plan.country_code)
    if number is None or not number.startswith(f"+{plan.country_code}"):
        return None
    if plan.country_code == "86" and not _SUBSCRIBER.fullmatch(number.removeprefix("+86")):
        return None
    ours = (plan.directory, plan.pilots, plan.own_lines)
    if any(each.find(spelling) is not None for each in ours for spelling in (digits, number)):
        return None
    return number


def ways_to(plan: Plan, number: str) -> tuple[DialTarget, ...]:
    """The ways to dial a citizen's number (E.164), first choice first; none without `citizens`."""
    if plan.citizens is None:
        return ()
    digits = national(number, plan.area_code, plan.country_code)
    return tuple(
        DialTarget(trunk=name, digits=plan.trunks[name].dial_prefix + digits)
        for name in plan.citizens.via
    )


def national(number: str, area_code: str, country_code: str) -> str:
    """As dialled here: 87200000 in town, 02112345678 elsewhere, 13800000000 for a mobile."""
    digits = number.removeprefix(f"+{country_code}")
    area = area_code.removeprefix("0")
    if digits.startswith(area) and len(digits) == len(area) + 8:
        return digits.removeprefix(area)
    is_mobile = len(digits) == 11 and digits.startswith("1") and digits[1] in "3456789"
    return digits if is_mobile else f"0{digits}"
