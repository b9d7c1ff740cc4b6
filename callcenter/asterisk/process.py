"""Runs Asterisk in the foreground, unprivileged, from the system or from the made root.

A made root is entered in a mount namespace of its own: nothing of it is seen outside, and nothing
stays mounted however Asterisk or we end. Inside, the root is read-only and of our data only
Asterisk's own folder is there, at its usual path.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shlex
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from callcenter.asterisk.secrets import USER, ari_password
from callcenter.realtime import hurry
from callcenter.settings import PROJECT, Settings
from callcenter.setup import asterisk_root

START_SECONDS = 60.0
"""A busy machine may need many times the usual second."""
_UMASK = 0o007
"""What Asterisk writes is for it and its group."""
PING_SECONDS = 5.0
UNANSWERED_PINGS = 3
"""Asterisk that answers none of so many is taken for frozen: never one that is only busy."""
_STOP_SECONDS = 4.0
_READS = ("etc", "sounds")
_WRITES_TO = ("lib", "log", "run", "spool")
_POLL_SECONDS = 0.05
_LOG_TAIL = 20


class AsteriskError(Exception):
    """Asterisk cannot be started; the text says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The unprivileged user that Asterisk runs as."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Installation:
    """An Asterisk that can be run."""

    executable: Path
    """As seen from inside the root."""
    root: Path | None
    """A made root; None for the system's own."""
    account: Account | None
    """None: as whoever we are."""


def find_installation(settings: Settings) -> Installation:
    """The system's Asterisk, if new enough, else the made root's.

    Raises AsteriskError where there is none, or root is needed and we are not.
    """
    own = asterisk_root.system_asterisk()
    if own is not None:
        return Installation(own, None, _system_account() if _is_root() else None)
    root = settings.asterisk_root
    if not (root / "usr/sbin/asterisk").is_file():
        raise AsteriskError(f"no Asterisk in {root}. Run this as root: {PROJECT}/script/bootstrap")
    if not _is_root():
        raise AsteriskError(
            "Asterisk runs from a root of its own, which needs root to enter "
            "(it then runs unprivileged). Run this as root:\n"
            f"  {PROJECT}/script/server"
        )
    return Installation(
        Path("/usr/sbin/asterisk"), root, Account(asterisk_root.UID, asterisk_root.UID)
    )


def _is_root() -> bool:
    return os.geteuid() == 0


def _system_account() -> Account:
    try:
        user = pwd.getpwnam(asterisk_root.USER)
    except KeyError as error:
        raise AsteriskError(
            "the system's Asterisk has no user `asterisk` to run as: "
            "create one with `adduser --system --group asterisk`, or do not run this as root"
        ) from error
    return Account(user.pw_uid, user.pw_gid)


def command(installation: Installation, folder: Path) -> list[str]:
    """The command line that becomes Asterisk (no fork in between) with its data in `folder`."""
    asterisk = [str(installation.executable), "-f", "-C", f"{folder}/etc/asterisk.conf"]
    # The signal, so that Asterisk never outlives us, must be asked for after changing the user.
    limits = ["setpriv", "--pdeathsig", "KILL", "--no-new-privs"]
    if installation.account is not None:
        limits += [
            f"--reuid={installation.account.uid}",
            f"--regid={installation.account.gid}",
            *("--clear-groups", "--inh-caps=-all", "--bounding-set=-all"),
        ]
    if installation.root is None:
        return [*limits, *asterisk]
    enter = _enter_root(installation.root, folder, [*limits, *asterisk])
    return ["unshare", "--mount", "--uts", "sh", "-euc", enter]


def _enter_root(root: Path, folder: Path, then: Sequence[str]) -> str:
    """A shell script, for a new mount namespace, that shows `root` and `folder` and nothing else.

    An empty file system on the root's `mnt` becomes the new root, so that folders can be made in it
    without a trace, and several instances share one root.
    """
    stage = root / "mnt"
    made = ["umask 022", f"mount -t tmpfs -o mode=755,size=1m callcenter {_q(stage)}"]
    for name in ("usr", "etc"):
        made += [
            f"mkdir {_q(stage / name)}",
            f"mount --bind {_q(root / name)} {_q(stage / name)}",
            f"mount -o remount,bind,ro,nosuid {_q(stage / name)}",
        ]
    made += [
        f"for link in bin sbin lib lib64; do"
        f" [ ! -L {_q(root)}/$link ] || cp -P {_q(root)}/$link {_q(stage)}/; done",
        f"mkdir -p {_q(stage)}/dev {_q(stage)}/proc {_q(stage)}/tmp {_q(stage)}{_q(folder)}",
        f"chmod 1777 {_q(stage)}/tmp",
        f"mount --rbind /dev {_q(stage)}/dev",
        f"mount -t proc proc {_q(stage)}/proc",
        f"mount --bind {_q(folder)} {_q(stage)}{_q(folder)}",
        f"echo {asterisk_root.HOST_NAME} > /proc/sys/kernel/hostname",
        f"cd {_q(stage)}",
        f"umask {_UMASK:03o}",
        f"exec chroot . {shlex.join(then)}",
    ]
    return "\n".join(made)


