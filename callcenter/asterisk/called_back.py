"""Channels of citizens whom we call back: in the core the leg has its call's name again.

Asterisk refuses an id that another channel's id begins with, and the operator's leg begins with the
call's. So the channel's id is the call's with an ending of its own, here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

_ENDING = "_c"
_NAMES = ("id", "target_uri")

V = TypeVar("V")


class CalledBack:
    """Which legs are such channels now: known from what we make, and from what Asterisk tells."""

    def __init__(self) -> None:
        self._legs: set[str] = set()

    def made(self, leg: str) -> None:
        """We make such a channel for that leg."""
        self._legs.add(leg)

    def channel(self, leg: str) -> str:
        """The id of a leg's channel."""
        return f"{leg}{_ENDING}" if leg in self._legs else leg

    def leg(self, channel: str) -> str:
        """The leg's name of a channel's id."""
        if not channel.endswith(_ENDING):
            return channel
        leg = channel.removesuffix(_ENDING)
        self._legs.add(leg.removeprefix("channel:"))
        return leg

    def named(self, value: dict[str, V]) -> Mapping[str, V | str]:
        """The same JSON object, with the leg's name where a channel's id stood."""
        return {
            key: self.leg(each) if key in _NAMES and isinstance(each, str) else each
            for key, each in value.items()
        }
