"""Calls before everything else on the machine: Asterisk and the controller run in real time.

Between a caller's INVITE and the first word a call goes some ten times from one process to the
other. Waiting for a processor that a backup or a report has just now would be most of that time.
Linux keeps a twentieth of each second for all others, whatever happens.
"""

from __future__ import annotations

import os

PRIORITY = 1
"""The lowest in real time: above all ordinary programs, below the kernel's own threads."""


def before_others() -> list[str]:
    """What to put before a command so that it runs in real time; nothing where we may not."""
    return ["chrt", "--rr", str(PRIORITY)] if _allowed() else []


def after_calls() -> None:
    """Have the thread that calls this run as ordinary programs do: for what computes for long."""
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _allowed() -> bool:
    """Whether we could have it ourselves: no other question gives a sure answer."""
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
    except OSError:
        return False
    os.sched_setscheduler(0, policy, priority)
    return True
