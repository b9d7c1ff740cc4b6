"""/metrics in Prometheus' text format, from a registry of its own.

The figures of calls are the wallboard's: sums of today. They begin again at midnight
(Asia/Shanghai), which Prometheus takes for the reset of a counter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client import Counter as Count
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from callcenter.calls.wallboard import OperatorStatus, Wallboard
from callcenter.orders.record import Outcome
from callcenter.recordings.space import Space

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FAST = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5)
"""Seconds: a step takes microseconds, a commit milliseconds."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far things are behind; each in events."""

    journal: int = 0
    """Events that happened and are not stored yet."""
    store: int = 0
    """Journal entries whose orders are not filed yet."""


class Metrics:
    """What is measured. `step_seconds` and `commit_seconds` are called with each measurement."""

    def __init__(
        self,
        wallboard: Callable[[], Wallboard],
        lag: Callable[[], Lag],
        space: Callable[[], Space] = Space,
        due: Callable[[], int] = int,
    ) -> None:
        """`due`: orders whose personal data is still to be erased."""
        self._registry = CollectorRegistry()
        self._registry.register(_CallFigures(wallboard, lag, space, due))
        step = Histogram(
            "callcenter_step_seconds",
            "Time the core took for one event",
            buckets=_FAST,
            registry=self._registry,
        )
        commit = Histogram(
            "callcenter_commit_seconds",
            "Time the journal took to store one batch of events",
            buckets=_FAST,
            registry=self._registry,
        )
        started = Gauge(
            "callcenter_started_seconds",
            "When the controller started, in seconds since 1970",
            registry=self._registry,
        )
        started.set_to_current_time()
        tried_again = Count(
            "callcenter_commands_tried_again",
            "Commands that Asterisk did not carry out at once",
            registry=self._registry,
        )
        tasks = Gauge(
            "callcenter_tasks",
            "What the controller does at the same time; more and more of it would be a leak",
            registry=self._registry,
        )
        self.tasks: Callable[[float], None] = tasks.set
        self.tried_again: Callable[[], None] = tried_again.inc
        self.step_seconds: Callable[[float], None] = step.observe
        self.commit_seconds: Callable[[float], None] = commit.observe
        self._part = Gauge(
            "callcenter_part_ok",
            "1 while this part works",
            ("part",),
            registry=self._registry,
        )

    def part(self, name: str, ok: bool) -> None:
        """Note whether a part of the service works."""
        self._part.labels(name).set(ok)

    def exposition(self) -> bytes:
        """All measurements as Prometheus reads them."""
        return generate_latest(self._registry)


class _CallFigures(Collector):
    """Reads the wallboard whenever Prometheus asks."""

    def __init__(
        self,
        wallboard: Callable[[], Wallboard],
        lag: Callable[[], Lag],
        space: Callable[[], Space],
        due: Callable[[], int],
    ) -> None:
        self._wallboard = wallboard
        self._lag = lag
        self._space = space
        self._due = due

    def describe(self) -> Iterable[Metric]:
        """Nothing: so that nothing is read while the program is put together."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The figures of this moment."""
        board, lag = self._wallboard(), self._lag()
        yield CounterMetricFamily("callcenter_calls_offered", "Calls today", value=board.offered)
        outcomes = CounterMetricFamily(
            "callcenter_calls_ended", "Calls of today that ended, by outcome", labels=["outcome"]
        )
        for outcome in Outcome:
            outcomes.add_metric([outcome], getattr(board, outcome.value))
        yield outcomes
        yield CounterMetricFamily(
            "callcenter_calls_answered_in_15s",
            "Calls of today that an operator answered within 15 s",
            value=board.answered_in_15s,
        )
        yield GaugeMetricFamily(
            "callcenter_calls_in_progress", "Calls of today not ended yet", value=board.in_progress
        )
        yield GaugeMetricFamily("callcenter_waiting", "Callers in queues", value=board.waiting)
        since = board.longest_wait_since
        yield GaugeMetricFamily(
            "callcenter_longest_wait_seconds",
            "How long the first in the queues has waited",
            value=0.0 if since is None else max(0.0, board.at - since),
        )
        counts = Counter(line.state for line in board.operators)
        states = GaugeMetricFamily("callcenter_operators", "Operators by state", labels=["state"])
        for state in OperatorStatus:
            states.add_metric([state], counts[state])
        yield states
        yield GaugeMetricFamily(
            "callcenter_journal_lag_events", "Events not stored yet", value=lag.journal
        )
        yield GaugeMetricFamily(
            "callcenter_store_lag_events", "Journal entries not filed yet", value=lag.store
        )
        space = self._space()
        yield GaugeMetricFamily("callcenter_recordings", "Recordings kept", value=space.files)
        yield GaugeMetricFamily(
            "callcenter_recordings_bytes", "Bytes that they take", value=space.used
        )
        yield GaugeMetricFamily(
            "callcenter_recordings_room_ratio",
            "What they take of their quota, or of what the disk has if that is less",
            value=space.ratio,
        )
        yield GaugeMetricFamily(
            "callcenter_retention_due_orders",
            "Orders whose personal data is still to be erased",
            value=self._due(),
        )
