"""Asterisk's events in, its access list out, over restarts of either."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callcenter.asterisk.render import BANS
from callcenter.attacks import keeper as module
from callcenter.attacks.keeper import Keeper
from callcenter.clock import Clock
from callcenter.numberplan.model import Plan
from callcenter.settings import Settings
from tests.fakes.waiting import until
from tests.numberplan.edits import loaded
from tests.plans import TEXTS

STRANGER = "203.0.113.7"
RULE = "sip: {tries: 3, minutes: 10, ban_minutes: 60, never: [198.51.100.0/24]}\n"


class FakeAmi:
    """Takes connections, lets everybody in, and tells what a test has it tell."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\n\r\n")
        self._writers.append(writer)

    @property
    def is_listened_to(self) -> bool:
        return bool(self._writers)

    def tell(self, event: str, address: str, times: int = 1) -> None:
        text = f"Event: {event}\r\nService: PJSIP\r\nRemoteAddress: IPV4/UDP/{address}/5060\r\n\r\n"
        self._writers[-1].write(text.encode() * times)

    def drop(self) -> None:
        self._writers.pop().close()


class House:
    """A keeper and what is around it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.settings = Settings(data=folder, ami_port=port)
        (self.settings.asterisk / "etc").mkdir(parents=True, exist_ok=True)
        plan = loaded({**TEXTS, "dialplan/protection.yaml": RULE}).plan
        assert plan is not None
        self.plan: Plan = plan
        self.softphones = frozenset({"10.0.0.21"})
        self.reloads = 0
        self.keeper = Keeper(
            self.settings, Clock(), lambda: self.plan, lambda: self.softphones, self._reload
        )

    @property
    def refused(self) -> list[str]:
        """The addresses in Asterisk's list."""
        text = (self.settings.asterisk / "etc" / BANS).read_text()
        return [line.removeprefix("deny = ") for line in text.splitlines() if "=" in line]

    async def _reload(self) -> None:
        self.reloads += 1

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Keeper]:
        task = asyncio.create_task(self.keeper.run())
        try:
            yield self.keeper
        finally:
            task.cancel()
            await asyncio.wait({task})


@pytest.fixture
async def ami(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[FakeAmi, int]]:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
    fake = FakeAmi()
    server = await asyncio.start_server(fake.connected, "127.0.0.1", 0)
    yield fake, server.sockets[0].getsockname()[1]
    server.close()


async def test_who_tries_too_often_is_on_asterisks_list(
    ami: tuple[FakeAmi, int], tmp_path: Path
) -> None:
    fake, port = ami
    house = House(tmp_path, port)
    async with house.running() as keeper:
        await until(lambda: fake.is_listened_to)
        assert b"Username: security" in fake.asked[0]
        fake.tell("InvalidAccountID", STRANGER, 3)
        await until(lambda: house.reloads == 2)
        assert house.refused == [STRANGER]
        assert [ban.address for ban in keeper.bans] == [STRANGER]
        assert keeper.attack is not None
        keeper.lift(STRANGER, "administrator:1f2e")
        await until(lambda: house.reloads == 3)
        assert house.refused == []


async def test_trunks_softphones_and_the_rules_networks_never_are(
    ami: tuple[FakeAmi, int], tmp_path: Path
) -> None:
    fake, port = ami
    house = House(tmp_path, port)
    trunk = next(iter(house.plan.trunks.values())).host
    needed = (trunk, "10.0.0.21", "198.51.100.9")
    async with house.running() as keeper:
        await until(lambda: fake.is_listened_to)
        for address in needed:
            fake.tell("ChallengeResponseFailed", address, 10)
        await until(lambda: keeper.attack is not None and len(keeper.attack.spared) == 3)
        assert keeper.bans == ()
        assert house.refused == []


async def test_it_outlives_a_restart_and_listens_again_when_asterisk_is_back(
    ami: tuple[FakeAmi, int], tmp_path: Path
) -> None:
    fake, port = ami
    first = House(tmp_path, port)
    async with first.running():
        await until(lambda: fake.is_listened_to)
        fake.tell("InvalidAccountID", STRANGER, 3)
        await until(lambda: first.reloads == 2)
    fake.drop()
    second = House(tmp_path, port)
    async with second.running() as keeper:
        await until(lambda: fake.is_listened_to)
        assert [ban.address for ban in keeper.bans] == [STRANGER]
        assert second.refused == [STRANGER]
        fake.drop()
        await until(lambda: len(fake.asked) == 3)
        fake.tell("InvalidAccountID", "203.0.113.8", 3)
        await until(lambda: len(keeper.bans) == 2)


async def test_what_is_no_address_does_not_come_to_asterisk(
    ami: tuple[FakeAmi, int], tmp_path: Path
) -> None:
    """A line that it cannot read would have it refuse everybody."""
    until_when = 4e9
    kept = [
        {"address": address, "since": 1.0, "until": until_when, "why": "unknown"}
        for address in ("nowhere", "fe80::1%x\npermit = 0.0.0.0", "10.0.0.0/8", STRANGER)
    ]
    (tmp_path / "bans.json").write_text(json.dumps({"bans": kept}))
    house = House(tmp_path, ami[1])
    async with house.running():
        await until(lambda: house.reloads == 1)
        assert house.refused == [STRANGER]


async def test_a_broken_file_is_no_reason_not_to_start(
    ami: tuple[FakeAmi, int], tmp_path: Path
) -> None:
    (tmp_path / "bans.json").write_text("{")
    house = House(tmp_path, ami[1])
    async with house.running() as keeper:
        await until(lambda: house.reloads == 1)
        assert keeper.bans == ()
