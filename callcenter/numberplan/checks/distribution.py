"""Queues that lead to themselves, penalties that mean nothing, operators whom nobody ever asks."""

from __future__ import annotations

from callcenter.numberplan.files import OperatorShape, QueueShape
from callcenter.numberplan.parsed import OPERATORS, QUEUES, Parsed
from callcenter.numberplan.yamltree import Path


def check(parsed: Parsed) -> None:
    """Steps of `relax`, where callers are led on, and penalties of operators who are ever asked."""
    if not parsed.queues:
        return
    for name, queue in parsed.queues.queues.items():
        _steps(parsed, name, queue)
        for index, rule in enumerate(queue.overflow):
            if rule.to.queue == name:
                parsed.error(
                    QUEUES,
                    ("queues", name, "overflow", index, "to", "queue"),
                    f"callers of {name} would be led to {name}; name another queue",
                )
    if not parsed.operators:
        return
    for number, operator in parsed.operators.operators.items():
        for name, penalty in operator.penalties.items():
            found = parsed.queues.queues.get(name)
            if found is not None:
                path = ("operators", number, "penalties", name)
                _penalty(parsed, path, operator, found, penalty)


def _steps(parsed: Parsed, name: str, queue: QueueShape) -> None:
    for index, (step, later) in enumerate(zip(queue.relax, queue.relax[1:], strict=False)):
        if later.after <= step.after or later.up_to <= step.up_to:
            parsed.error(
                QUEUES,
                ("queues", name, "relax", index + 1),
                f"the step after {later.after:g} s must come later than the one before it, and "
                "admit a higher penalty; put the steps in order",
            )


def _penalty(
    parsed: Parsed, path: Path, operator: OperatorShape, queue: QueueShape, penalty: int
) -> None:
    name = path[-1]
    for skill, level in queue.skills.items():
        has = operator.skills.get(skill, 0)
        if has < level:
            parsed.warning(
                OPERATORS,
                path,
                f"{operator.name} does not serve queue {name}, which needs {skill} at level "
                f"{level}; remove the penalty, or give them the skill",
                at_key=True,
            )
            return
    highest = max((step.up_to for step in queue.relax), default=penalty)
    if penalty > highest:
        parsed.warning(
            OPERATORS,
            path,
            f"queue {name} never asks anybody with penalty {penalty}: its `relax` goes up to "
            f"{highest}; write a lower penalty, or one more step",
        )
