"""A partner joins: forward, three-way call, one-key transfer to an emergency number (R21-R25).

The operator asks, by key or API; the partner is dialled; busy, no answer and the like give the
caller back. What came of it is kept on the partner's leg, with the unit behind the number (R25).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from callcenter.calls import call as calls
from callcenter.calls import operator as operators
from callcenter.calls.commands import Guard, Separate, StopRinging
from callcenter.calls.events import (
    AddPartner,
    CallEmergency,
    DropPartner,
    Ending,
    Forward,
    LeaveCall,
    PickFirstDialled,
)
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, Phase, Transfer
from callcenter.calls.turn import Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.decide import decide
from callcenter.numberplan.model import Action, DialTarget, ForwardFailures
from callcenter.orders.record import Outcome
from callcenter.values import replace

_OPERATOR_HEARS = ForwardFailures(
    busy="partner_busy", no_answer="partner_no_answer", unreachable="partner_unreachable"
)
_JOINED = frozenset({Phase.TRANSFERRING, Phase.THREE_WAY})


@dataclass(frozen=True, slots=True)
class _Partner:
    """Whom a number means now, and the ways to dial."""

    hotline: str
    unit: str
    targets: tuple[DialTarget, ...]
    digits: str | None
    pause: float
    emergency: bool


# -- requests --------------------------------------------------------------------------------------


def forward(turn: Turn, request: Forward) -> Refusal | None:
    """Blind: the operator leaves at once. An emergency number is never left to the caller alone."""
    return _bring_in(turn, request.operator, request.number, Transfer.BLIND)


def add_partner(turn: Turn, request: AddPartner) -> Refusal | None:
    """Three-way: caller and operator wait for the partner, then all three talk."""
    return _bring_in(turn, request.operator, request.number, Transfer.THREE_WAY)


def call_emergency(turn: Turn, request: CallEmergency) -> Refusal | None:
    """One key: the emergency number joins; caller and operator go on talking meanwhile."""
    if request.number not in turn.plan.emergencies:
        return Refusal("unknown_number", f"{request.number}不是紧急号码，请核对。")
    return _bring_in(turn, request.operator, request.number, Transfer.EMERGENCY)


def leave(turn: Turn, request: LeaveCall) -> Refusal | None:
    """The operator leaves caller and partner; while the partner rings, this makes it a forward."""
    call = _call_of(turn, request.operator)
    if call is None or call.phase not in _JOINED:
        return Refusal("no_partner", "当前没有第三方，不能退出；结束通话请挂断。")
    if call.phase is Phase.TRANSFERRING and call.transfer is Transfer.EMERGENCY:
        return Refusal("emergency_joining", "紧急号码尚未接通，不能让来电人独自等待。")
    turn.hang_up(call, call.leg)
    operator_gone(turn, call, Ending.NORMAL)
    return None


def drop_partner(turn: Turn, request: DropPartner) -> Refusal | None:
    """The partner's part is over, or its ringing; caller and operator go on."""
    call = _call_of(turn, request.operator)
    if call is None or call.phase not in _JOINED:
        return Refusal("no_partner", "当前没有第三方可以挂断。")
    turn.hang_up(call, call.partner)
    _talk_again(turn, call)
    return None


def pick_first_dialled(turn: Turn, request: PickFirstDialled) -> Refusal | None:
    """The carrier did not tell which number the citizen dialled: the operator asked.

    Who forwarded the call may still note it while the caller talks on.
    """
    state = turn.operator(request.operator)
    busy = state.status in (OperatorStatus.TALKING, OperatorStatus.WRAP_UP)
    call = turn.call(state.call) if busy and state.call is not None else None
    if call is None:
        return Refusal("not_in_call", "当前没有通话，不能登记首拨号码。")
    number = turn.plan.directory.find(_as_written(request.number))
    if number is None:
        return Refusal("unknown_number", f"号码表中没有{request.number}，请核对。")
    turn.put(replace(call, first_dialled=number))
    return None


def _call_of(turn: Turn, operator: str) -> Call | None:
    """The call that the operator talks in."""
    state = turn.operator(operator)
    if state.status is not OperatorStatus.TALKING or state.call is None:
        return None
    return turn.call(state.call)


def _bring_in(turn: Turn, operator: str, number: str, how: Transfer) -> Refusal | None:
    call = _call_of(turn, operator)
    if call is None or call.phase is Phase.INTRODUCING:
        return Refusal("not_in_call", "当前没有通话，不能转接。")
    partner = _partner(turn, number)
    if isinstance(partner, Refusal):
        return partner
    before = call
    if before.partner is not None and (
        not partner.emergency or before.partner_hotline in turn.plan.emergencies
    ):
        return Refusal("partner_already", "已有第三方在通话中，请先挂断第三方。")
    if partner.emergency:
        how = Transfer.EMERGENCY
    call = replace(
        call,
        transfer=how,
        partner_hotline=partner.hotline,
        partner_unit=partner.unit,
        targets=partner.targets,
        after_answer_digits=partner.digits,
        after_answer_pause=partner.pause,
        digits="",
        digits_deadline=None,
    )
    dialled = calls.dial_next(turn, call, Ending.UNREACHABLE, emergency=partner.emergency)
    if isinstance(dialled, Ending):
        return Refusal("trunk_full", f"通往{partner.hotline}的线路已满，请稍后再转。")
    call, leg = dialled
    if before.partner is not None:  # whose place the emergency number takes
        turn.hang_up(call, before.partner)
        _talk_again(turn, replace(call, transfer=before.transfer))
        call = replace(turn.call(call.id) or call, transfer=how, deadline=call.deadline)
    call = turn.put(replace(call, phase=Phase.TRANSFERRING, partner=leg))
    if how is Transfer.EMERGENCY:
        return None
    if call.bridge is not None:
        turn.send(Separate(call.bridge, call.id))
    call = calls.start_music(turn, call)
    if how is Transfer.THREE_WAY:
        calls.ring_alone(turn, call, call.leg)
    else:
        turn.hang_up(call, call.leg)
        operator_gone(turn, call, Ending.NORMAL)
    return None


