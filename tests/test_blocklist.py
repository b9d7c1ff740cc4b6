"""`callcenter block` asks the running server, with a token of its own that is gone afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter.blocklist import app
from callcenter.calls.events import Act, BlockCaller
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Block, BlockChange, Shield
from callcenter.numberplan.model import Treatment
from callcenter.settings import load_settings
from callcenter.staff.tokens import Tokens
from callcenter.web.app import make_app, serving
from tests.fakes.centre import World, world
from tests.fakes.orders import MORNING


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


async def test_a_number_is_kept_out(server: World) -> None:
    done = await run("add", "13800000001", "--hours", "2", "--reason", "占线")
    assert done.exit_code == 0, done.output
    (act,) = server.centre.asked
    assert isinstance(act, Act)
    assert act.by.leads
    asked = act.request
    assert isinstance(asked, BlockCaller)
    assert (asked.number, asked.until) == ("13800000001", MORNING + 7200)
    assert (asked.reason, asked.treatment) == ("占线", Treatment.ANNOUNCE)
    assert asked.by.startswith("administrator:")
    assert server.tokens.all() == ()


async def test_the_servers_sentence_is_told(server: World) -> None:
    server.centre.refusal = Refusal("not_blocked", "黑名单中没有它。")
    done = await run("remove", "13800000001")
    assert done.exit_code == 1
    assert "黑名单中没有它。" in done.output


async def test_the_list_in_words(server: World) -> None:
    assert "Nobody is kept out" in (await run("list")).output
    until = MORNING + 3600
    server.centre.shield = Shield(
        blocks={
            "x": Block(
                number="+8613800000001",
                since=MORNING,
                until=until,
                reason="占线",
                treatment=Treatment.LAST,
                by="rule",
            )
        },
        changes=(
            BlockChange(at=MORNING, by="rule", number="+8613800000001", until=until),
            BlockChange(at=MORNING, by="001", number="+8613800000002"),
        ),
    )
    told = (await run("list", "--changes")).output
    assert "+8613800000001    until 2017-11-22 11:31  last      by rule  占线" in told
    assert "001  +8613800000002  let in again" in told
    assert '"treatment":"last"' in (await run("list", "--json")).output


async def test_without_a_server_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCENTER_DATA", str(tmp_path))
    monkeypatch.setenv("CALLCENTER_WEB_PORT", "1")
    done = await run("list")
    assert done.exit_code == 1
    assert "is script/server running?" in done.output
