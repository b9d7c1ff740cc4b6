"""Callers are sent to a partner with our order's number, and come with the partner's reference."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcenter.calls.commands import Dial, OutsideAddress
from callcenter.calls.events import (
    AddPartner,
    CallForOrder,
    CallReturned,
    CallTakenOutside,
    Forward,
    SipHeaders,
)
from callcenter.numberplan.model import Plan
from callcenter.numberplan.references import value
from callcenter.orders.outbound import Called
from tests.calls.desk import Desk
from tests.calls.test_outbound import ORDER
from tests.plans import TEXTS, plan_of

THEIRS = SipHeaders(from_="<sip:13800001111@x>", reference=("CG-2017/0815",))


def plan(header: str = "X-Reference") -> Plan:
    texts = dict(TEXTS)
    texts["trunks/12319.yaml"] = (
        "{title: 数字城管, kind: platform, host: 127.0.0.4, channels: 5, "
        f"reference_header: {header}}}\n"
    )
    texts["dialplan/centre.yaml"] += "citizens: {via: [telecom], shows: '051912345'}\n"
    return plan_of(texts)


@pytest.fixture
def desk() -> Desk:
    return Desk(plan=plan())


def sent_out(desk: Desk) -> list[Dial]:
    return [dial for dial in desk.dialled() if isinstance(dial.to, OutsideAddress)]


def theirs(desk: Desk, headers: SipHeaders = THEIRS, trunk: str = "12319") -> str:
    """Their agent transfers a caller to us, who waits."""
    call = desk.call("12345", headers, trunk)
    desk.prompt_ends(call)
    return call


def shown(desk: Desk) -> tuple[str | None, str | None]:
    """Order and reference on operator 001's screen."""
    (line,) = (each for each in desk.board().operators if each.number == "001")
    return line.order, line.reference


# -- theirs ----------------------------------------------------------------------------------------


def test_their_reference_is_on_the_order(desk: Desk) -> None:
    call = theirs(desk)
    assert desk.order(call).reference == "CG-2017/0815"
    desk.goes(call)
    assert desk.order(call).reference == "CG-2017/0815"


def test_the_operator_sees_it_on_the_telephone_and_on_the_screen(desk: Desk) -> None:
    desk.operator_ready("001", "seat01")
    call = theirs(desk)
    (rings,) = desk.dialled()
    assert rings.caller_name.endswith("对方编号CG-2017/0815")
    both = (desk.order(call).number, "CG-2017/0815")
    assert shown(desk) == both
    desk.answers(desk.ringing_at("seat01"))
    assert shown(desk) == both
    desk.prompt_ends(call)
    desk.goes(call)
    assert shown(desk) == both, "while wrapping up"
    desk.wait(61)
    assert shown(desk) == (None, None)


def test_it_leads_nobody_anywhere(desk: Desk) -> None:
    plain = desk.state(theirs(desk, replace(THEIRS, reference=())))
    other = desk.state(theirs(desk, replace(THEIRS, reference=("110",))))
    assert (other.phase, other.queue, other.hotline) == (plain.phase, plain.queue, plain.hotline)


@pytest.mark.parametrize("lines", [("CG 1",), ("CG1", "CG2"), ("<sip:110@x>",), ("",)])
def test_junk_is_no_reference(desk: Desk, lines: tuple[str, ...]) -> None:
    call = theirs(desk, replace(THEIRS, reference=lines))
    assert desk.order(call).reference is None


def test_it_is_believed_of_a_trunk_that_has_such_alone(desk: Desk) -> None:
    assert desk.order(theirs(desk, trunk="telecom")).reference is None


def test_it_is_kept_where_the_dialplan_has_the_call(desk: Desk) -> None:
    desk.happens(CallTakenOutside("15.7", "12319", "12345", THEIRS, desk.now))
    assert desk.order("15.7").reference == "CG-2017/0815"


def test_it_is_kept_where_the_caller_comes_back_from_there(desk: Desk) -> None:
    desk.switch.caller_arrives("12345", "12319")
    call = next(iter(desk.switch.legs))
    desk.switch.told.clear()
    desk.happens(CallReturned(call, "12319", "12345", THEIRS, desk.now, desk.now))
    assert desk.order(call).reference == "CG-2017/0815"


def test_a_call_on_the_orders_behalf_shows_it_too(desk: Desk) -> None:
    desk.operator_ready("001", "seat01")
    desk.asks(CallForOrder("001", replace(ORDER, reference="CG-1")))
    (rings,) = desk.dialled()
    assert rings.caller_name == "外呼 20171130-0007"
    assert shown(desk) == (ORDER.number, "CG-1")


# -- ours ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["X-Reference", "User-to-User"])
def test_a_caller_who_is_forwarded_comes_with_our_orders_number(header: str) -> None:
    desk = Desk(plan=plan(header))
    call = desk.talking_call()
    assert desk.asks(Forward("001", "12319")) == ""
    (dial,) = sent_out(desk)
    assert dial.header == (header, value(header, desk.order(call).number))


def test_who_joins_a_talk_is_told_it_too(desk: Desk) -> None:
    call = desk.talking_call()
    desk.asks(AddPartner("001", "12319"))
    (dial,) = sent_out(desk)
    assert dial.header == ("X-Reference", desk.order(call).number)


def test_who_dials_their_number_with_us_is_sent_with_it(desk: Desk) -> None:
    call = desk.call("12319")
    (dial,) = sent_out(desk)
    assert dial.header == ("X-Reference", desk.order(call).number)


def test_a_call_on_an_orders_behalf_tells_that_orders_number(desk: Desk) -> None:
    desk.operator_ready("001", "seat01")
    desk.asks(CallForOrder("001", ORDER, Called.UNIT))
    leg = desk.ringing_at("seat01")
    desk.answers(leg)
    desk.prompt_ends(leg)
    (dial,) = sent_out(desk)
    assert dial.header == ("X-Reference", ORDER.number)


def test_no_other_trunk_is_told_anything(desk: Desk) -> None:
    desk.talking_call()
    desk.asks(AddPartner("001", "12366-2"))
    assert [dial.header for dial in desk.dialled()] == [None, None]
