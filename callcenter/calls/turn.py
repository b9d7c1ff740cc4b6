"""One turn of the core: changes collected aside, and applied only when the whole turn succeeds.

A handler reads and writes through the `Turn`; if it raises, the `Centre` is as it was before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

from callcenter.analytics.record import StateChange
from callcenter.calls import estimate, filing, missed_calls, shifts, waits
from callcenter.calls.audit import AuditRecord, ended, record_of
from callcenter.calls.commands import Command, Dial, Hangup, OutsideAddress, Play, Role, SeatAddress
from callcenter.calls.events import Act, Ending
from callcenter.calls.index import Index, Lines, Ready
from callcenter.calls.outlook import Outlook
from callcenter.calls.queue_log import QueueLog
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import (
    Call,
    Centre,
    DayFigures,
    Experience,
    FeatureCall,
    LastTalk,
    Missed,
    OperatorState,
    Phase,
    Supervision,
    end_leg,
)
from callcenter.calls.wallboard import OperatorStatus
from callcenter.clock import SHANGHAI
from callcenter.numberplan import references
from callcenter.numberplan.model import Plan, Queue, Trunk, VoiceBox
from callcenter.orders.numbers import shown
from callcenter.orders.outbound import OutboundRecord
from callcenter.orders.record import LegRecord, LegRole, OrderRecord, Outcome
from callcenter.values import replace

T = TypeVar("T")

AT_SEAT = frozenset({LegRole.OPERATOR, LegRole.SUPERVISOR})
"""Legs of our own softphones; all others are on a trunk."""
END_SECONDS = 5.0
"""How long a hang-up may take before it is repeated."""
MOST_REMEMBERED = 10_000
"""Callers of whom it is kept who talked with them last; those of longest ago are forgotten."""


def shanghai_day(at: float) -> str:
    """The day of a moment in Asia/Shanghai, as `20171122`."""
    return _day_of_hour(int(at // 3600))


@lru_cache(maxsize=64)
def _day_of_hour(hour: int) -> str:
    """Midnight in Shanghai is at a full hour of UTC."""
    return datetime.fromtimestamp(hour * 3600, SHANGHAI).strftime("%Y%m%d")


@lru_cache(maxsize=64)
def _unknown_queue(name: str) -> Queue:
    return Queue(name=name, title=name)


@dataclass(frozen=True)
class Result:
    """What one event led to: commands to send, records and lines to store."""

    commands: tuple[Command, ...] = ()
    records: tuple[OrderRecord, ...] = ()
    refusal: Refusal | None = None
    queue_log: tuple[str, ...] = ()
    """Lines for our queue_log."""
    states: tuple[StateChange, ...] = ()
    """What operators do from now on."""
    audit: tuple[AuditRecord, ...] = ()
    outbound: tuple[OutboundRecord, ...] = ()
    """What came of calls that operators made."""


class Turn:
    """The centre as one event's handler sees it, with its changes laid over it."""

    def __init__(self, centre: Centre, plan: Plan, now: float) -> None:
        self.centre = centre
        self.plan = plan
        self.now = now
        self.commands: list[Command] = []
        self.about: str | None = None
        """The call that is being handled: it takes the blame if the handler raises."""
        self._calls: dict[str, Call | None] = {}
        self._operators: dict[str, OperatorState] = {}
        self._features: dict[str, FeatureCall | None] = {}
        self._supervisions: dict[str, Supervision | None] = {}
        self._audit: list[AuditRecord] = []
        self._seats: dict[str, float | None] = {}
        self._engaged: dict[str, float | None] = {}
        self._ended: dict[str, float | None] = {}
        self._filed: dict[str, float | None] = {}
        self._asked: dict[str, str] = {}
        self._talks: dict[str, LastTalk] = {}
        self._outlooks: dict[str, Outlook] = {}
        self._finished: list[Call] = []
        self._missed: dict[str, Missed | None] = {}
        self._taken_up: set[str] = set()
        self._order = (centre.order_day, centre.order_sequence)
        self._outbound = centre.outbound_made
        self._plan_hash = centre.plan
        self._switch = centre.switch
        self.clock = centre.clock
        self.shield = centre.shield
        self._recent: dict[str, tuple[float, ...] | None] = {}
        self._out_of_order: dict[str, Call | None] = {}
        """The calls that the index has not as they are now."""
        self._misplaced: dict[str, OperatorState] = {}
        """The same of operators."""
        self._has_changed = False
        self._touched: dict[str, OperatorState] | None = None
        """What `touched_operators` found, unless something has changed since."""
        self._ready: Ready | None = None
        """The same of `ready`."""

    # -- reading -----------------------------------------------------------------------------------

    def wall(self, moment: float | None = None) -> datetime:
        """Now, or at another moment, by the clock that opening hours follow."""
        ahead = 0.0 if self.clock is None else self.clock.ahead
        return datetime.fromtimestamp((self.now if moment is None else moment) + ahead, UTC)

    def call(self, call: str) -> Call | None:
        """The call of that id, unless it is over."""
        return self._calls[call] if call in self._calls else self.centre.calls.get(call)

    def calls_first_leg(self, call: str) -> bool:
        """Whether the leg of the call's name is the one that it began with, not one called back."""
        found = self.call(call)
        return found is not None and [leg.leg for leg in found.legs].count(call) == 1

    def calls(self) -> Iterator[Call]:
        """All calls alive, oldest first."""
        return (each for each in {**self.centre.calls, **self._calls}.values() if each is not None)

    def operator(self, number: str) -> OperatorState:
        """That operator; offline when never seen."""
        found = self._operators.get(number) or self.centre.operators.get(number)
        return found or OperatorState(number=number)

    def led_by(self, operator: str) -> Call | None:
        """The call that the operator leads; a colleague whom they brought in does not."""
        state = self.operator(operator)
        if state.status is not OperatorStatus.TALKING or state.call is None:
            return None
        call = self.call(state.call)
        return call if call is not None and call.operator == operator else None

    def operators(self) -> Iterator[OperatorState]:
        """All operators ever seen."""
        return iter({**self.centre.operators, **self._operators}.values())

    def operator_at(self, seat: str) -> OperatorState | None:
        """Who is signed in at that seat."""
        for operator in self._operators.values():
            if operator.seat == seat:
                return operator
        number = self.centre.index.operator_at(seat)
        found = None if number is None else self.operator(number)
        return found if found is not None and found.seat == seat else None

    def feature(self, leg: str) -> FeatureCall | None:
        """The feature code's call on that leg."""
        return self._features[leg] if leg in self._features else self.centre.features.get(leg)

    def features(self) -> Iterator[FeatureCall]:
        """All calls to feature codes."""
        for leg in {**self.centre.features, **self._features}:
            if (feature := self.feature(leg)) is not None:
                yield feature

    def supervision(self, leg: str) -> Supervision | None:
        """The supervision whose team leader has that leg."""
        if leg in self._supervisions:
            return self._supervisions[leg]
        return self.centre.supervisions.get(leg)

    def supervisions(self) -> Iterator[Supervision]:
        """All of them, oldest first."""
        known = {**self.centre.supervisions, **self._supervisions}
        return (each for each in known.values() if each is not None)

    def seat_is_reachable(self, seat: str) -> bool:
        """Whether the seat's softphone is there, as far as known."""
        if seat in self._seats:
            return self._seats[seat] is None
        return seat not in self.centre.unreachable_seats

    def seat_is_engaged(self, seat: str) -> bool:
        """Whether the seat is in a call of Asterisk's own queue."""
        if seat in self._engaged:
            return self._engaged[seat] is not None
        return seat in self.centre.engaged_seats

    def missed(self, number: str) -> Missed | None:
        """The missed call of that number."""
        if number in self._missed:
            return self._missed[number]
        return self.centre.missed.get(number)

    def can_ring(self, operator: OperatorState) -> bool:
        """Ready, at a seat of the plan whose softphone is there and not busy otherwise."""
        seat = operator.seat
        return operator.status is OperatorStatus.READY and self.seat_is_free(operator.number, seat)

    def seat_is_free(self, operator: str, seat: str | None) -> bool:
        """Whether that operator's softphone is there and not in a call that is none of ours."""
        return (
            seat is not None
            and seat in self.plan.seats
            and operator in self.plan.operators
            and self.seat_is_reachable(seat)
            and not self.seat_is_engaged(seat)
            and seat not in [each.seat for each in self.features()]
            and seat not in [each.seat for each in self.supervisions()]
            and not self.centre.index.has_taken_over(seat)
        )

    def touched_operators(self) -> dict[str, OperatorState]:
        """The operators whom this turn changed, or something at whose seat, as they are now."""
        if self._touched is None:
            self._touched = self._find_touched()
        return self._touched

    def _find_touched(self) -> dict[str, OperatorState]:
        touched = dict(self._operators)
        seats = {*self._seats, *self._engaged}
        for leg, now in self._features.items():
            feature = now or self.centre.features.get(leg)
            if feature is not None:
                seats.add(feature.seat)
        for leg, led in self._supervisions.items():
            supervision = led or self.centre.supervisions.get(leg)
            if supervision is not None:
                seats.add(supervision.seat)
        for key, call in self._calls.items():
            for each in (self.centre.calls.get(key), call):
                if each is not None:
                    seats.update(each.taken_over_at)
        for seat in seats:
            operator = self.operator_at(seat)
            if operator is not None:
                touched[operator.number] = operator
        return touched

    def index(self) -> Index:
        """Everything in order, this turn's changes so far included."""
        index = self.centre.index
        for key, call in self._out_of_order.items():
            index.note_call(key, call)
        self._out_of_order.clear()
        for operator in self._misplaced.values():
            index.note_operator(operator)
        self._misplaced.clear()
        for leg, feature in self._features.items():
            index.note_feature(leg, feature)
        for leg, supervision in self._supervisions.items():
            index.note_supervision(leg, supervision)
        return index

    def anybody_is_called_back(self) -> bool:
        """Whether a caller may be among those who wait to be called back."""
        open_now = any(call.calls_back is not None for call in self.touched())
        return open_now or self.centre.index.calls_anybody_back()

    def ready(self) -> Ready:
        """Who can be rung under the plan in force, this turn's changes so far included."""
        if self._ready is not None:
            return self._ready
        index = self.centre.index
        changed: Iterable[OperatorState] = self.touched_operators().values()
        if index.ready is None or index.ready.plan is not self.plan:
            index.ready, changed = Ready(self.plan), self.operators()
        if changed:
            self.index()
        for operator in changed:
            index.ready.note(operator, can_ring=self.can_ring(operator))
        self._ready = index.ready
        return index.ready

    def plan_changes(self) -> bool:
        """Whether this turn puts another plan in force."""
        return self._plan_hash != self.centre.plan

    def has_news(self) -> bool:
        """Whether it changes anything about calls, operators, their seats or the plan."""
        return self._has_changed or self.plan_changes()

    def touched(self) -> list[Call]:
        """The calls that this turn changed, as they are now."""
        return [call for call in self._calls.values() if call is not None]

    def queue(self, name: str | None) -> Queue:
        """The queue's settings; defaults once an edit took it out of the plan."""
        found = self.plan.queues.get(name or "")
        return found or _unknown_queue(name or "")

    def voice_box(self, name: str | None) -> VoiceBox:
        """The box's settings; defaults once an edit took it out of the plan."""
        found = self.plan.voice_boxes.get(name or "")
        return found or VoiceBox(name=name or "", title=name or "")

    def channels_used(self, trunk: str) -> int:
        """Live legs on that trunk, this turn's included."""
        used = self.centre.trunk_channels.get(trunk, 0)
        for known, call in self._calls.items():
            used += _on_trunk(call, trunk) - _on_trunk(self.centre.calls.get(known), trunk)
        return used

    def is_full(self, trunk: Trunk, *, emergency: bool = False) -> bool:
        """Whether one more call would take a channel that is kept for emergency calls.

        One of these may take it: then, whether all channels are taken.
        """
        kept = 0 if emergency else trunk.reserved
        return self.channels_used(trunk.name) >= trunk.channels - kept

    def call_ended(self, call: str) -> bool:
        """Whether that call was ours and is over."""
        if self._filed.get(call) is not None or self.awaits_line(call):
            return True
        return call in self.centre.filed_calls and call not in self._filed

    def awaits_line(self, call: str) -> bool:
        """Whether that call is over, and Asterisk's record of its end was not seen yet."""
        if call in self._ended:
            return self._ended[call] is not None
        return call in self.centre.ended_calls

    def recent_calls(self, caller: str) -> tuple[float, ...]:
        """When calls of this caller (E.164) were let in."""
        return self.centre.recent_calls.get(caller, ())

    def outlook(self, queue: Queue) -> Outlook | None:
        """How long callers of that queue wait; None while nobody is there to answer.

        As it looked some seconds ago at the most: a crowd is not told by a look at the team each.
        """
        known = self._outlooks.get(queue.name) or self.centre.outlooks.get(queue.name)
        if known is not None and known.at <= self.now < known.at + estimate.KEPT_SECONDS:
            return known
        team = estimate.team(queue, self.plan, self.operators())
        found = estimate.outlook(self.centre.experience, queue.name, team, self.now)
        if found is not None:
            self._outlooks[queue.name] = found
        return found

    # -- writing -----------------------------------------------------------------------------------

    def _changes(self) -> None:
        """What was found before may be so no more."""
        self._has_changed = True
        self._touched = self._ready = None

    def put(self, call: Call) -> Call:
        """Lay a new version of the call over the old one."""
        self._changes()
        self._calls[call.id] = self._out_of_order[call.id] = call
        return call

    def put_operator(self, operator: OperatorState) -> OperatorState:
        """Lay a new version of the operator over the old one."""
        self._changes()
        self._operators[operator.number] = self._misplaced[operator.number] = operator
        return operator

    def put_feature(self, feature: FeatureCall) -> None:
        """Lay a new version of the feature call over the old one."""
        self._changes()
        self._features[feature.leg] = feature

    def drop_feature(self, leg: str) -> None:
        """Forget a feature call: its leg is gone."""
        self._changes()
        self._features[leg] = None

    def put_supervision(self, supervision: Supervision) -> Supervision:
        """Lay a new version of the supervision over the old one."""
        self._changes()
        self._supervisions[supervision.leg] = supervision
        return supervision

    def drop_supervision(self, leg: str) -> None:
        """Forget a supervision: its leg is gone, or the call's own."""
        self._changes()
        self._supervisions[leg] = None

    def audit(self, act: Act, call: str, refusal: str) -> None:
        """Have a row of this act kept."""
        number = self.centre.audited + len(self._audit) + 1
        row = record_of(act, call=call, now=self.now, number=number, refusal=refusal)
        self._audit.append(row)

    def supervision_ended(self, of: Supervision) -> None:
        """Have a row kept of a supervision's end."""
        number = self.centre.audited + len(self._audit) + 1
        since = of.began if of.answered is None else of.answered
        row = ended(
            of.by, operator=of.operator, call=of.call, since=since, now=self.now, number=number
        )
        self._audit.append(row)

    def put_seat(self, seat: str, *, reachable: bool) -> None:
        """Note that a seat's softphone came or went."""
        self._changes()
        self._seats[seat] = None if reachable else self.now

    def put_engaged(self, seat: str, *, engaged: bool) -> None:
        """Note that a seat is in a call that is not ours."""
        self._changes()
        self._engaged[seat] = self.now if engaged else None

    def put_recent_calls(self, caller: str, times: tuple[float, ...]) -> None:
        """Note when calls of this caller were let in."""
        self._recent[caller] = times

    def forget_callers(self, before: float) -> None:
        """Forget those whose last call was let in before that moment."""
        for caller, times in self.centre.recent_calls.items():
            if times[-1] > before:
                break
            self._recent[caller] = None

    def put_plan(self, plan: str) -> None:
        """Note the hash of the plan in force."""
        self._plan_hash = plan

    @property
    def switch(self) -> str:
        """Which run of Asterisk has the calls."""
        return self._switch

    def put_switch(self, switch: str) -> None:
        """Note which run of Asterisk has them from now on."""
        self._switch = switch

    def last_asked(self, queue: str) -> str | None:
        """The operator who was offered a call of that queue last."""
        return self._asked.get(queue) or self.centre.last_asked.get(queue)

    def note_asked(self, queue: str, operator: str) -> None:
        """This operator is offered a call of that queue."""
        self._asked[queue] = operator

    def last_talk(self, caller: str) -> LastTalk | None:
        """Who talked with that caller last."""
        return self._talks.get(caller) or self.centre.last_talks.get(caller)

    def note_talk(self, caller: str, operator: str) -> None:
        """This operator talks with that caller."""
        self._talks[caller] = LastTalk(operator, self.now)

    def send(self, *commands: Command) -> None:
        """Have the switch do this once the turn is stored."""
        self.commands.extend(commands)

    def order_numbers_taken(self, day: str, sequence: int) -> None:
        """Never give `sequence` of `day`, nor a lower one, again."""
        self._order = max(self._order, (day, sequence))

    def next_order_number(self) -> str:
        """`320481-20171122-0252`: area, day in Asia/Shanghai, sequence from 0001."""
        last_day, last = self._order
        day = max(shanghai_day(self.now), last_day)  # should the clock go back over midnight
        self._order = (day, last + 1 if day == last_day else 1)
        return f"{self.plan.order_area}-{day}-{self._order[1]:04d}"

    def next_outbound_name(self) -> str:
        """For a call that we make: of no other call, also where a journal was lost in between."""
        self._outbound += 1
        return f"out{round(self.now * 1000)}.{self._outbound}"

    def play(self, leg: str, playback: str, words: tuple[str, ...], *, tone: bool = False) -> None:
        """Speak these prompts to a leg; one without a recording is spoken by its stand-in."""
        prompts = self.plan.prompts
        played = tuple(prompts[word].plays if word in prompts else word for word in words)
        self.send(Play(leg, playback, played, tone))

    def dial(
        self,
        call: Call,
        to: SeatAddress | OutsideAddress,
        *,
        seconds: float,
        operator: str | None = None,
        hotline: str = "",
        unit: str = "",
    ) -> tuple[Call, str]:
        """Ring a seat or an outside number for this call; returns the new leg's name too.

        `hotline` and `unit` are the partner's: the outcome counts against the unit (R25).
        """
        leg = f"{call.id}_{call.names + 1}"
        if isinstance(to, SeatAddress):
            role, leg_role, party, place = Role.OPERATOR, LegRole.OPERATOR, operator or "", to.seat
        else:
            role, leg_role, party, place = Role.PARTNER, LegRole.PARTNER, to.digits, to.trunk
        record = LegRecord(
            leg=leg,
            role=leg_role,
            party=party,
            place=place,
            began=self.now,
            hotline=hotline,
            unit=unit,
        )
        label = f"{call.hotline or call.dialled} {call.owner or ''}".strip()
        if call.reference is not None:
            label = f"{label} 对方编号{call.reference}"
        alone = not call.has_live(call.id)
        number, name = "", f"{'回电 ' if alone else ''}{label}"
        if call.outbound is not None:
            number, name = call.outbound.number if alone else "", f"外呼 {shown(call.number)}"
        elif alone and call.callback is not None:
            number = call.callback.number
        self.send(
            Dial(
                call=call.id,
                leg=leg,
                role=role,
                to=to,
                seconds=seconds,
                caller_number=number
                or ("" if call.caller_withheld else call.caller or call.caller_raw),
                caller_name=name if role is Role.OPERATOR else "",
                diversion=call.first_dialled or call.dialled if role is Role.PARTNER else "",
                header=self.reference_header(call, to),
                alone=alone,
            )
        )
        return self.put(replace(call, legs=(*call.legs, record), names=call.names + 1)), leg

    def reference_header(
        self, call: Call, to: SeatAddress | OutsideAddress
    ) -> tuple[str, str] | None:
        """Tells the partner on that trunk the number of the call's order, if they want it."""
        trunk = self.plan.trunks.get(to.trunk) if isinstance(to, OutsideAddress) else None
        if trunk is None or trunk.reference_header is None:
            return None
        return trunk.reference_header, references.value(trunk.reference_header, call.number)

    def hang_up(self, call: Call, leg: str | None, ending: Ending = Ending.NORMAL) -> None:
        """Hang up that leg if it is still there."""
        if leg is not None and call.has_live(leg):
            self.send(Hangup(leg, ending))

    def leg_ended(self, call: Call, leg: str, ending: Ending) -> Call:
        """Note that one of the call's legs is gone."""
        return self.put(replace(call, legs=end_leg(call.legs, leg, self.now, ending)))

    def finish(self, call: Call) -> None:
        """The last leg is gone: the call leaves the centre, its final record is made."""
        self._changes()
        self._finished.append(call)
        self._calls[call.id] = self._out_of_order[call.id] = None
        (self._filed if call.line_written else self._ended)[call.id] = self.now

    def put_missed(self, number: str, missed: Missed | None) -> None:
        """Change what is on the callback list for that number."""
        self._missed[number] = missed

    def take_up(self, call: Call) -> Call:
        """An ended call goes on: its citizen is called back."""
        written = call.line_written or not self.awaits_line(call.id)
        self._ended[call.id] = None
        self._filed[call.id] = None
        self._taken_up.add(call.id)
        return self.put(replace(call, line_written=written, ended=None, waits_since=None))

    def line_seen(self, call: str) -> None:
        """Asterisk's record of an ended call has come: nothing more should."""
        self._ended[call] = None
        self._filed[call] = self.now

    def forget(self, call: str) -> None:
        """No news of that ended call can be under way any more."""
        self._filed[call] = None

    # -- the end -----------------------------------------------------------------------------------

    def commit(self, refusal: Refusal | None) -> Result:
        """Apply all changes to the centre and return what is to be sent, stored and answered."""
        centre = self.centre
        queue_log: tuple[str, ...] = ()
        states: tuple[StateChange, ...] = ()
        figures: dict[str, DayFigures] = {}
        experience = centre.experience
        if self.has_news():
            queue_log = self._queue_log(self.index().lines)
            experience = self._learn()
            self._measure()
            states = self._states()
            figures = self._count()
        missed = self._missed_calls()
        records: list[OrderRecord] = []
        outbound: list[OutboundRecord] = []
        for known, call in self._calls.items():
            self._put_into(centre, known, call, records, outbound)
        for call in self._finished:
            filing.file(replace(call, version=call.version + 1), records, outbound)
        centre.operators.update(self._operators)
        _lay_over(centre.features, self._features)
        _lay_over(centre.supervisions, self._supervisions)
        centre.audited += len(self._audit)
        _lay_over(centre.unreachable_seats, self._seats)
        _lay_over(centre.engaged_seats, self._engaged)
        _lay_over(centre.ended_calls, self._ended)
        _lay_over(centre.filed_calls, self._filed)
        centre.last_asked.update(self._asked)
        _remember(centre.last_talks, self._talks, self.now - 3600.0 * self.plan.remembers_hours)
        if self._outlooks:
            looks = {**centre.outlooks, **self._outlooks}
            centre.outlooks = {n: each for n, each in looks.items() if n in self.plan.queues}
        if figures:
            centre.figures.update(figures)
            for day in sorted(centre.figures)[:-2]:
                del centre.figures[day]
        centre.order_day, centre.order_sequence = self._order
        centre.outbound_made = self._outbound
        centre.plan = self._plan_hash
        centre.switch = self._switch
        centre.clock = self.clock
        centre.experience = experience
        centre.missed = missed
        centre.shield = self.shield
        for caller in self._recent:
            centre.recent_calls.pop(caller, None)  # who called last is last
        _lay_over(centre.recent_calls, self._recent)
        return Result(
            tuple(self.commands),
            tuple(records),
            refusal,
            queue_log,
            states,
            tuple(self._audit),
            tuple(outbound),
        )

    def _put_into(
        self,
        centre: Centre,
        known: str,
        call: Call | None,
        records: list[OrderRecord],
        outbound: list[OutboundRecord],
    ) -> None:
        before = centre.calls.get(known)
        if before is None or call is None or before.legs is not call.legs:
            _count_channels(centre.trunk_channels, before, -1)
            _count_channels(centre.trunk_channels, call, 1)
        if call is None:
            centre.calls.pop(known, None)
            return
        if before is None or filing.differs(before, call):
            call = replace(call, version=call.version + 1)
            filing.file(call, records, outbound)
        centre.calls[known] = call

    def _states(self) -> tuple[StateChange, ...]:
        """What operators do from now on that they did not before."""
        there = (self.operator_at(seat) for seat in self._engaged)
        touched = {**self._operators, **{each.number: each for each in there if each is not None}}
        changes: list[StateChange] = []
        for number, operator in touched.items():
            before = self.centre.operators.get(number)
            last = before.told if before is not None else None
            call = self.call(last.call) if last is not None and last.call is not None else None
            engaged = operator.seat is not None and self.seat_is_engaged(operator.seat)
            after = shifts.told(before, operator, call, self.now, engaged=engaged)
            self._operators[number] = after
            if after.told is not None and after.told is not last:
                changes.append(after.told)
        return tuple(changes)

    def _measure(self) -> None:
        """Measure the waits that ended."""

        def measured(call: Call, *, over: bool) -> Call:
            before, limit = self.centre.calls.get(call.id), self.queue(call.queue)
            return waits.measured(before, call, self.now, limit.answer_within_seconds, over=over)

        for call in self.touched():
            self._calls[call.id] = measured(call, over=False)
        self._finished = [measured(call, over=True) for call in self._finished]

    def _count(self) -> dict[str, DayFigures]:
        """The days' figures, with each call once as offered, and once by its outcome."""
        figures: dict[str, DayFigures] = {}
        for call in (*self.touched(), *self._finished):
            before = self.centre.calls.get(call.id)
            if call.id in self._taken_up or call.outbound is not None:
                continue  # counted when it was missed; or never, as nobody called
            is_new, is_over = before is None, before is None or before.outcome is None
            if not is_new and not (is_over and call.outcome is not None):
                continue
            day = shanghai_day(call.opened)
            counted = figures.get(day) or self.centre.figures.get(day) or DayFigures()
            if is_new:
                counted = replace(counted, offered=counted.offered + 1)
            if is_over and call.outcome is not None:
                counted = _with_outcome(counted, call, call.outcome)
            figures[day] = counted
        return figures

    def _queue_log(self, lines: Lines) -> tuple[str, ...]:
        """What queue_log says of this turn; notes on each call where it stands there."""
        log = QueueLog(self.plan, self.now, lines.position)
        centre = self.centre
        if self._plan_hash != centre.plan:
            log.plan()
        for call in self.touched():
            self._calls[call.id] = log.call(centre.calls.get(call.id), call)
        for call in self._finished:
            log.call(centre.calls.get(call.id), replace(call, phase=Phase.ENDING))
        for number, operator in self._operators.items():
            log.operator(centre.operators.get(number), operator)
        return tuple(log.lines)

    def _missed_calls(self) -> dict[str, Missed]:
        """The callback list, with what this turn changed about it."""
        centre = self.centre
        talked = [
            call
            for name, call in self._calls.items()
            if call is not None
            and call.talked_with is not None
            and (before := centre.calls.get(name)) is not None
            and before.talked_with is None
        ]
        if not self._finished and not talked and not self._missed:
            return centre.missed
        listed = dict(centre.missed)
        _lay_over(listed, self._missed)
        if not self._finished and not talked:
            return listed
        return missed_calls.after(listed, self._finished, talked, self.plan, self.now)

    def _learn(self) -> dict[str, Experience]:
        """What is known of each queue, with what this turn says of calls and of waiting."""
        centre = self.centre
        known = centre.experience.copy()
        if not known.keys() <= self.plan.queues.keys():
            known = {n: each for n, each in known.items() if n in self.plan.queues}
        ended = {call.id: call for call in self._finished}
        for number, after in self._operators.items():
            before = centre.operators.get(number)
            if before is None or (
                before.status is after.status
                and before.call == after.call
                and before.since == after.since
            ):
                continue
            serves = before.serves
            if before.call != after.call:
                call = ended.get(after.call or "") or self.call(after.call or "")
                serves = None if call is None or call.outbound is not None else call.queue
            if after.serves != serves:
                self._operators[number] = replace(after, serves=serves)
            queue = before.serves or serves or ""
            if queue in self.plan.queues:
                past = known.get(queue) or Experience()
                known[queue] = estimate.from_operator(past, before, after, self.now)
        for name, call in self._calls.items():
            was, now_is = centre.calls.get(name), call or ended.get(name)
            if was is None or now_is is None:
                continue
            queue = was.queue or ""
            new = queue not in known or was.phase is not now_is.phase
            if new and queue in self.plan.queues:
                past = known.get(queue) or Experience()
                known[queue] = estimate.from_wait(past, was, now_is, self.now)
        return known


