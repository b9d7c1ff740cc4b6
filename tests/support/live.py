"""A real Asterisk, or a whole server, for one test: on addresses and ports of its own."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from callcenter.settings import PROJECT, Settings

START_SECONDS = 30.0
PLAN_FOLDERS = ("dialplan", "agents", "trunks", "ivr_prompts")
_HOST = re.compile(r"(?m)^host:\s*\S+")
_POLL_SECONDS = 0.02
_BLOCKS = 5000
_FIRST_PORT = 20000
"""Below the ports that the system gives out by itself."""


@contextmanager
def live_settings() -> Iterator[Settings]:
    """Settings with an address, ports and an empty data folder that nobody else uses meanwhile.

    The address is the first of a block `127.x.y.`; `neighbour` gives the others. A socket held on
    it claims the block, and the number of the block makes the ports on 127.0.0.1.
    """
    with ExitStack() as held:
        number = held.enter_context(_claimed_block())
        folder = held.enter_context(tempfile.TemporaryDirectory(prefix="cc-"))
        address = IPv4Address(f"{_block(number)}.1")
        yield Settings(
            data=Path(folder) / "var",  # short: settings.py says why
            web_host=address,
            sip_host=address,
            ari_port=_FIRST_PORT + 2 * number,
            ami_port=_FIRST_PORT + 2 * number + 1,
        )


def neighbour(settings: Settings, last: int) -> str:
    """Another address of the same block, such as a trunk's."""
    return str(settings.sip_host + (last - 1))


def _block(number: int) -> str:
    return f"127.{16 + number // 250}.{1 + number % 250}"


@contextmanager
def _claimed_block() -> Iterator[int]:
    first = os.getpid() * 7
    for number in (each % _BLOCKS for each in range(first, first + _BLOCKS)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as claim:
            try:
                claim.bind((f"{_block(number)}.1", 1))
            except OSError:
                continue
            yield number
            return
    raise OSError("no block of loopback addresses is free")


def copy_plan(source: Path, to: Path, settings: Settings) -> dict[str, str]:
    """Copy a plan's folder with each trunk at an address of our own; the addresses by trunk."""
    for name in PLAN_FOLDERS:
        shutil.copytree(source / name, to / name)
    hosts = {}
    for number, file in enumerate(sorted((to / "trunks").glob("*.yaml")), start=2):
        hosts[file.stem] = neighbour(settings, number)
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
    *arguments: str,
    plan: Path = PROJECT,
    orders_url: str = "",
    quota_gb: float | None = None,
    rtp_timeout: int | None = None,
    before: Callable[[Settings], None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[LiveServer]:
    """`callcenter serve ARGUMENTS` with a copy of a plan; ready to take calls.

    `quota_gb` is the room for recordings, `rtp_timeout` how long a leg may be without audio, where
    it is not as usual; `before` prepares its data, `environment` is what its processes have beside
    ours.
    """
    with live_settings() as fresh:
        folder = fresh.data.parent
        settings = fresh.model_copy(
            update={"plan": folder / "plan", "orders_url": SecretStr(orders_url)}
        )
        if quota_gb is not None:
            settings = settings.model_copy(update={"recordings_quota_gb": quota_gb})
        if rtp_timeout is not None:
            settings = settings.model_copy(update={"rtp_timeout": rtp_timeout})
        trunks = copy_plan(plan, settings.plan, settings)
        own = settings.rehearsing(0.0) if "--at" in arguments else settings
        if before is not None:
            await asyncio.to_thread(before, own)
        output = folder / "output"
        with output.open("wb") as printed:
            process = await asyncio.create_subprocess_exec(
                *(str(Path(sys.executable).with_name("callcenter")), "serve", *arguments),
                env={**os.environ, **settings.environment(), **(environment or {})},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=printed,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        server = LiveServer(own, trunks, process, output)
        try:
            await server.until_healthy()
            yield server
        finally:
            await server.stop()
