"""What must hold after a controller was killed and started again."""

from __future__ import annotations

from collections.abc import Iterator

from callcenter.analytics.record import StateChange
from callcenter.calls.state import Call, Centre, Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import LegRole
from tests.crashes.world import World

ASIDE = frozenset({Phase.HELD, Phase.CONSULTING})
WAITS = frozenset({Phase.WAITING, Phase.OFFERED, Phase.FORWARDING, Phase.TRANSFERRING})
_NOT_HERE = frozenset({Phase.ENDING, Phase.CALLBACK, Phase.CALLING_BACK, Phase.CALLING_OUT})
"""There is no caller, or only one who is rung."""
SPEAKS = frozenset({Phase.GREETING, Phase.INTRODUCING, Phase.ANNOUNCING, Phase.VOICE_MAIL})


def conversations(world: World, centre: Centre) -> dict[str, frozenset[str]]:
    """By call: the legs that hear each other, where the journal has them as talking."""
    found = {}
    for call in centre.calls.values():
        leg = world.switch.legs.get(call.id)
        if leg is None or leg.bridge is None or not _talks(call) or call.digits:
            continue  # an operator who has keyed in a code is about to change it
        ours = set(call.scene.talk)
        both = {
            each.name
            for each in world.switch.legs.values()
            if each.bridge == leg.bridge and each.name in ours
        }
        if len(both) > 1:
            found[call.id] = frozenset(both)
    return found


def cut(world: World, talks: dict[str, frozenset[str]]) -> Iterator[str]:
    """Conversations that are no more."""
    for call, legs in talks.items():
        bridges = {
            world.switch.legs[leg].bridge if leg in world.switch.legs else None for leg in legs
        }
        if None in bridges or len(bridges) > 1:
            yield f"the talk of {call} was cut"


def broken(world: World, centre: Centre, *, settled: bool) -> Iterator[str]:
    """What is wrong in this moment; `settled`: 5 s after the start."""
    yield from _in_danger(world)
    for call in centre.calls.values():
        yield from _of_caller(world, call)
        leg = world.switch.legs.get(call.id)
        if leg is None or not settled or call.phase not in SPEAKS:
            continue
        if leg.playing is None and leg.recording is None:
            yield f"{call.id} hears nothing in {call.phase}"
    yield from _of_operators(centre)
    if settled:
        yield from _without_owner(world, centre)


def left_over(world: World, centre: Centre) -> Iterator[str]:
    """What is still there when everybody has gone."""
    yield from (f"{call} never ended" for call in centre.calls)
    yield from (f"leg {leg} is left" for leg in world.switch.legs)
    yield from (f"bridge {bridge} is left" for bridge in world.switch.bridges)
    yield from (f"supervision {leg} never ended" for leg in centre.supervisions)
    yield from (f"feature call {leg} never ended" for leg in centre.features)
    yield from (f"{call} waits for its line for ever" for call in centre.ended_calls)
    yield from (f"a channel of {trunk} is never free again" for trunk in centre.trunk_channels)


def untold(centre: Centre, changes: list[StateChange]) -> Iterator[str]:
    """Each operator's changes are in the journal in order, and the last one is what they do."""
    told: dict[str, StateChange] = {}
    for change in changes:
        before = told.get(change.operator)
        if before is not None and before.at >= change.at:
            yield f"{change} is not after {before}"
        told[change.operator] = change
    for operator in centre.operators.values():
        if operator.told != told.get(operator.number):
            yield f"{operator.number}: {operator.told} is not in the journal"


def wrong_orders(world: World, orders: dict[str, list[tuple[str, str | None]]]) -> Iterator[str]:
    """Every call has one number of its own and one outcome."""
    for call in world.callers:
        records = orders.get(call, [])
        numbers = {number for number, _ in records}
        outcomes = {outcome for _, outcome in records if outcome is not None}
        if len(numbers) != 1 or len(outcomes) != 1 or records[-1][1] is None:
            yield f"{call} has orders {sorted(numbers)} and outcomes {sorted(outcomes)}"
    given = [records[0][0] for records in orders.values()]
    if len(set(given)) != len(given):
        yield f"a number was given twice: {given}"
    for call in orders.keys() - set(world.callers):
        yield f"{call} has an order and never called"


