"""What waits for the journal takes bounded memory, and nothing that is to be filed is given up."""

from __future__ import annotations

from dataclasses import replace

from callcenter.orders.record import Outcome
from callcenter.store.journal import Snapshot
from callcenter.store.tail import Tail, condensed
from tests.store.test_journal import a_record, an_entry


def test_what_is_taken_is_taken_again_until_it_is_stored() -> None:
    tail = Tail(limit=100)
    for seq in range(1, 6):
        tail.append(an_entry(seq))
    assert tail.take(3) == [an_entry(1), an_entry(2), an_entry(3)]
    assert tail.take(3) == [an_entry(1), an_entry(2), an_entry(3)]
    assert len(tail) == 5
    tail.stored()
    assert tail.take(3) == [an_entry(4), an_entry(5)]
    tail.stored()
    assert not tail


def test_of_the_oldest_events_only_what_they_led_to_is_kept() -> None:
    opened, ended = a_record("a"), replace(a_record("a", Outcome.ABANDONED), version=2)
    first = replace(
        an_entry(1, opened, a_record("b")),
        queue_log=("one",),
        cursor=("queue_log", 120),
        texts="plan",
    )
    entries = [first, an_entry(2, cursor=("queue_log", 240)), an_entry(3)]
    last = replace(an_entry(4, ended), queue_log=("two",))
    assert condensed([*entries, last]) == replace(
        last,
        records=(ended, a_record("b")),
        queue_log=("one", "two"),
        cursor=("queue_log", 240),
        texts="plan",
    )


def test_the_texts_of_another_plan_are_not_taken_for_those_of_the_last() -> None:
    old = replace(an_entry(1), plan="old", texts="of the old one")
    assert condensed([old, an_entry(2)]).texts is None


def test_beyond_the_limit_memory_stays_bounded_and_a_snapshot_is_needed() -> None:
    tail = Tail(limit=10)
    for seq in range(1, 11):
        tail.append(an_entry(seq))
    assert not tail.needs_snapshot
    taken = tail.take(2)
    for seq in range(11, 1000):
        tail.append(an_entry(seq))
    assert len(tail) <= 12
    assert tail.take(2) == taken, "what is being stored stays as it is"
    assert tail.needs_snapshot
    tail.stored(Snapshot(500, 1, "too old"))
    assert tail.needs_snapshot
    assert tail.take(100)[-1] == an_entry(999)
    tail.stored(Snapshot(999, 1, "of now"))
    assert not tail.needs_snapshot
