"""Whom a real Asterisk rings: several at once, by skill level, after a queue led callers on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from callcenter.calls.events import Ending
from callcenter.orders.record import LegRole, Outcome
from callcenter.simulator.behaviour import AT_ONCE, BUSY, DECLINE, NO_ANSWER, Behaviour
from tests.support.city import (
    OPERATORS,
    QUEUES,
    VOICE,
    City,
    changed_plan,
    edit,
    new_caller,
    until,
    within,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
ANNOUNCES = False
SECOND = "\n  second: {title: 英语, skills: {english: 2}, ring_seconds: 3, wrap_up_seconds: 2}\n"


def ring_all(folder: Path) -> None:
    edit(folder, QUEUES, "strategy: longest_idle", "strategy: ring_all")


def overflow(rule: str) -> Callable[[Path], None]:
    """The hotline leads callers on; `second` is for those who have English at level 2."""

    def write(folder: Path) -> None:
        edit(folder, QUEUES, "strategy: longest_idle", f"overflow: [{rule}]")
        edit(folder, QUEUES, r"skills: \[\]", "skills: [general]")
        edit(folder, QUEUES, r"\Z", SECOND)
        edit(folder, OPERATORS, r"(吕静, skills: )\[general, english\]", r"\1{english: 1}")
        edit(folder, OPERATORS, r"(芮雪, skills: )\[general, english\]", r"\1{english: 2}")

    return write


async def test_of_two_who_answer_at_the_same_moment_one_talks_and_the_other_is_freed(
    city: City,
) -> None:
    async with (
        changed_plan(city, ring_all),
        city.operator("001", "seat01", AT_ONCE) as one,
        city.operator("002", "seat02", AT_ONCE) as two,
    ):
        for _ in range(5):
            caller = new_caller()
            call = await city.talk(caller)
            legs = [await one.next_call(), await two.next_call()]
            await until(
                lambda legs=legs: sum(leg.ending is None for leg in legs) == 1,
                lambda: "not exactly one is left in the talk",
            )
            await call.hang_up()
            order = (await city.order_of(caller)).record
            assert order.outcome is Outcome.ANSWERED
            assert order.operator in ("001", "002")
            assert sorted(leg.party for leg in order.legs[1:]) == ["001", "002"]
            for operator in ("001", "002"):
                await city.until_operator(operator, "ready")
            state = await city.ask("GET", "/wallboard")
            assert state["waiting"] == 0


@pytest.mark.parametrize("behaviour", [DECLINE, BUSY], ids=["declines", "busy"])
async def test_one_does_not_take_it_and_the_other_rings_on(
    city: City, behaviour: Behaviour
) -> None:
    async with (
        changed_plan(city, ring_all),
        city.operator("001", "seat01", behaviour),
        city.operator("002", "seat02", Behaviour(ring_seconds=1.0)),
    ):
        caller = new_caller()
        call = await city.talk(caller)
        await city.until_operator("001", "not_ready")
        await call.hang_up()
        order = (await city.order_of(caller)).record
    assert order.operator == "002"
    assert {leg.party: leg.outcome for leg in order.legs[1:]} == {
        "001": Ending.DECLINED if behaviour is DECLINE else Ending.BUSY,
        "002": Ending.NORMAL,
    }


async def test_who_was_rung_in_vain_is_ready_without_a_mark(city: City) -> None:
    async with (
        changed_plan(city, ring_all),
        city.operator("001", "seat01", NO_ANSWER) as deaf,
        city.operator("002", "seat02", Behaviour(ring_seconds=0.5)),
    ):
        call = await city.talk(new_caller())
        rung = await deaf.next_call()
        assert (await within(rung.until_ended())) is not None
        await city.until_operator("001", "ready")
        await call.hang_up()


async def test_a_caller_who_waited_long_enough_goes_to_who_has_the_skill_at_its_level(
    city: City,
) -> None:
    async with (
        changed_plan(city, overflow("{waited: 2, to: {queue: second}}")),
        city.operator("005", "seat01") as beginner,
        city.operator("010", "seat02"),
    ):
        caller = new_caller()
        call = await city.talk(caller)
        await call.hang_up()
        order = (await city.order_of(caller)).record
        assert beginner.agent.calls == []
    assert (order.operator, order.queue) == ("010", "second")
    assert order.answered is not None and order.queued is not None
    assert order.answered - order.queued >= 2.0


async def test_a_queue_leads_on_to_a_partner_who_gives_the_caller_back_when_busy(
    city: City,
) -> None:
    async with changed_plan(city, overflow("{nobody_signed_in: true, to: {partner: '12319'}}")):
        caller = new_caller()
        call = await city.call("12345", caller)
        far = await city.outside.call_to("12319", trunk="12319")
        assert await within(call.until_answered())
        await city.until_phase(caller, "answered")
        assert far.call.ending is None
        await call.hang_up()
        order = (await city.order_of(caller)).record
        assert order.outcome is Outcome.FORWARDED
        assert order.legs[1].role is LegRole.PARTNER
        city.outside.behave("12319", BUSY)
        caller = new_caller()
        call = await city.waiting_call(caller)
        await city.until_music(call)
        async with city.operator("001", "seat01"):
            await city.until_heard(call, VOICE)
            await call.hang_up()
        order = (await city.order_of(caller)).record
        assert (order.outcome, order.operator) == (Outcome.ANSWERED, "001")


async def waiting(city: City, *callers: str) -> list[str]:
    """Their calls' ids, once all of these wait."""
    found: dict[str, str] = {}

    async def all_wait() -> bool:
        lines = (await city.ask("GET", "/calls/waiting"))["calls"]
        assert isinstance(lines, list)
        call_of = {line["number"]: line["call"] for line in lines}
        for caller in callers:
            for order in await city.orders_of(caller):
                if order.record.number in call_of:
                    found[caller] = call_of[order.record.number]
        return len(found) == len(callers)

    await until(all_wait, lambda: f"only {found} wait")
    return [found[caller] for caller in callers]


