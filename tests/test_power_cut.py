"""The power fails at any moment: nothing that people were told is lost, nothing is there twice.

A program's system calls are recorded once. From each moment of it the files are made as the disk
had them: what was synced, and with luck some of what was not.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from callcenter.asterisk.secrets import seat_password
from callcenter.recovery import restore
from callcenter.settings import PROJECT, Settings
from callcenter.staff.pins import Pins
from callcenter.staff.tokens import Tokens
from callcenter.store.feeds import OrderFeed
from callcenter.store.journal import Journal
from callcenter.store.orders import OrderFilter, OrderStore
from callcenter.store.projector import Projector
from tests.plans import small_plan
from tests.support import morning
from tests.support.power import moments, traced, write_files

Facts = list[dict[str, object]]


@pytest.fixture(scope="module")
def anew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Each file system is rebuilt in a folder of its own."""
    yield tmp_path_factory.mktemp("left")


async def test_what_anybody_was_told_survives_a_loss_of_power(tmp_path: Path, anew: Path) -> None:
    folder, log = tmp_path / "data", tmp_path / "calls"
    folder.mkdir()
    command = (sys.executable, "-m", morning.__name__, str(folder))
    said = await traced(log, *command, environment={"PYTHONPATH": str(PROJECT)})
    assert len(said.splitlines()) == 1 + 4 * morning.CALLS
    luck = random.Random(12345)
    wrong: list[str] = []
    checked = 0
    last: tuple[bytes, dict[Path, bytes]] | None = None
    for disk in moments(log, folder):
        left = disk.left()
        if (disk.said, left) == last:
            continue
        last = (disk.said, left)
        for files in (left, disk.left(luck)) if luck.random() < 0.3 else (left,):
            checked += 1
            found = await wrong_with(files, facts(disk.said), anew / str(checked))
            wrong += [f"after {disk.said.decode()!r}: {each}" for each in found]
    assert not wrong, "\n".join(wrong)
    assert checked > 40


def facts(said: bytes) -> Facts:
    """What was told."""
    return [json.loads(line) for line in said.splitlines()]


async def wrong_with(files: dict[Path, bytes], told: Facts, folder: Path) -> list[str]:
    """What does not hold where these files are all that is left."""
    write_files(files, folder)
    wrong = []
    journal = Journal(folder / "journal.db")
    await journal.open()
    restored = await restore(journal, small_plan())
    entries = await journal.entries_after(0)
    if any(b.seq != a.seq + 1 for a, b in pairwise(entries)) or restored.seq != len(entries):
        wrong.append("events are missing in between")
    requests = sum(entry.kind in morning.REQUESTS for entry in entries)
    wrong += [
        f"{fact}, and only {requests}"
        for fact in told
        if "requests" in fact and int(str(fact["requests"])) > requests
    ]
    store = OrderStore.in_folder(folder)
    await Projector(OrderFeed(journal), store, lambda: 0.0).catch_up()
    page = await store.page(OrderFilter(), limit=1000)
    orders = {order.record.number: order for order in page.orders}
    if len({order.record.call for order in page.orders}) < page.total:
        wrong.append("a call has two orders")
    for fact in told:
        match fact:
            case {"filed": str(number)} if number not in orders:
                wrong.append(f"no order {number}")
            case {"ended": str(number)} if orders[number].record.outcome is None:
                wrong.append(f"order {number} is open again")
            case {"entered": [str(number), str(content)]}:
                if orders[number].entry.entry.content != content:
                    wrong.append(f"what was entered into {number} is lost")
    await store.close()
    await journal.close()
    for name in ("journal.db", "orders.db"):
        with closing(sqlite3.connect(folder / name)) as database:
            if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                wrong.append(f"{name} is damaged")
    return wrong


async def test_a_secret_that_was_shown_survives_a_loss_of_power(tmp_path: Path, anew: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    settings.secrets.mkdir(parents=True)
    (settings.secrets / "seats").mkdir()
    commands = {
        "pin": ("pin", "reset", "001"),
        "token": ("token", "create", "--role", "administrator"),
        "password": ("seat", "password", "seat01", "--new"),
    }
    program = str(Path(sys.executable).with_name("callcenter"))
    for name, command in commands.items():
        log = tmp_path / name
        shown = await traced(log, program, *command, environment=settings.environment())
        left = next(disk.left() for disk in moments(log, settings.data) if disk.said == shown)
        after = settings.model_copy(update={"data": anew / name})
        write_files(left, after.data)
        secret = shown.decode().strip()
        match name:
            case "pin":
                assert (await Pins(after.secrets).verify("001", secret, 0.0, "seat01")).ok
            case "token":
                assert Tokens(after.secrets).verify(secret, 0.0) is not None
            case _:
                assert seat_password(after, "seat01") == secret
