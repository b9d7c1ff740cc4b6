"""Quick copies of frozen values."""

from __future__ import annotations

import dataclasses

import pytest

from callcenter.calls.state import Stint
from callcenter.values import replace

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
