"""What is stored of a call: its work order, or the record of a call that an operator made."""

from __future__ import annotations

from callcenter.calls.state import Call
from callcenter.orders.outbound import OutboundOutcome, OutboundRecord
from callcenter.orders.record import Channel, OrderRecord


def file(call: Call, orders: list[OrderRecord], outbound: list[OutboundRecord]) -> None:
    """Add the call's record, as it is now, to those that it belongs to."""
    if call.outbound is None:
        orders.append(order_record(call))
        return
    made = call.outbound
    outcome = made.outcome
    if outcome is None and call.ended is not None:
        outcome = OutboundOutcome.INTERRUPTED
    over = call.ended is not None
    outbound.append(
        OutboundRecord(
            call=call.id,
            version=call.version,
            order_call=made.order.call,
            operator=made.operator,
            seat=made.seat,
            called=made.called,
            number=made.number,
            began=call.opened,
            answered=call.answered,
            ended=call.ended,
            outcome=outcome if over else None,
            ended_by=call.ended_by,
            gaps=call.gaps,
        )
    )


def order_record(call: Call) -> OrderRecord:
    """The call's work order as the call path knows it now."""
    return OrderRecord(
        call=call.id,
        number=call.number,
        version=call.version,
        channel=Channel.PHONE,
        opened=call.opened,
        caller=call.caller,
        caller_raw=call.caller_raw,
        caller_withheld=call.caller_withheld,
        trunk=call.trunk,
        dialled=call.dialled,
        first_dialled=call.first_dialled,
        hotline=call.hotline,
        hotline_service=call.hotline_service,
        owner=call.owner,
        queue=call.queue,
        operator=call.talked_with,
        queued=call.queued,
        answered=call.answered,
        ended=call.ended,
        outcome=call.outcome,
        ended_by=call.ended_by,
        legs=call.legs,
        wait_ms=call.wait_ms,
        waited_again_ms=call.waited_again_ms,
        answer_within=call.answer_within,
        answers=call.answers,
        barred=call.barred,
        nuisance=call.nuisance or None,
        voice_box=call.voice_box,
        voice_message=call.voice_message,
        answer_by=call.answer_by,
        gaps=call.gaps,
        reference=call.reference,
    )


def differs(before: Call, after: Call) -> bool:
    """Whether the order would read differently (a leg's beginning alone does not count)."""
    return (
        before.phase is not after.phase
        or before.outcome is not after.outcome
        or before.answered != after.answered
        or before.legs != after.legs
        or before.answers != after.answers
        or before.nuisance != after.nuisance
        or before.first_dialled != after.first_dialled
        or before.voice_message != after.voice_message
        or before.gaps != after.gaps
    )
