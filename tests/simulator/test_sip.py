"""SIP messages: what is on the wire, and what they mean."""

from __future__ import annotations

import pytest

from callcenter.simulator.sip import (
    NameAddress,
    Request,
    Response,
    SipError,
    Uri,
    digest_answer,
    parse,
    response_to,
)

INVITE = b"""INVITE sip:12345@127.0.0.1:5060 SIP/2.0\r
v: SIP/2.0/UDP 127.0.0.2:4000;rport;branch=z9hG4bKa, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKb\r
Record-Route: <sip:10.0.0.1;lr>, <sip:10.0.0.2;lr>\r
f: "Zhang, San" <sip:13912345678@127.0.0.2>;tag=x1\r
t: <sip:12345@127.0.0.1>\r
i: abc@127.0.0.2\r
CSeq: 7 INVITE\r
Subject: folded\r
  line\r
Content-Length: 4\r
\r
body"""


def invite() -> Request:
    message = parse(INVITE)
    assert isinstance(message, Request)
    return message


def test_a_request_is_read_with_compact_and_folded_headers() -> None:
    message = invite()
    assert (message.method, Uri.parse(message.uri).user) == ("INVITE", "12345")
    assert message.branch == ("z9hG4bKa", "127.0.0.2:4000")
    assert (message.call_id, message.cseq) == ("abc@127.0.0.2", (7, "INVITE"))
    assert message.from_ == NameAddress("sip:13912345678@127.0.0.2", {"tag": "x1"}, "Zhang, San")
    assert message.get("subject") == "folded line"
    assert message.values("Record-Route") == ("<sip:10.0.0.1;lr>", "<sip:10.0.0.2;lr>")
    assert message.body == b"body"


def test_what_was_written_is_read_again() -> None:
    assert parse(invite().encode()).headers[:-1] == invite().headers[:-1]


def test_a_response_carries_what_leads_it_back() -> None:
    response = parse(response_to(invite(), 180, tag="t9").encode())
    assert isinstance(response, Response)
    assert (response.status, response.reason) == (180, "Ringing")
    assert response.values("Via") == invite().values("Via")
    assert response.values("Record-Route") == invite().values("Record-Route")
    assert (response.to.tag, response.from_.tag) == ("t9", "x1")


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"hello",
        b"INVITE sip:1@h SIP/2.0\r\n\r\n",
        b"SIP/2.0 abc OK\r\n\r\n",
        INVITE.replace(b"CSeq: 7 INVITE\r\n", b""),
        INVITE.replace(b"v: ", b"x: "),
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_sip_is_refused(datagram: bytes) -> None:
    with pytest.raises(SipError):
        parse(datagram)


def test_a_uri_keeps_the_parameters_of_its_user() -> None:
    uri = Uri.parse("sip:12345;phone-context=+86519@127.0.0.1:5070;transport=udp")
    assert uri.user == "12345;phone-context=+86519"
    assert uri.place == ("127.0.0.1", 5070)
    assert str(uri) == "sip:12345;phone-context=+86519@127.0.0.1:5070;transport=udp"
    with pytest.raises(SipError):
        Uri.parse("tel:+8651987200000")


@pytest.mark.parametrize(
    ("text", "uri", "tag"),
    [
        ("<sip:a@b;lr>;tag=1", "sip:a@b;lr", "1"),
        ("sip:a@b;tag=2", "sip:a@b", "2"),
        ('"a <b> \\"c\\"" <sip:d@e> ; tag = 3', "sip:d@e", "3"),
    ],
)
def test_addresses_come_with_and_without_angle_brackets(text: str, uri: str, tag: str) -> None:
    address = NameAddress.parse(text)
    assert (address.uri, address.tag) == (uri, tag)


def test_a_digest_challenge_is_answered_as_in_rfc_2617() -> None:
    answer = digest_answer(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
        method="GET",
        uri="/dir/index.html",
        user="Mufasa",
        password="Circle Of Life",
        client_nonce="0a4f113b",
    )
    assert 'response="6629fae49393a05397450978507c4ef1"' in answer
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in answer


def test_a_digest_challenge_without_qop_is_answered_as_in_rfc_2069() -> None:
    answer = digest_answer(
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
        method="GET",
        uri="/dir/index.html",
        user="Mufasa",
        password="CircleOfLife",
        client_nonce="",
    )
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in answer


def test_a_challenge_by_other_means_is_refused() -> None:
    with pytest.raises(SipError, match="SHA-256"):
        digest_answer(
            'Digest realm="r", nonce="n", algorithm=SHA-256',
            method="INVITE",
            uri="sip:h",
            user="u",
            password="p",
            client_nonce="c",
        )
