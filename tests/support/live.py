"""A real Asterisk, or a whole server, for one test: on addresses and ports of its own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from callcenter.settings import PROJECT, Settings

START_SECONDS = 30.0
PLAN_FOLDERS = ("dialplan", "agents", "trunks", "ivr_prompts")
_HOST = re.compile(r"(?m)^host:\s*\S+")
_POLL_SECONDS = 0.02


def free_port(host: str = "127.0.0.1") -> int:
    """A port that is free for UDP and for TCP."""
    for _ in range(100):
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            tcp.bind((host, 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind((host, port))
            except OSError:
                continue
            return port
    raise OSError("no port is free for both UDP and TCP")


@contextmanager
def loopback_block() -> Iterator[str]:
    """`127.x.y.` that no other test on this machine uses meanwhile."""
    for number in range(os.getpid(), os.getpid() + 200 * 250):
        block = f"127.{16 + number // 250 % 200}.{1 + number % 250}."
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as claim:
            try:
                claim.bind((f"{block}1", 1))
            except OSError:
                continue
            yield block
            return
    raise OSError("no loopback addresses are free")


@contextmanager
def live_settings() -> Iterator[Settings]:
    """Settings with free ports and an empty data folder (with a short name: see settings.py)."""
    with tempfile.TemporaryDirectory(prefix="cc-") as folder:
        yield Settings(
            data=Path(folder) / "var",
            web_port=free_port(),
            sip_port=free_port(),
            ari_port=free_port(),
            ami_port=free_port(),
        )


def copy_plan(source: Path, to: Path, block: str) -> dict[str, str]:
    """Copy a plan's folder with each trunk at an address of `block`; the addresses by trunk."""
    for name in PLAN_FOLDERS:
        shutil.copytree(source / name, to / name)
    hosts = {}
    for number, file in enumerate(sorted((to / "trunks").glob("*.yaml")), start=2):
        hosts[file.stem] = f"{block}{number}"
        text, changes = _HOST.subn(f"host: {hosts[file.stem]}", file.read_text(encoding="utf-8"))
        assert changes == 1, f"{file} has no host of its own"
        file.write_text(text, encoding="utf-8")
    return hosts


@dataclass
class LiveServer:
    """A running `callcenter serve`, all of it."""

    settings: Settings
    trunks: dict[str, str]
    """Address by trunk: bind a caller or an `Outside` there."""
    process: asyncio.subprocess.Process
    output: Path
    """What it printed."""

    @property
    def sip(self) -> tuple[str, int]:
        """Where it takes calls."""
        return str(self.settings.sip_host), self.settings.sip_port

    def uri(self, number: str) -> str:
        """What to dial to reach `number` here."""
        return f"sip:{number}@{self.sip[0]}:{self.sip[1]}"

    async def health(self, session: aiohttp.ClientSession) -> int:
        """HTTP status of /healthz; 0 where nobody answers."""
        try:
            async with session.get(f"{self.settings.web_url}/healthz") as answer:
                return answer.status
        except aiohttp.ClientError:
            return 0

    async def until_healthy(self) -> None:
        """Wait until it takes calls; raises TimeoutError with what it printed."""
        async with aiohttp.ClientSession() as session:
            try:
                async with asyncio.timeout(START_SECONDS):
                    while await self.health(session) != 200:
                        if self.process.returncode is not None:
                            break
                        await asyncio.sleep(_POLL_SECONDS)
                    else:
                        return
            except TimeoutError:
                pass
        raise TimeoutError(f"the server did not start:\n{self.printed()}")

    def printed(self) -> str:
        """Everything it said so far."""
        return self.output.read_text(encoding="utf-8")

    async def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(by)
        return await asyncio.wait_for(self.process.wait(), 20)


@asynccontextmanager
async def running_server(
    *arguments: str, plan: Path = PROJECT, settings: Settings | None = None
) -> AsyncIterator[LiveServer]:
    """`callcenter serve ARGUMENTS` with a copy of a plan; ready to take calls."""
    with live_settings() as fresh, loopback_block() as block:
        base = settings or fresh
        copied = fresh.data.parent / "plan"
        trunks = copy_plan(plan, copied, block)
        chosen = base.model_copy(update={"plan": copied})
        output = fresh.data.parent / "output"
        with output.open("wb") as printed:
            process = await asyncio.create_subprocess_exec(
                *(str(Path(sys.executable).with_name("callcenter")), "serve", *arguments),
                env={**os.environ, **chosen.environment()},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=printed,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        server = LiveServer(chosen, trunks, process, output)
        try:
            await server.until_healthy()
            state = next(fresh.data.rglob("run/server.json"))
            data = Path(json.loads(state.read_text(encoding="utf-8"))["data"])
            server.settings = chosen.model_copy(update={"data": data})
            yield server
        finally:
            await server.stop()
