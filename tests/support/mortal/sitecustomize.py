"""Python reads this at its start where a test has put the folder on PYTHONPATH: the controller dies
by SIGKILL where the test wants it to, as `Death` (tests/support/death.py) says in a file.
"""

import os
import signal
from pathlib import Path

from callcenter.asterisk.switch import AsteriskSwitch
from callcenter.calls.commands import Command
from callcenter.store.journal import Entry, Journal, Snapshot

_FILE = Path(os.environ["DEATH_AFTER"])
_commit = Journal._commit
_begin = AsteriskSwitch._begin


def _die_after(point: str) -> None:
    if _FILE.exists() and _FILE.read_text() == point:
        _FILE.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _mortal_commit(journal: Journal, entries: list[Entry], snapshot: Snapshot | None) -> None:
    _commit(journal, entries, snapshot)
    for entry in entries:
        _die_after(f"commit {entry.kind}")


async def _mortal_begin(switch: AsteriskSwitch, command: Command) -> None:
    await _begin(switch, command)
    _die_after(f"command {type(command).__name__}")


setattr(Journal, "_commit", _mortal_commit)  # noqa: B010 - mypy would not have it otherwise
setattr(AsteriskSwitch, "_begin", _mortal_begin)  # noqa: B010
