"""`callcenter retention` tells what a term would erase, and holds orders; it erases nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter.cli import app
from callcenter.store.orders import OrderStore
from tests.fakes.orders import ENDED
from tests.fakes.store import empty_orders, write_orders

__all__ = ["empty_orders"]

Run = Callable[..., Result]


@pytest.fixture
def run(empty_orders: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, on an order of 2017."""
    write_orders(tmp_path, empty_orders)
    monkeypatch.setenv("CALLCENTER_DATA", str(tmp_path))

    async def fill() -> None:
        store = OrderStore.in_folder(tmp_path)
        await store.file([ENDED], 1)
        await store.close()

    asyncio.run(fill())
    return lambda *words: CliRunner().invoke(app, ["retention", *words])


def test_without_a_term_it_says_so(run: Run) -> None:
    assert run().stdout.startswith("No term is set: nothing is erased.")


def test_what_a_term_would_erase(run: Run) -> None:
    told = run("--days", "730", "--dry-run")
    assert told.exit_code == 0, told.output
    assert told.stdout.splitlines()[1:] == [
        "  1 orders are to be erased",
        "  0 are not, as something of them is not over or newer",
        "  0 are not, as they are on hold",
        "  0 events of the journal are to be forgotten",
    ]
    assert run("--days", "730").stdout.splitlines()[1] == "  1 orders are to be erased"


def test_the_term_of_the_settings_counts(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCENTER_ORDERS_DAYS", "100")
    assert "(100 days):" in run().stdout


def test_an_order_is_held_and_released(run: Run) -> None:
    assert run("hold", "20171122-0252", "--reason", "诉讼").exit_code == 0
    told = run("--days", "730").stdout.splitlines()
    assert told[1] == "  0 orders are to be erased"
    assert told[3] == "  1 are not, as they are on hold"
    assert told[-1].startswith("on hold  20171122-0252  since ")
    assert told[-1].endswith("  by command  诉讼")
    assert run("release", "20171122-0252").exit_code == 0
    again = run("release", "20171122-0252")
    assert again.exit_code == 1
    assert again.stderr == "callcenter retention: 20171122-0252 is not on hold\n"


def test_an_order_that_is_not_there(run: Run) -> None:
    held = run("hold", "20171122-9999", "--reason", "x")
    assert held.exit_code == 1
    assert "there is no order 20171122-9999" in held.stderr


def test_too_short_a_term_is_refused(run: Run) -> None:
    assert run("--days", "7").exit_code == 2
