"""The table of recordings: which file holds which call, with length and SHA-256.

Filed by the archive (`callcenter/recordings/archive.py`), read by the web and the command line. A
row is never deleted: that of a removed file says when and why. Every method raises
`sqlalchemy.exc.SQLAlchemyError` or `OSError` while the database is away.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Table, Text
from sqlalchemy.ext.asyncio import AsyncEngine

from callcenter.store.outbound import OUTBOUND
from callcenter.store.tables import ERASED, HOLDS, METADATA, ORDERS

RECORDINGS = Table(
    "recordings",
    METADATA,
    # No foreign key: a recording may be filed before its order is.
    Column("call", Text, primary_key=True),
    Column("file", Text, primary_key=True),
    Column("began", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("repaired", Boolean, nullable=False),
    Column("kind", Text, nullable=False, server_default="call"),
    Column("removed", Double),
    Column("removed_because", Text),
    Index(None, "began"),
)

_PAGE = 500


class RecordingKind(StrEnum):
    """What is in a file."""

    CALL = "call"
    """All that the caller said and heard."""
    VOICE_MAIL = "voice_mail"
    """A message that the caller left."""
    COMMENT = "comment"
    """What the caller said in a survey."""
    CONSULTATION = "consultation"
    """What the operator spoke with somebody without the caller."""


KIND_NOTES = {
    RecordingKind.CALL: "",
    RecordingKind.VOICE_MAIL: "  voice mail",
    RecordingKind.COMMENT: "  comment",
    RecordingKind.CONSULTATION: "  consultation",
}
"""What lists say of a file after its name."""


class RemovedBecause(StrEnum):
    """Why a recording's file was removed."""

    RETENTION = "retention"
    """It was older than recordings are kept."""
    ERASED = "erased"
    """The personal data of its order is erased."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One file and what it holds. Times in seconds since 1970 UTC."""

    call: str
    file: str
    """Below the folder of recordings: `2017/11/22/1511317865.7.wav`."""
    began: float
    seconds: float
    """The length; 0 for a file that is no sound."""
    bytes: int
    sha256: str
    repaired: bool
    """Its header was made anew: Asterisk was killed while it recorded."""
    kind: RecordingKind = RecordingKind.CALL
    removed: float | None = None
    """When the file was deleted; None while it is there."""
    removed_because: RemovedBecause | None = None

    @property
    def id(self) -> str:
        """Tells it from the call's other recordings: the file's name without its ending."""
        return self.file.rpartition("/")[2].removesuffix(".wav")


@dataclass(frozen=True, slots=True)
class Totals:
    """What the files that are there take."""

    files: int = 0
    bytes: int = 0
    oldest: float | None = None
    """When the first of them began."""
    recent_bytes: int = 0
    """Of those that began since the moment asked for."""


