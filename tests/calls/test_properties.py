"""What must hold whatever happens, in whatever order: random events, time, requests and restarts.

The machine drives the core with a fake exchange whose news arrive late and interleaved, and checks
after every step the properties that docs/architecture.md promises.
"""

from __future__ import annotations

import dataclasses
import re
from functools import cache

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from callcenter.analytics.record import StateChange
from callcenter.calls.centre import LATE_SECONDS, step
from callcenter.calls.codec import (
    decode_centre,
    decode_event,
    encode_centre,
    encode_event,
    parts_of,
)
from callcenter.calls.commands import (
    Command,
    Connect,
    Dial,
    Disconnect,
    Hangup,
    OutsideAddress,
    Role,
    SeatAddress,
)
from callcenter.calls.events import (
    Act,
    AddPartner,
    Alternate,
    Author,
    BecomeNotReady,
    BecomeReady,
    BlockCaller,
    CallArrived,
    CallDetoured,
    CallEmergency,
    CallEndedOutside,
    CallForOrder,
    CallGivenUp,
    CallLeft,
    CallMissed,
    CallReturned,
    CallTakenOutside,
    ChangePriority,
    ClockCompared,
    CloseMissed,
    CommandFailed,
    Consult,
    DeadlineReached,
    DigitPressed,
    DropPartner,
    Ending,
    EndSupervision,
    Event,
    ExtendWrapUp,
    FeatureDialled,
    ForceSignOut,
    Forward,
    HangUp,
    Hold,
    Join,
    KeepCaller,
    LeaveCall,
    Led,
    LegAnswered,
    LegEnded,
    MarkNuisance,
    MoveWaiting,
    MuteOperator,
    PickFirstDialled,
    PlanChanged,
    PlaybackFinished,
    PressKeys,
    PullWaiting,
    RecordingFinished,
    Release,
    ReleasedTo,
    ReleaseSilent,
    Request,
    Resume,
    SeatEngaged,
    SeatReachable,
    SignIn,
    SignOut,
    SipHeaders,
    Supervise,
    SupervisionMode,
    TakeSeat,
    UnblockCaller,
    UnmuteOperator,
)
from callcenter.calls.figures import wallboard
from callcenter.calls.forgetting import asked_for
from callcenter.calls.index import Ready
from callcenter.calls.party import Scene
from callcenter.calls.state import WITH_OPERATOR, Call, Centre, Phase, Transfer
from callcenter.calls.talk import scene
from callcenter.calls.turn import Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Plan, Treatment
from callcenter.orders.outbound import Called, OrderReference, OutboundRecord
from callcenter.orders.record import LegRole, OrderRecord, Outcome
from tests.calls.desk import LEADER
from tests.fakes.switch import FakeLeg, FakeSwitch
from tests.plans import after_and_against, with_everything, with_queues, without_queue

OPERATORS = ("001", "002", "003")
SEATS = ("seat01", "seat02", "seat03")
NUMBERS = (
    *("12345", "12345", "12345", "12310", "87209900", "12319", "12315", "99999999"),
    *("12333", "12333", "12348"),
)
CALLERS = ("", "13800001111", "13800001111", "87200000")
CALLBACK_KEYS = ("11", "11", "1213900002222#1", "113900002222#1", "1*", "1110#", "12")
KNOWN = ("13800000001", "13800000002", "051966660001")
QUEUES = ("hotline", "second", "other")
CHIEF = Author("003", leads=True, operator="003")
PARTNERS = (
    *("12319", "12319", "12366-2", "12315", "110", "12345", "99999999"),
    *("002", "003", "003*", "001*", "hotline"),
)
KEYS = (
    "*",
    "**",
    "*20",
    "*2612319#",
    "*27",
    "*28",
    "*29",
    "1",
    "*0",
    "*23",
    "*24",
    "*2212319#",
    "*2112366*2#",
    "*22110",
    "*2512310#",
    "*131",
)
_MOVES = CallLeft | CallReturned | CallTakenOutside
_NEWS = (
    CallArrived
    | CallEndedOutside
    | CommandFailed
    | LegAnswered
    | LegEnded
    | PlaybackFinished
    | RecordingFinished
    | _MOVES
)
_CALLS = frozenset({Phase.CALLING_BACK, Phase.RINGING_OPERATOR, Phase.CALLING_OUT})
TALKS = frozenset({Phase.TALKING, Phase.THREE_WAY, Phase.FORWARDED})
ASIDE = frozenset({Phase.HELD, Phase.CONSULTING})
# Shortly before midnight in Asia/Shanghai, on a day on which all kinds of numbers differ.
START = 1_512_143_970.0
ORDERS = tuple(
    OrderReference(
        call=f"1511300000.{number}",
        number=f"320481-20171130-000{number}",
        caller=caller,
        hotline=hotline,
        queue="hotline",
        for_anybody=True,
    )
    for number, caller, hotline in ((7, "+8613800001111", "12319"), (8, None, "12345"))
)
"""Of the day before."""

