"""Says numbers, times and durations with the prompts of ivr_prompts/catalog.yaml.

Each function gives the names of prompts to play one after the other, so that a new operator or
number needs no new recording. The rules are those of Mandarin as announced on the telephone.
"""

from __future__ import annotations

from datetime import date, time
from functools import lru_cache

Prompts = tuple[str, ...]
"""Names of prompts, in the order to play them."""

OPERATOR_SUFFIX = "operator_suffix"

_SECONDS_OF = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_PLACES = ("thousand", "hundred", "ten", "")
_TAKES_LIANG = ("thousand", "hundred")


def operator_number(number: str) -> Prompts:
    """What a caller hears on answer: 001 → 零零幺号话务员为您服务.

    Raises ValueError as `spoken_digits` does.
    """
    return (*spoken_digits(number), OPERATOR_SUFFIX)


def spoken_digits(digits: str) -> Prompts:
    """A telephone number or the like digit by digit, 1 as 幺; spaces and hyphens are not spoken.

    Raises ValueError where there is no digit, or anything else.
    """
    bare = digits.replace("-", "").replace(" ", "")
    if not (bare.isascii() and bare.isdigit()):
        raise ValueError(f"“{digits}” cannot be spoken: write digits, spaces and hyphens only")
    return tuple("digit_1_yao" if digit == "1" else f"digit_{digit}" for digit in bare)


def spoken_number(number: int) -> Prompts:
    """A whole number in words: 15 → 十五, 2005 → 两千零五, 10010 → 一万零一十, -3 → 负三."""
    if number < 0:
        return ("minus", *spoken_number(-number))
    words = _in_words(number)
    # A number that begins with 10 to 19 begins with 十, not 一十; inside it stays 一十.
    return words[1:] if words[:2] == ("digit_1", "ten") else words


def spoken_count(number: int) -> Prompts:
    """A whole number before a measure word: as `spoken_number`, but 2 is 两 (两小时, 两点)."""
    return ("digit_2_liang",) if number == 2 else spoken_number(number)


def spoken_time(at: time) -> Prompts:
    """A time of day to the minute, by the twelve-hour clock: 15:05 → 下午三点零五分."""
    hour = at.hour if at.hour <= 12 else at.hour - 12
    minutes: Prompts = ("sharp",)
    if at.minute:
        zero = ("digit_0",) if at.minute < 10 else ()
        minutes = (*zero, *spoken_number(at.minute), "minute_past")
    return (_part_of_day(at.hour), *spoken_count(hour), "oclock", *minutes)


def spoken_date(day: date, *, year: bool = True, weekday: bool = True) -> Prompts:
    """A date: 二零一七年十一月二十二日星期三. The year is read digit by digit."""
    years = (*(f"digit_{digit}" for digit in f"{day.year:04}"), "year") if year else ()
    weekdays = (f"weekday_{day.isoweekday()}",) if weekday else ()
    return (
        *years,
        *(*spoken_number(day.month), "month"),
        *(*spoken_number(day.day), "day_of_month"),
        *weekdays,
    )


def spoken_duration(seconds: float) -> Prompts:
    """A length of time, rounded to whole seconds: 4980 → 一小时二十三分钟; 0 → 零秒.

    Raises ValueError where it is negative, endless or not a number.
    """
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"a duration of {seconds} s cannot be spoken: it must be 0 s or longer")
    rest, said = round(seconds), Prompts()
    for unit, length in _SECONDS_OF.items():
        count, rest = divmod(rest, length)
        if count:
            said += (*spoken_count(count), unit)
    return said or ("digit_0", "seconds")


def _part_of_day(hour: int) -> str:
    parts = ((6, "before_dawn"), (12, "morning"), (13, "noon"), (18, "afternoon"))
    return next((part for end, part in parts if hour < end), "evening")


@lru_cache(maxsize=4096)
def _in_words(number: int) -> Prompts:
    """Words of a number from 0 on, with 一十 for a leading ten."""
    for size, name in ((100_000_000, "hundred_million"), (10_000, "ten_thousand")):
        if number >= size:
            high, low = divmod(number, size)
            # A gap in the places is one 零, be it ever so wide; nothing at all is not spoken.
            zero = ("digit_0",) if 0 < low < size // 10 else ()
            leading = ("digit_2_liang",) if high == 2 else _in_words(high)
            return (*leading, name, *zero, *(_in_words(low) if low else ()))
    return _up_to_four_digits(number)


def _up_to_four_digits(number: int) -> Prompts:
    words, gap = Prompts(), False
    for digit, place in zip(f"{number:04}", _PLACES, strict=True):
        if digit == "0":
            gap = bool(words)
            continue
        if gap:
            words += ("digit_0",)
            gap = False
        liang = digit == "2" and place in _TAKES_LIANG
        words += ("digit_2_liang" if liang else f"digit_{digit}", *((place,) if place else ()))
    return words or ("digit_0",)
