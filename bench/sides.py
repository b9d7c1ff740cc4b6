"""The two sides: Asterisk's app_queue alone, and this controller on the same Asterisk.

Each is started with data, addresses and ports of its own, with the same trunk, seats and modules.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import time

import aiohttp

from bench.packets import Place
from bench.plan import (
    CROWD,
    CROWD_NUMBER,
    CROWD_TRUNK,
    QUEUE,
    TRUNK,
    operators,
    write_plan,
)
from callcenter.asterisk import process
from callcenter.asterisk.ami import Ami, AmiError
from callcenter.asterisk.exchange import Exchange
from callcenter.asterisk.render import render
from callcenter.asterisk.secrets import seat_password
from callcenter.numberplan.loader import load
from callcenter.numberplan.model import Plan
from callcenter.settings import Settings
from callcenter.staff.roles import Role
from callcenter.staff.tokens import Origin, Tokens
from tests.support.live import copy_plan, live_settings, neighbour, running_server
from tests.support.processes import children

READY_SECONDS = 30.0
_POLL_SECONDS = 0.1
_SESSION_SECONDS = 7200.0
_NO_AUDIO_SECONDS = 3600
"""sipp's callers say nothing."""
_LAST_AUDIO_PORT = 19999
"""Each leg needs two."""
_SEATS = 200
"""The last number of the seats' address; the trunks' begin at 2."""

NATIVE, OURS = "app_queue", "callcenter"


class SideError(Exception):
    """A side does not get ready for calls; the text says which and why."""


@dataclass(frozen=True)
class Side:
    """A running side."""

    name: str
    settings: Settings
    plan: Plan
    carrier: str
    """The callers' address."""
    crowd: str
    """The address of those who wait in a queue that nobody serves."""
    processes: Mapping[str, int] = field(default_factory=dict)
    """Process ids by name."""

    @property
    def server(self) -> Place:
        """Where it takes calls."""
        return str(self.settings.sip_host), self.settings.sip_port

    @property
    def seats(self) -> str:
        """The seats' address."""
        return neighbour(self.settings, _SEATS)

    @property
    def passwords(self) -> dict[str, str]:
        """The softphones' passwords by seat."""
        return {seat: seat_password(self.settings, seat) for seat in self.plan.seats}

    async def get_ready(self, order: Sequence[str] = ()) -> None:
        """Once the seats are registered: wait until every one of them can be given a call.

        `order`: the seats in the order in which their operators sign in; as in the plan, if empty.
        Raises SideError if that takes too long.
        """
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._until_reachable()
                if self.name == OURS:
                    await self._sign_in(order or tuple(self.plan.seats))
        except (TimeoutError, AmiError, aiohttp.ClientError) as error:
            raise SideError(f"{self.name}: the seats do not get ready: {error!r}") from error

    async def _until_reachable(self) -> None:
        ami = await Ami.connect(self.settings)
        try:
            while True:
                if len(await ami.contacts()) == len(self.plan.seats):
                    return
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            await ami.close()

    @asynccontextmanager
    async def api(self) -> AsyncIterator[aiohttp.ClientSession]:
        """An administrator's session with ours; its paths begin with /api/v1."""
        tokens = Tokens(self.settings.secrets)
        token, _ = tokens.create(
            Role.ADMINISTRATOR, None, Origin.COMMAND, now=time(), seconds=_SESSION_SECONDS
        )
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(self.settings.web_url, headers=headers) as session:
            yield session

    async def _sign_in(self, order: Sequence[str]) -> None:
        at = dict(zip(self.plan.seats, operators(len(self.plan.seats)), strict=True))
        async with self.api() as session:
            for operator, seat in ((at[seat], seat) for seat in order):
                path = f"/api/v1/operators/{operator}"
                async with session.post(f"{path}/sign-in", json={"seat": seat}) as answer:
                    answer.raise_for_status()
                while True:  # until the controller has heard of the seat's telephone
                    async with session.post(f"{path}/ready") as answer:
                        if answer.status == 200:
                            break
                    await asyncio.sleep(_POLL_SECONDS)


Starter = Callable[[Path, int], AbstractAsyncContextManager[Side]]


