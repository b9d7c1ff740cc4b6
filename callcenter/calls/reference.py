"""What is remembered of a call's order, to call on its behalf."""

from __future__ import annotations

from callcenter.calls.state import Call, CallbackState
from callcenter.orders.outbound import OrderReference
from callcenter.orders.record import LegRole


def reference_of(call: Call) -> OrderReference:
    """The order that the call is of; of a call on an order's behalf, that one.

    Who was called back is called at the number that they gave.
    """
    if call.outbound is not None:
        return call.outbound.order
    caller = None if call.caller_withheld else call.caller
    if call.callback is not None and call.callback.state in (
        *(CallbackState.OPEN, CallbackState.DONE),
    ):
        caller = call.callback.number
    took = (leg.party for leg in call.legs if leg.role is LegRole.OPERATOR and leg.answered)
    return OrderReference(
        call=call.id,
        number=call.number,
        caller=caller,
        hotline=call.hotline,
        owner=call.owner,
        queue=call.queue,
        operators=tuple(dict.fromkeys(took)),
        reference=call.reference,
    )
