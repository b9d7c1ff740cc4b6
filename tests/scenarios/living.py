"""The world of a day: its clock, the core, the exchange, and what people do by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count
from random import Random

from callcenter.analytics.record import milliseconds
from callcenter.calls.codec import decode_centre, encode_centre
from callcenter.calls.commands import (
    Command,
    Connect,
    Dial,
    OutsideAddress,
    Play,
    RecordMessage,
    Role,
    SeatAddress,
    Separate,
    StartMusic,
)
from callcenter.calls.events import (
    BecomeNotReady,
    BecomeReady,
    CallEndedOutside,
    CallMissed,
    CallTakenOutside,
    DeadlineReached,
    DigitPressed,
    Ending,
    Event,
    PlanChanged,
)
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Phase
from callcenter.calls.wallboard import OperatorStatus
from callcenter.clock import SHANGHAI
from callcenter.numberplan.model import Plan
from callcenter.orders.record import OrderRecord
from tests.calls.desk import Desk, moment
from tests.crashes.promises import broken
from tests.crashes.world import World
from tests.scenarios.city import city
from tests.scenarios.onlooker import Onlooker
from tests.scenarios.people import NEVER, Answer, Caller, Operator, Partner, next_of

PROMPT = 3.0
"""Seconds of whatever is spoken."""
GUARD_SECONDS = 6.0
"""So long after our death the dialplan takes a guarded caller."""


class Orders(dict[str, OrderRecord]):
    """The latest record of each call; and of all of them what must never change."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: dict[str, list[tuple[str, str | None]]] = {}

    def __setitem__(self, call: str, record: OrderRecord) -> None:
        super().__setitem__(call, record)
        outcome = None if record.outcome is None else record.outcome.value
        self.versions.setdefault(call, []).append((record.number, outcome))


