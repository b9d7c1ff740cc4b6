"""How good the estimated waits are that callers hear: simulated working days on the core itself.

    python -m bench.waits

Callers come as the hour has it, talk and give up as people do; operators talk, wrap up and go to
lunch. All of it goes through `step`, in simulated time; what the core says at each announcement is
compared with what came. Beside it the usual rule of thumb, at the same moments and for the same
callers: place in the queue × mean talk ÷ operators. The exit code is 1 where the mean error is
above `LIMIT` of that rule's.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random
from statistics import fmean

from callcenter.calls import estimate
from callcenter.calls.centre import step
from callcenter.calls.commands import Command, Dial, Hangup, Play
from callcenter.calls.events import (
    BecomeNotReady,
    BecomeReady,
    CallArrived,
    DeadlineReached,
    Event,
    LegAnswered,
    LegEnded,
    PlaybackFinished,
    SignIn,
    SipHeaders,
)
from callcenter.calls.state import Centre, Phase
from callcenter.calls.turn import Turn
from callcenter.calls.waiting import expected_wait, position
from callcenter.numberplan.loader import load
from callcenter.numberplan.model import Plan
from callcenter.settings import PROJECT

LIMIT = 0.8
DAYS = 5
HOURS = (40, 75, 92, 95, 60, 55, 90, 84, 78, 45)
"""Calls in each hour from 8:00 on."""
OPERATORS = 6
TALK, SHORT_TALK = (5.1, 0.6), (3.9, 0.5)
"""Of a logarithm of seconds: mean and deviation; three in ten calls are soon over."""
LUNCH = (4.0, 5.0)
"""Hours after the start in which a third of them is away, one third after the other."""
START = 1_512_086_400.0
"""8:00 in Asia/Shanghai."""


@dataclass(frozen=True)
class Days:
    """Mean errors in seconds over all announcements of some days."""

    announcements: int
    ours: float
    rule: float
    """Place × mean talk ÷ operators."""
    fair_rule: float
    """The same with the whole time that a call takes an operator in place of the talk."""
    waited: float
    """What callers who heard an announcement still waited from then on, on the mean."""

    @property
    def ratio(self) -> float:
        """Our error in those of the rule."""
        return self.ours / self.rule


@dataclass(frozen=True)
class _GivesUp:
    """A caller's patience is over, unless they have been answered."""

    call: str


@dataclass
class _Said:
    call: str
    at: float
    ours: float
    rule: float
    fair_rule: float


