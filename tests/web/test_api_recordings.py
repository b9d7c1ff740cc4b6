"""An order shows what was recorded; who took the call, or leads, hears it, and nobody else does."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from pydantic import JsonValue
from structlog.testing import capture_logs

from callcenter.orders.record import SurveyAnswer
from callcenter.store.audit import AuditStore
from callcenter.store.recordings import RecordingKind, RecordingStore, RemovedBecause
from callcenter.store.tables import METADATA
from tests.fakes.centre import World
from tests.fakes.orders import ENDED, MORNING, another
from tests.fakes.recordings import RECORDING
from tests.web.conftest import Api

ORDER = "/orders/20171122-0252"
SOUND = f"{ORDER}/recordings/call-1"
CONTENT = bytes(range(256)) * 4


@pytest.fixture(autouse=True)
async def table(world: World) -> RecordingStore:
    others = replace(another(253), operator="002", opened=MORNING + 60)
    await world.orders.file([ENDED, others], 1)
    table = RecordingStore(world.orders.engine)
    await table.file(RECORDING)
    file = world.recordings_folder / RECORDING.file
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    return table


async def test_an_order_shows_its_recordings(operator: Api) -> None:
    _, order = await operator.ask("GET", ORDER)
    assert order["recordings"] == [
        {
            "id": "call-1",
            "file": "2017/11/22/call-1.wav",
            "url": f"/api/v1{SOUND}",
            "began": "2017-11-22T10:31:05.250000+08:00",
            "seconds": 130.25,
            "bytes": 2_084_044,
            "sha256": "5e" * 32,
            "kind": "call",
            "repaired": False,
            "gaps": [],
            "removed": None,
            "removed_because": None,
        }
    ]


async def test_the_surveys_answers_say_where_a_comment_is_to_be_heard(
    operator: Api, table: RecordingStore, world: World
) -> None:
    answers = (
        SurveyAnswer("service", "服务", "5", "非常满意", MORNING + 131),
        SurveyAnswer("comment", "意见", "", "", MORNING + 150, "call-1_c9"),
    )
    await world.orders.file([replace(ENDED, version=ENDED.version + 1, answers=answers)], 2)
    file = RECORDING.file.replace("call-1", "call-1_c9")
    await table.file(replace(RECORDING, file=file, kind=RecordingKind.COMMENT))
    (world.recordings_folder / file).write_bytes(CONTENT)
    _, order = await operator.ask("GET", ORDER)
    by_key, spoken = cast("list[dict[str, JsonValue]]", order["answers"])
    assert (by_key["key"], by_key["recording"], by_key["recording_url"]) == ("5", None, None)
    assert (spoken["key"], spoken["meaning"], spoken["recording"]) == (None, None, "call-1_c9")
    recordings = cast("list[dict[str, JsonValue]]", order["recordings"])
    assert [each["kind"] for each in recordings if each["id"] == "call-1_c9"] == ["comment"]
    url = str(spoken["recording_url"])
    response = await operator.raw("GET", url.removeprefix("/api/v1"))
    assert await response.read() == CONTENT


async def test_an_order_without_any_shows_none(leader: Api) -> None:
    assert (await leader.ask("GET", "/orders/20171122-0253"))[1]["recordings"] == []


async def test_the_sound_is_sent_whole(operator: Api) -> None:
    response = await operator.raw("GET", SOUND)
    assert (response.status, response.content_type) == (200, "audio/wav")
    assert await response.read() == CONTENT
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_range_of_it_is_sent_so_that_one_can_jump_in_it(leader: Api) -> None:
    response = await leader.raw("GET", SOUND, Range="bytes=100-299")
    assert (response.status, response.headers["Content-Range"]) == (206, "bytes 100-299/1024")
    assert await response.read() == CONTENT[100:300]
    assert (await leader.raw("GET", SOUND, Range="bytes=5000-")).status == 416


async def test_who_heard_it_is_logged(operator: Api, leader: Api) -> None:
    with capture_logs() as logs:
        await operator.raw("GET", SOUND)
        await leader.raw("GET", SOUND, Range="bytes=0-9")
    heard = [line for line in logs if line["event"] == "recording_heard"]
    assert [(line["role"], line["order"], line["call"], line["range"]) for line in heard] == [
        ("operator", ENDED.number, "call-1", None),
        ("team_leader", ENDED.number, "call-1", "bytes=0-9"),
    ]
    assert heard[0]["who"] == "001"
    assert heard[1]["who"].startswith("team_leader:")


async def test_who_heard_it_is_in_the_audit(operator: Api, leader: Api) -> None:
    await operator.raw("GET", SOUND)
    await leader.raw("GET", SOUND, Range="bytes=0-9")
    rows = (await leader.ask("GET", "/audit?act=hear_recording"))[1]["rows"]
    noted = cast("list[dict[str, JsonValue]]", rows)
    first, last = sorted(noted, key=lambda row: str(row["who"]))
    assert (first["who"], first["call"], first["act_title"]) == ("001", "call-1", "听录音")
    assert first["detail"] == f"file={RECORDING.file}, order={ENDED.number}"
    assert str(last["who"]).startswith("team_leader:") and first["address"]
    assert str(last["detail"]).endswith("range=bytes=0-9")


async def test_nobody_hears_it_while_that_cannot_be_noted(
    leader: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise OSError("read-only")

    monkeypatch.setattr(AuditStore, "note", fails)
    response = await leader.raw("GET", SOUND)
    assert response.status == 503
    assert CONTENT not in await response.read()


async def test_others_hear_nothing_and_are_not_logged(
    operator: Api, nobody: Api, table: RecordingStore
) -> None:
    await table.file(replace(RECORDING, call="call-253", file="2017/11/22/call-253.wav"))
    with capture_logs() as logs:
        status, problem = await operator.ask("GET", "/orders/20171122-0253/recordings/call-253")
        assert (status, problem["code"]) == (403, "not_yours")
        assert (await nobody.ask("GET", SOUND))[0] == 401
    assert "recording_heard" not in [line["event"] for line in logs]


@pytest.mark.parametrize("name", ["call-253", "..", "%2e%2e%2f%2e%2e%2forders", "call-1.wav"])
async def test_what_is_no_recording_of_this_order_is_not_sent(
    leader: Api, table: RecordingStore, name: str
) -> None:
    await table.file(replace(RECORDING, call="call-253", file="2017/11/22/call-253.wav"))
    assert (await leader.raw("GET", f"{ORDER}/recordings/{name}")).status == 404
    status, problem = await leader.ask("GET", f"{ORDER}/recordings/call-253")
    assert (status, problem["code"]) == (404, "unknown_recording")


async def test_of_a_removed_one_it_says_so(leader: Api, table: RecordingStore) -> None:
    await table.mark_removed([RECORDING], MORNING + 9e7, RemovedBecause.RETENTION)
    status, problem = await leader.ask("GET", SOUND)
    assert (status, problem["code"]) == (410, "recording_removed")
    assert "保存期限" in str(problem["message"])
    (shown,) = (await (await leader.raw("GET", ORDER)).json())["recordings"]
    assert shown["removed_because"] == "retention"
    assert shown["removed"].startswith("2020-")


async def test_of_a_lost_one_it_says_what_to_do(leader: Api, world: World) -> None:
    (world.recordings_folder / RECORDING.file).unlink()
    status, problem = await leader.ask("GET", SOUND)
    assert (status, problem["code"]) == (404, "recording_missing")
    assert "recordings check" in str(problem["message"])


async def test_while_the_store_is_away_it_says_so(leader: Api, world: World) -> None:
    async with world.orders.engine.begin() as connection:
        await connection.run_sync(METADATA.tables["recordings"].drop)
    for path in (ORDER, SOUND):
        status, problem = await leader.ask("GET", path)
        assert (status, problem["code"]) == (503, "store_unavailable")
