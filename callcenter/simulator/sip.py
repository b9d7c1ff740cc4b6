"""SIP messages as values (RFC 3261): parsing, writing, addresses, and answers to digest challenges.

No I/O here. Header names are matched without regard to case, compact forms included.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

Headers = tuple[tuple[str, str], ...]

_COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
    "s": "subject",
    "k": "supported",
}
_URI = re.compile(
    r"(?P<scheme>sips?):(?:(?P<user>[^@]*)@)?(?P<host>\[[^\]]+\]|[^:;?]+)"
    r"(?::(?P<port>\d+))?(?P<parameters>;[^?]*)?(?:\?.*)?"
)
_PARAMETER = re.compile(r';\s*([^=;\s]+)\s*(?:=\s*("(?:\\.|[^"])*"|[^;\s]*))?')
_CHALLENGE = re.compile(r'(\w+)\s*=\s*(?:"((?:\\.|[^"])*)"|([^\s,]+))')
_QUOTED_OR_ANGLED = re.compile(r'"(?:\\.|[^"])*"|<[^>]*>|,')


class SipError(ValueError):
    """Something that is not SIP, or not SIP that this agent speaks."""


@dataclass(frozen=True, slots=True)
class Uri:
    """A sip: URI. `user` keeps its own parameters, as in `12345;phone-context=+86519`."""

    user: str
    host: str
    port: int | None = None
    parameters: str = ""

    @classmethod
    def parse(cls, text: str) -> Uri:
        """Raises SipError for anything but a sip: or sips: URI."""
        match = _URI.fullmatch(text.strip())
        if match is None:
            raise SipError(f"not a SIP address: {text!r}")
        port = match["port"]
        return cls(
            match["user"] or "",
            match["host"],
            int(port) if port else None,
            match["parameters"] or "",
        )

    @property
    def place(self) -> tuple[str, int]:
        """Where to send UDP for this URI."""
        return self.host.strip("[]"), self.port or 5060

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"sip:{user}{self.host}{port}{self.parameters}"


@dataclass(frozen=True, slots=True)
class NameAddress:
    """The value of From, To, Contact, Route: an optional name, a URI, parameters such as `tag`."""

    uri: str
    parameters: dict[str, str] = field(default_factory=dict)
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> NameAddress:
        """Never fails: what has no angle brackets is all URI up to the first parameter."""
        text = text.strip()
        bare = _QUOTED_OR_ANGLED.search(text) if text.startswith('"') else None
        after_name = bare.end() if bare else 0
        opening = text.find("<", after_name)
        if opening >= 0:
            closing = text.find(">", opening)
            uri, rest = text[opening + 1 : closing], text[closing + 1 :]
            name = text[:opening].strip().strip('"')
        else:
            uri, semicolon, rest = text.partition(";")
            rest, name = semicolon + rest, ""
        return cls(uri.strip(), _parameters(rest), name)

    @property
    def tag(self) -> str:
        """The dialog's tag, empty when there is none yet."""
        return self.parameters.get("tag", "")


def _parameters(text: str) -> dict[str, str]:
    return {name.lower(): value.strip('"') for name, value in _PARAMETER.findall(text)}


@dataclass(frozen=True, slots=True)
class Message:
    """What requests and responses share."""

    headers: Headers
    body: bytes = b""

    def all(self, name: str) -> tuple[str, ...]:
        """Every line of a header, in order of appearance."""
        wanted = name.lower()
        return tuple(
            value for key, value in self.headers if _COMPACT.get(key.lower(), key.lower()) == wanted
        )

    def get(self, name: str) -> str:
        """The first line of a header; empty when absent."""
        return next(iter(self.all(name)), "")

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a header that may hold several in one line, separated by commas."""
        return tuple(value for line in self.all(name) for value in _split(line))

    @property
    def call_id(self) -> str:
        """What all messages of a dialog share."""
        return self.get("Call-ID")

    @property
    def from_(self) -> NameAddress:
        """Who began the dialog (or the request outside of one)."""
        return NameAddress.parse(self.get("From"))

    @property
    def to(self) -> NameAddress:
        """Whom it was for."""
        return NameAddress.parse(self.get("To"))

    @property
    def cseq(self) -> tuple[int, str]:
        """The request's number in its dialog, and its method."""
        number, _, method = self.get("CSeq").partition(" ")
        return int(number), method.strip()

    @property
    def branch(self) -> tuple[str, str]:
        """What names the transaction: the top Via's branch and who sent it."""
        via = next(iter(self.values("Via")), "")
        sent_by = via.partition(";")[0].split()[-1] if via else ""
        return _parameters(via).get("branch", ""), sent_by

    def _encode(self, first_line: str) -> bytes:
        lines = [first_line]
        lines += [
            f"{name}: {value}"
            for name, value in self.headers
            if name.lower() not in {"content-length", "l"}
        ]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode() + self.body