@dataclass
class _Day:
    """One day: a centre, people, and what is to happen."""

    plan: Plan
    random: Random
    now: float = START
    centre: Centre = field(default_factory=Centre)
    ahead: list[tuple[float, int, Event | _GivesUp]] = field(default_factory=list)
    order: count[int] = field(default_factory=count)
    said: list[_Said] = field(default_factory=list)
    answered: dict[str, float] = field(default_factory=dict)
    talks: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)

    def run(self) -> None:
        """All of it, until nobody is there any more."""
        self._staff()
        self._callers()
        while self.ahead or self.centre.calls:
            due = self.centre.deadline()
            if due is not None and (not self.ahead or due <= self.ahead[0][0]):
                self.now = max(self.now, due)
                self._happens(DeadlineReached())
            else:
                at, _, event = heappop(self.ahead)
                self.now = max(self.now, at)
                self._happens(event)

    def _later(self, seconds: float, event: Event | _GivesUp) -> None:
        heappush(self.ahead, (self.now + seconds, next(self.order), event))

    def _staff(self) -> None:
        seats = iter(self.plan.seats)
        for place, operator in enumerate(list(self.plan.operators)[:OPERATORS]):
            self._happens(SignIn(operator, next(seats)))
            self._happens(BecomeReady(operator))
            away = (LUNCH[0] + place % 3 / 3) * 3600
            length = (LUNCH[1] - LUNCH[0]) / 3 * 3600
            self._later(away, BecomeNotReady(operator, "meal"))
            self._later(away + length, BecomeReady(operator))

    def _callers(self) -> None:
        number = count(1)
        for hour, calls in enumerate(HOURS):
            at = 0.0
            while (at := at + self.random.expovariate(calls / 3600)) < 3600:
                call = f"{next(number)}.1"
                headers = SipHeaders(from_=f"<sip:138{self.random.randrange(10**8):08}@x>")
                self._later(hour * 3600 + at, CallArrived(call, "telecom", "12345", headers))

    def _happens(self, event: Event | _GivesUp) -> None:
        if isinstance(event, _GivesUp):
            call = self.centre.calls.get(event.call)
            if call is None or call.answered is not None:
                return
            event = LegEnded(event.call)
        result = step(self.centre, event, self.plan, self.now)
        if isinstance(event, CallArrived):
            patience = self.random.lognormvariate(5.6, 0.8)
            self._later(patience, _GivesUp(event.call))
        for command in result.commands:
            self._carried_out(command)

    def _carried_out(self, command: Command) -> None:
        match command:
            case Play(leg, playback, words):
                self._later(0.6 * len(words) + 1.0, PlaybackFinished(leg, playback))
                if "_" not in leg:
                    self._note(leg)
            case Dial(leg=leg):
                self._later(self.random.uniform(2.0, 6.0), LegAnswered(leg))
            case Hangup(leg):
                self._later(0.01, LegEnded(leg))
            case _:
                pass
        self._talk_began(command)

    def _talk_began(self, command: Command) -> None:
        call = self.centre.calls.get(getattr(command, "call", ""))
        if call is None or call.phase is not Phase.TALKING or call.id in self.answered:
            return
        self.answered[call.id] = call.answered or self.now
        short = self.random.random() < 0.3
        talk = self.random.lognormvariate(*(SHORT_TALK if short else TALK))
        wrap_up = self.random.uniform(15.0, 55.0)
        self.talks.append(talk)
        self.busy.append(talk + wrap_up)
        self._later(talk, LegEnded(call.id))
        self._later(talk + wrap_up, BecomeReady(call.operator or ""))

    def _note(self, name: str) -> None:
        """What is said to a waiting caller, and what the rule would say."""
        call = self.centre.calls[name]
        if call.phase is not Phase.WAITING:
            return
        turn = Turn(self.centre, self.plan, self.now)
        ours = expected_wait(turn, call)
        operators = len(estimate.team(turn.queue(call.queue), self.plan, turn.operators()))
        if ours is None:
            return
        place = position(turn, call)
        per_operator = place / operators
        talk, busy = (fmean(each) if each else 180.0 for each in (self.talks, self.busy))
        self.said.append(_Said(name, self.now, ours, per_operator * talk, per_operator * busy))


def days(seed: int, number: int = DAYS) -> Days:
    """So many days, the same for the same seed."""
    plan = load(PROJECT).plan
    assert plan is not None, "run `callcenter check`"
    ours, rule, fair, waits = [], [], [], []
    for day in range(number):
        one = _Day(plan, Random(seed * 1000 + day))
        one.run()
        for said in one.said:
            if said.call not in one.answered:
                continue  # gave up: nobody knows
            waited = one.answered[said.call] - said.at
            waits.append(waited)
            ours.append(abs(said.ours - waited))
            rule.append(abs(said.rule - waited))
            fair.append(abs(said.fair_rule - waited))
    return Days(len(waits), fmean(ours), fmean(rule), fmean(fair), fmean(waits))


def main() -> int:
    """Print the figures; 1 where the limit is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.waits", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=DAYS)
    arguments = parser.parse_args()
    found = days(arguments.seed, arguments.days)
    print(
        f"{found.announcements} announcements on {arguments.days} days; "
        f"from them to the answer {found.waited:.0f} s on the mean\n"
        f"mean error of what callers hear:             {found.ours:6.1f} s\n"
        f"place × mean talk ÷ operators:               {found.rule:6.1f} s\n"
        f"place × mean talk and wrap-up ÷ operators:   {found.fair_rule:6.1f} s\n"
        f"ratio to the first rule: {found.ratio:.2f} (at most {LIMIT})"
    )
    return 0 if found.ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
