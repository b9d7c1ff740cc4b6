"""A waiting caller's place: changed in the queue, or given in another one."""

from __future__ import annotations

from callcenter.calls import call as calls
from callcenter.calls.events import ChangePriority, MoveWaiting
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import HIGHEST_PRIORITY, LOWEST_PRIORITY, Call, Phase
from callcenter.calls.turn import Turn
from callcenter.numberplan.hours import is_open
from callcenter.values import replace

_BEFORE_THE_TALK = frozenset({Phase.GREETING, Phase.WAITING, Phase.OFFERED})


def change_priority(turn: Turn, request: ChangePriority) -> Refusal | None:
    """The caller's turn comes sooner or later; while an operator is rung, should that fail."""
    call = turn.call(request.call)
    if call is None or call.phase not in _BEFORE_THE_TALK or call.queue is None:
        return _not_waiting()
    if not LOWEST_PRIORITY <= request.priority <= HIGHEST_PRIORITY:
        return Refusal(
            "priority_out_of_range",
            f"优先级须在{LOWEST_PRIORITY}到{HIGHEST_PRIORITY}之间，数字大的先接。",
        )
    turn.put(replace(call, priority=request.priority))
    return None


def move_waiting(turn: Turn, request: MoveWaiting) -> Refusal | None:
    """The caller waits in another queue, and has waited there as long as here."""
    call = turn.call(request.call)
    if call is None or call.phase is not Phase.WAITING:
        return _not_waiting()
    queue = turn.plan.queues.get(request.queue)
    if queue is None:
        known = "、".join(turn.plan.queues)
        return Refusal("unknown_queue", f"没有队列“{request.queue}”，可用的有：{known}。")
    at = turn.wall()
    if queue.hours is not None and not is_open(turn.plan, queue.hours, at):
        return Refusal("queue_closed", f"队列“{queue.title}”现在不受理，请换一个队列。")
    move(turn, call, request.queue)
    return None


def move(turn: Turn, call: Call, queue: str) -> None:
    """Go on waiting in another queue, with its music and its limit, which counts from now."""
    if queue == call.queue:
        return
    other_music = turn.queue(queue).music != turn.queue(call.queue).music
    call = replace(call, queue=queue, in_queue_since=turn.now)
    calls.wait(turn, calls.start_music(turn, call) if call.hears_music and other_music else call)


def _not_waiting() -> Refusal:
    return Refusal("not_waiting", "来电人不在排队等候，请刷新后再试。")