def _with_outcome(figures: DayFigures, call: Call, outcome: Outcome) -> DayFigures:
    in_15s = outcome is Outcome.ANSWERED and waits.is_standard(call)
    return replace(
        figures,
        outcomes={**figures.outcomes, outcome: figures.outcomes.get(outcome, 0) + 1},
        answered_in_15s=figures.answered_in_15s + (1 if in_15s else 0),
    )


def _on_trunk(call: Call | None, trunk: str) -> int:
    if call is None:
        return 0
    return sum(leg.place == trunk and leg.role not in AT_SEAT for leg in call.live())


def _count_channels(used: dict[str, int], call: Call | None, by: int) -> None:
    if call is None:
        return
    for leg in call.live():
        if leg.role not in AT_SEAT:
            used[leg.place] = used.get(leg.place, 0) + by
            if not used[leg.place]:
                del used[leg.place]


def _remember(talks: dict[str, LastTalk], new: dict[str, LastTalk], since: float) -> None:
    """Keep the new ones, latest last, and none from before `since`; nor too many."""
    for caller, talk in new.items():
        talks.pop(caller, None)
        talks[caller] = talk
    while talks:
        oldest = next(iter(talks))
        if talks[oldest].at > since and len(talks) <= MOST_REMEMBERED:
            return
        del talks[oldest]


def _lay_over(base: dict[str, T], changes: dict[str, T | None]) -> None:
    for key, value in changes.items():
        if value is None:
            base.pop(key, None)
        else:
            base[key] = value
