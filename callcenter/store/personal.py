"""The personal data of closed orders: what is due to be erased, erasing it, and orders on hold.

An order is closed from its last event on: the end of its call or of one made for it, an entry, the
answer to its message. While the database is away, every method raises
`sqlalchemy.exc.SQLAlchemyError` or `OSError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from secrets import token_hex

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from callcenter.calls.audit import AuditRecord
from callcenter.orders.outbound import Called
from callcenter.orders.record import LegRole
from callcenter.orders.times import written
from callcenter.privacy.records import GONE, Ours, detail_without_person
from callcenter.store.audit import AUDIT
from callcenter.store.filing import storable
from callcenter.store.orders import OrderNotFoundError
from callcenter.store.outbound import OUTBOUND
from callcenter.store.tables import (
    ANSWERS,
    ENTRIES,
    ENTRY_CHANGES,
    ERASED,
    HOLDS,
    LEGS,
    ORDERS,
    VOICE_MAIL_ANSWERS,
)

RETENTION = "retention"
"""Who erases, in the audit."""
ERASED_ACT, HOLD_ACT, RELEASE_ACT = "erase_personal_data", "hold_order", "release_order"


@dataclass(frozen=True, slots=True)
class Due:
    """What a term leads to at a moment, in orders closed before it."""

    orders: int
    """To be erased."""
    held: int
    """On hold: not erased."""
    open: int
    """Something of them is not over: not erased."""


@dataclass(frozen=True, slots=True)
class Hold:
    """An order that is not erased, whatever its age."""

    order: str
    """Its number as shown."""
    since: float
    by: str
    reason: str


class PersonalData:
    """All orders behind one database, as to what they say of people."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # SQLite takes the writer's lock at once, as in store/orders.py.
        self._writer = engine.execution_options(sqlite_begin="IMMEDIATE")

    async def due(self, before: float) -> Due:
        """How many orders were closed before that moment."""
        due, erased = _is_due(before), ERASED.c.at.is_not(None)
        old, held = ORDERS.c.opened < before, ORDERS.c.call.in_(sa.select(HOLDS.c.call))
        async with self._engine.connect() as connection:
            return Due(
                orders=await _count(connection, due),
                held=await _count(connection, old, held),
                open=await _count(connection, old, ~held, ~erased)
                - await _count(connection, due, ~erased),
            )

    async def erase(self, before: float, now: float, limit: int, ours: Ours) -> int:
        """Erase some orders that were closed before that moment: all of each, or nothing.

        With them goes one row of the audit. Returns how many; 0 once nothing is due.
        """
        query = (
            sa.select(ORDERS.c.call, ORDERS.c.first_dialled)
            .select_from(_joined())
            .where(_is_due(before))
            .order_by(ORDERS.c.opened, ORDERS.c.call)
            .limit(limit)
        )
        async with self._writer.begin() as connection:
            # PostgreSQL: an entry that is being saved is waited for, or waits.
            rows = (await connection.execute(query.with_for_update(of=ORDERS))).all()
            if not rows:
                return 0
            calls = [row.call for row in rows]
            foreign = [
                row.call for row in rows if row.first_dialled and not ours(row.first_dialled)
            ]
            await _erase(connection, calls, foreign)
            await connection.execute(sa.delete(ERASED).where(ERASED.c.call.in_(calls)))
            await connection.execute(
                sa.insert(ERASED), [{"call": call, "at": now} for call in calls]
            )
            detail = f"orders={len(calls)}, closed_before={written(before)}"
            row = _row(ERASED_ACT, now, "", RETENTION, detail)
            await connection.execute(sa.insert(AUDIT), row)
        return len(calls)

    async def erase_audit(self, before: float, limit: int) -> int:
        """Take callers' numbers out of some old rows of the audit; what was done stays.

        Rows about orders on hold stay as they are. Returns how many; 0 once there are none.
        """
        query = (
            sa.select(AUDIT.c.id, AUDIT.c.act, AUDIT.c.detail)
            .where(
                AUDIT.c.at < before,
                AUDIT.c.detail.like("%number=%"),
                AUDIT.c.detail.not_like(f"%number={GONE}%"),
                AUDIT.c.call.not_in(sa.select(HOLDS.c.call)),
            )
            .limit(limit)
        )
        async with self._writer.begin() as connection:
            rows = (await connection.execute(query)).all()
            for row in rows:
                detail = detail_without_person(row.act, row.detail)
                own = AUDIT.c.id == row.id
                await connection.execute(sa.update(AUDIT).where(own).values(detail=detail))
        return len(rows)

    async def hold(self, number: str, *, who: str, reason: str, now: float) -> None:
        """Keep that order as it is until it is released; again changes the reason.

        Raises `OrderNotFoundError`.
        """
        async with self._writer.begin() as connection:
            call = await _call(connection, number)
            await connection.execute(sa.delete(HOLDS).where(HOLDS.c.call == call))
            hold = {"call": call, "since": now, "by": who, "reason": storable(reason)}
            await connection.execute(sa.insert(HOLDS).values(**hold))
            row = _row(HOLD_ACT, now, call, who, f"order={number}")
            await connection.execute(sa.insert(AUDIT), row)

    async def release(self, number: str, *, who: str, now: float) -> bool:
        """End a hold; whether there was one. Raises `OrderNotFoundError`."""
        async with self._writer.begin() as connection:
            call = await _call(connection, number)
            gone = await connection.execute(sa.delete(HOLDS).where(HOLDS.c.call == call))
            if gone.rowcount == 0:
                return False
            row = _row(RELEASE_ACT, now, call, who, f"order={number}")
            await connection.execute(sa.insert(AUDIT), row)
        return True

    async def holds(self) -> tuple[Hold, ...]:
        """All orders on hold, oldest first."""
        query = (
            sa.select(ORDERS.c.shown, HOLDS.c.since, HOLDS.c.by, HOLDS.c.reason)
            .join(ORDERS, ORDERS.c.call == HOLDS.c.call)
            .order_by(ORDERS.c.opened, ORDERS.c.call)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(Hold(*row) for row in rows)


async def _count(connection: AsyncConnection, *conditions: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(_joined()).where(*conditions)
    return int(await connection.scalar(query) or 0)


def _joined() -> sa.FromClause:
    """Orders with what there may be of each besides."""
    joined: sa.FromClause = ORDERS
    for each in (ENTRIES, VOICE_MAIL_ANSWERS, ERASED):
        joined = joined.outerjoin(each, each.c.call == ORDERS.c.call)
    return joined


def _is_due(before: float) -> sa.ColumnElement[bool]:
    """Whether all of an order was over before that moment, and it still tells of people."""
    made = sa.select(sa.literal(1)).where(OUTBOUND.c.order_call == ORDERS.c.call)
    lately = made.where(sa.or_(OUTBOUND.c.ended.is_(None), OUTBOUND.c.ended >= before)).exists()
    since = made.where(OUTBOUND.c.ended > ERASED.c.at).exists()
    return sa.and_(
        ORDERS.c.opened < before,
        ORDERS.c.ended < before,
        ORDERS.c.call.not_in(sa.select(HOLDS.c.call)),
        sa.or_(ENTRIES.c.entered.is_(None), ENTRIES.c.entered < before),
        sa.or_(ORDERS.c.answer_by.is_(None), VOICE_MAIL_ANSWERS.c.answered < before),
        ~lately,
        sa.or_(ERASED.c.at.is_(None), ENTRIES.c.entered > ERASED.c.at, since),
    )


async def _erase(connection: AsyncConnection, calls: Sequence[str], foreign: Sequence[str]) -> None:
    """As `privacy.records.without_person`; `foreign`: those with a first number not the plan's."""
    orders = sa.update(ORDERS).where(ORDERS.c.call.in_(calls))
    await connection.execute(orders.values(caller=None, caller_raw="", reference=None))
    if foreign:
        strange = sa.update(ORDERS).where(ORDERS.c.call.in_(foreign))
        await connection.execute(strange.values(first_dialled=None))
    persons = sa.or_(
        LEGS.c.role == LegRole.CALLER,
        sa.and_(LEGS.c.role == LegRole.PARTNER, LEGS.c.hotline == ""),
    )
    legs = sa.update(LEGS).where(LEGS.c.call.in_(calls), persons)
    await connection.execute(legs.values(party=""))
    answers = sa.update(ANSWERS).where(ANSWERS.c.call.in_(calls))
    await connection.execute(answers.values(recording=""))
    entries = sa.update(ENTRIES).where(ENTRIES.c.call.in_(calls))
    await connection.execute(entries.values(content=None))
    changes = sa.update(ENTRY_CHANGES).where(
        ENTRY_CHANGES.c.call.in_(calls), ENTRY_CHANGES.c.field == "content"
    )
    await connection.execute(changes.values(old=None, new=None))
    made = sa.update(OUTBOUND).where(
        OUTBOUND.c.order_call.in_(calls), OUTBOUND.c.called != Called.UNIT
    )
    await connection.execute(made.values(number=""))


async def _call(connection: AsyncConnection, number: str) -> str:
    columns = (ORDERS.c.number, ORDERS.c.shown, ORDERS.c.call)
    query = sa.select(ORDERS.c.call).where(sa.or_(*(column == number for column in columns)))
    found: str | None = (await connection.scalars(query.with_for_update())).first()
    if found is None:
        raise OrderNotFoundError(number)
    return found


def _row(act: str, now: float, call: str, who: str, detail: str) -> dict[str, object]:
    row = AuditRecord(
        id=f"{now:.6f}-{token_hex(8)}",
        at=now,
        who=who,
        address="",
        act=act,
        operator="",
        call=call,
        detail=detail,
        refusal="",
    )
    return asdict(row)
