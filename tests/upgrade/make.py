"""Makes what a version leaves behind when its controller is stopped with calls up, as SQL texts.

    PYTHONPATH=CHECKOUT python tests/upgrade/make.py FOLDER

CHECKOUT is a checkout of the version that is to be left, with its own journals of real calls; the
folder gets `journal.sql` and `orders.sql`. One call is over, one talks, one waits. The plan's texts
are left out: they are beside the journals.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from callcenter.calls import codec
from callcenter.calls.centre import LOGIC_VERSION
from callcenter.calls.state import Centre
from callcenter.orders.entry import EntryPatch
from callcenter.store import projector as projectors
from callcenter.store.journal import Entry, Journal, Snapshot
from callcenter.store.orders import OrderFilter, OrderStore
from callcenter.store.recordings import Recording, RecordingStore
from tests.replay.journals import read, replay

STORY = "crashes"
STOPPED_AFTER = 40
SNAPSHOT_AFTER = 20


async def leave(data: Path) -> None:
    """Live through the story as far as that."""
    journal, store = Journal(data / "journal.db"), OrderStore.in_folder(data)
    await journal.open()
    await store.prepare()
    centre = Centre()
    # Snapshots' and projectors' names may be others in another version.
    encode: Callable[[Centre], str] = codec.encode_centre
    for event in read(STORY).events[:STOPPED_AFTER]:
        records = [each.result.records for each in replay((event,), centre)]
        entry = Entry(
            *(event.seq, event.at, event.plan, event.logic, event.kind, event.body, event.rejected),
            records=records[0] if records else (),
        )
        await journal.commit([entry])
        if event.seq == SNAPSHOT_AFTER:
            await journal.keep_snapshot(Snapshot(event.seq, LOGIC_VERSION, encode(centre)))
    await projectors.Projector(_feed(journal), store, float).catch_up()
    filed = (await store.page(OrderFilter())).orders
    over = next(order.record for order in filed if order.record.ended is not None)
    patch = EntryPatch.model_validate({"type": "report", "content": "路灯不亮"})
    await store.save_entry(over.number, patch, who="001", now=over.opened + 60, expected=0)
    recording = Recording(
        call=over.call,
        file=f"2017/12/01/{over.call}.wav",
        began=over.opened,
        seconds=10.0,
        bytes=160_044,
        sha256="5e" * 32,
        repaired=False,
    )
    await RecordingStore(store.engine).file(recording)
    await store.close()
    await journal.close()


def _feed(journal: Journal) -> Any:
    """The first versions had the journal itself read by the projector."""
    try:
        from callcenter.store.feeds import OrderFeed  # noqa: PLC0415
    except ImportError:
        return journal
    return OrderFeed(journal)


def dump(database: Path, to: Path) -> None:
    """A database as text."""
    with closing(sqlite3.connect(database)) as opened:
        to.write_text("".join(f"{line}\n" for line in opened.iterdump()), encoding="utf-8")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        asyncio.run(leave(Path(data)))
        for name in ("journal", "orders"):
            dump(Path(data) / f"{name}.db", folder / f"{name}.sql")
