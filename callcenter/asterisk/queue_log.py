"""Asterisk's own records of calls: the lines that the dialplan adds to queue_log.

CALLRECORD: one for each call from a trunk and each emergency call, written when its channel ends,
whether a controller was there or not. CALLENTERED: one for each time that the fallback dialplan
takes a call. asterisk-config/extensions.conf.j2 ([record], [fallback]) writes them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from callcenter.asterisk.causes import ending
from callcenter.asterisk.decode import LONGEST_NUMBER, header_lines
from callcenter.calls.events import (
    CallEndedOutside,
    CallTakenOutside,
    Ending,
    Handled,
    SipHeaders,
)

_PREFIX_FIELDS = 5  # time, call, queue, agent, event
_POLL_SECONDS = 0.2
_BY_DIAL_STATUS = {
    "BUSY": Ending.BUSY,
    "NOANSWER": Ending.NO_ANSWER,
    "CONGESTION": Ending.CONGESTION,
    "CHANUNAVAIL": Ending.UNREACHABLE,
    "CANCEL": Ending.NORMAL,
}


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call as Asterisk saw it. Times in seconds since 1970 UTC by the machine's clock."""

    call: str
    origin: str
    """The trunk or the seat that it came from."""
    dialled: str
    caller: str
    began: float
    answered: float | None
    ended: float
    emergency: bool
    target: str
    """The trunk that an emergency call went to."""
    cause: int
    """Q.850 cause of the hang-up."""
    dial_status: str
    """Dial's DIALSTATUS, where the dialplan dialled; NOANSWER where its queue gave up."""
    handled: Handled = Handled.NOT
    seat: str = ""

    def as_event(self, ahead: float = 0.0) -> CallEndedOutside:
        """The fact for the core, whose clock is `ahead` seconds ahead of the machine's."""
        answered = self.answered
        return CallEndedOutside(
            call=self.call,
            trunk=self.origin,
            dialled=self.dialled,
            caller=self.caller,
            emergency=self.emergency,
            began=self.began + ahead,
            answered=None if answered is None else answered + ahead,
            ended=self.ended + ahead,
            ending=_BY_DIAL_STATUS.get(self.dial_status) or ending(self.cause, None),
            target=self.target,
            handled=self.handled,
            seat=self.seat,
        )


@dataclass(frozen=True, slots=True)
class CallEntered:
    """The fallback dialplan took a call that began at `began`, as in `CallRecord`."""

    call: str
    origin: str
    dialled: str
    began: float
    headers: SipHeaders

    def as_event(self, ahead: float = 0.0) -> CallTakenOutside:
        """The fact for the core, whose clock is `ahead` seconds ahead of the machine's."""
        return CallTakenOutside(
            call=self.call,
            trunk=self.origin,
            dialled=self.dialled,
            headers=self.headers,
            began=self.began + ahead,
        )


Line = CallRecord | CallEntered


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A line and the place in the file behind it, to go on from after a restart."""

    record: Line
    offset: int


def parse(line: str) -> Line | None:
    """What one line of queue_log says; None for every other line, and for a damaged one."""
    fields = line.rstrip("\r\n").split("|")
    if len(fields) < _PREFIX_FIELDS:
        return None
    call, event, values = fields[1], fields[_PREFIX_FIELDS - 1], fields[_PREFIX_FIELDS:]
    try:
        match event, values:
            case "CALLRECORD", [*known] if len(known) == 10:  # as it was before the fallback
                return _record(call, [*known, "", ""])
            case "CALLRECORD", [*known] if len(known) == 12:
                return _record(call, known)
            case "CALLENTERED", [origin, dialled, began, *headers] if len(headers) in (5, 6):
                return CallEntered(
                    call=call,
                    origin=origin,
                    dialled=unquote(dialled),
                    began=_seconds(began),
                    headers=header_lines(headers),
                )
    except ValueError:
        pass
    return None


def _record(call: str, values: list[str]) -> CallRecord:
    origin, dialled, caller, began, answered, ended, emergency, target = values[:8]
    cause, status, handled, seat = values[8:]
    return CallRecord(
        call=call,
        origin=origin,
        dialled=unquote(dialled),
        caller=unquote(caller),
        began=_seconds(began),
        answered=_seconds(answered) if answered else None,
        ended=_seconds(ended),
        emergency=emergency == "1",
        target=target,
        cause=_seconds(cause) if cause else 0,
        dial_status=status,
        handled=Handled(handled),
        seat=seat,
    )


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise ValueError(f"{text!r} is no whole number")
    return int(text)


async def follow(file: Path, offset: int = 0) -> AsyncGenerator[LoggedCall, None]:
    """All records from byte `offset` on, those to come too, for ever.

    A line without its end is waited for. When the file is replaced (rotated), its rest is read
    before the new one's beginning; when it is shorter than `offset`, it is read from its beginning.
    """
    opened: BinaryIO | None = None
    try:
        while True:
            if opened is None:
                opened = _open(file, offset)
            if opened is not None:
                rotated = _is_another(file, opened)
                while (line := opened.readline()).endswith(b"\n"):
                    record = parse(line.decode("utf-8", "replace"))
                    if record is not None:
                        yield LoggedCall(record, opened.tell())
                opened.seek(-len(line), os.SEEK_CUR)
                if rotated:
                    opened.close()
                    opened, offset = None, 0
                    continue
            await asyncio.sleep(_POLL_SECONDS)
    finally:
        if opened is not None:
            opened.close()


def _open(file: Path, offset: int) -> BinaryIO | None:
    try:
        opened = file.open("rb")
    except FileNotFoundError:
        return None
    if offset <= opened.seek(0, os.SEEK_END):
        opened.seek(offset)
    else:
        opened.seek(0)
    return opened


def _is_another(file: Path, opened: BinaryIO) -> bool:
    """Whether the name stands for another file now, or for the same one cut off."""
    try:
        named = file.stat()
    except FileNotFoundError:
        return False  # between the two steps of a rotation
    ours = os.fstat(opened.fileno())
    same = (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)
    return not same or named.st_size < opened.tell()
