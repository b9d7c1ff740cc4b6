"""Which calls were missed: the list of those to call back, and what is shown of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from callcenter.calls.state import Call, CallbackState, Missed
from callcenter.numberplan.citizens import citizen_number
from callcenter.numberplan.model import Plan
from callcenter.orders.record import LegRole, Outcome
from callcenter.values import replace

KEEP_SECONDS = 7 * 86400.0
"""Nobody is called back after that."""
MOST = 500
"""Entries; the oldest give way."""
_IN_VAIN = frozenset({Outcome.ABANDONED, Outcome.TIMED_OUT, Outcome.INTERRUPTED})


@dataclass(frozen=True)
class CallbackLine:
    """Somebody to call back. Times in seconds since 1970 UTC."""

    number: str
    """E.164."""
    order: str
    queue: str | None
    at: float
    """Since when they wait, or when they called."""
    outcome: Outcome | None
    tries: int
    """Calls that did not reach them."""
    times: int
    """Calls in vain, of theirs."""
    closed: float | None = None
    closed_by: str | None = None
    result: str | None = None


@dataclass(frozen=True)
class CallbackList:
    """Who wished to be called back, and whose calls were missed; longest ago first."""

    wished: tuple[CallbackLine, ...] = ()
    missed: tuple[CallbackLine, ...] = ()


def after(
    missed: Mapping[str, Missed],
    ended: Iterable[Call],
    talked: Iterable[Call],
    plan: Plan,
    now: float,
) -> dict[str, Missed]:
    """The list once these calls have ended, and in these an operator and the caller have met."""
    found = {
        number: each
        for number, each in missed.items()
        if (each.since if each.closed is None else each.closed) + KEEP_SECONDS > now
    }
    for call in ended:
        number = _missed_number(call, plan)
        if number is not None:
            known = found.pop(number, None)
            open_before = known is not None and known.closed is None
            times = 1 + (known.times if known is not None and open_before else 0)
            last = replace(call, version=call.version + 1)
            found[number] = Missed(number=number, call=last, since=now, times=times)
    for call in talked:
        for number in (call.caller, call.callback.number if call.callback else None):
            found.pop(number or "", None)
    return dict(list(found.items())[-MOST:])


def _missed_number(call: Call, plan: Plan) -> str | None:
    """Whom to call back because of that call; None for nobody."""
    talked = call.talked_with is not None and not call.cut_off
    if talked or call.outbound is not None:
        return None
    if call.callback is not None:
        failed = call.callback.state is CallbackState.FAILED
        return call.callback.number if failed else None
    forwarded = any(leg.role is LegRole.PARTNER for leg in call.legs)
    for_us = call.queue is not None or (call.hotline is not None and not forwarded)
    if call.outcome is Outcome.INTERRUPTED and not (call.line_written or call.cut_off):
        return None  # given up by us: the caller may still be with the fallback dialplan
    if call.outcome not in _IN_VAIN or call.caller is None or call.caller_withheld or not for_us:
        return None
    return citizen_number(plan, call.caller)
