"""The operator brings somebody into the talk: forward, three-way, one key to 110 (R21-R25)."""

from __future__ import annotations

from callcenter.calls import call as calls
from callcenter.calls import operator as operators
from callcenter.calls.commands import SeatAddress
from callcenter.calls.events import AddPartner, CallEmergency, Consult, Ending, Forward
from callcenter.calls.party import Party, Room
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, Phase, Transfer
from callcenter.calls.talk import colleagues, parties, scene, whom
from callcenter.calls.talk.whom import Colleague, Partner, ToQueue
from callcenter.calls.turn import END_SECONDS, Turn
from callcenter.values import replace

_ALREADY = Refusal("partner_already", "已有第三方在通话中，请先挂断第三方。")
MOST_OTHERS = 3
"""Beside caller and operator."""


def forward(turn: Turn, request: Forward) -> Refusal | None:
    """Blind: the operator leaves at once. An emergency number is never left to the caller alone."""
    return _bring_in(turn, request.operator, request.number, Transfer.BLIND)


def add_partner(turn: Turn, request: AddPartner) -> Refusal | None:
    """Three-way: caller and operator wait for the partner, then all three talk."""
    return _bring_in(turn, request.operator, request.number, Transfer.THREE_WAY)


def consult(turn: Turn, request: Consult) -> Refusal | None:
    """The operator speaks with the partner alone; the caller waits with music."""
    return _bring_in(turn, request.operator, request.number, Transfer.CONSULT)


def call_emergency(turn: Turn, request: CallEmergency) -> Refusal | None:
    """One key: the emergency number joins; caller and operator go on talking meanwhile."""
    if request.number not in turn.plan.emergencies:
        return Refusal("unknown_number", f"{request.number}不是紧急号码，请核对。")
    return _bring_in(turn, request.operator, request.number, Transfer.EMERGENCY)


def _bring_in(turn: Turn, operator: str, number: str, how: Transfer) -> Refusal | None:
    call = turn.led_by(operator)
    if call is None or call.phase is Phase.INTRODUCING:
        return Refusal("not_in_call", "当前没有通话，不能转接。")
    to = whom.find(turn, operator, number)
    if isinstance(to, Colleague):
        to = colleagues.unavailable(turn, to, operator) or to
    if isinstance(to, Refusal):
        return to
    if isinstance(to, ToQueue):
        return _to_queue(turn, call, to, how)
    taken = _taken(call, to, how)
    if taken is not None:
        return taken
    dialled = _dial(turn, call, to)
    if isinstance(dialled, Refusal):
        return dialled
    call, leg = dialled
    emergency = isinstance(to, Partner) and to.emergency
    if emergency:
        how = Transfer.EMERGENCY
        call = _alone_again(turn, call)
    room = Room.PRIVATE if how is Transfer.CONSULT else Room.TALK
    colleague = to.number if isinstance(to, Colleague) else ""
    party = Party(leg=leg, room=room, emergency=emergency, operator=colleague)
    call = replace(
        call,
        parties=(*call.parties, party),
        transfer=how,
        aside=how in (Transfer.THREE_WAY, Transfer.CONSULT),
        digits="",
        digits_deadline=None,
    )
    if how is Transfer.BLIND:
        operator_leg = call.leg
        call = parties.operator_gone(turn, call, Ending.NORMAL)
        turn.hang_up(call, operator_leg)
    else:
        scene.go_on(turn, call)
    return None


def _to_queue(turn: Turn, call: Call, to: ToQueue, how: Transfer) -> Refusal | None:
    """Blind: the caller waits there, for whose first wait counts."""
    if how is not Transfer.BLIND:
        return Refusal("only_forward", "队列只能直接转接，不能单独商谈或三方通话。")
    if call.outbound is not None:
        return Refusal("only_callers", "外呼的对方不能转到队列，请转给其他话务员。")
    if call.parties:
        return _ALREADY
    turn.hang_up(call, call.leg)
    operators.start_wrap_up(turn, call)
    call = replace(call, queue=to.queue, in_queue_since=turn.now, partner_hotline=to.queue)
    calls.back_to_queue(turn, call)
    return None


def _taken(call: Call, to: Partner | Colleague, how: Transfer) -> Refusal | None:
    """Somebody is there already; an emergency number takes anybody's place but another's."""
    emergency = isinstance(to, Partner) and to.emergency
    if emergency:
        taken = any(party.emergency for party in call.parties)
    else:
        taken = call.ringing() is not None or (how is Transfer.BLIND and bool(call.parties))
    if taken:
        return _ALREADY
    if len(call.parties) >= MOST_OTHERS and not emergency:
        return Refusal("too_many", f"通话中最多{MOST_OTHERS + 2}方，请先挂断一方。")
    return None


def _dial(turn: Turn, call: Call, to: Partner | Colleague) -> tuple[Call, str] | Refusal:
    if isinstance(to, Colleague):
        return _ring(turn, call, to)
    call = replace(
        call,
        partner_hotline=to.hotline,
        partner_unit=to.unit,
        targets=to.targets,
        after_answer_digits=to.digits,
        after_answer_pause=to.pause,
    )
    dialled = calls.dial_next(turn, call, Ending.UNREACHABLE, emergency=to.emergency)
    if isinstance(dialled, Ending):
        return Refusal("trunk_full", f"通往{to.hotline}的线路已满，请稍后再转。")
    return dialled


def _ring(turn: Turn, call: Call, to: Colleague) -> tuple[Call, str]:
    """The colleague's telephone, as long as for an offer."""
    colleagues.rings(turn, call, to)
    seconds = turn.queue(call.queue).ring_seconds
    call = replace(
        call,
        partner_hotline=to.number,
        partner_unit="",
        target=None,
        targets=(),
        after_answer_digits=None,
        deadline=turn.now + seconds + END_SECONDS,
    )
    seat = turn.operator(to.number).seat or ""
    return turn.dial(call, SeatAddress(seat), seconds=seconds, operator=to.number)


def _alone_again(turn: Turn, call: Call) -> Call:
    """Whoever else was there gives way to the emergency number."""
    for party in call.parties:
        turn.hang_up(call, party.leg)
    colleagues.all_gone(turn, call)
    return replace(call, parties=(), aside=False)
