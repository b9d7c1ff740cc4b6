"""Frozen values, made and copied quickly."""

from __future__ import annotations

import dataclasses

import pytest

from callcenter.calls.state import Stint
from callcenter.values import replace, wide

STINT = Stint(queue="hotline", entered=1.0, position=2)


def test_a_copy_is_what_dataclasses_make() -> None:
    copy = replace(STINT, position=1, leg="15.1_1")
    assert copy == dataclasses.replace(STINT, position=1, leg="15.1_1")
    assert hash(copy) == hash(dataclasses.replace(copy))
    assert Stint(queue="hotline", entered=1.0, position=2) == STINT


def test_a_copy_is_frozen_too() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        replace(STINT, position=1).position = 3  # type: ignore[misc]


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    """A class that cannot be copied so."""

    text: str


def test_a_class_with_slots_is_an_error_at_once() -> None:
    with pytest.raises(AttributeError):
        replace(Slotted("one"), text="two")


@wide
@dataclasses.dataclass(frozen=True, kw_only=True)
class Wide:
    """A class that is filled at once."""

    text: str
    seen: bool = False
    marks: dict[str, int] = dataclasses.field(default_factory=dict)


def test_a_wide_value_is_like_any_other() -> None:
    value = Wide(text="one")
    assert (value.text, value.seen, value.marks) == ("one", False, {})
    assert value == Wide(text="one", seen=False, marks={})
    assert value.marks is not Wide(text="one").marks
    assert dataclasses.replace(value, text="two") == replace(value, text="two")
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.text = "two"  # type: ignore[misc]


@pytest.mark.parametrize("given", [{}, {"text": "one", "other": 1}, {"other": 1}])
def test_a_missing_or_unknown_field_is_an_error(given: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="argument"):
        Wide(**given)  # type: ignore[arg-type]
