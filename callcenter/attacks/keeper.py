"""Listens to Asterisk, has it refuse whom `bans.py` bans, and keeps that over restarts."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from callcenter.asterisk.ami import AmiError
from callcenter.asterisk.render import BANS, write_change
from callcenter.asterisk.security import sightings
from callcenter.attacks.bans import Attack, Ban, Bans, Change, Kept, Sighting, Spared, acl
from callcenter.clock import Clock
from callcenter.numberplan.model import Plan
from callcenter.settings import Settings

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 1.0
"""Between two attempts to connect."""
PAUSE_SECONDS = 0.2
"""Bans that come together are told to Asterisk together."""
LOOK_SECONDS = 30.0
"""Between two looks at what is over, and at where the trunks' names lead."""
_KEPT = TypeAdapter(Kept)


class Keeper:
    """The bans of one Asterisk."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        plan: Callable[[], Plan],
        softphones: Callable[[], frozenset[str]],
        reload: Callable[[], Awaitable[None]],
    ) -> None:
        """`softphones`: the addresses of those registered; `reload` has Asterisk read the list."""
        self._settings = settings
        self._clock = clock
        self._plan = plan
        self._softphones = softphones
        self._reload = reload
        self._file = settings.data / "bans.json"
        self._trunks: set[str] = set()
        self._bans = Bans(_read(self._file), self._is_needed)
        self._changed = asyncio.Event()
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self._listen())
            parts.create_task(self._resolve())
            parts.create_task(self._apply())

    @property
    def bans(self) -> tuple[Ban, ...]:
        """Those that hold now."""
        return self._bans.active(self._plan().protection.sip, self._clock.now())

    @property
    def changes(self) -> tuple[Change, ...]:
        """The latest, oldest first."""
        return self._bans.changes

    @property
    def attack(self) -> Attack | None:
        """What goes on, if anything."""
        return self._bans.attack(self._plan().protection.sip, self._clock.now())

    def lift(self, address: str, by: str) -> bool:
        """Let an address in again; whether it was banned."""
        lifted = self._bans.lift(address, by, self._clock.now())
        if lifted:
            log.info("sip_ban_lifted", address=address, by=by)
            self._changed.set()
        return lifted

    async def _listen(self) -> None:
        while True:
            try:
                async for seen in sightings(self._settings):
                    self._note(seen)
            except AmiError as error:
                log.warning("security_events_unreachable", error=str(error))
            await asyncio.sleep(AGAIN_SECONDS)  # between two attempts

    def _note(self, seen: tuple[Sighting, ...]) -> None:
        rule, now = self._plan().protection.sip, self._clock.now()
        for each in seen:
            match self._bans.note(each, rule, now):
                case Ban(address, until=until, why=why):
                    minutes = round((until - now) / 60)
                    log.warning("sip_address_banned", address=address, why=why, minutes=minutes)
                    self._changed.set()
                case Spared(address):
                    log.warning("sip_address_spared", address=address, why=each.sign)
                case None:
                    pass

    async def _apply(self) -> None:
        """Have Asterisk refuse who is banned, whenever that changes."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rest()):
                    await self._changed.wait()
            self._changed.clear()
            self._bans.expire(self._clock.now())
            text = "; Written by the controller.\n" + acl(self.bans)
            try:
                write_change(self._file, _KEPT.dump_json(self._bans.kept()))
                changed = write_change(self._settings.asterisk / "etc" / BANS, text.encode())
            except OSError as error:
                log.error("bans_not_written", error=str(error))
                changed = False
            if changed:
                await self._reload()
            await asyncio.sleep(PAUSE_SECONDS)  # a reload costs Asterisk something

    def _rest(self) -> float:
        """Seconds until the next ban ends, or the next look."""
        now = self._clock.now()
        end = self._bans.next_end(now)
        return LOOK_SECONDS if end is None else min(end - now, LOOK_SECONDS)

    async def _resolve(self) -> None:
        """Know where the trunks are whose host is a name."""
        loop = asyncio.get_running_loop()
        while True:
            found: set[str] = set()
            for host in {trunk.host for trunk in self._plan().trunks.values()}:
                with suppress(OSError):
                    places = await loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
                    found.update(str(place[4][0]) for place in places)
            self._trunks = found
            await asyncio.sleep(LOOK_SECONDS)  # names are not told when they change

    def _is_needed(self, address: str) -> bool:
        hosts = (trunk.host for trunk in self._plan().trunks.values())
        return address in self._trunks or address in hosts or address in self._softphones()


def _read(file: Path) -> Kept:
    try:
        return _KEPT.validate_json(file.read_bytes())
    except FileNotFoundError:
        return Kept()
    except (OSError, ValidationError) as error:
        log.error("bans_not_read", error=str(error))
        return Kept()
