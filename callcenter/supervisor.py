"""`callcenter serve`: everything that must run, in one foreground process until Ctrl-C.

It renders Asterisk's configuration, starts Asterisk, runs the controller as a child process, and
starts either of them again when it dies: calls in progress outlive a controller that died.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import aiohttp

from callcenter.asterisk import process
from callcenter.asterisk.exchange import exchange_of
from callcenter.asterisk.render import RenderError, render
from callcenter.clock import Clock
from callcenter.instance import TakenError, alone, announced
from callcenter.numberplan.loader import load
from callcenter.numberplan.model import Plan
from callcenter.settings import Settings
from callcenter.watchdog import Watch

HEALTHY_SECONDS = 60.0
"""How long the controller may take to say that it is well, before we say that it does not."""
AGAIN_SECONDS = 0.1
"""Until a child that was well is started again."""
FAILED_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Until one is started again that was not: ever longer."""
_STOP_SECONDS = 4.0
_POLL_SECONDS = 0.1


class ServeError(Exception):
    """The server cannot start; the text says why and what to do."""


def serve(settings: Settings, at: datetime | None = None) -> int:
    """Run the call centre until SIGINT or SIGTERM; return the exit code.

    Args:
        settings: of this installation.
        at: rehearse: let the clock go on from this moment, with data apart from the real ones.
    """
    if at is not None:
        settings = settings.rehearsing(at.timestamp() - Clock().now())
    try:
        with alone(settings):
            _check_ports(settings)
            plan = _plan(settings)
            return asyncio.run(_Supervisor(settings, plan).run())
    except (ServeError, TakenError, RenderError, process.AsteriskError) as error:
        print(f"callcenter serve: {error}", file=sys.stderr)
        return 1


def _check_ports(settings: Settings) -> None:
    sip, web = str(settings.sip_host), str(settings.web_host)
    wanted = (
        ("WEB_PORT", web, settings.web_port, socket.SOCK_STREAM),
        ("SIP_PORT", sip, settings.sip_port, socket.SOCK_DGRAM),
        ("SIP_PORT", sip, settings.sip_port, socket.SOCK_STREAM),
        ("ARI_PORT", "127.0.0.1", settings.ari_port, socket.SOCK_STREAM),
        ("AMI_PORT", "127.0.0.1", settings.ami_port, socket.SOCK_STREAM),
    )
    taken = [
        f"{host}:{port} ({'UDP' if kind == socket.SOCK_DGRAM else 'TCP'}) cannot be used ({why}): "
        f"set CALLCENTER_{name} to another port, or stop the program that has it"
        for name, host, port, kind in wanted
        if (why := _cannot_listen(host, port, kind))
    ]
    if taken:
        raise ServeError("\n".join(taken))


