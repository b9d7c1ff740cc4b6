"""`callcenter serve`: everything that must run, in one foreground process until Ctrl-C.

It renders Asterisk's configuration, starts Asterisk, runs the controller as a child process, and
starts either of them again when it dies: calls in progress outlive a controller that died.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from json import dumps
from pathlib import Path

import aiohttp

from callcenter.asterisk import process
from callcenter.asterisk.ami import Ami, AmiError
from callcenter.asterisk.exchange import exchange_of
from callcenter.asterisk.render import RenderError, render
from callcenter.clock import Clock
from callcenter.numberplan.loader import load
from callcenter.numberplan.model import Plan
from callcenter.settings import Settings

HEALTHY_SECONDS = 60.0
"""How long the controller may take to say that it is well, before we say that it does not."""
_LASTING_SECONDS = 30.0
"""A child that ran this long is started again without waiting."""
_DELAYS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
_STOP_SECONDS = 4.0
_POLL_SECONDS = 0.1
_WATCH_SECONDS = 0.5


class ServeError(Exception):
    """The server cannot start; the text says why and what to do."""


@dataclass(frozen=True)
class RunningServer:
    """What `<data>/run/server.json` tells others on this machine."""

    pid: int
    web: str
    sip_host: str
    sip_port: int
    data: str
    plan: str
    clock_offset: float


def serve(settings: Settings, at: datetime | None = None) -> int:
    """Run the call centre until SIGINT or SIGTERM; return the exit code.

    Args:
        settings: of this installation.
        at: rehearse: let the clock go on from this moment, with data apart from the real ones.
    """
    if at is not None:
        settings = settings.rehearsing(at.timestamp() - Clock().now())
    try:
        with _only_server(settings):
            _check_ports(settings)
            plan = _plan(settings)
            return asyncio.run(_Supervisor(settings, plan).run())
    except (ServeError, RenderError, process.AsteriskError) as error:
        print(f"callcenter serve: {error}", file=sys.stderr)
        return 1


@contextmanager
def _only_server(settings: Settings) -> Iterator[None]:
    """Hold the data folder: two servers on the same data would spoil it."""
    folder = settings.data / "run"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ServeError(
                f"another server is running with its data in {settings.data}: "
                "stop that one, or give this one a folder of its own with CALLCENTER_DATA"
            ) from error
        yield


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
        render(self._settings, exchange_of(self._plan))
        asterisk = await process.start(self._settings)
        state = self._settings.data / "run" / "server.json"
        _write_state(state, self._settings)
        keeping = [
            asyncio.create_task(self._keep_asterisk(asterisk)),
            asyncio.create_task(self._keep_controller()),
            asyncio.create_task(self._announce()),
            asyncio.create_task(self._keep_passwords()),
        ]
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({stopping, *keeping[:2]}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            state.unlink(missing_ok=True)
            for task in reversed(keeping):  # Asterisk last: the controller ends its calls
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            stopping.cancel()
        return 0

    async def _keep_asterisk(self, running: process.AsteriskProcess) -> None:
        delays = _Backoff()
        try:
            while True:
                code = await running.wait()
                _say(f"Asterisk ended by itself ({code}); starting it again")
                while True:
                    await asyncio.sleep(delays.next())
                    try:
                        running = await process.start(self._settings)
                        break
                    except process.AsteriskError as error:
                        _say(str(error))
        finally:
            await running.stop()

    async def _keep_controller(self) -> None:
        delays = _Backoff()
        while True:
            child = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "TERM"),
                *(str(Path(sys.executable).with_name("callcenter")), "controller"),
                env={**os.environ, **self._settings.environment()},
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us: we stop it in order
            )
            try:
                code = await child.wait()
            finally:
                await _stop(child)
            _say(f"the controller ended by itself ({code}); starting it again")
            await asyncio.sleep(delays.next())

    async def _keep_passwords(self) -> None:
        """Let Asterisk know of a softphone's new password."""
        settings = self._settings
        seen = _changed_at(settings.secrets / "seats")
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            now = _changed_at(settings.secrets / "seats")
            if now == seen:
                continue
            self._plan = load(settings.plan).plan or self._plan
            rendered = render(settings, exchange_of(self._plan))
            try:
                ami = await Ami.connect(settings)
            except AmiError as error:
                _say(f"a new password waits for Asterisk: {error}")
                continue
            try:
                for module in {*rendered.reloads, "res_pjsip"}:
                    await ami.reload(module)
                seen = now
            except AmiError as error:
                _say(f"a new password waits for Asterisk: {error}")
            finally:
                await ami.close()

    async def _announce(self) -> None:
        """Say where to go, once the controller is well."""
        try:
            await asyncio.wait_for(_until_healthy(self._settings), HEALTHY_SECONDS)
        except TimeoutError:
            _say(f"the controller is not well: see {self._settings.web_url}/healthz and above")
            return
        print(welcome(self._settings, self._plan), flush=True)


class _Backoff:
    """How long to wait before the next start: longer each time, anew after a lasting run."""

    def __init__(self) -> None:
        self._tries = 0
        self._last = asyncio.get_running_loop().time()

    def next(self) -> float:
        now = asyncio.get_running_loop().time()
        self._tries = 0 if now - self._last > _LASTING_SECONDS else self._tries + 1
        self._last = now
        return _DELAYS[min(self._tries, len(_DELAYS) - 1)]


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


def _changed_at(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _write_state(file: Path, settings: Settings) -> None:
    state = RunningServer(
        pid=os.getpid(),
        web=settings.web_url,
        sip_host=str(settings.sip_host),
        sip_port=settings.sip_port,
        data=str(settings.data),
        plan=str(settings.plan),
        clock_offset=settings.clock_offset,
    )
    new = file.with_suffix(".new")
    new.write_text(dumps(asdict(state), indent=2) + "\n", encoding="utf-8")
    new.replace(file)


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
