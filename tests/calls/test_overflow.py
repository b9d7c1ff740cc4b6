"""Callers are led on where a queue is too long, or they waited too long, or nobody is there.

Callers of 12345 wait in `hotline`, those of 12310 in `second`; 001 serves both, 002 `second` alone.
"""

from __future__ import annotations

import pytest

from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.commands import OutsideAddress, StartMusic
from callcenter.calls.events import (
    BecomeNotReady,
    BecomeReady,
    Ending,
    MoveWaiting,
    PlanChanged,
    SignOut,
    SipHeaders,
)
from callcenter.calls.state import Phase
from callcenter.numberplan.model import Plan
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk
from tests.plans import with_queues

OPERATORS = """skills: {general: 综合, policy: 政策}
operators:
  '001': {name: 李静, skills: [general, policy]}
  '002': {name: 陈刚, skills: [policy]}
"""


def plan(hotline: str, second: str = "", third: str = "", *, calls_back: bool = False) -> Plan:
    """The queues' rules, such as `{length: 2, to: {queue: second}}`."""
    callback = ", callback: {key: '1', after: 900}" if calls_back else ""
    return with_queues(
        f"""
  hotline: {{title: 综合, skills: [general], overflow: [{hotline}]{callback}}}
  second: {{title: 政策, skills: [policy], music: second, overflow: [{second}]{callback}}}
  third: {{title: 备用, skills: [policy], overflow: [{third}]}}
  mondays: {{title: 周一, hours: mondays, closed: {{announce: not_possible}}}}
""",
        operators=OPERATORS,
    )


def lines(desk: Desk, call: str) -> list[str]:
    """What queue_log says of a call, without its times."""
    told = (line.split("|")[1:] for line in desk.queue_log)
    return [" ".join(each[1:]) for each in told if each[0] == call]


class TestLength:
    def test_who_comes_to_a_queue_that_is_full_goes_to_another(self) -> None:
        desk = Desk(plan=plan("{length: 2, to: {queue: second}}"))
        calls = [desk.call() for _ in range(4)]
        assert [desk.state(call).queue for call in calls] == ["hotline"] * 2 + ["second"] * 2

    def test_those_who_wait_already_stay(self) -> None:
        desk = Desk(plan=plan("{length: 1, to: {queue: second}}"))
        call = desk.call()
        desk.call()
        desk.wait(60)
        assert desk.state(call).queue == "hotline"

    def test_who_is_offered_at_once_goes_nowhere(self) -> None:
        desk = Desk(plan=plan("{length: 1, to: {queue: second}}"))
        desk.operator_ready("001", "seat01")
        first, second = desk.call(), desk.call()
        assert desk.state(first).phase is Phase.OFFERED
        assert desk.state(second).queue == "hotline"

    def test_whose_offer_fails_stays_although_it_is_full(self) -> None:
        desk = Desk(plan=plan("{length: 1, to: {queue: second}}"))
        desk.operator_ready("001", "seat01")
        first = desk.call()
        desk.call()
        desk.goes(desk.ringing_at("seat01"), Ending.DECLINED)
        assert desk.state(first).queue == "hotline"


