"""The operator steps aside: hold, consult, alternate, join, mute; and up to five who talk."""

from __future__ import annotations

import pytest

from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.commands import Connect, Guard, SendDigits, StartMusic
from callcenter.calls.events import (
    AddPartner,
    Alternate,
    CallEmergency,
    CommandFailed,
    Consult,
    DropPartner,
    Ending,
    Forward,
    HangUp,
    Hold,
    Join,
    LeaveCall,
    MuteOperator,
    PauseRecording,
    PressKeys,
    Request,
    Resume,
    UnmuteOperator,
)
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Phase
from callcenter.calls.wallboard import OperatorStatus, PartyLine, TalkLine
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk


def consulting(desk: Desk, number: str = "12319") -> tuple[str, str, str]:
    """Caller, operator and partner; the last two speak alone."""
    call = desk.talking_call()
    assert desk.asks(Consult("001", number)) == ""
    partner = desk.partner_of(call)
    desk.answers(partner)
    return call, desk.leg_of(call), partner


def restart(desk: Desk) -> None:
    """The controller is gone and comes again; what was told meanwhile is lost."""
    desk.centre = decode_centre(encode_centre(desk.centre))
    desk.switch.lose_events()
    desk.happens(desk.switch.reconciled())
    desk.news()


def rooms(desk: Desk, call: str) -> list[set[str]]:
    """Who hears whom: the legs of each bridge that has any."""
    found: dict[str, set[str]] = {}
    for leg in desk.switch.legs.values():
        if leg.bridge is not None and leg.name.partition("_")[0] == call:
            found.setdefault(leg.bridge, set()).add(leg.name)
    return sorted(found.values(), key=len)


# -- hold ------------------------------------------------------------------------------------------


def test_the_dead_mans_switch_leaves_a_caller_on_hold_time_for_the_next_controller() -> None:
    desk = Desk()
    call = desk.talking_call()
    assert desk.asks(Hold("001")) == ""
    assert desk.switch.sent.count(Guard(call, in_talk=True)) == 1
    desk.goes(desk.centre.calls[call].leg or "", Ending.LOST)
    assert not desk.centre.calls[call].is_in_talk


def test_who_is_on_hold_hears_music_and_is_guarded() -> None:
    desk = Desk()
    call = desk.talking_call()
    assert desk.asks(Hold("001")) == ""
    caller = desk.switch.legs[call]
    assert desk.state(call).phase is Phase.HELD
    assert (caller.music, caller.guarded, caller.bridge) == (True, True, None)
    operator = desk.switch.legs[desk.leg_of(call)]
    assert (operator.music, operator.ringing) == (False, False)
    assert desk.operator("001").status is OperatorStatus.TALKING
    assert desk.asks(Resume("001")) == ""
    assert desk.together(call) == {call, desk.leg_of(call)}
    assert (caller.music, caller.guarded) == (False, False)
    assert desk.state(call).phase is Phase.TALKING


def test_one_code_holds_and_resumes() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.keys(call, "*20")
    assert desk.state(call).phase is Phase.HELD
    assert desk.heard(desk.leg_of(call))[-1] == ("on_hold",)
    desk.keys(call, "*20")
    assert desk.state(call).phase is Phase.TALKING
    assert desk.together(call) == {call, desk.leg_of(call)}


def test_a_hold_that_is_forgotten_ends_by_itself() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(Hold("001"))
    desk.wait(desk.plan.limits.hold_seconds - 1)
    assert desk.state(call).phase is Phase.HELD
    desk.wait(1)
    assert desk.state(call).phase is Phase.TALKING
    assert desk.together(call) == {call, desk.leg_of(call)}


def test_keys_that_are_no_code_go_nowhere_while_the_caller_is_on_hold() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(Hold("001"))
    desk.keys(call, "5")
    assert desk.sent(SendDigits) == []


def test_who_hangs_up_during_a_hold_ends_the_call() -> None:
    for who in ("caller", "operator"):
        desk = Desk()
        call = desk.talking_call()
        desk.asks(Hold("001"))
        desk.goes(call if who == "caller" else desk.leg_of(call))
        assert desk.switch.legs == {}
        assert (desk.order(call).outcome, desk.order(call).ended_by) == (Outcome.ANSWERED, who)
        assert desk.operator("001").status is OperatorStatus.WRAP_UP


