"""The order store: work orders in SQLite by default, in PostgreSQL by its address.

`file` is called by the projector alone, with orders from the journal; `save_entry` for a person.
Reading is open to the web and to the command line. While the database is away, every method raises
`sqlalchemy.exc.SQLAlchemyError` or `OSError`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.orders.entry import (
    ENTRY_FIELDS,
    EntryPatch,
    OrderEntry,
    RefusalReason,
    RequestType,
    apply,
)
from callcenter.orders.outbound import OrderReference
from callcenter.orders.record import (
    Barred,
    Channel,
    Gap,
    LegRecord,
    LegRole,
    OrderRecord,
    Outcome,
    SurveyAnswer,
)
from callcenter.orders.times import day_bounds
from callcenter.settings import Settings
from callcenter.store import migrations
from callcenter.store.cursors import Cursor, move_cursor, read_cursor
from callcenter.store.database import is_sqlite, open_engine
from callcenter.store.filing import file_orders
from callcenter.store.tables import (
    ANSWERS,
    ENTRIES,
    ENTRY_CHANGES,
    ERASED,
    LEGS,
    ORDERS,
    VOICE_MAIL_ANSWERS,
)

READER = "orders"
"""The projector's name in the table of cursors."""


@dataclass(frozen=True, slots=True)
class EntryState:
    """What was entered, by whom and when. Version 0: nothing yet."""

    entry: OrderEntry = field(default_factory=OrderEntry)
    version: int = 0
    entered_by: str | None = None
    entered: float | None = None


@dataclass(frozen=True, slots=True)
class EntryChange:
    """One field of an entry that a person changed; values as text."""

    version: int
    field: str
    old: str | None
    new: str | None
    changed_by: str
    changed: float


@dataclass(frozen=True, slots=True)
class MessageAnswer:
    """Somebody has answered the message that a caller left."""

    at: float
    by: str