async def test_a_team_leader_moves_a_waiting_caller_to_a_queue_whose_operator_answers(
    city: City,
) -> None:
    async with (
        changed_plan(city, overflow("{waited: 600, to: {queue: second}}")),
        city.operator("010", "seat02"),
    ):
        caller = new_caller()
        call = await city.waiting_call(caller)
        await city.until_music(call)
        (waits,) = await waiting(city, caller)
        for body, code in (({"queue": "nowhere"}, 422), ({"queue": "second"}, 200)):
            assert (await city.request("POST", f"/calls/{waits}/move", body))[0] == code
        await city.until_heard(call, VOICE)
        status, problem = await city.request("POST", f"/calls/{waits}/move", {"queue": "hotline"})
        assert (status, problem["code"]) == (409, "not_waiting")
        await call.hang_up()
        order = (await city.order_of(caller)).record
    assert (order.operator, order.queue) == ("010", "second")

    rows: list[tuple[str, str, str | None]] = []

    async def are_audited() -> bool:
        found = await city.ask("GET", f"/audit?act=move_waiting&call={waits}")
        assert isinstance(found["rows"], list)
        rows[:] = [(row["act"], row["detail"], row["refusal"]) for row in found["rows"]]
        return rows == [
            ("move_waiting", "queue=hotline", "not_waiting"),
            ("move_waiting", "queue=second", None),
            ("move_waiting", "queue=nowhere", "unknown_queue"),
        ]

    await until(are_audited, lambda: f"the audit has {rows}")


async def test_whose_priority_a_team_leader_raises_is_answered_before_who_waits_longer(
    city: City,
) -> None:
    first, second = new_caller(), new_caller()
    longest = await city.waiting_call(first)
    urgent = await city.waiting_call(second)
    _, call = await waiting(city, first, second)
    status, _ = await city.request("POST", f"/calls/{call}/priority", {"priority": 10})
    assert status == 422
    await city.ask("POST", f"/calls/{call}/priority", {"priority": 5})
    async with city.operator("001", "seat01"):
        await city.until_heard(urgent, VOICE)
        assert VOICE not in await city.heard(longest)
        await urgent.hang_up()
        await city.until_heard(longest, VOICE)
        await longest.hang_up()
    assert (await city.order_of(second)).record.operator == "001"
