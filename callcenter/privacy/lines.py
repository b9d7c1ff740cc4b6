"""Callers' numbers in old lines of queue_log files and of Asterisk's log are struck out, in place.

Other programs append to these files and remember places in them, so every line keeps its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from callcenter.clock import SHANGHAI

STRUCK = b"*"
_CALLER = {b"ENTERQUEUE": (6, 7), b"CALLRECORD": (7, 8), b"CALLENTERED": (8, None)}
"""In which fields of an event's line a caller's number is: from, and up to."""
_FIELDS = 5  # time, call, queue, agent, event
_STAMP = re.compile(rb"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")
_ADDRESS = re.compile(rb"\"[^\"]*\"(?= ?<sips?:)|(?<=sip:)[^@>\s']+(?=@)|(?<=sips:)[^@>\s']+(?=@)")
"""The name and the user of a SIP address."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a file's lines are read."""

    moment: Callable[[bytes], float | None]
    """When a line was written, in seconds since 1970 UTC; None: with the one before."""
    without: Callable[[bytes], bytes]
    """The line without callers, as long as it was."""


def strike(file: Path, form: Form, before: float, limit: int | None = None) -> int:
    """Strike callers out of the lines from before that moment; returns of how many.

    `limit`: not beyond this byte. It ends at the first line that is younger. Raises OSError.
    """
    struck = 0
    with file.open("rb") as opened, file.open("r+b") as written:
        place = 0
        for line in opened:
            end = place + len(line)
            if not line.endswith(b"\n") or (limit is not None and end > limit):
                break
            moment = form.moment(line)
            if moment is not None and moment >= before:
                break
            without = form.without(line)
            if without != line:
                written.seek(place)
                written.write(without)
                struck += 1
            place = end
    return struck


def _epoch(line: bytes) -> float | None:
    moment = line.partition(b"|")[0]
    return float(moment) if moment.isdigit() else None


def _fields_struck(line: bytes) -> bytes:
    body = line.rstrip(b"\r\n")
    fields = body.split(b"|")
    if len(fields) < _FIELDS or fields[_FIELDS - 1] not in _CALLER:
        return line
    first, last = _CALLER[fields[_FIELDS - 1]]
    fields[first:last] = [STRUCK * len(field) for field in fields[first:last]]
    return b"|".join(fields) + line[len(body) :]


def _stamp(line: bytes) -> float | None:
    found = _STAMP.match(line)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found[1].decode()).replace(tzinfo=SHANGHAI).timestamp()
    except ValueError:
        return None


def _addresses_struck(line: bytes) -> bytes:
    return _ADDRESS.sub(lambda found: STRUCK * len(found[0]), line)


QUEUE_LOG = Form(_epoch, _fields_struck)
"""Ours and Asterisk's."""
ASTERISK_LOG = Form(_stamp, _addresses_struck)
"""It names who calls only where it refuses a message from an address that is no trunk's."""
