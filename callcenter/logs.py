"""Structured logs: one JSON object a line, with the call's id where there is one.

All of it goes to a file that is rotated; what somebody should look at also goes to the terminal.
Nothing logs a telephone number; where an error's text has one all the same, it is masked.
"""

from __future__ import annotations

import logging
import re
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

import structlog

FILE_BYTES = 20_000_000
MASKED = "***"
_NUMBER = re.compile(r"(?<![\w.-])\+?\d{10,15}(?![\w-]|\.\d)")
"""A telephone number; a call's id goes on behind a point, an order's number has hyphens."""
KEPT_FILES = 10


class _File(RotatingFileHandler):
    """On a full disk a line is left out: the terminal has those that matter, without a traceback
    for each."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say what is wrong with the line itself, not with the disk."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def mask_numbers(
    _logger: logging.Logger, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """No telephone number, also where an error's text or a traceback has one."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _NUMBER.sub(MASKED, value)
    return event


def log_to(file: Path) -> None:
    """Send everything from INFO on to `file`, and from WARNING on to the terminal too."""
    file.parent.mkdir(parents=True, exist_ok=True)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    lines = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            mask_numbers,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        foreign_pre_chain=shared,
    )
    to_file = _File(file, maxBytes=FILE_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    to_file.setFormatter(lines)
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setFormatter(lines)
    to_terminal.setLevel(logging.WARNING)
    root = logging.getLogger()
    root.handlers = [to_file, to_terminal]
    root.setLevel(logging.INFO)
    for chatty in ("aiohttp.access", "panoramisk", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
