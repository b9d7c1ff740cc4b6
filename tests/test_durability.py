"""The journal's disk is locked, full or read-only: calls go on, and all of it is stored afterwards.

The same with a whole server and telephones is in live/test_durability.py.
"""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callcenter import runtime as runtime_module
from callcenter.calls.codec import encode_centre
from callcenter.calls.commands import Answer
from callcenter.calls.events import CallArrived, LegEnded, SignIn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import Outcome
from callcenter.recovery import restore
from callcenter.store.feeds import OrderFeed
from callcenter.store.journal import Journal
from callcenter.store.orders import OrderFilter, OrderStore
from callcenter.store.projector import Projector
from tests.fakes.waiting import until
from tests.plans import edited, small_plan
from tests.test_runtime import CALL, Bench, WatchedJournal, at_work


@contextmanager
def locked(journal: WatchedJournal) -> Iterator[None]:
    """Another program holds the journal's lock."""
    with closing(sqlite3.connect(journal.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def full(journal: WatchedJournal) -> Iterator[None]:
    """The system lets no file grow."""
    log = journal.path.with_name("journal.db-wal")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def read_only(journal: WatchedJournal) -> Iterator[None]:
    """SQLite writes nothing, as where the file system was made read-only because of errors."""
    journal.read_only = True
    try:
        yield
    finally:
        journal.read_only = False


Fault = Callable[[WatchedJournal], AbstractContextManager[None]]
every_fault = pytest.mark.parametrize("fault", [locked, full, read_only])


async def has_recovered(bench: Bench) -> None:
    """Nothing is in memory alone any more."""
    await until(lambda: bench.runtime.durability.error is None)


async def orders_filed(journal: Journal, folder: Path) -> list[Outcome | None]:
    """What the order store gets from the journal: the outcome of every order."""
    store = OrderStore.in_folder(folder)
    await Projector(OrderFeed(journal), store, lambda: 0.0).catch_up()
    page = await store.page(OrderFilter(), limit=1000)
    await store.close()
    return [order.record.outcome for order in page.orders]


@every_fault
async def test_calls_go_on_and_their_orders_arrive_afterwards_once(
    fault: Fault, tmp_path: Path
) -> None:
    async with at_work(tmp_path) as bench:
        await bench.runtime.turned()
        with fault(bench.journal):
            bench.runtime.post(CALL)
            await until(lambda: Answer("15.1") in bench.switch.sent)
            assert await bench.runtime.request(SignIn("001", "seat01")) is None
            assert bench.runtime.centre.operators["001"].seat == "seat01"
            bench.runtime.post(LegEnded("15.1"))
            await bench.runtime.turned()
            assert bench.runtime.durability.unstored >= 3
            assert "durability is degraded" in bench.runtime.durability.told()
        await has_recovered(bench)
        assert bench.runtime.durability.told() == "stored"
        entries = await bench.journal.entries_after(0)
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        assert await orders_filed(bench.journal, tmp_path) == [Outcome.ABANDONED]


@every_fault
async def test_a_controller_that_starts_meanwhile_takes_calls(fault: Fault, tmp_path: Path) -> None:
    async with at_work(tmp_path) as first:
        assert await first.runtime.request(SignIn("001", "seat01")) is None
        with fault(first.journal):
            async with at_work(tmp_path) as second:
                assert second.runtime.centre.operators["001"].status is OperatorStatus.NOT_READY
                second.journal.read_only = first.journal.read_only
                second.runtime.post(CALL)
                await until(lambda: Answer("15.1") in second.switch.sent)
                assert second.runtime.durability.error is not None
                first.journal.read_only = second.journal.read_only = False


@every_fault
async def test_a_plan_that_is_edited_meanwhile_is_in_force(fault: Fault, tmp_path: Path) -> None:
    plan = edited("agents/operators.yaml", "王敏", "王小敏")
    async with at_work(tmp_path) as bench:
        await bench.runtime.turned()
        with fault(bench.journal):
            bench.runtime.use_plan(plan)
            await bench.runtime.turned()
            assert bench.runtime.centre.plan == plan.hash
        await has_recovered(bench)
        assert await bench.journal.plan(plan.hash) == plan.source_json()
        assert await bench.journal.last_plan() == plan.source_json()


async def test_it_is_said_once_and_the_disk_is_not_tried_at_every_event(tmp_path: Path) -> None:
    with capture_logs() as logged:
        async with at_work(tmp_path) as bench:
            await bench.runtime.turned()
            bench.journal.broken = True
            before = bench.journal.tries
            for _ in range(100):
                await bench.runtime.request(SignIn("001", "seat01"))
            assert bench.journal.tries - before < 50
            bench.journal.broken = False
            await has_recovered(bench)
    assert [entry["event"] for entry in logged if "journal" in entry["event"]] == [
        "journal_not_written",
        "journal_written_again",
    ]


async def test_a_person_is_answered_once_a_slow_commit_is_through(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bench:
        await until(lambda: bench.journal.batches == [1])
        bench.journal.may_go_on.clear()
        asked = asyncio.ensure_future(bench.runtime.request(SignIn("001", "seat01")))
        asked.add_done_callback(lambda _: bench.order.append("answered"))
        await until(lambda: bench.runtime.durability.error is not None)
        assert "answered" not in bench.order
        bench.journal.may_go_on.set()
        assert await asked is None
        assert bench.order.index("stored SignIn") < bench.order.index("answered")


async def test_a_long_outage_takes_bounded_memory_and_costs_no_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_module, "TAIL_LIMIT", 20)
    monkeypatch.setattr(runtime_module, "COMMIT_ENTRIES", 7)
    async with at_work(tmp_path) as bench:
        await bench.runtime.turned()
        bench.journal.broken = True
        for number in range(50):
            bench.runtime.post(CallArrived(f"15.{number}", "telecom", "12345"))
            bench.runtime.post(LegEnded(f"15.{number}"))
            await bench.runtime.turned()
        assert bench.runtime.durability.unstored < 30
        bench.runtime.post(CallArrived("16.1", "telecom", "12345"))
        await bench.runtime.turned()
        bench.journal.broken = False
        await has_recovered(bench)
        outcomes = await orders_filed(bench.journal, tmp_path)
        assert outcomes.count(Outcome.ABANDONED) == 50 and len(outcomes) == 51
        after_a_kill = Journal(tmp_path / "journal.db")
        await after_a_kill.open()
        restored = await restore(after_a_kill, small_plan())
        await after_a_kill.close()
        assert encode_centre(restored.centre) == encode_centre(bench.runtime.centre)
