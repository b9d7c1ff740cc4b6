"""The controller's parts, put together: the only place that builds adapters."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.alarms import Alarms
from callcenter.asterisk.ami import Ami, AmiError, CallerWaits, SeatContact, SeatRung
from callcenter.asterisk.ari import Access, Ari, AriError
from callcenter.asterisk.exchange import Exchange, exchange_of
from callcenter.asterisk.guard import renew_guards
from callcenter.asterisk.link import AsteriskLink
from callcenter.asterisk.log_room import keep_short
from callcenter.asterisk.native_queue import NativeQueues
from callcenter.asterisk.queue_log import CallRecord, follow
from callcenter.asterisk.recorder import Recorder
from callcenter.asterisk.render import RELOADS, RenderError, render
from callcenter.asterisk.secrets import USER, ari_password
from callcenter.asterisk.softphones import Softphones
from callcenter.asterisk.switch import GUARD, AsteriskSwitch
from callcenter.attacks.keeper import Keeper
from callcenter.backup.watch import BackupWatch
from callcenter.calls.events import OrderNumbersTaken, SeatReachable
from callcenter.calls.turn import shanghai_day
from callcenter.clock import Clock
from callcenter.logs import log_to
from callcenter.numberplan.decide import decide
from callcenter.numberplan.loader import load, load_source
from callcenter.numberplan.model import Plan, Route
from callcenter.numberplan.problems import Problem
from callcenter.numberplan.watch import watch
from callcenter.orders.numbers import order_keyed
from callcenter.orders.outbound import OrderReference
from callcenter.privacy.retention import Retention
from callcenter.realtime import hurry, take_time
from callcenter.recordings.archive import Archive, NoAnswerError
from callcenter.recordings.space import GB
from callcenter.recovery import restore
from callcenter.runtime import Runtime
from callcenter.settings import Settings
from callcenter.staff.pins import Pins
from callcenter.staff.tokens import Tokens
from callcenter.store.audit import AuditStore
from callcenter.store.feeds import AuditFeed, OrderFeed, OutboundFeed, StateFeed
from callcenter.store.figures import FigureStore
from callcenter.store.journal import Journal
from callcenter.store.orders import OrderNotFoundError, OrderStore
from callcenter.store.outbound import OutboundStore
from callcenter.store.personal import PersonalData
from callcenter.store.projector import Projector
from callcenter.store.queue_log_writer import QueueLogWriter
from callcenter.store.recordings import RecordingStore
from callcenter.store.voice_mail import VoiceMail
from callcenter.timekeeping import WORTH_TELLING, Timekeeper, take_up
from callcenter.trunk_watch import TrunkWatch
from callcenter.watchdog import Supervisor, beat, starting
from callcenter.web.app import serve_web
from callcenter.web.health import Health, Part
from callcenter.web.metrics import Lag, Metrics
from callcenter.web.services import Services

log = structlog.get_logger(__name__)

QUEUE_LOG = "queue_log"
RECONNECT_SECONDS = 1.0
CUTOVER_SECONDS = 60.0
"""What the plan says of a number changes at full minutes."""
SWITCH_SECONDS = 0.0005
"""A thread that computes (filing, recordings) holds up the calls for no longer at a time."""
ORDER_SECONDS = 3.0
"""How long an operator who dials an order's number waits for the order store."""
NUMBERS_SECONDS = 1.0
"""How long calls wait at the start for a database that does not answer."""
LOOK_SECONDS = 0.5
"""Between two looks whether somebody made a new password."""


