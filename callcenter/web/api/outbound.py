"""Calling somebody on an order's behalf: the operator is rung, then the other side."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from callcenter.calls.events import Act, CallForOrder
from callcenter.orders.outbound import Called
from callcenter.web.api.endpoint import Answer, Ask, Endpoint, Nothing
from callcenter.web.api.errors import refuse
from callcenter.web.api.operators import (
    EXAMPLE,
    OperatorView,
    author,
    current,
    from_refusal,
)
from callcenter.web.api.orders import find_order


class WhoToCall(BaseModel):
    """Who calls whom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operator: str = Field(max_length=16, description="Whose softphone rings first.")
    called: Called = Field(
        Called.CITIZEN,
        description="The caller of the order, its handling unit's number, or `number`.",
    )
    number: str | None = Field(
        None,
        min_length=1,
        max_length=32,
        description="Of the plan, as 12366-2, or one outside that they may dial.",
    )


async def _call(ask: Ask[Nothing, WhoToCall]) -> Answer:
    wanted, who = ask.body, ask.principal
    if not who.acts_for(wanted.operator):
        message = f"您只能用自己的工号外呼，不能代{wanted.operator}号；请班长处理。"
        raise refuse(403, "not_yours", message)
    if (wanted.called is Called.NUMBER) is not (wanted.number is not None):
        message = "called 为 number 时请写明 number；否则请不要写 number。"
        raise refuse(422, "number_missing", message, "number")
    order = await find_order(ask)
    current(ask, wanted.operator)
    reference = order.reference(for_anybody=who.leads())
    request = CallForOrder(wanted.operator, reference, wanted.called, wanted.number or "")
    own = who.operator == wanted.operator
    refusal = await ask.services.centre.request(request if own else Act(author(ask), request))
    if refusal is not None:
        raise from_refusal(refusal)
    return Answer(current(ask, wanted.operator))


OUTBOUND = (
    Endpoint(
        method="POST",
        path="/orders/{number}/calls",
        summary="Call somebody on the order's behalf: the operator is rung, then the other side",
        handler=_call,
        query=Nothing,
        body=WhoToCall,
        answer=OperatorView,
        problems=(403, 404, 409, 503),
        example_body={"operator": "001", "called": "citizen"},
        example_answer={
            **EXAMPLE,
            "state": "calling",
            "state_title": "外呼",
            "call": "out1511320265000.1",
            "order": "20171122-0252",
        },
    ),
)
