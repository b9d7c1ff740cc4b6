"""A centre for the web's tests: its figures are set, its requests remembered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from callcenter.alarms import Alarms
from callcenter.attacks.bans import Attack, Ban, Change
from callcenter.calls.events import Act, Request, SignIn
from callcenter.calls.missed_calls import CallbackList
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Shield
from callcenter.calls.wallboard import OperatorLine, OperatorStatus, Wallboard
from callcenter.numberplan.model import (
    Action,
    NotReadyReason,
    Operator,
    Route,
    Seat,
    VoiceBox,
)
from callcenter.staff.pins import Pins
from callcenter.staff.tokens import Tokens
from callcenter.store.audit import AuditStore
from callcenter.store.figures import FigureStore
from callcenter.store.orders import OrderStore
from callcenter.store.outbound import OutboundStore
from callcenter.store.recordings import RecordingStore
from callcenter.store.voice_mail import VoiceMail
from callcenter.web.health import Health, Part
from callcenter.web.metrics import Lag, Metrics
from callcenter.web.services import Services
from tests.fakes.orders import MORNING

NAMES = ("芮红", "陈静", "张伟")

OFFLINE = tuple(
    OperatorLine(f"{n:03}", name, None, OperatorStatus.OFFLINE, 0.0, None, None)
    for n, name in enumerate(NAMES, 1)
)

QUIET = Wallboard(
    at=MORNING,
    waiting=0,
    longest_wait_since=None,
    offered=0,
    in_progress=0,
    answered=0,
    answered_in_15s=0,
    abandoned=0,
    timed_out=0,
    forwarded=0,
    forward_failed=0,
    announced=0,
    voice_mail=0,
    rejected=0,
    emergency=0,
    interrupted=0,
    operators=OFFLINE,
)
"""The start of a day: no call yet, nobody there."""


@dataclass
class FakeStaffing:
    """Three operators, two seats, one reason, one voice box."""

    title: str = "溧阳市 12345"
    operators: Mapping[str, Operator] = field(
        default_factory=lambda: {
            f"{n:03}": Operator(number=f"{n:03}", name=name) for n, name in enumerate(NAMES, 1)
        }
    )
    seats: Mapping[str, Seat] = field(
        default_factory=lambda: {
            f"seat0{n}": Seat(name=f"seat0{n}", title=f"{n}号席") for n in (1, 2)
        }
    )
    not_ready_reasons: Mapping[str, NotReadyReason] = field(
        default_factory=lambda: {"break": NotReadyReason(code="1", name="break", title="小休")}
    )
    voice_boxes: Mapping[str, VoiceBox] = field(
        default_factory=lambda: {
            "night": VoiceBox(
                name="night",
                title="夜间留言",
                greeting="voice_mail_greeting",
                thanks="voice_mail_thanks",
                nothing="voice_mail_nothing",
                longest_seconds=120,
                silence_seconds=5,
                least_seconds=2,
                answer_within_hours=24,
                queue="hotline",
                unit="政务办",
            )
        }
    )


class FakeClock:
    """A clock that stands unless it is moved."""

    def __init__(self) -> None:
        self.moment = MORNING

    def now(self) -> float:
        return self.moment

    def wall(self) -> float:
        return self.moment


class FakeCentre:
    """The runtime's place in tests."""

    def __init__(self) -> None:
        self.plan = FakeStaffing()
        self.clock = FakeClock()
        self.board = QUIET
        self.to_call = CallbackList()
        self.asked: list[Request | Act] = []
        self.refusal: Refusal | None = None
        self.shield = Shield()
        self._watchers: set[asyncio.Event] = set()

    async def request(self, event: Request | Act) -> Refusal | None:
        self.asked.append(event)
        if self.refusal is None and isinstance(event, SignIn):
            self.put(event.operator, OperatorStatus.NOT_READY, seat=event.seat, reason="刚签入")
        return self.refusal

    def operator(self, number: str) -> OperatorLine | None:
        return next((line for line in self.board.operators if line.number == number), None)

    def wallboard(self) -> Wallboard:
        return replace(self.board, at=self.clock.now())

    def callbacks(self) -> CallbackList:
        return self.to_call

    async def changes(self) -> AsyncIterator[None]:
        changed = asyncio.Event()
        self._watchers.add(changed)
        try:
            while True:
                await changed.wait()
                changed.clear()
                yield
        finally:
            self._watchers.discard(changed)

    def show(self, board: Wallboard) -> None:
        """Have these figures from now on."""
        self.board = board
        for watcher in self._watchers:
            watcher.set()

    def put(
        self,
        number: str,
        state: OperatorStatus,
        *,
        seat: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Have this operator in that state from now on."""
        changed = tuple(
            replace(line, state=state, seat=seat, reason=reason, since=self.clock.now())
            if line.number == number
            else line
            for line in self.board.operators
        )
        self.show(replace(self.board, operators=changed))


WELL = Health(
    parts=(
        Part(name="asterisk", ok=True, needed=True, text="connected", since=None),
        Part(name="store", ok=True, needed=False, text="orders are filed", since=None),
    )
)


def route(number: str, caller: str | None, at: datetime) -> Route:
    """A plan that queues everything, and says what it was asked."""
    return Route(number=number, action=Action.QUEUE, owner=f"{caller} {at.isoformat()}")


@dataclass
class FakeAttacks:
    """Addresses that are refused; lifts what it has."""

    bans: tuple[Ban, ...] = ()
    changes: tuple[Change, ...] = ()
    attack: Attack | None = None
    lifted: list[tuple[str, str]] = field(default_factory=list)

    def lift(self, address: str, by: str) -> bool:
        if address not in {ban.address for ban in self.bans}:
            return False
        self.lifted.append((address, by))
        self.bans = tuple(ban for ban in self.bans if ban.address != address)
        return True


@dataclass
class World:
    """Everything behind the web, and handles to move it."""

    centre: FakeCentre
    orders: OrderStore
    pins: Pins
    tokens: Tokens
    recordings_folder: Path
    health: Health = WELL
    attacks: FakeAttacks = field(default_factory=FakeAttacks)
    machine_time: float = 1000.0
    alarms: Alarms = field(init=False)

    def __post_init__(self) -> None:
        self.alarms = Alarms(lambda: self.health, self.centre.clock.now)

    def services(self) -> Services:
        return Services(
            centre=self.centre,
            orders=self.orders,
            recordings=RecordingStore(self.orders.engine),
            figures=FigureStore(self.orders.engine),
            audit=AuditStore(self.orders.engine),
            outbound=OutboundStore(self.orders.engine),
            voice_mail=VoiceMail(self.orders),
            recordings_folder=self.recordings_folder,
            pins=self.pins,
            tokens=self.tokens,
            metrics=Metrics(self.centre.wallboard, lambda: Lag(journal=3, store=2)),
            attacks=self.attacks,
            alarms=self.alarms,
            health=lambda: self.health,
            route=route,
            machine_time=lambda: self.machine_time,
        )


def world(folder: Path) -> World:
    """A world with an order store that is not prepared yet."""
    return World(
        FakeCentre(),
        OrderStore.in_folder(folder),
        Pins(folder / "s"),
        Tokens(folder / "s"),
        folder / "recordings",
    )
