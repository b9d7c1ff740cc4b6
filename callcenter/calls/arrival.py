"""A call comes in: who calls, which number was dialled first, and what the plan says of it."""

from __future__ import annotations

from callcenter.calls import call as calls
from callcenter.calls import destination, protection
from callcenter.calls.events import CallArrived, CallReturned, CallTakenOutside, Ending
from callcenter.calls.state import Call, Phase
from callcenter.calls.turn import Turn
from callcenter.numberplan import references
from callcenter.numberplan.callers import identify
from callcenter.numberplan.decide import decide
from callcenter.numberplan.destination import To
from callcenter.numberplan.model import Action, Mode, Plan, Route
from callcenter.orders.record import LegRecord, LegRole, Outcome


def arrived(turn: Turn, event: CallArrived) -> None:
    """A call came on a trunk: do what the plan says, unless the trunk has no channel left."""
    if turn.call(event.call) is not None or turn.call_ended(event.call):
        return  # told twice
    trunk = turn.plan.trunks.get(event.trunk)
    full = trunk is not None and turn.is_full(trunk)
    call, route = new_call(turn, event, turn.now)
    if full:
        calls.reject(turn, call, Ending.CONGESTION, Outcome.REJECTED)
        return
    admitted = protection.admit(turn, call, route.action)
    if admitted is None:
        return
    call = admitted
    to = route.destination
    if to is not None:
        said_by_itself = to.to is To.ANNOUNCE
        destination.go(turn, call, to, None if said_by_itself else route.announcement)
    elif route.action is Action.REJECT:
        calls.reject(turn, call, Ending.UNALLOCATED, Outcome.REJECTED)
    else:
        calls.forward(turn, call)


def new_call(
    turn: Turn, event: CallArrived | CallTakenOutside | CallReturned, opened: float
) -> tuple[Call, Route]:
    """The call with its order, and what the plan says of it."""
    plan = turn.plan
    caller = identify(event.headers, plan, event.trunk, event.dialled)
    at = turn.wall(opened)
    route = decide(plan, event.dialled, caller.e164, at, caller.diverted)
    leg = LegRecord(
        leg=event.call,
        role=LegRole.CALLER,
        party="" if caller.withheld else caller.e164 or caller.raw,
        place=event.trunk,
        began=opened,
    )
    call = Call(
        id=event.call,
        number=turn.next_order_number(),
        phase=Phase.GREETING,
        deadline=turn.now + calls.PROMPT_SECONDS,
        opened=opened,
        trunk=event.trunk,
        dialled=event.dialled,
        caller=caller.e164,
        caller_raw=caller.raw,
        caller_withheld=caller.withheld,
        first_dialled=_first_dialled(plan, event.dialled, route, caller.first_dialled),
        hotline=route.number if route.mode is not None else None,
        hotline_service=route.service,
        owner=route.owner,
        reference=_reference(plan, event),
        diverted=tuple(caller.diverted),
        priority=_priority(plan, route),
        legs=(leg,),
        targets=route.targets,
        after_answer_digits=route.after_answer_digits,
        after_answer_pause=route.after_answer_pause,
    )
    turn.put(call)
    return call, route


def _reference(plan: Plan, event: CallArrived | CallTakenOutside | CallReturned) -> str | None:
    """What the partner calls the case; only noted, and only from a trunk that has such."""
    trunk = plan.trunks.get(event.trunk)
    if trunk is None or trunk.reference_header is None:
        return None
    return references.read(trunk.reference_header, event.headers.reference)


def _priority(plan: Plan, route: Route) -> int:
    number = plan.numbers.get(route.number)
    return 0 if number is None else number.priority


def _first_dialled(plan: Plan, dialled: str, route: Route, told: str | None) -> str | None:
    """A number of its own for each hotline says most; else what the carrier tells.

    None: the carrier put a pilot number of the hotline in its place and told nothing more; then the
    operator asks the caller (`PickFirstDialled`).
    """
    if route.mode not in (None, Mode.PRIMARY):
        return route.number
    if told is not None:
        return told
    if route.mode is Mode.PRIMARY and plan.pilots.find(dialled) is not None:
        return None
    return route.number
