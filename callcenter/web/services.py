"""What the web needs from the rest of the program; tests give fakes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from callcenter.alarms import Alarms
from callcenter.attacks.bans import Attack, Ban, Change
from callcenter.calls.events import Act, Request
from callcenter.calls.missed_calls import CallbackList
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Shield
from callcenter.calls.wallboard import OperatorLine, Wallboard
from callcenter.numberplan.model import NotReadyReason, Operator, Route, Seat, VoiceBox
from callcenter.staff.pins import Pins
from callcenter.staff.tokens import Tokens
from callcenter.store.audit import AuditStore
from callcenter.store.figures import FigureStore
from callcenter.store.orders import OrderStore
from callcenter.store.outbound import OutboundStore
from callcenter.store.recordings import RecordingStore
from callcenter.store.voice_mail import VoiceMail
from callcenter.web.health import Health
from callcenter.web.metrics import Metrics


class Staffing(Protocol):
    """The plan, as far as the web reads it."""

    @property
    def title(self) -> str:
        """What the centre is called."""

    @property
    def operators(self) -> Mapping[str, Operator]:
        """By number."""

    @property
    def seats(self) -> Mapping[str, Seat]:
        """By name."""

    @property
    def not_ready_reasons(self) -> Mapping[str, NotReadyReason]:
        """By name."""

    @property
    def voice_boxes(self) -> Mapping[str, VoiceBox]:
        """By name."""


class ShownTime(Protocol):
    """The clock, which a rehearsal shifts."""

    def now(self) -> float:
        """Seconds since 1970 UTC; it passes evenly."""

    def wall(self) -> float:
        """The same as the machine's clock has it: opening hours follow this."""


class Attacks(Protocol):
    """Addresses that are refused because of what they sent."""

    @property
    def bans(self) -> tuple[Ban, ...]:
        """Those that hold now."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """The latest, oldest first."""

    @property
    def attack(self) -> Attack | None:
        """What goes on, if anything."""

    def lift(self, address: str, by: str) -> bool:
        """Let an address in again; whether it was banned."""


class CallCentre(Protocol):
    """The runtime, as the web sees it."""

    @property
    def plan(self) -> Staffing:
        """The plan in force."""

    @property
    def clock(self) -> ShownTime:
        """The centre's time."""

    async def request(self, event: Request | Act) -> Refusal | None:
        """Do what a person asks, or say why not."""

    @property
    def shield(self) -> Shield:
        """The blocklist."""

    def wallboard(self) -> Wallboard:
        """The figures of this moment."""

    def operator(self, number: str) -> OperatorLine | None:
        """One operator's line of them; None: there is no such operator."""

    def callbacks(self) -> CallbackList:
        """Whom to call back."""

    def changes(self) -> AsyncIterator[None]:
        """Yields after each change of the state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything behind the web."""

    centre: CallCentre
    orders: OrderStore
    recordings: RecordingStore
    figures: FigureStore
    audit: AuditStore
    outbound: OutboundStore
    voice_mail: VoiceMail
    recordings_folder: Path
    pins: Pins
    tokens: Tokens
    metrics: Metrics
    attacks: Attacks
    alarms: Alarms
    health: Callable[[], Health]
    route: Callable[[str, str | None, datetime], Route]
    """What happens to a call for a number, from a caller (E.164 or None), at an aware moment."""
    machine_time: Callable[[], float] = time.time
    """Decides how long tokens last: rights do not follow a rehearsal's clock."""
