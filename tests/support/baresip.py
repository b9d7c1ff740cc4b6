"""Runs a real softphone (baresip 1.0) as a seat, each in a folder and on an address of its own.

It says a WAV file, keeps what it hears, and is told what to do over its ctrl_tcp interface. What it
reports is awaited (`event`), never polled.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from pathlib import Path
from typing import Self

import numpy as np

from callcenter.simulator.audio import RATE, Pcm, read_wav, tone, write_wav

_MODULES = Path("/usr/lib/baresip/modules")
_SAYS_SECONDS = 120
_CONFIG = """\
poll_method epoll
sip_listen {host}:{sip_port}
net_interface {host}
call_local_timeout 120
call_max_calls 4
rtp_ports {rtp_first}-{rtp_last}
audio_source aufile,{folder}/say.wav
audio_player aubridge,ear
audio_alert aubridge,bell
snd_path {folder}
module_path {modules}
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {host}:{control_port}
"""

Event = dict[str, object]


class BaresipError(Exception):
    """baresip did not do what it was told; the message holds its own words."""


class Baresip:
    """One running softphone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._events: list[Event] = []
        self._answers: asyncio.Queue[Event] = asyncio.Queue()
        self._news = asyncio.Event()

    @classmethod
    async def start(
        cls,
        folder: Path,
        user: str,
        password: str,
        server: tuple[str, int],
        *,
        host: str = "127.0.0.1",
        says: Pcm | None = None,
        answer_by_itself: bool = False,
    ) -> Self:
        """Start it on `host` and wait until it is registered at `server`.

        `says` is spoken over and over in each call (a 440 Hz tone if None). Raises BaresipError if
        it does not start or is refused.
        """
        phone = cls(folder)
        control_port = _free_port(host, socket.SOCK_STREAM)
        phone._write_config(host, control_port, says if says is not None else tone(440, 1.0))
        mode = "auto" if answer_by_itself else "manual"
        account = (
            f"<sip:{user}@{server[0]}:{server[1]}>;auth_user={user};auth_pass={password};"
            f"answermode={mode};regint=600;audio_codecs=PCMA/8000/1,PCMU/8000/1"
        )
        with (folder / "log").open("wb") as log:
            phone._process = await asyncio.create_subprocess_exec(
                *("baresip", "-f", str(folder)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, "HOME": str(folder)},
            )
        try:
            await phone._connect(host, control_port)
            # Not in its accounts file: then it would register before anybody listens.
            await phone.tell("uanew", account)
            registered = await phone.event("REGISTER_OK", "REGISTER_FAIL", within=10)
            if registered["type"] == "REGISTER_FAIL":
                raise BaresipError(f"{user} was refused: {registered.get('param')}")
        except BaseException:
            await phone.stop()
            raise
        return phone

    async def dial(self, number: str, server: tuple[str, int]) -> None:
        """Call a number or a feature code."""
        await self.tell("dial", f"sip:{number}@{server[0]}:{server[1]}")

    async def accept(self) -> None:
        """Answer what rings."""
        await self.tell("accept")

    async def hang_up(self) -> None:
        """End the call, or decline what rings."""
        await self.tell("hangup")

    async def press(self, digits: str) -> None:
        """Send DTMF in the call."""
        for digit in digits:
            await self.tell("sndcode", digit)

    async def incoming(self, within: float = 20.0) -> str:
        """Wait until it rings; gives the caller's address."""
        return str((await self.event("CALL_INCOMING", within=within)).get("peeruri", ""))

    async def established(self, within: float = 20.0) -> None:
        """Wait until a call is up."""
        await self.event("CALL_ESTABLISHED", within=within)

    async def closed(self, within: float = 20.0) -> str:
        """Wait until a call is over; gives its reason in words."""
        return str((await self.event("CALL_CLOSED", within=within)).get("param", ""))

    async def event(self, *types: str, within: float = 20.0) -> Event:
        """The next event of one of these types not yet handed out.

        Raises BaresipError with its log if none comes within so many seconds.
        """
        try:
            async with asyncio.timeout(within):
                while True:
                    for event in self._events:
                        if event.get("type") in types:
                            self._events.remove(event)
                            return event
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            raise BaresipError(f"no {' or '.join(types)} in {within} s\n{self.log()}") from error

    async def tell(self, command: str, parameters: str = "") -> str:
        """Give a command; its answer. Raises BaresipError if it is refused."""
        if self._writer is None:
            raise BaresipError("baresip is not running")
        message = json.dumps({"command": command, "params": parameters}).encode()
        self._writer.write(b"%d:%s," % (len(message), message))
        async with asyncio.timeout(5):
            answer = await self._answers.get()
        if not answer.get("ok"):
            raise BaresipError(f"{command} {parameters}: {answer.get('data')}\n{self.log()}")
        return str(answer.get("data", ""))

    def heard(self) -> Pcm:
        """What it heard in its calls so far, a pause after each; complete once they are over."""
        pause = np.zeros(RATE, np.int16)
        parts = [read_wav(path) for path in sorted(self.folder.glob("dump-*-dec.wav"))]
        return np.concatenate([pause, *(piece for part in parts for piece in (part, pause))])

    def log(self) -> str:
        """What it wrote."""
        return (self.folder / "log").read_text("utf-8", "replace")

    async def stop(self) -> None:
        """Unregister and end; killed if it does not."""
        await self._end(kill=False)

    async def vanish(self) -> None:
        """End without a word, as when its computer loses power."""
        await self._end(kill=True)

    async def _end(self, *, kill: bool) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            if kill:
                process.kill()
            else:
                process.terminate()
            try:
                async with asyncio.timeout(5):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        if self._writer is not None:
            self._writer.close()

    def _write_config(self, host: str, control_port: int, says: Pcm) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        rtp_first = _free_port(host, socket.SOCK_DGRAM) & ~1
        config = _CONFIG.format(
            host=host,
            sip_port=_free_port(host, socket.SOCK_DGRAM),
            rtp_first=rtp_first,
            rtp_last=rtp_first + 40,
            control_port=control_port,
            folder=self.folder,
            modules=_MODULES,
        )
        (self.folder / "config").write_text(config)
        for empty in ("accounts", "contacts"):
            (self.folder / empty).write_text("")
        write_wav(self.folder / "say.wav", np.resize(says, _SAYS_SECONDS * RATE))

    async def _connect(self, host: str, port: int) -> None:
        """Wait for its control interface: it opens some time after the start."""
        async with asyncio.timeout(10):
            while True:
                try:
                    reader, self._writer = await asyncio.open_connection(host, port)
                    break
                except ConnectionRefusedError:
                    if self._process is None or self._process.returncode is not None:
                        raise BaresipError(f"baresip ended\n{self.log()}") from None
                    await asyncio.sleep(0.02)
        self._reading = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionResetError):
            while True:
                # Netstrings: length, colon, JSON, comma.
                length = int((await reader.readuntil(b":"))[:-1])
                message: Event = json.loads((await reader.readexactly(length + 1))[:-1])
                if message.get("event"):
                    self._events.append(message)
                    self._news.set()
                else:
                    self._answers.put_nowait(message)


def _free_port(host: str, kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
