"""A whole city for live tests: a real server, its operators' softphones, its citizens, the outside.

One server serves many tests; every test has callers of its own and leaves no operator signed in.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from time import time
from typing import TypeVar

import aiohttp

from callcenter.asterisk.secrets import seat_password
from callcenter.numberplan.loader import load
from callcenter.settings import PROJECT
from callcenter.simulator.agent import Call
from callcenter.simulator.audio import Pcm, read_wav
from callcenter.simulator.behaviour import AT_ONCE, Behaviour
from callcenter.simulator.citizen import Citizen
from callcenter.simulator.heard import Catalog, Heard
from callcenter.simulator.outside import Outside
from callcenter.simulator.phone import Softphone
from callcenter.staff.pins import Pins
from callcenter.staff.roles import Role
from callcenter.staff.tokens import Origin, Tokens
from callcenter.store.orders import Order, OrderFilter, OrderStore
from tests.support.live import PLAN_FOLDERS, LiveServer, running_server

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds that anything may take on a busy machine."""
QUEUES, OPERATORS = "dialplan/queues.yaml", "agents/operators.yaml"
CENTRE = "dialplan/centre.yaml"
VOICE = "signed_in"
"""What operators say all the time: who hears it is connected."""
_POLL = 0.05
_LISTEN = 0.5
_callers = count(10000000)


def new_caller() -> str:
    """A mobile number that nobody else has: it finds its order again."""
    return f"138{next(_callers):08d}"


