"""Which seats have a softphone, and where it is."""

from __future__ import annotations

import pytest

from callcenter.asterisk.ami import Contacts, SeatContact


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("sip:seat01@10.0.0.21:5060", "10.0.0.21"),
        ("sip:seat01@10.0.0.21:49152;ob;x-ast-orig-host=192.168.1.5:5060", "10.0.0.21"),
        ("sip:seat01@10.0.0.21;transport=TCP", "10.0.0.21"),
        ("sip:10.0.0.21", "10.0.0.21"),
    ],
)
def test_a_softphone_is_where_its_contact_says(uri: str, address: str) -> None:
    contacts = Contacts()
    contacts.note("seat01", uri, True)
    assert contacts.addresses == {address}


def test_one_that_is_gone_is_nowhere() -> None:
    contacts = Contacts()
    contacts.replace([("seat01", "sip:seat01@10.0.0.21:5060")])
    assert contacts.note("seat01", "sip:seat01@10.0.0.22:5060", True) is None
    assert contacts.addresses == {"10.0.0.21", "10.0.0.22"}
    contacts.note("seat01", "sip:seat01@10.0.0.21:5060", False)
    assert contacts.note("seat01", "sip:seat01@10.0.0.22:5060", False) == SeatContact(
        "seat01", False
    )
    assert contacts.addresses == frozenset()
