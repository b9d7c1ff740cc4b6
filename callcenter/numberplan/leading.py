"""Where a destination leads at a moment: what is closed then leads on, as the plan says."""

from __future__ import annotations

from datetime import datetime

from callcenter.numberplan.destination import Destination, To
from callcenter.numberplan.hours import is_open
from callcenter.numberplan.model import Menu, Plan, Queue


def lead(plan: Plan, to: Destination, at: datetime) -> tuple[Destination, tuple[str, ...]]:
    """The place that is open at `at` (which must have a zone), and why others were passed over.

    Of several prompts on the way the last one is spoken. The checks have made sure that this ends.
    """
    passed = []
    while (hours_and_closed := _hours(plan, to)) is not None:
        hours, closed = hours_and_closed
        if is_open(plan, hours, at):
            break
        passed.append(f"{to.to} {to.name} is closed now ({hours})")
        to = closed
    return to, tuple(passed)


def _hours(plan: Plan, to: Destination) -> tuple[str, Destination] | None:
    """When that place is open, and where it leads otherwise; None: it is always open."""
    place: Queue | Menu | None = None
    if to.to is To.QUEUE:
        place = plan.queues.get(to.name)
    elif to.to is To.MENU:
        place = plan.menus.get(to.name)
    if place is None or place.hours is None or place.closed is None:
        return None
    return place.hours, place.closed


def without_keys(plan: Plan, to: Destination, at: datetime) -> Destination:
    """Where a call ends up that nobody can ask to press a key: a menu is its `otherwise`."""
    to, _ = lead(plan, to, at)
    while to.to is To.MENU and to.name in plan.menus:
        to, _ = lead(plan, plan.menus[to.name].otherwise, at)
    return to
