"""The commands check, route and schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from callcenter.numberplan import cli
from callcenter.numberplan.files import OPTIONAL
from tests.numberplan.edits import prompts_of
from tests.plans import TEXTS

app = typer.Typer()
app.command()(cli.check)
app.command()(cli.route)
app.command()(cli.schema)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TEXTS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in prompts_of(TEXTS):
        (tmp_path / "ivr_prompts" / f"{name}.wav").touch()
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--plan", str(folder)])


def spoil(folder: Path) -> None:
    queues = folder / "dialplan/queues.yaml"
    text = queues.read_text(encoding="utf-8").replace("ring_seconds: 20", "ring_seconds: soon")
    queues.write_text(text, encoding="utf-8")


def test_check_says_that_a_plan_is_good(folder: Path) -> None:
    result = run(folder, "check")
    assert result.exit_code == 0
    assert "The plan is good: 6 numbers, 3 operators, 3 seats, 4 trunks" in result.stdout


def test_check_tells_errors_and_ends_with_1(folder: Path) -> None:
    spoil(folder)
    result = run(folder, "check")
    assert result.exit_code == 1
    assert result.stdout.startswith(
        "dialplan/queues.yaml:6:19: queues.hotline.ring_seconds: 'soon'"
    )
    assert "\n1 error, " in result.stdout


def test_check_reminds_of_a_year_without_calendar(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = cli._moment("2099-05-01T08:00")
    monkeypatch.setattr(cli, "_now", lambda: now)
    result = run(folder, "check")
    assert result.exit_code == 0
    assert "dialplan/hours.yaml:1:1: warning: no official holiday calendar" in result.stdout


def test_route_explains_itself_with_file_and_line(folder: Path) -> None:
    result = run(folder, "route", "0519 87209900", "--at", "2017-12-01T10:00")
    assert result.exit_code == 0
    assert result.stdout == (
        "87209900 at 2017-12-01 10:00 CST\n"
        "  87209900 (dialled as 0519 87209900) is direct_retire: 政务办, 政务服务咨询投诉热线"
        "  (dialplan/numbers.yaml:13)\n"
        "  on 2017-12-01 it is past its cutover of 2017-05-01  (dialplan/numbers.yaml:14)\n"
        "  the formal run begins on 2018-07-01: still forwarded  (dialplan/phases.yaml:5)\n"
        "  to queue hotline after forwarded_87209900  (dialplan/numbers.yaml:2)\n"
        "-> queue hotline after forwarded_87209900\n"
    )


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        (("12366-2",), "-> forward to 66660003 on telecom or 66660003 on unicom, then press 2"),
        (("110",), "-> emergency call to 110 on telecom or 110 on unicom"),
        (("87209900",), "-> announce announced_87209900, then hang up"),
        (("4711",), "-> reject as unallocated"),
        (("12319",), "-> forward to 12319 on 12319"),
        (("12319", "--diverted", "66660001"), "-> queue hotline"),
        (("12319", "--caller", "12310"), "-> queue hotline"),
    ],
)
def test_route_ends_with_what_happens(
    folder: Path, arguments: tuple[str, ...], outcome: str
) -> None:
    result = run(folder, "route", *arguments, "--at", "2018-08-01")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == outcome


@pytest.mark.parametrize(
    ("number", "at", "row"),
    [
        ("12345", "2017-12-01", ("12345", "primary", "live", "queue", "hotline", None, None)),
        (
            "12310",
            "2017-04-30T23:59",
            ("12310", "direct_keep", "live", "forward", "66660001", "telecom", None),
        ),
        # The same moment as 2017-05-01T00:30 in Shanghai.
        (
            "12310",
            "2017-04-30T16:30+00:00",
            ("12310", "direct_keep", "forwarded", "queue", "hotline", None, None),
        ),
        (
            "87209900",
            "2018-08-01",
            (
                "87209900",
                "direct_retire",
                "announced",
                "announce",
                None,
                None,
                "announced_87209900",
            ),
        ),
        (
            "12315",
            "2018-08-01",
            ("12315", "resident", "forwarded", "forward", "12315", "changzhou", None),
        ),
        ("110", "2018-08-01", ("110", None, None, "emergency", "110", "telecom", None)),
        ("4711", "2018-08-01", ("4711", None, None, "reject", None, None, None)),
    ],
)
def test_route_as_json(folder: Path, number: str, at: str, row: tuple[str | None, ...]) -> None:
    result = run(folder, "route", number, "--at", at, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert set(found) == {
        "number", "mode", "state", "action", "target", "trunk", "owner", "service", "announcement",
    }  # fmt: skip
    keys = ("number", "mode", "state", "action", "target", "trunk", "announcement")
    assert tuple(found[key] for key in keys) == row


def test_route_of_all_numbers_is_a_list_of_the_same(folder: Path) -> None:
    at = ("--at", "2017-12-01T10:00", "--json")
    every = json.loads(run(folder, "route", "--all", *at).stdout)
    assert [row["number"] for row in every] == [
        "12345", "12310", "87209900", "12319", "12366-2", "12315",
    ]  # fmt: skip
    for row in every:
        assert json.loads(run(folder, "route", row["number"], *at).stdout) == row
    words = run(folder, "route", "--all").stdout.splitlines()
    assert [line.split()[0] for line in words] == [row["number"] for row in every]


def test_route_needs_a_good_plan_a_time_and_one_of_number_and_all(folder: Path) -> None:
    assert run(folder, "route").exit_code == 2
    assert run(folder, "route", "12345", "--all").exit_code == 2
    wrong_time = run(folder, "route", "12345", "--at", "tomorrow")
    assert wrong_time.exit_code == 2
    assert "2017-12-01T10:00" in wrong_time.stderr
    spoil(folder)
    broken = run(folder, "route", "12345", "--json")
    assert broken.exit_code == 1
    assert broken.stdout == ""
    assert broken.stderr.startswith("dialplan/queues.yaml:6:19: ")


def test_schemas_are_for_every_file_and_name_every_key(tmp_path: Path) -> None:
    printed = json.loads(CliRunner().invoke(app, ["schema"]).stdout)
    assert set(printed) == {
        *(each for each in TEXTS if "trunks/" not in each),
        *OPTIONAL,
        "trunks/*.yaml",
    }
    result = CliRunner().invoke(app, ["schema", "--out", str(tmp_path / "schemas")])
    assert result.exit_code == 0
    written = {file.name: json.loads(file.read_text()) for file in tmp_path.glob("schemas/*")}
    assert len(written) == len(printed)
    trunk = written["trunks.schema.json"]
    assert trunk["additionalProperties"] is False
    assert set(trunk["required"]) == {"title", "kind", "host", "channels"}
    assert trunk["properties"]["dial_prefix"]["description"].startswith("Put before every number")
    numbers = printed["dialplan/numbers.yaml"]["$defs"]
    assert numbers["Mode"]["enum"] == [
        "primary", "direct_keep", "direct_retire", "parallel", "resident",
    ]  # fmt: skip


def test_schemas_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    result = CliRunner().invoke(app, ["schema", "--out", str(tmp_path / "taken")])
    assert result.exit_code == 1
    assert "name a folder" in result.stderr