def test_an_operator_whose_line_breaks_during_a_hold_gets_the_caller_back() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(Hold("001"))
    desk.goes(desk.leg_of(call), Ending.LOST)
    assert desk.rings_at("seat01")
    assert desk.switch.legs[call].music
    desk.answers(desk.ringing_at("seat01"))
    desk.prompt_ends(call)
    assert desk.together(call) == {call, desk.leg_of(call)}


def test_the_operator_steps_out_of_a_talk_of_three_and_the_others_go_on() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    desk.answers(partner)
    desk.asks(Hold("001"))
    assert desk.together(call) == {call, partner}
    assert not desk.switch.legs[call].music
    desk.asks(Resume("001"))
    assert desk.together(call) == {call, partner, desk.leg_of(call)}


def test_after_a_restart_the_caller_is_still_on_hold() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(Hold("001"))
    restart(desk)
    assert desk.sent(StartMusic)[-1].leg == call
    caller = desk.switch.legs[call]
    assert (caller.music, caller.guarded, caller.bridge) == (True, True, None)
    desk.asks(Resume("001"))
    assert desk.together(call) == {call, desk.leg_of(call)}


# -- mute ------------------------------------------------------------------------------------------


def test_one_code_mutes_and_unmutes() -> None:
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    desk.keys(call, "*29")
    assert desk.switch.legs[operator].muted
    assert desk.heard(operator)[-1] == ("muted",)
    desk.keys(call, "*29")
    assert not desk.switch.legs[operator].muted
    assert desk.heard(operator)[-1] == ("unmuted",)


def test_a_muted_operator_is_muted_after_a_restart() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(MuteOperator("001"))
    desk.switch.legs[desk.leg_of(call)].muted = False  # as if it had not been carried out
    restart(desk)
    assert desk.switch.legs[desk.leg_of(call)].muted
    desk.asks(UnmuteOperator("001"))
    assert not desk.switch.legs[desk.leg_of(call)].muted


def test_the_next_operator_is_not_muted() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(MuteOperator("001"))
    desk.goes(desk.leg_of(call), Ending.LOST)
    desk.answers(desk.ringing_at("seat01"))
    assert not desk.state(call).muted


# -- a star ----------------------------------------------------------------------------------------


def test_keys_are_sent_by_api_to_whom_the_operator_speaks_with() -> None:
    desk = Desk()
    call, _, partner = consulting(desk)
    assert desk.asks(PressKeys("001", "1*#")) == ""
    assert desk.asks(Alternate("001")) == ""
    assert desk.asks(PressKeys("001", "2")) == ""
    assert desk.sent(SendDigits) == [SendDigits(partner, "1*#"), SendDigits(call, "2")]
    assert desk.asks(PressKeys("001", "A")) == "not_keys"
    assert desk.asks(Hold("001")) == ""
    assert desk.asks(DropPartner("001")) == ""
    assert desk.asks(Hold("001")) == ""
    assert desk.asks(PressKeys("001", "3")) == "nobody_hears"


def test_two_stars_send_one() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.keys(call, "**1#")
    assert [each.digits for each in desk.sent(SendDigits)] == ["*", "1", "#"]
    assert {each.leg for each in desk.sent(SendDigits)} == {call}
    assert desk.state(call).digits == ""
    desk.keys(call, "*20")
    assert desk.state(call).phase is Phase.HELD


# -- consult ---------------------------------------------------------------------------------------


def test_while_the_consulted_rings_the_operator_hears_it_and_the_caller_music() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.keys(call, "*2612319#")
    assert desk.state(call).phase is Phase.TRANSFERRING
    assert desk.switch.legs[desk.leg_of(call)].ringing
    assert desk.switch.legs[call].music
    assert rooms(desk, call) == []


def test_operator_and_partner_speak_alone() -> None:
    desk = Desk()
    call, operator, partner = consulting(desk)
    assert desk.state(call).phase is Phase.CONSULTING
    assert rooms(desk, call) == [{operator, partner}]
    caller = desk.switch.legs[call]
    assert (caller.music, caller.guarded, caller.bridge) == (True, True, None)
    assert not desk.switch.legs[operator].ringing
    (private,) = [each for each in desk.sent(Connect) if call not in each.legs]
    assert private.own_digits == (operator,), "keys are ours there too"