@dataclass(frozen=True, slots=True)
class Order:
    """A work order as it stands: what the call path knows, and what was entered."""

    record: OrderRecord
    entry: EntryState
    message_answer: MessageAnswer | None = None
    """None: there is no message, or it waits."""
    erased: float | None = None
    """When what it said of people was erased."""

    def taken_by(self, operator: str) -> bool:
        """Whether that operator talked with the caller."""
        return self.record.operator == operator or any(
            leg.role is LegRole.OPERATOR and leg.party == operator and leg.answered is not None
            for leg in self.record.legs
        )

    def reference(self, *, for_anybody: bool = False) -> OrderReference:
        """What must be known of it, to call on its behalf; a message is anybody's to answer."""
        record = self.record
        took = (leg.party for leg in record.legs if leg.role is LegRole.OPERATOR and leg.answered)
        operators = (*took, *((record.operator,) if record.operator else ()))
        return OrderReference(
            call=record.call,
            number=record.number,
            caller=None if record.caller_withheld else record.caller,
            hotline=record.hotline,
            owner=record.owner,
            queue=record.queue,
            operators=tuple(dict.fromkeys(operators)),
            for_anybody=for_anybody or record.voice_message is not None,
            reference=record.reference,
        )


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders to list; an absent field selects all."""

    day: date | None = None
    """The day the order was opened, Asia/Shanghai."""
    caller: str | None = None
    """E.164, or the end of the number."""
    hotline: str | None = None
    """The number dialled: the plan's, or as it came."""
    operator: str | None = None
    """Who took the call."""
    open: bool = False
    """Only those whose call still lives."""
    outcome: Outcome | None = None
    reference: str | None = None
    """What the partner who sent us the caller calls it."""


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Some orders, newest first, and how many there are in all."""

    orders: tuple[Order, ...]
    total: int


def identity(record: OrderRecord) -> str:
    """Tells a record from all others."""
    return f"{record.call} {record.version}"


class EntryConflictError(Exception):
    """Somebody else saved the entry in between; `current` is what stands now."""

    def __init__(self, current: EntryState) -> None:
        super().__init__(f"the entry is at version {current.version}")
        self.current = current


class OrderNotFoundError(LookupError):
    """No order has that number."""


class OrderStore:
    """All work orders behind one database address."""

    def __init__(self, url: URL, *, read_only: bool = False) -> None:
        self._url = url
        self.engine = open_engine(url, read_only=read_only)
        # SQLite takes the writer's lock at once: a reader that turned writer could not wait for it.
        self._writer = self.engine.execution_options(sqlite_begin="IMMEDIATE")

    @classmethod
    def of(cls, settings: Settings, *, read_only: bool = False) -> OrderStore:
        """The store that the settings name; `read_only` where it is only looked at."""
        address = settings.orders_url.get_secret_value()
        url = make_url(address) if address else default_url(settings.data)
        return cls(url, read_only=read_only)

    @classmethod
    def in_folder(cls, data: Path) -> OrderStore:
        """The SQLite store of a data folder."""
        return cls(default_url(data))

    def __str__(self) -> str:
        """Where it is, without a password."""
        return str(self._url.database) if is_sqlite(self._url) else str(self._url)

    async def exists(self) -> bool:
        """Whether it was made, and has the schema that this version reads."""
        if is_sqlite(self._url):
            file = Path(self._url.database or "")
            if not await asyncio.to_thread(file.is_file):
                return False
        async with self.engine.connect() as connection:
            return await connection.run_sync(migrations.is_newest)

    async def prepare(self) -> None:
        """Bring the schema to the newest one; a SQLite file is for its owner only."""
        if is_sqlite(self._url) and self._url.database:
            await asyncio.to_thread(Path(self._url.database).touch, mode=0o600)
        async with self._writer.begin() as connection:
            await connection.run_sync(migrations.upgrade)

    async def close(self) -> None:
        """Give back all connections."""
        await self.engine.dispose()

    # -- written from the journal ------------------------------------------------------------------

    async def cursor(self) -> Cursor:
        """How far the journal is filed; position 0 at the beginning."""
        async with self.engine.connect() as connection:
            return await read_cursor(connection, READER)

    def identity(self, record: OrderRecord) -> str:
        """Tells a record from all others."""
        return identity(record)

    async def file(self, records: Sequence[OrderRecord], position: int) -> None:
        """Store these orders and the last one's position in the journal, together or not at all.

        May be repeated: an order is kept by its call, and an older version changes nothing.
        """
        latest: dict[str, OrderRecord] = {}
        for record in records:
            known = latest.get(record.call)
            if known is None or known.version <= record.version:
                latest[record.call] = record
        async with self._writer.begin() as connection:
            await file_orders(connection, latest.values())
            await move_cursor(connection, READER, Cursor(position, identity(records[-1])))

    async def highest_sequence(self, day: str) -> int:
        """The largest order sequence that is known of `day` (`20171122`); 0 if none is."""
        numbers = sa.select(ORDERS.c.shown).where(ORDERS.c.shown.like(f"{day}-%"))
        async with self.engine.connect() as connection:
            found = (await connection.scalars(numbers)).all()
        return max((int(number.split("-")[1]) for number in found), default=0)

    # -- written by people -------------------------------------------------------------------------

    async def save_entry(
        self, number: str, patch: EntryPatch, *, who: str, now: float, expected: int
    ) -> Order:
        """Change what is entered, keeping every old value.

        `expected` is the version that the person saw. Raises `OrderNotFoundError`,
        `EntryConflictError` and `EntryRefusedError`.
        """
        async with self._writer.begin() as connection:
            order = await _find(connection, number, lock=True)
            current = order.entry
            if current.version != expected:
                raise EntryConflictError(current)
            new = apply(patch, current.entry)
            changes = _differences(current.entry, new)
            if not changes:
                return order
            version = current.version + 1
            call = order.record.call
            values = {**asdict(new), "version": version, "entered_by": who, "entered": now}
            if current.version == 0:
                await connection.execute(sa.insert(ENTRIES).values(call=call, **values))
            else:
                await connection.execute(
                    sa.update(ENTRIES).where(ENTRIES.c.call == call).values(**values)
                )
            await connection.execute(
                sa.insert(ENTRY_CHANGES),
                [
                    {
                        "call": call,
                        "version": version,
                        "field": name,
                        "old": old,
                        "new": value,
                        "changed_by": who,
                        "changed": now,
                    }
                    for name, old, value in changes
                ],
            )
        return replace(order, entry=EntryState(new, version, who, now))

    # -- read --------------------------------------------------------------------------------------

    async def find(self, number: str) -> Order:
        """The order with that number, with or without its area, or of the call of that name.

        Raises `OrderNotFoundError`.
        """
        async with self.engine.connect() as connection:
            return await _find(connection, number)

    async def changes(self, number: str) -> tuple[EntryChange, ...]:
        """Every change of the order's entry, oldest first."""
        query = (
            sa.select(ENTRY_CHANGES)
            .join(ORDERS, ORDERS.c.call == ENTRY_CHANGES.c.call)
            .where(_has_number(number))
            .order_by(ENTRY_CHANGES.c.version, ENTRY_CHANGES.c.field)
        )
        async with self.engine.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return tuple(
            EntryChange(**{name: row[name] for name in EntryChange.__dataclass_fields__})
            for row in rows
        )

    async def page(self, wanted: OrderFilter, *, limit: int = 100, offset: int = 0) -> OrderPage:
        """Some of the orders that `wanted` selects, newest first."""
        conditions = _conditions(wanted)
        count = sa.select(sa.func.count()).select_from(ORDERS).where(*conditions)
        query = (
            sa.select(ORDERS.c.call)
            .where(*conditions)
            .order_by(ORDERS.c.opened.desc(), ORDERS.c.number.desc())
            .limit(limit)
            .offset(offset)
        )
        async with self.engine.connect() as connection:
            total = await connection.scalar(count)
            calls = (await connection.scalars(query)).all()
            orders = await _load(connection, calls)
        return OrderPage(orders, int(total or 0))


