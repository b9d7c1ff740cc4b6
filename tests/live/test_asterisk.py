"""Asterisk as we run it: quiet, unprivileged, on loopback, side by side, and gone when stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest

from callcenter.asterisk import process
from callcenter.asterisk.exchange import Exchange
from callcenter.asterisk.process import AsteriskError, AsteriskProcess
from callcenter.asterisk.render import render
from callcenter.asterisk.secrets import seat_password
from callcenter.settings import Settings
from callcenter.simulator.phone import Softphone
from tests.fakes.waiting import until
from tests.support.live import live_settings

LOCALHOST = IPv4Address("127.0.0.1")
ALONE = """
import asyncio, sys
from callcenter.asterisk import process
from callcenter.settings import Settings

async def main():
    running = await process.start(Settings())
    print(running.pid, flush=True)
    await running.until_over()

asyncio.run(main())
"""


def status(pid: int) -> dict[str, list[str]]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def lives(pid: int) -> bool:
    try:
        return status(pid)["State"][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def sockets(pid: int) -> set[tuple[str, IPv4Address | IPv6Address, int]]:
    """Protocol, address and port of all that a process listens on."""
    own = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    found = set()
    for protocol, states in (("tcp", {"0A"}), ("tcp6", {"0A"}), ("udp", None), ("udp6", None)):
        for line in Path(f"/proc/net/{protocol}").read_text().splitlines()[1:]:
            fields = line.split()
            if f"socket:[{fields[9]}]" in own and (states is None or fields[3] in states):
                address, _, port = fields[1].partition(":")
                found.add((protocol, readable(address), int(port, 16)))
    return found


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def owners(folder: Path) -> set[int]:
    return {path.stat().st_uid for path in (folder, *folder.iterdir())}


def readable(address: str) -> IPv4Address | IPv6Address:
    """An address as the kernel writes it: hexadecimal words, least significant byte first."""
    words = [bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8)]
    return IPv4Address(words[0]) if len(words) == 1 else IPv6Address(b"".join(words))


def log(settings: Settings) -> str:
    return (settings.asterisk / "log" / "full").read_text()


async def test_it_starts_without_an_error_or_a_warning(
    settings: Settings, asterisk: AsteriskProcess
) -> None:
    text = log(settings)
    assert "modules will be loaded" in text
    assert [line for line in text.splitlines() if "ERROR" in line or "WARNING" in line] == []


async def test_it_has_no_privileges(asterisk: AsteriskProcess) -> None:
    now = status(asterisk.pid)
    assert "0" not in now["Uid"] + now["Gid"] + now["Groups"]
    assert {now[name][0] for name in ("CapEff", "CapPrm", "CapBnd")} == {"0" * 16}
    assert now["NoNewPrivs"] == ["1"]


async def test_it_sees_its_own_folder_and_nothing_else_of_ours(
    settings: Settings, asterisk: AsteriskProcess
) -> None:
    if process.find_installation(settings).root is not None:
        assert names(Path(f"/proc/{asterisk.pid}/root{settings.data}")) == ["asterisk"]
    assert int(status(asterisk.pid)["Uid"][0]) not in owners(settings.asterisk / "etc")


async def test_it_listens_on_loopback_only(settings: Settings, asterisk: AsteriskProcess) -> None:
    listening = sockets(asterisk.pid)
    loopback = {each for each in listening if each[1].is_loopback}
    assert loopback == {
        ("udp", settings.sip_host, settings.sip_port),
        ("tcp", settings.sip_host, settings.sip_port),
        ("tcp", LOCALHOST, settings.ari_port),
        ("tcp", LOCALHOST, settings.ami_port),
    }
    # Whatever its configuration says, it opens one random UDP port for its own DNS questions.
    others = sorted(protocol for protocol, *_ in listening - loopback)
    assert others in ([], ["udp"], ["udp", "udp6"])


async def test_the_audio_of_seats_is_on_loopback_too(
    settings: Settings, asterisk: AsteriskProcess
) -> None:
    before = sockets(asterisk.pid)
    server = (str(settings.sip_host), settings.sip_port)
    phone = await Softphone.register("seat01", seat_password(settings, "seat01"), server)
    call = await phone.dial("13800000000")
    assert await asyncio.wait_for(call.until_answered(), 10)
    audio = sockets(asterisk.pid) - before
    assert audio
    assert {address for _, address, _ in audio} == {settings.sip_host}
    await call.hang_up()
    await phone.unregister()


async def test_two_run_side_by_side(
    settings: Settings, exchange: Exchange, asterisk: AsteriskProcess
) -> None:
    with live_settings() as second:
        render(second, exchange)
        other = await process.start(second)
        assert sockets(other.pid).isdisjoint(sockets(asterisk.pid))
        await other.stop()
    assert lives(asterisk.pid)


async def test_nothing_is_left_when_it_stops(settings: Settings, exchange: Exchange) -> None:
    before = mounts()
    render(settings, exchange)
    running = await process.start(settings)
    assert mounts() == before
    await running.stop()
    assert not lives(running.pid)
    assert mounts() == before


async def test_it_dies_with_whoever_started_it(settings: Settings, exchange: Exchange) -> None:
    before = mounts()
    render(settings, exchange)
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ALONE),
        env={**os.environ, **settings.environment()},
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    pid = int(await asyncio.wait_for(parent.stdout.readline(), 30))
    assert lives(pid)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    await until(lambda: not lives(pid))
    assert mounts() == before


async def test_a_start_that_fails_says_why(settings: Settings, exchange: Exchange) -> None:
    render(settings, exchange)
    modules = settings.asterisk / "etc" / "modules.conf"
    modules.write_text(f"{modules.read_text()}require = no_such_module.so\n")
    with pytest.raises(AsteriskError, match="no_such_module"):
        await process.start(settings)


def mounts() -> list[str]:
    return Path("/proc/self/mounts").read_text().splitlines()