class PlanError(Exception):
    """The plan's files have errors; `problems` says which and where."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class Controller:
    """Everything that runs beside one Asterisk."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        runtime: Runtime,
        ari: Ari,
        plan_problems: tuple[Problem, ...],
    ) -> None:
        """`plan_problems`: what is wrong with the plan's files, if the runtime has an older one."""
        self._settings = settings
        self._journal = journal
        self._runtime = runtime
        self._ari = ari
        self._plan_problems = plan_problems
        self._not_rendered: str | None = None
        """Why Asterisk's configuration cannot be made from the last good plan."""
        self._half_rendered = False
        """The disk did not take all of it."""
        self._to_reload: set[str] = set()
        """Asterisk's modules whose configuration changed and was not read again yet."""
        self._rendered: Exchange | None = None
        """What Asterisk's configuration was made of last."""
        self._ami: Ami | None = None
        self._queues = NativeQueues(settings, ari, runtime)
        self._attacks = Keeper(
            settings, runtime.clock, lambda: runtime.plan, self._softphones, self._reload_bans
        )
        self._trunks = TrunkWatch(runtime.clock.now)
        self._pins = Pins(settings.secrets)
        self._store = OrderStore.of(settings)
        self._figures = FigureStore(self._store.engine)
        now = runtime.clock.now
        self._projector = Projector(OrderFeed(journal), self._store, now)
        self._states = Projector(StateFeed(journal), self._figures, now)
        self._audit = AuditStore(self._store.engine)
        self._acts = Projector(AuditFeed(journal), self._audit, now)
        self._outbound = OutboundStore(self._store.engine)
        self._made = Projector(OutboundFeed(journal), self._outbound, now)
        self._queue_log = QueueLogWriter(journal, settings.own_queue_log, runtime.clock.now)
        self._recordings = RecordingStore(self._store.engine)
        self._archive = Archive(
            settings.spooled_recordings,
            settings.recordings,
            self._recordings,
            self._channels,
            quota=round(settings.recordings_quota_gb * GB),
            days=settings.recordings_days,
            clock_offset=settings.clock_offset,
        )
        self._retention = Retention(
            runtime,
            journal,
            PersonalData(self._store.engine),
            self._recordings,
            recordings_folder=settings.recordings,
            own_lines=settings.own_queue_log,
            asterisks_lines=settings.queue_log,
            asterisks_log=settings.asterisk_log,
            orders_days=settings.orders_days,
            logs_days=settings.logs_days,
        )
        self._backups = BackupWatch(settings.data, settings.backup_hours)

    async def run(self, switch: AsteriskSwitch, supervisor: Supervisor) -> None:
        """Run all parts until cancelled; the failure of one that cannot go on ends all."""
        runtime = self._runtime
        switch.arm = partial(self._arm, switch)
        switch.record = self._record
        switch.recorder = Recorder(
            lambda: self._ami, self._ari.called_back.channel, self._settings.spooled_recordings
        )
        link = AsteriskLink(
            self._ari,
            runtime.post,
            self.pin_is_right,
            self._queues,
            runtime.clock.from_machine,
            find_order=self.find_order,
        )
        metrics = Metrics(
            runtime.wallboard, self._lag, lambda: self._archive.space, lambda: self._retention.due
        )
        switch.tried_again = metrics.tried_again
        runtime.recorded = self._trunks.note
        runtime.timings.step = metrics.step_seconds
        runtime.timings.commit = metrics.commit_seconds
        alarms = Alarms(lambda: self._health(link), runtime.clock.now)
        services = Services(
            centre=runtime,
            orders=self._store,
            recordings=self._recordings,
            figures=self._figures,
            audit=self._audit,
            outbound=self._outbound,
            voice_mail=VoiceMail(self._store),
            recordings_folder=self._settings.recordings,
            pins=self._pins,
            tokens=Tokens(self._settings.secrets),
            metrics=metrics,
            attacks=self._attacks,
            alarms=alarms,
            health=lambda: self._health(link),
            route=self._route,
        )
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(runtime.run(), name="runtime")
                parts.create_task(link.run(), name="link")
                parts.create_task(renew_guards(runtime.centre, switch.send), name="guards")
                parts.create_task(self._queues.run(), name="queues")
                parts.create_task(self._watch_seats(), name="seats")
                softphones = Softphones(runtime.centre, self._ari, lambda: self._ami)
                parts.create_task(softphones.run(), name="softphones")
                parts.create_task(self._read_records(), name="records")
                parts.create_task(self._projector.run(), name="projector")
                parts.create_task(self._states.run(), name="states")
                parts.create_task(self._acts.run(), name="audit")
                parts.create_task(self._made.run(), name="outbound")
                parts.create_task(self._attacks.run(), name="attacks")
                parts.create_task(alarms.run(), name="alarms")
                parts.create_task(keep_short(self._settings.asterisk_log), name="log_room")
                parts.create_task(self._queue_log.run(), name="queue_log")
                parts.create_task(self._archive.run(), name="recordings")
                parts.create_task(self._retention.run(), name="retention")
                parts.create_task(self._backups.run(), name="backup")
                parts.create_task(self._watch_plan(), name="plan")
                parts.create_task(self._watch_cutovers(), name="cutovers")
                parts.create_task(self._watch_passwords(), name="passwords")
                parts.create_task(serve_web(self._settings, services), name="web")
                parts.create_task(
                    Timekeeper(runtime.clock, runtime.centre, runtime.post).run(), name="clock"
                )
                parts.create_task(beat(supervisor, runtime.turned), name="beat")
        finally:
            await runtime.stop()
            await self._store.close()

    async def pin_is_right(self, code: str, pin: str, seat: str) -> bool:
        """Whether `code` asks for a PIN, ends with an operator's number, and the PIN is theirs."""
        codes = self._runtime.plan.feature_codes
        operator = code.removeprefix(codes.sign_in).removeprefix(codes.take_seat)
        now = asyncio.get_running_loop().time()
        check = await self._pins.verify(operator, pin, now, seat)
        return check.ok

    async def find_order(self, code: str) -> OrderReference | None:
        """The order that a feature code names: `*42252` of today, `*42201711220252` of any day.

        None for any other code, and where the order store does not answer in time.
        """
        codes = self._runtime.plan.feature_codes
        if not code.startswith(codes.call_order):
            return None
        today = shanghai_day(self._runtime.clock.now())
        number = order_keyed(code.removeprefix(codes.call_order), today)
        if number is None:
            return None
        try:
            async with asyncio.timeout(ORDER_SECONDS):
                return (await self._store.find(number)).reference()
        except OrderNotFoundError:
            return None
        except (SQLAlchemyError, OSError) as error:
            log.warning("order_not_found_out", number=number, error=str(error))
            return None

    async def take_numbers_from_store(self) -> None:
        """A lost journal must not lead to order numbers that are given already."""
        day = shanghai_day(self._runtime.clock.now())
        try:
            await self._store.prepare()
            taken = await self._store.highest_sequence(day)
        except (SQLAlchemyError, OSError) as error:
            log.warning("order_numbers_not_compared", error=str(error))
            return
        if taken:
            self._runtime.post(OrderNumbersTaken(day, taken))

    async def _watch_seats(self) -> None:
        """Tell the core which softphones are there, for as long as AMI can be reached."""
        while True:
            try:
                await self._follow_seats()
            except AmiError as error:
                log.warning("ami_unreachable", error=str(error))
            await asyncio.sleep(RECONNECT_SECONDS)  # between two attempts

    async def _follow_seats(self) -> None:
        ami = await Ami.connect(self._settings)
        self._ami = ami
        try:
            await self._reload()
            there = await ami.contacts()
            for seat in self._runtime.plan.seats:
                known = seat not in self._runtime.centre.unreachable_seats
                if known is not (seat in there):
                    self._runtime.post(SeatReachable(seat, seat in there))
            self._queues.look()  # who has come to wait there, nobody told us
            async for change in ami.changes():
                match change:
                    case SeatContact(seat, reachable):
                        self._runtime.post(SeatReachable(seat, reachable))
                    case SeatRung(seat):
                        self._queues.rung(seat)
                    case CallerWaits():
                        self._queues.look()
        finally:
            self._ami = None
            await ami.close()

    async def _arm(self, switch: AsteriskSwitch, leg: str, seconds: int) -> None:
        """Arm the dead man's switch of a leg. Raises AriError where neither way works."""
        if self._ami is not None:
            try:
                channel = self._ari.called_back.channel(leg)
                await self._ami.set_variable(channel, GUARD, str(seconds))
                return
            except AmiError as error:
                log.debug("not_armed_by_ami", leg=leg, error=str(error))
        await switch.arm_by_ari(leg, seconds)

    async def _record(self, leg: str) -> None:
        """Begin the recording of a leg; without a connection the talk goes on all the same."""
        try:
            if self._ami is None:
                raise AmiError("no AMI")
            channel = self._ari.called_back.channel(leg)
            await self._ami.record(channel, self._settings.spooled_recordings / f"{leg}.wav")
        except AmiError as error:
            log.error("not_recorded", leg=leg, error=str(error))

    async def _read_records(self) -> None:
        """Asterisk's own lines of calls: they tell what the controller did not see."""
        offset = await self._journal.cursor(QUEUE_LOG)
        async for logged in follow(self._settings.queue_log, offset):
            event = logged.record.as_event(self._runtime.clock.from_machine())
            self._runtime.post(event, cursor=(QUEUE_LOG, logged.offset))
            if isinstance(logged.record, CallRecord):
                self._archive.ended(logged.record.call)

    async def _channels(self) -> frozenset[str]:
        """The ids of all channels that Asterisk has."""
        try:
            return frozenset(str(each.get("id")) for each in await self._ari.channels())
        except AriError as error:
            raise NoAnswerError(str(error)) from error

    async def _watch_plan(self) -> None:
        """Put each good edit in force at once; keep the last good plan over a bad one."""
        async for loaded in watch(self._settings.plan):
            if loaded.plan is None:
                self._plan_problems = loaded.errors
                log.error("plan_has_errors", errors=[str(error) for error in loaded.errors])
                continue
            if not self._render(loaded.plan):
                continue
            self._runtime.use_plan(loaded.plan)
            self._plan_problems = ()
            log.info("plan_in_force", plan=loaded.plan.hash)
            await self._reload()

    async def _watch_cutovers(self) -> None:
        """Have the fallback dialplan do what the plan says at each moment."""
        clock = self._runtime.clock
        while True:
            plan = self._runtime.plan
            if exchange_of(plan, clock.datetime()) != self._rendered and self._render(plan):
                await self._reload()
            await asyncio.sleep(CUTOVER_SECONDS - clock.wall() % CUTOVER_SECONDS)

    async def _watch_passwords(self) -> None:
        """Let Asterisk know of a softphone's new password."""
        folder = self._settings.secrets / "seats"
        seen = changed_at(folder)
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = changed_at(folder)
            if now == seen:
                continue
            seen = now
            if self._render(self._runtime.plan):
                await self._reload()

    def _render(self, plan: Plan) -> bool:
        """Make Asterisk's configuration of the plan at this moment; whether that is possible."""
        exchange = exchange_of(plan, self._runtime.clock.datetime())
        try:
            rendered = render(self._settings, exchange)
        except RenderError as error:
            log.error("plan_not_in_asterisk", error=str(error))
            self._not_rendered = str(error)
            return False
        except OSError as error:  # the calls follow the plan; Asterisk too at the next full minute
            log.error("plan_not_in_asterisk", error=str(error))
            self._not_rendered = str(error)
            self._rendered = None
            self._half_rendered = True
            return True
        if self._half_rendered:
            self._to_reload.update(RELOADS.values())
            self._half_rendered = False
        self._not_rendered = None
        self._rendered = exchange
        if rendered.needs_restart:
            log.warning("asterisk_must_be_restarted", changed=rendered.changed)
        if rendered.changed:
            log.info("asterisk_configured", changed=rendered.changed)
        self._to_reload.update(rendered.reloads)
        return True

    async def _reload(self) -> None:
        """Have Asterisk read what was rendered; what fails is tried again when AMI is back."""
        while self._ami is not None and self._to_reload:
            module = min(self._to_reload)
            try:
                await self._ami.reload(module)
            except AmiError as error:
                log.warning("asterisk_not_reloaded", module=module, error=str(error))
                return
            self._to_reload.discard(module)

    def _softphones(self) -> frozenset[str]:
        return frozenset() if self._ami is None else self._ami.softphones

    async def _reload_bans(self) -> None:
        self._to_reload.add("acl")
        await self._reload()

    def _plan_text(self) -> str:
        """What /healthz says of the plan."""
        if self._plan_problems:
            return "; ".join(str(problem) for problem in self._plan_problems)
        if self._not_rendered is not None:
            return self._not_rendered
        if self._to_reload:
            return f"Asterisk has not read {', '.join(sorted(self._to_reload))} again"
        return f"{self._runtime.plan.hash[:12]} in force"

    def _route(self, number: str, caller: str | None, at: datetime) -> Route:
        return decide(self._runtime.plan, number, caller, at)

    def _lag(self) -> Lag:
        filed = self._projector.health().position
        return Lag(
            journal=self._runtime.durability.unstored,
            store=max(0, self._journal.last_order - filed),
        )

    def _health(self, link: AsteriskLink) -> Health:
        journal, clock = self._runtime.durability, self._runtime.centre.clock
        ahead = 0.0 if clock is None else clock.ahead
        attack = self._attacks.attack
        trunks = self._trunks.failing()
        backup = self._backups.standing
        store = min(
            self._projector.health(),
            *(each.health() for each in (self._states, self._acts, self._made)),
            key=lambda each: each.ok,
        )
        return Health(
            parts=(
                Part(
                    name="asterisk",
                    ok=link.connected,
                    needed=True,
                    text="connected" if link.connected else "no connection to Asterisk",
                    since=None,
                ),
                Part(
                    name="journal",
                    ok=journal.error is None,
                    needed=False,
                    text=journal.told(),
                    since=journal.degraded_since,
                ),
                Part(
                    name="store",
                    ok=store.ok,
                    needed=False,
                    text=store.error or "orders are filed",
                    since=store.failing_since,
                ),
                Part(
                    name="queue_log",
                    ok=self._queue_log.error is None,
                    needed=False,
                    text=self._queue_log.error or "written",
                    since=self._queue_log.failing_since,
                ),
                Part(
                    name="recordings",
                    ok=self._archive.error is None and not self._archive.space.is_short,
                    needed=False,
                    text=self._archive.error or self._archive.space.told(),
                    since=None,
                ),
                Part(
                    name="retention",
                    ok=self._retention.ok,
                    needed=False,
                    text=self._retention.told(),
                    since=self._retention.failing_since,
                ),
                Part(
                    name="backup",
                    ok=backup.ok,
                    needed=False,
                    text=backup.text,
                    since=backup.since,
                ),
                Part(
                    name="clock",
                    ok=abs(ahead) < WORTH_TELLING,
                    needed=False,
                    text=f"the machine's clock is {ahead:+.0f} s from the centre's time",
                    since=None,
                ),
                Part(
                    name="plan",
                    ok=not (self._plan_problems or self._not_rendered or self._to_reload),
                    needed=False,
                    text=self._plan_text(),
                    since=None,
                ),
                Part(
                    name="trunks",
                    ok=not trunks,
                    needed=False,
                    text=self._trunks.told(),
                    since=min((each.since for each in trunks.values()), default=None),
                ),
                Part(
                    name="attacks",
                    ok=attack is None,
                    needed=False,
                    text="none" if attack is None else attack.told(),
                    since=None if attack is None else attack.since,
                ),
                Part(
                    name="core",
                    ok=self._runtime.rejected == 0,
                    needed=False,
                    text=f"{self._runtime.rejected} events could not be handled",
                    since=None,
                ),
            )
        )


