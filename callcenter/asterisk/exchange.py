"""What Asterisk's configuration needs of a plan, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TrunkLine:
    """A SIP connection, as Asterisk sees it."""

    name: str
    host: str
    port: int
    channels: int
    reserved: int
    trusts_headers: bool


@dataclass(frozen=True)
class Way:
    """These digits on that trunk."""

    trunk: str
    digits: str


@dataclass(frozen=True)
class Exchange:
    """The plan's part that is rendered into Asterisk's configuration."""

    trunks: tuple[TrunkLine, ...]
    seats: tuple[str, ...] = ()
    """SIP user names of the softphones."""
    emergencies: dict[str, tuple[Way, ...]] = field(default_factory=dict)
    """By number dialled: the ways to reach it, first choice first."""
    rooms: dict[str, Way] = field(default_factory=dict)
    """Places that seats can call by a number of their own, such as the dispatch room."""
    sign_in: str = "*11"
    """Followed by an operator's number of three digits; asks for the PIN."""
    features: tuple[str, ...] = ()
    """Dialplan patterns of the other feature codes."""
