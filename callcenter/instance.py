"""One Asterisk per data folder, and what it tells other programs on this machine about itself."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from json import dumps
from pathlib import Path

from callcenter.settings import Settings


class TakenError(Exception):
    """Somebody else holds the data folder; the text says what to do."""


@dataclass(frozen=True)
class RunningServer:
    """What `<data>/run/server.json` tells."""

    pid: int
    web: str
    sip_host: str
    sip_port: int
    data: str
    plan: str
    clock_offset: float


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Hold the data folder: two Asterisks on the same data would spoil it. Raises TakenError."""
    folder = settings.data / "run"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TakenError(
                f"another server is running with its data in {settings.data}: "
                "stop that one, or give this one a folder of its own with CALLCENTER_DATA"
            ) from error
        yield


@contextmanager
def announced(settings: Settings) -> Iterator[None]:
    """Let `callcenter call` and others find this server for as long as it runs."""
    file = settings.data / "run" / "server.json"
    _write(file, settings)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _write(file: Path, settings: Settings) -> None:
    state = RunningServer(
        pid=os.getpid(),
        web=settings.web_url,
        sip_host=str(settings.sip_host),
        sip_port=settings.sip_port,
        data=str(settings.data),
        plan=str(settings.plan),
        clock_offset=settings.clock_offset,
    )
    new = file.with_suffix(".new")
    new.write_text(dumps(asdict(state), indent=2) + "\n", encoding="utf-8")
    new.replace(file)
