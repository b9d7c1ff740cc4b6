"""Asterisk's own queues: who answers there, and how their callers come back to us.

They serve whom we do not have: calls that came while no controller was there, or that the dead
man's switch took, until we fetch them; and those on which the core has failed, to their end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

import structlog

from callcenter.asterisk.ami import Ami, AmiError
from callcenter.asterisk.ari import Ari, AriError, JsonObject
from callcenter.asterisk.decode import queue_leg, waits_outside
from callcenter.asterisk.render import RETURNED, members_file, write_change
from callcenter.calls.events import Event, SeatEngaged
from callcenter.calls.native import may_come_back
from callcenter.calls.state import Centre
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Plan
from callcenter.settings import Settings

log = structlog.get_logger(__name__)

SETTLE_SECONDS = 1.0
"""Operators who come and go together are told to Asterisk together."""
LOOK_SECONDS = 0.3
"""Between two looks at seats that ring or talk."""
PAUSE_SECONDS = 3.0
"""To tell Asterisk that nobody answers there."""
GRACE_SECONDS = 3.0
"""A seat rings no longer than its queue's time and this."""
_SERVING = frozenset(
    {
        OperatorStatus.READY,
        OperatorStatus.RINGING,
        OperatorStatus.CALLING,
        OperatorStatus.TALKING,
        OperatorStatus.WRAP_UP,
    }
)


class Core(Protocol):
    """What is used of the single writer (runtime.py)."""

    @property
    def centre(self) -> Centre:
        """The state of this moment."""

    @property
    def plan(self) -> Plan:
        """The plan in force."""

    def post(self, event: Event) -> None:
        """Tell a fact."""

    def changes(self) -> AsyncGenerator[None]:
        """Yields whenever the state has changed."""


