"""Figures computed a second time, in the slowest and plainest way: by looking at every moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from callcenter.analytics.facts import CallFact, Handled, Interval, call_fact, intervals
from callcenter.analytics.record import OfferEnd, StateChange
from callcenter.clock import SHANGHAI
from callcenter.orders.record import OrderRecord


def quarter(ms: int) -> str:
    """`2017-12-01 10:15`."""
    moment = datetime.fromtimestamp(ms // 1000, SHANGHAI)
    return moment.strftime("%Y-%m-%d %H:") + f"{moment.minute // 15 * 15:02}"


def state_at(changes: Sequence[StateChange], at: int) -> str:
    """What an operator with these changes, in order, was doing: the last one before says so."""
    before = (change.state for change in reversed(changes) if change.at <= at)
    return next(before, "offline")


def seconds_by_quarter(changes: Sequence[StateChange], now: int) -> Counter[tuple[str, str, str]]:
    """Milliseconds by quarter, operator and state, without those signed out."""
    sums: Counter[tuple[str, str, str]] = Counter()
    if not changes:
        return sums
    first = min(change.at for change in changes)
    quarters = range(first - first % 900_000, now + 900_000, 900_000)
    for operator, own in by_operator(changes).items():
        edges = sorted({*quarters, *(change.at for change in own), now})
        for began, ended in pairwise(edges):
            state = state_at(own, began)
            if ended <= now and state != "offline":
                sums[(quarter(began), operator, state)] += ended - began
    return sums


def offers_by_quarter(changes: Sequence[StateChange]) -> Counter[tuple[str, str, OfferEnd | None]]:
    """Every ringing, by how the operator's next change says that it ended."""
    sums: Counter[tuple[str, str, OfferEnd | None]] = Counter()
    for operator, own in by_operator(changes).items():
        for change in own:
            if change.state == "ringing":
                ended = next((each.offer for each in own if each.at > change.at), None)
                sums[(quarter(change.at), operator, ended)] += 1
    return sums


def by_operator(changes: Iterable[StateChange]) -> dict[str, list[StateChange]]:
    """Each operator's own, in order of time."""
    found: dict[str, list[StateChange]] = {}
    for change in in_order(changes):
        found.setdefault(change.operator, []).append(change)
    return found


def in_order(changes: Iterable[StateChange]) -> list[StateChange]:
    """As the store gives them."""
    return sorted(changes, key=lambda change: (change.operator, change.at))


def facts_of(
    records: Iterable[OrderRecord], changes: Iterable[StateChange], now: int
) -> tuple[list[CallFact], list[Interval]]:
    """What the store makes of the same records, without a store."""
    states = list(intervals(in_order(changes), now))
    of_calls: dict[str | None, list[Interval]] = {}
    for each in states:
        of_calls.setdefault(each.change.call, []).append(each)
    facts = []
    for record in records:
        own = of_calls.get(record.call, [])
        talk = sum(each.length for each in own if each.change.state == "talking")
        wrap_up = sum(each.length for each in own if each.change.state == "wrap_up")
        facts.append(fact_of(record, Handled(talk, wrap_up)))
    return facts, states


def fact_of(record: OrderRecord, handled: Handled) -> CallFact:
    return call_fact(
        call=record.call,
        opened=record.opened,
        hotline=record.hotline,
        queue=record.queue,
        operator=record.operator,
        outcome=record.outcome,
        answered=record.answered,
        ended=record.ended,
        wait_ms=record.wait_ms,
        waited_again_ms=record.waited_again_ms,
        answer_within=record.answer_within,
        handled=handled,
    )