def test_the_consultation_is_completed_by_leaving() -> None:
    desk = Desk()
    call, operator, partner = consulting(desk)
    desk.keys(call, "*23")
    assert operator not in desk.switch.legs
    assert rooms(desk, call) == [{call, partner}]
    assert desk.state(call).phase is Phase.FORWARDED
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    desk.goes(partner)
    assert desk.switch.legs == {}
    assert desk.switch.bridges == set()
    assert desk.order(call).outcome is Outcome.ANSWERED


def test_hanging_up_completes_it_too() -> None:
    desk = Desk()
    call, _, partner = consulting(desk)
    desk.asks(HangUp("001"))
    assert rooms(desk, call) == [{call, partner}]


def test_the_operator_goes_back_without_the_partner() -> None:
    desk = Desk()
    call, operator, partner = consulting(desk)
    desk.keys(call, "*24")
    assert partner not in desk.switch.legs
    assert rooms(desk, call) == [{call, operator}]
    assert desk.state(call).phase is Phase.TALKING


def test_a_partner_who_hangs_up_sends_the_operator_back() -> None:
    desk = Desk()
    call, operator, partner = consulting(desk)
    desk.goes(partner)
    assert rooms(desk, call) == [{call, operator}]
    assert desk.state(call).phase is Phase.TALKING
    assert desk.switch.bridges == {f"{call}_mb"}


def test_the_operator_alternates() -> None:
    desk = Desk()
    call, operator, partner = consulting(desk)
    desk.keys(call, "*27")
    assert rooms(desk, call) == [{call, operator}]
    assert desk.switch.legs[partner].music
    assert not desk.switch.legs[call].music
    assert desk.state(call).phase is Phase.CONSULTING
    desk.asks(Alternate("001"))
    assert rooms(desk, call) == [{operator, partner}]
    assert desk.switch.legs[call].music
    assert not desk.switch.legs[partner].music


def test_a_consultation_that_lasts_too_long_gives_the_caller_the_operator_back() -> None:
    desk = Desk()
    call, operator, partner = consulting(desk)
    desk.wait(desk.plan.limits.hold_seconds)
    assert rooms(desk, call) == [{call, operator}]
    assert desk.switch.legs[partner].music
    desk.asks(Alternate("001"))
    assert rooms(desk, call) == [{operator, partner}]


@pytest.mark.parametrize("with_caller", [False, True])
def test_all_join(with_caller: bool) -> None:
    desk = Desk()
    call, operator, partner = consulting(desk)
    if with_caller:
        desk.asks(Alternate("001"))
    desk.keys(call, "*28")
    assert rooms(desk, call) == [{call, operator, partner}]
    assert not any(leg.music for leg in desk.switch.legs.values())
    assert desk.state(call).phase is Phase.THREE_WAY


def test_keys_go_to_whom_the_operator_speaks_with() -> None:
    desk = Desk()
    call, _, partner = consulting(desk)
    desk.keys(call, "5")
    desk.asks(Alternate("001"))
    desk.keys(call, "6")
    assert desk.sent(SendDigits) == [SendDigits(partner, "5"), SendDigits(call, "6")]


def test_a_consulted_who_cannot_be_had_gives_the_operator_back() -> None:
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    desk.asks(Consult("001", "12319"))
    desk.goes(desk.partner_of(call), Ending.BUSY)
    assert rooms(desk, call) == [{call, operator}]
    assert desk.heard(operator)[-1] == ("partner_busy",)


def test_a_caller_who_hangs_up_during_a_consultation_ends_the_call() -> None:
    desk = Desk()
    call, *_ = consulting(desk)
    desk.goes(call)
    assert desk.switch.legs == {}
    assert desk.switch.bridges == set()
    assert (desk.order(call).outcome, desk.order(call).ended_by) == (Outcome.ANSWERED, "caller")


def test_an_operator_whose_line_breaks_leaves_caller_and_consulted_together() -> None:
    desk = Desk()
    call, operator, partner = consulting(desk)
    desk.goes(operator, Ending.LOST)
    assert rooms(desk, call) == [{call, partner}]
    assert desk.operator("001").status is OperatorStatus.READY


def test_110_ends_a_consultation() -> None:
    desk = Desk()
    call, operator, partner = consulting(desk)
    assert desk.asks(CallEmergency("001")) == ""
    assert partner not in desk.switch.legs
    assert rooms(desk, call) == [{call, operator}]
    emergency = desk.partner_of(call)
    desk.answers(emergency)
    assert rooms(desk, call) == [{call, operator, emergency}]


