"""Journals of real calls as text, and what the core makes of them now.

A file has one JSON object a line: first what it is about, then every event with digests of what it
led to. The plans that the events were handled under are beside it, each once, by hash.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from callcenter.analytics.record import StateChange
from callcenter.calls.centre import LOGIC_VERSION, step
from callcenter.calls.codec import decode_event
from callcenter.calls.commands import Command
from callcenter.calls.state import Centre
from callcenter.calls.turn import Result
from callcenter.numberplan.loader import load_source
from callcenter.numberplan.model import Plan
from callcenter.numberplan.source import Source
from callcenter.orders.record import OrderRecord

T = TypeVar("T")

FOLDER = Path(__file__).parent / "journals"
_COMMANDS = TypeAdapter(tuple[Command, ...])
_RECORDS = TypeAdapter(tuple[OrderRecord, ...])
_STATES = TypeAdapter(tuple[StateChange, ...])
_CENTRE = TypeAdapter(Centre)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event, and digests of what it led to when that was accepted."""

    seq: int
    at: float
    plan: str
    """The first figures of its plan's hash."""
    logic: int
    kind: str
    body: str
    rejected: str | None
    led_to: Mapping[str, str]
    """By `records`, `commands`, `queue_log`, `states`; what was empty is not there."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One file."""

    name: str
    about: str
    logic: int
    """The version of the logic that its digests are of."""
    orders: Mapping[str, str]
    """The outcome of every order."""
    state: str
    """Digest of the state in the end."""
    events: tuple[Recorded, ...]

    def write(self) -> None:
        """Put it into its file."""
        head = {
            "about": self.about,
            "logic": self.logic,
            "orders": dict(self.orders),
            "state": self.state,
        }
        lines = [head, *(_as_json(event) for event in self.events)]
        text = "".join(f"{_compact(line)}\n" for line in lines)
        (FOLDER / f"{self.name}.jsonl").write_text(text, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the core makes of an event now."""

    event: Recorded
    result: Result

    @property
    def led_to(self) -> dict[str, str]:
        """As in `Recorded`."""
        return led_to(self.result)

    def told(self) -> str:
        """All of it, to be read."""
        records = _RECORDS.dump_json(self.result.records, exclude_defaults=True).decode()
        lines = [f"  record: {record}" for record in json.loads(records)]
        lines += [f"  command: {command}" for command in self.result.commands]
        return "\n".join([*lines, *(f"  queue_log: {line}" for line in self.result.queue_log)])


def read(name: str) -> Recording:
    """A committed recording."""
    head, *lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    about = json.loads(head)
    events = tuple(_from_json(json.loads(line)) for line in lines)
    return Recording(name, about["about"], about["logic"], about["orders"], about["state"], events)


def names() -> list[str]:
    """All that are committed."""
    return sorted(file.stem for file in FOLDER.glob("*.jsonl"))


def replay(events: tuple[Recorded, ...], centre: Centre) -> Iterator[Replayed]:
    """Take the events through `step` again, into `centre`; rejected ones are passed over."""
    for event in events:
        if event.rejected is None:
            happened = decode_event(event.kind, event.body)
            yield Replayed(event, step(centre, happened, plan(event.plan), event.at))


def accepted(recording: Recording) -> Recording:
    """The same events with what they lead to now, and the orders that come of them."""
    centre = Centre()
    now = {each.event.seq: each for each in replay(recording.events, centre)}
    orders = {
        record.number: record.outcome or ""
        for each in now.values()
        for record in each.result.records
    }
    return replace(
        recording,
        logic=LOGIC_VERSION,
        orders=orders,
        state=state_digest(centre),
        events=tuple(
            replace(event, led_to=now[event.seq].led_to if event.seq in now else {})
            for event in recording.events
        ),
    )


def led_to(result: Result) -> dict[str, str]:
    """Digests of what is not empty."""
    parts: dict[str, tuple[bytes, bool]] = {
        "records": (_json(_RECORDS, result.records), bool(result.records)),
        "commands": (_json(_COMMANDS, result.commands), bool(result.commands)),
        "queue_log": ("\n".join(result.queue_log).encode(), bool(result.queue_log)),
        "states": (_json(_STATES, result.states), bool(result.states)),
    }
    return {name: _digest(content) for name, (content, there) in parts.items() if there}


def state_digest(centre: Centre) -> str:
    """A field that is new and has its default value changes nothing."""
    return _digest(_json(_CENTRE, centre))


def plan_source(prefix: str) -> str:
    """The texts of a plan that is kept here."""
    return (FOLDER / "plans" / f"{prefix}.json").read_text(encoding="utf-8")


def keep_plan(source: Source) -> None:
    """Put a plan's texts beside the journals."""
    (FOLDER / "plans" / f"{source.hash[:12]}.json").write_text(source.to_json(), encoding="utf-8")


@cache
def plan(prefix: str) -> Plan:
    """A plan that is kept here."""
    found = load_source(plan_source(prefix))
    assert found is not None, f"plan {prefix} cannot be loaded any more"
    return found


def _json(adapter: TypeAdapter[T], value: T) -> bytes:
    return adapter.dump_json(value, exclude_defaults=True)


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:12]


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _as_json(event: Recorded) -> dict[str, object]:
    line: dict[str, object] = {
        "seq": event.seq,
        "at": event.at,
        "plan": event.plan,
        "logic": event.logic,
        "kind": event.kind,
        "body": json.loads(event.body),
    }
    if event.rejected is not None:
        line["rejected"] = event.rejected
    return {**line, **event.led_to}


def _from_json(line: dict[str, object]) -> Recorded:
    take: Callable[[str], object] = line.pop
    body = _compact(take("body"))
    rejected = line.pop("rejected", None)
    seq, at, plan_, logic, kind = (take(name) for name in ("seq", "at", "plan", "logic", "kind"))
    assert isinstance(seq, int) and isinstance(at, float) and isinstance(logic, int)
    return Recorded(
        seq,
        at,
        str(plan_),
        logic,
        str(kind),
        body,
        None if rejected is None else str(rejected),
        {name: str(digest) for name, digest in line.items()},
    )
