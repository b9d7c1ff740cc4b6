"""Callers who keep others out: blocked, limited, marked as nuisances, or silent."""

from __future__ import annotations

import pytest

from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.commands import Hangup, Play
from callcenter.calls.events import (
    AddPartner,
    BlockCaller,
    DropPartner,
    Ending,
    KeepCaller,
    MarkNuisance,
    ReleaseSilent,
    SipHeaders,
    UnblockCaller,
)
from callcenter.calls.protection import BY_RULE
from callcenter.calls.state import Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Treatment
from callcenter.orders.record import Barred, Outcome
from tests.calls.desk import Desk
from tests.plans import PROTECTION, TEXTS, plan_of, protected_texts

NUMBER, E164 = "13800000001", "+8613800000001"
OTHER = "13800000002"
HOUR = 3600.0


def protected(text: str = PROTECTION) -> Desk:
    return Desk(plan=plan_of(protected_texts(TEXTS, text)))


@pytest.fixture
def desk() -> Desk:
    return protected()


def calls(desk: Desk, number: str = NUMBER, dialled: str = "12345") -> str:
    return desk.call(dialled, SipHeaders(from_=f"<sip:{number}@10.0.0.1>"))


def talks(desk: Desk, number: str = NUMBER) -> str:
    """A caller talks with operator 001."""
    call = calls(desk, number)
    desk.prompt_ends(call)
    desk.operator_ready("001", "seat01")
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(call)
    return call


def block(
    desk: Desk,
    number: str = NUMBER,
    hours: float = 1.0,
    treatment: Treatment = Treatment.ANNOUNCE,
) -> str:
    until = desk.now + hours * HOUR
    return desk.asks(BlockCaller(number, until, "占线", treatment, "team_leader:ab12"))


# -- the blocklist -----------------------------------------------------------------------------


def test_a_blocked_caller_is_told_and_leaves_an_order(desk: Desk) -> None:
    assert block(desk) == ""
    call = calls(desk)
    assert desk.heard(call) == [("caller_blocked",)]
    desk.prompt_ends(call)
    order = desk.order(call)
    assert (order.outcome, order.barred, order.ended_by) == (
        Outcome.REJECTED,
        Barred.BLOCKED,
        "system",
    )
    assert desk.board().rejected == 1


def test_or_is_refused_by_code(desk: Desk) -> None:
    block(desk, treatment=Treatment.REJECT)
    call = calls(desk)
    assert Hangup(call, Ending.DECLINED) in desk.switch.sent
    assert desk.order(call).outcome is Outcome.REJECTED
    assert desk.heard(call) == []


def test_or_is_served_after_all_others(desk: Desk) -> None:
    block(desk, treatment=Treatment.LAST)
    last = calls(desk)
    desk.prompt_ends(last)
    desk.wait(1)
    first = calls(desk, OTHER)
    desk.prompt_ends(first)
    desk.operator_ready("001", "seat01")
    assert desk.state(first).phase is Phase.OFFERED
    assert desk.state(last).phase is Phase.WAITING
    assert desk.state(last).barred is Barred.BLOCKED


def test_without_a_prompt_who_is_to_be_told_is_refused() -> None:
    desk = protected("limits: []\n")
    block(desk)
    call = calls(desk)
    assert Hangup(call, Ending.DECLINED) in desk.switch.sent


@pytest.mark.parametrize(
    ("entry", "number"),
    [
        ("138 0000 0001", NUMBER),
        ("+86 13800000001", NUMBER),
        ("013800000001", "+8613800000001"),
        ("87200000", "051987200000"),
        ("13800*", NUMBER),
        ("+861380000*", NUMBER),
        ("0519872*", "87200000"),
    ],
)
def test_numbers_and_prefixes_in_any_spelling(desk: Desk, entry: str, number: str) -> None:
    assert block(desk, entry) == ""
    assert desk.heard(calls(desk, number)) == [("caller_blocked",)]
    assert desk.heard(calls(desk, "13911111111")) == [("greeting",)]


def test_an_entry_ends_by_itself_and_the_exact_one_wins(desk: Desk) -> None:
    block(desk, "138000*", hours=10, treatment=Treatment.REJECT)
    block(desk, NUMBER, hours=1)
    assert desk.heard(calls(desk)) == [("caller_blocked",)]
    desk.wait(HOUR)
    call = calls(desk)
    assert Hangup(call, Ending.DECLINED) in desk.switch.sent
    desk.wait(9 * HOUR)
    assert desk.heard(calls(desk)) == [("greeting",)]


