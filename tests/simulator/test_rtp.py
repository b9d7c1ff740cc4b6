"""Audio packets are placed by their timestamps, whatever the network does to them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from callcenter.simulator.audio import PCMA, RATE, Pcm, tone
from callcenter.simulator.rtp import FRAME, Packet, Recording, RtpStream
from callcenter.simulator.sdp import Direction, Media
from callcenter.simulator.sip import SipError

SOUND = tone(440, 1.0)


def packets(
    sound: Pcm, *, at: float, timestamp: int = 0, sequence: int = 0, source: int = 1
) -> list[Packet]:
    return [
        Packet(
            at + i * FRAME / RATE,
            (sequence + i) & 0xFFFF,
            (timestamp + i * FRAME) & 0xFFFFFFFF,
            source,
            sound[i * FRAME : (i + 1) * FRAME],
        )
        for i in range(len(sound) // FRAME)
    ]


def recording(*came: Packet) -> Recording:
    made = Recording()
    made.packets.extend(came)
    return made


def late(packet: Packet, seconds: float) -> Packet:
    return Packet(packet.at + seconds, packet.sequence, packet.timestamp, packet.source, packet.pcm)


def test_sound_is_where_it_was_in_time() -> None:
    heard = recording(*packets(SOUND, at=10.5)).pcm(10.0, 12.0)
    assert len(heard) == 2 * RATE
    assert np.array_equal(heard[RATE // 2 : RATE * 3 // 2], SOUND)
    assert not heard[: RATE // 2].any()


def test_late_and_reordered_packets_leave_no_gap() -> None:
    came = packets(SOUND, at=0.0)
    came[0] = late(came[0], 0.1)
    came[20], came[21] = came[21], late(came[20], 0.03)
    assert np.array_equal(recording(*came).pcm(0.0, 1.0), SOUND)


def test_a_listener_that_slept_hears_it_all() -> None:
    came = packets(SOUND, at=0.0)
    slept = came[:10] + [late(p, 3.0 - (p.at - came[10].at)) for p in came[10:]]
    assert np.array_equal(recording(*slept).pcm(0.0, 1.0), SOUND)


def test_a_lost_packet_is_silence_and_shifts_nothing() -> None:
    came = packets(SOUND, at=0.0)
    del came[10]
    heard = recording(*came).pcm(0.0, 1.0)
    assert not heard[10 * FRAME : 11 * FRAME].any()
    assert np.array_equal(heard[11 * FRAME :], SOUND[11 * FRAME :])


def test_sound_has_come_up_to_the_end_of_the_last_packet_however_late_it_was() -> None:
    came = packets(SOUND, at=10.0)
    late = [replace(packet, at=packet.at + 0.1) for packet in came[5:]]
    assert recording(*came[:5], *late).end == pytest.approx(11.0)
    assert recording().end == 0.0


def test_counters_may_wrap() -> None:
    came = packets(SOUND, at=0.0, timestamp=2**32 - 5 * FRAME, sequence=65530)
    assert np.array_equal(recording(*came).pcm(0.0, 1.0), SOUND)


@pytest.mark.parametrize("source", [1, 2])
def test_a_new_media_clock_begins_when_it_arrives(source: int) -> None:
    first = packets(SOUND, at=0.0)
    second = packets(SOUND, at=2.0, timestamp=900_000_000, sequence=7000, source=source)
    heard = recording(*first, *second).pcm(0.0, 3.0)
    assert np.array_equal(heard[:RATE], SOUND)
    assert np.array_equal(heard[2 * RATE :], SOUND)
    assert not heard[RATE : 2 * RATE].any()


async def talk(direction: Direction = Direction.BOTH) -> tuple[RtpStream, RtpStream]:
    one, other = await RtpStream.bind("127.0.0.1"), await RtpStream.bind("127.0.0.1")
    one.connect(Media("127.0.0.1", other.port, PCMA, 101, direction))
    other.connect(Media("127.0.0.1", one.port, PCMA, 101, Direction.BOTH))
    return one, other


async def test_what_one_says_the_other_hears() -> None:
    one, other = await talk()
    since = asyncio.get_running_loop().time()
    one.say(tone(700, 0.3))
    await other.until_heard(20)
    heard = other.heard.pcm(since, asyncio.get_running_loop().time())
    assert abs(np.argmax(np.abs(np.fft.rfft(heard, RATE))) - 700) <= 3
    await asyncio.gather(one.close(), other.close())


async def test_packets_keep_a_pace_of_20_ms() -> None:
    one, other = await talk()
    await other.until_heard(26)
    took = other.heard.packets[25].at - other.heard.packets[0].at
    assert 0.4 < took < 0.9
    await asyncio.gather(one.close(), other.close())


async def test_keys_arrive_once_each_in_order() -> None:
    one, other = await talk()
    await one.press("1,#1")
    assert await other.until_digits(3) == "1#1"
    await asyncio.gather(one.close(), other.close())


async def test_keys_that_are_none_or_cannot_be_sent_are_refused() -> None:
    one, other = await talk()
    with pytest.raises(ValueError, match="not on a keypad: X"):
        await one.press("1x")
    one.connect(Media("127.0.0.1", other.port, PCMA, None, Direction.BOTH))
    with pytest.raises(SipError, match="takes no telephone events"):
        await one.press("1")
    await asyncio.gather(one.close(), other.close())


async def test_nobody_waits_for_keys_once_the_stream_is_closed() -> None:
    one, other = await talk()
    keying = asyncio.create_task(one.press("123"))
    await other.until_digits(1)
    await one.close()
    await asyncio.wait_for(keying, 5)
    await other.close()


async def test_who_is_held_sends_nothing() -> None:
    one, other = await talk(Direction.SEND)
    await one.until_heard(5)
    assert other.heard.packets == []
    await asyncio.gather(one.close(), other.close())


async def test_strays_are_dropped() -> None:
    stream = await RtpStream.bind("127.0.0.1")
    for stray in (b"", b"x" * 20, bytes([0x80, 200]) + bytes(30)):
        stream.datagram_received(stray, ("127.0.0.1", 9))
    assert stream.heard.packets == []
    await stream.close()
