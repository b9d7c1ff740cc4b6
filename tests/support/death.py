"""Where a live controller shall die: it kills itself, in the midst of what it does.

Production code knows nothing of it: mortal/sitecustomize.py is laid under it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.waiting import until
from tests.support.live import LiveServer
from tests.support.processes import children, lives

_MORTAL = Path(__file__).parent / "mortal"


class Death:
    """Waits for the controllers that are started while it is in the environment."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._victim = 0

    @classmethod
    @contextmanager
    def awaits(cls, folder: Path) -> Iterator[Death]:
        """Servers started in this block have mortal controllers."""
        file = folder / "death"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DEATH_AFTER", str(file))
            patch.setenv("PYTHONPATH", str(_MORTAL), prepend=os.pathsep)
            yield cls(file)

    def comes_after(self, point: str, server: LiveServer) -> None:
        """The controller dies right after `commit EVENT` or `command COMMAND`, once."""
        self._victim = children(server.process.pid)["callcenter"]
        self._file.write_text(point, encoding="utf-8")

    async def is_over(self, server: LiveServer) -> None:
        """It has died, and the next one is well."""
        await until(lambda: not lives(self._victim), 20)
        new = self._victim
        await until(lambda: children(server.process.pid).get("callcenter", new) != new, 20)
        await server.until_healthy()
