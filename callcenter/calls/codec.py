"""Events and state as JSON and back, for the journal and its snapshots."""

from __future__ import annotations

from typing import get_args

from pydantic import TypeAdapter

from callcenter.calls.events import Event
from callcenter.calls.state import Centre

_KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}
_EVENTS: dict[str, TypeAdapter[Event]] = {name: TypeAdapter(kind) for name, kind in _KINDS.items()}
_CENTRE = TypeAdapter(Centre)


def encode_event(event: Event) -> tuple[str, str]:
    """The event's kind and its JSON."""
    kind = type(event).__name__
    return kind, _EVENTS[kind].dump_json(event).decode()


def decode_event(kind: str, body: str) -> Event:
    """The event again.

    Raises:
        KeyError: there is no such kind.
        pydantic.ValidationError: the body does not fit the kind.
    """
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
