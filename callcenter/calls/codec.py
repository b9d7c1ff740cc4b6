"""Events and state as JSON and back, for the journal and its snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import get_args

from pydantic import TypeAdapter

from callcenter.calls.events import Act, Author, Event, Led, Request
from callcenter.calls.state import Call, Centre


@dataclass(frozen=True, slots=True)
class _WrittenAct:
    """An act as JSON: requests differ in kind alone, so that stands beside."""

    by: Author
    kind: str
    request: str


_ACT = TypeAdapter(_WrittenAct)
_KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}
_EVENTS: dict[str, TypeAdapter[Event]] = {
    name: TypeAdapter(kind) for name, kind in _KINDS.items() if kind is not Act
}
_REQUESTS: dict[str, TypeAdapter[Request | Led]] = {
    kind.__name__: TypeAdapter(kind) for kind in get_args(Request | Led)
}
_CENTRE = TypeAdapter(Centre)
_SOME_CALLS = TypeAdapter(dict[str, Call])
_CALLS = '{"calls":{'
"""Begins the state's JSON."""
CALLS_A_PART = 100
"""Of a call it is a kilobyte or two."""


def encode_event(event: Event) -> tuple[str, str]:
    """The event's kind and its JSON."""
    kind = type(event).__name__
    if isinstance(event, Act):
        asked = type(event.request).__name__
        request = _REQUESTS[asked].dump_json(event.request).decode()
        return kind, _ACT.dump_json(_WrittenAct(event.by, asked, request)).decode()
    return kind, _EVENTS[kind].dump_json(event).decode()


def decode_event(kind: str, body: str) -> Event:
    """The event again.

    Raises:
        KeyError: there is no such kind.
        pydantic.ValidationError: the body does not fit the kind.
    """
    if kind == Act.__name__:
        act = _ACT.validate_json(body)
        return Act(act.by, _REQUESTS[act.kind].validate_json(act.request))
    return _EVENTS[kind].validate_json(body)


def encode_centre(centre: Centre) -> str:
    """The whole state as JSON."""
    return _CENTRE.dump_json(centre).decode()


def parts_of(picture: Centre) -> Iterator[str]:
    """The same JSON in parts, none of which takes long, for a picture that does not change.

    Callers hear nothing while a part is made.
    """
    most, calls = encode_centre(replace(picture, calls={})), list(picture.calls.items())
    yield _CALLS
    for first in range(0, len(calls), CALLS_A_PART):
        some = _SOME_CALLS.dump_json(dict(calls[first : first + CALLS_A_PART])).decode()
        yield ("," if first else "") + some[1:-1]
    yield most.removeprefix(_CALLS)


def decode_centre(body: str) -> Centre:
    """The state again.

    Raises:
        pydantic.ValidationError: it was written by logic whose state looked otherwise.
    """
    return _CENTRE.validate_json(body)
