"""How long a caller will wait: what each queue has taught, and what follows for a place in it.

The line moves when an operator is done with a call, or somebody ahead gives up. When each operator
will be done is told by how long they have been at it and how long talks and wrap-ups have lasted
before: who has talked for a minute is nearer to the end than who has just begun, and who wraps up
nearer still. So it is counted how many callers will probably have left the line by a moment; the
wait is over when it is one's turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from statistics import fmean

from callcenter.calls.outlook import LONGEST_SECONDS, Outlook
from callcenter.calls.state import Call, Experience, OperatorState, Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Plan, Queue
from callcenter.orders.record import Outcome
from callcenter.values import replace

MEMORY = 100.0
"""Calls: so many weigh in a mean, whatever came before them."""
SAMPLES = 40
"""The last talks and wrap-ups that are kept one by one."""
ENOUGH = 5
"""Of these must have lasted longer than the one under way, to tell how it goes on."""
LOOKED_AT = 50
"""Operators of a team: in a larger one each of these stands for some more."""
KEPT_SECONDS = 5.0
"""So old may the look at a team be that a caller is told from."""

_AT_RANDOM = (0.105, 0.357, 0.693, 1.204, 2.303)
"""What is left of something that ends at random, in its means: as likely each as the others."""
_SPARSE = 4
"""In a larger team every fourth possible end is looked at, not the same ones of all operators."""
_BUSY = frozenset({OperatorStatus.RINGING, OperatorStatus.TALKING, OperatorStatus.WRAP_UP})
_AT_WORK = _BUSY | {OperatorStatus.READY}
_IN_LINE = frozenset({Phase.WAITING, Phase.OFFERED})


# -- what it says ----------------------------------------------------------------------------------


def outlook(
    known: Mapping[str, Experience],
    queue: str,
    team: Sequence[OperatorState],
    now: float,
) -> Outlook | None:
    """When those who take a queue's calls now will be free; None: nobody is at work."""
    if not team:
        return None
    own = known.get(queue) or Experience()
    some, step = team, 1
    if len(team) > LOOKED_AT:
        some = sorted(team, key=lambda each: each.since)[:: ceil(len(team) / LOOKED_AT)]
        step = _SPARSE
    possible = (_left(each, known.get(each.serves or queue) or own, now) for each in some)
    return Outlook(
        at=now,
        call=own.busy / own.taken,
        leaving=own.gave_up / own.waited,
        left=tuple(tuple(one[at % step :: step] or one) for at, one in enumerate(possible)),
        stand_for=len(team) / len(some),
    )


def team(queue: Queue, plan: Plan, operators: Iterable[OperatorState]) -> list[OperatorState]:
    """Operators who take the queue's calls, free or not."""
    serving = plan.teams.get(queue.name, plan.operators)
    return [each for each in operators if each.status in _AT_WORK and each.number in serving]


def _left(operator: OperatorState, past: Experience, now: float) -> list[float]:
    """Seconds until the operator is free: several, as likely each as the others."""
    elapsed = max(0.0, now - operator.since)
    call = past.busy / past.taken
    wrap_up = fmean(past.wrap_ups) if past.wrap_ups else 0.0
    match operator.status:
        case OperatorStatus.WRAP_UP:
            latest = LONGEST_SECONDS if operator.deadline is None else operator.deadline - now
            return [min(each, latest) for each in _longer(past.wrap_ups, elapsed, wrap_up)]
        case OperatorStatus.TALKING:
            talk = fmean(past.talks) if past.talks else call
            return [each + wrap_up for each in _longer(past.talks, elapsed, talk)]
        case OperatorStatus.RINGING if past.talks:
            return [each + wrap_up for each in past.talks]
        case _:
            return [call * each for each in _AT_RANDOM]


def _longer(past: tuple[float, ...], elapsed: float, mean: float) -> list[float]:
    """What is left of one that has lasted for `elapsed` already."""
    left = [each - elapsed for each in past if each > elapsed]
    return left if len(left) >= ENOUGH else [mean * each for each in _AT_RANDOM]


# -- what it learns --------------------------------------------------------------------------------


def from_operator(
    past: Experience, before: OperatorState, after: OperatorState, now: float
) -> Experience:
    """An operator did something else than before: the seconds on this queue's call count."""
    if before.status not in _BUSY:
        return past
    seconds = max(0.0, now - before.since)
    if before.status is OperatorStatus.WRAP_UP:
        past = replace(past, wrap_ups=(*past.wrap_ups, seconds)[-SAMPLES:])
    taken = before.status is OperatorStatus.TALKING and after.status is not OperatorStatus.TALKING
    if taken:
        past = replace(past, talks=(*past.talks, seconds)[-SAMPLES:])
    fade = 1.0 - taken / MEMORY
    return replace(past, busy=past.busy * fade + seconds, taken=past.taken * fade + taken)


def from_wait(past: Experience, before: Call, after: Call, now: float) -> Experience:
    """A caller no longer waits: taken by an operator, or gone."""
    if before.phase not in _IN_LINE or after.phase in _IN_LINE:
        return past
    fade = 1.0 - 1.0 / MEMORY
    since = before.waits_since if before.waits_since is not None else now
    gave_up = after.outcome is Outcome.ABANDONED
    return replace(
        past,
        waited=past.waited * fade + max(0.0, now - since),
        gave_up=past.gave_up * fade + gave_up,
    )