def default_url(data: Path) -> URL:
    """Where a data folder keeps its orders."""
    return URL.create("sqlite+aiosqlite", database=str(data / "orders.db"))


def _has_number(number: str) -> sa.ColumnElement[bool]:
    columns = (ORDERS.c.number, ORDERS.c.shown, ORDERS.c.call)
    return sa.or_(*(column == number for column in columns))


async def _find(connection: AsyncConnection, number: str, *, lock: bool = False) -> Order:
    query = sa.select(ORDERS.c.call).where(_has_number(number))
    # PostgreSQL locks the row until the end of the transaction; SQLite has one writer anyway.
    calls = (await connection.scalars(query.with_for_update() if lock else query)).all()
    if not calls:
        raise OrderNotFoundError(number)
    return (await _load(connection, calls[:1]))[0]


async def _load(connection: AsyncConnection, calls: Sequence[str]) -> tuple[Order, ...]:
    """These orders with legs and entries, in the order given."""
    if not calls:
        return ()
    orders = await connection.execute(sa.select(ORDERS).where(ORDERS.c.call.in_(calls)))
    by_call = {row["call"]: row for row in orders.mappings()}
    legs: dict[str, list[LegRecord]] = {}
    query = sa.select(LEGS).where(LEGS.c.call.in_(calls)).order_by(LEGS.c.call, LEGS.c.position)
    for row in (await connection.execute(query)).mappings():
        legs.setdefault(row["call"], []).append(_leg(row))
    answers: dict[str, list[SurveyAnswer]] = {}
    query = sa.select(ANSWERS).where(ANSWERS.c.call.in_(calls)).order_by(ANSWERS.c.position)
    for row in (await connection.execute(query)).mappings():
        values = {name: row[name] for name in SurveyAnswer.__dataclass_fields__}
        answers.setdefault(row["call"], []).append(SurveyAnswer(**values))
    entered = await connection.execute(sa.select(ENTRIES).where(ENTRIES.c.call.in_(calls)))
    entries = {row["call"]: _entry(row) for row in entered.mappings()}
    replies = await connection.execute(
        sa.select(VOICE_MAIL_ANSWERS).where(VOICE_MAIL_ANSWERS.c.call.in_(calls))
    )
    answered = {
        row["call"]: MessageAnswer(row["answered"], row["answered_by"])
        for row in replies.mappings()
    }
    query = sa.select(ERASED.c.call, ERASED.c.at).where(ERASED.c.call.in_(calls))
    erased = {row["call"]: row["at"] for row in (await connection.execute(query)).mappings()}
    return tuple(
        Order(
            _record(by_call[call], tuple(legs.get(call, ())), tuple(answers.get(call, ()))),
            entries.get(call, EntryState()),
            answered.get(call),
            erased.get(call),
        )
        for call in calls
    )