def wrong_outcomes(made: dict[str, list[str | None]]) -> Iterator[str]:
    """Every call that an operator made has one outcome."""
    for call, outcomes in made.items():
        if outcomes[-1] is None or len(set(outcomes) - {None}) != 1:
            yield f"{call} has outcomes {outcomes}"


def _talks(call: Call) -> bool:
    return call.phase is not Phase.ENDING and bool(call.scene.talk)


def _in_danger(world: World) -> Iterator[str]:
    """Who talks must not be cut off by the dead man's switch."""
    bridged = [leg.bridge for leg in world.switch.legs.values()]
    for leg in world.switch.legs.values():
        if leg.guarded and leg.bridge is not None and bridged.count(leg.bridge) > 1:
            yield f"{leg.name} talks and is guarded"


def _of_caller(world: World, call: Call) -> Iterator[str]:
    leg = world.switch.legs.get(call.id)
    if leg is None or call.phase in _NOT_HERE:
        return
    if call.scene.private and not leg.outside:
        yield from _of_room(world, call, call.scene.private)
        recorded = world.switch.legs.get(call.scene.recorded)
        if recorded is not None and recorded.aside != call.scene.recording:
            yield f"what {recorded.name} says without {call.id} is not recorded"
    if call.caller_up and not (leg.answered or leg.outside):
        yield f"{call.id} is not answered"
    if call.phase is Phase.NATIVE:
        if not leg.outside:
            yield f"{call.id} is nobody's: not the dialplan's either"
    elif leg.outside:
        yield f"{call.id} is the dialplan's, and also in {call.phase}"
    elif _talks(call):
        yield from _of_room(world, call, call.scene.talk)
    else:
        if not leg.guarded:
            yield f"{call.id} in {call.phase} is not guarded"
        if call.phase in WAITS | ASIDE and not (leg.music or leg.ringing or leg.playing):
            yield f"{call.id} hears nothing in {call.phase}"
        yield from (
            f"{each} hears nothing alone"
            for each in call.scene.music
            if each in world.switch.legs and not world.switch.legs[each].music
        )
        others = [o for o in world.switch.legs.values() if o.bridge == leg.bridge and o != leg]
        if leg.bridge is not None and leg.music and others:
            yield f"others hear the music of {call.id}"


def _of_room(world: World, call: Call, names: tuple[str, ...]) -> Iterator[str]:
    legs = [world.switch.legs[name] for name in names if name in world.switch.legs]
    if len(legs) != len(names) or len({leg.bridge for leg in legs}) != 1 or legs[0].bridge is None:
        yield f"{call.id} in {call.phase}: {names} are not together"
    for leg in legs:
        if leg.music or leg.ringing:
            yield f"{leg.name} hears music or ringing in {call.phase}"


def _of_operators(centre: Centre) -> Iterator[str]:
    for operator in centre.operators.values():
        if operator.status in (OperatorStatus.RINGING, OperatorStatus.TALKING):
            call = centre.calls.get(operator.call or "")
            ours = set() if call is None else {call.operator, *map(call.party, call.in_use())}
            if operator.number not in ours:
                yield f"operator {operator.number} is stuck in {operator.status}"
    for call in centre.calls.values():
        seats = [leg.place for leg in call.live() if leg.role is LegRole.OPERATOR]
        if len(seats) > len(set(seats)):
            yield f"a seat has two legs of {call.id}"


def _without_owner(world: World, centre: Centre) -> Iterator[str]:
    """Every leg is in use by a call, a feature code's, or the dialplan's."""
    used = set(centre.features)
    for each in centre.supervisions.values():
        used |= {each.leg} | ({each.snoop} if each.snoop is not None else set())
    for call in centre.calls.values():
        used |= {leg.leg for leg in call.live()} & set(call.in_use())
    for leg in world.switch.legs.values():
        if not leg.outside and leg.name not in used:
            yield f"leg {leg.name} has no owner"
