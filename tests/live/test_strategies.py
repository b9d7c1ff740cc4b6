"""Which of the operators who are free a real Asterisk rings, by each rule of a queue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from callcenter.orders.record import Outcome
from callcenter.simulator.behaviour import DECLINE
from tests.support.city import OPERATORS, QUEUES, VOICE, City, changed_plan, edit, new_caller, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
ANNOUNCES = False


def queue_with(*lines: str) -> Callable[[Path], None]:
    """The hotline's queue with these lines, the last of which may be its strategy."""

    def write(folder: Path) -> None:
        edit(folder, QUEUES, r"strategy: longest_idle", "\n    ".join(lines))
        edit(folder, QUEUES, r"wrap_up_seconds: \d+", "wrap_up_seconds: 0")

    return write


async def taken_by(city: City, caller: str | None = None) -> str:
    """Somebody calls, talks and hangs up: the operator who took the call, and is ready again."""
    caller = caller or new_caller()
    before = len(await city.orders_of(caller))
    call = await city.talk(caller)
    await call.hang_up()

    async def is_filed() -> bool:
        orders = await city.orders_of(caller)
        return len(orders) > before and orders[0].record.outcome is not None

    await until(is_filed, lambda: f"the order of {caller} is not finished")
    operator = (await city.orders_of(caller))[0].record.operator or ""
    await city.until_operator(operator, "ready")
    return operator


@pytest.mark.parametrize(
    ("strategy", "taken"),
    [
        ("longest_idle", ["002", "003", "001"]),
        ("round_robin", ["001", "002", "003"]),
        ("priority_order", ["001", "001", "001"]),
    ],
)
async def test_calls_one_after_the_other(city: City, strategy: str, taken: list[str]) -> None:
    """They become ready in another order than the plan has them in."""
    async with (
        changed_plan(city, queue_with(f"strategy: {strategy}")),
        city.operator("002", "seat02"),
        city.operator("003", "seat03"),
        city.operator("001", "seat01"),
    ):
        assert [await taken_by(city) for _ in taken] == taken


async def test_who_has_taken_fewest_calls_is_rung_though_idle_for_less_long(city: City) -> None:
    async with (
        changed_plan(city, queue_with("strategy: fewest_calls")),
        city.operator("001", "seat01"),
        city.operator("002", "seat02"),
    ):
        away = {"reason": "break"}
        await city.ask("POST", "/operators/002/not-ready", away)
        assert [await taken_by(city) for _ in range(2)] == ["001", "001"]
        await city.ask("POST", "/operators/002/ready")
        assert [await taken_by(city) for _ in range(2)] == ["002", "002"]


async def test_a_penalty_is_admitted_after_some_waiting(city: City) -> None:
    def penalty(folder: Path) -> None:
        edit(folder, OPERATORS, r"(王丽萍, skills: \[[^]]*\])", r"\1, penalties: {hotline: 2}")

    relaxed = queue_with("relax: [{after: 2, up_to: 2}]")
    async with changed_plan(city, relaxed, penalty), city.operator("002", "seat02"):
        caller = new_caller()
        call = await city.talk(caller)
        await call.hang_up()
        order = (await city.order_of(caller)).record
        assert order.answered is not None and order.queued is not None
        assert order.answered - order.queued >= 2.0
        async with city.operator("001", "seat01"):
            assert await taken_by(city) == "001"


async def test_who_calls_again_gets_the_operator_of_last_time(city: City) -> None:
    caller = new_caller()
    async with (
        changed_plan(city, queue_with("same_operator_hours: 1")),
        city.operator("002", "seat02"),
    ):
        assert await taken_by(city, caller) == "002"
        async with city.operator("001", "seat01"):
            assert await taken_by(city, caller) == "002"
            assert await taken_by(city) == "001", "who is idle for longer"


async def test_who_misses_two_offers_in_a_row_is_not_ready(city: City) -> None:
    def twice(folder: Path) -> None:
        edit(folder, QUEUES, r"not_ready_after_misses: \d", "not_ready_after_misses: 2")

    async with changed_plan(city, twice), city.operator("001", "seat01", DECLINE) as phone:
        caller = new_caller()
        call = await city.waiting_call(caller)
        await city.until_operator("001", "not_ready")
        assert len(phone.agent.calls) == 2
        await call.hang_up()
        assert (await city.order_of(caller)).record.outcome is Outcome.ABANDONED


@pytest.mark.long
async def test_who_comes_while_nobody_is_signed_in_may_be_called_back(city: City) -> None:
    nobody = queue_with("overflow: [{nobody_signed_in: true, to: {callback: hotline}}]")
    async with changed_plan(city, nobody):
        caller = new_caller()
        call = await city.call("12345", caller)
        await city.until_heard(call, "callback_number", "callback_confirm")
        await call.media.press("1")
        await city.until_heard(call, "callback_noted")
        async with city.operator("001", "seat01"):
            far = await city.outside.call_to(caller)
            await city.until_heard(far.call, VOICE)
            await far.call.hang_up()
        order = (await city.order_of(caller)).record
        assert (order.outcome, order.operator) == (Outcome.CALLBACK, "001")


async def test_who_comes_to_a_full_queue_is_asked_for_a_message(city: City) -> None:
    async with changed_plan(city, queue_with("overflow: [{length: 1, to: {voice_box: hotline}}]")):
        first = await city.waiting_call(new_caller())
        await city.until_music(first)
        caller = new_caller()
        second = await city.call("12345", caller)
        await city.until_heard(second, "voice_mail_greeting")
        await second.hang_up()
        await first.hang_up()

        async def is_over() -> bool:
            return (await city.order_of(caller)).record.ended is not None

        await until(is_over, lambda: "the call is not over")
        assert (await city.order_of(caller)).record.outcome is Outcome.ABANDONED
