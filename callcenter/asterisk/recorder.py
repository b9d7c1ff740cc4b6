"""Recordings are paused, and made aside, by AMI: ARI cannot do it to a channel in a bridge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from callcenter.asterisk.ami import Ami, AmiError
from callcenter.asterisk.ari import AriError


class Recorder:
    """MixMonitor of channels that are there. Every method raises AriError where it cannot be done.

    `ami` gives the connection of the moment, if there is one; `channel` the id of a leg's channel;
    `folder` is the spool.
    """

    def __init__(
        self, ami: Callable[[], Ami | None], channel: Callable[[str], str], folder: Path
    ) -> None:
        self._ami = ami
        self._channel = channel
        self._folder = folder

    async def mute(self, leg: str, *, muted: bool) -> None:
        """Write silence, or what is said; either keeps time."""
        state = "1" if muted else "0"
        await self._ask("MixMonitorMute", leg, Direction="both", State=state)

    async def start(self, leg: str, recording: str) -> None:
        """Record the channel to a file of that name."""
        await self._ask("MixMonitor", leg, File=str(self._folder / f"{recording}.wav"))

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
