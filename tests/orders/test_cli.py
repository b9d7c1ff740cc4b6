"""`callcenter orders` lists and shows what calls left, in words and as JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter.orders.cli import app
from callcenter.orders.entry import EntryPatch, RequestType
from callcenter.orders.record import OrderRecord, SurveyAnswer
from callcenter.store.orders import OrderStore
from callcenter.store.outbound import OutboundStore
from tests.fakes.orders import ENDED, MORNING, TRANSFERRED, another
from tests.store.test_outbound import BUSY, OVER

WITHHELD = another(
    253,
    caller=None,
    caller_raw="13800001111",
    caller_withheld=True,
    opened=MORNING + 60,
    legs=(replace(ENDED.legs[0], leg="call-253", party="13800001111"),),
)


def fill(folder: Path, *records: OrderRecord) -> None:
    async def write() -> None:
        store = OrderStore.in_folder(folder)
        await store.prepare()
        await store.file(records, 1)
        patch = EntryPatch(type=RequestType.COMPLAINT, content="路灯\n不亮")
        await store.save_entry(records[0].number, patch, who="001", now=MORNING + 99, expected=0)
        await store.close()

    folder.mkdir(exist_ok=True)
    asyncio.run(write())


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("CALLCENTER_DATA", str(tmp_path))
    return lambda *words: CliRunner().invoke(app, words)


def test_the_list_shows_the_newest_first(orders: Callable[..., Result], tmp_path: Path) -> None:
    fill(tmp_path, ENDED, WITHHELD)
    head, first, second = orders().stdout.splitlines()
    assert head.split()[:3] == ["ORDER", "OPENED", "CALLER"]
    assert first.split() == [
        *("20171122-0253", "2017-11-22", "10:32:05", "withheld", "12345"),
        *("-", "-", "-", "open", "-"),
    ]
    assert second.split() == [
        *("20171122-0252", "2017-11-22", "10:31:05", "+8651987200000", "12345"),
        *("001", "0:05", "2:01", "answered", "complaint"),
    ]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["--open"], ["20171122-0253"]),
        (["--caller", "0519 8720 0000"], ["20171122-0252"]),
        (["--caller", "+86 519 87200000"], ["20171122-0252"]),
        (["--number", "12319"], []),
        (["--day", "2017-11-22"], ["20171122-0253", "20171122-0252"]),
        (["--day", "2017-11-21"], []),
        (["--limit", "1"], ["20171122-0253"]),
    ],
)
def test_filters(
    orders: Callable[..., Result], tmp_path: Path, words: list[str], numbers: list[str]
) -> None:
    fill(tmp_path, ENDED, WITHHELD)
    found = json.loads(orders(*words, "--json").stdout)
    assert [order["number"] for order in found] == numbers


def test_an_order_is_shown_whole(orders: Callable[..., Result], tmp_path: Path) -> None:
    fill(tmp_path, ENDED, WITHHELD)
    text = orders("show", "320481-20171122-0252").stdout
    for part in (
        "20171122-0252 (320481-20171122-0252)",
        "2017-11-22 10:31:05, by phone",
        "12345 政府公共服务热线 政务办",
        "complaint 投诉",
        "002             at seat02",
        "declined",
        "2017-11-22 10:32:44  001  type: - -> complaint",
    ):
        assert part in text


def test_an_order_is_found_by_its_call_and_shows_the_partners_reference(
    orders: Callable[..., Result], tmp_path: Path
) -> None:
    fill(tmp_path, replace(ENDED, call="1511317865.7", reference="CG-2017/0815"))
    text = orders("show", "1511317865.7").stdout
    assert "20171122-0252 (320481-20171122-0252)" in text
    assert "CG-2017/0815, of the partner on trunk telecom" in text


def test_calls_made_for_it_are_shown(orders: Callable[..., Result], tmp_path: Path) -> None:
    fill(tmp_path, ENDED)

    async def file() -> None:
        store = OrderStore.in_folder(tmp_path)
        await OutboundStore(store.engine).file([BUSY, OVER], 1)
        await store.close()

    asyncio.run(file())
    text = orders("show", "20171122-0252").stdout
    assert "001 called +8651987200000 (citizen): busy, talked -" in text
    assert "(citizen): answered, talked 1:09" in text


def test_a_partner_is_shown_with_number_and_unit(
    orders: Callable[..., Result], tmp_path: Path
) -> None:
    fill(tmp_path, TRANSFERRED)
    text = orders("show", "20171122-0252").stdout
    assert "partner   051912319       at telecom" in text
    assert "no_answer  (12319 城管局)" in text
    caller, *_, partner = json.loads(orders("show", "20171122-0252", "--json").stdout)["legs"]
    assert (caller["hotline"], caller["unit"]) == (None, None)
    assert (partner["hotline"], partner["unit"]) == ("12319", "城管局")


def test_a_surveys_answers_are_shown_and_where_a_comment_is_to_be_heard(
    orders: Callable[..., Result], tmp_path: Path
) -> None:
    answers = (
        SurveyAnswer("service", "服务", "5", "非常满意", MORNING + 131),
        SurveyAnswer("comment", "意见", "", "", MORNING + 150, "call-1_c9"),
    )
    fill(tmp_path, replace(ENDED, answers=answers))
    text = orders("show", "20171122-0252").stdout
    assert "服务: 5 非常满意" in text
    assert "意见: said in call-1_c9" in text


def test_json_has_everything_in_the_time_of_shanghai(
    orders: Callable[..., Result], tmp_path: Path
) -> None:
    fill(tmp_path, ENDED, WITHHELD)
    order = json.loads(orders("show", "20171122-0252", "--json").stdout)
    assert order["opened"] == "2017-11-22T10:31:05.250000+08:00"
    assert order["full_number"] == "320481-20171122-0252"
    assert [leg["party"] for leg in order["legs"]] == ["+8651987200000", "002", "001"]
    assert order["entry"]["content"] == "路灯\n不亮"
    assert order["changes"][0]["changed_by"] == "001"


def test_a_withheld_number_is_nowhere_to_be_read(
    orders: Callable[..., Result], tmp_path: Path
) -> None:
    fill(tmp_path, ENDED, WITHHELD)
    for words in ((), ("--json",), ("show", "20171122-0253"), ("show", "20171122-0253", "--json")):
        assert "13800001111" not in orders(*words).stdout


def test_a_callers_header_cannot_steer_the_terminal(
    orders: Callable[..., Result], tmp_path: Path
) -> None:
    fill(tmp_path, replace(ENDED, caller=None, caller_raw="\x1b[2J"))
    assert "\x1b" not in orders("show", "20171122-0252").stdout


def test_a_rehearsals_orders_are_apart(orders: Callable[..., Result], tmp_path: Path) -> None:
    fill(tmp_path / "rehearsal", ENDED)
    assert len(json.loads(orders("--json", "--rehearsal").stdout)) == 1
    assert orders("--json").exit_code == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--day", "yesterday"], "--day yesterday: write it like 2017-11-22"),
        (["show", "252"], "252 is no order number: write it like 20171122-0252"),
        (["show", "20171122-9999"], "there is no order 20171122-9999"),
    ],
)
def test_what_cannot_be_done_is_said(
    orders: Callable[..., Result], tmp_path: Path, words: list[str], sentence: str
) -> None:
    fill(tmp_path, ENDED)
    result = orders(*words)
    assert result.exit_code == 1
    assert sentence in result.output


def test_before_the_first_start_it_says_so(orders: Callable[..., Result]) -> None:
    result = orders()
    assert result.exit_code == 1
    assert "there are no orders yet" in result.output


def test_a_file_that_is_no_database_is_named(orders: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "orders.db").write_text("this is not a database, whatever its name says" * 99)
    result = orders()
    assert result.exit_code == 1
    assert "orders.db cannot be read" in result.output
