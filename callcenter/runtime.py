"""The single writer: event → step → journal → send.

All live state changes here, one event after the other. What arrives together is stored together;
commands go out once it is stored, or after 200 ms all the same: callers do not wait for a disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Protocol

import structlog

from callcenter.calls.audit import failed_act
from callcenter.calls.centre import LOGIC_VERSION, StepError, own_call, step
from callcenter.calls.codec import encode_centre, encode_event, parts_of
from callcenter.calls.commands import Command
from callcenter.calls.events import (
    Act,
    CallDetoured,
    CallGivenUp,
    DeadlineReached,
    Event,
    PlanChanged,
    SwitchReconciled,
)
from callcenter.calls.figures import operator_line, wallboard
from callcenter.calls.missed import callback_list
from callcenter.calls.missed_calls import CallbackList
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Centre, Shield
from callcenter.calls.turn import Result, shanghai_day
from callcenter.calls.wallboard import OperatorLine, Wallboard
from callcenter.clock import Clock
from callcenter.numberplan.model import Plan
from callcenter.orders.record import OrderRecord
from callcenter.recovery import Restored
from callcenter.store.journal import Entry, Journal, Snapshot
from callcenter.store.tail import Tail

log = structlog.get_logger(__name__)

COMMIT_SECONDS = 0.2
"""A commit that takes longer no longer holds back the commands."""
SYNC_SECONDS = 1.0
"""A person does not wait longer for the disk."""
TAIL_LIMIT = 100_000
"""Events kept in memory while the journal cannot be written; of older ones, what they led to."""
COMMIT_ENTRIES = 1000
"""In one commit: on a full disk each new try costs no more than that."""
RETRY_SECONDS = 1.0
SNAPSHOT_EVENTS = 5000
"""So many events are replayed at the most after a kill; some 100 µs each."""


class Switch(Protocol):
    """What carries out commands: Asterisk, or a fake in tests."""

    def send(self, commands: tuple[Command, ...]) -> None:
        """Start carrying these out, in order within each call; failures come back as events."""


@dataclass(slots=True)
class _Waiting:
    """An event on its way in, and who waits for its answer."""

    event: Event
    cursor: tuple[str, int] | None = None
    answer: asyncio.Future[Refusal | None] | None = None


_Answer = tuple[asyncio.Future[Refusal | None], Refusal | None]


@dataclass(slots=True)
class Durability:
    """How well the journal keeps up."""

    degraded_since: float | None = None
    error: str | None = None
    unstored: int = 0
    """Events that are in memory alone."""

    def told(self) -> str:
        """For /healthz."""
        if self.error is None:
            return "stored"
        return f"durability is degraded, {self.unstored} events in memory alone: {self.error}"


@dataclass(slots=True)
class Timings:
    """For metrics: called with seconds."""

    step: Callable[[float], None] = field(default=lambda seconds: None)
    commit: Callable[[float], None] = field(default=lambda seconds: None)


class Runtime:
    """Owns the centre's state. Everything else posts events and reads."""

    def __init__(
        self,
        restored: Restored,
        plan: Plan,
        journal: Journal,
        switch: Switch,
        clock: Clock,
    ) -> None:
        self.centre = restored.centre
        self.plan = plan
        self.clock = clock
        self.durability = Durability()
        self.timings = Timings()
        self.recorded: Callable[[OrderRecord], None] = lambda record: None
        """Called with each order's record that an event leads to."""
        self.rejected = 0
        """Events on which `step` raised."""
        self._journal = journal
        self._switch = switch
        self._seq = restored.seq
        self._deadline = restored.centre.deadline()
        self._incoming: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._turns: list[asyncio.Future[None]] = []
        self._tail = Tail(TAIL_LIMIT)
        self._storing: asyncio.Task[None] | None = None
        self._watchers: set[asyncio.Event] = set()
        self._raised_at: float | None = None
        self._retry_at = 0.0
        """When storing may be tried again, as `perf_counter` counts."""
        self._snapshot_seq = restored.seq
        self._snapshots = asyncio.Lock()
        self._board: tuple[tuple[int, str, str], Wallboard] | None = None
        """The last one, and of which state it is."""
        self._texts: str | None = None
        """The plan's, until they are in an entry."""
        self._tasks: set[asyncio.Task[None]] = set()

    # -- coming in ---------------------------------------------------------------------------------

    def post(self, event: Event, cursor: tuple[str, int] | None = None) -> None:
        """A fact: taken as it is. `cursor` is stored in the same commit as the event."""
        self._incoming.append(_Waiting(event, cursor))
        self._wake.set()

    async def request(self, event: Event) -> Refusal | None:
        """A person's wish: done and stored when this returns None, else refused with a reason."""
        answer: asyncio.Future[Refusal | None] = asyncio.get_running_loop().create_future()
        self._incoming.append(_Waiting(event, answer=answer))
        self._wake.set()
        return await answer

    def use_plan(self, plan: Plan) -> None:
        """Put a new plan in force for everything that happens from now on."""
        self._texts = plan.source_json()
        self.plan = plan
        if self.centre.plan != plan.hash:
            self.post(PlanChanged(plan.hash))

    # -- looking -----------------------------------------------------------------------------------

    @property
    def shield(self) -> Shield:
        """The blocklist of this moment."""
        return self.centre.shield

    def wallboard(self) -> Wallboard:
        """The figures of this moment: added up once for all who look before anything happens."""
        now = self.clock.now()
        state = (self._seq, self.plan.hash, shanghai_day(now))
        if self._board is None or self._board[0] != state:
            self._board = (state, wallboard(self.centre, self.plan, now))
        return replace(self._board[1], at=now)

    def operator(self, number: str) -> OperatorLine | None:
        """One operator's line of the wallboard; None: the plan has no such operator."""
        known = number in self.plan.operators
        return operator_line(self.centre, self.plan, number) if known else None

    def callbacks(self) -> CallbackList:
        """Whom to call back."""
        return callback_list(self.centre)

    async def changes(self) -> AsyncGenerator[None]:
        """Yields whenever the state has changed since the last time round."""
        changed = asyncio.Event()
        self._watchers.add(changed)
        try:
            while True:
                await changed.wait()
                changed.clear()
                yield
        finally:
            self._watchers.discard(changed)

    async def turned(self) -> None:
        """Returns after the next turn of the writer: then an event would have got through too."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        self._wake.set()
        await turn

    # -- running -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Handle events and deadlines until cancelled."""
        while True:
            await self._wait()
            self._wake.clear()
            batch = list(self._incoming)
            self._incoming.clear()
            turns, self._turns = self._turns, []
            now = self.clock.now()
            if self._is_due(now):
                batch.append(_Waiting(DeadlineReached()))
            if batch:
                await self._handle(batch, now)
            for turn in turns:
                if not turn.done():
                    turn.set_result(None)

    async def keep_snapshot(self) -> None:
        """Store the state of this moment, unless events wait to be stored before it."""
        if not self._tail:
            await self._keep_snapshot()

    async def stop(self) -> None:
        """Store what is left and a snapshot, after `run` was cancelled."""
        if self._storing is not None:
            await asyncio.wait([self._storing])
        if self._tail:
            await self._store_tail()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if not self._tail:
            await self._keep_snapshot()

    async def _wait(self) -> None:
        """Until something comes in or a deadline passes."""
        if self._incoming:
            return
        deadline = self._deadline
        seconds = None if deadline is None else self.clock.seconds_until(deadline)
        if seconds is not None and self._raised_at is not None:
            seconds = max(seconds, RETRY_SECONDS)
        if self._tail and self._storing is None:
            seconds = RETRY_SECONDS if seconds is None else min(seconds, RETRY_SECONDS)
        loop = asyncio.get_running_loop()
        timer = None if seconds is None else loop.call_later(seconds, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            if timer is not None:
                timer.cancel()
        self._try_to_store()

    def _is_due(self, now: float) -> bool:
        deadline = self._deadline
        if deadline is None or deadline > now:
            return False
        if self._raised_at is not None and now < self._raised_at + RETRY_SECONDS:
            return False  # a deadline whose handler raises must not spin
        self._raised_at = None
        return True

    async def _handle(self, batch: list[_Waiting], now: float) -> None:
        commands: list[Command] = []
        answers: list[_Answer] = []
        for waiting in batch:
            result = self._settled(waiting, now, commands)
            commands += result.commands
            if waiting.answer is not None:
                answers.append((waiting.answer, result.refusal))
        self._deadline = self.centre.deadline()
        try:
            await self._store()
        finally:  # also when we are told to stop: what happened has consequences
            self._switch.send(tuple(commands))
        if answers:
            self._aside(self._answer(answers, self._storing))
        for watcher in self._watchers:
            watcher.set()
        if self._seq - self._snapshot_seq >= SNAPSHOT_EVENTS and not self._tail:
            self._aside(self._keep_snapshot())

    def _aside(self, work: Coroutine[None, None, None]) -> None:
        """Start what no event waits for."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, answers: list[_Answer], storing: asyncio.Task[None] | None) -> None:
        """Tell people what came of their requests, once a loss of power would not undo it.

        A disk that does not take it in time is known to be (`durability`); the request is done.
        """
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                if storing is not None:  # a slow commit goes on
                    await asyncio.shield(storing)
                await self._journal.synced()
        except (OSError, sqlite3.Error, TimeoutError) as error:
            log.error("journal_not_on_disk", error=f"{type(error).__name__}: {error}")
        finally:
            for answer, refusal in answers:
                if not answer.done():
                    answer.set_result(refusal)

    def _settled(self, waiting: _Waiting, now: float, commands: list[Command]) -> Result:
        """One event through the core. A call on which the core raises takes a detour: the fallback
        dialplan has it from then on, and what else the event was about is tried again without it.
        """
        blamed: set[str] = set()
        while True:
            result, error = self._step(waiting, now)
            call = None if error is None else error.call
            if error is None or call is None or call in blamed:
                return result
            blamed.add(call)
            commands += self._detour(call, str(error), now)
            if call == own_call(waiting.event):
                return result
            if isinstance(waiting.event, SwitchReconciled):
                waiting = replace(waiting, event=_without(waiting.event, call))

    def _detour(self, call: str, reason: str, now: float) -> tuple[Command, ...]:
        for event in (CallDetoured(call, reason), CallGivenUp(call)):
            result, error = self._step(_Waiting(event), now)
            if error is None:
                return result.commands
        return ()

    def _step(self, waiting: _Waiting, now: float) -> tuple[Result, StepError | None]:
        """One event through the core once, and its entry onto the tail."""
        self._seq += 1
        kind, body = encode_event(waiting.event)
        began = perf_counter()
        failed: StepError | None = None
        try:
            result = step(self.centre, waiting.event, self.plan, now)
        except StepError as error:
            # Not the event itself, which may have a caller's number: the journal has it.
            log.exception("event_rejected", seq=self._seq, kind=kind, call=error.call)
            failed = error
            result = Result(
                refusal=Refusal("internal_error", "系统内部错误，请求未执行；已记入日志。")
            )
            self.rejected += 1
            if isinstance(waiting.event, DeadlineReached):
                self._raised_at = now
            if isinstance(waiting.event, Act):  # what was not done was tried all the same
                result = replace(result, audit=(failed_act(waiting.event, now, self._seq),))
        self.timings.step(perf_counter() - began)
        for record in result.records:
            self.recorded(record)
            if record.outcome is not None and record.call not in self.centre.calls:  # its last
                log.info(
                    "call",
                    call=record.call,
                    order=record.number,
                    cause=kind,
                    hotline=record.hotline,
                    operator=record.operator,
                    outcome=record.outcome,
                )
        for made in result.outbound:
            if made.outcome is not None and made.call not in self.centre.calls:
                log.info(
                    "outbound_call",
                    call=made.call,
                    order_call=made.order_call,
                    operator=made.operator,
                    called=made.called,
                    outcome=made.outcome,
                )
        self._tail.append(
            Entry(
                seq=self._seq,
                at=now,
                plan=self.plan.hash,
                logic=LOGIC_VERSION,
                kind=kind,
                body=body,
                rejected=None if failed is None else str(failed),
                records=result.records,
                cursor=waiting.cursor,
                queue_log=result.queue_log,
                states=result.states,
                audit=result.audit,
                outbound=result.outbound,
                texts=self._texts,
            )
        )
        self._texts = None
        return result, failed

    async def _store(self) -> None:
        """Store the tail; give up waiting, not storing, after 200 ms."""
        self._try_to_store()
        if self._storing is None or self.durability.error is not None:
            self.durability.unstored = len(self._tail)
            return  # known to be slow or broken: it goes on, or is tried again, by itself
        done, _ = await asyncio.wait([self._storing], timeout=COMMIT_SECONDS)
        if not done:
            self._degrade("a commit takes over 200 ms")

    def _try_to_store(self) -> None:
        if self._tail and self._storing is None and perf_counter() >= self._retry_at:
            self._storing = asyncio.ensure_future(self._store_tail())

    async def _store_tail(self) -> None:
        """Store until nothing is left to store, or it fails."""
        try:
            while entries := self._tail.take(COMMIT_ENTRIES):
                snapshot = self._snapshot() if self._tail.needs_snapshot else None
                began = perf_counter()
                await self._journal.commit(entries, snapshot)
                self.timings.commit(perf_counter() - began)
                self._tail.stored(snapshot)
        except sqlite3.Error as error:
            self._degrade(str(error))
            self._retry_at = perf_counter() + RETRY_SECONDS
        else:
            since = self.durability.degraded_since
            if since is not None:
                seconds = round(self.clock.now() - since, 3)
                log.warning("journal_written_again", after_seconds=seconds)
            self.durability = Durability()
        finally:
            self._storing = None

    def _degrade(self, error: str) -> None:
        """Say so; in the log once for each reason, however long that lasts."""
        was = self.durability
        since = self.clock.now() if was.degraded_since is None else was.degraded_since
        self.durability = Durability(since, error, len(self._tail))
        if error != was.error:
            log.error("journal_not_written", error=error, unstored=len(self._tail))

    def _snapshot(self) -> Snapshot:
        self._snapshot_seq = self._seq
        return Snapshot(self._seq, LOGIC_VERSION, encode_centre(self.centre))

    def _keep_snapshot(self) -> Coroutine[None, None, None]:
        """Store the state of this moment; it is written bit by bit, as events come in meanwhile."""
        self._snapshot_seq = self._seq
        return self._write_snapshot(self._seq, self.centre.picture())

    async def _write_snapshot(self, seq: int, picture: Centre) -> None:
        async with self._snapshots:  # one after the other: the last one is stored last
            parts: list[str] = []
            for part in parts_of(picture):
                parts.append(part)
                await asyncio.sleep(0)
            try:
                await self._journal.keep_snapshot(Snapshot(seq, LOGIC_VERSION, "".join(parts)))
            except sqlite3.Error as error:  # the journal has it all; it only takes longer to read
                log.warning("snapshot_not_kept", seq=seq, error=str(error))


def _without(event: SwitchReconciled, call: str) -> SwitchReconciled:
    """The same comparison, now that the dialplan has that caller."""
    legs = tuple(leg for leg in event.legs if leg != call)
    return replace(event, legs=legs, outside=(*event.outside, call))
