"""What Asterisk's configuration needs of a plan at a moment, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callcenter.numberplan.decide import decide, way_to
from callcenter.numberplan.destination import To
from callcenter.numberplan.dialled import Directory
from callcenter.numberplan.leading import without_keys
from callcenter.numberplan.model import (
    Action,
    DialTarget,
    ForwardFailures,
    Plan,
    Queue,
    Route,
    Trunk,
    VoiceBox,
)


@dataclass(frozen=True)
class Treatment:
    """What the fallback dialplan does with a call."""

    action: Action
    queue: str = ""
    voice_box: str = ""
    spoken: tuple[str, ...] = ()
    """Sounds' names: heard before the queue or the partner, or instead of anything else."""
    way: str = ""
    """Tells the number's forwards from each other."""
    targets: tuple[DialTarget, ...] = ()
    digits: str = ""
    """Sent to the far end after its answer, as Dial takes them: each `w` is half a second."""


@dataclass(frozen=True)
class FallbackNumber:
    """One number of the plan, as the fallback dialplan has it."""

    number: str
    spellings: tuple[str, ...]
    """Every way in which it is dialled."""
    first: Treatment
    again: Treatment
    """For a call that has been through us already: queued wherever it would be forwarded."""

    @property
    def forwards(self) -> tuple[Treatment, ...]:
        """Its different ways to other telephones."""
        both = (each for each in (self.first, self.again) if each.action is Action.FORWARD)
        return tuple({each.way: each for each in both}.values())


@dataclass(frozen=True)
class Exchange:
    """The plan's part that is rendered into Asterisk's configuration."""

    trunks: tuple[Trunk, ...]
    seats: tuple[str, ...] = ()
    """SIP user names of the softphones."""
    emergencies: Mapping[str, tuple[DialTarget, ...]] = field(default_factory=dict)
    """By number dialled: the ways to reach it, first choice first."""
    rooms: Mapping[str, tuple[DialTarget, ...]] = field(default_factory=dict)
    """Places that seats can call by a number of their own, such as the dispatch room."""
    with_pin: tuple[str, ...] = ("*11",)
    """Codes followed by an operator's number of three digits; they ask for the PIN."""
    features: tuple[str, ...] = ()
    """The other feature codes, complete."""
    call_order: str = "*42"
    """Followed by an order's number."""
    queues: tuple[Queue, ...] = ()
    voice_boxes: tuple[VoiceBox, ...] = ()
    numbers: tuple[FallbackNumber, ...] = ()
    """What happens to each number's calls at that moment where no controller is there."""
    forward_seconds: float = 60.0
    """How long an own line rings."""
    failures: ForwardFailures = field(default_factory=ForwardFailures)


def exchange_of(plan: Plan, at: datetime) -> Exchange:
    """The part of `plan` that Asterisk must know at `at` (which must have a zone)."""
    codes = plan.feature_codes
    reasons = sorted(
        f"{codes.not_ready}{reason.code}" for reason in plan.not_ready_reasons.values()
    )
    spelled = _spelled(plan.directory)
    return Exchange(
        trunks=tuple(plan.trunks.values()),
        seats=tuple(plan.seats),
        emergencies={each.number: each.targets for each in plan.emergencies.values()},
        rooms={room.extension: room.targets for room in plan.rooms.values()},
        with_pin=(codes.sign_in, codes.take_seat),
        features=(
            *(codes.ready, *reasons, codes.sign_out, codes.call_citizen, codes.extend_wrap_up),
        ),
        call_order=codes.call_order,
        queues=tuple(plan.queues.values()),
        voice_boxes=tuple(plan.voice_boxes.values()),
        numbers=tuple(
            FallbackNumber(
                number=number,
                spellings=spelled[number],
                first=_treatment(plan, number, at),
                again=_treatment(plan, number, at, diverted=(number,)),
            )
            for number in plan.numbers
        ),
        forward_seconds=plan.limits.forward_ring_seconds,
        failures=plan.forward_failures,
    )


def _spelled(directory: Directory) -> dict[str, tuple[str, ...]]:
    spelled: dict[str, list[str]] = {}
    for spelling, number in directory.table.items():
        spelled.setdefault(number, []).append(spelling)
    return {number: tuple(spellings) for number, spellings in spelled.items()}


def _treatment(plan: Plan, number: str, at: datetime, diverted: tuple[str, ...] = ()) -> Treatment:
    """What the dialplan can do of it: it asks nobody to press a key."""
    route = decide(plan, number, None, at, diverted)
    to = route.destination
    if to is None:
        return _of_route(route, route.action, way=number)
    to = without_keys(plan, to, at)
    first = None if route.action is Action.ANNOUNCE else route.announcement
    spoken = tuple(each for each in (first, to.prompt) if each)
    match to.to:
        case To.PARTNER:
            way = way_to(plan, to.name, at, None, diverted)
            return _of_route(way, Action.FORWARD, way=f"{number}-to-{to.name}", spoken=spoken)
        case To.VOICE_BOX:
            return Treatment(Action.VOICE_MAIL, voice_box=to.name, spoken=spoken)
        case To.ANNOUNCE:
            return Treatment(Action.ANNOUNCE, spoken=(*spoken, to.name))
        case To.CALLBACK:
            return Treatment(Action.ANNOUNCE, spoken=(*spoken, plan.queues[to.name].sorry))
        case To.QUEUE | To.MENU:
            greeting = plan.queues[to.name].greeting
            if not spoken and greeting is not None:
                spoken = (greeting,)
            return Treatment(Action.QUEUE, queue=to.name, spoken=spoken)


def _of_route(route: Route, action: Action, *, way: str, spoken: tuple[str, ...] = ()) -> Treatment:
    digits = route.after_answer_digits or ""
    return Treatment(
        action,
        spoken=spoken,
        way=way,
        targets=route.targets,
        digits="w" * round(2 * route.after_answer_pause) + digits if digits else "",
    )
