"""Who takes part in a talk beside caller and operator, and who hears whom: plain data of a call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Room(StrEnum):
    """Where somebody speaks. The caller never leaves the talk; the operator goes to and fro."""

    TALK = "talk"
    PRIVATE = "private"
    """Not heard by the caller."""


@dataclass(frozen=True, kw_only=True)
class Party:
    """Somebody whom the operator brought in, from the ringing on."""

    leg: str
    room: Room
    """Where they speak once they have answered."""
    emergency: bool = False
    operator: str = ""
    """A colleague's number."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Who hears whom, as the switch was last told. Of the caller, music is noted in the call."""

    talk: tuple[str, ...] = ()
    """Those together with the caller, the caller among them; nobody: the caller is alone."""
    private: tuple[str, ...] = ()
    """Those together without the caller."""
    aside: str = ""
    """Their room. Each time it opens it has another name: Asterisk may still know the last one."""
    music: tuple[str, ...] = ()
    ringing: tuple[str, ...] = ()
    recorded: str = ""
    """Who is recorded aside, as the caller does not hear them."""
    recording: str = ""
    """The name of that recording."""


NOBODY = Scene()
"""There is no talk."""
