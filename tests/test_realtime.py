"""Calls before everything else: where the machine allows it, and as before where it does not."""

from __future__ import annotations

import os
import subprocess
import threading

import pytest

from callcenter import realtime

POLICY = "import os; print(os.sched_getscheduler(0))"


def policy_of_a_child() -> int:
    """What a program started with `before_others` has."""
    command = [*realtime.before_others(), "python3", "-c", POLICY]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def may() -> bool:
    """Asked of the system itself, by its own tool."""
    asked = subprocess.run(["chrt", "--rr", "1", "true"], check=False, capture_output=True)
    return asked.returncode == 0


def test_a_program_runs_in_real_time_where_that_is_allowed() -> None:
    assert policy_of_a_child() == (os.SCHED_RR if may() else os.SCHED_OTHER)


def test_to_ask_changes_nothing_for_us() -> None:
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    realtime.before_others()
    assert (os.sched_getscheduler(0), os.sched_getparam(0)) == before


def test_where_it_is_not_allowed_a_program_runs_as_others_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(pid: int, policy: int, param: os.sched_param) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    assert realtime.before_others() == []


def test_a_thread_that_computes_runs_as_ordinary_programs_do() -> None:
    policies: list[int] = []

    def compute() -> None:
        if may():
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(realtime.PRIORITY))
        realtime.after_calls()
        policies.append(os.sched_getscheduler(0))

    thread = threading.Thread(target=compute)
    thread.start()
    thread.join()
    assert policies == [os.SCHED_OTHER]
