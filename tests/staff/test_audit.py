"""`callcenter audit` lists what team leaders did."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from callcenter.calls.audit import AuditRecord
from callcenter.calls.events import SupervisionMode
from callcenter.cli import app
from callcenter.staff.audit import act_title
from callcenter.store.audit import AuditStore
from callcenter.store.orders import OrderStore
from tests.fakes.orders import MORNING

DONE = AuditRecord(
    *("1-1", MORNING, "009", "10.0.0.9", "whisper", "001", "15.1", "seat=seat20", "")
)
REFUSED = AuditRecord(
    *("1-2", MORNING + 5, "002", "10.0.0.2", "release", "001", "15.1", "", "not_a_team_leader")
)


def listed(*words: str) -> str:
    result = CliRunner().invoke(app, ["audit", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(autouse=True)
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def write() -> None:
        store = OrderStore.in_folder(tmp_path)
        await store.prepare()
        await AuditStore(store.engine).file([DONE, REFUSED], 2)
        await store.close()

    monkeypatch.setenv("CALLCENTER_DATA", str(tmp_path))
    asyncio.run(write())


def test_the_newest_comes_first_with_everything_that_is_known() -> None:
    assert listed().splitlines() == [
        "2017-11-22 10:31:10  002  10.0.0.2  release 001  refused: not_a_team_leader",
        "2017-11-22 10:31:05  009  10.0.0.9  whisper 001  seat=seat20",
    ]


def test_it_can_be_narrowed() -> None:
    assert "whisper" not in listed("--refused")
    assert "release" not in listed("--who", "009")
    assert listed("--day", "2017-11-23").startswith("Nothing.")
    assert listed("--limit", "1").splitlines()[-1] == "1 of 2; --limit 2 shows all."


def test_as_json() -> None:
    assert [row["refusal"] for row in json.loads(listed("--json"))] == ["not_a_team_leader", ""]


def test_a_day_that_is_none_is_refused() -> None:
    result = CliRunner().invoke(app, ["audit", "--day", "yesterday"])
    assert result.exit_code == 1
    assert "write it like 2017-11-22" in result.output


def test_staff_have_a_word_for_each_way_of_taking_part() -> None:
    assert [act_title(mode) for mode in SupervisionMode] == ["监听", "密语", "强插", "接管"]
