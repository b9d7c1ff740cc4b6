"""Runs sipp as a partner's exchange: a second, independent opinion of what SIP is.

A scenario is a few lines of XML made here; each run has a folder and an address of its own.
"""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Self

_HEADERS = """\
      [last_Via:]
      [last_Record-Route:]
      [last_From:]
      [last_To:];tag=[pid]SIPpTag[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:[local_ip]:[local_port]>
"""
_SDP = """\
      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=sipp 1 1 IN IP4 [local_ip]
      s=-
      c=IN IP4 [local_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 8 101
      a=rtpmap:8 PCMA/8000
      a=rtpmap:101 telephone-event/8000
"""


def _send(status_line: str, *, sdp: bool = False, retrans: bool = False) -> str:
    body = _SDP if sdp else "      Content-Length: 0\n"
    again = ' retrans="500"' if retrans else ""
    return f"<send{again}><![CDATA[\n\n      SIP/2.0 {status_line}\n{_HEADERS}{body}\n]]></send>\n"


def _scenario(*steps: str) -> str:
    body = "".join(steps)
    return (
        f'<?xml version="1.0" encoding="utf-8" ?>\n<scenario name="partner">\n{body}</scenario>\n'
    )


_INVITE = '<recv request="INVITE" crlf="true"></recv>\n'
_LOGGED = """\
<recv request="INVITE" crlf="true"><action>
<ereg regexp=".*" search_in="hdr" header="{header}:" check_it="true" assign_to="told"/>
<log message="{header} is [$told]"/>
</action></recv>
"""
_ACK = '<recv request="ACK"></recv>\n'
_BYE_AND_OK = '<recv request="BYE"></recv>\n' + _send("200 OK")

ANSWER = _scenario(
    _INVITE, _send("180 Ringing"), _send("200 OK", sdp=True, retrans=True), _ACK, _BYE_AND_OK
)
"""Rings, answers, and waits for the other side to hang up."""


def refuse(status_line: str) -> str:
    """A scenario that rings and refuses, such as `486 Busy Here` or `603 Decline`."""
    return _scenario(_INVITE, _send("180 Ringing"), _send(status_line, retrans=True), _ACK)


def answer_if_told(header: str) -> str:
    """A scenario that answers an INVITE with that header, whose value `Sipp.logged` gives."""
    invite = _LOGGED.format(header=header)
    return _scenario(
        invite, _send("180 Ringing"), _send("200 OK", sdp=True, retrans=True), _ACK, _BYE_AND_OK
    )


def call(caller: str, *headers: str) -> str:
    """A scenario that calls, waits for an answer, and after it for the other side to hang up."""
    extra = "".join(f"      {header}\n" for header in headers)
    dialogue = """\
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:{caller}@[local_ip]>;tag=[pid]SIPpTag[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>{tag}
      Call-ID: [call_id]
      CSeq: 1 {method}
      Contact: <sip:{caller}@[local_ip]:[local_port]>
      Max-Forwards: 70
"""
    start = "{method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0\n"
    invite = (start + dialogue).format(caller=caller, tag="", method="INVITE") + extra + _SDP
    ack = (start + dialogue).format(caller=caller, tag="[peer_tag_param]", method="ACK")
    return _scenario(
        f'<send retrans="500"><![CDATA[\n\n      {invite}\n]]></send>\n',
        *(f'<recv response="{code}" optional="true"></recv>\n' for code in (100, 180, 183)),
        '<recv response="200" rtd="true"></recv>\n',
        f"<send><![CDATA[\n\n      {ack}      Content-Length: 0\n\n]]></send>\n",
        _BYE_AND_OK,
    )


def answer_then_hang_up(milliseconds: int) -> str:
    """A scenario that answers and, after a while, hangs up by itself."""
    remember_caller = (
        '<recv request="INVITE" crlf="true" rrs="true"><action>\n'
        '<ereg regexp=".*" search_in="hdr" header="From:" check_it="true" assign_to="caller"/>\n'
        "</action></recv>\n"
    )
    bye = """\
<send retrans="500"><![CDATA[

      BYE [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:partner@[local_ip]>;tag=[pid]SIPpTag[call_number]
      To: [$caller]
      [last_Call-ID:]
      CSeq: 1 BYE
      Max-Forwards: 70
      Content-Length: 0

]]></send>
<recv response="200"></recv>
"""
    return _scenario(
        remember_caller,
        _send("200 OK", sdp=True, retrans=True),
        _ACK,
        f'<pause milliseconds="{milliseconds}"/>\n',
        bye,
    )


class SippError(Exception):
    """sipp ended badly; the message holds its own words."""


class Sipp:
    """One running sipp that answers calls."""

    def __init__(self, folder: Path, host: str, port: int) -> None:
        self.folder, self.host, self.port = folder, host, port
        self._process: asyncio.subprocess.Process | None = None

    @classmethod
    async def start(
        cls,
        folder: Path,
        scenario: str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        calls: int = 1,
        to: tuple[str, int, str] | None = None,
    ) -> Self:
        """Listen on host:port (0: a free one) for so many calls, then end.

        Or make them itself: `to` a host, a port and a number there.

        Raises SippError if it does not start.
        """
        partner = cls(folder, host, port or _free_port(host))
        partner._write(scenario)
        with (folder / "log").open("wb") as log:
            partner._process = await asyncio.create_subprocess_exec(
                *("sipp", "-sf", "scenario.xml", "-i", host, "-p", str(partner.port)),
                *("-mi", host, "-mp", str(_free_port(host) & ~1), "-m", str(calls)),
                *("-nostdin", "-trace_err", "-trace_logs", "-skip_rlimit"),
                *(() if to is None else ("-s", to[2], f"{to[0]}:{to[1]}")),
                cwd=folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
            )
        await partner._until_it_listens()
        return partner

    @property
    def place(self) -> tuple[str, int]:
        """Where it takes calls."""
        return self.host, self.port

    async def until_done(self, within: float = 10.0) -> None:
        """Wait until it had all its calls. Raises SippError if one did not go as written."""
        if self._process is None:
            raise SippError("sipp is not running")
        try:
            async with asyncio.timeout(within):
                status = await self._process.wait()
        except TimeoutError:
            await self.stop()
            raise SippError(f"sipp still waits after {within} s\n{self._errors()}") from None
        if status != 0:
            raise SippError(f"sipp ended with {status}\n{self._errors()}")

    def logged(self) -> str:
        """What its scenario logged."""
        return "".join(path.read_text("utf-8") for path in self.folder.glob("*_logs.log"))

    async def stop(self) -> None:
        """End it, whatever it is doing."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def _write(self, scenario: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "scenario.xml").write_text(scenario)

    async def _until_it_listens(self) -> None:
        async with asyncio.timeout(10):
            while _is_free(self.place):
                if self._process is None or self._process.returncode is not None:
                    raise SippError(f"sipp ended at once\n{self._errors()}")
                await asyncio.sleep(0.02)

    def _errors(self) -> str:
        files = [self.folder / "log", *self.folder.glob("*_errors.log")]
        return "\n".join(path.read_text("utf-8", "replace")[-3000:] for path in files)


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _is_free(place: tuple[str, int]) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(place)
        except OSError:
            return False
    return True
