"""With calls up: a backup from which a second server goes on, and an upgrade of the order store."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from callcenter.backup.restore import restore
from callcenter.orders.entry import EntryPatch
from callcenter.orders.record import Outcome
from callcenter.recordings.check import findings
from callcenter.settings import PROJECT, Settings
from callcenter.staff.pins import Pins
from callcenter.staff.roles import Role
from callcenter.staff.tokens import Origin, Tokens
from callcenter.store.orders import OrderFilter, OrderStore
from callcenter.store.recordings import RecordingStore
from tests.support.city import VOICE, City, new_caller, until, within
from tests.support.live import running_server
from tests.support.processes import without_controller

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
ANNOUNCES = False
PASSPHRASE = "correct horse battery"
AT = "2017-12-01T10:00"


def back_up(settings: Settings, folder: Path) -> Path:
    """As an operator would, by the command."""
    done = try_to_back_up(settings, folder)
    assert done.returncode == 0, done.stderr
    return folder / "backup"


def try_to_back_up(settings: Settings, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "passphrase").write_text(PASSPHRASE, encoding="utf-8")
    program = Path(sys.executable).with_name("callcenter")
    return subprocess.run(
        [program, "backup", folder / "backup", "--passphrase-file", folder / "passphrase"],
        env={**os.environ, **settings.environment()},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.long
async def test_a_second_server_goes_on_from_a_backup_made_while_calls_are_up(
    city: City, tmp_path: Path
) -> None:
    served, talker, waiter = new_caller(), new_caller(), new_caller()
    pin = await city.pin("003")
    async with city.operator("001", "seat01"):
        await (await city.talk(served)).hang_up()
        order = (await city.order_of(served)).record
        await enter(city, order.number, "路灯不亮")
        await until_recorded(city, order.call)
        await city.until_operator("001", "ready")
        talk = await city.talk(talker)
        waiting = await city.waiting_call(waiter)
        backup = await asyncio.to_thread(back_up, city.server.settings, tmp_path)
        assert talk.ending is None and waiting.ending is None
        await city.until_music(waiting)
        await talk.hang_up()
        await city.until_heard(waiting, VOICE)
        await waiting.hang_up()
        await city.order_of(waiter)
    numbers = {(await city.order_of(caller)).record.number for caller in (talker, waiter)}

    def prepare(settings: Settings) -> None:
        settings.data.mkdir(parents=True)
        restore(settings, backup, PASSPHRASE)

    async with running_server("--at", AT, before=prepare) as second:
        store = OrderStore.of(second.settings, read_only=True)
        try:

            async def are_over() -> bool:
                page = await store.page(OrderFilter())
                return page.total >= 3 and all(o.record.outcome for o in page.orders)

            await until(are_over, lambda: "the calls that were up have no orders")
            again = {each.record.number: each for each in (await store.page(OrderFilter())).orders}
            assert again[order.number].record == order
            assert again[order.number].entry.entry.content == "路灯不亮"
            assert numbers <= again.keys()
            table = RecordingStore(store.engine)
            assert await table.of_call(order.call)
            wrong = [each async for each in findings(second.settings.recordings, table)]
            assert wrong == []
        finally:
            await store.close()
        assert (await Pins(second.settings.secrets).verify("003", pin, 0.0, "seat03")).ok


async def test_a_backup_that_fails_is_an_alarm_until_one_is_made(tmp_path: Path) -> None:
    """On a server that is no rehearsal: those are not watched. Calls can be served all the time."""
    (tmp_path / "backup").touch()
    async with running_server() as server, aiohttp.ClientSession() as http:
        settings = server.settings
        token, _ = Tokens(settings.secrets).create(
            Role.TEAM_LEADER, None, Origin.COMMAND, now=time.time(), seconds=3600.0
        )

        async def alarms() -> list[dict[str, str | None]]:
            headers = {"Authorization": f"Bearer {token}"}
            async with http.get(f"{settings.web_url}/api/v1/alarms", headers=headers) as answer:
                found = (await answer.json())["alarms"]
            return [each for each in found if each["part"] == "backup"]

        async def how_many_go_on() -> tuple[int, int]:
            found = await alarms()
            return len(found), sum(each["until"] is None for each in found)

        async def told() -> tuple[int, bool]:
            async with http.get(f"{settings.web_url}/healthz") as answer:
                parts = {each["name"]: each["ok"] for each in (await answer.json())["parts"]}
                return answer.status, parts["backup"]

        assert await told() == (200, True), "a new server has time for its first"
        failed = await asyncio.to_thread(try_to_back_up, settings, tmp_path)
        assert failed.returncode == 1

        async def is_raised() -> bool:
            return await how_many_go_on() == (1, 1)

        await until(is_raised, lambda: "there is no alarm")
        (alarm,) = await alarms()
        assert alarm["title"] == "备份"
        assert f"{tmp_path / 'backup'} is there already" in str(alarm["text"])
        assert await told() == (200, False)

        (tmp_path / "backup").unlink()
        await asyncio.to_thread(back_up, settings, tmp_path)

        async def is_over() -> bool:
            return await how_many_go_on() == (1, 0)

        await until(is_over, lambda: "the alarm goes on")
        assert await told() == (200, True)


async def enter(city: City, number: str, content: str) -> None:
    """What an operator enters, straight into the store."""
    store = OrderStore.of(city.server.settings)
    patch = EntryPatch.model_validate({"type": "report", "content": content})
    await store.save_entry(number, patch, who="001", now=0.0, expected=0)
    await store.close()


async def until_recorded(city: City, call: str) -> None:
    table = RecordingStore(city.orders.engine)

    async def is_filed() -> bool:
        return bool(await table.of_call(call))

    await until(is_filed, lambda: f"{call} has no recording")


async def test_an_older_versions_order_store_is_brought_up_to_date_while_two_talk(
    city: City,
) -> None:
    """The controller is stopped, the store is as the version before left one, and it is started."""
    caller = new_caller()
    data = city.server.settings.data
    async with city.operator("001", "seat01") as phone:
        call = await city.talk(caller)
        seat = await phone.next_call()
        async with without_controller(city.server):
            old = PROJECT / "tests" / "upgrade" / "schema-0003" / "orders.sql"
            for file in data.glob("orders.db*"):
                file.unlink()
            with closing(sqlite3.connect(data / "orders.db")) as database:
                database.executescript(old.read_text(encoding="utf-8"))
            call.media.background(city.recording("signed_in"))
            await city.until_heard(seat, "signed_in")
        assert await city.operator_state("001") == "talking"
        call.media.background(city.recording("pin_wrong"))
        await city.until_heard(seat, "signed_in", "pin_wrong")
        assert call.ending is None
        await call.hang_up()
        await within(seat.until_ended())
        store = OrderStore.of(city.server.settings, read_only=True)

        async def is_filed() -> bool:
            if not await store.exists():
                return False
            page = await store.page(OrderFilter(caller=caller[-11:]))
            return [each.record.outcome for each in page.orders] == [Outcome.ANSWERED]

        await until(is_filed, lambda: "the order is not in the new store")
        await store.close()
