"""Capture files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.packets import (
    CaptureError,
    Datagram,
    build,
    file_header,
    parse,
    read,
    record,
    write_voice,
)

DATAGRAM = Datagram(
    1_511_317_865_123_456_789, ("127.0.0.2", 5060), ("127.0.0.1", 6000), b"INVITE sip:12345"
)


def test_a_datagram_is_read_as_it_was_built() -> None:
    assert parse(DATAGRAM.at, build(DATAGRAM)) == DATAGRAM


def test_a_file_gives_back_its_datagrams_to_the_nanosecond(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcap"
    file.write_bytes(file_header() + 2 * record(DATAGRAM.at, build(DATAGRAM)))
    assert list(read(file)) == [DATAGRAM, DATAGRAM]


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "voice.pcap"
    write_voice(file, [b"voice"], every=20_000_000)
    with pytest.raises(CaptureError, match=r"voice\.pcap is no capture of ours"):
        list(read(file))
