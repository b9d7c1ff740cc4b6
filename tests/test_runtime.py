"""The single writer: stores, then sends; and goes on when storing does not."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import pytest
from structlog.testing import capture_logs

from callcenter import runtime as runtime_module
from callcenter.calls import call as calls
from callcenter.calls import codec, native, offers, operator
from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.commands import Command, Detour
from callcenter.calls.events import (
    BecomeReady,
    CallArrived,
    Ending,
    LegAnswered,
    LegEnded,
    PlaybackFinished,
    SeatReachable,
    SignIn,
    SignOut,
)
from callcenter.calls.figures import wallboard
from callcenter.calls.state import Call, Phase
from callcenter.calls.turn import Turn
from callcenter.calls.wallboard import OperatorStatus, Wallboard
from callcenter.clock import Clock
from callcenter.numberplan.model import Plan
from callcenter.orders.record import OrderRecord, Outcome
from callcenter.recovery import restore
from callcenter.runtime import Runtime
from callcenter.store.journal import Entry, Journal, Snapshot
from tests.fakes.waiting import until
from tests.plans import edited, small_plan

CALL = CallArrived("15.1", "telecom", "12345")


class WatchedJournal(Journal):
    """A real journal that tells when it has stored, and can be made slow, broken or read-only."""

    def __init__(self, path: Path, order: list[str]) -> None:
        super().__init__(path)
        self.path = path
        self.order = order
        self.broken = False
        self.read_only = False
        self.tries = 0
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.batches: list[int] = []

    def _commit(self, entries: list[Entry], snapshot: Snapshot | None) -> None:
        self.tries += 1
        self.may_go_on.wait()
        self._db.execute(f"PRAGMA query_only={self.read_only}")
        if self.broken:
            raise sqlite3.OperationalError("disk I/O error")
        super()._commit(entries, snapshot)
        self.batches.append(len(entries))
        self.order += [f"stored {entry.kind}" for entry in entries]
        self.order += ["stored Snapshot"] if snapshot is not None else []

    def _connect(self) -> sqlite3.Connection:
        database = super()._connect()
        database.execute("PRAGMA busy_timeout=50")
        return database


@pytest.fixture(autouse=True)
def nothing_is_printed() -> Iterator[None]:
    """A traceback with all that is in it takes longer to print than what is tested."""
    with capture_logs():
        yield


@dataclass
class WatchedSwitch:
    """Notes what is sent, and when."""

    order: list[str]
    sent: list[Command] = field(default_factory=list)

    def send(self, commands: tuple[Command, ...]) -> None:
        self.sent += commands
        self.order += [f"sent {type(command).__name__}" for command in commands]


@dataclass
class Bench:
    """A runtime at work, and what it works with."""

    runtime: Runtime
    journal: WatchedJournal
    switch: WatchedSwitch
    order: list[str]


@asynccontextmanager
async def at_work(folder: Path, plan: Plan | None = None) -> AsyncIterator[Bench]:
    """A runtime that restored its state from the folder and runs."""
    plan = plan or small_plan()
    order: list[str] = []
    journal = WatchedJournal(folder / "journal.db", order)
    await journal.open()
    switch = WatchedSwitch(order)
    runtime = Runtime(await restore(journal, plan), plan, journal, switch, Clock())
    runtime.use_plan(plan)
    running = asyncio.create_task(runtime.run())
    try:
        yield Bench(runtime, journal, switch, order)
    finally:
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        journal.may_go_on.set()
        await runtime.stop()
        await journal.close()


async def test_it_stores_then_sends(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bench:
        bench.runtime.post(CALL)
        await until(lambda: bool(bench.switch.sent))
    assert bench.order.index("stored CallArrived") < bench.order.index("sent Answer")


async def test_whoever_wants_to_know_is_told_of_each_record(tmp_path: Path) -> None:
    told: list[OrderRecord] = []
    async with at_work(tmp_path) as bench:
        bench.runtime.recorded = told.append
        bench.runtime.post(CALL)
        await until(lambda: bool(bench.switch.sent))
    assert [record.call for record in told] == ["15.1"]


async def test_what_arrives_together_is_stored_together(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bench:
        await until(lambda: bench.journal.batches == [1])  # the plan
        for event in (CALL, PlaybackFinished("15.1", "15.1_1"), SignIn("001", "seat01")):
            bench.runtime.post(event)
        await until(lambda: bench.journal.batches == [1, 3])


async def test_a_request_is_answered_once_it_is_stored(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bench:
        assert await bench.runtime.request(SignIn("001", "seat01")) is None
        assert "stored SignIn" in bench.order
        refusal = await bench.runtime.request(SignIn("002", "seat01"))
        assert refusal is not None
        assert refusal.code == "seat_taken"


async def test_watchers_hear_of_every_change(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bench:
        changes = bench.runtime.changes()
        changed = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0)
        await bench.runtime.request(SignIn("001", "seat01"))
        await asyncio.wait_for(changed, 5)
        await changes.aclose()


async def test_a_turn_is_over_once_what_came_before_it_is_handled(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bench:
        bench.runtime.post(CALL)
        await bench.runtime.turned()
        assert "sent Answer" in bench.order
        bench.journal.may_go_on.clear()
        bench.runtime.post(PlaybackFinished("15.1", "15.1_1"))
        await bench.runtime.turned()  # a hanging disk holds nobody back


async def test_no_turn_without_the_writer(tmp_path: Path) -> None:
    plan = small_plan()
    journal = WatchedJournal(tmp_path / "journal.db", [])
    await journal.open()
    restored = await restore(journal, plan)
    runtime = Runtime(restored, plan, journal, WatchedSwitch([]), Clock())
    turn = asyncio.ensure_future(runtime.turned())
    done, _ = await asyncio.wait({turn}, timeout=0.05)
    assert not done
    turn.cancel()
    await journal.close()


async def test_turns_do_not_keep_the_journal_from_being_tried_again(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bench:
        bench.journal.broken = True
        bench.runtime.post(CALL)
        await until(lambda: bench.runtime.durability.error is not None)
        bench.journal.broken = False
        while bench.runtime.durability.error is not None:
            await bench.runtime.turned()
        assert "stored CallArrived" in bench.order


async def test_calls_go_on_while_the_journal_cannot_be_written(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bench:
        bench.journal.broken = True
        bench.runtime.post(CALL)
        await until(lambda: bool(bench.switch.sent))
        assert bench.runtime.durability.error == "disk I/O error"
        assert bench.runtime.durability.unstored > 0
        bench.journal.broken = False
        await until(lambda: bench.runtime.durability.error is None)
        assert "stored CallArrived" in bench.order
        kinds = [entry.kind for entry in await bench.journal.entries_after(0)]
        assert kinds.count("CallArrived") == 1


async def test_a_slow_disk_does_not_hold_up_calls(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bench:
        bench.journal.may_go_on.clear()
        bench.runtime.post(CALL)
        await until(lambda: bool(bench.switch.sent))
        assert "stored CallArrived" not in bench.order
        assert bench.runtime.durability.degraded_since is not None
        bench.journal.may_go_on.set()
        await until(lambda: bench.runtime.durability.degraded_since is None)
        assert "stored CallArrived" in bench.order


async def test_deadlines_are_met_without_any_event(tmp_path: Path) -> None:
    plan = edited(
        "dialplan/queues.yaml",
        "greeting: greeting\n    ring_seconds: 20\n    wrap_up_seconds: 60",
        "announce_operator: false\n    ring_seconds: 20\n    wrap_up_seconds: 0.05",
    )
    async with at_work(tmp_path, plan) as bench:
        await bench.runtime.request(SignIn("001", "seat01"))
        await bench.runtime.request(BecomeReady("001"))
        for event in (CALL, LegAnswered("15.1_1"), LegEnded("15.1"), LegEnded("15.1_1")):
            bench.runtime.post(event)
        operators = bench.runtime.centre.operators
        await until(lambda: operators["001"].status is OperatorStatus.WRAP_UP)
        await until(lambda: operators["001"].status is OperatorStatus.READY)
    assert "stored DeadlineReached" in bench.order


OTHER = CallArrived("15.2", "telecom", "12345")


def plant_bug(monkeypatch: pytest.MonkeyPatch, place: ModuleType, function: str) -> None:
    """The function raises whenever it is about the call 15.1."""
    right = getattr(place, function)

    def buggy(turn: Turn, call: Call, *rest: object, **named: object) -> object:
        if call.id == "15.1":
            raise ZeroDivisionError("planted")
        return right(turn, call, *rest, **named)

    monkeypatch.setattr(place, function, buggy)


async def two_callers_have_heard_the_greeting(bench: Bench) -> None:
    for event in (
        CALL,
        OTHER,
        PlaybackFinished("15.1", "15.1_1"),
        PlaybackFinished("15.2", "15.2_1"),
    ):
        bench.runtime.post(event)
    await bench.runtime.turned()


async def test_a_call_on_which_the_core_raises_takes_a_detour_and_nobody_else_notices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_bug(monkeypatch, calls, "wait")
    async with at_work(tmp_path) as bench:
        await two_callers_have_heard_the_greeting(bench)
        centre = bench.runtime.centre
        assert centre.calls["15.1"].phase is Phase.NATIVE
        assert Detour("15.1") in bench.switch.sent
        assert centre.calls["15.2"].phase is Phase.WAITING
        assert bench.runtime.rejected == 1
        entries = await bench.journal.entries_after(0)
        assert [(e.kind, e.rejected) for e in entries if e.rejected] == [
            ("PlaybackFinished", "ZeroDivisionError: planted")
        ]
        again = Journal(tmp_path / "journal.db")
        await again.open()
        restored = await restore(again, small_plan())
        await again.close()
        assert encode_centre(restored.centre) == encode_centre(centre), "replay passes over it"


async def test_a_bug_in_offering_one_call_does_not_keep_the_others_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_work(tmp_path) as bench:
        await two_callers_have_heard_the_greeting(bench)
        plant_bug(monkeypatch, offers, "offer")
        assert await bench.runtime.request(SignIn("001", "seat01")) is None
        assert await bench.runtime.request(BecomeReady("001")) is None
        assert bench.runtime.centre.calls["15.1"].phase is Phase.NATIVE
        assert bench.runtime.centre.calls["15.2"].phase is Phase.OFFERED


async def test_a_bug_in_one_deadline_does_not_hold_up_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_bug(monkeypatch, calls, "deadline")
    plan = edited("dialplan/queues.yaml", "max_wait_seconds: 1800", "max_wait_seconds: 0.1")
    async with at_work(tmp_path, plan) as bench:
        monkeypatch.setattr(calls, "END_SECONDS", 0.1)
        await two_callers_have_heard_the_greeting(bench)
        found = bench.runtime.centre.calls
        await until(lambda: found["15.2"].phase is Phase.ANNOUNCING)
        assert found["15.1"].phase is Phase.NATIVE


async def test_where_even_the_detour_raises_the_call_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_bug(monkeypatch, calls, "wait")
    plant_bug(monkeypatch, native, "take")
    async with at_work(tmp_path) as bench:
        await two_callers_have_heard_the_greeting(bench)
        assert "15.1" not in bench.runtime.centre.calls
        assert Detour("15.1") in bench.switch.sent, "the caller is served all the same"
        assert bench.runtime.centre.calls["15.2"].phase is Phase.WAITING
        orders = [record for _, record in await bench.journal.orders_after(0, 100)]
        last = [record for record in orders if record.call == "15.1"][-1]
        assert last.outcome is Outcome.INTERRUPTED


async def test_a_request_that_raises_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def buggy(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(operator, "sign_in", buggy)
    async with at_work(tmp_path) as bench:
        refusal = await bench.runtime.request(SignIn("001", "seat01"))
        assert refusal is not None
        assert refusal.code == "internal_error"


async def test_a_clean_stop_and_start_finds_everything_as_it_was(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bench:
        await bench.runtime.request(SignIn("001", "seat01"))
        await bench.runtime.request(BecomeReady("001"))
        bench.runtime.post(CALL)
        await until(lambda: bool(bench.switch.sent))
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    snapshot = await journal.last_snapshot()
    await journal.close()
    assert snapshot is not None
    async with at_work(tmp_path) as bench:
        assert bench.runtime.centre.operators["001"].status is OperatorStatus.READY
        assert "15.1" in bench.runtime.centre.calls


async def test_the_wallboard_is_of_this_moment_whoever_looked_before(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bench:
        runtime = bench.runtime

        def afresh(at: float) -> Wallboard:
            return wallboard(runtime.centre, runtime.plan, at)

        for event in (CALL, SeatReachable("seat01", True), LegEnded(CALL.call, Ending.NORMAL)):
            runtime.post(event)
            await runtime.turned()
            for _ in range(2):
                board = runtime.wallboard()
                assert board == afresh(board.at)
        assert board.abandoned == 1
        runtime.clock = Clock(offset=86_400.0)
        board = runtime.wallboard()
        assert (board, board.offered) == (afresh(board.at), 0)
        assert runtime.operator("001") in board.operators
        assert runtime.operator("none") is None


async def test_events_go_on_while_a_snapshot_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codec, "CALLS_A_PART", 1)
    async with at_work(tmp_path) as bench:
        for number in range(20):
            bench.runtime.post(replace(CALL, call=f"15.{number}"))
        await bench.runtime.request(SignIn("001", "seat01"))  # all is stored
        writing = asyncio.create_task(bench.runtime.keep_snapshot())
        await asyncio.sleep(0)
        bench.runtime.post(replace(CALL, call="16.1"))
        for _ in range(10):  # half of the parts
            await asyncio.sleep(0)
        assert "16.1" in bench.runtime.centre.calls
        assert not writing.done()
        await writing
        await bench.runtime.request(SignOut("001"))
        kept = await bench.journal.last_snapshot()
        assert kept is not None
        assert decode_centre(kept.body).calls.keys() == {f"15.{n}" for n in range(20)}
        again = await restore(bench.journal, small_plan())
        assert encode_centre(again.centre) == encode_centre(bench.runtime.centre)


async def test_a_long_run_keeps_a_snapshot_from_time_to_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_module, "SNAPSHOT_EVENTS", 3)
    async with at_work(tmp_path) as bench:
        for _ in range(2):
            await bench.runtime.request(SignIn("001", "seat01"))
            await bench.runtime.request(SignOut("001"))
        state = encode_centre(bench.runtime.centre)
        await until(lambda: "stored Snapshot" in bench.order)
        kept = await bench.journal.last_snapshot()
        assert kept is not None
        again = await restore(bench.journal, small_plan())
        assert kept.seq < again.seq
        assert encode_centre(again.centre) == state


async def test_a_killed_process_is_replayed_under_the_plan_of_its_time(tmp_path: Path) -> None:
    """No snapshot: as after a kill. The plan has changed since."""
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    old = edited("agents/operators.yaml", "王敏", "王小敏")
    runtime = Runtime(await restore(journal, old), old, journal, WatchedSwitch([]), Clock())
    runtime.use_plan(old)
    running = asyncio.create_task(runtime.run())
    await runtime.request(SignIn("001", "seat01"))
    state = encode_centre(runtime.centre)
    running.cancel()
    restored = await restore(journal, small_plan())
    await journal.close()
    assert encode_centre(restored.centre) == state
    assert restored.centre.plan == old.hash