@dataclass
class City:
    """Everything that a test does or looks at."""

    server: LiveServer
    outside: Outside
    catalog: Catalog
    orders: OrderStore
    token: str
    http: aiohttp.ClientSession
    citizens: dict[str, Citizen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._catalogs: dict[tuple[str, ...], Catalog] = {}

    # -- citizens --------------------------------------------------------------------------------

    async def call(
        self,
        number: str,
        caller: str,
        *,
        trunk: str = "telecom",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Call:
        """A citizen dials on a trunk."""
        if trunk not in self.citizens:
            self.citizens[trunk] = await Citizen.on(self.server.trunks[trunk], self.server.sip)
        return await self.citizens[trunk].dial(number, caller=caller, headers=headers)

    async def waiting_call(self, caller: str, number: str = "12345") -> Call:
        """A citizen who has heard the greeting and hears music."""
        call = await self.call(number, caller)
        assert await within(call.until_answered())
        await self.until_phase(caller, "queued")
        return call

    async def heard(self, call: Call) -> list[str]:
        """The prompts in what that telephone heard so far, in order."""
        return list((await self._listen(call)).names)

    async def until_music(self, call: Call, since: float | None = None) -> None:
        """Wait until the telephone has heard music on hold, `since` (the event loop's time)."""
        pieces = (self.server.settings.plan / "ivr_prompts").glob("music/*.wav")
        music = Catalog({}, {path.stem: read_wav(path) for path in pieces})  # quick: no prompts

        async def is_there() -> bool:
            return (await asyncio.to_thread(music.listen, call.heard(since))).music

        await until(is_there, lambda: "no music", every=_LISTEN)

    async def until_heard(self, call: Call, *prompts: str) -> None:
        """Wait until the telephone has heard these, in this order, among others."""
        names = tuple(sorted(set(prompts)))
        if names not in self._catalogs:  # only these: quick enough to listen again and again
            self._catalogs[names] = Catalog({n: (n, self.recording(n)) for n in names})
        catalog = self._catalogs[names]
        heard: list[str] = []

        async def all_of_them() -> bool:
            heard[:] = (await asyncio.to_thread(catalog.listen, call.heard())).names
            rest = iter(heard)
            return all(prompt in rest for prompt in prompts)

        await until(all_of_them, lambda: f"heard {heard}, not {prompts}", every=_LISTEN)

    async def _listen(self, call: Call) -> Heard:
        # In a thread: the telephones' own audio must not wait.
        return await asyncio.to_thread(self.catalog.listen, call.heard())

    def recording(self, prompt: str) -> Pcm:
        """A prompt's own sound, for somebody to speak."""
        return read_wav(self.server.settings.plan / "ivr_prompts" / f"{prompt}.wav")

    async def hang_up_all(self) -> None:
        """End every call of every citizen."""
        for citizen in self.citizens.values():
            await citizen.hang_up_all()

    async def target(self, number: str) -> str:
        """What the plan dials for a number that is forwarded."""
        targets = (await self.ask("GET", f"/plan/route?number={number}"))["targets"]
        assert isinstance(targets, list)
        return str(targets[0]["digits"])

    # -- operators -------------------------------------------------------------------------------

    @asynccontextmanager
    async def softphone(
        self, seat: str, behaviour: Behaviour = AT_ONCE
    ) -> AsyncIterator[Softphone]:
        """A softphone registered for a seat."""
        phone = await self.registered(seat, behaviour)
        try:
            yield phone
        finally:
            if phone.is_there:
                for call in list(phone.agent.calls):
                    if call.ending is None:
                        await call.hang_up()
                await phone.unregister()

    async def registered(self, seat: str, behaviour: Behaviour = AT_ONCE) -> Softphone:
        """A softphone registered for a seat, for whoever takes it away again."""
        password = seat_password(self.server.settings, seat)
        return await Softphone.register(seat, password, self.server.sip, behaviour=behaviour)

    @asynccontextmanager
    async def operator(
        self, number: str, seat: str, behaviour: Behaviour = AT_ONCE, voice: Pcm | None = None
    ) -> AsyncIterator[Softphone]:
        """An operator who is ready at a seat; signed out in the end. `voice` is what they say."""
        async with self.softphone(seat, behaviour) as phone:
            phone.voice = self.recording(VOICE) if voice is None else voice
            await self.ask("POST", f"/operators/{number}/sign-in", {"seat": seat})
            await until(lambda: self.tried_ready(number), lambda: "the seat is not reachable")
            try:
                yield phone
            except BaseException:
                await self.hang_up_all()
                raise
            finally:
                await until(lambda: self.tried_sign_out(number), lambda: "cannot sign out")

    async def tried_ready(self, operator: str) -> bool:
        return (await self.request("POST", f"/operators/{operator}/ready", None))[0] == 200

    async def tried_sign_out(self, operator: str) -> bool:
        return (await self.request("POST", f"/operators/{operator}/sign-out", None))[0] in (
            200,
            409,
        ) and (await self.operator_state(operator)) == "offline"

    async def operator_state(self, operator: str) -> str:
        return str((await self.ask("GET", f"/operators/{operator}"))["state"])

    async def until_operator(self, operator: str, state: str) -> None:
        async def is_so() -> bool:
            return await self.operator_state(operator) == state

        await until(is_so, lambda: f"operator {operator} is not {state}")

    async def pin(self, operator: str) -> str:
        return await asyncio.to_thread(Pins(self.server.settings.secrets).reset, operator)

    # -- the web ---------------------------------------------------------------------------------

    async def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Body:
        """One request of an administrator to the API; the answer's body. Fails unless 200."""
        status, answer = await self.request(method, path, body)
        assert status == 200, answer
        return answer

    async def request(
        self, method: str, path: str, body: Mapping[str, object] | None
    ) -> tuple[int, Body]:
        """One request of an administrator to the API; status and body of the answer."""
        async with self.http.request(
            method,
            f"{self.server.settings.web_url}/api/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
        ) as response:
            return response.status, await response.json()

    async def until_plan_is(self, folder: Path) -> None:
        """Wait until the plan in these files is in force."""
        plan = load(folder).plan
        assert plan is not None

        async def is_in_force() -> bool:
            return (await self.health())["plan"]["text"] == f"{plan.hash[:12]} in force"

        await until(is_in_force, lambda: "the plan is not in force")

    async def health(self) -> dict[str, dict[str, object]]:
        """The parts of /healthz by name."""
        async with self.http.get(f"{self.server.settings.web_url}/healthz") as answer:
            parts = (await answer.json())["parts"]
        return {part["name"]: part for part in parts}

    # -- orders ----------------------------------------------------------------------------------

    async def orders_of(self, caller: str) -> tuple[Order, ...]:
        """All orders of that caller."""
        page = await self.orders.page(OrderFilter(caller=caller[-11:]))
        return page.orders

    async def order_of(self, caller: str) -> Order:
        """The one order of that caller, once its call is over and every leg has ended."""

        async def is_filed() -> bool:
            return any(
                order.record.outcome is not None
                and all(leg.ended is not None for leg in order.record.legs)
                for order in await self.orders_of(caller)
            )

        await until(is_filed, lambda: f"no order of {caller} is finished")
        (order,) = await self.orders_of(caller)
        return order

    async def talk(self, caller: str, number: str = "12345") -> Call:
        """A citizen who has been connected to whoever is ready, and hears them."""
        call = await self.call(number, caller)
        await self.until_heard(call, VOICE)
        return call

    async def until_phase(self, caller: str, fact: str) -> None:
        """Wait until the order of that caller has a time for `queued` or `answered`."""

        async def is_so() -> bool:
            return any(getattr(o.record, fact) is not None for o in await self.orders_of(caller))

        await until(is_so, lambda: f"the call of {caller} was never {fact}")


Body = dict[str, object]


async def until(
    condition: Callable[[], bool] | Callable[[], Awaitable[bool]],
    otherwise: Callable[[], str],
    *,
    every: float = _POLL,
    patience: float = PATIENCE,
) -> None:
    """Wait for a condition; fails with `otherwise` after a while."""
    deadline = time() + patience
    while True:
        found = condition()
        if found if isinstance(found, bool) else await found:
            return
        assert time() < deadline, otherwise()
        await asyncio.sleep(every)


async def within(work: Awaitable[T]) -> T:
    """The result, or TimeoutError."""
    return await asyncio.wait_for(work, PATIENCE)


def edit(folder: Path, file: str, pattern: str, new: str) -> None:
    """Replace what matches in one of a plan's files; it must match."""
    path = folder / file
    text, changes = re.subn(pattern, new, path.read_text(encoding="utf-8"))
    assert changes, f"{pattern} is not in {file}"
    path.write_text(text, encoding="utf-8")


@asynccontextmanager
async def changed_plan(city: City, *edits: Callable[[Path], None]) -> AsyncIterator[None]:
    """Another plan for a while: its queues, operators or limits are edited."""
    folder = city.server.settings.plan
    files = (QUEUES, OPERATORS, CENTRE)
    before = {file: (folder / file).read_text(encoding="utf-8") for file in files}
    for each in edits:
        each(folder)
    await city.until_plan_is(folder)
    try:
        yield
    finally:
        for file, text in before.items():
            (folder / file).write_text(text, encoding="utf-8")
        await city.until_plan_is(folder)


@asynccontextmanager
async def running_city(
    folder: Path,
    *arguments: str,
    greeting: bool = True,
    announces: bool = True,
    quota_gb: float | None = None,
    rtp_timeout: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[City]:
    """A server with the project's plan, in a hurry: short rings and wrap-ups.

    Without `greeting` callers wait at once: for tests that are about what comes after. Unless it
    `announces` operators' numbers, caller and operator talk at once.
    """
    for name in PLAN_FOLDERS:
        shutil.copytree(PROJECT / name, folder / name)
    edit(folder, QUEUES, r"ring_seconds: \d+", "ring_seconds: 3")
    edit(folder, QUEUES, r"wrap_up_seconds: \d+", "wrap_up_seconds: 2")
    edit(folder, CENTRE, r"forward_ring_seconds: \d+", "forward_ring_seconds: 6")
    if not greeting:
        edit(folder, QUEUES, r"(?m)^ *greeting: .*\n", "")
    if not announces:
        edit(folder, QUEUES, "announce_operator: true", "announce_operator: false")
    async with (
        running_server(
            *arguments,
            plan=folder,
            quota_gb=quota_gb,
            rtp_timeout=rtp_timeout,
            environment=environment,
        ) as server,
        aiohttp.ClientSession() as http,
    ):
        outside = await Outside.listen(
            {trunk: (host, 5060) for trunk, host in server.trunks.items()}
        )
        tokens = Tokens(server.settings.secrets)
        token, _ = tokens.create(
            Role.ADMINISTRATOR, None, Origin.COMMAND, now=time(), seconds=3600.0
        )
        orders = OrderStore.of(server.settings, read_only=True)
        city = City(
            server=server,
            outside=outside,
            catalog=await asyncio.to_thread(Catalog.load, server.settings.plan / "ivr_prompts"),
            orders=orders,
            token=token,
            http=http,
        )
        try:
            yield city
        finally:
            for citizen in city.citizens.values():
                await citizen.close()
            await outside.close()
            await orders.close()