def _record(
    row: sa.RowMapping, legs: tuple[LegRecord, ...], answers: tuple[SurveyAnswer, ...]
) -> OrderRecord:
    apart = {"legs", "answers"}
    values = {n: row[n] for n in OrderRecord.__dataclass_fields__ if n not in apart}
    values["channel"] = Channel(values["channel"])
    if values["barred"] is not None:
        values["barred"] = Barred(values["barred"])
    values["gaps"] = tuple(Gap(*gap) for gap in json.loads(values["gaps"]))
    if values["outcome"] is not None:
        values["outcome"] = Outcome(values["outcome"])
    return OrderRecord(**values, legs=legs, answers=answers)


def _leg(row: sa.RowMapping) -> LegRecord:
    values = {name: row[name] for name in LegRecord.__dataclass_fields__}
    return LegRecord(**values | {"role": LegRole(values["role"])})


def _entry(row: sa.RowMapping) -> EntryState:
    values = {name: row[name] for name in ENTRY_FIELDS}
    if values["type"] is not None:
        values["type"] = RequestType(values["type"])
    if values["refusal"] is not None:
        values["refusal"] = RefusalReason(values["refusal"])
    return EntryState(OrderEntry(**values), row["version"], row["entered_by"], row["entered"])


def _differences(old: OrderEntry, new: OrderEntry) -> list[tuple[str, str | None, str | None]]:
    """Field, old and new value as text, of every field that differs."""
    pairs = [(name, getattr(old, name), getattr(new, name)) for name in ENTRY_FIELDS]
    return [(name, _as_text(a), _as_text(b)) for name, a, b in pairs if a != b]


def _as_text(value: str | bool | None) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _conditions(wanted: OrderFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.day is not None:
        first, following = day_bounds(wanted.day)
        found += [ORDERS.c.opened >= first, ORDERS.c.opened < following]
    if wanted.caller is not None:
        found.append(ORDERS.c.caller.like(f"%{_literal(wanted.caller)}", escape="\\"))
    if wanted.hotline is not None:
        columns = (ORDERS.c.hotline, ORDERS.c.first_dialled, ORDERS.c.dialled)
        found.append(sa.or_(*(column == wanted.hotline for column in columns)))
    if wanted.operator is not None:
        took = sa.select(LEGS.c.call).where(
            LEGS.c.role == LegRole.OPERATOR,
            LEGS.c.party == wanted.operator,
            LEGS.c.answered.is_not(None),
        )
        found.append(sa.or_(ORDERS.c.operator == wanted.operator, ORDERS.c.call.in_(took)))
    if wanted.open:
        found.append(ORDERS.c.ended.is_(None))
    if wanted.outcome is not None:
        found.append(ORDERS.c.outcome == wanted.outcome)
    if wanted.reference is not None:
        found.append(ORDERS.c.reference == wanted.reference)
    return found


def _literal(text: str) -> str:
    """`text` with LIKE's own signs made harmless."""
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    return text
