"""`callcenter report` on the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from callcenter.cli import app
from callcenter.store.figures import FigureStore
from callcenter.store.orders import OrderStore
from tests.fakes.shifts import CALLS, SHIFT
from tests.fakes.store import empty_orders, write_orders

__all__ = ["empty_orders"]

DAY = ("--from", "2017-11-22", "--to", "2017-11-22")


@pytest.fixture(autouse=True)
def _filed(empty_orders: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCENTER_DATA", str(tmp_path))
    write_orders(tmp_path, empty_orders)

    async def fill() -> None:
        store = OrderStore.in_folder(tmp_path)
        await store.file(CALLS, 1)
        await FigureStore(store.engine).file(SHIFT, 9)
        await store.close()

    asyncio.run(fill())


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["report", *words])
    return done.exit_code, done.output


def test_a_table_of_hotlines_ends_with_the_sums() -> None:
    code, printed = run(*DAY, "--by", "quarter")
    heads, *rows, total = printed.splitlines()
    assert code == 0
    assert heads.split()[:4] == ["PERIOD", "HOTLINE", "OFFERED", "ANSWERED"]
    assert [row.split()[:4] for row in rows] == [
        ["2017-11-22", "10:00", "12345", "1"],
        ["2017-11-22", "10:15", "12319", "1"],
        ["2017-11-22", "10:15", "12345", "3"],
    ]
    assert total.split()[:3] == ["all", "5", "1"]


def test_a_table_of_operators() -> None:
    code, printed = run(*DAY, "--by", "day", "--of", "operator")
    _, row, _ = printed.splitlines()
    assert code == 0
    assert row.split()[:7] == ["2017-11-22", "001", "2", "1", "1", "0", "700.0"]


def test_json_is_what_the_api_gives() -> None:
    code, printed = run(*DAY, "--of", "queue", "--json")
    assert (code, json.loads(printed)["total"]["offered"]) == (0, 5)


def test_csv() -> None:
    code, printed = run(*DAY, "--by", "day", "--of", "queue", "--csv")
    assert code == 0
    assert printed.splitlines()[0].startswith("period,queue,offered,in_progress")
    assert len(printed.splitlines()) == 3


def test_a_time_without_calls_is_told() -> None:
    assert run("--from", "2017-11-20", "--to", "2017-11-20") == (
        0,
        "Nothing: no call arrived in that time, and nobody was signed in.\n",
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", "noon"), "--from: noon is no time: write it like 2017-12-01"),
        (("--from", "2017-11-22", "--to", "2017-11-20"), "--to: 2017-11-20 is not after"),
        ((*DAY, "--json", "--csv"), "--json and --csv: choose one of them"),
    ],
)
def test_what_is_wrong_is_told(words: tuple[str, ...], told: str) -> None:
    code, printed = run(*words)
    assert code == 1
    assert told in printed