def _cannot_listen(host: str, port: int, kind: socket.SocketKind) -> str | None:
    """Why a server cannot listen there; None if it can."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror
    return None


def _plan(settings: Settings) -> Plan:
    loaded = load(settings.plan)
    if loaded.plan is None:
        problems = "\n".join(str(problem) for problem in loaded.errors)
        raise ServeError(f"the plan has errors; correct them, then start again:\n{problems}")
    return loaded.plan


class _Supervisor:
    """One run of the server."""

    def __init__(self, settings: Settings, plan: Plan) -> None:
        self._settings = settings
        self._plan = plan
        self._stopping = asyncio.Event()

    async def run(self) -> int:
        """Start all, keep all running, stop all."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopping.set)
        now = Clock(self._settings.clock_offset).datetime()
        render(self._settings, exchange_of(self._plan, now))
        asterisk = await process.start(self._settings)
        keeping = [
            asyncio.create_task(self._keep_asterisk(asterisk)),
            asyncio.create_task(self._keep_controller()),
            asyncio.create_task(self._announce()),
        ]
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            with announced(self._settings):
                await asyncio.wait({stopping, *keeping[:2]}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in reversed(keeping):  # Asterisk last: the controller ends its calls
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            stopping.cancel()
        return 0

    async def _keep_asterisk(self, running: process.AsteriskProcess) -> None:
        try:
            while True:
                _say(f"Asterisk {await running.until_over()}; starting it again")
                await running.stop()
                delays = Backoff()
                await asyncio.sleep(delays.next(was_well=True))
                while True:
                    try:
                        running = await process.start(self._settings)
                        break
                    except process.AsteriskError as error:
                        _say(str(error))
                        await asyncio.sleep(delays.next(was_well=False))
        finally:
            await running.stop()

    async def _keep_controller(self) -> None:
        delays = Backoff()
        command = (
            *("setpriv", "--pdeathsig", "TERM"),
            *(str(Path(sys.executable).with_name("callcenter")), "controller"),
        )
        while True:
            was_well, why = await run_watched(
                command, self._settings.environment(), self._settings.data / "run" / "notify"
            )
            _say(f"the controller {why}; starting it again")
            await asyncio.sleep(delays.next(was_well=was_well))

    async def _announce(self) -> None:
        """Say where to go, once the controller is well."""
        try:
            await asyncio.wait_for(_until_healthy(self._settings), HEALTHY_SECONDS)
        except TimeoutError:
            _say(f"the controller is not well: see {self._settings.web_url}/healthz and above")
            return
        print(welcome(self._settings, self._plan), flush=True)


async def run_watched(
    command: Sequence[str], environment: Mapping[str, str], address: Path
) -> tuple[bool, str]:
    """Run a child until it ends or falls silent; whether it was well before, and what happened.

    Args:
        command: the child; it tells at NOTIFY_SOCKET how it is.
        environment: what it has beside ours.
        address: a path of ours to listen at.
    """
    with Watch.at(address) as watch:
        child = await asyncio.create_subprocess_exec(
            *command,
            env={**os.environ, **environment, **watch.environment},
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us: we stop it in order
        )
        ended = asyncio.create_task(child.wait())
        silent = asyncio.create_task(watch.until_silent())
        try:
            await asyncio.wait({ended, silent}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return watch.ready, f"ended by itself ({ended.result()})"
            silent.result()
            child.kill()  # a frozen one would not hear anything milder
            return watch.ready, "gave no sign of life"
        finally:
            silent.cancel()
            await _stop(child)
            ended.cancel()


class Backoff:
    """How long to wait before the next start: longer each time, but not after one that was well."""

    def __init__(self) -> None:
        self._failed = 0

    def next(self, *, was_well: bool) -> float:
        """Seconds until the next start."""
        if was_well:
            self._failed = 0
            return AGAIN_SECONDS
        seconds = FAILED_SECONDS[min(self._failed, len(FAILED_SECONDS) - 1)]
        self._failed += 1
        return seconds


async def _stop(child: asyncio.subprocess.Process) -> None:
    if child.returncode is not None:
        return
    child.terminate()
    try:
        await asyncio.wait_for(child.wait(), _STOP_SECONDS)
    except TimeoutError:
        child.kill()
        await child.wait()


async def _until_healthy(settings: Settings) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{settings.web_url}/healthz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass  # not listening yet
            await asyncio.sleep(_POLL_SECONDS)


def welcome(settings: Settings, plan: Plan) -> str:
    """Where to go and what to do next."""
    rehearsing = settings.clock_offset != 0
    data = settings.data.parent if rehearsing else settings.data
    own = f"CALLCENTER_DATA={data} " if data != Settings.model_fields["data"].default else ""
    flag = " --rehearsal" if rehearsing else ""
    command = f"{own}.venv/bin/callcenter"
    seat, operator = next(iter(plan.seats)), next(iter(plan.operators))
    codes = plan.feature_codes
    lines = ["The call centre is running."]
    if rehearsing:
        now = Clock(settings.clock_offset).datetime()
        lines.append(f"  Rehearsing  {now:%Y-%m-%d %H:%M}, Asia/Shanghai; data in {settings.data}")
    lines += [
        f"  Wallboard   {settings.web_url}/",
        f"  Answer      register a softphone at {settings.sip_host}:{settings.sip_port} as {seat};",
        f"              its password: {command} seat password {seat}{flag}",
        f"              dial {codes.sign_in}{operator} and the PIN, then {codes.ready} for ready;",
        f"              a PIN: {command} pin reset {operator}{flag}",
        f"  Call        {own}script/call 12345 --from 051987200000 --for 30",
        f"  Logs        {settings.data}/logs and {settings.asterisk}/log",
        "  Stop        Ctrl-C",
    ]
    return "\n".join(lines)


def _say(text: str) -> None:
    print(f"callcenter serve: {text}", file=sys.stderr, flush=True)
