"""queue_log of our own calls: what each line means, and that readers of Asterisk's can read it."""

from __future__ import annotations

import pytest

from callcenter.calls.events import (
    AddPartner,
    BecomeNotReady,
    BecomeReady,
    CallDetoured,
    CallGivenUp,
    DropPartner,
    Ending,
    Forward,
    HangUp,
    LeaveCall,
    PlanChanged,
    SignIn,
    SignOut,
    SipHeaders,
)
from tests.calls.desk import Desk
from tests.plans import edited, plan_of
from tests.support.queue_log import GRAMMAR

QUEUES = "dialplan/queues.yaml"

FROM_ASTERISK = """\
1795401600|NONE|NONE|NONE|QUEUESTART|
1795401623|1795401613.0|hotline|NONE|ENTERQUEUE||13800000001|1
1795401623|1795401613.0|hotline|001|CONNECT|0|1795401623.1|0
1795401625|1795401613.0|hotline|001|COMPLETECALLER|0|2|1
"""
"""What Asterisk 22.10's own queue wrote."""


class Log:
    """A desk's queue_log from a moment on, without the times that lines begin with."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._from = len(desk.queue_log)

    def of(self, call: str) -> list[str]:
        """What it says of a call: agent, event and data."""
        found = []
        for line in self._lines():
            _, about, queue, rest = line.split("|", 3)
            if about == call:
                assert queue == "hotline"
                found.append(rest)
        return found

    def of_operators(self) -> list[str]:
        """What it says of operators: queue, agent, event and data."""
        return [line.split("|", 2)[2] for line in self._lines() if line.split("|")[1] == "NONE"]

    def _lines(self) -> list[str]:
        lines = self._desk.queue_log[self._from :]
        for line in lines:
            assert GRAMMAR.fullmatch(line), f"Asterisk would not write {line!r}"
        return lines


def test_asterisks_own_lines_are_of_the_same_form() -> None:
    assert all(GRAMMAR.fullmatch(line) for line in FROM_ASTERISK.splitlines())


# -- a caller's way ----------------------------------------------------------------------------


def test_a_caller_waits_talks_and_hangs_up() -> None:
    desk = Desk()
    call = desk.call("12345", SipHeaders(from_="<sip:051987200000@carrier>"))
    desk.wait(5)
    log = Log(desk)
    desk.prompt_ends(call)
    entered = desk.now
    desk.wait(30)
    desk.operator_ready("001", "seat01")
    desk.wait(4)
    leg = desk.ringing_at("seat01")
    desk.answers(leg)
    desk.prompt_ends(call)
    desk.wait(61)
    desk.goes(call)
    assert log.of(call) == [
        "NONE|ENTERQUEUE||+8651987200000|1",
        f"001|CONNECT|34|{leg}|4",
        "001|COMPLETECALLER|34|61|1",
    ]
    times = [int(line.split("|")[0]) for line in desk.queue_log if call in line]
    assert times == [int(entered), int(entered) + 34, int(entered) + 95]


def test_the_operator_hangs_up() -> None:
    desk = Desk()
    call = desk.talking_call()
    log = Log(desk)
    desk.wait(7)
    desk.happens(HangUp("001"))
    desk.news()
    assert log.of(call) == ["001|COMPLETEAGENT|0|7|1"]


def test_a_caller_who_is_offered_at_once_has_been_in_the_queue() -> None:
    desk = Desk(plan=edited(QUEUES, "greeting: greeting", "music: default"))
    desk.operator_ready("001", "seat01")
    log = Log(desk)
    call = desk.call()
    assert log.of(call) == ["NONE|ENTERQUEUE|||1"]
    leg = desk.ringing_at("seat01")
    desk.answers(leg)
    assert log.of(call)[1:] == [f"001|CONNECT|0|{leg}|0"]


def test_places_in_the_queue_count_from_one() -> None:
    desk = Desk()
    log = Log(desk)
    calls = []
    for _ in range(3):
        calls.append(desk.waiting_call())
        desk.wait(10)
    desk.goes(calls[0])
    desk.goes(calls[2])
    desk.goes(calls[1])
    assert [log.of(call) for call in calls] == [
        ["NONE|ENTERQUEUE|||1", "NONE|ABANDON|1|1|30"],
        ["NONE|ENTERQUEUE|||2", "NONE|ABANDON|1|2|20"],
        ["NONE|ENTERQUEUE|||3", "NONE|ABANDON|2|3|10"],
    ]


def test_a_caller_who_hangs_up_in_the_greeting_was_in_no_queue() -> None:
    desk = Desk()
    log = Log(desk)
    call = desk.call()
    desk.goes(call)
    assert log.of(call) == []


def test_a_wait_that_is_too_long() -> None:
    desk = Desk()
    log = Log(desk)
    call = desk.waiting_call()
    desk.wait(1800)
    desk.prompt_ends(call)
    assert log.of(call) == ["NONE|ENTERQUEUE|||1", "NONE|EXITWITHTIMEOUT|1|1|1800"]


def test_a_withheld_number_is_not_told() -> None:
    desk = Desk()
    log = Log(desk)
    headers = SipHeaders(
        from_="<sip:anonymous@anonymous.invalid>",
        asserted_identity=("<sip:13900001111@carrier>",),
        privacy=("id",),
    )
    call = desk.call("12345", headers)
    desk.prompt_ends(call)
    assert log.of(call) == ["NONE|ENTERQUEUE|||1"]


def test_a_name_with_the_files_own_signs_makes_no_other_line() -> None:
    desk = Desk()
    call = desk.call("12345", SipHeaders(from_="<sip:1|2\n3@carrier>"))
    desk.prompt_ends(call)
    assert [line.count("|") for line in desk.queue_log if call in line] == [7]
    assert not any("\n" in line for line in desk.queue_log)


def test_a_number_that_is_forwarded_by_the_plan_leaves_no_line() -> None:
    desk = Desk()
    log = Log(desk)
    call = desk.call("12319")
    leg = desk.leg_of(call)
    desk.answers(leg)
    desk.goes(call)
    assert log.of(call) == []


# -- ringing that leads to nothing --------------------------------------------------------------


@pytest.mark.parametrize("ending", [Ending.NO_ANSWER, Ending.DECLINED, Ending.UNREACHABLE])
def test_an_operator_who_does_not_take_it(ending: Ending) -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    desk.wait(3.25)
    log = Log(desk)
    desk.goes(desk.ringing_at("seat01"), ending)
    assert log.of(call) == ["001|RINGNOANSWER|3250"], "and waits on, at the same place"
    assert log.of_operators()[0].startswith("hotline|001|PAUSE|")


def test_the_next_operator_is_rung_in_the_same_moment() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    desk.operator_ready("002", "seat02")
    log = Log(desk)
    desk.wait(25.1)
    assert desk.rings_at("seat02")
    assert log.of(call) == ["001|RINGNOANSWER|25000"]
    leg = desk.ringing_at("seat02")
    desk.answers(leg)
    assert log.of(call)[1:] == [f"002|CONNECT|25|{leg}|0"]


def test_a_caller_who_gives_up_while_it_rings() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    desk.wait(6)
    log = Log(desk)
    desk.goes(call)
    assert log.of(call) == ["001|RINGCANCELED|6000", "NONE|ABANDON|1|1|6"]


def test_ringing_that_broke_off_while_we_were_away_is_no_fault_of_the_operator() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    log = Log(desk)
    desk.goes(desk.ringing_at("seat01"), Ending.LOST)
    assert log.of(call) == ["001|RINGCANCELED|0"]
    assert log.of_operators() == []


# -- partners -----------------------------------------------------------------------------------


def test_a_forward_is_a_blind_transfer() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.wait(40)
    log = Log(desk)
    assert desk.happens(Forward("001", "12366-2")) is None
    desk.news()
    partner = desk.partner_of(call)
    desk.answers(partner)
    desk.wait(20)
    desk.goes(call)
    assert log.of(call) == ["001|BLINDTRANSFER|12366-2|partners|0|40|1"]


def test_a_forward_that_comes_to_nothing_brings_the_caller_back() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.wait(40)
    log = Log(desk)
    desk.happens(Forward("001", "12319"))
    desk.news()
    desk.wait(3)
    partner = desk.partner_of(call)
    desk.goes(partner, Ending.BUSY)
    leg = desk.ringing_at("seat01")
    desk.wait(2)
    desk.answers(leg)
    desk.prompt_ends(call)
    desk.wait(9)
    desk.goes(call)
    assert log.of(call) == [
        "001|BLINDTRANSFER|12319|partners|0|40|1",
        "NONE|ENTERQUEUE|||1",
        f"001|CONNECT|2|{leg}|2",
        "001|COMPLETECALLER|2|9|1",
    ]


def three_talk(desk: Desk) -> str:
    """A citizen, operator 001 and 12319, 30 s after the operator answered."""
    call = desk.talking_call()
    desk.wait(30)
    assert desk.happens(AddPartner("001", "12319")) is None
    desk.news()
    partner = desk.partner_of(call)
    desk.answers(partner)
    return call


def test_an_operator_who_leaves_three_makes_an_attended_transfer() -> None:
    desk = Desk()
    call = three_talk(desk)
    log = Log(desk)
    desk.wait(10)
    assert desk.happens(LeaveCall("001")) is None
    desk.news()
    desk.wait(10)
    desk.goes(call)
    assert log.of(call) == [f"001|ATTENDEDTRANSFER|BRIDGE|{call}_mb|0|40|1"]


def test_an_operator_who_leaves_while_the_partner_rings_makes_a_blind_one() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.wait(5)
    log = Log(desk)
    desk.happens(AddPartner("001", "12319"))
    desk.news()
    assert desk.happens(LeaveCall("001")) is None
    assert log.of(call) == ["001|BLINDTRANSFER|12319|partners|0|5|1"]


def test_a_partner_who_comes_and_goes_leaves_the_talk_one_talk() -> None:
    desk = Desk()
    call = three_talk(desk)
    log = Log(desk)
    assert desk.happens(DropPartner("001")) is None
    desk.news()
    assert log.of(call) == []
    desk.wait(5)
    desk.goes(call)
    assert log.of(call) == ["001|COMPLETECALLER|0|35|1"]


# -- what breaks off ----------------------------------------------------------------------------


def test_an_operator_whose_line_breaks_ends_the_talk_and_the_caller_waits_again() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.wait(12)
    log = Log(desk)
    desk.goes(desk.leg_of(call), Ending.LOST)
    assert log.of(call) == ["001|COMPLETEAGENT|0|12|1", "NONE|ENTERQUEUE|||1"]


def test_a_caller_whom_asterisks_own_queue_has_and_who_comes_back() -> None:
    desk = Desk()
    call = desk.waiting_call()
    waits_since = desk.now
    desk.wait(10)
    log = Log(desk)
    desk.switch.dead_mans_switch(call)
    desk.news()
    assert log.of(call) == ["NONE|WITHDRAW|1|1|10|fallback"]
    desk.wait(20)
    desk.switch.comes_back(call, waits_since)
    desk.news()
    desk.wait(5)
    desk.goes(call)
    assert log.of(call)[1:] == ["NONE|ENTERQUEUE|||1", "NONE|ABANDON|1|1|35"], "the whole wait"


def test_a_talk_on_which_the_core_fails_is_over_for_the_operator() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.wait(12)
    log = Log(desk)
    desk.happens(CallDetoured(call, "a fault"))
    assert log.of(call) == ["001|COMPLETEAGENT|0|12|1"]


@pytest.mark.parametrize("talks", [False, True])
def test_a_call_that_is_given_up_leaves_no_open_end(talks: bool) -> None:
    desk = Desk()
    call = desk.talking_call() if talks else desk.waiting_call()
    desk.wait(3)
    log = Log(desk)
    desk.happens(CallGivenUp(call))
    assert log.of(call) == ["001|COMPLETEAGENT|0|3|1" if talks else "NONE|WITHDRAW|1|1|3|system"]


def test_a_clock_that_is_set_back_gives_no_negative_time() -> None:
    desk = Desk()
    call = desk.waiting_call()
    log = Log(desk)
    desk.now -= 3600
    desk.goes(call)
    assert log.of(call) == ["NONE|ABANDON|1|1|0"]


# -- operators ----------------------------------------------------------------------------------


def test_an_operators_day() -> None:
    desk = Desk()
    log = Log(desk)
    for request in (
        SignIn("001", "seat01"),
        BecomeReady("001"),
        BecomeNotReady("001", "break"),
        BecomeNotReady("001", "meal"),
        BecomeReady("001"),
        SignOut("001"),
    ):
        assert desk.happens(request) is None
    assert log.of_operators() == [
        "hotline|001|ADDMEMBER|PAUSED",
        "hotline|001|UNPAUSE|",
        "hotline|001|PAUSE|break",
        "hotline|001|PAUSE|meal",
        "hotline|001|UNPAUSE|",
        "hotline|001|REMOVEMEMBER|",
    ]


def test_talk_and_wrap_up_are_no_pause() -> None:
    desk = Desk()
    call = desk.talking_call()
    log = Log(desk)
    desk.goes(call)
    desk.wait(61)
    assert log.of_operators() == []


def test_an_operator_is_a_member_of_the_queues_whose_skills_they_have() -> None:
    plan = edited("agents/operators.yaml", "operators:", "skills: {law: 法律}\noperators:")
    texts = dict(plan.texts)
    texts[QUEUES] += "  law: {title: 法律, skills: [law]}\n"
    texts["agents/operators.yaml"] = texts["agents/operators.yaml"].replace(
        "{name: 王敏}", "{name: 王敏, skills: [law]}"
    )
    desk = Desk(plan=plan_of(texts))
    log = Log(desk)
    desk.happens(SignIn("001", "seat01"))
    desk.happens(SignIn("003", "seat03"))
    assert log.of_operators() == [
        "hotline|001|ADDMEMBER|PAUSED",
        "hotline|003|ADDMEMBER|PAUSED",
        "law|003|ADDMEMBER|PAUSED",
    ]


def test_what_changes_nothing_leaves_no_line() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    log = Log(desk)
    desk.happens(BecomeReady("001"))
    refusal = desk.happens(SignIn("002", "seat01"))
    assert refusal is not None
    assert log.of_operators() == []


def test_another_plan_is_told() -> None:
    desk = Desk()
    desk.happens(PlanChanged("abc"))
    log = Log(desk)
    desk.happens(PlanChanged("abc"))
    desk.happens(PlanChanged("def"))
    assert log.of_operators() == ["NONE|NONE|CONFIGRELOAD|"]
