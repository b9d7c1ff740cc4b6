"""Finding the server that runs on this machine, and the trunks of its plan.

A server leaves `<data>/run/server.json` while it runs; a rehearsal has it under `<data>/rehearsal`.
"""

from __future__ import annotations

import os
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callcenter.simulator.transactions import Place

START = "start it with script/server (or script/server --at TIME for a rehearsal)"


class NotRunningError(Exception):
    """There is no server to call, or it is not clear which; the message says what to do."""


class Server(BaseModel):
    """What a caller needs to know of a running server."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    pid: int
    sip_host: str
    sip_port: int
    plan: Path
    """The folder that holds dialplan/ agents/ trunks/ ivr_prompts/."""

    @property
    def place(self) -> Place:
        """Where it takes calls from this machine."""
        return "127.0.0.1" if self.sip_host == "0.0.0.0" else self.sip_host, self.sip_port


class TrunkAddress(BaseModel):
    """A trunk's address, all that the outside must know of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    host: str
    port: int = Field(default=5060, ge=1, le=65535)

    @property
    def place(self) -> Place:
        """Where its far end listens."""
        return self.host, self.port


def find_server(data: Path, *, rehearsal: bool) -> Server:
    """The running server of this data folder; its rehearsal if asked or if only that runs.

    Raises NotRunningError.
    """
    real = None if rehearsal else _read(data / "run" / "server.json")
    found = real or _read(data / "rehearsal" / "run" / "server.json")
    if found is None:
        what = "no rehearsal" if rehearsal else "no server"
        raise NotRunningError(f"{what} is running with its data in {data}: {START}")
    return found


def find_trunks(plan: Path) -> dict[str, TrunkAddress]:
    """The plan's trunks by name. Raises NotRunningError if there are none or one is unreadable."""
    trunks = {}
    for path in sorted((plan / "trunks").glob("*.yaml")):
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            trunks[path.stem] = TrunkAddress.model_validate(content)
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise NotRunningError(
                f"{path}: cannot read this trunk's host and port; run callcenter check ({error})"
            ) from error
    if not trunks:
        raise NotRunningError(f"{plan / 'trunks'}: there is no trunk to call on")
    return trunks


def _read(path: Path) -> Server | None:
    """The server of this file, if it still lives: a killed one leaves its file behind."""
    try:
        server = Server.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise NotRunningError(f"{path}: not written by this version: {START} ({error})") from error
    return server if _lives(server.pid) else None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
