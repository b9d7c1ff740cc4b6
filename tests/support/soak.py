"""A server under steady traffic: its parts break by turns, and what it takes is looked at."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import aiohttp

from bench.processes import megabytes, open_files
from bench.sides import Side
from callcenter.asterisk.ari import Access, Ari
from callcenter.asterisk.secrets import USER, ari_password
from callcenter.orders.record import Outcome
from callcenter.store.orders import OrderFilter, OrderStore
from tests.support.city import until
from tests.support.faulty_way import FaultyWay
from tests.support.locking import locked
from tests.support.processes import children, lives

SHARE = 0.1
"""Of the requests that Asterisk refuses for a while."""
SLOW = 0.3
"""Seconds that every request, and every event, takes for a while."""
WHILE = 3.0
"""Seconds."""
ENOUGH = 30
"""Looks, of which a median says something."""
BACK = 40.0
"""Seconds within which a controller that is gone has been replaced."""
_LOOK = 2.0
_PAGE = 500


@dataclass(frozen=True)
class Needs:
    """What the house has open at a moment."""

    channels: int
    bridges: int
    tasks: int
    files: dict[str, int]
    """By process."""

    def no_more_than(self, before: Needs, slack: int) -> list[str]:
        """What has grown: no call is up, as before."""
        grown = [
            f"{name} has {number} files open, {before.files[name]} before"
            for name, number in self.files.items()
            if number > before.files[name] + slack
        ]
        if self.tasks > before.tasks + slack:
            grown.append(f"the controller has {self.tasks} tasks, {before.tasks} before")
        if self.channels or self.bridges:
            grown.append(f"{self.channels} channels and {self.bridges} bridges are left")
        return grown


@dataclass(frozen=True)
class Filed:
    """What an order says of its call."""

    call: str
    outcome: Outcome | None
    talked: float
    """Seconds; to the second where Asterisk's own queue had the call."""


@dataclass(frozen=True)
class Size:
    """A process's memory at a moment."""

    at: float
    pid: int
    megabytes: float


def growth(sizes: list[Size]) -> float:
    """By what share the second half of these is larger than the first; 0 for too few to tell."""
    half = len(sizes) // 2
    if half < ENOUGH:
        return 0.0
    first, second = (
        median(each.megabytes for each in part) for part in (sizes[:half], sizes[half:])
    )
    return second / first - 1.0


@dataclass
class Soak:
    """The server, and the faults that it has."""

    side: Side
    way: FaultyWay
    session: aiohttp.ClientSession
    sizes: dict[str, list[Size]] = field(default_factory=lambda: {"asterisk": [], "callcenter": []})

    @classmethod
    @asynccontextmanager
    async def of(cls, side: Side, way: FaultyWay) -> AsyncIterator[Soak]:
        """Looked at, and its operators kept ready, as long as the block lasts."""
        async with side.api() as session:
            soak = cls(side, way, session)
            looking = asyncio.create_task(soak._look())
            try:
                yield soak
            finally:
                looking.cancel()
                with suppress(asyncio.CancelledError):
                    await looking

    def __post_init__(self) -> None:
        self._supervisor = _parent(self.side.processes["controller"])

    @property
    def faults(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """Each is over when it returns."""
        return self.killed, self.cut, self.slowed, self.refused, self.locked, self.frozen

    async def killed(self) -> None:
        """The controller dies."""
        await self._replaced(signal.SIGKILL)

    async def frozen(self) -> None:
        """The controller freezes, until somebody notices."""
        await self._replaced(signal.SIGSTOP)

    async def cut(self) -> None:
        """The controller hears no more from Asterisk, until it asks again."""
        self.way.cut_events()

    async def slowed(self) -> None:
        """Whatever the two tell each other comes late."""
        with self.way.slow(SLOW):
            await asyncio.sleep(WHILE)

    async def refused(self) -> None:
        """Asterisk carries out only most of the commands."""
        with self.way.refusing(SHARE):
            await asyncio.sleep(WHILE)

    async def locked(self) -> None:
        """Nobody can write an order."""
        async with locked(self.side.settings.data / "orders.db"):
            await asyncio.sleep(WHILE)

    async def _replaced(self, by: signal.Signals) -> None:
        pid = self._processes()["callcenter"]
        os.kill(pid, by)
        await until(lambda: not lives(pid), lambda: "the controller lives on", patience=BACK)
        await until(self.is_well, lambda: "no controller takes its place", patience=BACK)

    async def is_well(self) -> bool:
        """Whether the controller says so."""
        try:
            async with self.session.get("/healthz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def needs(self) -> Needs:
        """What is open now."""
        settings = self.side.settings
        access = Access("127.0.0.1", settings.ari_port, USER, ari_password(settings))
        async with Ari(access) as ari, self.session.get("/metrics") as answer:
            lines = (await answer.text()).splitlines()
            channels, bridges = await ari.channels(), await ari.bridges()
        tasks = next(line.split()[1] for line in lines if line.startswith("callcenter_tasks "))
        files = {
            name: open_files(pid) for name, pid in self._processes().items() if name in self.sizes
        }
        return Needs(len(channels), len(bridges), int(float(tasks)), files)

    def keep(self, folder: Path) -> None:
        """Copy what tells of each call, for who has to find out."""
        data = self.side.settings.data
        for each in (data / "logs", data / "asterisk" / "log"):
            shutil.copytree(each, folder / each.parent.name / each.name)
        for file in data.glob("*.db*"):
            shutil.copy(file, folder)

    async def orders(self) -> dict[str, list[Filed]]:
        """Every caller's orders."""
        found: dict[str, list[Filed]] = {}
        store = OrderStore.of(self.side.settings, read_only=True)
        try:
            offset, total = 0, 1
            while offset < total:
                page = await store.page(OrderFilter(), limit=_PAGE, offset=offset)
                offset, total = offset + _PAGE, page.total
                for order in page.orders:
                    record = order.record
                    talked = 0.0
                    if record.answered is not None and record.ended is not None:
                        talked = record.ended - record.answered
                    caller = (record.caller or "")[-11:]
                    found.setdefault(caller, []).append(Filed(record.call, record.outcome, talked))
        finally:
            await store.close()
        return found

    def _processes(self) -> dict[str, int]:
        return children(self._supervisor)

    async def _look(self) -> None:
        """Note sizes; operators who have lost a call to a fault are ready again."""
        while True:
            now = asyncio.get_running_loop().time()
            for name, pid in self._processes().items():
                with suppress(FileNotFoundError, ProcessLookupError):
                    if name in self.sizes:
                        self.sizes[name].append(Size(now, pid, megabytes(pid)))
            with suppress(aiohttp.ClientError):  # it is being replaced
                await self._send_back_to_work()
            await asyncio.sleep(_LOOK)

    async def _send_back_to_work(self) -> None:
        async with self.session.get("/api/v1/operators") as answer:
            told = (await answer.json())["operators"] if answer.status == 200 else []
        for each in told:
            if each["state"] == "not_ready":
                path = f"/api/v1/operators/{each['number']}/ready"
                (await self.session.post(path)).release()


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
