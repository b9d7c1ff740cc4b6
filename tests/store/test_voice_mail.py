"""Messages that wait: which, in which order, and who answered them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.orders.record import OrderRecord, Outcome
from callcenter.store.orders import OrderNotFoundError, OrderStore
from callcenter.store.voice_mail import AlreadyAnsweredError, NoMessageError, VoiceMail
from tests.fakes.orders import ENDED, MORNING, another
from tests.fakes.store import empty_orders, write_orders

__all__ = ["empty_orders"]

DAY = 24 * 3600.0


def message(sequence: int, left: float, box: str = "night") -> OrderRecord:
    return replace(
        another(sequence),
        ended=left,
        outcome=Outcome.VOICE_MAIL,
        voice_box=box,
        voice_message=left,
        answer_by=left + DAY,
    )


@pytest.fixture
async def orders(empty_orders: bytes, tmp_path: Path) -> AsyncIterator[OrderStore]:
    write_orders(tmp_path, empty_orders)
    store = OrderStore.in_folder(tmp_path)
    await store.file(
        [ENDED, message(253, MORNING + 60), message(254, MORNING + 30), message(255, MORNING, "x")],
        1,
    )
    yield store
    await store.close()


async def numbers(mail: VoiceMail, *boxes: str, answered: bool = False) -> list[str]:
    found, _ = await mail.page(boxes or None, 10, answered=answered)
    return [order.record.number[-4:] for order in found]


async def test_the_most_urgent_comes_first(orders: OrderStore) -> None:
    mail = VoiceMail(orders)
    assert await numbers(mail) == ["0255", "0254", "0253"]
    assert await numbers(mail, "night") == ["0254", "0253"]
    found, total = await mail.page(None, 1)
    assert (len(found), total) == (1, 3)


async def test_what_a_person_answered_waits_no_more(orders: OrderStore) -> None:
    mail = VoiceMail(orders)
    order = await mail.answer("20171122-0254", who="001", now=MORNING + 90)
    assert order.message_answer is not None
    assert (order.message_answer.by, order.message_answer.at) == ("001", MORNING + 90)
    assert await numbers(mail) == ["0255", "0253"]
    await orders.file([replace(message(254, MORNING + 30), version=9)], 2)
    assert await numbers(mail) == ["0255", "0253"]


async def test_of_some_voice_boxes(orders: OrderStore) -> None:
    mail = VoiceMail(orders)
    assert await numbers(mail, "night", "x") == ["0255", "0254", "0253"]
    assert await numbers(mail, "x") == ["0255"]
    assert (await mail.page((), 10))[1] == 0


async def test_what_was_answered_latest_first(orders: OrderStore) -> None:
    mail = VoiceMail(orders)
    for number in ("20171122-0255", "20171122-0253"):
        await mail.answer(number, who="001", now=MORNING + 90)
    assert await numbers(mail, answered=True) == ["0253", "0255"]
    assert await numbers(mail, "x", answered=True) == ["0255"]


async def test_a_message_is_answered_once(orders: OrderStore) -> None:
    mail = VoiceMail(orders)
    await mail.answer("20171122-0254", who="001", now=MORNING + 90)
    with pytest.raises(AlreadyAnsweredError) as error:
        await mail.answer("20171122-0254", who="002", now=MORNING + 95)
    assert error.value.answer.by == "001"


async def test_only_a_message_can_be_answered(orders: OrderStore) -> None:
    mail = VoiceMail(orders)
    with pytest.raises(NoMessageError):
        await mail.answer("20171122-0252", who="001", now=MORNING)
    with pytest.raises(OrderNotFoundError):
        await mail.answer("20171122-9999", who="001", now=MORNING)
