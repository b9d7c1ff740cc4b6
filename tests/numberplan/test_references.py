"""A partner's reference is read from its header as strictly as can be; ours is written there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.numberplan.references import LONGEST, read, value

PLAIN, UUI = "X-Reference", "User-to-User"


@pytest.mark.parametrize(
    ("lines", "reference"),
    [
        ((" CG-2017/0815 ",), "CG-2017/0815"),
        (("320481-20171122-0252",), "320481-20171122-0252"),
        (("a" * LONGEST,), "a" * LONGEST),
        ((), None),
        (("",), None),
        (("a" * (LONGEST + 1),), None),
        (("one", "two"), None),
        (("one, two",), None),
        (("<sip:12345@x>",), None),
        (("1;drop=all",), None),
        (("案件1",), None),
        (("٣٤",), None),
        (("-1",), None),
        (("a\r\nb",), None),
        (("a\n",), "a"),
    ],
)
def test_a_partners_own_header_has_plain_text(
    lines: tuple[str, ...], reference: str | None
) -> None:
    assert read(PLAIN, lines) == reference


@pytest.mark.parametrize(
    ("line", "reference"),
    [
        ("43472d31;encoding=hex", "CG-1"),
        ("43472D31 ; Encoding=HEX ; purpose=isdn-uui", "CG-1"),
        ("0443472d31;encoding=hex;content=isdn-uui", "CG-1"),
        ("0043472d31", "CG-1"),
        ("43472d31;encoding=base64", None),
        ("43472d31;encoding=hex;encoding=other", None),
        ("43472d3;encoding=hex", None),
        ("CG-1", None),
        ("ff31;encoding=hex", None),
        ("04;encoding=hex", None),
        ("", None),
        ("31,32;encoding=hex", None),
        ("3b3b;encoding=hex", None),
    ],
)
def test_user_to_user_has_its_text_in_hexadecimal(line: str, reference: str | None) -> None:
    assert read(UUI, (line,)) == reference


@pytest.mark.parametrize("header", [PLAIN, UUI, "user-to-user"])
def test_what_we_write_is_read_again(header: str) -> None:
    number = "320481-20171122-0252"
    assert read(header, (value(header, number),)) == number


def test_user_to_user_says_what_it_is() -> None:
    assert value(UUI, "1") == "0431;encoding=hex;purpose=isdn-uui;content=isdn-uui"


@given(st.sampled_from((PLAIN, UUI)), st.lists(st.text(), max_size=3))
def test_whatever_comes_is_a_reference_or_nothing(header: str, lines: list[str]) -> None:
    found = read(header, lines)
    assert found is None or (found.isascii() and 0 < len(found) <= LONGEST)
