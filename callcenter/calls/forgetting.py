"""What the centre remembers of people is forgotten in time: blocks, marks, last talks."""

from __future__ import annotations

from callcenter.calls.events import BlockCaller, PersonsForgotten
from callcenter.calls.state import Block, Shield
from callcenter.calls.turn import Turn
from callcenter.values import replace


def asked_for(shield: Shield, before: float, now: float) -> PersonsForgotten:
    """The event that has what is older than `before` forgotten, and keeps who is blocked `now`."""
    blocks = tuple(
        BlockCaller(each.number, each.until, each.reason, each.treatment, each.by)
        for each in shield.blocks.values()
        if each.until > now
    )
    return PersonsForgotten(before, blocks)


def forget(turn: Turn, event: PersonsForgotten) -> None:
    """Forget changes of the blocklist, marks, missed calls, and orders that operators had last."""
    shield = turn.shield
    blocks = {name: each for name, each in shield.blocks.items() if each.until > turn.now}
    if not blocks and not shield.changes:  # the journal's beginning has been forgotten
        blocks = _restated(event, turn.now)
    marks = {
        number: kept
        for number, times in shield.marks.items()
        if (kept := tuple(at for at in times if at >= event.before))
    }
    changes = tuple(each for each in shield.changes if each.at >= event.before)
    turn.shield = replace(shield, blocks=blocks, changes=changes, marks=marks)
    turn.forget_callers(event.before)
    for number, entry in turn.centre.missed.items():
        if entry.since < event.before:  # nobody is called back any more
            turn.put_missed(number, None)
    for operator in list(turn.operators()):
        idle = operator.call is None and operator.idle_since < event.before
        if operator.last_order is not None and idle:
            turn.put_operator(replace(operator, last_order=None))


def _restated(event: PersonsForgotten, now: float) -> dict[str, Block]:
    return {
        each.number: Block(
            number=each.number,
            since=now,
            until=each.until,
            reason=each.reason,
            treatment=each.treatment,
            by=each.by,
        )
        for each in event.blocks
        if each.until > now
    }
