"""Asterisk's security events: whose address, and what it did."""

from __future__ import annotations

import pytest

from callcenter.asterisk.security import Messages, sighting
from callcenter.attacks.bans import Sighting, Sign

EVENT = b"""Event: %s
Privilege: security,all
EventTV: 2017-11-22T10:31:05.123+0800
Severity: Error
Service: %s
EventVersion: 1
AccountID: seat01
LocalAddress: IPV4/UDP/192.0.2.10/5060
RemoteAddress: %s
Challenge: 1511317865/0a0b
""".replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        (b"ChallengeResponseFailed", Sign.WRONG_PASSWORD),
        (b"InvalidPassword", Sign.WRONG_PASSWORD),
        (b"InvalidAccountID", Sign.UNKNOWN),
        (b"SuccessfulAuth", Sign.RIGHT_PASSWORD),
    ],
)
def test_what_was_seen_of_whom(name: bytes, sign: Sign) -> None:
    told = EVENT % (name, b"PJSIP", b"IPV4/UDP/203.0.113.7/5060")
    assert sighting(told) == Sighting("203.0.113.7", sign)


@pytest.mark.parametrize(
    "event",
    [
        EVENT % (b"ChallengeSent", b"PJSIP", b"IPV4/UDP/203.0.113.7/5060"),
        EVENT % (b"InvalidPassword", b"AMI", b"IPV4/TCP/127.0.0.1/5060"),
        EVENT % (b"InvalidAccountID", b"PJSIP", b"IPV4/UDP/nowhere/5060"),
        EVENT % (b"InvalidAccountID", b"PJSIP", b"203.0.113.7"),
        EVENT % (b"InvalidAccountID", b"PJSIP", b"IPV6/UDP/fe80::1%eth0/5060"),
        b"Response: Success\r\nMessage: Authentication accepted",
        b"\xff\x00",
        b"",
    ],
)
def test_anything_else_is_nothing(event: bytes) -> None:
    assert sighting(event) is None


def test_an_account_cannot_pretend_to_be_another_address() -> None:
    told = EVENT % (b"InvalidAccountID", b"PJSIP", b"IPV4/TCP/203.0.113.7/5060")
    forged = told.replace(b"seat01", b"x RemoteAddress: IPV4/UDP/192.0.2.1/5060")
    assert sighting(forged) == Sighting("203.0.113.7", Sign.UNKNOWN)


def test_messages_are_cut_wherever_the_pieces_end() -> None:
    whole = EVENT % (b"InvalidAccountID", b"PJSIP", b"IPV4/UDP/203.0.113.7/5060") + b"\r\n"
    stream = b"Asterisk Call Manager/11.0.0\r\n" + whole * 3
    messages = Messages()
    found = [m for n in range(0, len(stream), 7) for m in messages.cut(stream[n : n + 7])]
    assert [sighting(each) for each in found] == [Sighting("203.0.113.7", Sign.UNKNOWN)] * 3


def test_what_never_ends_is_not_kept() -> None:
    messages = Messages()
    for _ in range(100):
        assert messages.cut(b"x" * 65536) == []
    whole = EVENT % (b"InvalidAccountID", b"PJSIP", b"IPV4/UDP/203.0.113.7/5060")
    assert len(messages.cut(b"\r\n\r\n" + whole + b"\r\n")) == 2
