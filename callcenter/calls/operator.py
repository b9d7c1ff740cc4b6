"""What an operator can ask for and what happens to one: the transition table of an operator.

A person's request out of turn is refused with a code and a sentence; what the switch reports is
taken as it is.
"""

from __future__ import annotations

from callcenter.calls.events import (
    BecomeNotReady,
    BecomeReady,
    Ending,
    HangUp,
    SeatEngaged,
    SeatReachable,
    SignIn,
    SignOut,
)
from callcenter.calls.reference import reference_of
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, OperatorState, Phase, SystemReason, Transfer
from callcenter.calls.turn import END_SECONDS, Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import LegRole
from callcenter.values import replace

BUSY = frozenset({OperatorStatus.RINGING, OperatorStatus.CALLING, OperatorStatus.TALKING})

_FAILED_OFFER = {
    Ending.NO_ANSWER: SystemReason.MISSED,
    Ending.BUSY: SystemReason.DECLINED,
    Ending.DECLINED: SystemReason.DECLINED,
    Ending.NORMAL: SystemReason.DECLINED,
}


# -- requests --------------------------------------------------------------------------------------


def sign_in(turn: Turn, request: SignIn) -> Refusal | None:
    """Any operator, at any free seat (R61). Signed in is not yet ready."""
    if request.operator not in turn.plan.operators:
        return Refusal("unknown_operator", f"没有工号{request.operator}，请核对后再签入。")
    if request.seat not in turn.plan.seats:
        return Refusal("unknown_seat", f"没有席位{request.seat}，请核对席位编号。")
    taken_by = turn.operator_at(request.seat)
    operator = turn.operator(request.operator)
    if taken_by is not None and taken_by.number == request.operator:
        return None
    if taken_by is not None:
        return Refusal("seat_taken", f"席位已由{taken_by.number}号签入，请换一个席位。")
    if operator.status is not OperatorStatus.OFFLINE:
        return Refusal(
            "already_signed_in", f"{operator.number}号已在席位{operator.seat}签入，请先签出。"
        )
    turn.put_operator(
        replace(
            operator,
            status=OperatorStatus.NOT_READY,
            since=turn.now,
            seat=request.seat,
            reason=SystemReason.SIGNED_IN.value,
            call=None,
            reason_after=None,
            deadline=None,
            taken=_fewest_taken(turn),
        )
    )
    return None


def sign_out(turn: Turn, request: SignOut) -> Refusal | None:
    """Leave the seat; not in the middle of a call."""
    operator = turn.operator(request.operator)
    if operator.status is OperatorStatus.OFFLINE:
        return _not_signed_in(request.operator)
    if operator.status in BUSY:
        return Refusal("in_call", "通话未结束，不能签出；请先结束通话。")
    _offline(turn, operator)
    return None


def sign_out_when_free(turn: Turn, operator: OperatorState) -> None:
    """Sign out now; who rings or talks once that is over."""
    if operator.status in BUSY:
        turn.put_operator(replace(operator, reason_after=SystemReason.SIGNED_OUT.value))
    else:
        _offline(turn, operator)


def become_ready(turn: Turn, request: BecomeReady) -> Refusal | None:
    """Take calls; ends wrap-up early. During a call it takes back a wish not to be ready."""
    operator = turn.operator(request.operator)
    if operator.status is OperatorStatus.OFFLINE:
        return _not_signed_in(request.operator)
    if operator.status in BUSY:
        turn.put_operator(replace(operator, reason_after=None))
        return None
    if operator.seat is not None and not turn.seat_is_reachable(operator.seat):
        return Refusal("seat_unreachable", "话机未注册，不能示闲；请检查话机。")
    if operator.status is not OperatorStatus.READY:
        _ready(turn, replace(operator, missed=0))
    return None


