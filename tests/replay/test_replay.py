"""Journals of real calls give the same orders, commands and state as when they were accepted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.calls.centre import LOGIC_VERSION
from callcenter.calls.state import Centre
from callcenter.recovery import restore
from callcenter.store.journal import Entry, Journal
from tests.replay.journals import (
    FOLDER,
    Recording,
    names,
    plan,
    plan_source,
    read,
    replay,
    state_digest,
)

WHAT_TO_DO = """
If that is meant: raise LOGIC_VERSION in callcenter/calls/centre.py (once for each change that is
released), then accept what is new by `python -m tests.replay.accept` and look at its diff.
"""
FIRST_VERSION = "logic-1"
BYTES = 300_000


def first_difference(recording: Recording, centre: Centre) -> str:
    """Which event first leads to something else now; empty: none does."""
    for each in replay(recording.events, centre):
        then, now = each.event.led_to, each.led_to
        other = sorted(name for name in {*then, *now} if then.get(name) != now.get(name))
        if other:
            event = each.event
            return (
                f"{recording.name}: event {event.seq}, {event.kind} {event.body}, "
                f"has other {' and '.join(other)} than in logic {recording.logic}. Now:\n"
                f"{each.told() or '  nothing'}\n{WHAT_TO_DO}"
            )
    return ""


@pytest.mark.parametrize("name", names())
def test_a_journal_of_real_calls_leads_to_what_it_led_to(name: str) -> None:
    recording, centre = read(name), Centre()
    difference = first_difference(recording, centre)
    assert not difference, difference
    assert state_digest(centre) == recording.state, f"{name}: the state differs. {WHAT_TO_DO}"


@pytest.mark.parametrize("name", names())
def test_it_was_accepted_for_this_version_of_the_logic(name: str) -> None:
    assert read(name).logic == LOGIC_VERSION, f"{name}: {WHAT_TO_DO}"


@pytest.mark.parametrize("name", names())
def test_every_call_in_it_is_over_and_has_one_order(name: str) -> None:
    recording, centre = read(name), Centre()
    records = [
        record for each in replay(recording.events, centre) for record in each.result.records
    ]
    assert not centre.calls
    assert {r.number: r.outcome for r in records} == recording.orders
    assert len({record.call for record in records}) == len(recording.orders)


@pytest.mark.parametrize("name", names())
async def test_a_controller_reads_it_back(name: str, tmp_path: Path) -> None:
    recording = read(name)
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    await journal.commit(
        [
            Entry(
                *(e.seq, e.at, e.plan, e.logic, e.kind, e.body, e.rejected),
                texts=plan_source(e.plan),
            )
            for e in recording.events
        ]
    )
    restored = await restore(journal, plan(recording.events[-1].plan))
    await journal.close()
    assert restored.seq == recording.events[-1].seq
    assert state_digest(restored.centre) == recording.state


def test_a_journal_of_the_first_version_is_among_them() -> None:
    recording = read(FIRST_VERSION)
    assert {event.logic for event in recording.events} == {1}
    assert sorted(recording.orders.values()) == [
        "abandoned",
        "announced",
        "answered",
        "answered",
        "forward_failed",
        "forwarded",
    ]


def test_the_first_event_that_differs_is_told() -> None:
    recording = read(FIRST_VERSION)
    index = next(i for i, event in enumerate(recording.events) if "records" in event.led_to)
    changed = replace(recording.events[index], led_to={})
    events = (*recording.events[:index], changed, *recording.events[index + 1 :])
    other = replace(recording, events=events)
    told = first_difference(other, Centre())
    assert f"event {changed.seq}, CallArrived" in told
    assert "has other commands and records than in logic" in told
    assert "LOGIC_VERSION" in told


def test_they_are_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) < BYTES
