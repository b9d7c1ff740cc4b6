"""Checks across the plan's files, each a function that notes what it finds in `Parsed`."""

from callcenter.numberplan.checks import (
    dates,
    destinations,
    distribution,
    emergencies,
    lines,
    people,
    prompts,
    references,
)
from callcenter.numberplan.parsed import Parsed

_ALL = (
    references.check,
    destinations.check,
    dates.check,
    lines.check,
    emergencies.check,
    people.check,
    distribution.check,
    prompts.check,
)


def check_all(parsed: Parsed) -> None:
    """Run every check; each copes with files that are missing or wrong."""
    for check in _ALL:
        check(parsed)
