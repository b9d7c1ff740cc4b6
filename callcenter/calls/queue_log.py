"""Lines of a queue_log, as Asterisk's app_queue writes them, of what one turn changed.

Programs that read Asterisk's file read ours too. A line is

    epoch|call|queue|agent|EVENT|data…

with the operator's number as agent, as in Asterisk's own queues here. Times are whole seconds by
the centre's clock, so that durations are the differences of the lines' times; only RINGNOANSWER and
RINGCANCELED have milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable

from callcenter.calls.events import Ending
from callcenter.calls.index import Place
from callcenter.calls.state import WITH_OPERATOR, Call, OperatorState, Phase, Stint
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Plan
from callcenter.orders.record import Outcome
from callcenter.values import replace

NOBODY = "NONE"
"""Asterisk's word for no agent, no call, no queue."""
_IN_QUEUE = frozenset(
    {Phase.WAITING, Phase.OFFERED, Phase.ARRANGING, Phase.CALLBACK, Phase.CALLING_BACK}
)
_TOGETHER = frozenset({Phase.THREE_WAY, Phase.CONSULTING, Phase.HELD})
_TAKES_CALLS = frozenset(OperatorStatus) - {OperatorStatus.OFFLINE, OperatorStatus.NOT_READY}
_SIGNS = str.maketrans({"|": "_", "\r": "_", "\n": "_"})


