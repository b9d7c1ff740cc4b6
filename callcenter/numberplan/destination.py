"""Where a call can be led: out of hours, by a menu's key, by a queue that has no room."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class To(StrEnum):
    """What is there. The YAML's keys."""

    QUEUE = "queue"
    MENU = "menu"
    VOICE_BOX = "voice_box"
    PARTNER = "partner"
    """Another department's own line, dialled."""
    ANNOUNCE = "announce"
    """A prompt; then the call ends."""
    CALLBACK = "callback"
    """The caller says at which number to call back; the named queue does it, with its next turn."""


@dataclass(frozen=True, slots=True)
class Destination:
    """One place. In YAML: `{queue: hotline}`, `{partner: 12319, prompt: one_moment}`."""

    to: To
    name: str
    """The queue's, menu's or voice box's name, the partner's number in the plan, or the prompt."""
    prompt: str | None = None
    """Spoken first."""