@dataclass(frozen=True, slots=True)
class Request(Message):
    """INVITE and its kin."""

    method: str = ""
    uri: str = ""

    def encode(self) -> bytes:
        """As it goes on the wire."""
        return self._encode(f"{self.method} {self.uri} SIP/2.0")

    def with_headers(self, *headers: tuple[str, str]) -> Request:
        """The same request with these headers in place of those of the same names."""
        names = {name.lower() for name, _ in headers}
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in names)
        return replace(self, headers=kept + headers)


@dataclass(frozen=True, slots=True)
class Response(Message):
    """What a request is answered with."""

    status: int = 0
    reason: str = ""

    def encode(self) -> bytes:
        """As it goes on the wire."""
        return self._encode(f"SIP/2.0 {self.status} {self.reason}")


REASONS = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    302: "Moved Temporarily",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    420: "Bad Extension",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    503: "Service Unavailable",
    603: "Decline",
}


def parse(data: bytes) -> Request | Response:
    """One datagram. Raises SipError if it is no SIP message."""
    head, _, body = data.partition(b"\r\n\r\n")
    # Folded header lines (a line that begins with a blank goes on with the one before) are legal.
    first, *lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "replace")).split("\r\n")
    headers = tuple(
        (name.strip(), value.strip())
        for name, colon, value in (line.partition(":") for line in lines)
        if colon
    )
    message: Request | Response
    if first.startswith("SIP/2.0 "):
        status, _, reason = first.removeprefix("SIP/2.0 ").partition(" ")
        if not status.isdecimal():
            raise SipError(f"not a status line: {first!r}")
        message = Response(headers, body, int(status), reason)
    else:
        words = first.split(" ")
        if len(words) != 3 or words[2] != "SIP/2.0":
            raise SipError(f"not a SIP request: {first[:80]!r}")
        message = Request(headers, body, words[0], words[1])
    if not re.fullmatch(r"\d+ +\S+", message.get("CSeq")):
        raise SipError(f"a SIP message without a CSeq: {first[:80]!r}")
    if not all(message.get(name).strip(",") for name in ("Via", "From", "To", "Call-ID")):
        raise SipError(f"a SIP message without Via, From, To or Call-ID: {first[:80]!r}")
    return message


def response_to(
    request: Request,
    status: int,
    *,
    tag: str = "",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Response:
    """A response that finds its way back: Via, From, To (with our tag), Call-ID, CSeq, routes."""
    copied = [("Via", value) for value in request.all("Via")]
    copied += [("Record-Route", value) for value in request.all("Record-Route")]
    to = request.get("To")
    if tag and not request.to.tag:
        to += f";tag={tag}"
    copied += [
        ("From", request.get("From")),
        ("To", to),
        ("Call-ID", request.call_id),
        ("CSeq", request.get("CSeq")),
    ]
    return Response((*copied, *headers), body, status, REASONS[status])


def digest_answer(
    challenge: str, *, method: str, uri: str, user: str, password: str, client_nonce: str
) -> str:
    """The Authorization value for a WWW- or Proxy-Authenticate one (RFC 2617, MD5).

    Raises SipError if the challenge asks for anything else.
    """
    scheme, _, rest = challenge.strip().partition(" ")
    asked = {name.lower(): quoted or bare for name, quoted, bare in _CHALLENGE.findall(rest)}
    algorithm = asked.get("algorithm", "MD5")
    if scheme.lower() != "digest" or algorithm.upper() != "MD5":
        raise SipError(f"cannot answer a challenge by {scheme} {algorithm}; only Digest MD5")
    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    secret = _md5(f"{user}:{realm}:{password}")
    what = _md5(f"{method}:{uri}")
    answer = (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm=MD5'
    )
    if "auth" in re.split(r"[\s,]+", asked.get("qop", "")):
        result = _md5(f"{secret}:{nonce}:00000001:{client_nonce}:auth:{what}")
        answer += f', qop=auth, nc=00000001, cnonce="{client_nonce}"'
    else:
        result = _md5(f"{secret}:{nonce}:{what}")
    if "opaque" in asked:
        answer += f', opaque="{asked["opaque"]}"'
    return f'{answer}, response="{result}"'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _split(line: str) -> list[str]:
    """Split at the commas that are neither quoted nor between angle brackets."""
    parts, start = [], 0
    for match in _QUOTED_OR_ANGLED.finditer(line):
        if match.group() == ",":
            parts.append(line[start : match.start()].strip())
            start = match.end()
    return [*parts, line[start:].strip()]