def test_who_entered_and_took_out_what_is_kept(desk: Desk) -> None:
    block(desk)
    assert desk.asks(UnblockCaller("138-0000-0001", "administrator:99")) == ""
    assert desk.heard(calls(desk)) == [("greeting",)]
    put, out = desk.centre.shield.changes
    assert (put.by, put.number, put.reason) == ("team_leader:ab12", E164, "占线")
    assert put.until == put.at + HOUR
    assert (out.by, out.number, out.until) == ("administrator:99", E164, None)
    assert desk.asks(UnblockCaller(NUMBER, "001")) == "not_blocked"


@pytest.mark.parametrize(
    ("entry", "hours", "code"),
    [
        ("12319", 1, "not_a_number"),
        ("051912345", 1, "number_of_plan"),
        ("051966660001", 1, "number_of_plan"),
        ("nobody", 1, "not_a_number"),
        ("13*", 1, "not_a_number"),
        ("+86*", 1, "not_a_number"),
        ("*", 1, "not_a_number"),
        (NUMBER, -1, "over_already"),
    ],
)
def test_what_cannot_be_blocked(desk: Desk, entry: str, hours: float, code: str) -> None:
    refused = block(desk, entry, hours)
    assert refused in (code, "number_of_plan")
    assert desk.centre.shield.blocks == {}


def test_the_list_survives_a_restart(desk: Desk) -> None:
    block(desk)
    desk.centre = decode_centre(encode_centre(desk.centre))
    assert desk.heard(calls(desk)) == [("caller_blocked",)]


def test_emergencies_and_numbers_of_the_plan_are_never_kept_out(desk: Desk) -> None:
    block(desk, "138000*", treatment=Treatment.REJECT)
    assert desk.state(calls(desk, dialled="110")).phase is Phase.FORWARDING
    block(desk, "+86519*", treatment=Treatment.REJECT)
    assert desk.heard(calls(desk, "051966660001")) == [("greeting",)]
    assert desk.heard(calls(desk, "12319")) == [("greeting",)]


def test_who_withheld_the_number_is_let_in(desk: Desk) -> None:
    block(desk, "138000*")
    call = desk.call(headers=SipHeaders(asserted_identity=(f"<tel:{NUMBER}>",), privacy=("id",)))
    assert desk.heard(call) == [("greeting",)]


# -- limits ------------------------------------------------------------------------------------


def test_so_many_calls_in_so_many_minutes_then_one_is_told(desk: Desk) -> None:
    for _ in range(2):
        call = calls(desk)
        assert desk.heard(call) == [("greeting",)]
        desk.goes(call)
    call = calls(desk)
    assert desk.heard(call) == [("caller_limited",)]
    assert desk.heard(calls(desk, OTHER)) == [("greeting",)]
    desk.prompt_ends(call)
    assert (desk.order(call).outcome, desk.order(call).barred) == (
        Outcome.REJECTED,
        Barred.LIMITED,
    )


def test_who_is_refused_is_let_in_again_once_earlier_calls_are_old(desk: Desk) -> None:
    for _ in range(5):
        desk.goes(calls(desk))
        desk.wait(60)
    desk.wait(5 * 60)
    assert desk.heard(calls(desk)) == [("greeting",)]
    desk.wait(11 * 60)
    assert desk.heard(calls(desk)) == [("caller_limited",)], "three in an hour"
    desk.wait(60 * 60)
    assert desk.heard(calls(desk)) == [("greeting",)]


def test_callers_are_forgotten_when_their_calls_no_longer_count(desk: Desk) -> None:
    calls(desk)
    calls(desk, OTHER)
    assert len(desk.centre.recent_calls) == 2
    desk.wait(2 * HOUR)
    calls(desk, OTHER)
    assert list(desk.centre.recent_calls) == ["+8613800000002"]


def test_emergencies_and_departments_are_not_counted(desk: Desk) -> None:
    for _ in range(4):
        assert desk.state(calls(desk, dialled="110")).phase is Phase.FORWARDING
        desk.goes(next(iter(desk.switch.legs)))
        desk.news()
    for _ in range(4):
        call = calls(desk, "12319")
        assert desk.heard(call) == [("greeting",)]
        desk.goes(call)


def test_without_limits_nothing_is_remembered() -> None:
    desk = protected("blocked_prompt: caller_blocked\n")
    for _ in range(9):
        assert desk.heard(calls(desk)) == [("greeting",)]
        desk.goes(next(iter(desk.switch.legs)))
    assert desk.centre.recent_calls == {}


# -- nuisances ---------------------------------------------------------------------------------


