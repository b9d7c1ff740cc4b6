"""Recordings are paused, and made aside, by AMI: ARI cannot do it to a channel in a bridge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from callcenter.asterisk.ami import AmiError
from callcenter.asterisk.ari import AriError


class Connection(Protocol):
    """What is used of AMI (ami.py)."""

    async def act(self, action: str, channel: str, **fields: str) -> None:
        """Carry out an action on a channel. Raises AmiError."""


class Recorder:
    """MixMonitor of channels that are there. Every method raises AriError where it cannot be done.

    `ami` gives the connection of the moment, if there is one; `channel` the id of a leg's channel;
    `folder` is the spool.
    """

    def __init__(
        self, ami: Callable[[], Connection | None], channel: Callable[[str], str], folder: Path
    ) -> None:
        self._ami = ami
        self._channel = channel
        self._folder = folder

    async def mute(self, leg: str, *, muted: bool) -> None:
        """Write silence, or what is said; either keeps time."""
        state = "1" if muted else "0"
        await self._ask("MixMonitorMute", leg, Direction="both", State=state)

    async def start(self, leg: str, recording: str) -> None:
        """Record the channel to a file of that name, unless that was begun before."""
        file = self._folder / f"{recording}.wav"
        if not file.exists():
            await self._ask("MixMonitor", leg, File=str(file))

    async def stop(self, leg: str) -> None:
        """Close that file."""
        await self._ask("StopMixMonitor", leg)

    async def _ask(self, action: str, leg: str, **fields: str) -> None:
        ami = self._ami()
        if ami is None:
            raise AriError(0, f"{action}: no connection to AMI")
        try:
            await ami.act(action, self._channel(leg), **fields)
        except AmiError as error:
            raise AriError(0, str(error)) from error