class RecordingStore:
    """All recordings behind one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # SQLite takes the writer's lock at once, as in store/orders.py.
        self._writer = engine.execution_options(sqlite_begin="IMMEDIATE")

    async def file(self, *recordings: Recording) -> None:
        """Keep these rows, all or none; may be repeated."""
        calls = [each.call for each in recordings]
        keys = sa.select(RECORDINGS.c.call, RECORDINGS.c.file).where(RECORDINGS.c.call.in_(calls))
        async with self._writer.begin() as connection:
            known = {(row.call, row.file) for row in await connection.execute(keys)}
            new = [asdict(each) for each in recordings if (each.call, each.file) not in known]
            if new:
                await connection.execute(sa.insert(RECORDINGS), new)
            for each in recordings:
                if (each.call, each.file) in known:
                    await connection.execute(
                        sa.update(RECORDINGS).where(_is(each)).values(**asdict(each))
                    )

    async def mark_removed(
        self, recordings: Collection[Recording], now: float, because: RemovedBecause
    ) -> None:
        """Say of these that their files are gone; may be repeated."""
        async with self._writer.begin() as connection:
            for each in recordings:
                await connection.execute(
                    sa.update(RECORDINGS)
                    .where(_is(each), RECORDINGS.c.removed.is_(None))
                    .values(removed=now, removed_because=because)
                )

    async def of_call(self, call: str) -> tuple[Recording, ...]:
        """The call's recordings in order of time, removed ones too."""
        return await self.of_calls(call)

    async def of_calls(self, *calls: str) -> tuple[Recording, ...]:
        """These calls' recordings in order of time, removed ones too."""
        return await self._select(
            sa.select(RECORDINGS)
            .where(RECORDINGS.c.call.in_(calls))
            .order_by(RECORDINGS.c.began, RECORDINGS.c.file)
        )

    async def begun_before(self, moment: float, limit: int) -> tuple[Recording, ...]:
        """Some of those that began before `moment` and whose files are there, oldest first.

        Those of orders on hold are not among them.
        """
        return await self._there(limit, RECORDINGS.c.began < moment, ~_is_of(HOLDS))

    async def of_erased_orders(self, moment: float, limit: int) -> tuple[Recording, ...]:
        """Those of erased orders that began before `moment`, oldest first."""
        return await self._there(limit, RECORDINGS.c.began < moment, _is_of(ERASED))

    async def newest(self, limit: int) -> tuple[Recording, ...]:
        """The newest, newest first, removed ones too."""
        return await self._select(
            sa.select(RECORDINGS)
            .order_by(RECORDINGS.c.began.desc(), RECORDINGS.c.file.desc())
            .limit(limit)
        )

    async def all(self) -> AsyncIterator[Recording]:
        """Every row, ordered by file, a page at a time."""
        last = ""
        while page := await self._select(
            sa.select(RECORDINGS)
            .where(RECORDINGS.c.file > last)
            .order_by(RECORDINGS.c.file)
            .limit(_PAGE)
        ):
            for each in page:
                yield each
            last = page[-1].file

    async def without_row(self, calls: Collection[str]) -> frozenset[str]:
        """Those of these calls that have an order, or were made for one, and no recording."""
        wanted = list(calls)
        found: set[str] = set()
        async with self._engine.connect() as connection:
            for first in range(0, len(wanted), _PAGE):
                some = wanted[first : first + _PAGE]
                recorded = sa.select(RECORDINGS.c.call).where(RECORDINGS.c.call.in_(some))
                for column in (ORDERS.c.call, OUTBOUND.c.call):
                    query = sa.select(column).where(column.in_(some), column.not_in(recorded))
                    found |= set((await connection.scalars(query)).all())
        return frozenset(found)

    async def order_numbers(self, calls: Collection[str]) -> dict[str, str]:
        """The orders of these calls, as shown, by call."""
        wanted = list(calls)
        own = sa.select(ORDERS.c.call, ORDERS.c.shown).where(ORDERS.c.call.in_(wanted))
        made = (
            sa.select(OUTBOUND.c.call, ORDERS.c.shown)
            .join(ORDERS, ORDERS.c.call == OUTBOUND.c.order_call)
            .where(OUTBOUND.c.call.in_(wanted))
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(own.union_all(made))).all()
        return {call: number for call, number in rows}  # noqa: C416 - rows are no plain tuples

    async def totals(self, recent: float) -> Totals:
        """What is there; `recent` is the moment from which on `recent_bytes` counts."""
        size = sa.func.coalesce(sa.func.sum(RECORDINGS.c.bytes), 0)
        there = RECORDINGS.c.removed.is_(None)
        query = sa.select(sa.func.count(), size, sa.func.min(RECORDINGS.c.began)).where(there)
        new = sa.select(size).where(there, RECORDINGS.c.began >= recent)
        async with self._engine.connect() as connection:
            files, total, oldest = (await connection.execute(query)).one()
            recent_bytes = await connection.scalar(new)
        # PostgreSQL's sum of BIGINT is a Decimal.
        return Totals(files, int(total), oldest, int(recent_bytes or 0))

    async def _there(
        self, limit: int, *conditions: sa.ColumnElement[bool]
    ) -> tuple[Recording, ...]:
        return await self._select(
            sa.select(RECORDINGS)
            .where(RECORDINGS.c.removed.is_(None), *conditions)
            .order_by(RECORDINGS.c.began, RECORDINGS.c.file)
            .limit(limit)
        )

    async def _select(self, query: sa.Select[tuple[object, ...]]) -> tuple[Recording, ...]:
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return tuple(_recording(row) for row in rows)


def _is(recording: Recording) -> sa.ColumnElement[bool]:
    return sa.and_(RECORDINGS.c.call == recording.call, RECORDINGS.c.file == recording.file)


def _is_of(orders: Table) -> sa.ColumnElement[bool]:
    """Whether a recording belongs to one of these orders, or to a call made for one."""
    made = sa.select(OUTBOUND.c.call).where(OUTBOUND.c.order_call.in_(sa.select(orders.c.call)))
    return RECORDINGS.c.call.in_(sa.select(orders.c.call).union_all(made))


def _recording(row: sa.RowMapping) -> Recording:
    values = {name: row[name] for name in Recording.__dataclass_fields__}
    values["kind"] = RecordingKind(values["kind"])
    if values["removed_because"] is not None:
        values["removed_because"] = RemovedBecause(values["removed_because"])
    return Recording(**values)


def ids(recordings: Sequence[Recording]) -> dict[str, Recording]:
    """The recordings by their ids."""
    return {each.id: each for each in recordings}
