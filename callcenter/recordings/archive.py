"""The archive: takes recordings out of Asterisk's spool, measures, files and keeps them.

A file's way has two states and no others, so that a death at any moment leads on. In the spool it
is unfinished: finish its header, take length and SHA-256, write its row, move it; all of this may
be done again. In the archive it is filed. So nothing needs to be remembered but files and rows,
and while the order store is away recordings just wait in the spool.

A file is taken when Asterisk's line about its call was read (`ended`), which the dialplan writes
after the file is whole. Whatever never gets such a line (Asterisk was killed) is found by looking
through the spool: nobody writes to it, and Asterisk has no such channel.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import shutil
import stat
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.disk import sync_names
from callcenter.orders.times import local
from callcenter.recordings import wav
from callcenter.recordings.space import DAY, RATE_DAYS, Space, measure
from callcenter.store.recordings import Recording, RecordingKind, RemovedBecause, Totals

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0
"""How often the spool is looked through, and the room measured."""
IDLE_SECONDS = 5.0
"""Asterisk writes 2 s of sound at a time: what is older is over, or paused."""
LEAST_PAUSE = 1.0
"""Seconds between two batches, and longer after a long one: calls come first, files can wait, and a
batch costs little more than a file."""
FILE_PAUSE = 0.1
"""Seconds after each file whose row was lost."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
"""Seconds after a failure: ever more, until something goes well."""
_BATCH = 100
_KINDS = {
    "v": RecordingKind.VOICE_MAIL,
    "c": RecordingKind.COMMENT,
    "a": RecordingKind.CONSULTATION,
}
"""What is in a file, by the letter after the call and `_` in its name; a call has no letter."""
_UNIQUE_ID = re.compile(r"(?:.*-)?(\d{9,11})\.\d+")


class NoAnswerError(Exception):
    """Asterisk cannot be asked which channels it has."""


class Filing(Protocol):
    """The table of recordings, as the archive sees it."""

    async def file(self, *recordings: Recording) -> None:
        """Keep these rows; may be repeated."""

    async def mark_removed(
        self, recordings: Collection[Recording], now: float, because: RemovedBecause
    ) -> None:
        """Say of these that their files are gone; may be repeated."""

    async def begun_before(self, moment: float, limit: int) -> Sequence[Recording]:
        """Some that began before `moment` and whose files are there."""

    async def without_row(self, calls: Collection[str]) -> Collection[str]:
        """Those of these calls that have an order and no recording."""

    async def totals(self, recent: float) -> Totals:
        """What is there."""