@dataclass(frozen=True)
class Rules:
    """How a side's queue works, where it is not as in a comparison of speed."""

    wrap_up: int = 0
    """Seconds."""
    answer_first: bool = False
    """app_queue: answer every caller on arrival."""
    pause_who_declines: bool = False
    """app_queue: as the controller does always."""


AS_FAST_AS_CAN_BE = Rules()


@asynccontextmanager
async def native(folder: Path, seats: int, rules: Rules = AS_FAST_AS_CAN_BE) -> AsyncIterator[Side]:
    """Asterisk with app_queue and MixMonitor, without a controller."""
    write_plan(folder / "source", seats)
    with live_settings() as fresh:
        settings = fresh.model_copy(
            update={
                "plan": folder / "plan",
                "rtp_timeout": _NO_AUDIO_SECONDS,
                "rtp_last": _LAST_AUDIO_PORT,
            }
        )
        carriers = copy_plan(folder / "source", settings.plan, settings)
        plan = _load(settings)
        render(settings, Exchange(tuple(plan.trunks.values()), tuple(plan.seats)))
        etc = settings.asterisk / "etc"
        first = "same => n,Answer(,i)\n " if rules.answer_first else ""
        crowd = _CROWD.format(trunk=CROWD_TRUNK, number=CROWD_NUMBER, queue=CROWD)
        dialplan = _EXTENSIONS.format(trunk=TRUNK, queue=QUEUE, first=first) + crowd
        (etc / "extensions.conf").write_text(dialplan)
        members = "".join(f"member => PJSIP/{seat}\n" for seat in plan.seats)
        pause = "yes" if rules.pause_who_declines else "no"
        queues = _QUEUES.format(queue=QUEUE, members=members, wrap_up=rules.wrap_up, pause=pause)
        queues += f"\n[{CROWD}]\nmusicclass = default\njoinempty = yes\n"
        (etc / "queues.conf").write_text(queues)
        asterisk = await process.start(settings)
        try:
            pids = {"Asterisk": asterisk.pid}
            yield Side(NATIVE, settings, plan, carriers[TRUNK], carriers[CROWD_TRUNK], pids)
        finally:
            await asterisk.stop()


@asynccontextmanager
async def ours(folder: Path, seats: int, rules: Rules = AS_FAST_AS_CAN_BE) -> AsyncIterator[Side]:
    """The whole server: Asterisk and the controller with journal, orders and recording."""
    write_plan(folder / "source", seats, wrap_up=rules.wrap_up)
    plan = folder / "source"
    ports = {"CALLCENTER_RTP_LAST": str(_LAST_AUDIO_PORT)}
    async with running_server(
        plan=plan, rtp_timeout=_NO_AUDIO_SECONDS, environment=ports
    ) as server:
        running = children(server.process.pid)
        yield Side(
            OURS,
            server.settings,
            _load(server.settings),
            server.trunks[TRUNK],
            server.trunks[CROWD_TRUNK],
            {"Asterisk": running["asterisk"], "controller": running["callcenter"]},
        )


def _load(settings: Settings) -> Plan:
    loaded = load(settings.plan)
    if loaded.plan is None:
        raise SideError("\n".join(str(problem) for problem in loaded.errors))
    return loaded.plan


# Recording as ours does it; the caller hears ringing and is answered when the seat is; an idle seat
# is called at once, several callers at the same time.
_EXTENSIONS = """\
[from-trunk-{trunk}]
exten => _X!,1,MixMonitor(${{UNIQUEID}}.wav)
 {first}same => n,Queue({queue},r)
 same => n,Hangup()

[from-seat]
exten => _X!,1,Hangup()
"""
_CROWD = """
[from-trunk-{trunk}]
exten => {number},1,MixMonitor(${{UNIQUEID}}.wav)
 same => n,Answer(,i)
 same => n,Queue({queue})
 same => n,Hangup()
"""
_QUEUES = """\
[general]
autofill = yes
shared_lastcall = no

[{queue}]
strategy = leastrecent
ringinuse = no
timeout = 20
retry = 1
wrapuptime = {wrap_up}
autopause = {pause}
autopausebusy = {pause}
joinempty = yes
{members}"""