def _q(path: Path) -> str:
    return shlex.quote(str(path))


def hand_over(folder: Path, account: Account | None) -> None:
    """Let Asterisk read its configuration, and write where it must: nowhere else.

    Its group may write there too: a controller that is not root belongs to it, and takes recordings
    away. No link is followed: Asterisk could have put one there.
    """
    if account is None:
        return
    _give(folder, None, account.gid, 0o2750)
    for name in _READS:
        for path in (folder / name, *(folder / name).rglob("*")):
            _give(path, None, account.gid, 0o2750)
    for name in _WRITES_TO:
        for path in (folder / name, *(folder / name).rglob("*")):
            _give(path, account.uid, account.gid, 0o2770)


def _give(path: Path, uid: int | None, gid: int, mode: int) -> None:
    """Change the owner (None: leave it) and group; and the mode of a folder."""
    os.chown(path, -1 if uid is None else uid, gid, follow_symlinks=False)
    if path.is_dir() and not path.is_symlink():
        path.chmod(mode)


class AsteriskProcess:
    """One run of Asterisk."""

    def __init__(self, settings: Settings, process: asyncio.subprocess.Process) -> None:
        self._settings = settings
        self._process = process

    @property
    def pid(self) -> int:
        """Asterisk's process id."""
        return self._process.pid

    async def until_over(self) -> str:
        """Wait until it has ended or answers no more; why, in words. Then stop it all the same."""
        ended = asyncio.create_task(self._process.wait())
        silent = asyncio.create_task(_until_silent(self._settings))
        try:
            await asyncio.wait({ended, silent}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return f"ended by itself ({ended.result()})"
            silent.result()
            self._process.kill()  # frozen: it would not hear anything milder
            return f"has not answered for {PING_SECONDS * UNANSWERED_PINGS:.0f} s"
        finally:
            ended.cancel()
            silent.cancel()

    async def stop(self) -> None:
        """End it: by asking first, by force after some seconds."""
        if self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def start(settings: Settings) -> AsteriskProcess:
    """Start Asterisk on the rendered configuration; return when it takes calls.

    Raises AsteriskError with what its log says if it does not.
    """
    installation = find_installation(settings)
    hand_over(settings.asterisk, installation.account)
    log = settings.asterisk_log
    already = log.stat().st_size if log.exists() else 0
    output = settings.asterisk / "log" / "output"
    with output.open("wb") as opened:
        child = await asyncio.create_subprocess_exec(
            *command(installation, settings.asterisk),
            cwd="/",
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TZ": "CST-8"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=opened,
            stderr=asyncio.subprocess.STDOUT,
            umask=_UMASK,
            start_new_session=True,  # Ctrl-C is for the supervisor, which stops us in order
        )
    running = AsteriskProcess(settings, child)
    ready = asyncio.create_task(_until_ready(settings))
    ended = asyncio.create_task(child.wait())
    try:
        await asyncio.wait(
            {ready, ended}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if ready.done() and not ended.done():
            hurry(running.pid)
            return running
    finally:
        ready.cancel()
        if not ready.done() or ended.done():
            await running.stop()
        ended.cancel()
    raise AsteriskError(
        f"Asterisk did not start. Its log, {log}, says:\n{_errors(log, already, output)}"
    )


async def _until_ready(settings: Settings) -> None:
    """ARI answers once every module is loaded."""
    async with _session(settings) as session:
        while True:
            with suppress(aiohttp.ClientError):  # not listening yet
                if await _ping(settings, session) == 200:
                    return
            await asyncio.sleep(_POLL_SECONDS)


async def _until_silent(settings: Settings) -> None:
    """Return when ARI has left several pings in a row without any answer.

    Its connections are still accepted then, by the system. A refusal is an answer: Asterisk may
    have reasons, and to start it again costs all calls.
    """
    unanswered = 0
    async with _session(settings) as session:
        while unanswered < UNANSWERED_PINGS:
            try:
                async with asyncio.timeout(PING_SECONDS):
                    await _ping(settings, session)
            except TimeoutError:
                unanswered += 1
                continue
            except aiohttp.ClientError:
                pass
            unanswered = 0
            await asyncio.sleep(PING_SECONDS)


def _session(settings: Settings) -> aiohttp.ClientSession:
    headers = {"Authorization": aiohttp.encode_basic_auth(USER, ari_password(settings))}
    return aiohttp.ClientSession(headers=headers)


async def _ping(settings: Settings, session: aiohttp.ClientSession) -> int:
    async with session.get(f"{settings.ari_url}/asterisk/ping") as answer:
        return answer.status


def _errors(log: Path, already: int, output: Path) -> str:
    lines: list[str] = []
    if log.exists():
        with log.open(errors="replace") as opened:
            opened.seek(already)
            lines = [line for line in opened.read().splitlines() if "ERROR" in line]
    lines = lines or output.read_text(errors="replace").splitlines()
    return "\n".join(lines[-_LOG_TAIL:]) or "(nothing)"
