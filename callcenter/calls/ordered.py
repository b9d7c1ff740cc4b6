"""Keys in order of their places: a list searched by halves, quick for some thousand of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Generic, TypeVar

P = TypeVar("P", bound=tuple[object, ...])


class Ordered(Generic[P]):
    """Each key has one place, no two the same; the lowest place is first."""

    __slots__ = ("_place_of", "_places")

    def __init__(self) -> None:
        self._places: list[P] = []
        self._place_of: dict[str, P] = {}

    def put(self, key: str, place: P | None) -> None:
        """Give the key this place instead of the one it had; None takes it out."""
        had = self._place_of.get(key)
        if had == place:
            return
        if had is not None:
            del self._places[bisect_left(self._places, had)]
        if place is None:
            self._place_of.pop(key, None)
        else:
            insort(self._places, place)
            self._place_of[key] = place

    def __contains__(self, key: str) -> bool:
        return key in self._place_of

    def __iter__(self) -> Iterator[P]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def first(self) -> P | None:
        """The lowest place that is taken."""
        return self._places[0] if self._places else None

    def after(self, place: tuple[object, ...]) -> P | None:
        """The lowest place that is taken behind that one, which need not be taken itself."""
        index = bisect_right(self._places, place)
        return self._places[index] if index < len(self._places) else None

    def before(self, place: tuple[object, ...]) -> int:
        """How many places in front of that one are taken."""
        return bisect_left(self._places, place)

    def until(self, place: tuple[object, ...]) -> list[P]:
        """The places that are taken in front of that one."""
        return self._places[: self.before(place)]
