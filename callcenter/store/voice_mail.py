"""Messages that callers left: which wait for an answer, and who answered which.

A message is part of its call's order. That it was answered is what a person says, so it has a table
of its own. Every method raises `sqlalchemy.exc.SQLAlchemyError` or `OSError` while the database is
away.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from callcenter.store.orders import MessageAnswer, Order, OrderNotFoundError, OrderStore
from callcenter.store.tables import ORDERS, VOICE_MAIL_ANSWERS


class NoMessageError(LookupError):
    """The order has no message."""


class AlreadyAnsweredError(Exception):
    """Somebody answered the message before; `answer` says who and when."""

    def __init__(self, answer: MessageAnswer) -> None:
        super().__init__(f"answered by {answer.by}")
        self.answer = answer


class VoiceMail:
    """All messages behind one order store."""

    def __init__(self, orders: OrderStore) -> None:
        self._orders = orders
        # SQLite takes the writer's lock at once, as in store/orders.py.
        self._writer: AsyncEngine = orders.engine.execution_options(sqlite_begin="IMMEDIATE")

    async def page(
        self, boxes: Collection[str] | None, limit: int, *, answered: bool = False
    ) -> tuple[tuple[Order, ...], int]:
        """Some orders with messages, and how many there are in all.

        Those that nobody has answered, most urgent first; or those that somebody has, latest first.
        `boxes`: only of these voice boxes.
        """
        replies = sa.select(VOICE_MAIL_ANSWERS.c.call)
        has_reply = ORDERS.c.call.in_(replies)
        wanted: list[sa.ColumnElement[bool]] = [
            ORDERS.c.answer_by.is_not(None),
            has_reply if answered else ~has_reply,
        ]
        if boxes is not None:
            wanted.append(ORDERS.c.voice_box.in_(list(boxes)))
        count = sa.select(sa.func.count()).select_from(ORDERS).where(*wanted)
        order = (ORDERS.c.answer_by, ORDERS.c.number)
        query = (
            sa.select(ORDERS.c.number)
            .where(*wanted)
            .order_by(*((each.desc() for each in order) if answered else order))
            .limit(limit)
        )
        async with self._orders.engine.connect() as connection:
            total = await connection.scalar(count)
            numbers: Sequence[str] = (await connection.scalars(query)).all()
        return tuple([await self._orders.find(number) for number in numbers]), int(total or 0)

    async def answer(self, number: str, *, who: str, now: float) -> Order:
        """Note that a person has answered the message of that order.

        Raises `OrderNotFoundError`, `NoMessageError`, `AlreadyAnsweredError`.
        """
        order = await self._orders.find(number)
        if order.record.answer_by is None:
            raise NoMessageError(number)
        try:
            async with self._writer.begin() as connection:
                await connection.execute(
                    sa.insert(VOICE_MAIL_ANSWERS).values(
                        call=order.record.call, answered=now, answered_by=who
                    )
                )
        except IntegrityError as error:
            there = (await self._orders.find(number)).message_answer
            if there is None:
                raise OrderNotFoundError(number) from error
            raise AlreadyAnsweredError(there) from error
        return await self._orders.find(number)
