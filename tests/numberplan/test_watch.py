"""A saved edit is noticed within 2 seconds, whole, and a bad one is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter

import pytest

from callcenter.numberplan.loader import Loaded
from callcenter.numberplan.watch import POLL_SECONDS, watch
from tests.numberplan.edits import prompts_of
from tests.plans import TEXTS

QUEUES = "dialplan/queues.yaml"
QUICK = 0.02


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TEXTS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in prompts_of(TEXTS):
        (tmp_path / "ivr_prompts" / f"{name}.wav").touch()
    return tmp_path


def write(folder: Path, old: str, new: str) -> None:
    (folder / QUEUES).write_text(TEXTS[QUEUES].replace(old, new), encoding="utf-8")


async def following(changes: AsyncIterator[Loaded]) -> Loaded:
    return await asyncio.wait_for(anext(changes), 5)


async def test_it_begins_with_the_plan_as_it_is_and_tells_each_edit(folder: Path) -> None:
    changes = watch(folder, QUICK)
    first = await following(changes)
    assert first.plan is not None
    write(folder, "ring_seconds: 20", "ring_seconds: 21")
    edited = await following(changes)
    assert edited.plan is not None
    assert edited.plan.queues["hotline"].ring_seconds == 21
    write(folder, "ring_seconds: 20", "ring_seconds: soon")
    bad = await following(changes)
    assert bad.plan is None
    assert [str(error).split(" ")[0] for error in bad.errors] == [f"{QUEUES}:6:19:"]
    write(folder, "", "")
    again = await following(changes)
    assert again.plan == first.plan


async def test_new_files_and_recordings_are_noticed_and_gone_ones(folder: Path) -> None:
    changes = watch(folder, QUICK)
    await following(changes)
    (folder / "trunks/mobile.yaml").write_text(
        "{title: 移动, kind: carrier, host: 127.0.0.9, channels: 2}"
    )
    loaded = await following(changes)
    assert loaded.plan is not None
    assert "mobile" in loaded.plan.trunks
    (folder / "ivr_prompts/announced_87209900.wav").unlink()
    loaded = await following(changes)
    assert loaded.plan is not None
    assert loaded.plan.numbers["87209900"].announced_announcement == "announced_generic"
    (folder / QUEUES).unlink()
    assert [str(error) for error in (await following(changes)).errors] == [
        f"{QUEUES}:1:1: is missing; put the file there"
    ]


async def test_a_file_written_in_parts_is_read_once_it_is_whole(folder: Path) -> None:
    changes = watch(folder, QUICK)
    await following(changes)
    seen = asyncio.ensure_future(following(changes))
    text = TEXTS[QUEUES].replace("ring_seconds: 20", "ring_seconds: 22")
    with (folder / QUEUES).open("w", encoding="utf-8") as file:
        for character in text:
            file.write(character)
            file.flush()
            await asyncio.sleep(0)
    loaded = await seen
    assert loaded.plan is not None
    assert loaded.plan.queues["hotline"].ring_seconds == 22


async def test_saving_the_same_again_is_no_change(folder: Path) -> None:
    changes = watch(folder, QUICK)
    first = await following(changes)
    write(folder, "", "")
    write(folder, "ring_seconds: 20", "ring_seconds: 23")
    loaded = await following(changes)
    assert loaded.plan is not None
    assert loaded.plan != first.plan


async def test_an_edit_is_noticed_within_two_seconds(folder: Path) -> None:
    changes = watch(folder, POLL_SECONDS)
    await following(changes)
    write(folder, "ring_seconds: 20", "ring_seconds: 24")
    began = perf_counter()
    await following(changes)
    assert perf_counter() - began < 2
