"""In mid-shift: an operator comes to another seat, or needs more time to wrap a call up."""

from __future__ import annotations

from callcenter.calls import operator as operators
from callcenter.calls.events import ExtendWrapUp, SignIn, TakeSeat
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import OperatorState, SystemReason
from callcenter.calls.turn import Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.values import replace


def take_seat(turn: Turn, request: TakeSeat) -> Refusal | None:
    """Who sits there is signed out, unless they are in a call; who comes is as ready as before.

    A caller whose operator's telephone broke is offered to them at the new seat.
    """
    if request.seat not in turn.plan.seats:
        return Refusal("unknown_seat", f"没有席位{request.seat}，请核对席位编号。")
    if request.operator not in turn.plan.operators:
        return Refusal("unknown_operator", f"没有工号{request.operator}，请核对后再签入。")
    there = turn.operator_at(request.seat)
    comes = turn.operator(request.operator)
    if there is not None and there.number == comes.number:
        return None
    if comes.status in operators.BUSY:
        return Refusal("in_call", "通话未结束，不能换席位；请先结束通话。")
    if there is not None and there.status in operators.BUSY:
        return Refusal("seat_busy", f"席位上的{there.number}号正在通话，请稍后再换。")
    if there is not None:
        turn.put_operator(OperatorState(number=there.number, since=turn.now))
    if comes.status is OperatorStatus.OFFLINE:
        return operators.sign_in(turn, SignIn(request.operator, request.seat))
    comes = turn.put_operator(replace(comes, seat=request.seat))
    reachable = turn.seat_is_reachable(request.seat)
    broke = comes.reason == SystemReason.UNREACHABLE
    if (reachable and broke) or (not reachable and comes.status is OperatorStatus.READY):
        operators.free(turn, comes)
    return None


def extend_wrap_up(turn: Turn, request: ExtendWrapUp) -> Refusal | None:
    """More time, from now on; may be asked for again."""
    operator = turn.operator(request.operator)
    if operator.status is not OperatorStatus.WRAP_UP or operator.deadline is None:
        return Refusal("not_wrapping_up", "当前不在整理状态，不能延长。")
    until = turn.now + turn.plan.limits.more_wrap_up_seconds
    turn.put_operator(replace(operator, deadline=max(operator.deadline, until)))
    return None
