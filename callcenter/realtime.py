"""Calls before everything else on the machine: Asterisk and the controller run in real time.

Between a caller's INVITE and the first word a call goes some ten times from one process to the
other. Waiting for a processor that a backup or a report has just now would be most of that time.
Only once they have started: that takes a processor for a second, and Asterisk has calls meanwhile;
until then the controller goes before ordinary programs only. Linux keeps a twentieth of each second
for all others, whatever happens.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

PRIORITY = 1
"""The lowest in real time (`SCHED_RR`), above every ordinary program. Asterisk and the controller
have the same: to prefer either made calls slower."""


START_NICE = -10
"""Of a processor for which it competes with one ordinary program that gives it nine tenths."""


def start_first() -> None:
    """Have this process, and threads that it begins, go before ordinary programs, if it may."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, START_NICE)


def hurry(pid: int) -> bool:
    """Have all threads of a process, and those they begin, run in real time; whether we may."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            os.sched_setscheduler(int(thread.name), os.SCHED_RR, os.sched_param(PRIORITY))
        except ProcessLookupError:
            continue  # it has ended
        except OSError:
            return False
    return True


def take_time() -> None:
    """Have the thread that calls this run as ordinary programs do: for what computes for long."""
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.setpriority(os.PRIO_PROCESS, 0, 0)
