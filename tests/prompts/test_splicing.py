"""Numbers, times and durations are said with committed prompts, as a Mandarin speaker says them."""

import re
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.prompts import (
    Prompts,
    operator_number,
    spoken_count,
    spoken_date,
    spoken_digits,
    spoken_duration,
    spoken_number,
    spoken_time,
)
from ivr_prompts.render import catalog_texts

TEXTS = catalog_texts(Path(__file__).parents[2] / "ivr_prompts")


def heard(prompts: Prompts) -> str:
    """What these prompts say; a name that is not in the catalog fails here."""
    return "".join(TEXTS[name] for name in prompts)


def meant(words: str) -> int:
    """The number that Chinese words mean, by adding up places (not by undoing the splicing)."""
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        if unit in words:
            high, _, low = words.rpartition(unit)
            return meant(high) * size + meant(low)
    total = 0
    for digit, place in re.findall("([一二两三四五六七八九]?)([千百十]?)", words):
        value = "零一二三四五六七八九".index(digit.replace("两", "二")) if digit else bool(place)
        total += value * {"千": 1000, "百": 100, "十": 10, "": 1}[place]
    return total


def test_the_caller_is_told_the_operators_number() -> None:
    assert heard(operator_number("001")) == "零零幺号话务员为您服务。"


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("12345", "幺二三四五"),
        ("87222160", "八七二二二幺六零"),
        ("12366-2", "幺二三六六二"),
        ("0519 12345", "零五幺九幺二三四五"),
    ],
)
def test_a_telephone_number_is_read_digit_by_digit(digits: str, words: str) -> None:
    assert heard(spoken_digits(digits)) == words


@pytest.mark.parametrize("digits", ["", "-", "12a", "+86519", "１２３"])
def test_what_is_no_digit_is_refused(digits: str) -> None:
    with pytest.raises(ValueError, match="cannot be spoken"):
        spoken_digits(digits)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "零"),
        (2, "二"),
        (10, "十"),
        (15, "十五"),
        (20, "二十"),
        (101, "一百零一"),
        (110, "一百一十"),
        (222, "两百二十二"),
        (1001, "一千零一"),
        (2005, "两千零五"),
        (10_010, "一万零一十"),
        (20_000, "两万"),
        (100_005, "十万零五"),
        (120_000, "十二万"),
        (205_000, "二十万五千"),
        (100_120_000, "一亿零一十二万"),
        (1_200_000_000, "十二亿"),
        (-13, "负十三"),
    ],
)
def test_a_number_in_words(number: int, words: str) -> None:
    assert heard(spoken_number(number)) == words


@given(st.integers(min_value=0, max_value=10**20))
def test_the_words_of_any_number_mean_that_number(number: int) -> None:
    words = heard(spoken_number(number))
    assert meant(words) == number
    assert "零零" not in words
    assert heard(spoken_number(-number)) == (f"负{words}" if number else words)


@given(st.integers(min_value=0))
def test_only_two_itself_is_said_otherwise_before_a_measure(number: int) -> None:
    assert spoken_count(number) == (("digit_2_liang",) if number == 2 else spoken_number(number))


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (time(0, 0), "凌晨零点整"),
        (time(2, 30), "凌晨两点三十分"),
        (time(6, 0), "上午六点整"),
        (time(11, 59), "上午十一点五十九分"),
        (time(12, 10), "中午十二点十分"),
        (time(15, 5), "下午三点零五分"),
        (time(18, 0), "晚上六点整"),
        (time(23, 2), "晚上十一点零二分"),
    ],
)
def test_a_time_of_day(at: time, words: str) -> None:
    assert heard(spoken_time(at)) == words


@given(st.times())
def test_any_time_of_day_can_be_said_and_names_its_minute(at: time) -> None:
    words = heard(spoken_time(at))
    minute = words.partition("点")[2]
    assert minute == "整" if at.minute == 0 else meant(minute.removesuffix("分")) == at.minute


def test_a_date() -> None:
    day = date(2017, 11, 22)
    assert heard(spoken_date(day)) == "二零一七年十一月二十二日星期三"
    assert heard(spoken_date(day, year=False, weekday=False)) == "十一月二十二日"
    assert heard(spoken_date(date(2026, 2, 1), year=False)) == "二月一日星期日"


@given(st.dates())
def test_any_date_can_be_said(day: date) -> None:
    words = re.fullmatch("(.{4})年(.+)月(.+)日星期.", heard(spoken_date(day)))
    assert words is not None
    assert (meant(words[2]), meant(words[3])) == (day.month, day.day)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "零秒"),
        (0.4, "零秒"),
        (59.6, "一分钟"),
        (90, "一分钟三十秒"),
        (120, "两分钟"),
        (4980, "一小时二十三分钟"),
        (7202, "两小时两秒"),
        (2 * 86_400 + 12 * 3600, "两天十二小时"),
    ],
)
def test_a_duration(seconds: float, words: str) -> None:
    assert heard(spoken_duration(seconds)) == words


@given(st.floats(min_value=0, max_value=1e9))
def test_the_parts_of_any_duration_add_up(seconds: float) -> None:
    parts = re.findall("(.+?)(天|小时|分钟|秒)", heard(spoken_duration(seconds)))
    length = {"天": 86_400, "小时": 3_600, "分钟": 60, "秒": 1}
    assert sum(meant(count) * length[unit] for count, unit in parts) == round(seconds)


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan")])
def test_a_duration_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="cannot be spoken"):
        spoken_duration(seconds)
