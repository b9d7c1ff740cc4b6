"""Who takes part in a day, and what each of them does by themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from callcenter.calls.events import Ending, Request

Answer = float | Ending
"""What comes of a telephone's ringing: answered after so many seconds, or the end of it."""
NEVER = Ending.NO_ANSWER
Does = Mapping[float, Callable[[str], Request]]
"""What an operator asks for so many seconds after answering, made from the operator's number."""


@dataclass
class Caller:
    """A citizen who calls once."""

    dials: str = "12345"
    number: str = ""
    """What the carrier shows; empty: nothing."""
    patience: float = math.inf
    """Seconds from the arrival; then who has talked with nobody hangs up."""
    talk: float = 120.0
    """Hangs up so many seconds after being connected, or connected again."""
    presses: Mapping[str, str | list[str]] = field(default_factory=dict)
    """Keys by the prompt that asks for them: each time the same ones, or in turn."""
    says: float = 20.0
    """Seconds of a message."""
    answers: list[Answer] = field(default_factory=lambda: [5.0])
    """In turn, when called back; the last one holds."""
    trunk: str = "telecom"
    """The carrier; while that is down, another one."""
    diverted_by: str = ""
    """Who forwarded the call to us."""
    id: str = ""
    """The call's, once they have called."""


@dataclass
class Operator:
    """Somebody at a seat."""

    number: str
    seat: str
    answers: Answer | Callable[[], Answer] = 4.0
    """Each offer."""
    misses: int = 0
    """So many of the next offers are not answered."""
    wraps_up: float = 20.0
    """Ready again after so many seconds, unless the queue's limit was earlier."""
    does: Does | Callable[[], Does] = field(default_factory=dict)
    """In each talk."""


@dataclass
class Partner:
    """Another department's telephone."""

    answers: list[Answer] = field(default_factory=lambda: [6.0])
    """In turn; the last one holds."""
    talk: float = math.inf
    """Hangs up so many seconds after the answer."""


def next_of(answers: list[Answer]) -> Answer:
    return answers.pop(0) if len(answers) > 1 else answers[0]


def a_citizen(random: Random) -> Caller:
    """Most talk for two minutes or three, some for long; most wait some minutes, some do not."""
    return Caller(
        number=f"138{random.randrange(10**8):08}",
        patience=max(5.0, random.lognormvariate(5.6, 0.8)),
        talk=max(5.0, random.lognormvariate(4.8, 0.6)),
        trunk=random.choice(("telecom", "telecom", "unicom")),
    )
