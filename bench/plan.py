"""The project's plan with as many seats and operators as a run needs, and no greeting.

Beside the hotline's queue there is one more, in which a crowd can wait.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from callcenter.settings import PROJECT
from tests.support.live import PLAN_FOLDERS

TRUNK, QUEUE = "telecom", "hotline"
CROWD_TRUNK, CROWD, CROWD_NUMBER = "unicom", "crowd", "12365"
"""Callers on this trunk who dial this number wait in this queue, which nobody serves."""
_CHANNELS = 4000
"""Of each trunk: more than any run has calls."""
_CROWD = f"""\

  {CROWD}:
    title: 等候
    music: default
    announce_operator: false
    skills: [english]
    strategy: longest_idle
    ring_seconds: 20
    wrap_up_seconds: 0
    max_wait_seconds: 3600
    answer_within_seconds: 15
    sorry: queue_sorry
"""
_LINE = {
    "greeting": None,
    "announce_operator": "false",
}
"""What changes in the queue; None: goes."""


def operators(count: int) -> list[str]:
    """So many operators' numbers, of three digits: 1,000 at the most."""
    first = 0 if count == 1000 else 1
    return [f"{number:03d}" for number in range(first, first + count)]


def write_plan(folder: Path, seats: int, *, wrap_up: int = 0) -> None:
    """Write the plan, with an operator for each seat, into a new folder. `wrap_up` in seconds.

    Raises ValueError where the project's plan is not as expected.
    """
    for name in PLAN_FOLDERS:
        shutil.copytree(PROJECT / name, folder / name)
    queues = folder / "dialplan/queues.yaml"
    for key, value in {**_LINE, "wrap_up_seconds": str(wrap_up)}.items():
        _edit(queues, rf"(?m)^( *){key}: .*\n", "" if value is None else rf"\g<1>{key}: {value}\n")
    with queues.open("a", encoding="utf-8") as file:
        file.write(_CROWD)
    number = rf'(?m)^  "{CROWD_NUMBER}":\n'
    _edit(folder / "dialplan/numbers.yaml", number, rf"\g<0>    queue: {CROWD}\n")
    for trunk in (TRUNK, CROWD_TRUNK):
        _edit(folder / f"trunks/{trunk}.yaml", r"(?m)^channels: \d+", f"channels: {_CHANNELS}")
    rows = "".join(
        f'  "{number}": {{name: 话务员{number}, skills: [general]}}\n'
        for number in operators(seats)
    )
    _edit(folder / "agents/operators.yaml", r"(?ms)^operators:\n.*", f"operators:\n{rows}")
    rows = "".join(f"  seat{number}: {{title: {number}号座席}}\n" for number in operators(seats))
    _edit(folder / "agents/seats.yaml", r"(?m)^seats:\n(  .*\n)+", f"seats:\n{rows}")


def _edit(file: Path, pattern: str, new: str) -> None:
    text, changes = re.subn(pattern, new, file.read_text(encoding="utf-8"))
    if not changes:
        raise ValueError(f"{file} has nothing like {pattern}: bench/plan.py must follow it")
    file.write_text(text, encoding="utf-8")
