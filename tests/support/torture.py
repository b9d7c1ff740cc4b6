"""SIP as nobody should send it: the cases of RFC 4475, and messages broken at random.

Each case is written from what the RFC says about it, for the server's own address.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

CRLF = "\r\n"
SDP = (
    "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    "m=audio 49170 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
)


def message(
    start: str,
    *headers: str,
    server: str,
    own: str,
    name: str,
    body: str = "",
    kind: str = "application/sdp",
    without: tuple[str, ...] = (),
    length: str | None = None,
) -> bytes:
    """A usual message with other, further or fewer headers. `{server}` and `{own}` are filled in.

    `headers` replace usual ones of the same name; `without` leaves usual ones out.
    """
    method = start.split(maxsplit=1)[0] if start.split() else "INVITE"
    body = body.replace("{host}", own.partition(":")[0])
    size = str(len(body.encode())) if length is None else length
    usual = {
        "Via": f"SIP/2.0/UDP {own};rport;branch=z9hG4bK{name}",
        "Max-Forwards": "70",
        "From": f"<sip:13800009999@{own}>;tag={name}",
        "To": f"<sip:12345@{server}>",
        "Call-ID": f"{name}@{own}",
        "CSeq": f"1 {method}",
        "Contact": f"<sip:13800009999@{own}>",
        "Content-Type": kind,
        "Content-Length": size,
    }
    named = {line.partition(":")[0].strip().lower() for line in headers}
    left_out = named | {each.lower() for each in without}
    if not body:
        left_out.add("content-type")
    lines = [f"{key}: {value}" for key, value in usual.items() if key.lower() not in left_out]
    given = [line.replace("{server}", server).replace("{own}", own) for line in headers]
    text = CRLF.join((start.replace("{server}", server), *given, *lines, "", "")) + body
    return text.encode("latin-1", "replace")


def rfc_4475(server: str, own: str, run: str) -> dict[str, bytes]:
    """The cases by the RFC's names; `server` is where they go, `own` where they come from.

    `run` tells the messages of one sending from those of another.
    """

    def made(
        name: str,
        start: str,
        *headers: str,
        body: str = "",
        kind: str = "application/sdp",
        without: tuple[str, ...] = (),
        length: str | None = None,
    ) -> bytes:
        return message(
            start,
            *headers,
            server=server,
            own=own,
            name=name + run,
            body=body,
            kind=kind,
            without=without,
            length=length,
        )

    invite = "INVITE sip:12345@{server} SIP/2.0"
    options = "OPTIONS sip:{server} SIP/2.0"
    register = "REGISTER sip:{server} SIP/2.0"
    long = "x" * 200
    every_sign = "!interesting-Method0123456789_*+`.%indeed'~"
    binary = bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"")
    return {
        # -- valid (3.1.1)
        "wsinv": made(
            "wsinv",
            invite,
            "TO :\r\n sip:12345@{server} ;   tag    = ",
            'from   : "J Rosenberg \\\\\\""  <sip:13800009999@{own}>\r\n  ;\r\n  tag = 98asjd8',
            "MaX-fOrWaRdS: 0068",
            "Call-ID: wsinv" + run + ".ndaksdj@{own}",
            "cseq: 0009\r\n  INVITE",
            "Via  : SIP  /   2.0\r\n /UDP\r\n    {own};branch=z9hG4bKwsinv" + run,
            "s :",
            "NewFangledHeader:   newfangled value\r\n continued newfangled value",
            "UnknownHeaderWithUnusualValue: ;;,,;;,;",
            "Route:\r\n <sip:{server};unknown=%40;lr>",
            'm:"Quoted string \\"\\"" <sip:13800009999@{own}> ; newparam =\r\n newvalue ; q = 0.33',
            body=SDP,
            without=("Contact",),
        ),
        "intmeth": made(
            "intmeth",
            every_sign + " sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!"
            "*pas$wo~d_too.(doesn't-it)@{server} SIP/2.0",
            'To: "BEL:\x07 NUL:\\\x00 DEL:\x7f" <sip:12345@{server}>',
            "extensionHeader-!.%*+_`'~: \xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb",
            "CSeq: 139122385 " + every_sign,
        ),
        "esc01": made(
            "esc01",
            "INVITE sip:sips%3Auser%40example.com@{server} SIP/2.0",
            "To: sip:%75se%72@{server}",
            "From: <sip:I%20have%20spaces@{own}>;tag=938",
            body=SDP,
        ),
        "escnull": made(
            "escnull",
            register,
            "To: sip:null-%00-null@{server}",
            "From: sip:null-%00-null@{server};tag=839923423",
            "Contact: <sip:%00@{own}>",
            "Contact: <sip:%00%00@{own}>",
        ),
        "esc02": made("esc02", "RE%47IST%45R sip:{server} SIP/2.0", "CSeq: 29344 RE%47IST%45R"),
        "lwsdisp": made("lwsdisp", options, "From: caller<sip:13800009999@{own}>;tag=323"),
        "longreq": made(
            "longreq",
            invite,
            f'To: "I have a user name of extreme proportion{"n" * 300}"'
            f"<sip:12345@{{server}}:5060;unknownparam1={long};longparam{long}>",
            f"F: sip:13800009999@{{own}};tag={long};unknownheaderparam{long}={long}",
            f"unknown-{long}-name: unknown-{long}-value; unknown-{long}-parameter = {long}",
            *(f"Via: SIP/2.0/TCP sip{n}.example.com;branch={long}" for n in range(30)),
            body=SDP,
            without=("From",),
        ),
        "dblreq": made("dblreq", register, "Contact: <sip:13800009999@{own}>", length="0")
        + made("dblreq2", invite, body=SDP),
        "semiuri": made("semiuri", "OPTIONS sip:user;par=u%40example.net@{server} SIP/2.0"),
        "transports": made(
            "transports",
            options,
            "Via: SIP/2.0/UDP {own};branch=z9hG4bKtransports" + run,
            "Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKasdfasdf",
            "Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2323",
            "Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bK3489",
        ),
        "mpart01": made(
            "mpart01",
            "MESSAGE sip:12345@{server} SIP/2.0",
            "Content-Type: multipart/mixed;boundary=7a9cbec02ceef655",
            body="--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
            "--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n"
            + binary.decode("latin-1")
            + "\r\n--7a9cbec02ceef655--\r\n",
        ),
        "unreason": made(
            "unreason", "SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe", "CSeq: 35 INVITE"
        ),
        "noreason": made("noreason", "SIP/2.0 100 ", "CSeq: 35 INVITE"),
        # -- invalid (3.1.2)
        "badinv01": made(
            "badinv01",
            invite,
            "Contact: <sip:13800009999@{own}>;;,;,,",
            "Via: SIP/2.0/UDP {own};;,;,,",
            'To: "Mr. Watson <sip:12345@{server}>',
            body=SDP,
        ),
        "clerr": made("clerr", invite, body=SDP, length="9999"),
        "ncl": made("ncl", invite, body=SDP, length="-999"),
        "scalar02": made(
            "scalar02",
            register,
            "CSeq: 36893488147419103232 REGISTER",
            "Max-Forwards: 300",
            "Expires: 10000000000000000000000000000000000000000000000000000000000000000000",
            "Contact: <sip:13800009999@{own}>;expires=280297596632815",
        ),
        "scalarlg": made(
            "scalarlg",
            "SIP/2.0 503 Service Unavailable",
            "CSeq: 9292394834772304023312 OPTIONS",
            "Retry-After: 949302838503028349304023988",
            'Warning: 1812 overture "In Progress"',
        ),
        "quotbal": made("quotbal", invite, 'To: "Mr. J. User <sip:12345@{server}>', body=SDP),
        "ltgtruri": made("ltgtruri", "INVITE <sip:12345@{server}> SIP/2.0", body=SDP),
        "lwsruri": made("lwsruri", "INVITE sip:12345@{server}; lr SIP/2.0", body=SDP),
        "lwsstart": made("lwsstart", "INVITE  sip:12345@{server}  SIP/2.0", body=SDP),
        "trws": made("trws", "OPTIONS sip:12345@{server} SIP/2.0  "),
        "escruri": made("escruri", "INVITE sip:12345@{server}?Route=%3Csip:x%3E SIP/2.0", body=SDP),
        "baddate": made("baddate", invite, "Date: Fri, 01 Jan 2010 16:00:00 EST", body=SDP),
        "regbadct": made("regbadct", register, "Contact: sip:user@example.com?Route=%3Csip:x%3E"),
        "badaspec": made("badaspec", "OPTIONS sip:12345@{server} SIP/2.0", "To: t.watson <sip:a@b"),
        "baddn": made("baddn", options, "From: Bell, Alexander <sip:13800009999@{own}>;tag=43"),
        "badvers": made(
            "badvers",
            "OPTIONS sip:12345@{server} SIP/7.0",
            "Via: SIP/7.0/UDP {own};branch=z9hG4bKbadvers" + run,
        ),
        "mismatch01": made("mismatch01", "OPTIONS sip:12345@{server} SIP/2.0", "CSeq: 8 INVITE"),
        "mismatch02": made("mismatch02", "NEWMETHOD sip:12345@{server} SIP/2.0", "CSeq: 8 INVITE"),
        "bigcode": made("bigcode", "SIP/2.0 4294967301 better not break the receiver"),
        # -- transactions and applications (3.2, 3.3)
        "badbranch": made("badbranch", options, "Via: SIP/2.0/UDP {own};rport;branch=z9hG4bK"),
        "insuf": made("insuf", invite, body=SDP, without=("Call-ID", "From", "To")),
        "unkscm": made("unkscm", "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0"),
        "novelsc": made("novelsc", "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"),
        "unksm2": made(
            "unksm2",
            register,
            "To: isbn:2983792873",
            "From: <http://www.example.com>;tag=3234233",
            "Contact: <name:John_Smith>",
        ),
        "bext01": made(
            "bext01",
            "OPTIONS sip:12345@{server} SIP/2.0",
            "Require: nothingSupportsThis, nothingSupportsThisEither",
            "Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis",
        ),
        "invut": made("invut", invite, body="<audio>\r\n</audio>", kind="application/unknown"),
        "regaut01": made("regaut01", register, "Authorization: NoOneKnowsThisScheme opaque-data"),
        "multi01": made(
            "multi01",
            invite,
            "Contact: <sip:13800009999@{own}>",
            "CSeq: 5 INVITE",
            "CSeq: 59 INVITE",
            "Call-ID: multi01" + run + "a@{own}",
            "Call-ID: multi01" + run + "b@{own}",
            "Max-Forwards: 70",
            "Max-Forwards: 5",
            "From: <sip:13800009999@{own}>;tag=3413415",
            "From: <sip:13800009998@{own}>;tag=2923420123",
            "To: <sip:12345@{server}>",
            "To: <sip:12319@{server}>",
            body=SDP,
        ),
        "mcl01": made(
            "mcl01", options, "Content-Length: 13", "l: 5", body="There's no way to know"
        ),
        "bcast": made("bcast", "SIP/2.0 200 OK", "Via: SIP/2.0/UDP 255.255.255.255;branch=z"),
        "zeromf": made("zeromf", "OPTIONS sip:12345@{server} SIP/2.0", "Max-Forwards: 0"),
        "cparam01": made("cparam01", register, "Contact: sip:1@gw1.example.net;unknownparam"),
        "cparam02": made(
            "cparam02", register, "Contact: <sip:+19725552222@gw1.example.net;unknownparam>"
        ),
        "regescrt": made(
            "regescrt", register, "Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>"
        ),
        "sdp01": made("sdp01", invite, "Accept: text/nobodyKnowsThis", body=SDP),
        "inv2543": made(
            "inv2543",
            invite,
            "Via: SIP/2.0/UDP {own}",
            "From: <sip:13800009999@{own}>",
            "To: <sip:12345@{server}>",
            body=SDP,
            without=("Max-Forwards", "Contact"),
        ),
    }  # fmt: skip


_METHODS = (
    "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "UPDATE", "PRACK", "REFER", "INFO",
    "MESSAGE", "NOTIFY", "SUBSCRIBE", "PUBLISH", "FOO",
)  # fmt: skip
_NASTY = (
    b"", b"\x00", b"\xff\xfe", b"%", b"%00", b"%n%n%s", b"A" * 5000, b"9" * 400, b"-1", b"<", b">",
    b'"', b"\\", b";", b",", b"\r\n", b"\r\n\r\n", b"\r", b"\n ", b"[::1]", b"${SHELL(id)}", b"'",
    b"2147483648", b"18446744073709551616", b"sip:", b"tel:", b"@", b"=", b"\t", b";tag=", b"?a=b",
)  # fmt: skip


def broken(seed: int, count: int, server: str, own: str) -> Iterator[bytes]:
    """So many messages, most of them broken in one to six places; the same ones for a seed."""
    chance = random.Random(seed)
    for number in range(count):
        yield _broken(chance, f"f{seed}n{number}", server, own)


def _broken(chance: random.Random, name: str, server: str, own: str) -> bytes:
    method = chance.choice(_METHODS)
    user = chance.choice(("12345", "12319", "110", "seat01", "*12", "", "13900001111", "%00"))
    has_body = chance.random() < 0.6
    extra = chance.sample(
        (
            "Diversion: <sip:87220000@{own}>;reason=unconditional",
            "History-Info: <sip:87220000@{own}>;index=1, <sip:12345@{own}>;index=1.1",
            'P-Asserted-Identity: "x" <sip:13800009999@{own}>, <tel:+8613800009999>',
            "Privacy: id;header;user",
            "Route: <sip:{server};lr>",
            "Replaces: a@b;to-tag=1;from-tag=2",
            "Require: 100rel",
            "Session-Expires: 1;refresher=uas",
            "Min-SE: 99999999999",
            'Authorization: Digest username="seat01",realm="callcenter",nonce="1/2",'
            'uri="sip:{server}",response="0123456789abcdef0123456789abcdef",algorithm=MD5',
            "Expires: 4294967296",
            "User-to-User: 3132;encoding=hex",
        ),
        chance.randint(0, 4),
    )
    start = f"{method} sip:{user}@{{server}} SIP/2.0"
    whole = bytearray(
        message(start, *extra, server=server, own=own, name=name, body=SDP if has_body else "")
    )
    for _ in range(chance.choice((0, 1, 1, 2, 3, 6))):
        _break(chance, whole)
    return bytes(whole[:60_000])


def _break(chance: random.Random, whole: bytearray) -> None:
    place = chance.randrange(len(whole) + 1)
    match chance.randrange(7):
        case 0:
            whole[place:place] = chance.choice(_NASTY)
        case 1:
            del whole[place : place + chance.randint(1, 40)]
        case 2 if place < len(whole):
            whole[place] = chance.randrange(256)
        case 3:
            del whole[place:]
        case 4:
            lines = whole.split(b"\r\n")
            lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
            whole[:] = b"\r\n".join(lines)
        case 5:
            lines = whole.split(b"\r\n")
            del lines[chance.randrange(len(lines))]
            whole[:] = b"\r\n".join(lines)
        case _:
            words = bytes(whole).split(b" ")
            words[chance.randrange(len(words))] = chance.choice(_NASTY)
            whole[:] = b" ".join(words)
