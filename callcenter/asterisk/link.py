"""The connection to Asterisk: keeps the websocket up, and after each connect compares notes.

Nothing replays what was missed while the websocket was down. So on every connect events are held
back until Asterisk has told which legs it has now; the core gets that first, then what was held.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Protocol

import structlog

from callcenter.asterisk.ari import Ari, AriError, JsonObject
from callcenter.asterisk.decode import (
    IGNORED,
    Decoder,
    answered_leg,
    caller_here,
    caller_outside,
    feature_call,
    our_bridge,
    our_leg,
)
from callcenter.calls.events import Event, FeatureDialled, SwitchReconciled
from callcenter.orders.outbound import OrderReference

log = structlog.get_logger(__name__)

RETRY_SECONDS = 0.5

PinCheck = Callable[[str, str, str], Awaitable[bool]]
"""Feature code as dialled, PIN, seat → whether that is a sign-in by somebody who knows the PIN."""


OrderSearch = Callable[[str], Awaitable[OrderReference | None]]
"""Feature code as dialled → the order that it names."""


class ReplacedError(Exception):
    """Another controller took over our ARI app: this one must end."""


class NativeQueues(Protocol):
    """Asterisk's own queues (native_queue.py): what was waiting there comes back on connect."""

    async def pause(self) -> None:
        """Have no further seat rung there for now."""

    def bring_back(self, channels: Sequence[JsonObject]) -> None:
        """Begin to fetch the callers who wait, then have seats rung there again."""

    def stay_out(self) -> None:
        """Fetch nobody for now: there is no connection to come back by."""


class AsteriskLink:
    """Feeds Asterisk's events to the core, through `tell`."""

    def __init__(
        self,
        ari: Ari,
        tell: Callable[[Event], None],
        pin_is_right: PinCheck,
        queues: NativeQueues,
        ahead: Callable[[], float] = lambda: 0.0,
        *,
        find_order: OrderSearch | None = None,
    ) -> None:
        self.connected = False
        """Whether events come in and the core's picture was compared with Asterisk's."""
        self._ari = ari
        self._tell = tell
        self._pin_is_right = pin_is_right
        self._find_order = find_order
        self._queues = queues
        self._decoder = Decoder(ahead)
        self._held: list[JsonObject] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Stay connected until cancelled.

        Raises:
            ReplacedError: Asterisk says that another controller has taken over.
        """
        comparing: asyncio.Task[None] | None = None
        while True:
            try:
                async for event in self._ari.events():
                    if not event:
                        self._held = []
                        comparing = self._start(self._compare())
                    elif event.get("type") == "ApplicationReplaced":
                        raise ReplacedError("another controller has taken over")
                    elif self._held is not None:
                        self._held.append(event)
                    else:
                        self._take(event)
                log.warning("asterisk_websocket_closed")
            except AriError as error:
                log.warning("asterisk_unreachable", error=str(error))
            finally:
                if comparing is not None:
                    comparing.cancel()  # of what happens from now on it would know nothing
                self.connected = False
                self._queues.stay_out()
            await asyncio.sleep(RETRY_SECONDS)  # between two attempts, not to order anything

    async def _compare(self) -> None:
        """Tell the core which legs there are, then let go what was held back."""
        while True:
            try:
                await self._ari.ignore_events(*IGNORED)
                run = await self._ari.run()
                await self._queues.pause()
                channels = await self._ari.channels()
                bridges = tuple(each for each in await self._ari.bridges() if our_bridge(each))
                break
            except AriError as error:
                log.warning("asterisk_not_compared", error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
        held, self._held = self._held or [], None
        legs = [leg for channel in channels if (leg := our_leg(channel)) is not None]
        started = {_channel_id(event) for event in held if event.get("type") == "StasisStart"}
        arriving = tuple(leg for leg in legs if leg in started)
        outside = tuple(call for channel in channels if (call := caller_outside(channel)))
        self._queues.bring_back(channels)
        answered = tuple(leg for channel in channels if (leg := answered_leg(channel)) is not None)
        here = {leg: each for each in channels if (leg := caller_here(each)) is not None}
        up = tuple(leg for leg, channel in here.items() if channel.get("state") == "Up")
        self._tell(
            SwitchReconciled(
                tuple(legs), arriving, outside, answered, tuple(here), bridges, run, up
            )
        )
        for event in held:
            self._take(event)
        self.connected = True
        log.info("asterisk_connected", legs=len(legs), held=len(held), outside=len(outside))

    def _take(self, event: JsonObject) -> None:
        called = feature_call(event)
        if called is not None:
            self._start(self._feature(*called))
            return
        fact = self._decoder.decode(event)
        if fact is not None:
            self._tell(fact)

    async def _feature(self, leg: str, seat: str, code: str, pin: str) -> None:
        """Check the PIN here: it goes no further. An order that is named is looked up."""
        try:
            pin_ok = bool(pin) and await self._pin_is_right(code, pin, seat)
        except (OSError, ValueError) as error:
            log.error("pin_not_checked", code=code, error=str(error))
            pin_ok = False
        order = None if self._find_order is None else await self._find_order(code)
        self._tell(FeatureDialled(leg, seat, code, pin_ok, order))

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("asterisk_link_task_failed", error=repr(error))


def _channel_id(event: JsonObject) -> str:
    channel = event.get("channel")
    found = channel.get("id") if isinstance(channel, dict) else None
    return found if isinstance(found, str) else ""
