"""What the kernel knows of a process: its CPU time, its memory, its files."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_milliseconds(pid: int) -> float:
    """CPU time it has used so far, its ended children's left out."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / _TICKS


def megabytes(pid: int) -> float:
    """Resident memory, in MB of 1,000,000 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ProcessLookupError(f"process {pid} has no memory: it has ended")


def open_files(pid: int) -> int:
    """How many file handles it has, sockets among them."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def machine() -> str:
    """The machine in a few words, for a table's heading."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    release = os.uname().release.partition("-")[0]
    return f"{len(names)} × {names[0]}, {memory:.0f} GB, Linux {release}"
