"""What waits for the journal: in bounded memory, however long its disk is away.

Beyond a limit the oldest events are given up, and what they led to is kept: orders, operators'
changes, the audit and lines for queue_log all arrive. The state after the events that are missing
has to be stored beside them, as a snapshot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from callcenter.store.journal import Entry, Snapshot


class Tail:
    """Entries that are not stored yet, oldest first."""

    def __init__(self, limit: int) -> None:
        """`limit`: about so many events are kept whole."""
        self._limit = limit
        self._taken: list[Entry] = []
        self._rest: deque[Entry] = deque()
        self._missing: int | None = None
        """Up to this event some are missing."""

    def __len__(self) -> int:
        return len(self._taken) + len(self._rest)

    @property
    def needs_snapshot(self) -> bool:
        """Whether events are missing, so that the state cannot be replayed from what is here."""
        return self._missing is not None

    def append(self, entry: Entry) -> None:
        """This one comes last."""
        self._rest.append(entry)
        if len(self._rest) > self._limit:
            old = [self._rest.popleft() for _ in range(len(self._rest) // 2)]
            self._rest.appendleft(condensed(old))
            self._missing = old[-1].seq

    def take(self, most: int) -> list[Entry]:
        """What is to be stored next; the same again until it is."""
        while self._rest and len(self._taken) < most:
            self._taken.append(self._rest.popleft())
        return list(self._taken)

    def stored(self, snapshot: Snapshot | None = None) -> None:
        """What was taken is stored, with this snapshot."""
        self._taken.clear()
        if snapshot is not None and self._missing is not None and self._missing <= snapshot.seq:
            self._missing = None


def condensed(entries: Sequence[Entry]) -> Entry:
    """The last of these, with what all of them led to; of an order its newest record alone."""
    last = entries[-1]
    return replace(
        last,
        records=tuple({each.call: each for entry in entries for each in entry.records}.values()),
        cursor=next((entry.cursor for entry in reversed(entries) if entry.cursor), None),
        queue_log=tuple(line for entry in entries for line in entry.queue_log),
        states=tuple(change for entry in entries for change in entry.states),
        audit=tuple(row for entry in entries for row in entry.audit),
        outbound=tuple(made for entry in entries for made in entry.outbound),
        texts=next((each.texts for each in entries if each.texts and each.plan == last.plan), None),
    )
