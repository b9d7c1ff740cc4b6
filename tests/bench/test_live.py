"""A few real calls through both sides."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from bench import packets
from bench.capture import capturing
from bench.compare import CAPTURE, Scale, pair
from bench.figures import Figures
from bench.telephones import VOICE, Load

pytestmark = pytest.mark.live

SERVER, CALLER = "127.9.8.1", "127.9.8.2"


def test_only_sip_of_the_server_and_the_voice_at_the_caller_are_seen(tmp_path: Path) -> None:
    file = tmp_path / CAPTURE
    rtp = bytes(12)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone,
    ):
        sip.bind((SERVER, 0))
        phone.bind((CALLER, 0))
        server: packets.Place = sip.getsockname()
        caller: packets.Place = phone.getsockname()
        with capturing(file, server, CALLER, VOICE):
            phone.sendto(b"to the server", server)
            sip.sendto(b"from the server", caller)
            sip.sendto(rtp + b"\xd5" * 160, ("127.9.8.3", 9))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as audio:
                audio.bind((SERVER, 0))
                audio.sendto(rtp + VOICE, caller)
                audio.sendto(rtp + b"\xd5" * 160, caller)
                audio.sendto(rtp + VOICE, ("127.9.8.3", 9))
    seen = list(packets.read(file))
    assert [each.payload[:15] for each in seen[:2]] == [b"to the server", b"from the server"]
    assert [each.to for each in seen] == [server, caller, ("127.9.8.3", 9), caller]
    assert seen[3].payload[12:20] == VOICE[:8]
    assert [each.at for each in seen] == sorted(each.at for each in seen)


async def test_a_pair_of_small_runs(tmp_path: Path) -> None:
    said: list[Figures] = []
    scale = Scale(seats=3, load=Load(calls=4, rate=4.0, talk=0.6), warm_up=1)
    both = await pair(scale, tmp_path, said.append)
    assert said == [both.native, both.ours]
    for run in said:
        assert run.faults == ()
        assert len(run.heard) == len(run.answered) == 3
    assert set(both.native.work) == {"Asterisk"}
    assert set(both.ours.work) == {"Asterisk", "controller"}
