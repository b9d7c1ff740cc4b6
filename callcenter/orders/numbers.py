"""Order numbers as people write them: `20171122-0252`, with or without the area `320481-`."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(?:(?P<area>\d{6})-)?(?P<shown>\d{8}-\d{4,}(?:-\d+)?)")
_CALL = re.compile(r"\d{9,11}\.\d{1,10}")


def shown(number: str) -> str:
    """The order number without its area, as it is shown and told to people."""
    match = _NUMBER.fullmatch(number)
    return match["shown"] if match else number


def is_number(text: str) -> bool:
    """Whether `text` has the form of an order number, with or without its area."""
    return _NUMBER.fullmatch(text) is not None


def is_call(text: str) -> bool:
    """Whether `text` has the form of a call's name, by which its order can be found too."""
    return _CALL.fullmatch(text) is not None


def with_suffix(number: str, copy: int) -> str:
    """`number` for the first order that claims it, `number-2` for the second, and so on."""
    return number if copy == 1 else f"{number}-{copy}"


def order_keyed(digits: str, today: str) -> str | None:
    """The number that a telephone's keys mean: `252` of `today` (`20171122`), or day and sequence.

    None for what can be none.
    """
    if not (digits.isascii() and digits.isdigit()):
        return None
    day, sequence = (today, digits) if len(digits) <= len(today) else (digits[:8], digits[8:])
    return f"{day}-{int(sequence):04d}" if int(sequence) else None
