"""Which number the citizen dialled first, where the carrier did not tell: the operator asked."""

from __future__ import annotations

from callcenter.calls.events import PickFirstDialled
from callcenter.calls.refusal import Refusal
from callcenter.calls.talk.whom import as_written
from callcenter.calls.turn import Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.values import replace


def pick(turn: Turn, request: PickFirstDialled) -> Refusal | None:
    """Note it. Who forwarded the call may still do so while the caller talks on."""
    state = turn.operator(request.operator)
    busy = state.status in (OperatorStatus.TALKING, OperatorStatus.WRAP_UP)
    call = turn.call(state.call) if busy and state.call is not None else None
    if call is None:
        return Refusal("not_in_call", "当前没有通话，不能登记首拨号码。")
    if call.outbound is not None:
        return Refusal("not_a_callers", "这是外呼，没有首拨号码可以登记。")
    number = turn.plan.directory.find(as_written(request.number))
    if number is None:
        return Refusal("unknown_number", f"号码表中没有{request.number}，请核对。")
    turn.put(replace(call, first_dialled=number))
    return None