_RINGING = r"(RINGNOANSWER |RINGCANCELED )*"
_TALK = r"CONNECT (COMPLETEAGENT|COMPLETECALLER|BLINDTRANSFER|ATTENDEDTRANSFER)"
_WAIT = rf"ENTERQUEUE {_RINGING}({_TALK}|ABANDON|EXITWITHTIMEOUT|EXITWITHKEY|WITHDRAW)"
_WAITS = re.compile(rf"({_WAIT}( {_WAIT})*)?")
"""What queue_log may say of a call: every wait and every talk has one end."""


@cache
def several_queues() -> Plan:
    """Two queues that share operators, ring several at once, and lead callers on."""
    return with_queues(
        """
  hotline:
    title: 综合
    strategy: ring_all
    not_ready_after_misses: 2
    same_operator_hours: 24
    same_operator_wait_seconds: 6
    relax: [{after: 5, up_to: 1}]
    overflow:
      - {length: 2, to: {queue: second}}
      - {waited: 5, to: {callback: second}}
      - {waited: 25, to: {partner: 12319}}
  second:
    title: 政策
    priority: 1
    strategy: round_robin
    skills: {policy: 2}
    best_skilled_first: true
    callback: {key: '1', after: 0, tries: 2, again_minutes: 10, keep_hours: 2}
    overflow: [{nobody_signed_in: true, to: {queue: hotline}}]
""",
        operators="""
skills: {policy: 政策}
operators:
  '001': {name: 李静, skills: {policy: 1}}
  '002': {name: 陈刚, skills: {policy: 2}}
  '003': {name: 王敏, skills: {policy: 3}, penalties: {hotline: 1}}
""",
    )


