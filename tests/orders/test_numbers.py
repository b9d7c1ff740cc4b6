"""What an order's number looks like when a telephone's keys say it."""

from __future__ import annotations

import pytest

from callcenter.orders.numbers import order_keyed


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        ("252", "20171122-0252"),
        ("0252", "20171122-0252"),
        ("12345", "20171122-12345"),
        ("201711210007", "20171121-0007"),
        ("2017112112345", "20171121-12345"),
        ("0", None),
        ("", None),
        ("2*5", None),
        ("٣", None),
    ],
)
def test_today_or_any_day(digits: str, number: str | None) -> None:
    assert order_keyed(digits, "20171122") == number
