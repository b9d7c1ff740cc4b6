"""A working day of the city's hotline, as fast as the pure core allows.

A scenario puts people into a `Day` (people.py), lets time pass, and says at the end what came of
it: it reads like a story of the specification. The core is the real one with the city's real plan
(city.py); the exchange is the fake one. Nothing happens but what the core asks for, what people do
by themselves, and what the scenario says:

- each prompt is spoken in `PROMPT` seconds, then the caller presses the keys for it;
- who is rung answers, misses or declines as they are made; a telephone rings no longer than the
  core wants;
- callers lose their patience, end their talk, or are called back;
- operators do in each talk what `Operator.does` says, wrap up, and are ready again.

`Day.ends` waits until nobody is there any more, and then looks at what must hold whatever the story
was (must_hold.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random

from callcenter.analytics.periods import By
from callcenter.analytics.record import milliseconds
from callcenter.analytics.report import CallFigures, Of
from callcenter.calls.commands import OutsideAddress
from callcenter.calls.events import (
    BecomeNotReady,
    BecomeReady,
    CallArrived,
    Ending,
    SignIn,
    SignOut,
)
from callcenter.calls.state import Call
from callcenter.orders.outbound import OrderReference
from callcenter.orders.record import OrderRecord, Outcome
from tests.analytics.books import Books
from tests.scenarios.living import Living
from tests.scenarios.must_hold import must_hold
from tests.scenarios.people import Answer, Caller, Does, Operator, a_citizen

LONGEST = 5 * 86400.0
"""No story waits longer for its end."""


class Day(Living):
    """A day as a story tells it: who comes, who calls, what fails, and what came of it."""

    # -- operators ---------------------------------------------------------------------------------

    def sits(
        self,
        number: str,
        seat: str = "",
        *,
        answers: Answer | Callable[[], Answer] = 4.0,
        misses: int = 0,
        wraps_up: float = 20.0,
        does: Does | Callable[[], Does] | None = None,
    ) -> Operator:
        """An operator signs in, at the seat of the same number if none is told, and is ready."""
        seat = seat or f"seat{number[1:]}"
        operator = Operator(number, seat, answers, misses, wraps_up, does or {})
        assert self.asks(SignIn(number, seat)) == ""
        others = {at: each for at, each in self.at_seat.items() if each.number != number}
        self.at_seat = {**others, seat: operator}
        assert self.asks(BecomeReady(number)) == ""
        return operator

    def shift(self, first: int, last: int) -> list[Operator]:
        """The operators of these numbers come, each to their own seat."""
        return [self.sits(f"{number:03}") for number in range(first, last + 1)]

    def softphone(self, seat: str, code: str) -> None:
        """A feature code is dialled there, with the right PIN if it wants one."""
        self.switch.seat_dials(seat, code, pin_ok=True)
        self.news()

    def taken_seats(self) -> set[str]:
        """Where somebody is signed in."""
        return {each.seat for each in self.centre.operators.values() if each.seat is not None}

    def away_for(self, number: str, minutes: float, reason: str = "meal") -> None:
        """A break, after the talk if there is one."""
        assert self.asks(BecomeNotReady(number, reason)) == ""
        self.later(60 * minutes, lambda: self.asks(BecomeReady(number)))

    def goes_home(self, number: str) -> None:
        """Signs out, as soon as the talk is over."""
        if self.asks(SignOut(number)) == "in_call":
            self.asks(BecomeNotReady(number, "break"))
            self.later(5.0, partial(self.goes_home, number))

    # -- callers -----------------------------------------------------------------------------------

    def calls(self, caller: Caller | None = None) -> Caller:
        """Somebody calls now."""
        caller = caller or Caller()
        trunks = [caller.trunk, *(each for each in ("telecom", "unicom") if each != caller.trunk)]
        trunk = next((each for each in trunks if each not in self.trunks_down), None)
        if trunk is None:
            self.turned_away += 1
            return caller
        caller.id = self.switch.caller_arrives(caller.dials, trunk, caller.number)
        self._is_diverted(caller)
        self.callers[caller.id] = caller
        self.arrived[caller.id] = self.now
        if caller.patience != float("inf"):
            self.later(caller.patience, partial(self._gives_up, caller))
        if self.away:
            self.switch.dead_mans_switch(caller.id)
        self.news()
        return caller

    def _is_diverted(self, caller: Caller) -> None:
        """The exchange knows the caller's number alone."""
        arrived = self.switch.told[-1]
        if caller.diverted_by and isinstance(arrived, CallArrived):
            headers = replace(arrived.headers, diversion=(f"<sip:{caller.diverted_by}@city>",))
            self.switch.told[-1] = replace(arrived, headers=headers)

    def call_between(
        self,
        begins: str,
        ends: str,
        an_hour: float,
        who: Callable[[Random], Caller] = a_citizen,
    ) -> None:
        """Callers come by themselves, so many an hour on the mean, none knowing of the others."""
        at, end = self.clock(begins), self.clock(ends)
        while (at := at + self.random.expovariate(an_hour / 3600)) < end:
            self.later(at - self.now, partial(self.calls, who(self.random)))

    def order_of(self, caller: Caller) -> OrderRecord:
        return self.records[caller.id]

    def outcome_of(self, caller: Caller) -> Outcome | None:
        return self.records[caller.id].outcome

    def reference(self, caller: Caller) -> OrderReference:
        """Their order, as who takes calls on its behalf knows it."""
        order = self.records[caller.id]
        return OrderReference(
            call=order.call,
            number=order.number,
            caller=order.caller,
            hotline=order.hotline,
            owner=order.owner,
            queue=order.queue,
            operators=() if order.operator is None else (order.operator,),
        )

    def call_of(self, caller: Caller) -> Call:
        """Their call, which is not over."""
        return self.centre.calls[caller.id]

    def waited(self, caller: Caller) -> float:
        """Seconds of the first wait."""
        wait = self.records[caller.id].wait_ms
        assert wait is not None
        return wait / 1000

    def ended(self, caller: Caller) -> float:
        """When their call was over."""
        ended = self.records[caller.id].ended
        assert ended is not None
        return ended

    def served(self) -> list[str]:
        """Who rang, in order: operators' numbers."""
        return [operator for _, operator in self.onlooker.offers]

    # -- trunks ------------------------------------------------------------------------------------

    def trunk_fails(self, trunk: str) -> None:
        """Whoever is on it is cut off; nobody comes or goes by it."""
        self.trunks_down.add(trunk)
        for leg in list(self.switch.legs.values()):
            to = leg.dial.to if leg.dial is not None else None
            if leg.trunk == trunk or (isinstance(to, OutsideAddress) and to.trunk == trunk):
                self.switch.far_end_goes(leg.name, Ending.LOST)
        self.news()

    # -- what came of it ---------------------------------------------------------------------------

    def ends(self) -> Books:
        """Everybody goes; then all must be over, and the books must add up."""
        latest = self.now + LONGEST
        while self._ahead or self.centre.calls:
            assert self.now < latest, "this day never ends"
            self.wait(600)
        for operator in [each.number for each in self.centre.operators.values() if each.seat]:
            assert self.asks(SignOut(operator)) == ""
        must_hold(self)
        return self.books

    @property
    def books(self) -> Books:
        """What is written down until now."""
        end = max([milliseconds(self.now), *(change.at + 1 for change in self.changes)])
        return Books(list(self.records.values()), self.changes, end, self.outbound)

    def outcomes(self) -> dict[Outcome, int]:
        """How many calls ended in which way."""
        return dict(Counter(each.outcome for each in self.records.values() if each.outcome))

    def hours(self, queue: str = "hotline") -> dict[str, CallFigures]:
        """A queue's figures by the hour's beginning, such as `09:00`."""
        rows = self.books.report(By.HOUR, Of.QUEUE).rows
        return {row.period.strftime("%H:%M"): row.calls for row in rows if row.key == queue}
