"""A caller from whom no audio comes at all is released by Asterisk, and the order says so."""

from __future__ import annotations

import pytest

from callcenter.orders.record import Outcome
from tests.support.city import City, new_caller, within

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
RTP_TIMEOUT = 2


async def test_in_a_talk_the_operator_is_freed_and_the_order_says_why(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01"):
        call = await city.call("12345", caller)
        assert await within(call.until_answered())
        await city.until_operator("001", "talking")
        await call.media.close()
        await city.until_operator("001", "wrap_up")
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.ended_by) == (Outcome.ANSWERED, "silent")
    assert order.legs[0].outcome == "lost"
