"""Compares app_queue and this controller; prints each run, the table and the machine.

The exit code is 1 where a limit is missed, 2 where a run could not be made.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from tempfile import mkdtemp

from bench.compare import Scale, memory, pair
from bench.figures import Figures, Pair, line, median_ratio, table
from bench.packets import CaptureError
from bench.processes import machine
from bench.sides import SideError
from bench.telephones import Load, SippError
from callcenter.asterisk.process import AsteriskError

RATIO_LIMIT = 1.5
MEMORY_LIMIT = 150.0
"""MB."""
MEMORY_CALLS = 200
FAULTS_SHOWN = 5
"""Of a run."""
SMALL = Scale(20, Load(calls=110, rate=5.0), warm_up=10)
LARGE = Scale(200, Load(calls=1320, rate=60.0), warm_up=120)


def main() -> int:
    """Run it; the exit code."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: ends what was started
    folder = arguments.keep or Path(mkdtemp(prefix="bench-"))
    try:
        return asyncio.run(_compare(arguments.pairs, arguments.scale, folder))
    except KeyboardInterrupt:
        return 130
    except (SideError, SippError, CaptureError, AsteriskError) as error:
        print(f"bench: {error}\nbench: logs and captures are in {folder}", file=sys.stderr)
        return 2


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=5, help="pairs of runs at each scale")
    parser.add_argument("--scale", choices=("small", "large", "both"), default="both")
    parser.add_argument("--keep", type=Path, help="a new folder for captures and logs")
    return parser.parse_args()


async def _compare(count: int, which: str, folder: Path) -> int:
    chosen = {"small": [SMALL], "large": [LARGE], "both": [SMALL, LARGE]}[which]
    print(f"{machine()}\nlogs and captures: {folder}", flush=True)
    rows: list[tuple[str, list[Pair]]] = []
    for scale in chosen:
        print(
            f"\n{scale.name}, {scale.load.calls - scale.warm_up} calls a run, "
            "INVITE to the seat's voice at the caller",
            flush=True,
        )
        pairs: list[Pair] = []
        for number in range(1, count + 1):
            pairs.append(await pair(scale, folder / f"{scale.seats}-{number}", _say))
            print(f"  ratio at p95: {pairs[-1].ratio:.2f}", flush=True)
        rows.append((scale.name, pairs))
    held = await memory(MEMORY_CALLS, folder / "memory")
    print(f"\n{table(rows)}\n\nController's memory with {MEMORY_CALLS} calls up: {held:.0f} MB")
    failed = any(each.native.faults or each.ours.faults for _, pairs in rows for each in pairs)
    fast = all(median_ratio(pairs) <= RATIO_LIMIT for _, pairs in rows)
    return 0 if fast and not failed and held < MEMORY_LIMIT else 1


def _say(figures: Figures) -> None:
    print(f"  {line(figures)}", flush=True)
    for fault in figures.faults[:FAULTS_SHOWN]:
        print(f"    {fault}", flush=True)


sys.exit(main())
