"""What must hold at the end of every day, whatever happened on it."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from callcenter.analytics.periods import By
from callcenter.analytics.record import OfferEnd
from callcenter.analytics.report import Of
from callcenter.calls.turn import shanghai_day
from callcenter.orders.record import OrderRecord, Outcome
from tests.analytics import naive
from tests.crashes.promises import left_over, untold, wrong_orders
from tests.crashes.world import World

if TYPE_CHECKING:
    from tests.scenarios.day import Day


def must_hold(day: Day) -> None:
    """Nothing is left; each call has one order and one outcome; all figures are the same sums."""
    world = World(switch=day.switch, now=day.now, callers=list(day.callers))
    faults = [*day.broken, *left_over(world, day.centre), *untold(day.centre, day.changes)]
    faults += wrong_orders(world, day.orders.versions)
    faults += [f"{other} was overtaken by {call}" for other, call in day.onlooker.overtaken]
    faults += [
        f"{call} waited, and {operator} was ready" for call, operator in day.onlooker.ignored
    ]
    faults += [f"{each.call} has no outcome" for each in day.outbound.values() if not each.outcome]
    assert not faults, "\n".join(faults)
    assert day.centre.trunk_channels == {}
    _numbers_follow_each_other(list(day.records.values()))
    _the_wallboard_has_the_same_sums(day)
    _the_stop_watch_shows_the_same(day)
    _queue_log_tells_the_same(day)
    day.books.add_up()


def _numbers_follow_each_other(orders: list[OrderRecord]) -> None:
    by_day: dict[str, list[int]] = {}
    for order in orders:
        _, when, sequence = order.number.split("-")
        assert when == shanghai_day(order.opened)
        by_day.setdefault(when, []).append(int(sequence))
    for given in by_day.values():
        assert sorted(given) == list(range(1, len(given) + 1))


def _the_wallboard_has_the_same_sums(day: Day) -> None:
    """Of the last two days, which it keeps."""
    for when, figures in day.centre.figures.items():
        ours = [each for each in day.records.values() if shanghai_day(each.opened) == when]
        assert figures.offered == len(ours)
        assert +Counter(figures.outcomes) == Counter(each.outcome for each in ours)
        assert sum(figures.outcomes.values()) == figures.offered
        in_15s = sum(
            each.outcome is Outcome.ANSWERED and each.wait_ms is not None and each.wait_ms <= 15_000
            for each in ours
        )
        assert figures.answered_in_15s == in_15s


def _the_stop_watch_shows_the_same(day: Day) -> None:
    """Each second of a shift is in one state, and each wait as long as an onlooker saw it."""
    found: defaultdict[tuple[str, str], float] = defaultdict(float)
    for row in day.books.report(By.DAY, Of.OPERATOR).rows:
        for state, seconds in ({} if row.work is None else row.work.seconds).items():
            found[(row.key, state)] += seconds
    for key in found.keys() | day.onlooker.seconds.keys():
        assert abs(found[key] - day.onlooker.seconds[key]) < 0.001 * len(day.changes) + 0.001, key
    for call, order in day.records.items():
        waited = (order.wait_ms or 0) + order.waited_again_ms
        assert abs(waited - 1000 * day.onlooker.waits[call]) < 10, call


def _queue_log_tells_the_same(day: Day) -> None:
    """As many offers of callers were taken and missed, and each wait there has one end."""
    lines = Counter(line.split("|")[4] for line in day.queue_log)
    ended: Counter[OfferEnd | None] = Counter()
    for operator, changes in naive.by_operator(day.changes).items():
        for ringing, after in pairwise(changes):
            moments = {(operator, ringing.at), (operator, ringing.at - 1)}
            if ringing.state == "ringing" and not moments & day.onlooker.consulted:
                ended[after.offer] += 1
    assert lines["CONNECT"] == ended[OfferEnd.TAKEN]
    assert lines["RINGNOANSWER"] == ended[OfferEnd.MISSED]
    ends = ("CONNECT", "ABANDON", "EXITWITHTIMEOUT", "EXITWITHKEY", "WITHDRAW")
    assert lines["ENTERQUEUE"] == sum(lines[end] for end in ends)
