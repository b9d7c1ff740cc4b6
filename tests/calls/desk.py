"""The core with a fake exchange and a clock that tests move: reads like a day at the centre."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from callcenter.analytics.record import StateChange
from callcenter.calls.audit import AuditRecord
from callcenter.calls.centre import step
from callcenter.calls.commands import Command, Dial, Play, SeatAddress
from callcenter.calls.events import (
    Act,
    Author,
    BecomeReady,
    CallArrived,
    DeadlineReached,
    DigitPressed,
    Ending,
    Event,
    Led,
    Request,
    SignIn,
    SipHeaders,
)
from callcenter.calls.figures import wallboard
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, Centre, OperatorState, Supervision
from callcenter.calls.wallboard import Wallboard
from callcenter.clock import SHANGHAI
from callcenter.numberplan.model import Plan
from callcenter.orders.outbound import OutboundRecord
from callcenter.orders.record import OrderRecord
from tests.fakes.switch import FakeSwitch
from tests.plans import small_plan

C = TypeVar("C", bound=Command)

LEADER = Author("team_leader:5d4c3b2a", leads=True, address="10.0.0.9")
"""A team leader without an operator's number."""


def moment(text: str) -> float:
    """`2017-12-01T10:00` in Asia/Shanghai, as seconds since 1970 UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


@dataclass
class Desk:
    """One centre, its exchange and its clock."""

    plan: Plan = field(default_factory=small_plan)
    now: float = field(default_factory=lambda: moment("2017-12-01T10:00"))
    centre: Centre = field(default_factory=Centre)
    switch: FakeSwitch = field(default_factory=FakeSwitch)
    records: dict[str, OrderRecord] = field(default_factory=dict)
    queue_log: list[str] = field(default_factory=list)
    changes: list[StateChange] = field(default_factory=list)
    audit: list[AuditRecord] = field(default_factory=list)
    outbound: dict[str, OutboundRecord] = field(default_factory=dict)

    # -- the core --------------------------------------------------------------------------------

    def happens(self, event: Event) -> Refusal | None:
        """One event through the core; its commands are carried out, their news wait."""
        result = step(self.centre, event, self.plan, self.now)
        for record in result.records:
            self.records[record.call] = record
        self.queue_log += result.queue_log
        self.changes += result.states
        self.audit += result.audit
        for made in result.outbound:
            self.outbound[made.call] = made
        self.switch.send(result.commands)
        return result.refusal

    def news(self) -> None:
        """Everything the exchange has to tell, in order, until it has nothing more."""
        while self.switch.told:
            self.happens(self.switch.told.pop(0))

    def wait(self, seconds: float) -> None:
        """Time passes; every deadline on the way is met on time."""
        until = self.now + seconds
        while (deadline := self.centre.deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.happens(DeadlineReached())
            self.news()
        self.now = until

    # -- people ----------------------------------------------------------------------------------

    def operator_ready(self, operator: str, seat: str) -> None:
        assert self.happens(SignIn(operator, seat)) is None
        assert self.happens(BecomeReady(operator)) is None

    def call(
        self, dialled: str = "12345", headers: SipHeaders | None = None, trunk: str = "telecom"
    ) -> str:
        """A citizen calls; what the exchange tells of it has been heard."""
        call = self.switch.caller_arrives(dialled, trunk)
        arrived = self.switch.told.pop()
        assert isinstance(arrived, CallArrived)
        self.happens(replace(arrived, headers=headers or SipHeaders()))
        self.news()
        return call

    def waiting_call(self, dialled: str = "12345") -> str:
        """A citizen has heard the greeting."""
        call = self.call(dialled)
        self.prompt_ends(call)
        return call

    def talking_call(self, operator: str = "001", seat: str = "seat01") -> str:
        """A citizen talks with that operator, who was the only one ready."""
        self.operator_ready(operator, seat)
        call = self.waiting_call()
        self.answers(self.ringing_at(seat))
        self.prompt_ends(call)
        return call

    def answers(self, leg: str) -> None:
        self.switch.far_end_answers(leg)
        self.news()

    def asks(self, request: Request | Act) -> str:
        """Somebody wants something: the refusal's code, or nothing."""
        refusal = self.happens(request)
        self.news()
        return refusal.code if refusal is not None else ""

    def leader(self, request: Request | Led, by: Author | None = None) -> str:
        """A team leader wants something: the refusal's code, or nothing."""
        return self.asks(Act(by or LEADER, request))

    def goes(self, leg: str, ending: Ending = Ending.NORMAL) -> None:
        self.switch.far_end_goes(leg, ending)
        self.news()

    def prompt_ends(self, leg: str) -> None:
        self.switch.prompt_ends(leg)
        self.news()

    def message_ends(self, leg: str, spoken: float | None = None) -> None:
        self.switch.message_ends(leg, spoken)
        self.news()

    def key(self, leg: str, *digits: str) -> None:
        for digit in digits:
            self.happens(DigitPressed(leg, digit))

    def keys(self, call: str, code: str) -> None:
        """The operator in that call keys a code in."""
        self.key(self.leg_of(call), *code)
        self.news()

    # -- looking ---------------------------------------------------------------------------------

    def ringing_at(self, seat: str) -> str:
        """The leg that rings at that seat."""
        legs = [
            leg.name
            for leg in self.switch.legs.values()
            if leg.dial is not None and leg.dial.to == SeatAddress(seat) and not leg.answered
        ]
        assert len(legs) == 1, f"{len(legs)} legs ring at {seat}"
        return legs[0]

    def partner_of(self, call: str) -> str:
        """The leg of whom the operator brought in last."""
        return self.state(call).parties[-1].leg

    def supervision(self, operator: str = "001") -> Supervision:
        """Who takes part in that operator's talk."""
        (found,) = (s for s in self.centre.supervisions.values() if s.operator == operator)
        return found

    def together(self, call: str) -> set[str]:
        """The legs that hear each other."""
        return {
            leg.name
            for leg in self.switch.legs.values()
            if leg.bridge is not None and leg.name.partition("_")[0] == call
        }

    def rings_at(self, seat: str) -> bool:
        return any(
            leg.dial is not None and leg.dial.to == SeatAddress(seat) and not leg.answered
            for leg in self.switch.legs.values()
        )

    def leg_of(self, call: str) -> str:
        """The other leg of a call."""
        leg = self.state(call).leg
        assert leg is not None
        return leg

    def state(self, call: str) -> Call:
        return self.centre.calls[call]

    def operator(self, number: str) -> OperatorState:
        return self.centre.operators[number]

    def order(self, call: str) -> OrderRecord:
        return self.records[call]

    def sent(self, kind: type[C]) -> list[C]:
        """All commands of that kind, in order."""
        return [command for command in self.switch.sent if isinstance(command, kind)]

    def heard(self, leg: str) -> list[tuple[str, ...]]:
        """What was played to that leg."""
        return [play.prompts for play in self.sent(Play) if play.leg == leg]

    def dialled(self) -> list[Dial]:
        return self.sent(Dial)

    def board(self) -> Wallboard:
        return wallboard(self.centre, self.plan, self.now)