def test_110_is_never_consulted_alone() -> None:
    desk = Desk()
    call = desk.talking_call()
    assert desk.asks(Consult("001", "110")) == ""
    assert rooms(desk, call) == [{call, desk.leg_of(call)}]


def test_a_consultation_that_cannot_be_connected_is_over() -> None:
    desk = Desk()
    call, operator, partner = consulting(desk)
    desk.happens(CommandFailed(call, "Connect", "500 Allocation failed"))
    desk.news()
    assert partner not in desk.switch.legs
    assert rooms(desk, call) == [{call, operator}]


@pytest.mark.parametrize("with_caller", [False, True])
def test_after_a_restart_the_consultation_goes_on(with_caller: bool) -> None:
    desk = Desk()
    call, operator, partner = consulting(desk)
    if with_caller:
        desk.asks(Alternate("001"))
    before = rooms(desk, call)
    restart(desk)
    assert rooms(desk, call) == before
    assert desk.switch.legs[call].music is not with_caller
    assert desk.switch.legs[partner].music is with_caller
    desk.asks(Join("001"))
    assert rooms(desk, call) == [{call, operator, partner}]


def test_what_was_not_carried_out_of_a_consultation_is_done_after_the_restart() -> None:
    desk = Desk()
    call = desk.talking_call()
    operator = desk.leg_of(call)
    desk.asks(Consult("001", "12319"))
    partner = desk.partner_of(call)
    carried_out = desk.switch.send
    desk.switch.send = lambda commands: None  # type: ignore[method-assign]
    desk.answers(partner)
    desk.switch.send = carried_out  # type: ignore[method-assign]
    restart(desk)
    assert rooms(desk, call) == [{operator, partner}]
    assert not desk.switch.legs[operator].ringing


# -- five ------------------------------------------------------------------------------------------


def five(desk: Desk) -> tuple[str, list[str]]:
    """All talk: the call, and the three whom the operator brought in."""
    call = desk.talking_call()
    others = []
    for number in ("12319", "12315", "12366-2"):
        assert desk.asks(AddPartner("001", number)) == ""
        others.append(desk.partner_of(call))
        desk.answers(others[-1])
    return call, others


def test_five_talk_and_no_more() -> None:
    desk = Desk()
    call, others = five(desk)
    assert rooms(desk, call) == [{call, desk.leg_of(call), *others}]
    refusal = desk.happens(AddPartner("001", "12319"))
    assert refusal == Refusal("too_many", "通话中最多5方，请先挂断一方。")


def test_any_of_the_others_can_be_dropped_by_name() -> None:
    desk = Desk()
    call, (first, second, third) = five(desk)
    assert desk.asks(DropPartner("001", "12310")) == "not_in_talk"
    assert desk.asks(DropPartner("001", "12315")) == ""
    assert rooms(desk, call) == [{call, desk.leg_of(call), first, third}]
    assert second not in desk.switch.legs
    assert desk.asks(DropPartner("001", "12366*2")) == ""
    assert rooms(desk, call) == [{call, desk.leg_of(call), first}]


def talk_of(desk: Desk, number: str) -> TalkLine | None:
    return next(each.talk for each in desk.board().operators if each.number == number)


def test_the_operators_line_tells_how_the_talk_is() -> None:
    desk = Desk()
    desk.operator_ready("002", "seat02")
    assert talk_of(desk, "002") is None
    call = desk.talking_call()
    alone = TalkLine(leads=True, on_hold=False, muted=False, recording_paused=False, parties=())
    assert talk_of(desk, "001") == alone
    desk.asks(MuteOperator("001"))
    desk.asks(PauseRecording("001"))
    desk.asks(Consult("001", "002"))
    rings = PartyLine("002", ringing=True, private=True)
    busy = TalkLine(leads=True, on_hold=True, muted=True, recording_paused=True, parties=(rings,))
    assert talk_of(desk, "001") == busy
    assert talk_of(desk, "002") is None, "who is rung does not talk"
    desk.answers(desk.partner_of(call))
    there = talk_of(desk, "002")
    assert there is not None
    assert not there.leads
    assert there.parties == (PartyLine("002", ringing=False, private=True),)


def test_while_a_fourth_rings_the_caller_talks_with_the_third() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    third = desk.partner_of(call)
    desk.answers(third)
    desk.asks(AddPartner("001", "12315"))
    assert rooms(desk, call) == [{call, third}]
    assert desk.switch.legs[desk.leg_of(call)].ringing
    desk.goes(desk.partner_of(call), Ending.BUSY)
    assert rooms(desk, call) == [{call, third, desk.leg_of(call)}]


