"""sipp as the carrier's callers and as the seats' softphones."""

from __future__ import annotations

import asyncio
import csv
import shutil
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.packets import Place, write_voice
from callcenter.realtime import hurry

VOICE = bytes([0x35] * 160)
"""20 ms of a seat's voice in A-law: no other sound of either side is like it."""
CALLER_VOICE = bytes([0x2A] * 160)
"""The same of a caller who speaks."""
HOTLINE = "12345"
SIP_PORT, AUDIO_PORT = 5060, 6000
"""Of callers and of seats, each on an address of their own."""

_SCENARIOS = Path(__file__).with_name("scenarios")
_FRAMES = 50
"""A second."""
_VOICE_SECONDS = 0.5
"""No more: sipp's own work with audio would soon be more than the server's."""
_REGISTRATIONS = 100
"""A second."""
_WAITING_RATE = 40
"""Callers a second who come to wait."""
_POLL_SECONDS = 0.2
_END_SECONDS = 60.0
_COUNTS = ("-trace_stat", "-stf", "counts.csv", "-fd", "1")
_ALL_WELL, _SOME_FAILED = 0, 1
"""sipp's exit codes; the others mean that it could not work."""


class SippError(Exception):
    """sipp failed; the text holds its own words."""


@dataclass(frozen=True)
class Load:
    """So many calls at so many a second, each with a talk of some seconds."""

    calls: int
    rate: float
    talk: float = 1.0

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return self.calls / self.rate + self.talk


async def register(folder: Path, host: str, server: Place, passwords: Mapping[str, str]) -> None:
    """Register all seats at one address, where `seats` then answers. Raises SippError."""
    rows = [
        f"{seat};[authentication username={seat} password={password}]"
        for seat, password in passwords.items()
    ]
    _inject(folder, rows)
    limits = ("-m", str(len(rows)), "-r", str(_REGISTRATIONS))
    sipp = await _start(folder, "registering", host, *limits, *_injected(server))
    if not await _finish(sipp, folder, len(rows) / _REGISTRATIONS):
        raise SippError(f"not every seat could register\n{_words(folder)}")


@asynccontextmanager
async def seats(
    folder: Path, host: str, scenario: str = "answering", *, speak: float = _VOICE_SECONDS
) -> AsyncIterator[None]:
    """Seats at one address that answer every call at once, until left. Raises SippError.

    They `speak` for so many seconds.
    """
    _record_voice(folder, VOICE, speak)
    sipp = await _start(folder, scenario, host)
    try:
        yield
        if sipp.returncode is None:
            sipp.send_signal(signal.SIGUSR1)  # it ends once its calls have
        await _finish(sipp, folder, 0.0)
    finally:
        await _end(sipp)


async def call(folder: Path, host: str, server: Place, load: Load, *, first: int = 1) -> bool:
    """Make these calls and wait for their end; whether all went as written. Raises SippError.

    `first` numbers the callers, no two of whom may be the same in one run.
    """
    _inject(folder, [f"138{number:08d}" for number in range(first, first + load.calls)])
    limits = ("-m", str(load.calls), "-l", str(load.calls), "-r", f"{load.rate:g}")
    talk = ("-d", str(round(load.talk * 1000)))
    sipp = await _start(folder, "calling", host, *limits, *talk, "-s", HOTLINE, *_injected(server))
    return await _finish(sipp, folder, load.seconds)


@asynccontextmanager
async def waiting(
    folder: Path, host: str, server: Place, number: str, count: int
) -> AsyncIterator[None]:
    """So many callers of that number are answered, and wait until the block is left.

    They hang up by being gone: the server is not used any more. Raises SippError if one is lost.
    """
    _inject(folder, [f"139{caller:08d}" for caller in range(1, count + 1)])
    limits = ("-m", str(count), "-l", str(count), "-r", str(_WAITING_RATE))
    told = ("-trace_logs", "-log_file", "waiting")
    sipp = await _start(folder, "waiting", host, *limits, *told, "-s", number, *_injected(server))
    try:
        async with asyncio.timeout(count / _WAITING_RATE + _END_SECONDS):
            while _count(folder / "waiting", b"waits") < count:
                _must_run(sipp, folder)
                await asyncio.sleep(_POLL_SECONDS)
        yield
        _must_run(sipp, folder)
    except TimeoutError as error:
        raise SippError(f"not all of {count} callers wait\n{_words(folder)}") from error
    finally:
        await _end(sipp)


def _must_run(sipp: asyncio.subprocess.Process, folder: Path) -> None:
    if sipp.returncode is not None or _count(folder / "errors", b"borting"):
        raise SippError(f"a caller waits no more\n{_words(folder)}")


