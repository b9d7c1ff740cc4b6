"""AMI, for what ARI lacks: which softphones are there, Asterisk's own queues, and reloads.

panoramisk is used for one connection only, then thrown away: it would send pending actions again
after a reconnect, let a line break in a value inject a second action, wait for ever for some
answers, and not notice a peer that went silent. All four are taken care of here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol

from callcenter.asterisk.secrets import USER, ami_password
from callcenter.settings import Settings

_ANSWER_SECONDS = 5.0
_PING_SECONDS = 5.0
_NEVER = 1_000_000
"""Seconds; keeps panoramisk's own pings quiet."""
_TRUNK = "trunk-"
_ADDRESS = re.compile(r"sips?:(?:[^@]*@)?([0-9.]+)(?:[:;>]|$)")
_THERE = {"Created": True, "Reachable": True, "Removed": False, "Unreachable": False}
"""Contact states that change something. A new contact counts until it fails to answer."""


class AmiError(Exception):
    """Asterisk refused an action, did not answer it, or the connection is lost."""


@dataclass(frozen=True, slots=True)
class SeatContact:
    """Whether a seat's softphone can be rung."""

    seat: str
    reachable: bool


@dataclass(frozen=True, slots=True)
class SeatRung:
    """Asterisk's own queue rings a seat."""

    seat: str


@dataclass(frozen=True, slots=True)
class CallerWaits:
    """A caller has come to wait in Asterisk's own queue."""

    call: str


Change = SeatContact | SeatRung | CallerWaits


class Message(Protocol):
    """What we use of panoramisk's messages."""

    success: bool

    def get(self, key: str, default: str) -> str:
        """A header's value, or what is given where there is none."""

    def items(self) -> Iterable[tuple[str, str | list[str]]]:
        """All headers; the values of one that came several times are a list."""

    def __setitem__(self, key: str, value: str) -> None: ...


