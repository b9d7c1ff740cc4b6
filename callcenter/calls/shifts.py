"""What operators do, told at each change: the reports are sums over these records."""

from __future__ import annotations

from callcenter.analytics.record import ENGAGED, OfferEnd, StateChange, milliseconds
from callcenter.calls.events import Ending
from callcenter.calls.state import Call, OperatorState, Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import LegRecord, LegRole
from callcenter.values import replace

_IDLE = frozenset({OperatorStatus.READY, OperatorStatus.NOT_READY})
_STILL_WAITS = frozenset({Phase.WAITING, Phase.OFFERED, Phase.CALLBACK})


def told(
    before: OperatorState | None,
    after: OperatorState,
    call: Call | None,
    now: float,
    *,
    engaged: bool,
) -> OperatorState:
    """`after` with the change to be told in `told`; with the old one where nothing changed.

    `call` is the call that the operator was offered, as it is now; None once it is over. `engaged`:
    their seat is in a call of Asterisk's own queue.
    """
    last = after.told or (before.told if before is not None else None)
    if last is None and after.status is OperatorStatus.OFFLINE:
        return after
    state = ENGAGED if engaged and after.status in _IDLE else after.status.value
    reason = after.reason if after.status is OperatorStatus.NOT_READY else None
    same = last is not None and (
        last.state == state
        and last.call == after.call
        and last.reason == reason
        and last.seat == after.seat
    )
    if same and not _rings_again(before, after, call):
        return after if after.told is last else replace(after, told=last)
    rang = last is not None and last.state == OperatorStatus.RINGING
    change = StateChange(
        operator=after.number,
        at=milliseconds(now) if last is None else max(milliseconds(now), last.at + 1),
        state=state,
        reason=reason,
        seat=after.seat,
        call=after.call,
        offer=_offer_end(last, after, call) if last is not None and rang else None,
    )
    return replace(after, told=change)


def _rings_again(before: OperatorState | None, after: OperatorState, call: Call | None) -> bool:
    """The offer was not taken, and the same call is offered once more; one that was cut off while
    we were away goes on."""
    rings = before is not None and before.status is after.status is OperatorStatus.RINGING
    if before is None or call is None or not rings or before.since == after.since:
        return False
    *earlier, _ = _own_legs(call, after.number)
    return bool(earlier) and earlier[-1].outcome != Ending.LOST


def _offer_end(last: StateChange, after: OperatorState, call: Call | None) -> OfferEnd:
    if after.status is OperatorStatus.TALKING and after.call == last.call:
        return OfferEnd.TAKEN
    if call is None or call.phase not in _STILL_WAITS:
        return OfferEnd.WITHDRAWN
    own = _own_legs(call, last.operator)
    lost = bool(own) and own[-1].outcome == Ending.LOST
    in_vain = call.phase is Phase.CALLBACK and bool(own) and own[-1].answered is not None
    return OfferEnd.WITHDRAWN if lost or in_vain else OfferEnd.MISSED


def _own_legs(call: Call, operator: str) -> list[LegRecord]:
    return [leg for leg in call.legs if leg.role is LegRole.OPERATOR and leg.party == operator]
