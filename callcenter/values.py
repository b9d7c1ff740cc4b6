"""Frozen dataclasses, copied quickly: the core makes some thirty changed copies a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # the type checker knows the fields' names and types of this one alone
    from dataclasses import replace
else:
    T = TypeVar("T")

    def replace(value: T, /, **changes: object) -> T:
        """`dataclasses.replace` in a tenth of its time, for classes without slots or __post_init__.

        The new value is not initialised but copied. Raises AttributeError on a class with slots.
        """
        copy = object.__new__(type(value))
        copy.__dict__.update(value.__dict__)
        copy.__dict__.update(changes)
        return copy


__all__ = ["replace"]