def _partner(turn: Turn, number: str) -> _Partner | Refusal:
    """What the plan says now of a number that an operator wants to reach."""
    number = _as_written(number)
    route = decide(turn.plan, number, None, datetime.fromtimestamp(turn.now, UTC))
    if route.action is Action.REJECT:
        return Refusal("unknown_number", f"号码表中没有{number}，请核对。")
    if route.action not in (Action.FORWARD, Action.EMERGENCY):
        return Refusal("not_a_partner", f"{route.number}由本中心受理，不能转接。")
    return _Partner(
        hotline=route.number,
        unit=route.owner or route.service or "",
        targets=route.targets,
        digits=route.after_answer_digits,
        pause=route.after_answer_pause,
        emergency=route.action is Action.EMERGENCY,
    )


def _as_written(keyed: str) -> str:
    """`12366*2`, as a telephone can key it, is 12366-2."""
    return keyed.replace("*", "-")


# -- facts -----------------------------------------------------------------------------------------


def partner_answered(turn: Turn, call: Call) -> None:
    """All talk; without the operator, the two of them."""
    partner = call.partner
    if call.leg is not None:
        _stop_ringing(turn, call)
        calls.connect(turn, replace(call, transfer=None), Phase.THREE_WAY)
    else:
        if call.transfer is Transfer.EMERGENCY:
            turn.send(StopRinging(call.id))
        together = replace(call, leg=partner, partner=None, operator=None, transfer=None)
        calls.connect(turn, together, Phase.FORWARDED)
    calls.press_digits(turn, call, partner)


def partner_gone(turn: Turn, call: Call, ending: Ending) -> None:
    """Busy, no answer, refused, unreachable; or the partner left the talk."""
    if call.phase is Phase.THREE_WAY:
        _talk_again(turn, call)
        return
    emergency = call.transfer is Transfer.EMERGENCY
    left = calls.ways_left(call, ending)
    if emergency and ending is not Ending.LOST:
        left = call  # every trunk is tried, whatever the first one said
    dialled = calls.dial_next(turn, left, ending, emergency=emergency)
    if isinstance(dialled, Ending):
        _give_back(turn, call, dialled)
        return
    call, leg = dialled
    turn.put(replace(call, partner=leg))


def operator_gone(turn: Turn, call: Call, ending: Ending) -> None:
    """The operator hung up, or their line broke: the other two go on."""
    if ending is Ending.LOST:
        operators.leg_lost(turn, call)
    else:
        operators.start_wrap_up(turn, call)
    call = replace(call, leg=None, operator=None, digits="", digits_deadline=None)
    if call.phase is Phase.THREE_WAY:
        turn.put(replace(call, phase=Phase.FORWARDED, leg=call.partner, partner=None))
        return
    if call.transfer is Transfer.EMERGENCY:
        # Until the emergency number answers, nothing else is to be heard.
        turn.send(Guard(call.id))
        calls.ring_alone(turn, call, call.id)
        call = replace(call, guarded=True)
    turn.put(call)


def deadline(turn: Turn, call: Call) -> None:
    """The partner's ringing or the talk of three lasted too long."""
    if call.phase is Phase.THREE_WAY:
        calls.end(turn, call, Outcome.ANSWERED, by="system")
        return
    turn.hang_up(call, call.partner, Ending.NO_ANSWER)
    partner_gone(turn, call, Ending.NO_ANSWER)


def not_connected(turn: Turn, call: Call) -> None:
    """The switch could not bring the three together: without the partner, then."""
    turn.hang_up(call, call.partner)
    calls.talk(turn, replace(call, partner=None, digits="", digits_deadline=None))


def _give_back(turn: Turn, call: Call, ending: Ending) -> None:
    """The caller gets the operator back: in the talk, or before anybody else in the queue."""
    if call.leg is None:
        if call.transfer is Transfer.EMERGENCY:
            turn.send(StopRinging(call.id))
        calls.back_to_queue(turn, call, same_operator=True)
        return
    name = f"{call.id}_{call.names + 1}"
    _talk_again(turn, replace(call, names=call.names + 1))
    turn.play(call.leg, name, (calls.apology(_OPERATOR_HEARS, ending),))


def _talk_again(turn: Turn, call: Call) -> None:
    """Caller and operator, as before."""
    alone = replace(call, partner=None, transfer=None, digits="", digits_deadline=None)
    if call.hears_music:  # they were apart
        _stop_ringing(turn, call)
        calls.connect(turn, alone, Phase.TALKING)
    else:
        until = turn.now + turn.plan.limits.talk_seconds
        turn.put(replace(alone, phase=Phase.TALKING, deadline=until))


def _stop_ringing(turn: Turn, call: Call) -> None:
    """The operator heard ringing, but for an emergency: there caller and operator talk on."""
    if call.leg is not None and call.transfer is Transfer.THREE_WAY and call.has_live(call.leg):
        turn.send(StopRinging(call.leg))
