"""Recordings made aside: begun once, however often that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.asterisk.ari import AriError
from callcenter.asterisk.recorder import Recorder


class FakeAmi:
    """Notes what it is asked to do."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    async def act(self, action: str, channel: str, **fields: str) -> None:
        self.asked.append((action, channel, fields))


async def test_a_recording_is_begun_unless_it_was_begun_before(tmp_path: Path) -> None:
    ami = FakeAmi()
    recorder = Recorder(lambda: ami, lambda leg: leg, tmp_path)
    await recorder.start("15.1_1", "15.1_a3")
    file = tmp_path / "15.1_a3.wav"
    assert ami.asked == [("MixMonitor", "15.1_1", {"File": str(file)})]
    file.touch()  # by Asterisk
    await recorder.start("15.1_1", "15.1_a3")
    assert len(ami.asked) == 1


async def test_without_a_connection_nothing_is_begun(tmp_path: Path) -> None:
    recorder = Recorder(lambda: None, lambda leg: leg, tmp_path)
    with pytest.raises(AriError, match="no connection to AMI"):
        await recorder.start("15.1_1", "15.1_a3")
