"""What Asterisk's configuration needs of a plan, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from callcenter.numberplan.model import DialTarget, Plan, Trunk


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
    sign_in: str = "*11"
    """Followed by an operator's number of three digits; asks for the PIN."""
    features: tuple[str, ...] = ()
    """The other feature codes, complete."""


def exchange_of(plan: Plan) -> Exchange:
    """The part of `plan` that Asterisk must know."""
    codes = plan.feature_codes
    reasons = sorted(
        f"{codes.not_ready}{reason.code}" for reason in plan.not_ready_reasons.values()
    )
    return Exchange(
        trunks=tuple(plan.trunks.values()),
        seats=tuple(plan.seats),
        emergencies={each.number: each.targets for each in plan.emergencies.values()},
        rooms={room.extension: room.targets for room in plan.rooms.values()},
        sign_in=codes.sign_in,
        features=(codes.ready, *reasons, codes.sign_out),
    )
