"""Callers' numbers in old lines of queue_log files are struck out, in place.

Other programs append to these files and remember places in them, so every line keeps its length.
"""

from __future__ import annotations

from pathlib import Path

STRUCK = b"*"
_CALLER = {b"ENTERQUEUE": (6, 7), b"CALLRECORD": (7, 8), b"CALLENTERED": (8, None)}
"""In which fields of an event's line a caller's number is: from, and up to."""
_FIELDS = 5  # time, call, queue, agent, event


def strike(file: Path, before: float, limit: int | None = None) -> int:
    """Strike callers' numbers out of the lines from before that moment; returns of how many.

    `limit`: not beyond this byte. It ends at the first line that is younger. Raises OSError.
    """
    struck = 0
    with file.open("rb") as opened, file.open("r+b") as written:
        place = 0
        for line in opened:
            end = place + len(line)
            if not line.endswith(b"\n") or (limit is not None and end > limit):
                break
            moment = line.partition(b"|")[0]
            if moment.isdigit() and int(moment) >= before:
                break
            without = without_caller(line)
            if without != line:
                written.seek(place)
                written.write(without)
                struck += 1
            place = end
    return struck


def without_caller(line: bytes) -> bytes:
    """The line with the caller's fields struck out, as long as it was."""
    body = line.rstrip(b"\r\n")
    fields = body.split(b"|")
    if len(fields) < _FIELDS or fields[_FIELDS - 1] not in _CALLER:
        return line
    first, last = _CALLER[fields[_FIELDS - 1]]
    fields[first:last] = [STRUCK * len(field) for field in fields[first:last]]
    return b"|".join(fields) + line[len(body) :]
