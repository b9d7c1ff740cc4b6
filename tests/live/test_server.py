"""`callcenter serve`: one command starts everything, keeps it running, and ends it all."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

from callcenter.asterisk.secrets import seat_password, set_seat_password
from callcenter.realtime import PRIORITY
from callcenter.settings import PROJECT, Settings
from callcenter.simulator.phone import RegistrationError, Softphone
from tests.fakes.waiting import until
from tests.support.live import LiveServer, copy_plan, running_server
from tests.support.processes import children, lives


def state(settings: Settings) -> Path:
    return settings.data / "run" / "server.json"


def told(settings: Settings) -> dict[str, object]:
    told: dict[str, object] = json.loads(state(settings).read_text())
    return told


async def refused(settings: Settings) -> str:
    """Why a server with these settings does not start."""
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("callcenter")), "serve"),
        env={**os.environ, **settings.environment()},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    return errors.decode()


async def test_it_says_where_to_go_and_what_to_do(asterisk_server: LiveServer) -> None:
    settings = asterisk_server.settings
    await until(lambda: "Ctrl-C" in asterisk_server.printed())
    printed = asterisk_server.printed()
    assert settings.web_url in printed
    assert f"{settings.sip_host}:{settings.sip_port}" in printed
    assert "callcenter seat password seat01" in printed
    assert told(settings) == {
        "pid": asterisk_server.process.pid,
        "web": settings.web_url,
        "sip_host": str(settings.sip_host),
        "sip_port": settings.sip_port,
        "data": str(settings.data),
        "plan": str(settings.plan),
        "clock_offset": 0.0,
    }


async def test_asterisk_and_the_controller_run_in_real_time_where_that_is_allowed(
    asterisk_server: LiveServer,
) -> None:
    log = asterisk_server.settings.data / "logs" / "controller.log"
    started = next(line for line in log.read_text().splitlines() if "controller_started" in line)
    allowed: bool = json.loads(started)["real_time"]
    running = children(asterisk_server.process.pid)
    for name in ("asterisk", "callcenter"):
        assert os.sched_getparam(running[name]).sched_priority == (PRIORITY if allowed else 0)
    assert os.sched_getscheduler(asterisk_server.process.pid) == os.SCHED_OTHER


async def test_the_controller_comes_back_and_asterisk_stays(asterisk_server: LiveServer) -> None:
    before = children(asterisk_server.process.pid)
    os.kill(before["callcenter"], signal.SIGKILL)
    await until(lambda: not lives(before["callcenter"]))
    await asterisk_server.until_healthy()
    after = children(asterisk_server.process.pid)
    assert after["callcenter"] != before["callcenter"]
    assert after["asterisk"] == before["asterisk"]


async def test_asterisk_comes_back(asterisk_server: LiveServer) -> None:
    before = children(asterisk_server.process.pid)
    os.kill(before["asterisk"], signal.SIGKILL)
    await until(lambda: not lives(before["asterisk"]))
    await until(lambda: "asterisk" in children(asterisk_server.process.pid), 20)
    await asterisk_server.until_healthy()
    after = children(asterisk_server.process.pid)
    assert after["asterisk"] != before["asterisk"]
    assert after["callcenter"] == before["callcenter"]


async def test_ctrl_c_ends_everything() -> None:
    async with running_server() as server:
        below = children(server.process.pid)
        assert set(below) == {"asterisk", "callcenter"}
        async with asyncio.timeout(8):
            assert await server.stop(signal.SIGINT) == 0
        assert not [pid for pid in below.values() if lives(pid)]
        assert not state(server.settings).exists()


async def test_nothing_outlives_a_killed_server() -> None:
    async with running_server() as server:
        below = children(server.process.pid)
        await server.stop(signal.SIGKILL)
        await until(lambda: not any(lives(pid) for pid in below.values()), 20)


async def test_a_rehearsal_has_its_own_clock_and_data() -> None:
    async with running_server("--at", "2017-12-01T10:00") as server:
        settings = server.settings
        assert settings.data.name == "rehearsal"
        offset = told(settings)["clock_offset"]
        assert isinstance(offset, float)
        assert offset < -365 * 86400
        await until(lambda: "Rehearsing  2017-12-01 10:0" in server.printed())
        assert not (settings.data.parent / "journal.db").exists()


async def test_a_new_password_of_a_softphone_holds_at_once(asterisk_server: LiveServer) -> None:
    settings = asterisk_server.settings
    old = seat_password(settings, "seat01")
    phone = await Softphone.register("seat01", old, asterisk_server.sip)
    await phone.unregister()
    set_seat_password(settings, "seat01", "quite another one")
    async with asyncio.timeout(5):
        while True:
            try:
                phone = await Softphone.register("seat01", "quite another one", asterisk_server.sip)
                break
            except RegistrationError:
                continue
    await phone.unregister()


async def test_a_second_server_on_the_same_data_is_refused(asterisk_server: LiveServer) -> None:
    reason = await refused(asterisk_server.settings)
    assert "another server is running with its data in" in reason
    assert "CALLCENTER_DATA" in reason


async def test_a_port_that_is_taken_is_named(settings: Settings) -> None:
    with socket.create_server((str(settings.web_host), settings.web_port)):
        reason = await refused(settings)
    assert f"{settings.web_host}:{settings.web_port} (TCP) cannot be used" in reason
    assert "set CALLCENTER_WEB_PORT to another port" in reason


async def test_it_does_not_start_on_a_plan_with_errors(settings: Settings) -> None:
    plan = settings.data.parent / "plan"
    copy_plan(PROJECT, plan, settings)
    append(plan / "dialplan" / "queues.yaml", "\nqeues: {}\n")
    reason = await refused(settings.model_copy(update={"plan": plan}))
    assert "the plan has errors" in reason
    assert "dialplan/queues.yaml:" in reason


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
