"""A caller is offered to operators: to one, or to several at once, of whom the first to answer has
the call.

While they ring `Call.leg` and `Call.operator` are the first of them, `Call.also` the other legs.
"""

from __future__ import annotations

from collections.abc import Sequence

from callcenter.calls import operator as operators
from callcenter.calls.commands import Ring, SeatAddress
from callcenter.calls.events import Ending
from callcenter.calls.state import Call, OperatorState, Phase
from callcenter.calls.turn import Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Queue
from callcenter.values import replace

RING_GRACE_SECONDS = 5.0
"""Asterisk ends an unanswered ring itself; this much later we stop believing that it will."""


def offer(turn: Turn, call: Call, queue: Queue, chosen: Sequence[OperatorState]) -> None:
    """Ring these operators, who can be rung, for the caller."""
    legs: list[str] = []
    for operator in chosen:
        call, leg = turn.dial(
            call,
            SeatAddress(operator.seat or ""),
            seconds=queue.ring_seconds,
            operator=operator.number,
        )
        legs.append(leg)
        turn.put_operator(
            replace(
                operator, status=OperatorStatus.RINGING, since=turn.now, call=call.id, deadline=None
            )
        )
    if not call.caller_up and call.has_live(call.id):
        turn.send(Ring(call.id))
    turn.put(
        replace(
            call,
            phase=Phase.OFFERED,
            leg=legs[0],
            also=tuple(legs[1:]),
            operator=chosen[0].number,
            look_at=None,
            deadline=turn.now + queue.ring_seconds + RING_GRACE_SECONDS,
        )
    )


def answered(turn: Turn, call: Call, leg: str) -> Call:
    """One of them was the first: the call is theirs, the others' telephones fall silent.

    Who answers a moment later is hung up: no operator loses by that, and nobody hears two.
    """
    if call.leg == leg and not call.also:
        return call  # nobody else was rung
    for other in call.rung:
        if other != leg:
            turn.hang_up(call, other)
            operators.wait_for_phone(turn, call, call.party(other))
    return turn.put(replace(call, leg=leg, operator=call.party(leg), also=()))


def ended(turn: Turn, call: Call, legs: Sequence[str], ending: Ending) -> Call:
    """Operators' legs beside `Call.leg` are gone: declined, not answered, or no longer rung."""
    for leg in legs:
        if leg in call.also:
            _not_taken(turn, call, leg, ending)
        elif leg != call.leg and not _is_rung(call, call.party(leg)):
            operators.no_longer_rung(turn, call, call.party(leg))
    call = replace(call, also=tuple(leg for leg in call.also if leg not in legs))
    if call.phase is Phase.OFFERED and call.leg in legs and call.also:
        _not_taken(turn, call, call.leg, ending)
        leg, *also = call.also
        call = replace(call, leg=leg, operator=call.party(leg), also=tuple(also))
    return turn.put(call)


def timed_out(turn: Turn, call: Call) -> None:
    """Nobody has answered in time."""
    for leg in call.rung:
        turn.hang_up(call, leg, Ending.NO_ANSWER)
        operators.offer_failed(turn, call, call.party(leg), Ending.NO_ANSWER)


def _is_rung(call: Call, operator: str) -> bool:
    """Whether they are rung again by a newer leg."""
    return any(call.party(leg) == operator for leg in call.rung)


def _not_taken(turn: Turn, call: Call, leg: str | None, ending: Ending) -> None:
    operator = call.party(leg)
    if ending is Ending.LOST:  # cut off while we were away
        operators.no_longer_rung(turn, call, operator)
    else:
        operators.offer_failed(turn, call, operator, ending)
