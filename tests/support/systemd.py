"""A real systemd that keeps one unit running, in namespaces of its own: the machine need not have
been started by it, and what it keeps ends with it.

It is a user's manager, which can neither change users nor harden what it runs; of a unit's settings
those are taken that say how it is watched and started again.
"""

from __future__ import annotations

import asyncio
import configparser
import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

KEEPING = frozenset(
    {"Type", "TimeoutStartSec", "TimeoutStopSec", "WatchdogSec", "WatchdogSignal", "Restart"}
    | {"RestartSec", "KillMode"}
)
_KEEP = """
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
mount -t cgroup2 cgroup2 /sys/fs/cgroup
/lib/systemd/systemd --user --unit="$1"
exit 1
"""
"""systemd is not the first process there: that one would be a machine's."""
_CLEAR = """
mount -t cgroup2 cgroup2 /sys/fs/cgroup
cd "/sys/fs/cgroup/$(sed -n s/^0:://p /proc/self/cgroup)"
rmdir "app.slice/$1" app.slice
"""
"""What a systemd that was killed has left."""


def kept_as(unit: Path, command: tuple[str, ...], environment: Mapping[str, str]) -> str:
    """A unit's text: this command, watched and started again as the other unit says."""
    parsed = configparser.RawConfigParser()
    parsed.optionxform = str  # type: ignore[method-assign,assignment]
    parsed.read(unit)
    keeping = [f"{key}={value}" for key, value in parsed["Service"].items() if key in KEEPING]
    given = [f'Environment="{name}={value}"' for name, value in environment.items()]
    limit = f"StartLimitIntervalSec={parsed['Unit']['StartLimitIntervalSec']}"
    own = [f"ExecStart={' '.join(command)}", *given, *keeping]
    return "\n".join(["[Unit]", "DefaultDependencies=no", limit, "[Service]", *own, ""])


@asynccontextmanager
async def keeping(folder: Path, name: str, text: str) -> AsyncIterator[None]:
    """systemd runs that unit, from now to the end of the block. Needs root."""
    (folder / "units").mkdir()
    (folder / "units" / name).write_text(text, encoding="utf-8")
    (folder / "run").mkdir(mode=0o700)
    environment = {
        "PATH": os.environ["PATH"],
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "SYSTEMD_UNIT_PATH": str(folder / "units"),
        "SYSTEMD_GENERATOR_PATH": str(folder),
        "SYSTEMD_ENVIRONMENT_GENERATOR_PATH": str(folder),
    }
    with (folder / "said").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "KILL"),
            *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *("sh", "-c", _KEEP, "sh", name),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        try:
            yield
        finally:
            process.kill()
            await process.wait()
            clearing = ("unshare", "--mount", "sh", "-c", _CLEAR, "sh", name)
            await asyncio.to_thread(subprocess.run, clearing, stderr=said, check=False)