class CentreMachine(RuleBasedStateMachine):
    """One centre, one exchange, one clock."""

    def __init__(self) -> None:
        super().__init__()
        self.plans = (with_everything(), without_queue(), after_and_against(), several_queues())
        self.plan: Plan = self.plans[0]
        self.centre = Centre()
        self.switch = FakeSwitch()
        self.now = START
        self.passed = 0.0
        self.history: list[tuple[str, str, Plan, float]] = []
        self.records: dict[str, list[OrderRecord]] = {}
        self.outbound: dict[str, list[OutboundRecord]] = {}
        self.queue_log: dict[str, list[str]] = {}
        self.changes: list[StateChange] = []
        self.told_gone: set[str] = set()
        self.unwritten: set[str] = set()
        """Calls of which an Asterisk that died has written no line."""
        self.heard: list[tuple[float, Event]] = []
        """News of legs whose names were not given anew, and how much time had passed."""
        self.audited: set[str] = set()
        for operator, seat in zip(OPERATORS[:2], SEATS[:2], strict=True):
            self.step(SignIn(operator, seat))
            self.step(BecomeReady(operator))

    # -- one step --------------------------------------------------------------------------------

    def step(self, event: Event) -> None:
        if isinstance(event, LegEnded):
            self.told_gone.add(event.leg)
        if isinstance(event, CallArrived) and not Turn(self.centre, self.plan, 0.0).call_ended(
            event.call
        ):
            self.told_gone.discard(event.call)  # its end was told before: nobody knew whose
        if isinstance(event, FeatureDialled):
            self.told_gone.discard(event.leg)  # the same
        if isinstance(event, CallReturned | CallTakenOutside):
            self.told_gone.discard(event.call)  # who is told of once more is believed to be there
        if isinstance(event, _NEWS):
            self.heard.append((self.passed, event))
        waiting = self._waiting()
        pulled = isinstance(event, Act) and isinstance(event.request, PullWaiting)
        waiting = {} if pulled else waiting  # before its turn
        may_repeat = isinstance(event, CallGivenUp)  # then nothing of the state is believed
        result = step(self.centre, event, self.plan, self.now)
        self.history.append((*encode_event(event), self.plan, self.now))
        for record in result.records:
            self.records.setdefault(record.call, []).append(record)
        for made in result.outbound:
            self.outbound.setdefault(made.call, []).append(made)
        self.changes += result.states
        for row in result.audit:
            assert row.id not in self.audited
            self.audited.add(row.id)
        if isinstance(event, Act):
            assert result.audit, "no act without its row"
        for line in result.queue_log:
            _, call, _, _, happened = line.split("|")[:5]
            self.queue_log.setdefault(call, []).append(happened)
        for command in result.commands:
            if may_repeat:
                continue
            if isinstance(event, LegAnswered) and command == Hangup(event.leg):
                continue  # whoever answers and is not waited for is ended, told twice or not
            self._check_command(command, waiting)
        self.switch.send(result.commands)

    def _waiting(self) -> dict[str, Call]:
        """Those who wait for any operator who may take them."""
        return {
            call.id: call
            for call in self.centre.calls.values()
            if call.phase is Phase.WAITING and not call.preferred_operator and not call.familiar
        }

    def _check_command(self, command: Command, waiting: dict[str, Call]) -> None:
        match command:
            case Connect(legs=legs):
                assert not self.told_gone & set(legs), "connected a leg that is gone"
                assert 2 <= len(legs) <= 5
                assert len({leg.partition("_")[0] for leg in legs}) == 1
            case Disconnect():
                pass
            case Dial(leg=leg, to=OutsideAddress()):
                self.heard = [each for each in self.heard if _about(each[1]) != leg]
                self.told_gone.discard(leg)  # a citizen is called back on a leg of the same name
            case Dial(call=call, to=SeatAddress()):
                mine = waiting.get(call)
                for other in () if mine is None else waiting.values():
                    now = self.centre.calls.get(other.id)
                    if now is not None and now.phase is Phase.WAITING and mine is not None:
                        assert not self._is_before(other, mine), "not the longest waiting"
            case Dial():
                pass
            case _:
                assert command.leg not in self.told_gone, f"{command} to a leg that is gone"

    def _is_before(self, other: Call, mine: Call) -> bool:
        """In one queue. Who has a lower priority, but waited longer, is asked more operators."""
        queue = self.plan.queues.get(mine.queue or "")
        relaxes = queue is not None and queue.relax
        same = other.queue == mine.queue and (not relaxes or other.priority == mine.priority)
        return same and other.place < mine.place

    # -- what can happen -------------------------------------------------------------------------
    # What leads calls on has several rules of its own, so that most runs get far.

    @rule(dialled=st.sampled_from(NUMBERS), caller=st.sampled_from(CALLERS), at_once=st.booleans())
    def a_caller_arrives(self, dialled: str, caller: str, at_once: bool) -> None:
        self.switch.caller_arrives(dialled, caller=caller)
        if at_once:
            self.step(self.switch.told.pop())

    @rule(number=st.sampled_from(KNOWN), dialled=st.sampled_from(("12345", "12345", "110")))
    def a_known_caller_arrives(self, number: str, dialled: str) -> None:
        call = self.switch.caller_arrives(dialled)
        self.switch.told.pop()
        headers = SipHeaders(from_=f"<sip:{number}@127.0.0.2>", reference=("CG-1",))
        self.step(CallArrived(call, "telecom", dialled, headers))

    @rule(
        number=st.sampled_from((*KNOWN, "1380000*")),
        hours=st.sampled_from((0.001, 0.1, 24.0)),
        treatment=st.sampled_from(Treatment),
        out=st.booleans(),
    )
    def the_blocklist_is_changed(
        self, number: str, hours: float, treatment: Treatment, out: bool
    ) -> None:
        until = self.now + hours * 3600
        put = BlockCaller(number, until, "", treatment, "001")
        self.step(UnblockCaller(number, "001") if out else put)

    @rule(operator=st.sampled_from(OPERATORS), data=st.data())
    def an_operator_has_trouble_with_a_caller(self, operator: str, data: st.DataObject) -> None:
        wishes: tuple[Event, ...] = (
            MarkNuisance(operator),
            ReleaseSilent(operator),
            KeepCaller(operator),
        )
        self.step(data.draw(st.sampled_from(wishes), label="wish"))

    @rule(count=st.integers(2, 3))
    def a_rush(self, count: int) -> None:
        """Several callers come to wait, one after the other."""
        for _ in range(count):
            self.now += 1.0
            self.passed += 1.0
            self.switch.caller_arrives("12345")
            self.all_news_come_in()
            self.all_prompts_end(at_once=True)

    @rule(data=st.data(), count=st.integers(1, 4))
    def news_come_in(self, data: st.DataObject, count: int) -> None:
        """Any leg's oldest news: each leg keeps its own order, nothing else does."""
        for _ in range(count):
            oldest: dict[str, int] = {}
            for index, event in enumerate(self.switch.told):
                oldest.setdefault(_about(event), index)
            if oldest:
                index = data.draw(st.sampled_from(sorted(oldest.values())), label="news")
                self.step(self.switch.told.pop(index))

    @rule(data=st.data(), count=st.integers(1, 4))
    def news_come_in_out_of_order(self, data: st.DataObject, count: int) -> None:
        """Not even a leg's own order is kept, but for whose the caller is."""
        for _ in range(count):
            there = self.switch.told
            may = [
                index
                for index, event in enumerate(there)
                if not any(
                    isinstance(event, _MOVES) or isinstance(earlier, _MOVES)
                    for earlier in there[:index]
                    if _about(earlier) == _about(event)
                )
            ]
            if may:
                self.step(there.pop(data.draw(st.sampled_from(may), label="news")))

    @rule(data=st.data(), at_once=st.booleans())
    def something_is_told_twice(self, data: st.DataObject, at_once: bool) -> None:
        """The last news of all, or any of before."""
        recent = [event for at, event in self.heard if self.passed < at + LATE_SECONDS]
        told = recent[-1:] if at_once else [e for e in recent if not isinstance(e, _MOVES)]
        if told:
            self.step(data.draw(st.sampled_from(told), label="again"))

    @rule()
    def all_news_come_in(self) -> None:
        while self.switch.told:
            self.step(self.switch.told.pop(0))

    @rule(at_once=st.booleans())
    def all_prompts_end(self, at_once: bool) -> None:
        for leg in [leg.name for leg in self.switch.legs.values() if leg.playing]:
            self.switch.prompt_ends(leg)
        if at_once:
            self.all_news_come_in()

    @rule(data=st.data(), at_once=st.booleans())
    def a_far_end_answers(self, data: st.DataObject, at_once: bool) -> None:
        ringing = [leg.name for leg in self.switch.legs.values() if leg.dial and not leg.answered]
        if ringing:
            self.switch.far_end_answers(data.draw(st.sampled_from(ringing)))
        if at_once:
            self.all_news_come_in()

    @rule(data=st.data(), ending=st.sampled_from(Ending))
    def a_far_end_goes(self, data: st.DataObject, ending: Ending) -> None:
        if self.switch.legs:
            leg = data.draw(st.sampled_from(sorted(self.switch.legs)))
            self.switch.far_end_goes(leg, ending)

    @rule(
        seconds=st.sampled_from((0.1, 1.0, 1.0, 6.0, 6.0, 25.0, 70.0, 2000.0, 5 * 3600.0, -3600.0))
    )
    def time_passes(self, seconds: float) -> None:
        """The clock may also be set back."""
        self.now += seconds
        self.passed += max(0.0, seconds)
        deadline = self.centre.deadline()
        if deadline is not None and deadline <= self.now:
            self.step(DeadlineReached())

    @rule(by=st.sampled_from((-3600.0, 0.0, 3600.0)))
    def the_machines_clock_is_set(self, by: float) -> None:
        self.step(ClockCompared(self.now, "this", 1.0, by))

    @rule(days=st.sampled_from((0.0, 1.0, 30.0)))
    def persons_are_forgotten(self, days: float) -> None:
        shield = self.centre.shield
        self.step(asked_for(shield, self.now - days * 86400, self.now))
        holds = {number for number, each in shield.blocks.items() if each.until > self.now}
        assert {*self.centre.shield.blocks} == holds, "who is kept out stays so"

    @rule(operator=st.sampled_from(OPERATORS), seat=st.sampled_from(SEATS), data=st.data())
    def an_operator_wants_something(self, operator: str, seat: str, data: st.DataObject) -> None:
        wishes: tuple[Event, ...] = (
            BecomeReady(operator),
            SignIn(operator, seat),
            TakeSeat(operator, seat),
            ExtendWrapUp(operator),
            BecomeNotReady(operator, "break"),
            HangUp(operator),
            SignOut(operator),
        )
        self.step(data.draw(st.sampled_from(wishes), label="wish"))

    @rule(operator=st.sampled_from(OPERATORS), number=st.sampled_from(PARTNERS), data=st.data())
    def an_operator_wants_a_partner(self, operator: str, number: str, data: st.DataObject) -> None:
        wishes: tuple[Event, ...] = (
            AddPartner(operator, number),
            AddPartner(operator, number),
            Forward(operator, number),
            CallEmergency(operator),
            PickFirstDialled(operator, number),
        )
        self.step(data.draw(st.sampled_from(wishes), label="wish"))

    @rule(operator=st.sampled_from(OPERATORS), number=st.sampled_from(PARTNERS), data=st.data())
    def an_operator_steps_aside(self, operator: str, number: str, data: st.DataObject) -> None:
        wishes: tuple[Event, ...] = (
            Consult(operator, number),
            Hold(operator),
            Resume(operator),
            Alternate(operator),
            Join(operator),
            MuteOperator(operator),
            UnmuteOperator(operator),
            PressKeys(operator, "1*#"),
        )
        self.step(data.draw(st.sampled_from(wishes), label="wish"))

    @rule(operator=st.sampled_from(OPERATORS), data=st.data())
    def an_operator_parts_from_a_partner(self, operator: str, data: st.DataObject) -> None:
        wishes: tuple[Event, ...] = (
            LeaveCall(operator),
            DropPartner(operator),
            DropPartner(operator, data.draw(st.sampled_from(PARTNERS), label="whom")),
            HangUp(operator),
        )
        self.step(data.draw(st.sampled_from(wishes), label="wish"))

    @rule(
        operator=st.sampled_from(OPERATORS),
        mode=st.sampled_from(SupervisionMode),
        seat=st.sampled_from(("", *SEATS)),
        by=st.sampled_from((CHIEF, LEADER, LEADER)),
    )
    def a_team_leader_takes_part(
        self, operator: str, mode: SupervisionMode, seat: str, by: Author
    ) -> None:
        self.step(Act(by, Supervise(operator, mode, seat)))

    @rule(mode=st.sampled_from(SupervisionMode))
    def a_team_leader_takes_part_in_another_way(self, mode: SupervisionMode) -> None:
        for each in self.centre.supervisions.values():
            self.step(Act(each.by, Supervise(each.operator, mode)))
            break

    @rule(operator=st.sampled_from(OPERATORS), data=st.data())
    def a_team_leader_interferes(self, operator: str, data: st.DataObject) -> None:
        waiting = [c.id for c in self.centre.calls.values() if c.phase is Phase.WAITING]
        acts: tuple[Led | Request, ...] = (
            EndSupervision(operator),
            Release(operator),
            Release(operator, ReleasedTo.END),
            ForceSignOut(operator),
            BecomeNotReady(operator, "break"),
            *(PullWaiting(call, operator) for call in waiting),
        )
        self.step(Act(LEADER, data.draw(st.sampled_from(acts), label="act")))

    @rule(data=st.data(), keys=st.sampled_from(CALLBACK_KEYS), hangs_up=st.booleans())
    def a_waiting_caller_wants_to_be_called_back(
        self, data: st.DataObject, keys: str, hangs_up: bool
    ) -> None:
        waiting = [call for call, _ in self._callers() if call.phase is Phase.WAITING]
        if not waiting:
            return
        caller = data.draw(st.sampled_from([call.id for call in waiting]), label="caller")
        self.switch.told += [DigitPressed(caller, key) for key in keys]
        self.all_news_come_in()
        if hangs_up and caller in self.switch.legs:
            self.switch.far_end_goes(caller)
            self.all_news_come_in()

    @rule(operator=st.sampled_from(OPERATORS), data=st.data(), closes=st.booleans())
    def somebody_looks_after_missed_calls(
        self, operator: str, data: st.DataObject, closes: bool
    ) -> None:
        if self.centre.missed:
            number = data.draw(st.sampled_from(sorted(self.centre.missed)), label="number")
            close = CloseMissed(number, operator, "已办")
            self.step(close if closes else CallMissed(operator, number))

    @rule(
        operator=st.sampled_from(OPERATORS),
        called=st.sampled_from((Called.CITIZEN, Called.CITIZEN, Called.UNIT, Called.NUMBER)),
        number=st.sampled_from(PARTNERS),
        order=st.sampled_from(ORDERS),
    )
    def an_operator_calls_on_an_orders_behalf(
        self, operator: str, called: Called, number: str, order: OrderReference
    ) -> None:
        self.step(CallForOrder(operator, order, called, number))

    @rule(seat=st.sampled_from(SEATS), code=st.sampled_from(("*41", "*427")))
    def a_softphone_dials_for_an_order(self, seat: str, code: str) -> None:
        self.switch.seat_dials(seat, code, order=ORDERS[0] if code == "*427" else None)
        self.all_news_come_in()
        self.all_prompts_end(at_once=True)

    @rule(data=st.data(), priority=st.integers(-2, 2), queue=st.sampled_from(QUEUES))
    def a_team_leader_changes_a_callers_place(
        self, data: st.DataObject, priority: int, queue: str
    ) -> None:
        if self.centre.calls:
            call = data.draw(st.sampled_from(sorted(self.centre.calls)), label="call")
            wishes: tuple[Event, ...] = (ChangePriority(call, priority), MoveWaiting(call, queue))
            wish = data.draw(st.sampled_from(wishes), label="wish")
            self.step(wish)

    @rule(data=st.data(), keys=st.sampled_from(KEYS), at_once=st.booleans())
    def somebody_presses_keys(self, data: st.DataObject, keys: str, at_once: bool) -> None:
        answered = [leg.name for leg in self.switch.legs.values() if leg.answered]
        if answered:
            leg = data.draw(st.sampled_from(answered), label="leg")
            self.switch.told += [DigitPressed(leg, key) for key in keys]
        if at_once:
            self.all_news_come_in()

    @rule(data=st.data(), keys=st.sampled_from(("5", "1", "*", "9", "51", "#*12")))
    def who_is_asked_presses_keys(self, data: st.DataObject, keys: str) -> None:
        asked = [call.id for call in self.centre.calls.values() if call.phase is Phase.SURVEY]
        if asked:
            leg = data.draw(st.sampled_from(asked), label="call")
            if leg in self.switch.legs:
                self.switch.told += [DigitPressed(leg, key) for key in keys]
                self.all_news_come_in()

    @rule(data=st.data(), key=st.sampled_from("11238390*#"), at_once=st.booleans())
    def a_caller_presses_a_key(self, data: st.DataObject, key: str, at_once: bool) -> None:
        in_menus = [
            call.id
            for call in self.centre.calls.values()
            if call.phase is Phase.MENU and call.id in self.switch.legs
        ]
        if in_menus:
            call = data.draw(st.sampled_from(in_menus), label="call")
            self.switch.told.append(DigitPressed(call, key))
        if at_once:
            self.all_news_come_in()

    @rule(spoken=st.sampled_from((None, 0.0, 30.0)), at_once=st.booleans())
    def all_messages_end(self, spoken: float | None, at_once: bool) -> None:
        for leg in [leg.name for leg in self.switch.legs.values() if leg.recording]:
            self.switch.message_ends(leg, spoken)
        if at_once:
            self.all_news_come_in()

    @rule(
        seat=st.sampled_from(SEATS),
        what=st.sampled_from(
            ("here", "here", "away", "*12", "*131", "*14", "*11003", "*16", "*17003")
        ),
    )
    def a_softphone_does_something(self, seat: str, what: str) -> None:
        if what.startswith("*"):
            self.switch.seat_dials(seat, what, pin_ok=True)
        else:
            away = what == "away"
            (self.switch.dead_seats.add if away else self.switch.dead_seats.discard)(seat)
            self.step(SeatReachable(seat, not away))

    @rule(seat=st.sampled_from(SEATS), engaged=st.booleans())
    def asterisks_own_queue_takes_or_lets_go_a_seat(self, seat: str, engaged: bool) -> None:
        self.step(SeatEngaged(seat, engaged))

    @rule(data=st.data())
    def nobody_renews_a_guard(self, data: st.DataObject) -> None:
        guarded = [leg.name for leg in self.switch.legs.values() if leg.guarded]
        if guarded:
            self.switch.dead_mans_switch(data.draw(st.sampled_from(guarded), label="leg"))

    @rule(data=st.data())
    def a_caller_comes_back_from_the_dialplan(self, data: st.DataObject) -> None:
        outside = [leg.name for leg in self.switch.legs.values() if leg.outside]
        if outside:
            self.switch.comes_back(data.draw(st.sampled_from(outside), label="leg"), self.now)

    @rule(data=st.data(), hopeless=st.booleans())
    def the_core_fails_on_a_call(self, data: st.DataObject, hopeless: bool) -> None:
        if self.centre.calls:
            call = data.draw(st.sampled_from(sorted(self.centre.calls)), label="call")
            self.step(CallGivenUp(call) if hopeless else CallDetoured(call, "a fault"))

    @rule(what=st.sampled_from((0, 1, 2, 2, 3, 3, "restart", "death")))
    def something_rare_happens(self, what: int | str) -> None:
        if what == "restart":
            self._restart()
        elif what == "death":
            self._death()
        else:
            self.plan = self.plans[int(what)]
            self.step(PlanChanged(self.plan.hash))

    def _restart(self) -> None:
        """The state is read back; what was told meanwhile is lost; then we compare."""
        self.centre = decode_centre(encode_centre(self.centre))
        self.told_gone |= self._lost()
        self.switch.lose_events()
        self.step(self.switch.reconciled())

    def _death(self) -> None:
        """Of Asterisk, with all that it has."""
        self.told_gone |= {*self.switch.legs, *self._lost()}
        self.unwritten |= set(self.switch.legs)
        self.heard.clear()  # of an exchange that is no more nobody tells anything
        self.switch.dies()
        self.step(self.switch.reconciled())

    def _lost(self) -> set[str]:
        """Legs of whose end nobody will be told."""
        return {event.leg for event in self.switch.told if isinstance(event, LegEnded)}

    # -- what must hold --------------------------------------------------------------------------

    @invariant()
    def an_operator_is_in_at_most_one_call(self) -> None:
        taken = [
            call.operator
            for call in self.centre.calls.values()
            if call.operator is not None and (call.phase in WITH_OPERATOR or call.phase in _CALLS)
        ]
        taken += [
            call.party(leg)
            for call in self.centre.calls.values()
            if call.phase is Phase.OFFERED
            for leg in call.rung
        ]
        taken += [
            party.operator
            for call in self.centre.calls.values()
            for party in call.parties
            if party.operator
        ]
        assert len(taken) == len(set(taken))
        for operator in self.centre.operators.values():
            if operator.status is OperatorStatus.TALKING:
                assert operator.number in taken
            if operator.status in (OperatorStatus.RINGING, OperatorStatus.CALLING):
                assert operator.call in self.centre.calls

    @invariant()
    def no_telephone_rings_or_talks_for_two(self) -> None:
        seats = [leg.dial.to for leg in self.switch.legs.values() if leg.dial is not None]
        own = [to.seat for to in seats if isinstance(to, SeatAddress)]
        assert len(own) == len(set(own))

    @precondition(lambda self: len(self.history) % 5 == 0)
    @invariant()
    def nobody_waits_for_whom_an_operator_is_free(self) -> None:
        """Each event looks at what it changed alone; to look at everybody finds no more."""
        deadline = self.centre.deadline()
        if deadline is None or deadline > self.now:
            centre = decode_centre(encode_centre(self.centre))
            step(centre, PlanChanged("looks at everybody"), self.plan, self.now)
            assert _offered(centre) == _offered(self.centre)

    @invariant()
    def what_is_kept_in_order_is_as_it_would_be_made_anew(self) -> None:
        centre, kept = self.centre, self.centre.index
        anew = centre.picture().index
        assert list(kept.due) == list(anew.due)
        for queue in QUEUES:
            assert list(kept.lines.waiting(queue)) == list(anew.lines.waiting(queue))
        for seat in SEATS:
            assert kept.operator_at(seat) == anew.operator_at(seat)
            assert kept.has_taken_over(seat) == anew.has_taken_over(seat)
        for operator in OPERATORS:
            assert kept.lines.promised(operator) == anew.lines.promised(operator)
        called_back = {call.calls_back for call in centre.calls.values()} - {None}
        assert kept.calls_anybody_back() is bool(called_back)
        if kept.ready is not None and kept.ready.plan is self.plan:
            ready, turn = Ready(self.plan), Turn(centre, self.plan, self.now)
            for state in centre.operators.values():
                ready.note(state, can_ring=turn.can_ring(state))
            for queue in QUEUES:
                assert list(kept.ready.order(queue)) == list(ready.order(queue))
                assert kept.ready.signed_in(queue) == ready.signed_in(queue)

    @invariant()
    def a_seat_has_at_most_one_operator(self) -> None:
        seats = [each.seat for each in self.centre.operators.values() if each.seat]
        assert len(seats) == len(set(seats))

    @invariant()
    def a_bridge_has_at_most_the_five_of_one_call_and_a_team_leader(self) -> None:
        joined = {each.joined for each in self.centre.supervisions.values()}
        for bridge in self.switch.bridges:
            inside = [leg.name for leg in self.switch.legs.values() if leg.bridge == bridge]
            assert len(inside) <= 5 + (bridge in joined)
            assert {leg.partition("_")[0] for leg in inside} <= {bridge.partition("_")[0]}

    def _callers(self) -> list[tuple[Call, FakeLeg]]:
        """Calls that are ours, as far as was told, with the caller's leg in the exchange."""
        moving = {_about(event) for event in self.switch.told if isinstance(event, _MOVES)}
        return [
            (call, leg)
            for call in self.centre.calls.values()
            if (leg := self.switch.legs.get(call.id)) is not None
            and not leg.outside
            and call.id not in moving
            and call.phase not in (Phase.ENDING, Phase.NATIVE, Phase.CALLBACK, *_CALLS)
        ]

    @invariant()
    def who_waits_is_guarded_and_who_talks_is_not(self) -> None:
        for call, leg in self._callers():
            assert leg.guarded is not bool(call.scene.talk), f"{call.phase}"
            assert leg.guarded is call.guarded
            assert not call.scene.talk or call.scene.talk[0] == call.id

    @invariant()
    def who_hears_whom_is_as_the_parties_are(self) -> None:
        unsettled = {
            _about(event).partition("_")[0]
            for event in self.switch.told
            if isinstance(event, LegEnded | CommandFailed)
        }
        for call, _ in self._callers():
            if call.phase not in TALKS | {Phase.TRANSFERRING, *ASIDE}:
                assert (call.scene, call.parties, call.aside) == (Scene(), (), False)
                continue
            assert dataclasses.replace(call.scene, aside="") == scene.wanted(call)
            assert bool(call.scene.aside) == bool(call.scene.private)
            if call.id in unsettled:
                continue
            for room in (call.scene.talk, call.scene.private):
                legs = [self.switch.legs.get(leg) for leg in room]
                there = {leg.bridge for leg in legs if leg is not None}
                assert len(there) <= 1
                assert None not in there
            for alone in (*call.scene.music, *call.scene.ringing):
                listener = self.switch.legs.get(alone)
                if listener is not None:
                    assert listener.music is (alone in call.scene.music)
                    assert listener.ringing is (alone in call.scene.ringing)
                    assert listener.bridge is None

    @invariant()
    def who_talks_hears_neither_music_nor_ringing(self) -> None:
        for call, caller in self._callers():
            assert caller.music is call.hears_music
            for room in (call.scene.talk, call.scene.private):
                legs = [self.switch.legs.get(leg) for leg in room]
                assert not any(leg.music or leg.ringing for leg in legs if leg is not None)

    @invariant()
    def who_waits_for_110_always_hears_the_operator_or_ringing(self) -> None:
        for call, caller in self._callers():
            if call.phase is Phase.TRANSFERRING and call.transfer is Transfer.EMERGENCY:
                operator = self.switch.legs.get(call.leg or "")
                if call.leg is None:
                    assert caller.ringing
                elif operator is not None:  # otherwise that they are gone is being told
                    assert caller.bridge is not None
                    assert caller.bridge == operator.bridge

    @invariant()
    def who_is_alone_hears_music_outside_every_bridge(self) -> None:
        for call, caller in self._callers():
            emergency = call.transfer is Transfer.EMERGENCY
            if call.phase in TALKS | {Phase.TRANSFERRING, *ASIDE} and not call.scene.talk:
                assert caller.music is not emergency
                assert caller.bridge is None

    @invariant()
    def who_is_muted_is_the_operator_who_asked_for_it(self) -> None:
        for call, _ in self._callers():
            leg = self.switch.legs.get(call.leg or "")
            if leg is not None:
                assert leg.muted is call.muted

    @invariant()
    def who_listens_or_whispers_is_in_no_talk(self) -> None:
        for each in self.centre.supervisions.values():
            leg = self.switch.legs.get(each.leg)
            if leg is None or leg.bridge is None or each.joined is not None:
                continue
            inside = {n.name for n in self.switch.legs.values() if n.bridge == leg.bridge}
            assert inside <= {each.leg, each.snoop or each.leg}
            for snoop in inside - {each.leg}:
                whispers = each.mode is SupervisionMode.WHISPER
                assert self.switch.legs[snoop].whispers is whispers

    @invariant()
    def a_team_leaders_leg_has_an_owner(self) -> None:
        known = {leg.leg for call in self.centre.calls.values() for leg in call.live()}
        known |= set(self.centre.supervisions)
        told = {event.leg for event in self.switch.told if isinstance(event, LegEnded)}
        for leg in self.switch.legs.values():
            if leg.dial is not None and leg.dial.role is Role.SUPERVISOR:
                assert leg.name in known | told

    @invariant()
    def a_seat_has_one_call(self) -> None:
        rung = [
            leg.dial.to
            for leg in self.switch.legs.values()
            if leg.dial is not None and isinstance(leg.dial.to, SeatAddress)
        ]
        supervising = [SeatAddress(each.seat) for each in self.centre.supervisions.values()]
        assert all(rung.count(seat) <= 1 for seat in supervising)

    @invariant()
    def what_is_to_be_recorded_is(self) -> None:
        for call, leg in self._callers():
            speaks = call.phase in (Phase.VOICE_MAIL, Phase.SURVEY)
            if speaks and call.recording is not None:
                assert leg.recording == call.recording or call.recording in self.switch.recorded
            elif not any(_about(event) == call.id for event in self.switch.told):
                assert leg.recording is None

    @invariant()
    def whom_we_take_for_the_dialplans_it_has(self) -> None:
        told = {_about(event) for event in self.switch.told}
        for call in self.centre.calls.values():
            leg = self.switch.legs.get(call.id)
            if call.phase is Phase.NATIVE and leg is not None and call.id not in told:
                assert leg.outside, "nobody looks after the caller"

    @invariant()
    def every_state_has_a_deadline(self) -> None:
        for operator in self.centre.operators.values():
            if operator.status is OperatorStatus.WRAP_UP:
                assert operator.deadline is not None
        alive = self.centre.calls or self.centre.supervisions
        assert not alive or self.centre.deadline() is not None

    @invariant()
    def the_figures_add_up(self) -> None:
        board = wallboard(self.centre, self.plan, self.now)
        ended = (
            board.answered + board.abandoned + board.timed_out + board.forwarded
            + board.forward_failed + board.announced + board.rejected + board.emergency
            + board.interrupted + board.callback + board.voice_mail
        )  # fmt: skip
        assert board.offered == board.in_progress + ended
        assert board.in_progress >= 0

    @invariant()
    def trunk_channels_are_counted(self) -> None:
        live = [
            leg.place
            for call in self.centre.calls.values()
            for leg in call.live()
            if leg.role.value not in ("operator", "supervisor")
        ]
        assert self.centre.trunk_channels == {place: live.count(place) for place in set(live)}

    @precondition(lambda self: len(self.history) % 10 == 0)
    @invariant()
    def replaying_the_journal_gives_the_same_state(self) -> None:
        again = Centre()
        for kind, body, plan, at in self.history:
            step(again, decode_event(kind, body), plan, at)
        assert encode_centre(again) == encode_centre(self.centre)

    @invariant()
    def the_state_in_parts_is_the_state_as_a_whole(self) -> None:
        picture = self.centre.picture()
        assert "".join(parts_of(picture)) == encode_centre(self.centre)

    def teardown(self) -> None:
        """Everybody hangs up: every call ends, each with one order and one outcome."""
        for count in range(50):
            for leg in list(self.switch.legs):
                there = self.switch.legs.get(leg)
                if there is not None and (there.dial is None or there.dial.role is Role.CITIZEN):
                    self.switch.far_end_goes(leg)
            while self.switch.told:
                self.step(self.switch.told.pop(0))
            if not self.centre.calls and not self.switch.legs:
                break
            # A deadline may be an hour away where the clock was set back.
            self.time_passes(5.1 if self.switch.legs and count < 40 else 3600.0)
        assert not self.centre.calls, "a call never ended"
        assert not self.switch.legs, "a leg was left behind"
        assert not self.centre.supervisions, "a supervision never ended"
        unmatched = set(self.centre.ended_calls) - self.unwritten
        assert not unmatched, "a call's end was not matched with Asterisk's line"
        numbers = [records[0].number for records in self.records.values()]
        assert len(numbers) == len(set(numbers))
        for records in self.records.values():
            assert len({record.number for record in records}) == 1
            versions = [record.version for record in records]
            assert versions == sorted(set(versions))
            outcomes = {record.outcome for record in records if record.outcome is not None}
            assert len(outcomes) == 1, outcomes
            assert records[-1].outcome is not None
            left, answer_by = records[-1].voice_message, records[-1].answer_by
            assert (left is None) is (answer_by is None)
            assert left is None or answer_by == left + 24 * 3600.0
            assert records[-1].outcome is not Outcome.VOICE_MAIL or left is not None
            assert all(leg.ended is not None for leg in records[-1].legs)
        for call, notes in self.outbound.items():
            assert call not in self.records
            assert call not in self.queue_log
            versions = [note.version for note in notes]
            assert versions == sorted(set(versions))
            assert len({note.outcome for note in notes if note.outcome is not None}) == 1
            assert notes[-1].outcome is not None
            assert notes[-1].ended is not None
        for call, records in self.records.items():
            told = " ".join(self.queue_log.get(call, ()))
            assert _WAITS.fullmatch(told), told
            operators = [leg for leg in records[-1].legs if leg.role is LegRole.OPERATOR]
            answered = sum(leg.answered is not None and "_" in leg.leg for leg in operators)
            assert told.count("CONNECT") <= answered
            assert "CONNECT" not in told or records[-1].operator is not None


def _offered(centre: Centre) -> set[str]:
    return {call.id for call in centre.calls.values() if call.phase is Phase.OFFERED}


def _about(event: Event) -> str:
    """Whose order of events this news belongs to."""
    leg = getattr(event, "leg", None) or getattr(event, "call", "")
    return str(leg)


def test_the_core_keeps_its_promises_under_random_events() -> None:
    run_state_machine_as_test(
        CentreMachine,
        settings=settings(
            max_examples=100,
            stateful_step_count=60,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
