"""What an operator did when: the value that goes from the journal to the store, at each change.

A state lasts until the operator's next change, so the states of a shift cover it exactly once,
whatever is lost or filed twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ENGAGED = "engaged"
"""The state of an operator whose seat is in a call of Asterisk's own queue."""


class OfferEnd(StrEnum):
    """How an offer to an operator ended: exactly one each."""

    TAKEN = "taken"
    MISSED = "missed"
    """Not answered, declined, or the softphone could not be reached."""
    WITHDRAWN = "withdrawn"
    """The caller went, somebody else was quicker, the line broke, or it was a colleague who asked
    for a word: no fault of the operator."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """From here on the operator is in this state."""

    operator: str
    at: int
    """Milliseconds since 1970 UTC; always later than the operator's change before, even where the
    clock was set back."""
    state: str
    """An `OperatorStatus`, or `ENGAGED`."""
    reason: str | None = None
    """Why not ready: a name of the plan or a `SystemReason`."""
    seat: str | None = None
    call: str | None = None
    """The call that rings, is talked or wrapped up."""
    offer: OfferEnd | None = None
    """How the offer ended that rang until now."""


def milliseconds(moment: float) -> int:
    """Seconds since 1970 UTC as whole milliseconds."""
    return round(moment * 1000)
