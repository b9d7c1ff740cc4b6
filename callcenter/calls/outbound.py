"""Calls that an operator makes on an order's behalf: the operator is rung, then the other side.

Such a call has no order of its own, and counts nowhere as a caller's. What comes of it is noted on
its order, whatever comes (`OutboundRecord`). Nobody waits in a queue: who loses the operator in
mid-talk hears an apology.
"""

from __future__ import annotations

from callcenter.calls import call as calls
from callcenter.calls import dialling
from callcenter.calls import operator as operators
from callcenter.calls.commands import Record, Ring, SeatAddress, StopRinging
from callcenter.calls.events import CallForOrder, Ending
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, Outbound, Phase
from callcenter.calls.talk import whom
from callcenter.calls.talk.whom import Partner
from callcenter.calls.turn import END_SECONDS, Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.citizens import citizen_number, ways_to
from callcenter.numberplan.model import Plan
from callcenter.orders.outbound import Called, OutboundOutcome
from callcenter.values import replace

PHASES = frozenset({Phase.RINGING_OPERATOR, Phase.CALLING_OUT})
"""Before anybody talks."""
_IN_VAIN = {
    Ending.BUSY: OutboundOutcome.BUSY,
    Ending.NO_ANSWER: OutboundOutcome.NO_ANSWER,
    Ending.DECLINED: OutboundOutcome.DECLINED,
}
_OPERATOR_HEARS = {
    OutboundOutcome.BUSY: "outbound_busy",
    OutboundOutcome.DECLINED: "outbound_busy",
    OutboundOutcome.NO_ANSWER: "outbound_no_answer",
}


_SENTENCES = {
    "unknown_number": "{}不在号码表中，也不是可以拨打的外线号码，不能外呼；请核对。",
    "not_a_partner": "{}由本中心受理，不能外呼。",
}


# -- the request -----------------------------------------------------------------------------------


def call_for_order(turn: Turn, request: CallForOrder) -> Refusal | None:
    """Ring the operator's telephone."""
    to = wanted(turn, request)
    if isinstance(to, Refusal):
        return to
    refusal = dialling.no_telephone(turn, request.operator, "外呼")
    if refusal is not None:
        return refusal
    _ring(turn, request, to)
    return None


def wanted(turn: Turn, request: CallForOrder) -> Partner | Refusal:
    """Whom the operator wants to call, and the ways there; or why that may not be."""
    order = request.order
    refusal = dialling.unable(turn, request.operator, "外呼")
    if refusal is not None:
        return refusal
    if not order.is_of(request.operator):
        return Refusal("not_yours", "这张工单不是您受理的，不能外呼；请找受理人或班长处理。")
    if turn.call(order.call) is not None:
        return Refusal("call_not_over", "这张工单的来电还没有结束，或已安排回电，不能外呼。")
    if any(
        each.outbound is not None and each.outbound.order.call == order.call
        for each in turn.calls()
    ):
        return Refusal("already_calling", "这张工单正在外呼，请稍后再试。")
    match request.called:
        case Called.CITIZEN:
            to = _citizen(turn.plan, order.caller)
        case Called.UNIT:
            to = _unit(turn, request.operator, order.hotline, order.owner)
        case Called.NUMBER:
            to = _number(turn, request.operator, request.number)
    if isinstance(to, Partner) and dialling.next_way(turn, to.targets) is None:
        return Refusal("trunk_full", "外呼线路已满，请稍后再试。")
    return to


def _citizen(plan: Plan, caller: str | None) -> Partner | Refusal:
    if caller is None:
        return Refusal("no_caller", "这张工单没有来电号码，或来电人隐藏了号码，不能外呼。")
    number = citizen_number(plan, caller)
    if number is None:
        message = f"{caller}不能外呼：紧急号码、境外号码和本中心、合作单位的号码不当作市民呼叫。"
        return Refusal("not_a_citizen", message)
    return Partner(number, "", ways_to(plan, number))


