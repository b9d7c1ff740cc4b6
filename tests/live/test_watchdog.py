"""Whoever freezes is replaced: nobody loses a talk or a place in the queue by a frozen controller.

A frozen process is worse than a dead one: its connections stay, so that Asterisk goes on as if it
were there.
"""

from __future__ import annotations

import signal

import pytest

from callcenter.orders.record import Outcome
from tests.support.city import VOICE, City, new_caller, within
from tests.support.processes import replaced

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
NOTICED = 20.0
"""Seconds; a frozen Asterisk is given 15."""


async def test_a_frozen_controller_is_replaced_under_a_talk_and_a_wait(city: City) -> None:
    talker, waiter, newcomer = new_caller(), new_caller(), new_caller()
    async with city.operator("001", "seat01") as phone:
        talk = await city.talk(talker)
        seat = await phone.next_call()
        waiting_call = await city.waiting_call(waiter)
        async with replaced(city.server, "callcenter", signal.SIGSTOP, 10.0):
            new = await city.call("12345", newcomer)  # Asterisk takes it to the frozen one
            talk.media.background(city.recording("signed_in"))
            seat.media.background(city.recording("signed_out"))
            await city.until_heard(seat, "signed_in")
            await city.until_heard(talk, "signed_out")
        assert await city.operator_state("001") == "talking"
        talk.media.background(city.recording("pin_wrong"))
        await city.until_heard(seat, "signed_in", "pin_wrong")
        assert talk.ending is None and waiting_call.ending is None
        packets = len(waiting_call.media.heard.packets)
        await within(waiting_call.media.until_heard(packets + 50))  # the music goes on
        await talk.hang_up()
        order = (await city.order_of(talker)).record
        assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")
        for call, caller in ((waiting_call, waiter), (new, newcomer)):
            await city.until_heard(call, "operator_suffix", VOICE)
            await call.hang_up()
            order = (await city.order_of(caller)).record
            assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")


@pytest.mark.long
async def test_a_frozen_asterisk_is_replaced(city: City) -> None:
    async with replaced(city.server, "asterisk", signal.SIGSTOP, NOTICED + 10):
        pass
    caller = new_caller()
    async with city.operator("001", "seat01"):
        call = await city.talk(caller)
        await call.hang_up()
        assert (await city.order_of(caller)).record.outcome is Outcome.ANSWERED
