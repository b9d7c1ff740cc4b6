"""How long a caller waited, measured when a wait ends; wallboard and reports count by this alone.

A wait begins when the caller enters the queue (`Call.waits_since`). It ends with an operator's
answer, or when the caller leaves the queue in any other way. While the fallback dialplan has the
caller it goes on.
"""

from __future__ import annotations

from callcenter.analytics.facts import STANDARD_MS
from callcenter.analytics.record import milliseconds
from callcenter.calls.state import Call, Phase
from callcenter.values import replace

_WAITS = frozenset({Phase.WAITING, Phase.OFFERED, Phase.ARRANGING, Phase.NATIVE})


def measured(before: Call | None, after: Call, now: float, limit: float, *, over: bool) -> Call:
    """`after` with the wait that ended in this turn, if one did.

    `limit` is the queue's, in seconds, as it stands now; `over`: the call has left the centre.
    """
    since = before.waits_since if before is not None else None
    if since is None:
        since = after.waits_since
    if since is None:
        return after
    waits = not over and is_waiting(after) and after.waits_since == since
    if waits:
        return after
    length = max(0, milliseconds(_end(before, after, now)) - milliseconds(since))
    still = after.waits_since if is_waiting(after) and after.waits_since != since else None
    if before is not None and (before.answered is not None or before.wait_ms is not None):
        again = after.waited_again_ms + length
        return replace(after, waits_since=still, waited_again_ms=again)
    return replace(after, waits_since=still, wait_ms=length, answer_within=limit)


def is_waiting(call: Call) -> bool:
    """Who is led from a queue to a partner goes on waiting until the partner answers."""
    return call.phase in _WAITS or (call.phase is Phase.FORWARDING and bool(call.overflowed))


def is_standard(call: Call) -> bool:
    """Whether the first wait was no longer than the standard allows."""
    return call.wait_ms is not None and call.wait_ms <= STANDARD_MS


def _end(before: Call | None, after: Call, now: float) -> float:
    """Calls that Asterisk had tell later when they were answered, or ended."""
    if after.answered is not None and (before is None or before.answered is None):
        return after.answered
    return now if after.ended is None else after.ended
