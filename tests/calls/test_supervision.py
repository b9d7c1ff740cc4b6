"""A team leader listens, whispers, barges in and takes over: who hears whom, and every way it ends.

Who hears whom is read from the fake exchange, which tests/contract holds to a real one.
"""

from __future__ import annotations

import pytest

from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.commands import Dial, Hangup, Role, Snoop
from callcenter.calls.events import (
    Act,
    AddPartner,
    Author,
    CommandFailed,
    Consult,
    DeadlineReached,
    DropPartner,
    Ending,
    EndSupervision,
    HangUp,
    Join,
    LeaveCall,
    SeatEngaged,
    SeatReachable,
    SignIn,
    Supervise,
    SupervisionMode,
)
from callcenter.calls.state import Phase
from callcenter.calls.supervision import RING_SECONDS
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import LegRole, Outcome
from tests.calls.desk import LEADER, Desk

LISTEN, WHISPER = SupervisionMode.LISTEN, SupervisionMode.WHISPER
BARGE, TAKE_OVER = SupervisionMode.BARGE, SupervisionMode.TAKE_OVER
CHIEF = Author("003", leads=True, operator="003", address="10.0.0.9")
"""A team leader who is an operator too."""


def supervised(mode: SupervisionMode = LISTEN, by: Author = LEADER) -> tuple[Desk, str, str]:
    """Operator 001 talks, and a team leader at seat 3 takes part; call and team leader's leg."""
    desk = Desk()
    call = desk.talking_call()
    assert desk.leader(Supervise("001", mode, "seat03"), by) == ""
    leg = desk.ringing_at("seat03")
    desk.answers(leg)
    return desk, call, leg


def hears(desk: Desk, leg: str) -> set[str]:
    """Whose voices come to that leg's telephone."""
    legs = desk.switch.legs
    found: set[str] = set()
    for other in legs.values():
        if other.name == leg or legs[leg].bridge is None or other.bridge != legs[leg].bridge:
            continue
        if other.snoops_on is not None:
            found |= {other.snoops_on} | hears(desk, other.snoops_on)
        else:
            found.add(other.name)
    for snoop in legs.values():
        if snoop.snoops_on == leg and snoop.whispers:
            found |= {
                each.name
                for each in legs.values()
                if each.bridge is not None and each.bridge == snoop.bridge and each != snoop
            }
    return found


# -- who hears whom --------------------------------------------------------------------------------


def test_who_listens_hears_both_and_is_heard_by_nobody() -> None:
    desk, call, leg = supervised()
    own = desk.leg_of(call)
    assert hears(desk, leg) == {call, own}
    assert hears(desk, own) == {call}
    assert hears(desk, call) == {own}


def test_who_whispers_is_heard_by_the_operator_alone() -> None:
    desk, call, leg = supervised(WHISPER)
    own = desk.leg_of(call)
    assert hears(desk, leg) >= {call, own}
    assert hears(desk, own) == {call, leg}
    assert hears(desk, call) == {own}


def test_who_barges_in_hears_all_and_is_heard_by_all() -> None:
    desk, call, leg = supervised(BARGE)
    own = desk.leg_of(call)
    assert hears(desk, leg) == {call, own}
    assert hears(desk, own) == {call, leg}
    assert hears(desk, call) == {own, leg}


def test_who_takes_over_talks_with_the_caller_and_the_operator_wraps_up() -> None:
    desk, call, leg = supervised(TAKE_OVER)
    assert desk.together(call) == {call, leg}
    assert desk.operator("001").status is OperatorStatus.WRAP_UP
    assert desk.state(call).phase is Phase.TALKING
    assert not desk.switch.legs[call].guarded
    assert desk.centre.supervisions == {}