class TestWaiting:
    def test_who_waited_so_long_goes_to_another_queue_in_the_place_of_the_whole_wait(self) -> None:
        desk = Desk(plan=plan("{waited: 60, to: {queue: second}}"))
        call = desk.call()
        desk.wait(30)
        later = desk.call("12310")
        desk.wait(29)
        assert desk.state(call).queue == "hotline"
        desk.wait(1)
        assert desk.state(call).queue == "second"
        desk.operator_ready("002", "seat02")
        assert desk.dialled()[-1].call == call
        assert desk.state(later).phase is Phase.WAITING

    def test_the_caller_hears_the_other_queues_music_and_no_second_greeting(self) -> None:
        desk = Desk(plan=plan("{waited: 60, to: {queue: second}}"))
        call = desk.call()
        desk.wait(60)
        assert desk.sent(StartMusic)[-1] == StartMusic(call, "second")
        assert desk.heard(call) == []

    def test_an_operator_of_the_other_queue_who_is_free_is_rung_at_once(self) -> None:
        desk = Desk(plan=plan("{waited: 60, to: {queue: second}}"))
        desk.operator_ready("002", "seat02")
        call = desk.call()
        desk.wait(60)
        assert desk.rings_at("seat02")
        assert desk.state(call).phase is Phase.OFFERED

    def test_the_time_goes_on_counting_after_a_restart_of_ours(self) -> None:
        desk = Desk(plan=plan("{waited: 60, to: {queue: second}}"))
        call = desk.call()
        desk.wait(30)
        desk.centre = decode_centre(encode_centre(desk.centre))
        desk.happens(desk.switch.reconciled())
        desk.wait(30)
        assert desk.state(call).queue == "second"

    def test_who_is_being_offered_then_is_led_on_when_that_fails(self) -> None:
        desk = Desk(plan=plan("{waited: 60, to: {queue: second}}"))
        call = desk.call()
        desk.wait(50)
        desk.operator_ready("001", "seat01")
        desk.wait(15)
        assert desk.state(call).queue == "hotline"
        desk.goes(desk.ringing_at("seat01"), Ending.NO_ANSWER)
        assert desk.state(call).queue == "second"

    def test_a_rule_that_an_edit_brings_holds_for_those_who_wait(self) -> None:
        desk = Desk(plan=plan(""))
        call = desk.call()
        desk.wait(10)
        desk.plan = plan("{waited: 20, to: {queue: second}}")
        desk.happens(PlanChanged(desk.plan.hash))
        desk.wait(10)
        assert desk.state(call).queue == "second"

    def test_queue_log_tells_of_both_waits(self) -> None:
        desk = Desk(plan=plan("{waited: 60, to: {queue: second}}"))
        call = desk.call()
        desk.wait(70)
        desk.goes(call)
        assert lines(desk, call) == [
            "hotline NONE ENTERQUEUE   1",
            "hotline NONE WITHDRAW 1 1 60 to second",
            "second NONE ENTERQUEUE   1",
            "second NONE ABANDON 1 1 10",
        ]


class TestNobodyThere:
    def test_who_comes_while_nobody_is_signed_in_is_led_on(self) -> None:
        desk = Desk(plan=plan("{nobody_signed_in: true, to: {queue: second}}"))
        assert desk.state(desk.call()).queue == "second"

    def test_an_operator_of_other_queues_does_not_count(self) -> None:
        desk = Desk(plan=plan("{nobody_signed_in: true, to: {queue: second}}"))
        desk.operator_ready("002", "seat02")
        desk.asks(BecomeNotReady("002", "break"))
        assert desk.state(desk.call()).queue == "second"

    def test_an_operator_on_a_break_counts(self) -> None:
        desk = Desk(plan=plan("{nobody_signed_in: true, to: {queue: second}}"))
        desk.operator_ready("001", "seat01")
        desk.asks(BecomeNotReady("001", "break"))
        assert desk.state(desk.call()).queue == "hotline"

    def test_when_the_last_one_signs_out_those_who_wait_are_led_on(self) -> None:
        desk = Desk(plan=plan("{nobody_signed_in: true, to: {queue: second}}"))
        desk.operator_ready("001", "seat01")
        desk.asks(BecomeNotReady("001", "break"))
        calls = [desk.call() for _ in range(3)]
        desk.asks(SignOut("001"))
        assert [desk.state(call).queue for call in calls] == ["second"] * 3