class OnceEach(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """A header that comes twice in a message is a list to panoramisk, which then fails on it."""

    def handle_message(self, message: Message) -> None:
        """Take a message, each of its headers once."""
        for name, value in list(message.items()):
            if isinstance(value, list):
                message[name] = value[0]
        super().handle_message(message)


class Contacts:
    """Which seats have a softphone. A seat may briefly have two: the new one and the old."""

    def __init__(self) -> None:
        self._uris: dict[str, set[str]] = {}

    def replace(self, listed: Iterable[tuple[str, str]]) -> None:
        """Start again from a list of seats and contacts that can be reached."""
        self._uris = {}
        for seat, uri in listed:
            self._uris.setdefault(seat, set()).add(uri)

    def note(self, seat: str, uri: str, there: bool) -> SeatContact | None:
        """One contact came or went; what it means for the seat, if anything."""
        uris = self._uris.setdefault(seat, set())
        before = bool(uris)
        if there:
            uris.add(uri)
        else:
            uris.discard(uri)
        return None if bool(uris) == before else SeatContact(seat, bool(uris))

    def at(self, seat: str) -> frozenset[str]:
        """Where softphones of a seat can be reached."""
        return frozenset(self._uris.get(seat, ()))

    @property
    def seats(self) -> frozenset[str]:
        """Seats that can be rung."""
        return frozenset(seat for seat, uris in self._uris.items() if uris)

    @property
    def addresses(self) -> frozenset[str]:
        """Where they are; Asterisk puts the address that a softphone registered from into these."""
        found = (_ADDRESS.match(uri) for uris in self._uris.values() for uri in uris)
        return frozenset(each[1] for each in found if each is not None)


def listed(messages: Iterable[Message]) -> Iterator[tuple[str, str]]:
    """Seats and contacts that can be reached, from Asterisk's list of contacts."""
    for message in messages:
        if message.get("Event", "") != "ContactList":
            continue
        seat, there = message.get("Endpoint", ""), message.get("Status", "")
        if there not in ("Unreachable", "Removed") and not seat.startswith(_TRUNK):
            yield seat, message.get("Uri", "")


class Ami:
    """One connection. When it is lost, make another one: nothing is sent twice."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager
        self._contacts = Contacts()
        self._listed = False
        self._changes: asyncio.Queue[Change] = asyncio.Queue()
        self._lost = asyncio.Event()
        self._pinging: asyncio.Task[None] | None = None
        manager.register_event("ContactStatus", self._contact_changed)
        manager.register_event("AgentCalled", self._seat_rung)
        manager.register_event("QueueCallerJoin", self._caller_waits)

    @classmethod
    async def connect(cls, settings: Settings) -> Ami:
        """Connect and log in. Raises AmiError."""
        manager = Manager(
            host="127.0.0.1",
            port=settings.ami_port,
            loop=asyncio.get_running_loop(),
            protocol_factory=OnceEach,
            ping_delay=_NEVER,
            ping_interval=_NEVER,
        )
        self = cls(manager)
        connected = asyncio.Event()
        manager.on_connect = lambda _: connected.set()
        manager.connection_lost = lambda _: self._lost.set()
        connecting = manager.connect()
        manager.connect = lambda: None  # it would go on trying
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await connecting
                await connected.wait()
        except (OSError, TimeoutError) as error:
            raise AmiError(f"no AMI at 127.0.0.1:{settings.ami_port}: {error}") from error
        try:
            secret = ami_password(settings)
            await self._ask({"Action": "Login", "Username": USER, "Secret": secret})
        except AmiError:
            await self.close()
            raise
        self._pinging = asyncio.create_task(self._ping())
        return self

    @property
    def softphones(self) -> frozenset[str]:
        """The addresses of the softphones that are there."""
        return self._contacts.addresses

    async def contacts(self) -> frozenset[str]:
        """The seats whose softphone can be rung now. Raises AmiError."""
        try:
            messages = await self._ask({"Action": "PJSIPShowContacts"})
        except AmiError as error:
            if "No Contacts" not in str(error):
                raise
            messages = []
        self._contacts.replace(listed(messages))
        self._listed = True
        return self._contacts.seats

    async def qualify(self, seat: str) -> None:
        """Have the softphones of a seat asked whether they are there: `answering` tells then, once
        they have answered or `qualify_timeout` is over. Raises AmiError."""
        await self._ask({"Action": "PJSIPQualify", "Endpoint": seat})

    def answering(self, seat: str) -> frozenset[str] | None:
        """Where softphones of a seat answered when they were asked last; None before `contacts()`
        and once the connection is lost."""
        known = self._listed and not self._lost.is_set()
        return self._contacts.at(seat) if known else None

    async def changes(self) -> AsyncIterator[Change]:
        """Softphones coming and going after `contacts()`, seats that Asterisk's own queues ring and
        callers who join them; ends when the connection is lost."""
        lost = asyncio.create_task(self._lost.wait())
        try:
            while not self._lost.is_set():
                change = asyncio.create_task(self._changes.get())
                await asyncio.wait({change, lost}, return_when=asyncio.FIRST_COMPLETED)
                if change.done():
                    yield change.result()
                else:
                    change.cancel()
        finally:
            lost.cancel()

    async def reload(self, module: str) -> None:
        """Let a module read its configuration again. Raises AmiError."""
        await self._ask({"Action": "Reload", "Module": module})

    async def redirect(self, channel: str, context: str, extension: str) -> None:
        """Have a channel, by its name, go on elsewhere in the dialplan. Raises AmiError."""
        await self._ask(
            {
                "Action": "Redirect",
                "Channel": channel,
                "Context": context,
                "Exten": extension,
                "Priority": "1",
            }
        )

    async def set_variable(self, channel: str, variable: str, value: str) -> None:
        """Set a channel's variable or function at once, whatever it does. Raises AmiError."""
        await self._ask(
            {"Action": "Setvar", "Channel": channel, "Variable": variable, "Value": value}
        )

    async def record(self, channel: str, file: Path) -> None:
        """Begin to record what a channel says and hears. Raises AmiError."""
        await self._ask({"Action": "MixMonitor", "Channel": channel, "File": str(file)})

    async def act(self, action: str, channel: str, **fields: str) -> None:
        """Do something to a channel, by its id or name. Raises AmiError."""
        await self._ask({"Action": action, "Channel": channel, **fields})

    async def close(self) -> None:
        """Leave."""
        if self._pinging is not None:
            self._pinging.cancel()
        self._lost.set()
        self._manager.close()

    async def _ask(self, action: dict[str, str]) -> list[Message]:
        """Send one action, once; its answers, in order."""
        for name, value in action.items():
            if "\r" in value or "\n" in value:
                raise AmiError(f"{action['Action']}: {name} has a line break; leave it out")
        if self._lost.is_set():
            raise AmiError(f"{action['Action']}: the connection to Asterisk is lost")
        future = self._manager.send_action(dict(action))
        try:
            answer = await asyncio.wait_for(future, _ANSWER_SECONDS)
        except TimeoutError as error:
            raise AmiError(f"{action['Action']}: no answer in {_ANSWER_SECONDS:.0f} s") from error
        messages = cast(list[Message], answer if isinstance(answer, list) else [answer])
        if not messages[0].success:
            raise AmiError(f"{action['Action']}: {messages[0].get('Message', '')}")
        return messages

    async def _ping(self) -> None:
        """Notice a peer that is there no more, though nobody closed the connection."""
        while not self._lost.is_set():
            await asyncio.sleep(_PING_SECONDS)
            try:
                await self._ask({"Action": "Ping"})
            except AmiError:
                self._lost.set()
                self._manager.close()

    def _contact_changed(self, _: Manager, message: Message) -> None:
        seat, there = message.get("AOR", ""), _THERE.get(message.get("ContactStatus", ""))
        if there is None or seat.startswith(_TRUNK):
            return
        change = self._contacts.note(seat, message.get("URI", ""), there)
        if change is not None:
            self._changes.put_nowait(change)

    def _seat_rung(self, _: Manager, message: Message) -> None:
        self._changes.put_nowait(SeatRung(message.get("Interface", "").removeprefix("PJSIP/")))

    def _caller_waits(self, _: Manager, message: Message) -> None:
        self._changes.put_nowait(CallerWaits(message.get("Uniqueid", "")))
