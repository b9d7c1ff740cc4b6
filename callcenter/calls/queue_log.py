"""Lines of a queue_log, as Asterisk's app_queue writes them, of what one turn changed.

Programs that read Asterisk's file read ours too. A line is

    epoch|call|queue|agent|EVENT|data…

with the operator's number as agent, as in Asterisk's own queues here. Times are whole seconds by
the centre's clock, so that durations are the differences of the lines' times; only RINGNOANSWER and
RINGCANCELED have milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from callcenter.calls.events import Ending
from callcenter.calls.state import Call, OperatorState, Phase, Stint
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.model import Plan
from callcenter.orders.record import Outcome
from callcenter.values import replace

NOBODY = "NONE"
"""Asterisk's word for no agent, no call, no queue."""
_IN_QUEUE = frozenset(
    {Phase.WAITING, Phase.OFFERED, Phase.ARRANGING, Phase.CALLBACK, Phase.CALLING_BACK}
)
_SIGNS = str.maketrans({"|": "_", "\r": "_", "\n": "_"})


class QueueLog:
    """The lines of one turn; `calls` gives all calls as the turn leaves them."""

    def __init__(self, plan: Plan, now: float, calls: Callable[[], Iterable[Call]]) -> None:
        self._plan = plan
        self._now = now
        self._calls = calls
        self.lines: list[str] = []

    # -- calls -----------------------------------------------------------------------------------

    def call(self, before: Call | None, after: Call) -> Call:
        """Tell what happened to a call; `after` with the stint that is under way now."""
        stint = before.stint if before is not None else None
        if before is not None and before.phase is Phase.OFFERED:
            self._no_longer_rings(before, after)
        if stint is not None and stint.leg is not None:
            stint = self._talk(stint, before, after)
        elif stint is not None and after.phase not in _IN_QUEUE:
            stint = self._out_of_queue(stint, after)
        if stint is None and after.phase in _IN_QUEUE:
            stint = self._entered(after)
        return after if stint == after.stint else replace(after, stint=stint)

    def _entered(self, call: Call) -> Stint:
        """The caller waits: at first, again after a talk that broke off, or back from Asterisk."""
        waits_since = call.waits_since if call.waits_since is not None else call.queued
        stint = Stint(
            queue=call.queue or "",
            entered=self._now if waits_since is None else waits_since,
            position=self._position(call),
        )
        caller = "" if call.caller_withheld else call.caller or call.caller_raw
        self._write(call.id, stint.queue, NOBODY, "ENTERQUEUE", "", caller, stint.position)
        return stint

    def _no_longer_rings(self, before: Call, after: Call) -> None:
        """Not taken: by the operator, or because the caller went. Answered leaves no line here."""
        if after.leg == before.leg and after.phase is not Phase.ENDING:
            return
        leg = next((leg for leg in after.legs if leg.leg == before.leg), None)
        lost = leg is not None and leg.outcome == Ending.LOST
        missed = after.phase in _IN_QUEUE and not lost
        event = "RINGNOANSWER" if missed else "RINGCANCELED"
        rang = 0 if leg is None else round(max(0.0, self._now - leg.began) * 1000)
        self._write(before.id, before.queue or "", before.operator or NOBODY, event, rang)

    def _out_of_queue(self, stint: Stint, after: Call) -> Stint | None:
        if after.leg is not None and after.phase not in (Phase.ENDING, Phase.FORWARDING):
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
            case phase:
                why = "fallback" if phase is Phase.NATIVE else "system"
                self._write(after.id, stint.queue, NOBODY, "WITHDRAW", *waited, why)
        return None

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
            case Phase.FORWARDED if before is not None and before.phase is Phase.THREE_WAY:
                how = ("ATTENDEDTRANSFER", "BRIDGE", after.bridge or "")
            case Phase.FORWARDED | Phase.TRANSFERRING:
                how = ("BLINDTRANSFER", after.partner_hotline, "partners")
            case Phase.ENDING if after.ended_by == "caller":
                how = ("COMPLETECALLER",)
            case _:
                how = ("COMPLETEAGENT",)
        self._write(after.id, stint.queue, stint.operator, *how, *figures)
        return None

    def _position(self, call: Call) -> int:
        """The caller's place in the queue, from 1."""
        mine = _place(call)
        return 1 + sum(
            other.phase in _IN_QUEUE and other.queue == call.queue and _place(other) < mine
            for other in self._calls()
        )

    # -- operators -------------------------------------------------------------------------------

    def operator(self, before: OperatorState | None, after: OperatorState) -> None:
        """Tell what happened to an operator: a member of each queue whose skills they have."""
        was = OperatorStatus.OFFLINE if before is None else before.status
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
            if known is None or set(queue.skills) <= set(known.skills):
                self._write(NOBODY, queue.name, operator, event, data)

    def plan(self) -> None:
        """Tell that another plan is in force."""
        self._write(NOBODY, NOBODY, NOBODY, "CONFIGRELOAD", "")

    # -- writing ---------------------------------------------------------------------------------

    def _seconds(self, since: float) -> int:
        return max(0, int(self._now) - int(since))  # the clock may be set back

    def _write(self, call: str, queue: str, agent: str, event: str, *data: str | int) -> None:
        fields = (int(self._now), call, queue, agent, event, *data)
        self.lines.append("|".join(str(field).translate(_SIGNS) for field in fields))


def _place(call: Call) -> tuple[bool, float, str]:
    """Who waited longer is before."""
    return (call.last_in_line, call.queued if call.queued is not None else call.opened, call.id)
