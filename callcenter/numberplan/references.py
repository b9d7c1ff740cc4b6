"""References in a SIP header: a partner's of a caller whom they send us, and ours of one we send.

A trunk's file names the header: User-to-User (RFC 7433, its content in hexadecimal, IA5 characters)
or one of the partner's own, which has the plain text. Whatever is there is only ever noted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

USER_TO_USER = "user-to-user"
LONGEST = 64
_REFERENCE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._/-]{{0,{LONGEST - 1}}}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){1,128}")
_DISCRIMINATORS = (b"\x00", b"\x04")
"""May come before the text in ISDN's user information: the user's own, and IA5 characters."""


def read(header: str, lines: Sequence[str]) -> str | None:
    """The reference in a header's lines as they came.

    None where there is none, where there are several, and for anything but letters, digits and
    `. _ / -`.
    """
    if len(lines) != 1:
        return None
    text: str | None = lines[0].strip()
    if header.lower() == USER_TO_USER:
        text = _decoded(lines[0])
    return text if text is not None and _REFERENCE.fullmatch(text) else None


def value(header: str, reference: str) -> str:
    """What the header says of that reference."""
    if header.lower() != USER_TO_USER:
        return reference
    data = (_DISCRIMINATORS[1] + reference.encode("ascii")).hex()
    return f"{data};encoding=hex;purpose=isdn-uui;content=isdn-uui"


def _decoded(line: str) -> str | None:
    data, *parameters = (part.strip() for part in line.split(";"))
    encodings = [each for each in parameters if each.lower().startswith("encoding")]
    if any(each.lower().replace(" ", "") != "encoding=hex" for each in encodings):
        return None
    if not _HEX.fullmatch(data):
        return None
    octets = bytes.fromhex(data)
    if octets[:1] in _DISCRIMINATORS:
        octets = octets[1:]
    return octets.decode("ascii") if octets.isascii() else None
