"""Controllers that die: the real runtime on a real journal, in a world that outlives them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from callcenter.analytics.record import StateChange
from callcenter.calls.codec import encode_centre
from callcenter.calls.commands import Command
from callcenter.calls.events import Event
from callcenter.calls.state import Centre
from callcenter.clock import Clock
from callcenter.numberplan.model import Plan
from callcenter.recovery import restore
from callcenter.runtime import Runtime
from callcenter.store.journal import Entry, Journal, Snapshot
from tests.crashes.world import World

T = TypeVar("T")


@dataclass(frozen=True)
class Death:
    """What a controller that is killed at one point leaves behind."""

    point: str
    """After which commit or command of its life it died."""
    journal: bytes
    world: World


class CopiedJournal(Journal):
    """A real journal that knows what of it a kill would leave, and tells of each commit.

    It works on the loop's own thread: nobody waits here for whom that would matter.
    """

    def __init__(self, path: Path, committed: Callable[[list[Entry]], None]) -> None:
        super().__init__(path)
        self._committed = committed

    async def _do(self, work: Callable[[], T]) -> T:
        return work()

    async def _do_aside(self, work: Callable[[], T]) -> T:
        return work()

    def _commit(self, entries: list[Entry], snapshot: Snapshot | None) -> None:
        super()._commit(entries, snapshot)
        self._committed(entries)

    def copy(self) -> bytes:
        """The whole file."""
        return self._db.serialize()


class Life:
    """One controller at work, from its start to wherever the test leaves it.

    Where it could have been killed, what it would have left is noted in `deaths`.
    """

    def __init__(self, world: World, journal: Path, left: bytes = b"", notes: int = 0) -> None:
        """`left` is what an earlier controller has left of its journal.

        `notes`: how many of its possible deaths are noted, the first ones.
        """
        self.world = world
        self.deaths: list[Death] = []
        self.sent: Callable[[Command], None] = lambda _: None
        """Hears of every command once it is carried out."""
        if left:
            journal.write_bytes(left)
        self._journal = CopiedJournal(journal, self._committed)
        self._left = left
        """What a kill would leave of the journal."""
        self._notes = notes
        self._commits = 0
        self._commands = 0

    @property
    def centre(self) -> Centre:
        """What the controller knows."""
        return self._runtime.centre

    @property
    def rejected(self) -> int:
        """Events on which the core raised."""
        return self._runtime.rejected

    @asynccontextmanager
    async def lived(self, plan: Plan) -> AsyncIterator[Life]:
        """Start from what the journal has; end as by a kill, without a farewell."""
        await self._journal.open()
        restored = await restore(self._journal, plan)
        clock = Clock(machine=self._time, steady=self._time)
        self._runtime = Runtime(restored, plan, self._journal, self, clock)
        self._runtime.use_plan(plan)
        try:
            async with asyncio.TaskGroup() as tasks:  # should it fail, nobody waits for it
                running = tasks.create_task(self._runtime.run())
                try:
                    yield self
                finally:
                    running.cancel()
        finally:
            await self._journal.close()

    def _time(self) -> float:
        return self.world.now

    # -- what it does -------------------------------------------------------------------------

    def send(self, commands: tuple[Command, ...]) -> None:
        """Everything is carried out at once, in order."""
        for command in commands:
            self.world.carries_out(command)
            self._commands += 1
            self._note(f"command {self._commands}, {type(command).__name__}")
            self.sent(command)

    def _committed(self, entries: list[Entry]) -> None:
        self._commits += 1
        if self._notes:
            self._left = self._journal.copy()
        kinds = " ".join(entry.kind for entry in entries)
        self._note(f"commit {self._commits}, {kinds}")

    def _note(self, point: str) -> None:
        if self._notes:
            self._notes -= 1
            self.deaths.append(Death(point, self._left, self.world.copy()))

    # -- what happens to it -------------------------------------------------------------------

    async def hears(self, *events: Event) -> None:
        """These are told one by one, and everything that comes of them."""
        for event in events:
            self._runtime.post(event)
            await self._runtime.turned()
        while self.world.switch.told:
            self._runtime.post(self.world.switch.told.pop(0))
            await self._runtime.turned()

    async def time_passes(self, seconds: float) -> None:
        """Every deadline on the way, ours and the exchange's, is met."""
        until = self.world.now + seconds
        while True:
            ours = self.centre.deadline()
            due = min(until if ours is None else ours, self.world.rings_until())
            if due >= until:
                break
            self.world.time_comes(max(self.world.now, due))
            await self._runtime.turned()
            await self.hears()
        self.world.time_comes(until)
        await self._runtime.turned()
        await self.hears()

    async def finds_what_is_left(self, *, lines_first: bool) -> None:
        """What a controller hears at its start; of Asterisk's own lines earlier or later."""
        switch = self.world.switch
        switch.heard = True
        await self._runtime.turned()  # what is overdue
        if lines_first:
            await self.hears()
        await self.hears(switch.reconciled())
        for leg in list(switch.legs.values()):
            if leg.outside and leg.dialled == "12345":
                switch.comes_back(leg.name, self.world.now)
        await self.hears()

    async def orders(self) -> dict[str, list[tuple[str, str | None]]]:
        """By call: number and outcome of every record that was made of it."""
        found: dict[str, list[tuple[str, str | None]]] = {}
        for _, record in await self._journal.orders_after(0, 10_000):
            found.setdefault(record.call, []).append((record.number, record.outcome))
        return found

    async def made(self) -> dict[str, list[str | None]]:
        """By call that an operator made: the outcome of every record of it."""
        found: dict[str, list[str | None]] = {}
        for _, record in await self._journal.outbound_after(0, 10_000):
            found.setdefault(record.call, []).append(record.outcome)
        return found

    async def changes(self) -> list[StateChange]:
        """What the journal says that operators did."""
        return [change for _, change in await self._journal.states_after(0, 10_000)]

    async def replays(self, plan: Plan) -> bool:
        """Whether the journal gives the state that is there."""
        again = await restore(self._journal, plan)
        return encode_centre(again.centre) == encode_centre(self.centre)