class NativeQueues:
    """The plan's queues in one Asterisk."""

    def __init__(self, settings: Settings, ari: Ari, core: Core) -> None:
        self._settings = settings
        self._ari = ari
        self._core = core
        self._engaged = set(core.centre.engaged_seats)
        self._paused = False
        self._connected = False
        """Whether who is fetched finds us."""
        self._waits = asyncio.Event()
        """Somebody may have come to wait there."""
        self._strangers: set[str] = set()
        """Callers whom we have fetched without knowing them: once, as the core may fail on them."""
        self._unread = True
        """Whether Asterisk has yet to read what was written."""
        self._writing = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._returning: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Keep the members as the operators are, until cancelled."""
        try:
            await self._until_written()
            async for _ in self._core.changes():
                await asyncio.sleep(SETTLE_SECONDS)
                await self._until_written()
        finally:
            await self.close()

    async def close(self) -> None:
        """End what is under way."""
        tasks = [task for task in (self._watching, self._returning) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # -- coming back ---------------------------------------------------------------------------

    async def pause(self) -> None:
        """Have no further seat rung there, until `bring_back` is through."""
        self.stay_out()
        if self._returning is not None:
            self._returning.cancel()
            await asyncio.wait([self._returning])
        self._paused = True
        try:
            async with asyncio.timeout(PAUSE_SECONDS):
                await self._write()
        except (AmiError, OSError) as error:
            log.warning("native_queue_not_paused", error=str(error))

    def bring_back(self, channels: Sequence[JsonObject]) -> None:
        """Take the seats' state from all channels, and begin to fetch the callers who wait, and
        whoever comes to wait there later."""
        self._note(channels)
        self._connected = True
        self._returning = asyncio.create_task(self._bring_back())

    def stay_out(self) -> None:
        """Fetch nobody until `bring_back`: there is no connection to come back by."""
        self._connected = False

    def look(self) -> None:
        """Somebody may have come to wait there: the dead man's switch has one, or Stasis failed."""
        self._waits.set()

    async def _bring_back(self) -> None:
        try:
            await self._fetch_all()
        finally:
            self._paused = False
        async with asyncio.TaskGroup() as both:
            both.create_task(self._until_written())
            both.create_task(self._fetch_who_comes())

    async def _fetch_who_comes(self) -> None:
        while True:
            await self._waits.wait()
            await asyncio.sleep(LOOK_SECONDS)  # callers who come together are fetched together
            self._waits.clear()
            await self._fetch_all()

    async def _fetch_all(self) -> None:
        """Fetch every caller who waits; one whose seat is ringing only if it does not answer."""
        longest = max((q.ring_seconds for q in self._core.plan.queues.values()), default=0.0)
        fetched: set[str] = set()
        try:
            async with asyncio.timeout(longest + GRACE_SECONDS):
                while True:
                    if not await self._are_left(fetched):
                        break
                    await asyncio.sleep(LOOK_SECONDS)
        except (AmiError, TimeoutError) as error:
            log.warning("callers_not_brought_back", error=str(error) or "not in time")
            self.look()

    async def _are_left(self, fetched: set[str]) -> bool:
        """Whether there are callers to fetch still, or that cannot be told now."""
        try:
            return await self._fetch(fetched)
        except AriError as error:
            log.warning("callers_not_looked_for", error=str(error))
            return True

    async def _fetch(self, fetched: set[str]) -> bool:
        """Fetch whom no seat rings for; whether there are others to look at again."""
        channels = await self._ari.channels()
        if not self._connected:
            return True
        rung = {leg.call: leg.answered for each in channels if (leg := queue_leg(each))}
        waiting = {
            call: str(each.get("name"))
            for each in channels
            if waits_outside(each) and self._is_ours(call := str(each.get("id")))
        }
        fetched &= waiting.keys()  # who has been with us may be there again
        pending = {call: name for call, name in waiting.items() if call not in fetched}
        free = {call: name for call, name in pending.items() if call not in rung}
        if free:
            ami = await Ami.connect(self._settings)
            try:
                self._strangers |= free.keys() - self._core.centre.calls.keys()
                fetched |= free.keys()
                for name in free.values():
                    await _redirect(ami, name)
            finally:
                await ami.close()
            log.info("callers_brought_back", calls=sorted(free))
        return any(rung.get(call) is False for call in pending)

    def _is_ours(self, call: str) -> bool:
        centre = self._core.centre
        again = call in self._strangers and call not in centre.calls
        return not again and may_come_back(centre, call)

    # -- seats -----------------------------------------------------------------------------------

    def rung(self, seat: str) -> None:
        """Asterisk's own queue rings a seat: it is engaged until its leg is gone."""
        if seat not in self._engaged:
            self._engaged.add(seat)
            self._core.post(SeatEngaged(seat, True))
        self._watch()

    def _note(self, channels: Sequence[JsonObject]) -> None:
        """Tell what changed with the seats' legs."""
        found = {leg.seat for each in channels if (leg := queue_leg(each))}
        for seat in sorted(found ^ self._engaged):
            self._core.post(SeatEngaged(seat, seat in found))
        self._engaged = found
        self._watch()

    def _watch(self) -> None:
        if self._engaged and (self._watching is None or self._watching.done()):
            self._watching = asyncio.create_task(self._until_free())

    async def _until_free(self) -> None:
        while self._engaged:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                self._note(await self._ari.channels())
            except AriError as error:
                log.debug("seats_not_looked_at", error=str(error))

    # -- members ---------------------------------------------------------------------------------

    async def _until_written(self) -> None:
        said = ""
        while True:
            try:
                await self._write()
                return
            except (AmiError, OSError) as error:
                if str(error) != said:  # a disk may be full for hours
                    said = str(error)
                    log.warning("members_not_read_by_asterisk", error=said)
            await asyncio.sleep(SETTLE_SECONDS)

    async def _write(self) -> None:
        """Write who answers, and have Asterisk read it, if it changed.

        Raises AmiError and OSError.
        """
        async with self._writing:
            centre, plan = self._core.centre, self._core.plan
            for queue in plan.queues:
                text = "" if self._paused else members(centre, plan, queue)
                file = self._settings.asterisk / "etc" / members_file(queue)
                self._unread |= write_change(file, text.encode())
            if not self._unread:
                return
            ami = await Ami.connect(self._settings)
            try:
                await ami.reload("app_queue")
                self._unread = False
            finally:
                await ami.close()


def members(centre: Centre, plan: Plan, queue: str) -> str:
    """Asterisk's lines for those who answer in that queue; a busy seat's own state keeps it out.

    Who wishes for a break after the talk is not rung there: the controller may be away at its end.
    """
    serving = [
        each
        for number, each in sorted(centre.operators.items())
        if each.status in _SERVING
        and each.reason_after is None
        and each.seat in plan.seats
        and number in plan.operators
        and plan.queues[queue].is_served_by(plan.operators[number])
    ]
    return "".join(
        f"member => PJSIP/{each.seat},{plan.operators[each.number].penalties.get(queue, 0)},"
        f"{each.number},PJSIP/{each.seat}\n"
        for each in serving
    )


async def _redirect(ami: Ami, name: str) -> None:
    try:
        await ami.redirect(name, "arrival", RETURNED)
    except AmiError as error:  # hung up meanwhile
        log.info("caller_not_brought_back", channel=name, error=str(error))
