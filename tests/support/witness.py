"""Two queues under the same traffic: what their queue_logs say, with times finer than a second.

Asterisk's file has whole seconds: its lines are watched as they appear, some milliseconds after
they are written. Ours has whole seconds too: its journal is replayed, which gives every line again
with the time of the event that led to it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from time import time

from bench.telephones import Appointment
from callcenter.calls.centre import step
from callcenter.calls.codec import decode_event
from callcenter.calls.state import Centre
from callcenter.numberplan.loader import load_source
from callcenter.numberplan.model import Plan

SPACING = 0.25
"""Seconds between two arrivals at the least."""
APART = 1.1
"""Seconds between two ends of calls: app_queue keeps the last call's end in whole seconds, and who
ended in the same one are equal to it."""
LEAD = 2.0
"""Seconds before the first call: app_queue hears of its members' telephones a moment after they
are there."""
WRAP_UP = 1
_POLL_SECONDS = 0.005
_OF_CALLS = frozenset(
    {
        *("ENTERQUEUE", "CONNECT", "COMPLETECALLER", "COMPLETEAGENT", "ABANDON"),
        *("RINGNOANSWER", "RINGCANCELED", "EXITWITHTIMEOUT", "WITHDRAW"),
    }
)
_OF_MEMBERS = frozenset({"PAUSE", "UNPAUSE"})


@dataclass(frozen=True)
class Timed:
    """A line, and when it was written, in seconds since 1970."""

    at: float
    line: str


@dataclass(frozen=True)
class Happened:
    """An event of a call or of a member."""

    at: float
    """Seconds after the first caller entered the queue."""
    event: str
    member: str
    """The seat, or `NONE`."""


@dataclass
class Story:
    """What a queue_log says."""

    calls: dict[str, list[Happened]] = field(default_factory=dict)
    """By the caller's number, in order of arrival."""
    members: list[Happened] = field(default_factory=list)

    def in_short(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Which call had which events with which members, in order of arrival."""
        return [
            (caller, [(each.event, each.member) for each in happened])
            for caller, happened in self.calls.items()
        ]

    def count(self, event: str) -> int:
        """How many of them there are."""
        return sum(each.event == event for happened in self.calls.values() for each in happened)


def schedule(seats: int, rounds: int) -> list[Appointment]:
    """Callers for so many seats that answer.

    First all seats get a call, quickly; then calls come and go, while most seats talk or wrap up;
    in the end all seats talk, and who calls then gives up.
    """
    ends = (1.5 + APART * index for index in range(seats + rounds))
    planned: list[tuple[float, float]] = []
    for index, end in enumerate(ends):
        talk = 1.6
        at = SPACING * index if index < seats else end - talk
        planned.append((at, end - at))
    quiet = planned[-1][0] + planned[-1][1] + WRAP_UP + 1.5
    planned += [(quiet + SPACING * index, 3.5) for index in range(seats)]
    planned += [(quiet + SPACING * (seats + index), 0.8 + 0.3 * index) for index in range(3)]
    return [
        Appointment(f"138{number:08d}", LEAD + at, stays)
        for number, (at, stays) in enumerate(planned, start=1)
    ]


def story(lines: Iterable[Timed], seats: Mapping[str, str]) -> Story:
    """What these lines tell, with seats for members: `seats` by the name that is in the lines."""
    told, caller_of = Story(), dict[str, str]()
    first: float | None = None
    for each in lines:
        _, call, _, member, event, *data = each.line.split("|")
        if event == "ENTERQUEUE":
            first = each.at if first is None else first
            caller_of[call] = data[1][-11:]
        if first is None or event not in _OF_CALLS | _OF_MEMBERS:
            continue
        happened = Happened(each.at - first, event, seats.get(member, member))
        if event in _OF_CALLS:
            told.calls.setdefault(caller_of[call], []).append(happened)
        else:
            told.members.append(happened)
    return told


def furthest(one: Story, other: Story) -> float:
    """The largest difference in time of the same events, in seconds."""
    pairs = [
        (mine.at, theirs.at)
        for caller, happened in one.calls.items()
        for mine, theirs in zip(happened, other.calls[caller], strict=True)
    ]
    pairs += [(mine.at, theirs.at) for mine, theirs in zip(one.members, other.members, strict=True)]
    return max(abs(mine - theirs) for mine, theirs in pairs)


class Watch:
    """The lines that are added to a file, with the time at which each appeared."""

    def __init__(self, file: Path) -> None:
        self.seen: list[Timed] = []
        self._file = file
        self._offset = file.stat().st_size if file.exists() else 0

    def look(self) -> None:
        """See what is new."""
        if not self._file.exists():
            return
        with self._file.open("rb") as opened:
            opened.seek(self._offset)
            *whole, _ = opened.read().split(b"\n")
        now = time()
        for line in whole:
            self._offset += len(line) + 1
            self.seen.append(Timed(now, line.decode()))


@asynccontextmanager
async def watched(file: Path) -> AsyncIterator[list[Timed]]:
    """The lines that are added to a file meanwhile, with the time of each."""
    watch = Watch(file)

    async def follow() -> None:
        while True:
            watch.look()
            await asyncio.sleep(_POLL_SECONDS)

    following = asyncio.create_task(follow())
    try:
        yield watch.seen
    finally:
        following.cancel()
        await asyncio.wait([following])
        watch.look()


def journalled(database: Path) -> list[Timed]:
    """The lines that a journal's events lead to."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as journal:
        events: Sequence[tuple[float, str, str, str]] = journal.execute(
            "SELECT at, plan, kind, body FROM events WHERE rejected IS NULL ORDER BY seq"
        ).fetchall()
        texts: dict[str, str] = dict(journal.execute("SELECT hash, body FROM plans").fetchall())
    plans: dict[str, Plan] = {}
    for known, text in texts.items():
        plan = load_source(text)
        assert plan is not None
        plans[known] = plan
    centre, lines = Centre(), list[Timed]()
    for at, used, kind, body in events:
        result = step(centre, decode_event(kind, body), plans[used], at)
        lines += [Timed(at, line) for line in result.queue_log]
    return lines
