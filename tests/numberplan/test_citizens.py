"""Which numbers of citizens are called, and with which digits."""

from __future__ import annotations

import pytest

from callcenter.numberplan.citizens import citizen_number, national, ways_to
from callcenter.numberplan.model import DialTarget
from tests.plans import small_plan, with_callbacks


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13800001111", "+8613800001111"),
        ("013800001111", "+8613800001111"),
        ("87200000", "+8651987200000"),
        ("051987200000", "+8651987200000"),
        ("02162345678", "+862162345678"),
        ("+8613800001111", "+8613800001111"),
    ],
)
def test_a_citizens_number_in_any_spelling(written: str, number: str) -> None:
    assert citizen_number(small_plan(), written) == number


@pytest.mark.parametrize(
    "written",
    ["110", "12345", "051912345", "+8651912345", "12319", "12310", "87209900", "66660001"],
)
def test_emergency_numbers_and_those_of_the_plan_are_not_called(written: str) -> None:
    assert citizen_number(small_plan(), written) is None


@pytest.mark.parametrize("written", ["", "7", "anonymous", "0044201234567", "+14155550100", "#"])
def test_what_is_no_number_here_is_not_called(written: str) -> None:
    assert citizen_number(small_plan(), written) is None


@pytest.mark.parametrize(
    "written",
    ["16890123", "02116812345", "17400001111", "13490001111", "9001234567"],
)
def test_what_costs_more_than_a_call_is_not_called(written: str) -> None:
    """Whoever waits for a callback keys in the number: it is no way to earn."""
    assert citizen_number(small_plan(), written) is None


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        ("+8613800001111", "13800001111"),
        ("+8651987200000", "87200000"),
        ("+862112345678", "02112345678"),
        ("+865121234567", "05121234567"),
    ],
)
def test_the_digits_that_are_dialled_here(number: str, digits: str) -> None:
    assert national(number, "0519", "86") == digits


def test_the_ways_are_those_of_the_plan_with_the_trunks_prefix() -> None:
    assert ways_to(small_plan(), "+8613800001111") == ()
    assert ways_to(with_callbacks(), "+8613800001111") == (
        DialTarget(trunk="telecom", digits="13800001111"),
        DialTarget(trunk="unicom", digits="13800001111"),
    )