def test_from_listening_to_whispering_to_barging_and_back() -> None:
    desk, call, leg = supervised()
    own = desk.leg_of(call)
    for mode, heard_by in (
        (WHISPER, {own}),
        (BARGE, {own, call}),
        (LISTEN, set[str]()),
        (WHISPER, {own}),
        (LISTEN, set[str]()),
    ):
        assert desk.leader(Supervise("001", mode)) == ""
        assert {each for each in (own, call) if leg in hears(desk, each)} == heard_by, mode
        assert hears(desk, leg) >= {call, own}
    snoops = [each for each in desk.switch.legs.values() if each.snoops_on]
    assert len(snoops) == 1, "one snoop at a time"
    assert desk.leader(Supervise("001", TAKE_OVER)) == ""
    assert desk.together(call) == {call, leg}


def test_a_mode_that_is_wished_for_while_the_telephone_rings_holds_once_it_is_answered() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.leader(Supervise("001", LISTEN, "seat03"))
    desk.leader(Supervise("001", BARGE))
    desk.answers(desk.ringing_at("seat03"))
    assert len(desk.together(call)) == 3
    assert [dial.role for dial in desk.dialled()].count(Role.SUPERVISOR) == 1


def test_the_same_wish_again_changes_nothing() -> None:
    desk, _, _ = supervised()
    before = list(desk.switch.sent)
    assert desk.leader(Supervise("001", LISTEN)) == ""
    assert desk.switch.sent == before