class Archive:
    """One installation's recordings. Run `run` as a task; tell it of calls by `ended`."""

    def __init__(
        self,
        spool: Path,
        folder: Path,
        filing: Filing,
        living: Callable[[], Awaitable[Collection[str]]],
        *,
        quota: int,
        days: int,
        clock_offset: float = 0.0,
    ) -> None:
        """`living` gives the ids of all channels of Asterisk, or raises `NoAnswerError`.

        `quota` is in bytes, `days` how long recordings are kept, `clock_offset` how many seconds
        the centre's clock is ahead of the machine's.
        """
        self._spool = spool
        self._folder = folder
        self._filing = filing
        self._living = living
        self._quota = quota
        self._days = days
        self._clock_offset = clock_offset
        self._ended: dict[str, None] = {}
        """Calls whose files are to be taken, in order."""
        self._wake = asyncio.Event()
        self._look_at = self._keep_house_at = 0.0
        self._failing: dict[str, str] = {}
        """What cannot be done now, and why: a call whose file is not filed, or another work."""
        self.space = Space(quota=quota)
        """The room at the last look."""

    @property
    def error(self) -> str | None:
        """Why some recording is not filed now."""
        return next(iter(self._failing.values()), None)

    def ended(self, call: str) -> None:
        """Asterisk's line about this call was read: its file is whole."""
        self._ended[call] = None
        self._wake.set()

    async def run(self) -> None:
        """Take, file and keep recordings until cancelled."""
        pause, alone = FIRST_PAUSE, 0
        await asyncio.to_thread(_make_private, self._folder)
        while True:
            self._wake.clear()
            await self._do_what_is_due()
            while self._ended:
                began = time.monotonic()
                calls = list(islice(self._ended, 1 if alone else _BATCH))
                for call in calls:
                    del self._ended[call]
                alone = max(0, alone - 1)
                if await self._watched(calls, self.take(*calls)):
                    pause = FIRST_PAUSE
                    await asyncio.sleep(max(LEAST_PAUSE, time.monotonic() - began))
                elif len(calls) > 1:  # one by one, so that one file holds up no other
                    self._ended, alone = dict.fromkeys(calls) | self._ended, len(calls)
                else:  # its turn comes again at a later look
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
                await self._do_what_is_due()
            try:
                await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue

    async def _do_what_is_due(self) -> None:
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            await self._watched(["looking"], self.look())
            await self._watched(["measuring"], self.measure())
        if now >= self._keep_house_at:
            well = await self._watched(["keeping house"], self.keep_house())
            self._keep_house_at = now + (DAY if well else LONGEST_PAUSE)

    async def _watched(self, what: Sequence[str], work: Awaitable[None]) -> bool:
        """Whether it went well; where not, and it is clear with what, /healthz says why."""
        try:
            await work
        except (SQLAlchemyError, OSError) as failure:
            if len(what) == 1:
                text = f"{type(failure).__name__}: {failure}".splitlines()[0]
                if what[0] not in self._failing:
                    log.warning("recordings_failed", what=what[0], error=text)
                self._failing[what[0]] = text
            return False
        for each in what:
            self._failing.pop(each, None)
        return True

    # -- from the spool into the archive -----------------------------------------------------------

    async def look(self) -> None:
        """Find files in the spool whose calls are over though no line said so."""
        idle = await asyncio.to_thread(self._idle)
        if not idle:
            return
        try:
            living = await self._living()
        except NoAnswerError as error:
            log.debug("recordings_not_looked_for", error=str(error))
            return
        # Asked after the files were listed: the channel of a new file is among them.
        for name in idle:
            call = _call(name)
            if call not in living:
                self.ended(call)

    async def take(self, *calls: str) -> None:
        """Take these ended calls' files, if there are any, all the way.

        Raises SQLAlchemyError, OSError; what was done then may be done again.
        """
        found = await asyncio.to_thread(self._examined, calls)
        if not found:
            return
        await self._filing.file(*found.values())
        await asyncio.to_thread(self.put_away, found)
        log.info("recordings_filed", count=len(found), last=next(reversed(found.values())).file)

    def _examined(self, calls: Sequence[str]) -> dict[Path, Recording]:
        """What is in the files of these calls."""
        sources = [source for call in calls for source in self._spooled(call)]
        found = {source: self.examine(source) for source in sources}
        return {source: each for source, each in found.items() if each is not None}

    def _spooled(self, call: str) -> list[Path]:
        """The call's own recording, what its caller said to be kept, and consultations that the
        caller did not hear: these once nobody writes to them any more."""
        before = time.time() - IDLE_SECONDS
        found = self._spool.glob(f"{call}_[{''.join(_KINDS)}]*.wav")
        return [
            self._spool / f"{call}.wav",
            *sorted(
                each
                for each in found
                if _kind(each.stem) is not RecordingKind.CONSULTATION
                or each.stat().st_mtime < before
            ),
        ]

    def examine(self, source: Path) -> Recording | None:
        """What is in a spooled file, once its header is right; a file without sound is removed."""
        call, kind = _call(source.stem), _kind(source.stem)
        began = _began(call) if kind is RecordingKind.CALL else None
        try:
            _own(source)
            found = wav.finish(source)
        except FileNotFoundError:
            return None
        except wav.WavError as error:
            # Kept all the same: whatever it is, it may be all there is of the call.
            log.error("recording_unreadable", call=call, error=str(error))
            found = wav.Wav(0.0, repaired=False)
        if found is None:
            source.unlink()
            log.debug("recording_empty", call=call)
            return None
        status = source.stat()
        own = status.st_mtime - found.seconds
        if began is None:
            began = own
        sha256 = digest(source)
        file = self._free_name(source.stem, began + self._clock_offset, sha256)
        if not file.endswith(f"/{source.stem}.wav"):  # a later one: the citizen was called back
            began = own
        return Recording(
            call=call,
            file=file,
            began=began + self._clock_offset,
            seconds=found.seconds,
            bytes=status.st_size,
            sha256=sha256,
            repaired=found.repaired,
            kind=kind,
        )

    def _free_name(self, stem: str, began: float, sha256: str) -> str:
        """Where it goes: to a name that is free, or that holds the same already."""
        day = local(began).strftime("%Y/%m/%d")
        for copy in count(1):
            name = f"{day}/{stem}.wav" if copy == 1 else f"{day}/{stem}_{copy}.wav"
            there = self._folder / name
            if not there.exists() or digest(there) == sha256:
                return name
        raise AssertionError("unreachable")

    def put_away(self, filed: Mapping[Path, Recording]) -> None:
        """Move filed recordings to their places, readable by nobody but us. Raises OSError."""
        folders = set()
        for source, recording in filed.items():
            target = self._folder / recording.file
            if target.parent not in folders:
                for folder in reversed(target.relative_to(self._folder).parents):
                    _make_private(self._folder / folder)
                folders.add(target.parent)
            try:
                source.rename(target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                _copy_across(source, target)
                source.unlink()
        for folder in folders:
            sync_names(folder)

    def _idle(self) -> list[str]:
        """Names of spooled files that nobody has written to for a while, oldest first."""
        before = time.time() - IDLE_SECONDS
        try:
            entries = [each for each in os.scandir(self._spool) if each.name.endswith(".wav")]
        except FileNotFoundError:
            return []
        found = []
        for entry in entries:
            try:
                written = entry.stat().st_mtime
            except FileNotFoundError:
                continue
            if written < before:
                found.append((written, entry.name.removesuffix(".wav")))
        return [name for _, name in sorted(found)]

    # -- what is kept ------------------------------------------------------------------------------

    async def measure(self) -> None:
        """Take the room anew; say once when it begins, and ceases, to be short."""
        now = self._now()
        totals = await self._filing.totals(now - RATE_DAYS * DAY)
        short = self.space.is_short
        self.space = await asyncio.to_thread(measure, totals, self._quota, self._folder, now)
        if self.space.is_short and not short:
            log.warning("recordings_space_short", text=self.space.told())
        elif short and not self.space.is_short:
            log.info("recordings_space_enough", text=self.space.told())

    async def keep_house(self) -> None:
        """Remove what is older than it is kept; file what has lost its row."""
        await self.expire()
        await self.file_again()

    async def expire(self) -> None:
        """Remove files whose time is over. Their rows stay, and say so."""
        moment = self._now() - self._days * DAY
        while old := await self._filing.begun_before(moment, _BATCH):
            await remove(self._folder, self._filing, old, self._now(), RemovedBecause.RETENTION)
            log.info("recordings_removed", count=len(old), days=self._days)
            await asyncio.sleep(LEAST_PAUSE)

    async def file_again(self) -> None:
        """Write rows for archived files of calls that have an order and no recording.

        The order store was lost, and made again from the journal.
        """
        for day in await asyncio.to_thread(lambda: list(_days(self._folder))):
            files = await asyncio.to_thread(_files, day)
            lost = await self._filing.without_row({_call(file.stem) for file in files})
            for file in files:
                if _call(file.stem) not in lost:
                    continue
                recording = await asyncio.to_thread(self.examine, file)
                if recording is not None and self._folder / recording.file == file:
                    await self._filing.file(recording)
                    log.warning("recording_filed_again", call=recording.call, file=recording.file)
                await asyncio.sleep(FILE_PAUSE)
            await asyncio.sleep(0)

    def _now(self) -> float:
        return time.time() + self._clock_offset


async def remove(
    folder: Path,
    filing: Filing,
    recordings: Sequence[Recording],
    now: float,
    because: RemovedBecause,
) -> None:
    """Delete these files of the archive's. Their rows stay, and say so; may be repeated.

    Raises SQLAlchemyError, OSError.
    """
    await asyncio.to_thread(_delete, [folder / each.file for each in recordings])
    # Only now: a row must not say removed of a file that is there.
    await filing.mark_removed(recordings, now, because)


def digest(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal. Raises OSError."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _delete(files: Sequence[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _began(name: str) -> float | None:
    """When the call began by the machine's clock: Asterisk's ids begin with it. Of a consultation
    only its end is known, by the file's own time."""
    match = _UNIQUE_ID.fullmatch(name)
    return float(match[1]) if match else None


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _own(file: Path) -> None:
    """Make a file that Asterisk wrote ours alone. Raises OSError, for what is no file too."""
    status = file.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no plain file", str(file))
    if os.geteuid() == 0:
        os.chown(file, 0, 0, follow_symlinks=False)
    elif status.st_uid != os.geteuid():
        _copy_across(file, file)  # we may write to the folder, not to the file
    file.chmod(0o600)


def _copy_across(source: Path, target: Path) -> None:
    """As a file of ours, to another file system too; whole or not at all."""
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with source.open("rb") as whole, part.open("wb") as copy:
        shutil.copyfileobj(whole, copy)
        copy.flush()
        os.fsync(copy.fileno())
    part.replace(target)


def _days(folder: Path) -> Iterator[Path]:
    """The days that have a folder, oldest first."""
    return iter(sorted(folder.glob("[0-9]*/[0-9]*/[0-9]*")))


def _files(day: Path) -> list[Path]:
    return sorted(day.glob("*.wav"))


def _kind(stem: str) -> RecordingKind:
    """What is in a file: `1511317865.7_v3` is a message, `1511317865.7_2` a call's second file."""
    return _KINDS.get(stem.partition("_")[2][:1], RecordingKind.CALL)


def _call(stem: str) -> str:
    """The call that a file is of: `1511317865.7_v3` is a message left in 1511317865.7."""
    return stem.partition("_")[0]