def _unit(turn: Turn, operator: str, hotline: str | None, owner: str | None) -> Partner | Refusal:
    """The order's own hotline, if somebody else answers it; else another one of its unit."""
    owned = [each.number for each in turn.plan.numbers.values() if owner and each.owner == owner]
    for number in (hotline, *owned):
        if number is not None and number in turn.plan.numbers:
            found = _number(turn, operator, number)
            if isinstance(found, Partner):
                return found
    return Refusal("no_unit_number", "这张工单的承办单位没有可以呼叫的号码，请指定号码。")


def _number(turn: Turn, operator: str, number: str) -> Partner | Refusal:
    """A number of the plan, or an outside one that this operator may dial."""
    found = whom.find(turn, operator, number)
    if isinstance(found, Refusal):
        known = _SENTENCES.get(found.code)
        return found if known is None else Refusal(found.code, known.format(number))
    if isinstance(found, Partner) and found.emergency:
        message = f"{number}是紧急号码，不能代工单外呼；请在话机上直接拨打。"
        return Refusal("emergency_number", message)
    if not isinstance(found, Partner) or not found.targets:
        return Refusal("not_a_partner", _SENTENCES["not_a_partner"].format(number))
    return found


def _ring(turn: Turn, request: CallForOrder, to: Partner) -> None:
    order = request.order
    operator = turn.operator(request.operator)
    seat = operator.seat or ""
    queue = turn.queue(order.queue)
    citizen = request.called is Called.CITIZEN
    call = Call(
        id=turn.next_outbound_name(),
        number=order.number,
        phase=Phase.RINGING_OPERATOR,
        deadline=turn.now + queue.ring_seconds + END_SECONDS,
        opened=turn.now,
        trunk="",
        dialled=order.hotline or "",
        caller=to.hotline if citizen else None,
        caller_raw=to.hotline,
        caller_withheld=False,
        first_dialled=None,
        hotline=order.hotline,
        hotline_service=None,
        owner=order.owner,
        reference=order.reference,
        queue=order.queue,
        guarded=False,
        line_written=True,  # the dialplan writes none of it
        targets=to.targets,
        after_answer_digits=to.digits,
        after_answer_pause=to.pause,
        outbound=Outbound(
            order=order,
            operator=operator.number,
            seat=seat,
            called=request.called,
            number=to.hotline,
            resumes=operator.status,
        ),
    )
    call, leg = turn.dial(
        call, SeatAddress(seat), seconds=queue.ring_seconds, operator=operator.number
    )
    turn.put(replace(call, leg=leg, operator=operator.number))
    not_ready = operator.status is OperatorStatus.NOT_READY
    turn.put_operator(
        replace(
            operator,
            status=OperatorStatus.CALLING,
            since=turn.now,
            call=call.id,
            deadline=None,
            reason=None,
            reason_after=operator.reason if not_ready else None,
        )
    )


# -- facts -----------------------------------------------------------------------------------------


def leg_answered(turn: Turn, call: Call, leg: str) -> None:
    """The operator has taken the telephone, or the other side has."""
    if leg == call.leg and call.phase is Phase.RINGING_OPERATOR:
        dialling.tell(turn, call, Phase.CALLING_OUT, "outbound_begins")
    elif leg == call.id and call.phase is Phase.CALLING_OUT:
        _talk(turn, call)


def told(turn: Turn, call: Call) -> None:
    """The operator has heard that we dial; or that nobody could be reached."""
    outcome = _of(call).outcome
    if outcome is not None:
        _over(turn, call, outcome, by="system")
        return
    if call.leg is not None:
        turn.send(Ring(call.leg))
    _dial(turn, call, Ending.UNREACHABLE)


def legs_ended(turn: Turn, call: Call, legs: tuple[str, ...], ending: Ending) -> None:
    """The operator has gone, or the other side cannot be had: by another trunk if that failed."""
    if call.leg in legs:
        _over(turn, call, _without_operator(call, ending), by="operator")
    elif call.id in legs:
        _dial(turn, calls.ways_left(call, ending), ending)