def become_not_ready(turn: Turn, request: BecomeNotReady) -> Refusal | None:
    """Take no calls for a reason of the plan; during a call this holds once it is over."""
    operator = turn.operator(request.operator)
    if operator.status is OperatorStatus.OFFLINE:
        return _not_signed_in(request.operator)
    if request.reason not in turn.plan.not_ready_reasons:
        known = "、".join(reason.title for reason in turn.plan.not_ready_reasons.values())
        return Refusal("unknown_reason", f"没有示忙原因“{request.reason}”，可用的有：{known}。")
    if operator.status in BUSY:
        turn.put_operator(replace(operator, reason_after=request.reason))
        return None
    _not_ready(turn, operator, request.reason)
    return None


def hang_up(turn: Turn, request: HangUp) -> Refusal | None:
    """The operator ends the talk: their leg goes, and with it the call."""
    operator = turn.operator(request.operator)
    call = turn.call(operator.call) if operator.call else None
    may = (OperatorStatus.TALKING, OperatorStatus.CALLING)
    if operator.status not in may or call is None:
        return Refusal("not_in_call", "当前没有通话，不能挂断。")
    emergency = call.phase is Phase.TRANSFERRING and call.transfer is Transfer.EMERGENCY
    if emergency and call.operator == operator.number:
        return Refusal("emergency_joining", "紧急号码尚未接通，不能让来电人独自等待。")
    colleague = next((each for each in call.parties if each.operator == operator.number), None)
    turn.hang_up(call, call.leg if colleague is None else colleague.leg)
    return None


# -- facts -----------------------------------------------------------------------------------------


def seat_engaged(turn: Turn, event: SeatEngaged) -> None:
    """Asterisk's own queue rings a seat, or has let it go: no second call is offered there."""
    if turn.seat_is_engaged(event.seat) is not event.engaged:
        turn.put_engaged(event.seat, engaged=event.engaged)


def seat_reachable(turn: Turn, event: SeatReachable) -> None:
    """A softphone came or went: an idle operator there stops and starts taking calls with it."""
    turn.put_seat(event.seat, reachable=event.reachable)
    operator = turn.operator_at(event.seat)
    if operator is None:
        return
    if not event.reachable and operator.status is OperatorStatus.READY:
        _not_ready(turn, operator, SystemReason.UNREACHABLE.value)
    elif (
        event.reachable
        and operator.status is OperatorStatus.NOT_READY
        and operator.reason == SystemReason.UNREACHABLE.value
    ):
        _ready(turn, operator)


def answered(turn: Turn, call: Call) -> None:
    """The operator took the call that was offered."""
    operator = turn.operator(call.operator or "")
    if operator.call == call.id:
        turn.put_operator(
            replace(
                operator,
                status=OperatorStatus.TALKING,
                since=turn.now,
                taken=operator.taken + 1,
                missed=0,
                last_order=reference_of(call),
            )
        )


def offer_failed(turn: Turn, call: Call, number: str, ending: Ending) -> None:
    """The operator did not take the call: not ready, with the reason, until they say otherwise.

    Where the queue allows some misses, they come last of all who are ready instead.
    """
    operator = turn.operator(number)
    if operator.call != call.id:
        return
    reason = _FAILED_OFFER.get(ending, SystemReason.UNREACHABLE)
    missed = operator.missed + 1
    operator = replace(operator, call=None, missed=missed)
    allowed = turn.queue(call.queue).not_ready_after_misses
    if reason is not SystemReason.UNREACHABLE and missed < allowed:
        free(turn, operator)
    else:
        _not_ready(turn, operator, operator.reason_after or reason.value)


def let_go(turn: Turn, call: Call) -> None:
    """The call rings here no longer: whoever is still rung is as idle as before."""
    for leg in call.legs:
        if leg.role is LegRole.OPERATOR:
            no_longer_rung(turn, call, leg.party)


def no_longer_rung(turn: Turn, call: Call, number: str) -> None:
    """An offer ended without any fault of this operator, who is as idle as before."""
    operator = turn.operator(number)
    if operator.call != call.id or operator.status is not OperatorStatus.RINGING:
        return
    as_idle_as_before(turn, operator)