def test_any_of_them_may_go() -> None:
    desk = Desk()
    call, others = five(desk)
    desk.goes(others[1])
    assert rooms(desk, call) == [{call, desk.leg_of(call), others[0], others[2]}]
    desk.asks(DropPartner("001"))
    assert rooms(desk, call) == [{call, desk.leg_of(call), others[0]}]
    desk.goes(desk.leg_of(call))
    assert rooms(desk, call) == [{call, others[0]}]


def test_the_caller_goes_on_with_those_who_are_left() -> None:
    desk = Desk()
    call, others = five(desk)
    desk.asks(LeaveCall("001"))
    assert rooms(desk, call) == [{call, *others}]
    assert desk.state(call).phase is Phase.FORWARDED
    desk.goes(others[0])
    assert rooms(desk, call) == [{call, *others[1:]}]
    desk.goes(others[1])
    desk.goes(others[2])
    assert desk.switch.legs == {}
    assert desk.order(call).ended_by == "partner"


def test_when_all_but_the_caller_go_at_once_the_call_ends() -> None:
    desk = Desk()
    call, others = five(desk)
    for leg in (desk.leg_of(call), *others):
        desk.switch.far_end_goes(leg)
    desk.news()
    assert desk.switch.legs == {}
    assert desk.order(call).outcome is Outcome.ANSWERED


def test_who_leaves_while_a_fourth_rings_stops_its_ringing() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    third = desk.partner_of(call)
    desk.answers(third)
    desk.asks(AddPartner("001", "12315"))
    fourth = desk.partner_of(call)
    desk.asks(LeaveCall("001"))
    assert fourth not in desk.switch.legs
    assert rooms(desk, call) == [{call, third}]


def test_one_may_be_consulted_while_another_talks_with_the_caller() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    third = desk.partner_of(call)
    desk.answers(third)
    desk.asks(Consult("001", "12315"))
    fourth = desk.partner_of(call)
    desk.answers(fourth)
    assert rooms(desk, call) == [{call, third}, {desk.leg_of(call), fourth}] or rooms(
        desk, call
    ) == [{desk.leg_of(call), fourth}, {call, third}]
    desk.asks(Join("001"))
    assert rooms(desk, call) == [{call, third, fourth, desk.leg_of(call)}]


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (Hold("001"), "not_in_call"),
        (Resume("001"), "not_in_call"),
        (MuteOperator("001"), "not_in_call"),
        (UnmuteOperator("001"), "not_in_call"),
        (Consult("001", "12319"), "not_in_call"),
        (Alternate("001"), "not_in_call"),
        (Join("001"), "not_in_call"),
    ],
)
def test_without_a_talk_nobody_steps_aside(request_: Request, code: str) -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    assert desk.asks(request_) == code
    call = desk.waiting_call()
    desk.answers(desk.leg_of(call))
    assert desk.state(call).phase is Phase.INTRODUCING
    assert desk.asks(request_) == code


def test_what_makes_no_sense_in_a_talk_is_refused() -> None:
    desk = Desk()
    call = desk.talking_call()
    before = desk.state(call)
    assert desk.asks(Resume("001")) == "not_on_hold"
    assert desk.asks(Alternate("001")) == "no_consultation"
    assert desk.asks(Join("001")) == "no_consultation"
    assert desk.state(call) == before
    desk.asks(Hold("001"))
    assert desk.asks(Hold("001")) == "on_hold"


@pytest.mark.parametrize("request_", [Hold("001"), Resume("001"), Alternate("001"), Join("001")])
def test_while_somebody_rings_the_operator_waits_for_them(request_: Request) -> None:
    desk = Desk()
    desk.talking_call()
    desk.asks(Consult("001", "12319"))
    assert desk.asks(request_) == "partner_ringing"


def test_a_caller_with_whom_others_talk_is_not_forwarded() -> None:
    desk = Desk()
    consulting(desk)
    assert desk.asks(Forward("001", "12315")) == "partner_already"


@pytest.mark.parametrize("code", ["*27", "*28"])
def test_what_cannot_be_done_is_said(code: str) -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.keys(call, code)
    assert desk.heard(desk.leg_of(call))[-1] == ("not_possible",)
