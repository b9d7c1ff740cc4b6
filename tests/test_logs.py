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


def test_a_number_in_an_errors_text_is_masked_and_what_calls_are_found_by_is_not(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "controller.log"
    log_to(file)
    log = structlog.get_logger("callcenter")
    try:
        raise KeyError("+8613800000001")
    except KeyError:
        log.exception("event_rejected", seq=17, call="1511317865.7", error="from 051987200000.")
    log.info("call", call="1511317865.7_1", order="320481-20171122-0252", file="1511317865.7.wav")
    logging.getLogger("foreign").warning("no way to %s", "sip:13800000002@10.0.0.1")
    first, second, third = file.read_text(encoding="utf-8").splitlines()
    assert "KeyError: '***'" in first
    assert '"error": "from ***."' in first
    assert '"call": "1511317865.7"' in first
    assert '"call": "1511317865.7_1", "order": "320481-20171122-0252"' in second
    assert '"file": "1511317865.7.wav"' in second
    assert "no way to sip:***@10.0.0.1" in third
    assert "138000" not in capfd.readouterr().err