def test_marked_often_enough_a_number_is_blocked_by_rule(desk: Desk) -> None:
    call = talks(desk)
    assert desk.asks(MarkNuisance("001")) == ""
    assert desk.asks(MarkNuisance("001")) == "", "once a call"
    desk.goes(call)
    assert desk.order(call).nuisance == "001"
    assert desk.centre.shield.blocks == {}
    desk.wait(700)
    second = calls(desk)
    desk.prompt_ends(second)
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(second)
    desk.keys(second, "*82")
    assert ("caller_marked",) in desk.heard(desk.leg_of(second))
    (entry,) = desk.centre.shield.blocks.values()
    assert (entry.number, entry.by, entry.treatment) == (E164, BY_RULE, Treatment.REJECT)
    assert entry.until == desk.now + 24 * HOUR
    assert desk.state(second).phase is Phase.TALKING, "the present call goes on"


def test_old_marks_do_not_count(desk: Desk) -> None:
    for _ in range(2):
        call = talks(desk)
        desk.asks(MarkNuisance("001"))
        desk.goes(call)
        desk.wait(31 * 24 * HOUR)
    assert desk.centre.shield.blocks == {}


def test_only_the_present_call_can_be_marked(desk: Desk) -> None:
    assert desk.asks(MarkNuisance("001")) == "not_in_call"
    desk.goes(talks(desk))
    assert desk.asks(MarkNuisance("001")) == "not_in_call"


# -- silence -----------------------------------------------------------------------------------


def test_a_silent_caller_is_told_and_then_released(desk: Desk) -> None:
    call = talks(desk)
    assert desk.asks(ReleaseSilent("001")) == ""
    assert desk.heard(call)[-1] == ("caller_silent",)
    desk.wait(14.9)
    assert desk.state(call).phase is Phase.TALKING
    desk.wait(0.1)
    assert call not in desk.centre.calls
    order = desk.order(call)
    assert (order.outcome, order.ended_by) == (Outcome.ANSWERED, "silent")
    assert desk.operator("001").status is OperatorStatus.WRAP_UP


def test_who_is_heard_after_all_is_kept(desk: Desk) -> None:
    call = talks(desk)
    assert desk.asks(KeepCaller("001")) == "not_released"
    desk.keys(call, "*81")
    assert ("caller_released",) in desk.heard(desk.leg_of(call))
    desk.keys(call, "*81")
    assert ("caller_kept",) in desk.heard(desk.leg_of(call))
    desk.wait(60)
    assert desk.state(call).phase is Phase.TALKING


def test_asking_twice_tells_once(desk: Desk) -> None:
    call = talks(desk)
    desk.asks(ReleaseSilent("001"))
    desk.asks(ReleaseSilent("001"))
    told = [play for play in desk.sent(Play) if play.prompts == ("caller_silent",)]
    assert [play.leg for play in told] == [call]


def test_another_talk_is_not_ended(desk: Desk) -> None:
    call = talks(desk)
    desk.asks(ReleaseSilent("001"))
    desk.goes(desk.leg_of(call), Ending.LOST)
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(call)
    desk.wait(60)
    assert desk.state(call).phase is Phase.TALKING
    assert desk.asks(ReleaseSilent("001")) == ""


def test_nor_one_with_a_partner(desk: Desk) -> None:
    call = talks(desk)
    desk.asks(ReleaseSilent("001"))
    desk.asks(AddPartner("001", "12319"))
    desk.wait(20)
    assert desk.state(call).phase is Phase.TRANSFERRING
    assert desk.asks(ReleaseSilent("001")) == "not_in_call"
    assert desk.asks(DropPartner("001")) == ""


def test_without_a_rule_it_is_refused() -> None:
    desk = protected("limits: []\n")
    talks(desk)
    assert desk.asks(ReleaseSilent("001")) == "no_rule"


def test_a_caller_of_whom_no_audio_comes_has_not_hung_up(desk: Desk) -> None:
    call = talks(desk)
    desk.goes(call, Ending.LOST)
    order = desk.order(call)
    assert (order.outcome, order.ended_by) == (Outcome.ANSWERED, "silent")
    assert order.legs[0].outcome == "lost"
    waiting = calls(desk, OTHER)
    desk.goes(waiting, Ending.LOST)
    assert desk.order(waiting).ended_by == "caller"


def test_a_restart_keeps_the_time(desk: Desk) -> None:
    call = talks(desk)
    desk.asks(ReleaseSilent("001"))
    desk.centre = decode_centre(encode_centre(desk.centre))
    desk.happens(desk.switch.reconciled())
    desk.wait(15)
    assert call not in desk.centre.calls
