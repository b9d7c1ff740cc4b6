"""Events and state as JSON and back, for the journal and its snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from pydantic import TypeAdapter

from callcenter.calls.events import Act, Author, Event, Led, Request
from callcenter.calls.state import Centre


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


def decode_centre(body: str) -> Centre:
    """The state again.

    Raises:
        pydantic.ValidationError: it was written by logic whose state looked otherwise.
    """
    return _CENTRE.validate_json(body)