class TestAPartner:
    RULE = "{waited: 60, to: {partner: '12319'}}"

    def to_partner(self, desk: Desk) -> tuple[str, str]:
        call = desk.call()
        desk.wait(60)
        assert desk.state(call).phase is Phase.FORWARDING
        assert desk.dialled()[-1].to == OutsideAddress("12319", "12319")
        return call, desk.leg_of(call)

    def test_the_partner_answers(self) -> None:
        desk = Desk(plan=plan(self.RULE))
        call, leg = self.to_partner(desk)
        desk.answers(leg)
        assert desk.together(call) == {call, leg}
        desk.goes(leg)
        assert desk.order(call).outcome is Outcome.FORWARDED
        assert lines(desk, call)[-1] == "hotline NONE WITHDRAW 1 1 60 to 12319"

    @pytest.mark.parametrize("ending", [Ending.BUSY, Ending.NO_ANSWER, Ending.UNREACHABLE])
    def test_who_cannot_be_reached_gives_the_caller_back_to_the_same_place(
        self, ending: Ending
    ) -> None:
        desk = Desk(plan=plan(self.RULE))
        call, leg = self.to_partner(desk)
        later = desk.call()
        desk.goes(leg, ending)
        assert desk.state(call).phase is Phase.WAITING
        assert desk.state(call).hears_music
        desk.operator_ready("001", "seat01")
        assert desk.dialled()[-1].call == call
        assert desk.state(later).phase is Phase.WAITING

    def test_is_tried_once(self) -> None:
        desk = Desk(plan=plan(self.RULE))
        call, leg = self.to_partner(desk)
        desk.goes(leg, Ending.BUSY)
        dialled = len(desk.dialled())
        desk.wait(300)
        assert len(desk.dialled()) == dialled
        assert desk.state(call).phase is Phase.WAITING

    def test_never_answers_nor_ends(self) -> None:
        desk = Desk(plan=plan(self.RULE))
        call, _ = self.to_partner(desk)
        desk.wait(66)
        assert desk.state(call).phase is Phase.WAITING

    def test_the_caller_hangs_up_while_it_rings(self) -> None:
        desk = Desk(plan=plan(self.RULE))
        call, leg = self.to_partner(desk)
        desk.goes(call)
        assert leg not in desk.switch.legs
        assert desk.order(call).outcome is Outcome.ABANDONED

    def test_rings_on_through_a_restart_of_ours(self) -> None:
        desk = Desk(plan=plan(self.RULE))
        call, leg = self.to_partner(desk)
        desk.centre = decode_centre(encode_centre(desk.centre))
        desk.happens(desk.switch.reconciled())
        desk.news()
        desk.answers(leg)
        assert desk.together(call) == {call, leg}


class TestACallback:
    MOBILE = SipHeaders(from_="<sip:13800001111@carrier.example>")

    def offered(self, queue: str = "second") -> tuple[Desk, str]:
        """A caller who has waited for a minute is asked whether to be called back."""
        desk = Desk(plan=plan(f"{{waited: 60, to: {{callback: {queue}}}}}", calls_back=True))
        call = desk.call("12345", self.MOBILE)
        desk.wait(60)
        assert desk.heard(call)[-1][-1] == "callback_confirm"
        assert not desk.switch.legs[call].music
        return desk, call

    def test_who_confirms_hangs_up_and_is_called_back_by_the_queue_that_the_rule_names(
        self,
    ) -> None:
        desk, call = self.offered()
        desk.key(call, "1")
        desk.prompt_ends(call)
        assert desk.order(call).outcome is Outcome.CALLBACK
        assert desk.state(call).phase is Phase.CALLBACK
        desk.operator_ready("002", "seat02")
        leg = desk.ringing_at("seat02")
        desk.answers(leg)
        desk.prompt_ends(leg)
        desk.answers(call)
        assert desk.together(call) == {call, leg}

    @pytest.mark.parametrize("queue", ["hotline", "second"])
    def test_who_does_not_want_it_waits_on_in_the_same_place(self, queue: str) -> None:
        desk, call = self.offered(queue)
        later = desk.call()
        desk.key(call, "*")
        desk.news()
        state = desk.state(call)
        assert (state.phase, state.queue) == (Phase.WAITING, "hotline")
        assert desk.switch.legs[call].music
        desk.operator_ready("001", "seat01")
        assert desk.dialled()[-1].call == call
        assert desk.state(later).phase is Phase.WAITING

    def test_who_says_nothing_waits_on_and_is_not_asked_again(self) -> None:
        desk, call = self.offered()
        desk.prompt_ends(call)
        desk.wait(8)
        assert desk.state(call).phase is Phase.WAITING
        said = len(desk.heard(call))
        desk.wait(600)
        assert len(desk.heard(call)) == said

    def test_who_hangs_up_before_confirming_has_given_up(self) -> None:
        desk, call = self.offered()
        desk.goes(call)
        assert desk.order(call).outcome is Outcome.ABANDONED

    def test_is_offered_again_after_a_restart_and_the_place_is_not_forgotten(self) -> None:
        desk, call = self.offered()
        desk.centre = decode_centre(encode_centre(desk.centre))
        desk.switch.lose_events()
        desk.happens(desk.switch.reconciled())
        desk.news()
        assert desk.heard(call)[-1][-1] == "callback_confirm"
        desk.key(call, "*")
        assert (desk.state(call).phase, desk.state(call).queue) == (Phase.WAITING, "hotline")


