"""Asterisk's security events, over an AMI connection of their own.

A flood of messages is a flood of events. So they are read by themselves, in large pieces, and of
each only the two lines that are needed; and nobody waits for them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from ipaddress import IPv4Address

from callcenter.asterisk.ami import AmiError
from callcenter.asterisk.secrets import ami_password
from callcenter.attacks.bans import Sighting, Sign
from callcenter.settings import Settings

USER = "security"
"""Sees nothing but these events, and may do nothing."""
_SIGNS = {
    b"ChallengeResponseFailed": Sign.WRONG_PASSWORD,
    b"InvalidAccountID": Sign.UNKNOWN,
    b"InvalidPassword": Sign.WRONG_PASSWORD,
    b"SuccessfulAuth": Sign.RIGHT_PASSWORD,
}
_LINE = re.compile(rb"^(Event|Service|RemoteAddress): ([^\r\n]*)\r?$", re.MULTILINE)
_PIECE = 65536
_LONGEST = 65536
"""Bytes of one event; a longer one is no event of ours."""
_CONNECT_SECONDS = 5.0


def sighting(event: bytes) -> Sighting | None:
    """What one AMI message tells of SIP; None for anything else."""
    fields = dict(_LINE.findall(event))
    sign = _SIGNS.get(fields.get(b"Event", b""))
    if sign is None or fields.get(b"Service") != b"PJSIP":
        return None
    words = fields.get(b"RemoteAddress", b"").decode("ascii", "replace").split("/")
    if len(words) != 4:
        return None
    try:
        return Sighting(str(IPv4Address(words[2])), sign)
    except ValueError:
        return None


class Messages:
    """Cuts what is read into messages."""

    def __init__(self) -> None:
        self._rest = b""

    def cut(self, piece: bytes) -> list[bytes]:
        """The messages that are complete with this piece."""
        *whole, self._rest = (self._rest + piece).split(b"\r\n\r\n")
        if len(self._rest) > _LONGEST:
            self._rest = b""
        return whole


async def sightings(settings: Settings) -> AsyncIterator[tuple[Sighting, ...]]:
    """What Asterisk tells from now on, by the piece; ends with the connection. Raises AmiError."""
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", settings.ami_port)
    except (OSError, TimeoutError) as error:
        raise AmiError(f"no AMI at 127.0.0.1:{settings.ami_port}: {error}") from error
    messages = Messages()
    try:
        login = f"Action: Login\r\nUsername: {USER}\r\nSecret: {ami_password(settings)}\r\n\r\n"
        writer.write(login.encode())
        while piece := await reader.read(_PIECE):
            whole = messages.cut(piece)
            if any(b"Response: Error" in each for each in whole):
                raise AmiError("the user for security events may not log in")
            yield tuple(found for each in whole if (found := sighting(each)) is not None)
    except OSError as error:
        raise AmiError(f"the connection for security events is lost: {error}") from error
    finally:
        writer.close()
