"""Calling people from here: may the operator, on which way, and what the operator hears meanwhile.

The operator's telephone rings first; then the far end is dialled on a leg that has the call's own
name, as a caller's has, so that the talk is like any other.
"""

from __future__ import annotations

from callcenter.calls import call as calls
from callcenter.calls.commands import Dial, OutsideAddress, Role
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, Phase
from callcenter.calls.turn import END_SECONDS, Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import DialTarget, Trunk
from callcenter.orders.record import LegRecord, LegRole
from callcenter.values import replace

_MAY_CALL = frozenset({OperatorStatus.READY, OperatorStatus.NOT_READY, OperatorStatus.WRAP_UP})


def unable(turn: Turn, number: str, what: str) -> Refusal | None:
    """Why that operator cannot call anybody now; `what` they want to do: 回电, 外呼."""
    operator = turn.operator(number)
    if operator.status is OperatorStatus.OFFLINE:
        return Refusal("not_signed_in", f"{number}号尚未签入，请先签入席位。")
    if operator.status not in _MAY_CALL:
        return Refusal("in_call", f"通话未结束，不能{what}；请先结束通话。")
    if turn.plan.citizens is None:
        return Refusal("no_trunk", f"方案没有写明外呼市民的中继，不能{what}；请管理员补充。")
    return None


def no_telephone(turn: Turn, number: str, what: str) -> Refusal | None:
    """Why that operator's telephone cannot be rung now."""
    if turn.seat_is_free(number, turn.operator(number).seat):
        return None
    return Refusal("seat_unreachable", f"话机未注册或正忙，不能{what}；请检查话机。")


def next_way(turn: Turn, ways: tuple[DialTarget, ...]) -> Trunk | None:
    """The trunk of the first way that has a channel."""
    known = (turn.plan.trunks.get(each.trunk) for each in ways)
    return next((each for each in known if each is not None and not turn.is_full(each)), None)


def dial(turn: Turn, call: Call, number: str, seconds: float) -> bool:
    """Dial the first of the call's `targets` that has a channel; whether one has."""
    trunk = next_way(turn, call.targets)
    if trunk is None:
        return False
    place = next(n for n, each in enumerate(call.targets) if each.trunk == trunk.name)
    target = call.targets[place]
    leg = LegRecord(
        leg=call.id, role=LegRole.CALLER, party=number, place=trunk.name, began=turn.now
    )
    citizens = turn.plan.citizens
    to = OutsideAddress(trunk.name, target.digits)
    turn.send(
        Dial(
            call=call.id,
            leg=call.id,
            role=Role.CITIZEN,
            to=to,
            seconds=seconds,
            caller_number="" if citizens is None else citizens.shows,
            header=turn.reference_header(call, to),
            alone=True,
        )
    )
    turn.put(
        replace(
            call,
            legs=(*call.legs, leg),
            target=target,
            targets=call.targets[place + 1 :],
            deadline=turn.now + seconds + END_SECONDS,
        )
    )
    return True


def tell(turn: Turn, call: Call, phase: Phase, prompt: str) -> None:
    """Say something to the operator alone; the phase waits for its end."""
    playback = f"{call.leg}_p{call.names + 1}"
    if call.leg is not None:
        turn.play(call.leg, playback, (prompt,))
    turn.put(
        replace(
            call,
            phase=phase,
            playback=playback,
            names=call.names + 1,
            deadline=turn.now + calls.PROMPT_SECONDS,
        )
    )