class TestAVoiceBox:
    def speaking(self) -> tuple[Desk, str]:
        desk = Desk(plan=plan("{nobody_signed_in: true, to: {voice_box: night}}"))
        call = desk.call()
        assert desk.heard(call) == [("voice_mail_greeting",)]
        desk.prompt_ends(call)
        return desk, call

    def test_takes_the_message_of_who_comes_while_nobody_is_there(self) -> None:
        desk, call = self.speaking()
        desk.wait(20)
        desk.message_ends(call, 18.0)
        desk.prompt_ends(call)
        order = desk.order(call)
        assert (order.outcome, order.voice_box) == (Outcome.VOICE_MAIL, "night")
        assert order.voice_message is not None

    def test_takes_who_comes_back_from_the_dialplans_queue_who_is_guarded_again(self) -> None:
        desk = Desk(plan=plan("{nobody_signed_in: true, to: {voice_box: night}}"))
        desk.operator_ready("001", "seat01")
        desk.asks(BecomeNotReady("001", "break"))
        call = desk.call()
        desk.switch.dead_mans_switch(call)
        desk.news()
        desk.asks(SignOut("001"))
        desk.switch.comes_back(call, desk.now)
        desk.news()
        assert desk.state(call).phase is Phase.VOICE_MAIL
        assert desk.switch.legs[call].guarded
        assert desk.state(call).guarded

    def test_no_operator_is_rung_for_who_speaks_there(self) -> None:
        desk, call = self.speaking()
        desk.operator_ready("001", "seat01")
        assert not desk.rings_at("seat01")
        assert desk.state(call).phase is Phase.VOICE_MAIL


class TestNobodyWandersForEver:
    def test_a_caller_never_comes_back_to_a_queue_that_led_them_on(self) -> None:
        to = "{waited: 10, to: {queue: %s}}"
        desk = Desk(plan=plan(to % "second", to % "third", to % "hotline"))
        call = desk.call()
        desk.wait(10)
        assert desk.state(call).queue == "second"
        desk.wait(10)
        assert desk.state(call).queue == "third"
        desk.wait(1000)
        assert desk.state(call).queue == "third"

    def test_queues_that_lead_to_each_other_at_once(self) -> None:
        nobody = "{nobody_signed_in: true, to: {queue: %s}}"
        desk = Desk(plan=plan(nobody % "second", nobody % "hotline"))
        call = desk.call()
        assert desk.state(call).queue == "second"
        assert desk.state(call).phase is Phase.WAITING

    def test_a_team_leader_may_move_the_caller_back(self) -> None:
        desk = Desk(plan=plan("{waited: 10, to: {queue: second}}"))
        call = desk.call()
        desk.wait(10)
        assert desk.asks(MoveWaiting(call, "hotline")) == ""
        desk.wait(100)
        assert desk.state(call).queue == "hotline"

    def test_the_second_rule_holds_where_the_first_led_nowhere(self) -> None:
        rules = "{waited: 10, to: {partner: '12319'}}, {waited: 60, to: {queue: second}}"
        desk = Desk(plan=plan(rules))
        call = desk.call()
        desk.wait(10)
        desk.goes(desk.leg_of(call), Ending.BUSY)
        desk.wait(50)
        assert desk.state(call).queue == "second"


def test_where_the_other_queue_is_closed_the_caller_is_led_to_where_it_leads() -> None:
    desk = Desk(plan=plan("{waited: 10, to: {queue: mondays}}"))
    call = desk.call()
    desk.wait(10)
    assert desk.heard(call) == [("not_possible",)]
    desk.prompt_ends(call)
    assert desk.order(call).outcome is Outcome.ANNOUNCED


def test_a_destination_may_say_something_first() -> None:
    desk = Desk(plan=plan("{waited: 10, to: {queue: second, prompt: not_possible}}"))
    call = desk.call()
    desk.wait(10)
    assert desk.heard(call) == [("not_possible",)]
    desk.prompt_ends(call)
    assert desk.state(call).queue == "second"
    desk.operator_ready("002", "seat02")
    assert desk.rings_at("seat02")


def test_a_caller_whose_operator_was_lost_is_not_led_on_by_length() -> None:
    desk = Desk(plan=plan("{length: 1, to: {queue: second}}"))
    desk.operator_ready("001", "seat01")
    call = desk.call()
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(call)
    desk.call()
    desk.happens(BecomeNotReady("001", "break"))
    desk.goes(desk.leg_of(call), Ending.LOST)
    assert desk.state(call).queue == "hotline"
    assert desk.asks(BecomeReady("001")) == ""
