"""`script/call` and `script/outside` as a newcomer types them, against a telephone on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from callcenter.simulator.agent import UserAgent
from callcenter.simulator.audio import read_wav, voice_of, write_wav
from callcenter.simulator.behaviour import AT_ONCE, BUSY
from callcenter.simulator.citizen import Citizen
from callcenter.simulator.cli import call, outside

from .conftest import FAST, MakeAgent

SCRIPTS = Path(__file__).parents[2] / "script"
GREETING = voice_of("greeting", 1.0)


class Installation:
    """A data folder and a plan that lead to a telephone of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processes: list[asyncio.subprocess.Process] = []
        for part in ("run", "plan/trunks", "plan/ivr_prompts"):
            (folder / part).mkdir(parents=True)
        (folder / "plan/trunks/telecom.yaml").write_text("host: 127.0.0.1\nport: 1\n")
        (folder / "plan/ivr_prompts/catalog.yaml").write_text(
            "prompts: {greeting: {text: 您好}}", "utf-8"
        )
        write_wav(folder / "plan/ivr_prompts/greeting.wav", GREETING)

    def serve(self, agent: UserAgent) -> None:
        host, port = agent.place
        state = {
            "pid": os.getpid(),
            "sip_host": host,
            "sip_port": port,
            "plan": str(self.folder / "plan"),
        }
        (self.folder / "run/server.json").write_text(json.dumps(state))

    async def start(self, command: str, *arguments: str) -> asyncio.subprocess.Process:
        program = f"import typer; from callcenter.simulator.cli import {command} as c; typer.run(c)"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            program,
            *arguments,
            env={**os.environ, "CALLCENTER_DATA": str(self.folder), "PYTHONUNBUFFERED": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self._processes.append(process)
        return process

    async def close(self) -> None:
        for process in self._processes:
            if process.returncode is None:
                process.kill()
                await process.wait()


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    made = Installation(tmp_path)
    yield made
    await made.close()


async def test_a_call_is_made_and_told_as_json(
    installation: Installation, agent: MakeAgent, tmp_path: Path
) -> None:
    exchange = await agent(lambda c: AT_ONCE.take(c, GREETING))
    installation.serve(exchange)
    write_wav(tmp_path / "say.wav", voice_of("citizen", 0.5))
    process = await installation.start(
        "call",
        *("12345", "--from", "051987200000", "--for", "1.5", "--json", "--press", "1"),
        *("--header", "Diversion: <sip:12319@x>", "--header", "Privacy: id"),
        *("--say", str(tmp_path / "say.wav"), "--record", str(tmp_path / "heard.wav")),
    )
    output, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (0, "")
    told = json.loads(output)
    assert (told["number"], told["from"], told["answered"]) == ("12345", "051987200000", True)
    assert (told["hung_up_by"], told["sip_code"], told["music"]) == ("caller", 200, False)
    assert (told["heard"][0]["prompt"], told["heard"][0]["text"]) == ("greeting", "您好")
    there = exchange.calls[0]
    assert there.invite.get("Diversion") == "<sip:12319@x>"
    assert there.media.digits == "1"
    assert there.heard().any()
    assert len(read_wav(tmp_path / "heard.wav")) > 8000


async def test_a_refused_call_is_told_in_words_and_is_no_failure(
    installation: Installation, agent: MakeAgent
) -> None:
    installation.serve(await agent(BUSY.take))
    process = await installation.start("call", "12345")
    output, _ = await process.communicate()
    assert process.returncode == 0
    assert output.decode().strip().endswith("not answered: 486 Busy Here")


async def test_ctrl_c_hangs_up_politely(installation: Installation, agent: MakeAgent) -> None:
    exchange = await agent(AT_ONCE.take)
    installation.serve(exchange)
    process = await installation.start("call", "12345", "--for", "60")
    assert process.stdout is not None
    while b"answered" not in await process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    output, _ = await process.communicate()
    assert process.returncode == 0
    assert "we hung up" in output.decode()
    assert exchange.calls[0].ending is not None


async def test_the_outside_answers_on_the_trunks_until_ctrl_c(
    installation: Installation, agent: MakeAgent, unused_udp_port: int
) -> None:
    installation.serve(await agent())
    trunk = installation.folder / "plan/trunks/telecom.yaml"
    trunk.write_text(f"host: 127.0.0.1\nport: {unused_udp_port}\n")
    process = await installation.start("outside", "--busy", "12319")
    assert process.stdout is not None
    while b"Ctrl-C" not in await process.stdout.readline():
        pass
    citizen = await Citizen.on("127.0.0.1", ("127.0.0.1", unused_udp_port), timers=FAST)
    busy = await citizen.dial("12319", caller="1")
    assert (await busy.until_ended()).status == 486
    taken = await citizen.dial("12318", caller="1")
    assert await taken.until_answered()
    await taken.hang_up()
    await citizen.close()
    while b"ended after" not in await process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["12345"], "no server is running"),
        (["12345", "--header", "Diversion"], "write it as 'Name: value'"),
        (["12345", "--header", "A: b\r\nC: d"], "write it as 'Name: value'"),
        (["12345", "--press", "1x"], "X is on no keypad"),
        (["12345", "--say", "nowhere.wav"], "nowhere.wav: cannot be read"),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_called_is_refused_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.setenv("CALLCENTER_DATA", str(tmp_path))
    app = typer.Typer()
    app.command()(call)
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_an_unknown_trunk_is_refused_with_those_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Installation(tmp_path)
    state = {
        "pid": os.getpid(),
        "sip_host": "127.0.0.1",
        "sip_port": 1,
        "plan": str(tmp_path / "plan"),
    }
    (made.folder / "run/server.json").write_text(json.dumps(state))
    monkeypatch.setenv("CALLCENTER_DATA", str(tmp_path))
    app = typer.Typer()
    app.command()(call)
    result = CliRunner().invoke(app, ["12345", "--trunk", "mobile"])
    assert (result.exit_code, "no such trunk, only telecom" in result.stderr) == (2, True)


@pytest.mark.parametrize("entry", ["12319", "12319=x", "=5", "12319=-1"])
def test_a_wrong_behaviour_of_the_outside_is_refused(entry: str) -> None:
    app = typer.Typer()
    app.command()(outside)
    result = CliRunner().invoke(app, ["--hang-up-after", entry])
    assert (result.exit_code, "NUMBER=SECONDS" in result.stderr) == (2, True)


@pytest.mark.parametrize("name", ["call", "outside"])
def test_the_scripts_need_a_set_up_and_pass_everything_on(tmp_path: Path, name: str) -> None:
    (tmp_path / "script").mkdir()
    script = tmp_path / "script" / name
    script.write_bytes((SCRIPTS / name).read_bytes())
    script.chmod(0o755)
    bare = subprocess.run([script, "12345"], capture_output=True, text=True, check=False)
    assert (bare.returncode, "run script/server" in bare.stderr) == (2, True)

    program = tmp_path / ".venv/bin/callcenter"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    program.chmod(0o755)
    passed = subprocess.run([script, "a b", "c"], capture_output=True, text=True, check=True)
    assert passed.stdout == f"{name}|a b|c|"
