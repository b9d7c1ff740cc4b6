"""Who calls and what was dialled first, from the headers that carriers really send."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.calls.events import SipHeaders
from callcenter.numberplan import callers
from callcenter.numberplan.callers import Caller, identify, normalised, split_values
from tests.plans import small_plan

NEVER = re.compile(r"(?!)")
TRUSTED, PLAIN = "telecom", "unicom"


def caller(headers: SipHeaders, trunk: str = TRUSTED, dialled: str = "12345") -> Caller:
    return identify(headers, small_plan(), trunk, dialled)


# -- numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "e164"),
    [
        ("87200000", "+8651987200000"),
        ("051987200000", "+8651987200000"),
        ("+8651987200000", "+8651987200000"),
        ("8651987200000", "+8651987200000"),
        ("008651987200000", "+8651987200000"),
        ("0519-8720 0000", "+8651987200000"),
        ("13812345678", "+8613812345678"),
        ("013812345678", "+8613812345678"),
        ("+8613812345678", "+8613812345678"),
        ("8613812345678", "+8613812345678"),
        ("008613812345678", "+8613812345678"),
        ("19912345678", "+8619912345678"),
        ("02552345678", "+862552345678"),
        ("0014155552671", "+14155552671"),
        ("+14155552671", "+14155552671"),
        ("0085221234567", "+85221234567"),
    ],
)
def test_numbers_become_e164(raw: str, e164: str) -> None:
    assert normalised(raw, "0519", "86") == e164
    found = caller(SipHeaders(from_=f"<sip:{raw.replace(' ', '%20')}@10.0.0.1>;tag=1"))
    assert (found.e164, found.withheld) == (e164, False)


@pytest.mark.parametrize("second", "3456789")
def test_mobiles_are_known_at_a_glance_and_rightly(second: str) -> None:
    number = f"1{second}812345678"
    looked_at = phonenumbers.parse(number, "CN")
    e164 = phonenumbers.format_number(looked_at, phonenumbers.PhoneNumberFormat.E164)
    assert phonenumbers.is_possible_number(looked_at)
    assert normalised(number, "0519", "86") == e164


@pytest.mark.parametrize(
    "raw", ["10086", "95588", "12399", "96121", "1", "+", "+8", "8" * 30, "٣" * 8]
)
def test_short_service_numbers_and_nonsense_stay_as_they_came(raw: str) -> None:
    found = caller(SipHeaders(from_=f"<sip:{raw}@10.0.0.1>"))
    assert (found.e164, found.raw) == (None, raw)


@pytest.mark.parametrize(
    "from_",
    [
        "",
        "<sip:anonymous@anonymous.invalid>;tag=1",
        '"Anonymous" <sip:anonymous@10.0.0.1>',
        "<sip:Unknown@10.0.0.1>",
        "<sip:unavailable@10.0.0.1>",
        "<sip:10.0.0.1>",
        "<sip:00000000@10.0.0.1>",
        "<sip:13812345678@anonymous.invalid>",
        "not a header",
    ],
)
def test_a_withheld_number_is_masked(from_: str) -> None:
    found = caller(SipHeaders(from_=from_))
    assert (found.e164, found.withheld, found.display) == (None, True, "号码未显示")


@pytest.mark.parametrize("privacy", [("id",), ("user;id",), ("header", "none"), ("ID;critical",)])
def test_a_caller_who_asks_for_privacy_is_masked_and_the_raw_number_kept(
    privacy: tuple[str, ...],
) -> None:
    headers = SipHeaders(asserted_identity=("<tel:+8613812345678>",), privacy=privacy)
    found = caller(headers)
    assert (found.e164, found.withheld, found.raw) == (None, True, "+8613812345678")
    assert "1381" not in found.display
    assert not caller(SipHeaders(from_="<sip:13812345678@x>", privacy=("none",))).withheld


@pytest.mark.parametrize(
    ("raw", "display"),
    [
        ("051987200000", "0519-87200000"),
        ("013812345678", "138 1234 5678"),
        ("0014155552671", "+1 415-555-2671"),
        ("10086", "10086"),
    ],
)
def test_screens_show_numbers_as_people_read_them(raw: str, display: str) -> None:
    assert caller(SipHeaders(from_=f"<sip:{raw}@10.0.0.1>")).display == display


# -- which header is believed ----------------------------------------------------------------------


ASSERTED = SipHeaders(
    from_="<sip:10001@10.0.0.1>;tag=1", asserted_identity=("<sip:+8613812345678@ims>",)
)


def test_an_asserted_identity_beats_from_where_the_trunk_is_trusted() -> None:
    assert caller(ASSERTED).e164 == "+8613812345678"
    assert caller(ASSERTED, PLAIN).raw == "10001"
    assert caller(ASSERTED, "no such trunk").raw == "10001"


@pytest.mark.parametrize(
    "lines",
    [
        ("<sip:+8651987200000@ims.example;user=phone>, <tel:+8651987200000>",),
        ('"溧阳, 市民" <sip:+8651987200000@ims>,<tel:+8651987200000>',),
        ('"quote \\" < comma, >" <sip:+8651987200000@ims>',),
        ("<sip:anonymous@ims>", "<tel:+8651987200000;phone-context=+86>"),
        ("tel:+86-519-8720-0000",),
        ("sip:%2B8651987200000;phone-context=+86519@ims;user=phone",),
        ("<SIPS:+8651987200000:secret@ims:5061>",),
    ],
)
def test_an_asserted_identity_is_read_in_all_its_forms(lines: tuple[str, ...]) -> None:
    assert caller(SipHeaders(asserted_identity=lines)).e164 == "+8651987200000"


# -- what was dialled first ------------------------------------------------------------------------


def test_the_oldest_diversion_is_what_was_dialled_first() -> None:
    one_line = SipHeaders(
        diversion=(
            '"x, y" <sip:66660001@pbx>;reason=unconditional, <sip:051987209900@city>;reason=busy',
        )
    )
    two_lines = SipHeaders(diversion=("<sip:66660001@pbx>", "<tel:+8651987209900>"))
    assert caller(one_line).diverted == ("051987209900", "66660001")
    assert caller(one_line).first_dialled == caller(two_lines).first_dialled == "87209900"
    assert caller(one_line, PLAIN).diverted == ()


@pytest.mark.parametrize(
    "lines",
    [
        (
            "<sip:87209900@city>;index=1",
            "<sip:66660001@pbx>;index=1.1",
            "<sip:12345@us>;index=1.1.1",
        ),
        ("<sip:12345@us>;index=1.10, <sip:66660001@pbx>;index=1.2,<sip:87209900@city>;index=1",),
        (
            "<sip:87209900@city?Reason=SIP%3Bcause%3D302%3Btext%3D%22a,b%22>;index=1",
            "<sip:66660001@pbx;cause=302>;index=1.1,<sip:+8651912345@us>;index=1.2",
        ),
    ],
)
def test_history_info_begins_with_what_was_dialled_first(lines: tuple[str, ...]) -> None:
    found = caller(SipHeaders(history_info=lines))
    assert found.diverted == ("87209900", "66660001")
    assert found.first_dialled == "87209900"


def test_history_infos_last_entry_is_where_the_call_goes_now() -> None:
    only_us = SipHeaders(history_info=("<sip:12315@us>;index=1",))
    assert caller(only_us, dialled="12315").diverted == ()
    assert identify(only_us, small_plan(), TRUSTED).diverted == ()
    assert caller(only_us, dialled="12345").diverted == ("12315",)


def test_diversion_wins_where_both_are_there() -> None:
    headers = SipHeaders(
        diversion=("<sip:12310@city>",), history_info=("<sip:87209900@city>;index=1",)
    )
    assert caller(headers).first_dialled == "12310"


def test_an_unknown_number_may_have_been_dialled_first() -> None:
    found = caller(SipHeaders(diversion=("<sip:051988880000@city>",)))
    assert found.first_dialled == "051988880000"


def test_one_of_our_numbers_as_caller_is_the_forwarder_not_the_citizen() -> None:
    found = caller(SipHeaders(from_="<sip:+8651987209900@city>"))
    assert (found.e164, found.raw, found.withheld) == (None, "+8651987209900", False)
    assert (found.diverted, found.first_dialled) == (("+8651987209900",), "87209900")


# -- whatever comes --------------------------------------------------------------------------------


def test_commas_divide_values_only_outside_quotes_and_brackets() -> None:
    assert split_values(('"a,\\"b" <sip:1,2@x>,<sip:3@x>;p=1', "", " , ")) == (
        '"a,\\"b" <sip:1,2@x>',
        "<sip:3@x>;p=1",
    )


PIECES = st.lists(
    st.sampled_from(
        [
            '"', "\\", "<", ">", ",", ";", ":", "@", "%", "%2", "?", "=", "sip:", "tel:", "+86",
            "0", "12345", "519", "index=1", ".1", "anonymous", " ", "\t", "\x00", "号", "\ud800",
        ]
    ),
    max_size=14,
).map("".join)  # fmt: skip
LINES = st.lists(PIECES | st.text(max_size=30), max_size=3).map(tuple)


USUAL = st.from_regex(
    r'\A("[^"<]{0,5}" ?)?<sips?:\+?[0-9a-z;%]{1,12}@[A-Za-z0-9.:-]{1,12}>(;tag=[a-z<>]{1,3})?\Z'
)


@given(from_=USUAL | PIECES)
def test_what_is_read_at_a_glance_is_what_is_read_with_care(from_: str) -> None:
    glanced = caller(SipHeaders(from_))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callers, "_USUAL", NEVER)
        assert caller(SipHeaders(from_)) == glanced


@given(from_=PIECES | st.text(max_size=30), lines=st.tuples(LINES, LINES, LINES, LINES))
def test_no_header_makes_it_raise(from_: str, lines: tuple[tuple[str, ...], ...]) -> None:
    found = caller(SipHeaders(from_, *lines))
    assert found.e164 is None or (found.e164.startswith("+") and found.e164[1:].isdigit())
    assert not (found.withheld and found.e164)
    assert found.display