class QueueLog:
    """The lines of one turn; `position` tells a place in a queue as the turn leaves it, from 1."""

    def __init__(self, plan: Plan, now: float, position: Callable[[str, Place], int]) -> None:
        self._plan = plan
        self._now = now
        self._position_in = position
        self.lines: list[str] = []

    # -- calls -----------------------------------------------------------------------------------

    def call(self, before: Call | None, after: Call) -> Call:
        """Tell what happened to a call; `after` with the stint that is under way now."""
        stint = before.stint if before is not None else None
        if before is not None and before.phase is Phase.OFFERED:
            self._no_longer_rings(before, after)
        if stint is not None and stint.leg is not None:
            stint = self._talk(stint, before, after)
        elif stint is not None and after.phase in _IN_QUEUE and after.queue != stint.queue:
            self._moved(stint, after)
            stint = self._entered(before, after)
        elif stint is not None and after.phase not in _IN_QUEUE:
            stint = self._out_of_queue(stint, after)
        if stint is None and after.phase in _IN_QUEUE:
            stint = self._entered(before, after)
        told = stint is after.stint or stint == after.stint
        return after if told else replace(after, stint=stint)

    def _entered(self, before: Call | None, call: Call) -> Stint:
        """The caller waits. Who comes back from Asterisk's own queue has waited there already."""
        was_there = before is None or before.phase is Phase.NATIVE
        since = call.waits_since if call.waits_since is not None else call.queued
        stint = Stint(
            queue=call.queue or "",
            entered=since if was_there and since is not None else self._now,
            position=self._position(call),
        )
        caller = "" if call.caller_withheld else call.caller or call.caller_raw
        self._write(call.id, stint.queue, NOBODY, "ENTERQUEUE", "", caller, stint.position)
        return stint

    def _no_longer_rings(self, before: Call, after: Call) -> None:
        """Not taken: by the operator, or because the caller went. Answered leaves no line here."""
        still = after.rung if after.phase is Phase.OFFERED else ()
        taken = after.leg if after.phase is not Phase.ENDING else None
        for rung in before.rung:
            if rung in still or rung == taken:
                continue
            leg = next((leg for leg in after.legs if leg.leg == rung), None)
            lost = leg is not None and leg.outcome == Ending.LOST
            somebody_else_took_it = after.phase is Phase.CALLING_BACK
            missed = after.phase in _IN_QUEUE and not lost and not somebody_else_took_it
            event = "RINGNOANSWER" if missed else "RINGCANCELED"
            rang = 0 if leg is None else round(max(0.0, self._now - leg.began) * 1000)
            operator = before.party(rung) or NOBODY
            self._write(before.id, before.queue or "", operator, event, rang)

    def _out_of_queue(self, stint: Stint, after: Call) -> Stint | None:
        if after.phase in WITH_OPERATOR and after.leg is not None:
            return self._connected(stint, after)
        waited = (self._position(after), stint.position, self._seconds(stint.entered))
        match after.phase:
            case Phase.ANNOUNCING if after.next_outcome is Outcome.CALLBACK:
                rule = self._plan.queues.get(stint.queue)
                key = rule.callback.key if rule is not None and rule.callback is not None else ""
                self._write(after.id, stint.queue, NOBODY, "EXITWITHKEY", key, *waited)
            case Phase.ENDING if after.outcome is Outcome.CALLBACK:
                self._write(after.id, stint.queue, NOBODY, "WITHDRAW", *waited, "callback")
            case Phase.ANNOUNCING:
                self._write(after.id, stint.queue, NOBODY, "EXITWITHTIMEOUT", *waited)
            case Phase.ENDING if after.ended_by == "caller":
                self._write(after.id, stint.queue, NOBODY, "ABANDON", *waited)
            case Phase.FORWARDING:
                where = f"to {after.partner_hotline}"
                self._write(after.id, stint.queue, NOBODY, "WITHDRAW", *waited, where)
            case phase:
                why = "fallback" if phase is Phase.NATIVE else "system"
                self._write(after.id, stint.queue, NOBODY, "WITHDRAW", *waited, why)
        return None

    def _moved(self, stint: Stint, call: Call) -> None:
        """The caller goes on waiting elsewhere; no queue of Asterisk's has a word of its own."""
        place = self._position(replace(call, queue=stint.queue))
        waited = (place, stint.position, self._seconds(stint.entered))
        self._write(call.id, stint.queue, NOBODY, "WITHDRAW", *waited, f"to {call.queue}")

    def _connected(self, stint: Stint, call: Call) -> Stint:
        """An operator took the call: the caller hears their number, then they talk."""
        began = next((leg.began for leg in call.legs if leg.leg == call.leg), self._now)
        stint = replace(stint, leg=call.leg, operator=call.operator or NOBODY, connected=self._now)
        held, rang = self._seconds(stint.entered), self._seconds(began)
        self._write(call.id, stint.queue, stint.operator, "CONNECT", held, call.leg or "", rang)
        return stint

    def _talk(self, stint: Stint, before: Call | None, after: Call) -> Stint | None:
        if after.leg == stint.leg and after.phase is not Phase.ENDING:
            return stint
        held = int(stint.connected) - int(stint.entered)
        figures = (max(0, held), self._seconds(stint.connected), stint.position)
        how: tuple[str, ...]
        match after.phase:
            case Phase.FORWARDED if before is not None and before.phase in _TOGETHER:
                how = ("ATTENDEDTRANSFER", "BRIDGE", after.bridge or "")
            case Phase.FORWARDED | Phase.TRANSFERRING:
                how = ("BLINDTRANSFER", after.partner_hotline, "partners")
            case Phase.WAITING | Phase.OFFERED if after.queue != stint.queue:
                how = ("BLINDTRANSFER", after.queue or "", "queues")
            case Phase.TALKING | Phase.THREE_WAY if after.operator != stint.operator:
                how = ("ATTENDEDTRANSFER", "BRIDGE", after.bridge or "")
            case Phase.ENDING if after.ended_by == "caller":
                how = ("COMPLETECALLER",)
            case _:
                how = ("COMPLETEAGENT",)
        self._write(after.id, stint.queue, stint.operator, *how, *figures)
        return None

    def _position(self, call: Call) -> int:
        """The caller's place in the queue, from 1."""
        return self._position_in(call.queue or "", call.place)

    # -- operators -------------------------------------------------------------------------------

    def operator(self, before: OperatorState | None, after: OperatorState) -> None:
        """Tell what happened to an operator: a member of each queue whose skills they have."""
        was = OperatorStatus.OFFLINE if before is None else before.status
        if was in _TAKES_CALLS and after.status in _TAKES_CALLS:
            return
        reason = "" if before is None else before.reason
        match was, after.status:
            case (OperatorStatus.OFFLINE, OperatorStatus.OFFLINE):
                pass
            case (OperatorStatus.OFFLINE, OperatorStatus.NOT_READY):
                self._member(after.number, "ADDMEMBER", "PAUSED")
            case (OperatorStatus.OFFLINE, _):
                self._member(after.number, "ADDMEMBER", "")
            case (_, OperatorStatus.OFFLINE):
                self._member(after.number, "REMOVEMEMBER", "")
            case (OperatorStatus.NOT_READY, OperatorStatus.NOT_READY) if after.reason == reason:
                pass
            case (_, OperatorStatus.NOT_READY):
                self._member(after.number, "PAUSE", after.reason or "")
            case (OperatorStatus.NOT_READY, _):
                self._member(after.number, "UNPAUSE", "")

    def _member(self, operator: str, event: str, data: str) -> None:
        known = self._plan.operators.get(operator)
        for queue in self._plan.queues.values():
            if known is None or queue.is_served_by(known):
                self._write(NOBODY, queue.name, operator, event, data)

    def plan(self) -> None:
        """Tell that another plan is in force."""
        self._write(NOBODY, NOBODY, NOBODY, "CONFIGRELOAD", "")

    # -- writing ---------------------------------------------------------------------------------

    def _seconds(self, since: float) -> int:
        return max(0, int(self._now) - int(since))  # the clock may be set back

    def _write(self, call: str, queue: str, agent: str, event: str, *data: str | int) -> None:
        fields = [str(field) for field in (int(self._now), call, queue, agent, event, *data)]
        line = "|".join(fields)
        if line.count("|") >= len(fields) or "\r" in line or "\n" in line:
            line = "|".join(field.translate(_SIGNS) for field in fields)
        self.lines.append(line)
