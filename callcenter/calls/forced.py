"""What team leaders do to operators and waiting callers, whoever else would decide it.

To be not ready is what operators ask for themselves (operator.become_not_ready), and so are the
moving and the priority of waiting calls (placing.py).
"""

from __future__ import annotations

from callcenter.calls import call as calls
from callcenter.calls import offers
from callcenter.calls import operator as operators
from callcenter.calls.events import ForceSignOut, LeaveCall, PullWaiting, Release, ReleasedTo
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Phase, Transfer
from callcenter.calls.talk import parties
from callcenter.calls.turn import Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import Outcome


def release(turn: Turn, request: Release) -> Refusal | None:
    """The operator's leg goes and wrap-up begins; nobody is left alone with an emergency call."""
    operator = turn.operator(request.operator)
    call = turn.call(operator.call) if operator.call is not None else None
    if operator.status is not OperatorStatus.TALKING or call is None:
        return Refusal("not_in_call", f"{request.operator}号当前没有通话。")
    colleague = next((each for each in call.parties if each.operator == request.operator), None)
    if colleague is not None:
        turn.hang_up(call, colleague.leg)
        return None
    if call.phase is Phase.TRANSFERRING and call.transfer is Transfer.EMERGENCY:
        return Refusal("emergency_joining", "紧急号码尚未接通，不能让来电人独自等待。")
    if request.caller is ReleasedTo.END:
        calls.end(turn, call, Outcome.ANSWERED, by="supervisor")
        return None
    if call.parties:
        return parties.leave(turn, LeaveCall(request.operator))
    turn.hang_up(call, call.leg)
    operators.start_wrap_up(turn, call)
    calls.back_to_queue(turn, call)
    return None


def sign_out(turn: Turn, request: ForceSignOut) -> Refusal | None:
    """At once; an operator who rings or talks once that is over."""
    operator = turn.operator(request.operator)
    if operator.status is OperatorStatus.OFFLINE:
        return Refusal("not_signed_in", f"{request.operator}号没有签入。")
    operators.sign_out_when_free(turn, operator)
    return None


def pull(turn: Turn, request: PullWaiting) -> Refusal | None:
    """Offer a call to a ready operator now, whoever waits longer."""
    call = turn.call(request.call)
    operator = turn.operator(request.operator)
    if call is None or call.phase is not Phase.WAITING:
        return Refusal("not_waiting", "这个来电已不在排队，请刷新后再试。")
    if request.operator not in turn.plan.operators:
        return Refusal("unknown_operator", f"没有工号{request.operator}，请核对。")
    if not turn.can_ring(operator):
        return Refusal("operator_not_ready", f"{request.operator}号现在不能接听，请先让其示闲。")
    offers.offer(turn, call, turn.queue(call.queue), (operator,))
    return None