def wait_for_phone(turn: Turn, call: Call, number: str) -> None:
    """Somebody else took the call: free as soon as the telephone has stopped ringing."""
    operator = turn.operator(number)
    if operator.call == call.id and operator.status is OperatorStatus.RINGING:
        turn.put_operator(replace(operator, deadline=turn.now + END_SECONDS))


def leg_lost(turn: Turn, call: Call) -> None:
    """Their softphone broke off in mid-talk: they can have the caller back as soon as it works."""
    operator = turn.operator(call.operator or "")
    if operator.call == call.id:
        free(turn, operator)


def release(turn: Turn, call: Call) -> None:
    """The call is no longer ours: whoever was offered it or talked is free again."""
    let_go(turn, call)
    operator = turn.operator(call.operator or "")
    if operator.call == call.id and operator.status is OperatorStatus.TALKING:
        free(turn, operator)


def start_wrap_up(turn: Turn, call: Call) -> None:
    """The talk is over: time for the order, with a limit (0 s: none)."""
    operator = turn.operator(call.operator or "")
    if operator.call != call.id or operator.status is not OperatorStatus.TALKING:
        return
    wrap_up(turn, call, operator)


def wrap_up(turn: Turn, call: Call, operator: OperatorState) -> None:
    """Begin wrap-up, whatever the operator was doing."""
    seconds = turn.queue(call.queue).wrap_up_seconds
    if seconds <= 0:
        free(turn, operator)
        return
    turn.put_operator(
        replace(
            operator,
            status=OperatorStatus.WRAP_UP,
            since=turn.now,
            deadline=turn.now + seconds,
        )
    )


def deadline(turn: Turn, number: str) -> None:
    """The wrap-up is over; or nobody told that the telephone has stopped ringing."""
    operator = turn.operator(number)
    if operator.deadline is None or operator.deadline > turn.now:
        return
    if operator.status is OperatorStatus.RINGING:
        as_idle_as_before(turn, operator)
    else:
        free(turn, operator)


def free(turn: Turn, operator: OperatorState) -> None:
    """After a call: ready, unless something else was wished for or the seat is gone."""
    if operator.number not in turn.plan.operators or operator.seat not in turn.plan.seats:
        _offline(turn, operator)
    elif operator.reason_after is not None:
        _not_ready(turn, operator, operator.reason_after)
    elif operator.seat is not None and not turn.seat_is_reachable(operator.seat):
        _not_ready(turn, operator, SystemReason.UNREACHABLE.value)
    else:
        _ready(turn, operator)


def as_idle_as_before(turn: Turn, operator: OperatorState) -> None:
    """After something that was no talk: free, with the idle time that was."""
    idle_since = operator.idle_since
    free(turn, operator)
    operator = turn.operator(operator.number)
    if operator.status is OperatorStatus.READY:
        turn.put_operator(replace(operator, idle_since=idle_since))


def _ready(turn: Turn, operator: OperatorState) -> None:
    turn.put_operator(
        replace(
            operator,
            status=OperatorStatus.READY,
            since=turn.now,
            idle_since=turn.now,
            reason=None,
            reason_after=None,
            call=None,
            deadline=None,
        )
    )


def _not_ready(turn: Turn, operator: OperatorState, reason: str) -> None:
    if reason == SystemReason.SIGNED_OUT:
        _offline(turn, operator)
        return
    turn.put_operator(
        replace(
            operator,
            status=OperatorStatus.NOT_READY,
            since=turn.now,
            reason=reason,
            reason_after=None,
            call=None,
            deadline=None,
        )
    )


def _fewest_taken(turn: Turn) -> int:
    """Who signs in late is not made to take all calls until they have caught up."""
    return min(
        (each.taken for each in turn.operators() if each.status is not OperatorStatus.OFFLINE),
        default=0,
    )


def _offline(turn: Turn, operator: OperatorState) -> None:
    turn.put_operator(OperatorState(number=operator.number, since=turn.now))


def _not_signed_in(number: str) -> Refusal:
    return Refusal("not_signed_in", f"{number}号尚未签入，请先签入席位。")
