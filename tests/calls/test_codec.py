"""The state as JSON, as a whole and in parts."""

from __future__ import annotations

from itertools import pairwise

import pytest

from callcenter.calls import codec
from callcenter.calls.codec import decode_centre, encode_centre, parts_of
from tests.calls.desk import Desk


@pytest.mark.parametrize("calls", range(6))
def test_parts_of_some_calls_each_are_the_whole(
    calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codec, "CALLS_A_PART", 2)
    desk = Desk()
    desk.operator_ready("001", "seat01")
    for _ in range(calls):
        desk.call()
    before, *parts, after = parts_of(desk.centre.picture())
    assert len(parts) == (calls + 1) // 2
    assert "".join((before, *parts, after)) == encode_centre(desk.centre)
    assert decode_centre("".join((before, *parts, after))) == desk.centre


def test_a_picture_stays_as_it_was_while_calls_go_on() -> None:
    desk = Desk()
    pictures = [(desk.centre.picture(), encode_centre(desk.centre))]
    call = desk.talking_call()
    pictures.append((desk.centre.picture(), encode_centre(desk.centre)))
    desk.goes(call)
    pictures.append((desk.centre.picture(), encode_centre(desk.centre)))
    assert all(one[1] != other[1] for one, other in pairwise(pictures))
    assert all("".join(parts_of(picture)) == then for picture, then in pictures)
