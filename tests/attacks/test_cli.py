"""`callcenter ban` asks the running server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter.attacks.bans import Attack, Ban, Change, Sign
from callcenter.attacks.cli import app
from callcenter.settings import load_settings
from callcenter.staff.tokens import Tokens
from callcenter.web.app import make_app, serving
from tests.fakes.centre import World, world
from tests.fakes.orders import MORNING

STRANGER = "203.0.113.7"


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setenv("CALLCENTER_DATA", str(tmp_path))
    made = world(tmp_path)
    made.tokens = Tokens(load_settings().secrets)
    made.machine_time = 0.0
    async with serving(make_app(made.services()), "127.0.0.1", 0) as url:
        monkeypatch.setenv("CALLCENTER_WEB_PORT", url.rpartition(":")[2])
        yield made
    await made.orders.close()


async def run(*words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, words)


async def test_the_list_is_told(server: World) -> None:
    assert "No address is refused.\n" in (await run("list")).output
    until = MORNING + 3600
    server.attacks.bans = (Ban(STRANGER, MORNING, until, Sign.WRONG_PASSWORD, 2),)
    server.attacks.changes = (Change(MORNING, "rule", STRANGER, until),)
    server.attacks.attack = Attack(MORNING, 1, ("192.0.2.21",))
    told = [line for line in (await run("list", "--changes")).output.splitlines() if "." in line]
    told = told[-3:]
    assert told[0].startswith(f"{STRANGER}      until ")
    assert told[0].endswith("wrong_password  time 2")
    assert told[1].startswith("192.0.2.21 ")
    assert f"rule  {STRANGER}  until" in told[2]
    assert f'"address":"{STRANGER}"' in (await run("list", "--json")).output


async def test_an_address_is_let_in_again(server: World) -> None:
    server.attacks.bans = (Ban(STRANGER, MORNING, MORNING + 3600, Sign.UNKNOWN),)
    done = await run("lift", STRANGER)
    assert done.exit_code == 0, done.output
    assert not server.attacks.bans
    again = await run("lift", STRANGER)
    assert again.exit_code == 1
    assert f"{STRANGER} 未被封禁" in again.output
    assert server.tokens.all() == ()
