"""Keys in order of their places."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from callcenter.calls.ordered import Ordered

Place = tuple[int, str]


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.one_of(st.none(), st.integers(0, 9)))))
def test_each_key_is_at_its_last_place(puts: list[tuple[str, int | None]]) -> None:
    ordered: Ordered[Place] = Ordered()
    model: dict[str, Place] = {}
    for key, number in puts:
        ordered.put(key, None if number is None else (number, key))
        if number is None:
            model.pop(key, None)
        else:
            model[key] = (number, key)
    places = sorted(model.values())
    assert list(ordered) == places
    assert len(ordered) == len(places)
    assert ordered.first() == (places[0] if places else None)
    assert all((key in ordered) is (key in model) for key in "abcde")
    for number in range(10):
        behind = [place for place in places if place > (number, "c")]
        assert ordered.after((number, "c")) == (behind[0] if behind else None)
        assert ordered.before((number, "c")) == sum(place < (number, "c") for place in places)
        assert ordered.until((number, "c")) == [place for place in places if place < (number, "c")]
