"""Number, caller and moment → what happens to the call. Pure: the same input, the same route.

The behaviour of each mode at each date is R20-R27 as decided in dialplan/numbers.yaml's comments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from callcenter.clock import SHANGHAI
from callcenter.numberplan.destination import Destination, To
from callcenter.numberplan.dialled import bare
from callcenter.numberplan.hours import is_open
from callcenter.numberplan.leading import lead
from callcenter.numberplan.model import (
    Action,
    AnnouncedThen,
    DialTarget,
    Emergency,
    Mode,
    Number,
    Place,
    Plan,
    Route,
    State,
    Step,
)

_WORDS = {To.VOICE_BOX: "voice box"}


def decide(
    plan: Plan,
    number: str,
    caller: str | None,
    at: datetime,
    diverted: Sequence[str] = (),
) -> Route:
    """The route of a call for `number`, in any spelling, at `at` (which must have a zone).

    `diverted` are the numbers that the call was forwarded from, `caller` who calls. Where one of
    them is a number or an own line of the plan, the call has been through us or its department
    already: it is queued wherever it would have been forwarded.
    """
    if at.tzinfo is None:
        raise ValueError("`at` has no time zone; write datetime(…, tzinfo=…)")
    emergency = plan.emergencies.get(bare(number))
    if emergency is not None:
        return _emergency(emergency)
    found = plan.directory.find(number)
    if found is None:
        return Route(
            number=bare(number),
            action=Action.REJECT,
            steps=(Step(text=f"{bare(number)} is no number of the plan: refused as unallocated"),),
        )
    came = _Came(caller, tuple(diverted), _been_through(plan, caller, diverted))
    minute = int(at.timestamp() // 60)
    known = plan.routes.get(number)
    if known is not None and known[0] == minute and came.been_through is None:
        return known[1]
    route = _Decision(plan, number, plan.numbers[found], at.astimezone(SHANGHAI), came).route()
    # Hours and dates begin at full minutes. Only what is forwarded depends on the way it came on.
    is_usual = came.been_through is None and number in plan.directory.table
    if is_usual and route.action is not Action.FORWARD:
        plan.routes[number] = (minute, route)
    return route


def way_to(
    plan: Plan, partner: str, at: datetime, caller: str | None = None, diverted: Sequence[str] = ()
) -> Route:
    """How a partner of the plan is reached at `at`.

    The `targets` are empty where nobody else answers that number, or where the call has been there.
    """
    route = decide(plan, partner, None, at)
    before = (*diverted, caller) if caller else diverted
    been_there = {plan.directory.find(each) or plan.own_lines.find(each) for each in before}
    if route.action is Action.FORWARD and partner not in been_there:
        return route
    return route.model_copy(update={"targets": ()})


def _emergency(emergency: Emergency) -> Route:
    ways = ", then ".join(target.trunk for target in emergency.targets)
    text = f"{emergency.number} is an emergency number: dialled at once on {ways}"
    return Route(
        number=emergency.number,
        action=Action.EMERGENCY,
        targets=emergency.targets,
        service=emergency.service,
        steps=(_step(text, emergency.place),),
    )


def _been_through(plan: Plan, caller: str | None, diverted: Sequence[str]) -> str | None:
    """Why the call must not be forwarded again."""
    for entry in diverted:
        through = plan.directory.find(entry)
        if through is not None:
            return f"it was diverted from {entry}, which is {through} of the plan"
        line = plan.own_lines.find(entry)
        if line is not None:
            return f"it was diverted from {entry}, the own line of {line}"
    if caller:
        forwarder = plan.directory.find(caller)
        if forwarder is not None:
            return f"its caller {caller} is {forwarder} of the plan, which forwarded it"
    return None


@lru_cache(maxsize=4096)
def _step(text: str, place: Place | None) -> Step:
    # Made of our own values: validating them again would be most of the time a decision takes.
    return Step.model_construct(
        text=text, file=place.file if place else None, line=place.line if place else None
    )


@dataclass(frozen=True, slots=True)
class _Came:
    """On which way a call came to us."""

    caller: str | None
    diverted: tuple[str, ...]
    been_through: str | None
    """Why it must not be forwarded again."""


class _Decision:
    """One number at one local moment."""

    def __init__(self, plan: Plan, dialled: str, number: Number, at: datetime, came: _Came) -> None:
        self._came = came
        self._plan = plan
        self._number = number
        self._at = at
        self._day = at.date()
        self._steps: list[Step] = []
        spelled = "" if dialled == number.number else f" (dialled as {dialled})"
        self._say(
            f"{number.number}{spelled} is {number.mode}: {number.owner}, {number.service}", "mode"
        )

    def route(self) -> Route:
        match self._number.mode:
            case Mode.PRIMARY:
                return self._queue(State.LIVE)
            case Mode.PARALLEL:
                self._say("a parallel number keeps its own line at every date", "mode")
                return self._forward(State.LIVE, self._number.own_line, "own_line")
        if not self._since(self._number.cutover):
            self._say(f"on {self._day} it is live: its cutover is {self._number.cutover}", "month")
            return self._forward(State.LIVE, self._number.own_line, "own_line")
        self._say(f"on {self._day} it is past its cutover of {self._number.cutover}", "month")
        match self._number.mode:
            case Mode.RESIDENT:
                targets = self._number.resident_targets
                return self._forward(State.FORWARDED, targets, "trunk")
            case Mode.DIRECT_KEEP:
                return self._queue(State.FORWARDED)
        return self._retiring()

    def _retiring(self) -> Route:
        number, formal = self._number, self._plan.formal_run
        if self._since(number.retired_from):
            self._say(f"it is retired from {number.retired_from}: unallocated", "retired_from")
            return self._route(State.RETIRED, Action.REJECT)
        if not self._since(formal.first):
            self._steps.append(
                _step(f"the formal run begins on {formal.first}: still forwarded", formal.place)
            )
            return self._queue(State.FORWARDED, number.forwarded_announcement)
        self._steps.append(
            _step(f"the formal run began on {formal.first}: replaced by the hotline", formal.place)
        )
        if number.announced_then is AnnouncedThen.QUEUE:
            self._say("after the announcement the caller is connected", "announced_then")
            return self._queue(State.ANNOUNCED, number.announced_announcement)
        self._say(
            f"the caller hears {number.announced_announcement}, then we hang up", "announced_then"
        )
        return self._route(
            State.ANNOUNCED, Action.ANNOUNCE, announcement=number.announced_announcement
        )

    def _forward(self, state: State, targets: tuple[DialTarget, ...], key: str) -> Route:
        if self._came.been_through is not None:
            self._say(f"it would be forwarded, but {self._came.been_through}: queued instead", key)
            return self._queue(state)
        ways = ", then ".join(f"{target.digits} on {target.trunk}" for target in targets)
        self._say(f"forwarded to {ways}", key)
        if self._number.after_answer_digits is not None:
            self._say(
                f"{self._number.after_answer_pause:g} s after the answer we press "
                f"{self._number.after_answer_digits}",
                "after_answer",
            )
        return self._route(
            state,
            Action.FORWARD,
            targets=targets,
            digits=self._number.after_answer_digits,
            pause=self._number.after_answer_pause,
        )

    def _queue(self, state: State, announcement: str | None = None) -> Route:
        number = self._number
        announcement = announcement or number.greeting
        if number.hours and number.closed and not is_open(self._plan, number.hours, self._at):
            self._say(f"{number.number} is closed now ({number.hours})", "hours")
            return self._lead(state, number.closed, announcement, "closed")
        if number.menu is not None:
            return self._lead(state, Destination(To.MENU, number.menu), announcement, "menu")
        return self._lead(state, Destination(To.QUEUE, number.queue), announcement, "queue")

    def _lead(self, state: State, wanted: Destination, announcement: str | None, key: str) -> Route:
        to, passed = lead(self._plan, wanted, self._at)
        for reason in passed:
            self._say(reason, key)
        if to.to is To.ANNOUNCE:
            self._say(f"the caller hears {to.name}, then we hang up", key)
            return self._route(state, Action.ANNOUNCE, announcement=to.name)
        spoken = " and ".join(each for each in (announcement, to.prompt) if each)
        self._say(
            f"to {_WORDS.get(to.to, to.to)} {to.name}{f' after {spoken}' if spoken else ''}", key
        )
        match to.to:
            case To.PARTNER:
                return self._to_partner(state, to, announcement)
            case To.MENU:
                return self._route(
                    state, Action.MENU, menu=to.name, announcement=announcement, prompt=to.prompt
                )
            case To.VOICE_BOX:
                return self._route(
                    state,
                    Action.VOICE_MAIL,
                    voice_box=to.name,
                    announcement=announcement,
                    prompt=to.prompt,
                )
            case To.CALLBACK:
                return self._route(
                    state,
                    Action.CALLBACK,
                    callback=to.name,
                    announcement=announcement,
                    prompt=to.prompt,
                )
            case To.QUEUE:
                return self._route(
                    state, Action.QUEUE, queue=to.name, announcement=announcement, prompt=to.prompt
                )

    def _to_partner(self, state: State, to: Destination, announcement: str | None) -> Route:
        way = way_to(self._plan, to.name, self._at, self._came.caller, self._came.diverted)
        return self._route(
            state,
            Action.FORWARD,
            targets=way.targets,
            digits=way.after_answer_digits,
            pause=way.after_answer_pause,
            announcement=announcement,
            prompt=to.prompt,
            partner=to.name,
        )

    def _route(
        self,
        state: State,
        action: Action,
        *,
        queue: str | None = None,
        menu: str | None = None,
        voice_box: str | None = None,
        targets: tuple[DialTarget, ...] = (),
        digits: str | None = None,
        pause: float = 0.0,
        announcement: str | None = None,
        prompt: str | None = None,
        partner: str | None = None,
        callback: str | None = None,
    ) -> Route:
        number = self._number
        return Route.model_construct(
            number=number.number,
            mode=number.mode,
            state=state,
            action=action,
            queue=queue,
            menu=menu,
            voice_box=voice_box,
            targets=targets,
            after_answer_digits=digits,
            after_answer_pause=pause,
            announcement=announcement,
            prompt=prompt,
            partner=partner,
            callback=callback,
            owner=number.owner,
            service=number.service,
            steps=tuple(self._steps),
        )

    def _since(self, day: date | None) -> bool:
        return day is not None and self._day >= day

    def _say(self, text: str, key: str) -> None:
        self._steps.append(_step(text, self._number.place(key)))
