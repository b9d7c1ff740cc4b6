"""Files order records into the order store, many with few statements."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import fields

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.orders.numbers import shown, with_suffix
from callcenter.orders.record import LegRecord, OrderRecord, SurveyAnswer
from callcenter.store.tables import ANSWERS, LEGS, ORDERS

log = structlog.get_logger(__name__)

# An order's number never changes: people were told it.
_CHANGING = tuple(
    each.name
    for each in fields(OrderRecord)
    if each.name not in {"call", "number", "legs", "answers"}
)
_OF_LEG = tuple(each.name for each in fields(LegRecord))
_OF_ANSWER = tuple(each.name for each in fields(SurveyAnswer))

_INSERT = sa.insert(ORDERS)
_UPDATE = (
    sa.update(ORDERS)
    .where(ORDERS.c.call == sa.bindparam("of_call"))
    .values({name: sa.bindparam(name) for name in _CHANGING})
)
_INSERT_LEGS = sa.insert(LEGS)
_INSERT_ANSWERS = sa.insert(ANSWERS)

Row = dict[str, object]


async def file_orders(connection: AsyncConnection, records: Collection[OrderRecord]) -> None:
    """Keep these orders, one a call, in the caller's transaction; older versions change nothing."""
    calls = [record.call for record in records]
    numbers = [record.number for record in records]
    # The rows are locked, where there can be two writers: neither puts back what the other filed.
    query = (
        sa.select(ORDERS.c.call, ORDERS.c.version, ORDERS.c.number)
        .where(sa.or_(ORDERS.c.call.in_(calls), ORDERS.c.number.in_(numbers)))
        .order_by(ORDERS.c.call)
        .with_for_update()
    )
    kept = (await connection.execute(query)).all()
    versions: dict[str, int] = {call: version for call, version, _ in kept}
    taken: set[str] = {number for _, _, number in kept}
    new = [record for record in records if record.call not in versions]
    newer = [
        record for record in records if versions.get(record.call, record.version) < record.version
    ]
    if new:
        rows = [await _new_row(connection, record, taken) for record in new]
        await connection.execute(_INSERT, rows)
    if newer:
        await connection.execute(
            _UPDATE, [{"of_call": record.call, **_row(record, _CHANGING)} for record in newer]
        )
        old = [record.call for record in newer]
        await connection.execute(sa.delete(LEGS).where(LEGS.c.call.in_(old)))
    legs = [
        {"call": record.call, "position": place, **_row(leg, _OF_LEG)}
        for record in (*new, *newer)
        for place, leg in enumerate(record.legs)
    ]
    if legs:
        await connection.execute(_INSERT_LEGS, legs)
    await _file_answers(connection, [record for record in (*new, *newer) if record.answers])


async def _file_answers(connection: AsyncConnection, records: Collection[OrderRecord]) -> None:
    """What callers answered to surveys; few calls have such."""
    answers = [
        {"call": record.call, "position": place, **_row(answer, _OF_ANSWER)}
        for record in records
        for place, answer in enumerate(record.answers)
    ]
    if answers:
        calls = [record.call for record in records]
        await connection.execute(sa.delete(ANSWERS).where(ANSWERS.c.call.in_(calls)))
        await connection.execute(_INSERT_ANSWERS, answers)


async def _new_row(connection: AsyncConnection, record: OrderRecord, taken: set[str]) -> Row:
    number = record.number
    if number in taken:
        number = await _free_number(connection, number, taken)
        log.error("order_number_taken", wanted=record.number, given=number)
    taken.add(number)
    row = {"call": record.call, "number": number, "shown": shown(number)}
    return row | _row(record, _CHANGING)


async def _free_number(connection: AsyncConnection, wanted: str, taken: Collection[str]) -> str:
    """`wanted` with a suffix: better two orders than one lost.

    It happens only where a journal was lost or put back while the orders were kept.
    """
    copy = 2
    while True:
        number = with_suffix(wanted, copy)
        there = sa.select(ORDERS.c.call).where(ORDERS.c.number == number)
        if number not in taken and await connection.scalar(there) is None:
            return number
        copy += 1


def _row(record: OrderRecord | LegRecord | SurveyAnswer, names: Collection[str]) -> Row:
    return {name: storable(getattr(record, name)) for name in names}


def storable(value: object) -> object:
    """The value without the one sign that PostgreSQL cannot hold: it would stop all filing."""
    if isinstance(value, tuple):
        return json.dumps([[gap.began, gap.ended] for gap in value])
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value
