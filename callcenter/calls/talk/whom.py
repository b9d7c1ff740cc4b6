"""Whom an operator means by what they key in, and the ways there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callcenter.calls.refusal import Refusal
from callcenter.calls.turn import Turn
from callcenter.numberplan.decide import decide
from callcenter.numberplan.hours import is_open
from callcenter.numberplan.model import Action, DialTarget, Queue


@dataclass(frozen=True, slots=True)
class Partner:
    """Somebody whom a trunk reaches."""

    hotline: str
    unit: str
    targets: tuple[DialTarget, ...]
    digits: str | None = None
    pause: float = 0.0
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Colleague:
    """Another operator."""

    number: str
    even_if_not_ready: bool = False


@dataclass(frozen=True, slots=True)
class ToQueue:
    """A queue: only the caller goes there."""

    queue: str


Destination = Partner | Colleague | ToQueue


def find(turn: Turn, asking: str, keyed: str) -> Destination | Refusal:
    """What the plan says now of a number that the operator `asking` wants to reach.

    In this order: an emergency number, an operator (a star at the end: even if not ready), a room,
    a queue, a number of the plan, and any outside number that the operator may dial.
    """
    number = as_written(keyed)
    plan = turn.plan
    at = turn.wall()
    bare, forced = number.removesuffix("-"), number.endswith("-")
    if bare in plan.operators and bare not in plan.emergencies:
        return Colleague(bare, even_if_not_ready=forced)
    for room in plan.rooms.values():
        if number in (room.extension, room.name):
            return Partner(room.extension, room.title, room.targets)
    for queue in plan.queues.values():
        if number and number in (queue.extension, queue.name):
            return _queue(turn, queue, at)
    route = decide(plan, number, None, at)
    if route.action is Action.REJECT:
        return _outside(turn, asking, number)
    if route.action not in (Action.FORWARD, Action.EMERGENCY):
        return Refusal("not_a_partner", f"{route.number}由本中心受理，不能转接。")
    return Partner(
        hotline=route.number,
        unit=route.owner or route.service or "",
        targets=route.targets,
        digits=route.after_answer_digits,
        pause=route.after_answer_pause,
        emergency=route.action is Action.EMERGENCY,
    )


def as_written(keyed: str) -> str:
    """`12366*2`, as a telephone can key it, is 12366-2."""
    return keyed.replace("*", "-")


def _queue(turn: Turn, queue: Queue, at: datetime) -> ToQueue | Refusal:
    if queue.hours is not None and not is_open(turn.plan, queue.hours, at):
        return Refusal("queue_closed", f"{queue.title}现在不受理，请改转其他。")
    return ToQueue(queue.name)


def _outside(turn: Turn, asking: str, number: str) -> Partner | Refusal:
    """A number that is not of the plan: by the classes of numbers that the operator may dial."""
    outside = turn.plan.outside
    for name, allowed in outside.classes.items():
        if not allowed.fits(number):
            continue
        operator = turn.plan.operators.get(asking)
        if allowed.everyone or (operator is not None and name in operator.may_dial):
            return Partner(number, allowed.title, outside.targets(number))
        return Refusal("not_allowed", f"您没有拨打{allowed.title}的权限，请班长处理。")
    return Refusal("unknown_number", f"号码表中没有{number}，请核对。")