async def run_controller(settings: Settings) -> None:
    """Run the controller until SIGINT or SIGTERM.

    Raises:
        PlanError: the plan has errors, and none was in force before.
        asterisk.link.ReplacedError: another controller has taken over this Asterisk.
    """
    log_to(settings.data / "logs" / "controller.log")
    sys.setswitchinterval(SWITCH_SECONDS)
    threads = ThreadPoolExecutor(thread_name_prefix="aside", initializer=take_time)
    asyncio.get_running_loop().set_default_executor(threads)
    clock = Clock(settings.clock_offset)
    supervisor = Supervisor()
    journal = Journal(settings.data / "journal.db")
    async with starting(supervisor):
        await journal.open()
        plan, problems = await _plan(settings, journal)
        restored = await restore(journal, plan)
    take_up(clock, restored.centre.clock)
    access = Access("127.0.0.1", settings.ari_port, USER, ari_password(settings))
    async with Ari(access) as ari:
        switch = AsteriskSwitch(ari, settings.sounds)
        runtime = Runtime(restored, plan, journal, switch, clock)
        switch.tell = runtime.post
        controller = Controller(settings, journal, runtime, ari, problems)
        async with starting(supervisor):
            runtime.use_plan(plan)
            numbers = asyncio.create_task(controller.take_numbers_from_store())
            await asyncio.wait({numbers}, timeout=NUMBERS_SECONDS)
        spare_the_collector()
        in_time = hurry(os.getpid())
        log.info("controller_started", real_time=in_time)
        await _until_told_to_end(controller.run(switch, supervisor))
        await switch.close()
    await journal.close()


def spare_the_collector() -> None:
    """What is there now stays to the end: looking for garbage in it would only hold up calls.

    What orders leave in rings, some thousand values a minute at 20 calls a second, goes in time.
    """
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000, 20, 100)


def changed_at(folder: Path) -> int:
    """When files were last put into a folder, in nanoseconds; 0 where there is none."""
    try:
        return folder.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


async def _plan(settings: Settings, journal: Journal) -> tuple[Plan, tuple[Problem, ...]]:
    """The plan in the files; while they have errors, the one that was in force last, and these."""
    loaded = load(settings.plan)
    if loaded.plan is not None:
        return loaded.plan, ()
    source = await journal.last_plan()
    last = None if source is None else load_source(source)
    if last is None:
        raise PlanError(loaded.errors)
    log.error("last_good_plan_in_force", errors=[str(error) for error in loaded.errors])
    return last, loaded.errors


async def _until_told_to_end(work: Coroutine[None, None, None]) -> None:
    """Run until it is done, or SIGINT or SIGTERM comes: then cancel it and wait for its end."""
    task = asyncio.create_task(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        log.info("controller_ended")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