def _count(file: Path, word: bytes) -> int:
    return file.read_bytes().count(word) if file.exists() else 0


@dataclass(frozen=True)
class Appointment:
    """One call of a schedule."""

    caller: str
    at: float
    """Seconds after the first."""
    stays: float
    """Seconds from the answer until the caller hangs up."""


@dataclass(frozen=True)
class Statistics:
    """What sipp counted itself."""

    made: int
    successful: int
    failed: int


async def keep(
    folder: Path, host: str, server: Place, schedule: Sequence[Appointment]
) -> Statistics:
    """Make these calls, each at its time; what sipp says of them. Raises SippError."""
    rows = [
        f"{each.caller};{round(each.at * 1000)};{round(each.stays * 1000)}" for each in schedule
    ]
    _inject(folder, rows)
    limits = ("-m", str(len(rows)), "-l", str(len(rows)), "-r", "1000")
    sipp = await _start(
        folder, "scheduled", host, *limits, *_COUNTS, "-s", HOTLINE, *_injected(server)
    )
    await _finish(sipp, folder, max(each.at + each.stays for each in schedule))
    return _counted(folder)


async def talk(folder: Path, host: str, server: Place, load: Load) -> Statistics:
    """Make these calls, with somebody speaking all the time in each; what sipp says of them.

    Raises SippError.
    """
    _record_voice(folder, CALLER_VOICE, load.talk + 1.0)
    _inject(folder, [f"138{number:08d}" for number in range(1, load.calls + 1)])
    limits = ("-m", str(load.calls), "-l", str(load.calls), "-r", f"{load.rate:g}")
    stays = ("-d", str(round(load.talk * 1000)))
    sipp = await _start(
        folder, "talking", host, *limits, *stays, *_COUNTS, "-s", HOTLINE, *_injected(server)
    )
    await _finish(sipp, folder, load.seconds)
    return _counted(folder)


def _counted(folder: Path) -> Statistics:
    with (folder / "counts.csv").open(encoding="utf-8", newline="") as file:
        *_, last = csv.DictReader(file, delimiter=";")
    return Statistics(
        int(last["TotalCallCreated"]), int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"])
    )


def _record_voice(folder: Path, voice: bytes, seconds: float) -> None:
    """RTP packets of payload type 8, A-law."""
    packets = [
        b"\x80\x08" + n.to_bytes(2, "big") + (n * len(voice)).to_bytes(4, "big") + b"SEAT" + voice
        for n in range(round(seconds * _FRAMES))
    ]
    folder.mkdir(parents=True)
    write_voice(folder / "voice.pcap", packets, 1_000_000_000 // _FRAMES)


def _inject(folder: Path, rows: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fields.csv").write_text("\n".join(["SEQUENTIAL", *rows, ""]))


def _injected(server: Place) -> tuple[str, ...]:
    return ("-inf", "fields.csv", f"{server[0]}:{server[1]}")


async def _start(
    folder: Path, scenario: str, host: str, *arguments: str
) -> asyncio.subprocess.Process:
    shutil.copy(_SCENARIOS / f"{scenario}.xml", folder)  # sipp looks for sounds beside it
    with (folder / "log").open("wb") as log:
        sipp = await asyncio.create_subprocess_exec(
            *("sipp", "-sf", f"{scenario}.xml", "-i", host, "-p", str(SIP_PORT)),
            *("-mi", host, "-mp", str(AUDIO_PORT), "-nostdin", "-skip_rlimit"),
            *("-trace_err", "-error_file", "errors"),
            *arguments,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
        )
    hurry(sipp.pid)  # like what it measures: telephones do not wait for a busy machine
    return sipp


async def _finish(sipp: asyncio.subprocess.Process, folder: Path, seconds: float) -> bool:
    """Wait for the end; whether all calls went as written. Raises SippError in sipp's own words."""
    try:
        status = await asyncio.wait_for(sipp.wait(), seconds + _END_SECONDS)
    except TimeoutError as error:
        raise SippError(f"sipp does not end\n{_words(folder)}") from error
    finally:
        await _end(sipp)
    if status not in (_ALL_WELL, _SOME_FAILED):
        raise SippError(f"sipp ended with {status}\n{_words(folder)}")
    return status == _ALL_WELL


async def _end(sipp: asyncio.subprocess.Process) -> None:
    if sipp.returncode is None:
        sipp.kill()
        await sipp.wait()


def _words(folder: Path) -> str:
    files = [file for name in ("log", "errors") if (file := folder / name).exists()]
    return "\n".join(file.read_text("utf-8", "replace")[-2000:] for file in files)