class Living(Desk):
    """The centre and its exchange, with people at the far ends who act by themselves."""

    def __init__(self, begins: str, plan: Plan | None = None, seed: int = 1) -> None:
        self.orders = Orders()
        super().__init__(plan=plan or city(), now=moment(begins), records=self.orders)
        self.random = Random(seed)
        self.callers: dict[str, Caller] = {}
        self.arrived: dict[str, float] = {}
        self.at_seat: dict[str, Operator] = {}
        self.partners: dict[str, Partner] = {}
        """By their number of the plan; the others answer."""
        self.phones: list[Answer] = [5.0]
        """What comes of calls to citizens that operators make on an order's behalf, in turn."""
        self.trunks_down: set[str] = set()
        self.turned_away = 0
        """Callers who reached no trunk."""
        self.refused: list[str] = []
        """What operators were refused in their talks."""
        self.onlooker = Onlooker()
        self.away = False
        """The controller is dead."""
        self.broken: list[str] = []
        """What was wrong at the end of some minute (tests/crashes/promises.py)."""
        self._back = 0.0
        self._ahead: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()
        self._talks: dict[str, tuple[str, ...]] = {}
        """With whom callers are connected."""
        self._talked: set[str] = set()

    # -- time --------------------------------------------------------------------------------------

    def clock(self, text: str) -> float:
        """`2017-12-01T10:00`, or the next time that it is `10:00`."""
        if "T" in text:
            return moment(text)
        today = datetime.fromtimestamp(self.now, SHANGHAI).date()
        at = datetime.combine(today, time.fromisoformat(text), SHANGHAI)
        return (at if at.timestamp() >= self.now else at + timedelta(days=1)).timestamp()

    def later(self, seconds: float, do: Callable[[], object]) -> None:
        heappush(self._ahead, (self.now + seconds, next(self._order), do))

    def at(self, clock: str, do: Callable[[], object]) -> None:
        """Somebody does something then."""
        self.later(self.clock(clock) - self.now, do)

    def until(self, clock: str) -> None:
        """Time passes."""
        self._passes(self.clock(clock))

    def wait(self, seconds: float) -> None:
        self._passes(self.now + seconds)

    def _passes(self, until: float) -> None:
        while (at := self._next()) <= until:
            self._moves_on(at)
            if self._ahead and self._ahead[0][0] <= at:
                heappop(self._ahead)[2]()
            else:
                self.happens(DeadlineReached())
            self.news()
        self._moves_on(until)

    def _next(self) -> float:
        ahead = self._ahead[0][0] if self._ahead else float("inf")
        deadline = None if self.away else self.centre.deadline()
        return ahead if deadline is None else min(ahead, max(self.now, deadline))

    def _moves_on(self, to: float) -> None:
        if to > self.now:
            self.onlooker.time_passes(self.centre, to - self.now)
            if not self.away:
                self.onlooker.looks_round(self.centre, self.plan, self.now)
        if to // 60 > self.now // 60 and self.now > self._back + GUARD_SECONDS and not self.away:
            world = World(switch=self.switch, now=self.now)
            self.broken += broken(world, self.centre, settled=True)
        self.now = max(self.now, to)

    # -- the core ----------------------------------------------------------------------------------

    def happens(self, event: Event) -> Refusal | None:
        """What the core wants is seen by those whom it concerns."""
        if self.away:  # whoever wants something tries again
            self.later(1.0, partial(self.happens, event))
            return None
        sent, told = len(self.switch.sent), len(self.changes)
        refusal = super().happens(event)
        for command in self.switch.sent[sent:]:
            self._is_seen(command)
            own_will = isinstance(event, CallMissed)  # an operator takes a missed call up
            if isinstance(command, Dial) and command.role is Role.OPERATOR and not own_will:
                self._is_offered(command)
        for change in self.changes[told:]:
            self._goes_on(change.operator, change.state, change.call)
        return refusal

    def news(self) -> None:
        if not self.away:
            super().news()

    def plan_changes(self, plan: Plan) -> None:
        """An edit of the plan comes into force."""
        self.plan = plan
        self.happens(PlanChanged(plan.hash))
        self.news()

    def controller_dies(self, seconds: float = 1.0) -> None:
        """It is started again after so long, on what the journal has."""
        self.away, self.switch.heard = True, False
        self.later(seconds, self._comes_back)
        self.later(GUARD_SECONDS, self._dialplan_takes_over)

    def _dialplan_takes_over(self) -> None:
        for leg in [leg.name for leg in self.switch.legs.values() if leg.guarded and self.away]:
            self.switch.dead_mans_switch(leg)

    def _comes_back(self) -> None:
        self.away, self.switch.heard, self._back = False, True, self.now
        self.centre = decode_centre(encode_centre(self.centre))
        self.switch.lose_events()
        self.switch.told = [self._dated(event) for event in self.switch.told]
        self.happens(self.switch.reconciled())
        self.news()
        for leg in [leg for leg in self.switch.legs.values() if leg.outside]:
            self.switch.comes_back(leg.name, self.now)
        self.news()

    def _dated(self, event: Event) -> Event:
        """The fake exchange has no clock."""
        if isinstance(event, CallTakenOutside):
            return replace(event, began=self.arrived[event.call])
        if isinstance(event, CallEndedOutside):
            return replace(event, began=self.arrived[event.call], ended=self.now)
        return event

    # -- what people do by themselves --------------------------------------------------------------

    def _is_seen(self, command: Command) -> None:
        match command:
            case Dial(to=SeatAddress(seat)):
                self._seat_rings(command, self.at_seat.get(seat))
            case Dial(call=call, role=Role.CITIZEN):
                answers = self.callers[call].answers if call in self.callers else self.phones
                self._rings(command, next_of(answers))
            case Dial(to=OutsideAddress(trunk)):
                partner = self.partners.setdefault(self._hotline(command), Partner())
                down = trunk in self.trunks_down
                self._rings(command, Ending.UNREACHABLE if down else next_of(partner.answers))
            case Play(leg, playback, prompts):
                self.later(PROMPT, partial(self._spoken, leg, playback))
                if leg in self.callers:
                    self._presses(self.callers[leg], prompts)
            case RecordMessage(leg, recording):
                self.later(self.callers[leg].says, partial(self._said, leg, recording))
            case Separate(leg=leg) | StartMusic(leg=leg):
                self._talks.pop(leg, None)
            case Connect(call, legs=legs) if self._talks.get(call) != legs:
                self._talks[call] = legs
                self._talked.add(call)
                talk = self.callers.get(call, Caller()).talk
                self.later(talk, partial(self._has_talked, call, legs))
            case _:
                pass

    def _is_offered(self, dial: Dial) -> None:
        call = self.centre.calls[dial.call]
        operator = call.party(dial.leg)
        if call.phase is Phase.OFFERED:
            self.onlooker.looks_whose_turn_it_is(self.centre, self.plan, call.id, operator)
        else:
            self.onlooker.consulted.add((operator, milliseconds(self.now)))

    def _seat_rings(self, dial: Dial, operator: Operator | None) -> None:
        if operator is None:
            return
        if dial.role is Role.OPERATOR:
            self.onlooker.operator_rings(dial.call, operator.number)
        misses = operator.misses > 0
        operator.misses -= misses
        answers = operator.answers() if callable(operator.answers) else operator.answers
        self._rings(dial, NEVER if misses else answers)

    def _rings(self, dial: Dial, answer: Answer) -> None:
        self.later(dial.seconds, partial(self._stops_ringing, dial, Ending.NO_ANSWER))
        if not isinstance(answer, Ending):
            self.later(answer, partial(self._answers, dial))
        elif answer is not NEVER:
            self.later(1.0, partial(self._stops_ringing, dial, answer))

    def _ringing(self, dial: Dial) -> bool:
        leg = self.switch.legs.get(dial.leg)
        return leg is not None and leg.dial is dial and not leg.answered

    def _answers(self, dial: Dial) -> None:
        if not self._ringing(dial):
            return
        self.switch.far_end_answers(dial.leg)
        self.news()
        if dial.role is Role.PARTNER and isinstance(dial.to, OutsideAddress):
            talk = self.partners[self._hotline(dial)].talk
            if talk != float("inf"):
                self.later(talk, partial(self._hangs_up, dial.leg))

    def _stops_ringing(self, dial: Dial, ending: Ending) -> None:
        if self._ringing(dial):
            self.switch.far_end_goes(dial.leg, ending)

    def _hotline(self, dial: Dial) -> str:
        """The number of the plan that is dialled there."""
        legs = self.centre.calls[dial.call].legs
        return next(leg.hotline for leg in legs if leg.leg == dial.leg)

    def _spoken(self, leg: str, playback: str) -> None:
        there = self.switch.legs.get(leg)
        if there is not None and there.playing == playback:
            self.switch.prompt_ends(leg)

    def _said(self, leg: str, recording: str) -> None:
        there = self.switch.legs.get(leg)
        if there is not None and there.recording == recording:
            self.switch.message_ends(leg, self.callers[leg].says)

    def _presses(self, caller: Caller, prompts: tuple[str, ...]) -> None:
        for prompt in prompts:
            keys = caller.presses.get(prompt, "")
            if isinstance(keys, list):
                keys = keys.pop(0) if keys else ""
            for place, key in enumerate(keys):
                self.later(2.0 + place, partial(self._presses_key, caller.id, key))

    def _presses_key(self, leg: str, key: str) -> None:
        if leg in self.switch.legs:
            self.switch.told.append(DigitPressed(leg, key))

    def _gives_up(self, caller: Caller) -> None:
        leg = self.switch.legs.get(caller.id)
        if leg is not None and caller.id not in self._talked and leg.recording is None:
            self._hangs_up(caller.id)

    def _has_talked(self, call: str, legs: tuple[str, ...]) -> None:
        if self._talks.get(call) is legs:
            self._hangs_up(call)

    def _hangs_up(self, leg: str) -> None:
        if leg in self.switch.legs:
            self.switch.far_end_goes(leg)

    def _goes_on(self, number: str, state: str, call: str | None) -> None:
        """An operator has begun something else."""
        at = next((each for each in self.at_seat.values() if each.number == number), None)
        if at is not None and state == OperatorStatus.WRAP_UP:
            self.later(at.wraps_up, partial(self._is_done, number, call))
        if at is not None and state == OperatorStatus.TALKING:
            does = at.does() if callable(at.does) else at.does
            for seconds, wants in does.items():
                self.later(seconds, partial(self._wants, number, call, wants))

    def _is_done(self, number: str, call: str | None) -> None:
        """The order is written: ready, or off to what was wished for in the talk."""
        operator = self.operator(number)
        if (operator.status, operator.call) != (OperatorStatus.WRAP_UP, call):
            return
        wished = operator.reason_after
        self.asks(BecomeReady(number) if wished is None else BecomeNotReady(number, wished))

    def _wants(self, number: str, call: str | None, wants: Callable[[str], Event]) -> None:
        operator = self.operator(number)
        if (operator.status, operator.call) != (OperatorStatus.TALKING, call):
            return
        refusal = self.happens(wants(number))
        self.news()
        if refusal is not None:
            self.refused.append(refusal.code)
