"""Waiting, offered, taken or not: no caller is lost on the way to an operator."""

from __future__ import annotations

import pytest

from callcenter.calls.events import Ending
from callcenter.orders.record import Outcome
from callcenter.simulator.agent import Side
from callcenter.simulator.behaviour import (
    BUSY,
    DECLINE,
    NO_ANSWER,
    Behaviour,
)
from tests.support.city import VOICE, City, new_caller, until, within
from tests.support.queue_log import GRAMMAR

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False


async def test_both_hear_each_other(city: City) -> None:
    async with city.operator("001", "seat01") as phone:
        call = await city.talk(new_caller())
        (seat,) = phone.agent.calls
        call.media.background(city.recording("signed_in"))
        await city.until_heard(seat, "signed_in")
        await call.hang_up()


async def test_the_longest_waiting_caller_goes_to_the_longest_idle_operator(city: City) -> None:
    async with city.operator("002", "seat02") as idle, city.operator("001", "seat01") as later:
        one, two = new_caller(), new_caller()
        first = await city.call("12345", one)
        assert one[-8:] in (await idle.next_call()).invite.from_.uri
        second = await city.call("12345", two)
        assert two[-8:] in (await later.next_call()).invite.from_.uri
        third, fourth = new_caller(), new_caller()
        waits = await city.waiting_call(third), await city.waiting_call(fourth)
        await second.hang_up()
        assert third[-8:] in (await later.next_call()).invite.from_.uri
        await first.hang_up()
        assert fourth[-8:] in (await idle.next_call()).invite.from_.uri
        for call in waits:
            await call.hang_up()


@pytest.mark.parametrize(
    ("behaviour", "ending"),
    [(NO_ANSWER, Ending.NO_ANSWER), (DECLINE, Ending.DECLINED), (BUSY, Ending.BUSY)],
    ids=["no answer", "declined", "busy"],
)
async def test_an_offer_that_is_not_taken_goes_on_to_the_next_operator(
    city: City, behaviour: Behaviour, ending: Ending
) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01", behaviour), city.operator("002", "seat02"):
        call = await city.talk(caller)
        await city.until_operator("001", "not_ready")
        await call.hang_up()
        order = (await city.order_of(caller)).record
    assert order.operator == "002"
    assert [(leg.party, leg.outcome) for leg in order.legs[1:]] == [
        ("001", ending),
        ("002", Ending.NORMAL),
    ]


async def test_a_caller_who_was_not_answered_is_at_the_head_of_the_queue(city: City) -> None:
    first, second = new_caller(), new_caller()
    async with city.operator("001", "seat01", NO_ANSWER) as deaf:
        waiting = await city.waiting_call(first)
        await deaf.next_call()
        behind = await city.waiting_call(second)
        await city.until_operator("001", "not_ready")
        async with city.operator("002", "seat02") as phone:
            assert first[-8:] in (await phone.next_call()).invite.from_.uri
            for call in (waiting, behind):
                await call.hang_up()


async def test_a_softphone_that_is_gone_loses_no_caller(city: City) -> None:
    async with city.operator("001", "seat01") as phone:
        await phone.vanish()
        caller = new_caller()
        waiting = await city.waiting_call(caller)
        await city.until_operator("001", "not_ready")
        async with city.operator("002", "seat02"):
            await city.until_heard(waiting, "operator_suffix")
            await waiting.hang_up()
        assert (await city.order_of(caller)).record.operator == "002"


async def test_the_operator_leaves_first(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat01") as phone:
        call = await city.talk(caller)
        await (await phone.next_call()).hang_up()
        assert (await within(call.until_ended())).by is Side.REMOTE
        await city.until_operator("001", "wrap_up")
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.ended_by) == (Outcome.ANSWERED, "operator")


async def test_a_call_leaves_its_lines_in_our_queue_log(city: City) -> None:
    file = city.server.settings.own_queue_log
    caller = new_caller()
    async with city.operator("001", "seat01"):
        call = await city.talk(caller)
        await call.hang_up()
        order = (await city.order_of(caller)).record
    operator = order.legs[1]
    began = int(order.queued or 0)
    held, talked = (
        int(order.answered or 0) - began,
        int(order.ended or 0) - int(order.answered or 0),
    )
    rang = int(operator.answered or 0) - int(operator.began)
    expected = [
        f"{began}|{order.call}|hotline|NONE|ENTERQUEUE||+86{caller}|1",
        f"{began + held}|{order.call}|hotline|001|CONNECT|{held}|{operator.leg}|{rang}",
        f"{int(order.ended or 0)}|{order.call}|hotline|001|COMPLETECALLER|{held}|{talked}|1",
    ]

    def written() -> list[str]:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        lines = text.rpartition("\n")[0].splitlines()
        assert all(GRAMMAR.fullmatch(line) for line in lines)
        return [line for line in lines if line.split("|")[1] == order.call]

    await until(lambda: written() == expected, lambda: f"{written()} is not {expected}")


async def test_a_caller_who_gives_up_has_an_order_too(city: City) -> None:
    caller = new_caller()
    call = await city.waiting_call(caller)
    await call.hang_up()
    order = (await city.order_of(caller)).record
    assert (order.outcome, order.ended_by, order.operator) == (Outcome.ABANDONED, "caller", None)


async def test_a_withheld_number_is_masked_at_the_softphone(city: City) -> None:
    async with city.operator("001", "seat01") as phone:
        privacy = (
            ("P-Asserted-Identity", "<sip:13900001111@carrier.example>"),
            ("Privacy", "id"),
        )
        call = await city.call("12345", "", headers=privacy)
        await city.until_heard(call, "operator_suffix", VOICE)
        invite = (await phone.next_call()).invite
        assert "13900001111" not in str(invite)
        await call.hang_up()
