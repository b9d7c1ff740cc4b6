"""Calls that operators make on an order's behalf: whom they called, and what came of it.

They belong to their order, and are no calls of citizens: they have no order of their own and do not
count as offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from callcenter.orders.record import Gap


class Called(StrEnum):
    """Who is called."""

    CITIZEN = "citizen"
    """The caller of the order."""
    UNIT = "unit"
    """The handling unit's number in the plan."""
    NUMBER = "number"
    """Any number that the operator may call."""


class OutboundOutcome(StrEnum):
    """How such a call ended: exactly one each."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    CANCELLED = "cancelled"
    """The operator hung up before anybody answered."""
    OPERATOR_MISSED = "operator_missed"
    """The operator did not take their own telephone: nobody else was called."""
    INTERRUPTED = "interrupted"
    """Ended by a fault of ours: controller, switch or the operator's line."""


@dataclass(frozen=True)
class OrderReference:
    """What must be known of an order, to call on its behalf."""

    call: str
    """The call that the order is of."""
    number: str
    caller: str | None
    """E.164; None where there is none, or it was withheld."""
    hotline: str | None = None
    owner: str | None = None
    queue: str | None = None
    operators: tuple[str, ...] = ()
    """Who took the call: they may."""
    for_anybody: bool = False
    """Whoever asks may: a team leader does, or a message waits for an answer."""
    reference: str | None = None
    """What the partner who sent us the caller calls it."""

    def __str__(self) -> str:
        """Its number: the audit needs no more."""
        return self.number

    def is_of(self, operator: str) -> bool:
        """Whether that operator may call on its behalf."""
        return self.for_anybody or operator in self.operators


@dataclass(frozen=True, slots=True)
class OutboundRecord:
    """One such call as the call path knows it. Times in seconds since 1970 UTC."""

    call: str
    """Its own name, which its recording has too."""
    version: int
    order_call: str
    """The call of the order that it was made for."""
    operator: str
    seat: str
    called: Called
    number: str
    """The citizen's, as E.164; or as the plan has it."""
    began: float
    answered: float | None = None
    ended: float | None = None
    outcome: OutboundOutcome | None = None
    """None while it lives."""
    ended_by: str | None = None
    """As of an order."""
    gaps: tuple[Gap, ...] = ()
    """What was not recorded, as the operator asked."""
