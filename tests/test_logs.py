"""The log's disk may be full: the program goes on, and the terminal has what matters."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from callcenter.logs import log_to


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The other tests log as they did."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_a_full_disk_costs_lines_and_nothing_else(capfd: pytest.CaptureFixture[str]) -> None:
    log_to(Path("/dev/full"))
    log = structlog.get_logger("callcenter")
    log.info("call", call="15.1")
    log.error("journal_not_written", error="database or disk is full")
    (line,) = capfd.readouterr().err.splitlines()
    assert '"event": "journal_not_written"' in line
