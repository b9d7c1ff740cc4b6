"""Another operator in the talk: rung at their seat, busy on every board while in it."""

from __future__ import annotations

from callcenter.calls import operator as operators
from callcenter.calls.party import Party
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call
from callcenter.calls.talk.whom import Colleague
from callcenter.calls.turn import Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.values import replace


def unavailable(turn: Turn, to: Colleague, asking: str) -> Refusal | None:
    """Why that colleague cannot be rung now. Who is not ready is rung only by choice."""
    state = turn.operator(to.number)
    name = turn.plan.operators[to.number].name
    seat = state.seat
    if to.number == asking:
        return Refusal("yourself", "不能转接给自己。")
    if state.status is OperatorStatus.OFFLINE or seat is None:
        return Refusal("operator_offline", f"{to.number}号{name}没有签入。")
    if state.status in operators.BUSY:
        return Refusal("operator_busy", f"{to.number}号{name}正在通话，请稍后再转。")
    if not turn.seat_is_free(to.number, seat):
        return Refusal("operator_busy", f"{to.number}号{name}的话机现在不能接听。")
    if state.status is not OperatorStatus.READY and not to.even_if_not_ready:
        return Refusal("operator_not_ready", f"{to.number}号{name}未示闲；确要呼叫请注明。")
    return None


def rings(turn: Turn, call: Call, to: Colleague) -> None:
    """The colleague is offered nothing else from now on."""
    state = turn.operator(to.number)
    not_ready = state.status is OperatorStatus.NOT_READY
    turn.put_operator(
        replace(
            state,
            status=OperatorStatus.RINGING,
            since=turn.now,
            call=call.id,
            deadline=None,
            reason_after=state.reason if not_ready else None,
        )
    )


def answered(turn: Turn, call: Call, party: Party) -> None:
    """The colleague talks, if the party is one."""
    state = turn.operator(party.operator)
    if state.call == call.id:
        turn.put_operator(replace(state, status=OperatorStatus.TALKING, since=turn.now))


def gone(turn: Turn, call: Call, party: Party) -> None:
    """The colleague has no part in the call any more: as before, and no less idle if only rung."""
    state = turn.operator(party.operator)
    if state.call != call.id:
        return
    if state.status is not OperatorStatus.RINGING:
        operators.free(turn, state)
    elif call.has_live(party.leg):
        operators.wait_for_phone(turn, call, party.operator)
    else:
        operators.no_longer_rung(turn, call, party.operator)


def all_gone(turn: Turn, call: Call) -> None:
    """The call is over, or no longer ours."""
    for party in call.parties:
        gone(turn, call, party)