def test_the_snoop_follows_the_operator_to_a_partner_and_back() -> None:
    desk, call, leg = supervised(WHISPER)
    own = desk.leg_of(call)
    desk.asks(AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    desk.answers(partner)
    assert hears(desk, leg) >= {call, own, partner}
    assert leg not in hears(desk, partner)
    desk.asks(DropPartner("001"))
    assert hears(desk, leg) >= {call, own}


def test_three_talk_and_the_team_leader_is_the_fourth() -> None:
    desk, call, leg = supervised()
    desk.asks(AddPartner("001", "12319"))
    desk.answers(desk.partner_of(call))
    assert desk.leader(Supervise("001", BARGE)) == ""
    assert desk.together(call) == {call, desk.leg_of(call), desk.partner_of(call), leg}


def test_who_takes_over_a_talk_of_three_goes_on_with_both() -> None:
    desk, call, leg = supervised()
    desk.asks(AddPartner("001", "12319"))
    partner = desk.partner_of(call)
    desk.answers(partner)
    assert desk.leader(Supervise("001", TAKE_OVER)) == ""
    assert desk.together(call) == {call, leg, partner}
    assert desk.state(call).phase is Phase.THREE_WAY


def with_colleague(desk: Desk) -> tuple[str, str, str]:
    """Operator 001 consults 002: the call, and the legs of the two."""
    call = desk.talking_call()
    desk.operator_ready("002", "seat02")
    assert desk.asks(Consult("001", "002")) == ""
    colleague = desk.ringing_at("seat02")
    desk.answers(colleague)
    return call, desk.leg_of(call), colleague


def test_a_colleague_who_was_brought_in_is_listened_to() -> None:
    desk = Desk()
    call, own, colleague = with_colleague(desk)
    assert desk.leader(Supervise("002", LISTEN, "seat03")) == ""
    leg = desk.ringing_at("seat03")
    desk.answers(leg)
    assert hears(desk, leg) == {own, colleague}
    assert hears(desk, call) == set()
    desk.asks(HangUp("002"))
    assert desk.centre.supervisions == {}
    assert desk.together(call) == {call, own}


def test_nobody_takes_over_from_a_colleague_who_does_not_lead_the_call() -> None:
    desk = Desk()
    call, own, colleague = with_colleague(desk)
    assert desk.leader(Supervise("002", BARGE, "seat03")) == "talk_busy"
    assert desk.asks(Join("001")) == ""
    assert desk.leader(Supervise("002", TAKE_OVER, "seat03")) == "talk_busy"
    assert desk.leader(Supervise("002", BARGE, "seat03")) == ""
    leg = desk.ringing_at("seat03")
    desk.answers(leg)
    assert hears(desk, leg) == {call, own, colleague}


def test_who_barged_in_listens_while_the_talk_is_no_talk() -> None:
    desk, call, leg = supervised(BARGE)
    own = desk.leg_of(call)
    desk.asks(AddPartner("001", "12319"))
    assert desk.supervision().mode is LISTEN
    assert leg not in hears(desk, own)
    assert desk.leader(Supervise("001", BARGE)) == "talk_busy"


# -- what the order and the wallboard say ----------------------------------------------------------


def test_who_only_listened_is_not_on_the_order() -> None:
    desk, call, _ = supervised()
    desk.goes(call)
    assert [leg.role for leg in desk.order(call).legs] == [LegRole.CALLER, LegRole.OPERATOR]


def test_who_barged_in_is_on_the_order() -> None:
    desk, call, leg = supervised(BARGE)
    desk.goes(call)
    record = desk.order(call).legs[-1]
    assert (record.leg, record.role, record.party) == (leg, LegRole.SUPERVISOR, LEADER.name)
    assert record.place == "seat03"
    assert record.ended is not None


def test_who_took_over_is_on_the_order_until_the_end() -> None:
    desk, call, leg = supervised(TAKE_OVER)
    desk.now += 60
    desk.goes(leg)
    order = desk.order(call)
    assert (order.outcome, order.operator, order.ended_by) == (
        Outcome.ANSWERED,
        "001",
        "operator",
    )
    (record,) = (each for each in order.legs if each.role is LegRole.SUPERVISOR)
    assert record.ended == desk.now
    assert desk.centre.calls == {}


def test_the_wallboard_knows_who_listens() -> None:
    desk, call, leg = supervised()
    (line,) = (line for line in desk.board().operators if line.supervision)
    assert line.number == "001"
    assert line.supervision is not None
    assert (line.supervision.by, line.supervision.mode) == (LEADER.name, LISTEN)
    desk.goes(leg)
    assert not any(line.supervision for line in desk.board().operators)
    assert desk.state(call).phase is Phase.TALKING


# -- the team leader's seat ------------------------------------------------------------------------


def test_a_team_leader_who_is_signed_in_is_rung_at_the_own_seat() -> None:
    desk = Desk()
    desk.talking_call()
    desk.happens(SignIn("003", "seat02"))
    assert desk.leader(Supervise("001", LISTEN), CHIEF) == ""
    assert desk.rings_at("seat02")


def test_a_seat_that_listens_is_offered_no_call() -> None:
    desk = Desk()
    desk.talking_call()
    desk.operator_ready("003", "seat02")
    desk.leader(Supervise("001", LISTEN), CHIEF)
    second = desk.waiting_call()
    assert desk.state(second).phase is Phase.WAITING
    desk.answers(desk.ringing_at("seat02"))
    desk.leader(EndSupervision("001"), CHIEF)
    assert desk.state(second).phase is Phase.OFFERED


def test_an_operator_who_took_over_is_in_the_call_and_wraps_it_up() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.operator_ready("003", "seat02")
    desk.leader(Supervise("001", TAKE_OVER), CHIEF)
    desk.answers(desk.ringing_at("seat02"))
    chief = desk.operator("003")
    assert (chief.status, chief.call) == (OperatorStatus.TALKING, call)
    assert desk.asks(AddPartner("003", "12319")) == ""
    desk.answers(desk.partner_of(call))
    assert desk.asks(LeaveCall("003")) == ""
    assert desk.operator("003").status is OperatorStatus.WRAP_UP
    desk.goes(call)
    assert desk.order(call).operator == "003"


@pytest.mark.parametrize(
    ("seat", "code"),
    [("", "no_seat"), ("seat99", "unknown_seat"), ("seat01", "seat_taken")],
)
def test_a_seat_that_cannot_be_used(seat: str, code: str) -> None:
    desk = Desk()
    desk.talking_call()
    assert desk.leader(Supervise("001", LISTEN, seat)) == code
    assert desk.centre.supervisions == {}


def test_a_seat_without_its_telephone_or_in_a_call_cannot_be_used() -> None:
    desk = Desk()
    desk.talking_call()
    desk.happens(SeatReachable("seat03", reachable=False))
    assert desk.leader(Supervise("001", LISTEN, "seat03")) == "seat_unreachable"
    desk.happens(SeatReachable("seat03", reachable=True))
    desk.happens(SeatEngaged("seat03", engaged=True))
    assert desk.leader(Supervise("001", LISTEN, "seat03")) == "seat_in_call"
    me = Author("001", leads=True, operator="001")
    assert desk.leader(Supervise("001", LISTEN), me) == "seat_in_call"


# -- refusals --------------------------------------------------------------------------------------


def test_only_who_talks_is_listened_to() -> None:
    desk = Desk()
    assert desk.leader(Supervise("001", LISTEN, "seat03")) == "not_in_call"
    assert desk.leader(Supervise("099", LISTEN, "seat03")) == "unknown_operator"
    assert desk.leader(EndSupervision("001")) == "not_supervised"


def test_nobody_barges_in_before_the_operators_number_is_spoken() -> None:
    desk = Desk()
    desk.operator_ready("001", "seat01")
    call = desk.waiting_call()
    desk.answers(desk.ringing_at("seat01"))
    assert desk.state(call).phase is Phase.INTRODUCING
    assert desk.leader(Supervise("001", TAKE_OVER, "seat03")) == "talk_busy"
    assert desk.leader(Supervise("001", LISTEN, "seat03")) == ""


def test_a_talk_has_one_listener() -> None:
    desk, _, _ = supervised()
    other = Author("team_leader:ffff", leads=True)
    assert desk.leader(Supervise("001", WHISPER, "seat02"), other) == "already_supervised"
    assert desk.leader(EndSupervision("001"), other) == ""


# -- how it ends -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [LISTEN, WHISPER, BARGE])
def test_the_team_leader_hangs_up_and_the_talk_goes_on(mode: SupervisionMode) -> None:
    desk, call, leg = supervised(mode)
    own = desk.leg_of(call)
    desk.goes(leg)
    assert desk.together(call) == {call, own}
    assert set(desk.switch.legs) == {call, own}
    assert desk.centre.supervisions == {}
    assert {desk.switch.legs[own].bridge} == desk.switch.bridges


@pytest.mark.parametrize("mode", [LISTEN, WHISPER, BARGE])
@pytest.mark.parametrize("who", ["caller", "operator", "api", "lost"])
def test_the_talk_ends_and_nobody_is_left(mode: SupervisionMode, who: str) -> None:
    desk, call, leg = supervised(mode)
    own = desk.leg_of(call)
    match who:
        case "caller":
            desk.goes(call)
        case "operator":
            desk.goes(own)
        case "api":
            desk.asks(HangUp("001"))
        case _:
            desk.goes(own, Ending.LOST)
            desk.goes(call)
    assert leg not in desk.switch.legs
    assert desk.switch.legs == {}
    assert desk.switch.bridges == set()
    assert desk.centre.supervisions == {}


@pytest.mark.parametrize("ending", [Ending.NO_ANSWER, Ending.BUSY, Ending.UNREACHABLE])
def test_a_team_leader_who_does_not_answer(ending: Ending) -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.leader(Supervise("001", LISTEN, "seat03"))
    desk.goes(desk.ringing_at("seat03"), ending)
    assert desk.centre.supervisions == {}
    assert desk.state(call).phase is Phase.TALKING


def test_a_ringing_that_nothing_is_heard_of_ends_by_its_deadline() -> None:
    desk = Desk()
    desk.talking_call()
    desk.leader(Supervise("001", LISTEN, "seat03"))
    leg = desk.ringing_at("seat03")
    desk.wait(RING_SECONDS + 5)
    assert Hangup(leg) in desk.sent(Hangup)
    assert desk.centre.supervisions == {}


def test_the_talk_ends_while_the_team_leaders_telephone_rings() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.leader(Supervise("001", LISTEN, "seat03"))
    desk.goes(call)
    assert desk.switch.legs == {}
    assert desk.centre.supervisions == {}


def test_a_hang_up_of_which_nothing_is_heard_is_repeated_and_then_given_up() -> None:
    desk, _, leg = supervised()
    desk.happens(Act(LEADER, EndSupervision("001")))
    for _ in range(5):
        desk.switch.told.clear()  # nobody tells that it is gone
        desk.now += 5
        desk.happens(DeadlineReached())
    assert desk.sent(Hangup).count(Hangup(leg)) == 4
    assert desk.centre.supervisions == {}


def test_a_snoop_that_cannot_be_made_ends_it_and_the_talk_goes_on() -> None:
    desk, call, leg = supervised()
    (snoop,) = desk.sent(Snoop)
    desk.goes(snoop.leg)
    assert leg not in desk.switch.legs
    assert desk.state(call).phase is Phase.TALKING


def test_who_cannot_be_put_into_the_talk_listens_and_the_talk_goes_on() -> None:
    desk, call, leg = supervised(BARGE)
    desk.happens(CommandFailed(leg, "Join", "404 not found"))
    desk.news()
    assert desk.supervision().mode is LISTEN
    assert hears(desk, leg) == {call, desk.leg_of(call)}


# -- a restart in each state -----------------------------------------------------------------------


def restart(desk: Desk) -> None:
    desk.centre = decode_centre(encode_centre(desk.centre))
    desk.switch.lose_events()
    desk.happens(desk.switch.reconciled())
    desk.news()


@pytest.mark.parametrize("mode", [LISTEN, WHISPER, BARGE])
def test_a_restart_while_somebody_takes_part(mode: SupervisionMode) -> None:
    desk, call, leg = supervised(mode)
    before = {each: hears(desk, each) for each in (call, desk.leg_of(call), leg)}
    restart(desk)
    assert {each: hears(desk, each) for each in before} == before
    assert len([each for each in desk.switch.legs.values() if each.snoops_on]) <= 1


def test_a_restart_after_a_takeover() -> None:
    desk, call, leg = supervised(TAKE_OVER)
    restart(desk)
    assert desk.together(call) == {call, leg}
    desk.goes(call)
    assert desk.switch.legs == {}


def test_a_restart_while_the_team_leaders_telephone_rings() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.leader(Supervise("001", LISTEN, "seat03"))
    restart(desk)
    leg = desk.ringing_at("seat03")
    desk.answers(leg)
    assert hears(desk, leg) == {call, desk.leg_of(call)}


@pytest.mark.parametrize("mode", [LISTEN, BARGE])
def test_a_team_leader_who_left_while_we_were_away(mode: SupervisionMode) -> None:
    desk, call, leg = supervised(mode)
    desk.switch.far_end_goes(leg)
    restart(desk)
    assert set(desk.switch.legs) == {call, desk.leg_of(call)}
    assert desk.centre.supervisions == {}


def test_an_operator_who_left_while_we_were_away() -> None:
    desk, call, leg = supervised()
    desk.switch.far_end_goes(desk.leg_of(call))
    restart(desk)
    assert leg not in desk.switch.legs
    assert desk.centre.supervisions == {}


def test_a_snoop_that_was_lost_with_us_is_made_again() -> None:
    desk, call, leg = supervised()
    (snoop,) = desk.sent(Snoop)
    desk.switch.far_end_goes(snoop.leg)
    restart(desk)
    assert hears(desk, leg) == {call, desk.leg_of(call)}
    assert len(desk.sent(Snoop)) == 2


def test_a_dialling_that_was_never_sent_is_no_supervision() -> None:
    desk = Desk()
    call = desk.talking_call()
    desk.leader(Supervise("001", LISTEN, "seat03"))
    (dial,) = (each for each in desk.sent(Dial) if each.role is Role.SUPERVISOR)
    desk.switch.legs.pop(dial.leg)
    restart(desk)
    assert desk.centre.supervisions == {}
    assert desk.state(call).phase is Phase.TALKING