def deadline(turn: Turn, call: Call) -> None:
    """A telephone rang long enough, or the end of a prompt was not told."""
    if call.phase is Phase.RINGING_OPERATOR:
        _over(turn, call, OutboundOutcome.OPERATOR_MISSED, by="system")
    elif call.playback is not None:
        told(turn, replace(call, playback=None))
    else:
        turn.hang_up(call, call.id, Ending.NO_ANSWER)
        call = turn.leg_ended(call, call.id, Ending.NO_ANSWER)
        _dial(turn, replace(call, targets=()), Ending.NO_ANSWER)


def reconnect(turn: Turn, call: Call) -> None:
    """After a restart of ours: the end of a prompt may not have been heard, nor the tone begun."""
    if call.phase is not Phase.CALLING_OUT:
        return
    if call.playback is not None:
        turn.put(replace(call, deadline=min(call.deadline, turn.now + END_SECONDS)))
    elif call.leg is not None:
        turn.send(Ring(call.leg))


def give_up(turn: Turn, call: Call) -> None:
    """The core cannot go on with it, and no dialplan could."""
    if call.phase is not Phase.ENDING:
        _over(turn, call, _of(call).outcome or OutboundOutcome.INTERRUPTED, by="system")


# -- what follows ----------------------------------------------------------------------------------


def _dial(turn: Turn, call: Call, failed: Ending) -> None:
    outbound = _of(call)
    if dialling.dial(turn, call, outbound.number, turn.plan.limits.forward_ring_seconds):
        return
    if call.leg is not None:
        turn.send(StopRinging(call.leg))
    outcome = _IN_VAIN.get(failed, OutboundOutcome.UNREACHABLE)
    call = replace(call, outbound=replace(outbound, outcome=outcome))
    said = _OPERATOR_HEARS.get(outcome, "outbound_unreachable")
    dialling.tell(turn, call, Phase.CALLING_OUT, said)


def _talk(turn: Turn, call: Call) -> None:
    if call.leg is not None:
        turn.send(StopRinging(call.leg))
    turn.send(Record(call.id))
    operator = turn.operator(call.operator or "")
    if operator.call == call.id:
        turn.put_operator(
            replace(
                operator,
                status=OperatorStatus.TALKING,
                since=turn.now,
                last_order=_of(call).order,
            )
        )
    outbound = replace(_of(call), outcome=OutboundOutcome.ANSWERED)
    call = replace(
        call,
        outbound=outbound,
        answered=turn.now,
        talked_with=call.operator,
        caller_up=True,
    )
    calls.talk(turn, call)
    calls.press_digits(turn, call, call.id)


def _without_operator(call: Call, ending: Ending) -> OutboundOutcome:
    """What it counts as, now that the operator is not there (any more)."""
    known = _of(call).outcome
    if known is not None:  # they did not hear it to the end
        return known
    if ending is Ending.LOST:
        return OutboundOutcome.INTERRUPTED
    if call.phase is Phase.RINGING_OPERATOR:
        return OutboundOutcome.OPERATOR_MISSED
    return OutboundOutcome.CANCELLED


def _over(turn: Turn, call: Call, outcome: OutboundOutcome, *, by: str) -> None:
    call = turn.put(replace(call, outbound=replace(_of(call), outcome=outcome)))
    _operator_goes_on(turn, call)
    calls.end(turn, call, calls.so_far(call), by=by)


def _operator_goes_on(turn: Turn, call: Call) -> None:
    """Nobody was reached: as before; who wrapped up has time for that again."""
    operator = turn.operator(call.operator or "")
    if operator.call != call.id or operator.status is not OperatorStatus.CALLING:
        return
    if _of(call).resumes is OperatorStatus.WRAP_UP:
        operators.wrap_up(turn, call, operator)
    else:
        operators.as_idle_as_before(turn, operator)


def _of(call: Call) -> Outbound:
    assert call.outbound is not None
    return call.outbound
