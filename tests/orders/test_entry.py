"""What an operator may enter, and what is said about the rest."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from callcenter.orders.entry import (
    CATEGORY_LENGTH,
    REFUSAL_REASON_TITLES,
    REQUEST_TYPE_TITLES,
    EntryPatch,
    EntryRefusedError,
    OrderEntry,
    RefusalReason,
    RequestType,
    apply,
)


def test_the_five_types_and_the_seven_reasons_have_the_plans_own_words() -> None:
    assert list(REQUEST_TYPE_TITLES.values()) == ["咨询", "建议", "诉求", "投诉", "举报"]
    assert set(REFUSAL_REASON_TITLES) == set(RefusalReason)
    assert len(RefusalReason) == 7


def test_an_absent_field_stays_and_a_null_empties() -> None:
    before = OrderEntry(type=RequestType.ENQUIRY, category="公交", content="几点")
    assert apply(EntryPatch(content=None), before) == OrderEntry(RequestType.ENQUIRY, "公交")


def test_blanks_around_a_text_go_and_a_blank_text_is_none() -> None:
    assert apply(EntryPatch(category=" 公交 ", content=" \n"), OrderEntry()) == OrderEntry(
        category="公交"
    )


@pytest.mark.parametrize(
    ("patch", "field", "code"),
    [
        (EntryPatch(category="字" * (CATEGORY_LENGTH + 1)), "category", "too_long"),
        (EntryPatch(content="字" * 5001), "content", "too_long"),
        (EntryPatch(content="a\0b"), "content", "control_character"),
        (
            EntryPatch(answered_on_spot=True, refusal=RefusalReason.UNLAWFUL),
            "refusal",
            "refused_and_answered",
        ),
    ],
)
def test_each_error_names_field_and_code_and_says_what_to_do(
    patch: EntryPatch, field: str, code: str
) -> None:
    with pytest.raises(EntryRefusedError) as refused:
        apply(patch, OrderEntry())
    (error,) = refused.value.errors
    assert (error.field, error.code) == (field, code)
    assert "请" in error.sentence


def test_every_error_is_told_at_once() -> None:
    with pytest.raises(EntryRefusedError) as refused:
        apply(EntryPatch(category="字" * 101, content="字" * 5001), OrderEntry())
    assert [error.field for error in refused.value.errors] == ["category", "content"]


def test_a_refusal_that_clears_answered_on_spot_is_fine() -> None:
    answered = OrderEntry(answered_on_spot=True)
    patch = EntryPatch(answered_on_spot=False, refusal=RefusalReason.MILITARY)
    assert apply(patch, answered).refusal is RefusalReason.MILITARY


def test_other_types_reasons_and_fields_are_refused() -> None:
    for wrong in ({"type": "praise"}, {"refusal": "tired"}, {"colour": "red"}):
        with pytest.raises(ValidationError):
            EntryPatch.model_validate(wrong)
