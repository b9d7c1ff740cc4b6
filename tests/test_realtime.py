"""Calls before everything else: where the machine allows it, and as before where it does not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from callcenter import realtime

TWO_THREADS = """
import threading
threading.Thread(target=input, daemon=True).start()
print(flush=True)
threading.Event().wait()
"""


@contextmanager
def program() -> Iterator[int]:
    """A program of two threads that waits."""
    running = subprocess.Popen(
        [sys.executable, "-c", TWO_THREADS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert running.stdout is not None
        running.stdout.readline()
        yield running.pid
    finally:
        running.kill()
        running.communicate()


def may() -> bool:
    """Asked of the system itself, by its own tool."""
    asked = subprocess.run(["chrt", "--rr", "1", "true"], check=False, capture_output=True)
    return asked.returncode == 0


def test_every_thread_of_a_program_runs_in_real_time_where_that_is_allowed() -> None:
    with program() as pid:
        assert realtime.hurry(pid) is may()
        threads = [int(each.name) for each in Path(f"/proc/{pid}/task").iterdir()]
        assert len(threads) == 2
        expected = os.SCHED_RR if may() else os.SCHED_OTHER
        assert {os.sched_getscheduler(thread) for thread in threads} == {expected}


def test_where_it_is_not_allowed_a_program_goes_on_as_others_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(pid: int, policy: int, param: os.sched_param) -> None:
        raise PermissionError

    with program() as pid:
        monkeypatch.setattr(os, "sched_setscheduler", refuse)
        assert realtime.hurry(pid) is False


def test_a_thread_that_computes_runs_as_ordinary_programs_do() -> None:
    policies: list[tuple[int, int]] = []

    def compute() -> None:
        realtime.start_first()
        if may():
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(realtime.PRIORITY))
        realtime.take_time()
        policies.append((os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)))

    thread = threading.Thread(target=compute)
    thread.start()
    thread.join()
    assert policies == [(os.SCHED_OTHER, 0)]


def test_a_start_goes_before_ordinary_programs_where_that_is_allowed() -> None:
    nice: list[int] = []

    def start() -> None:
        realtime.start_first()
        nice.append(os.getpriority(os.PRIO_PROCESS, 0))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    allowed = subprocess.run(["nice", "-n", "-10", "nice"], check=True, capture_output=True)
    assert nice == [int(allowed.stdout)]
