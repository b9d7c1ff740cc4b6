"""What the wallboard shows, read from the centre's state."""

from __future__ import annotations

from collections import defaultdict

from callcenter.calls import call as calls
from callcenter.calls.party import Room
from callcenter.calls.state import (
    SYSTEM_REASON_TITLES,
    Call,
    Centre,
    DayFigures,
    OperatorState,
    Phase,
    SystemReason,
)
from callcenter.calls.turn import shanghai_day
from callcenter.calls.wallboard import (
    FailedLine,
    OperatorLine,
    OperatorStatus,
    PartyLine,
    QueueLine,
    SupervisionLine,
    TalkLine,
    WaitingLine,
    Wallboard,
)
from callcenter.numberplan.model import Plan, Queue
from callcenter.orders.outbound import OrderReference
from callcenter.orders.record import LegRole, Outcome


def wallboard(centre: Centre, plan: Plan, now: float) -> Wallboard:
    """Today's sums and this moment's waiting callers and operators."""
    today = shanghai_day(now)
    day = centre.figures.get(today, DayFigures())
    waiting = [
        call
        for call in centre.calls.values()
        if call.phase in (Phase.WAITING, Phase.OFFERED, Phase.ARRANGING)
        and call.queued is not None
        and call.has_live(call.id)
    ]
    in_queues: defaultdict[str | None, list[Call]] = defaultdict(list)
    for call in waiting:
        in_queues[call.queue].append(call)
    count = {outcome: day.outcomes.get(outcome, 0) for outcome in Outcome}
    return Wallboard(
        at=now,
        waiting=len(waiting),
        longest_wait_since=min((call.queued for call in waiting if call.queued), default=None),
        offered=day.offered,
        in_progress=day.offered - sum(day.outcomes.values()),
        answered=count[Outcome.ANSWERED],
        answered_in_15s=day.answered_in_15s,
        abandoned=count[Outcome.ABANDONED],
        timed_out=count[Outcome.TIMED_OUT],
        forwarded=count[Outcome.FORWARDED],
        forward_failed=count[Outcome.FORWARD_FAILED],
        announced=count[Outcome.ANNOUNCED],
        voice_mail=count[Outcome.VOICE_MAIL],
        rejected=count[Outcome.REJECTED],
        emergency=count[Outcome.EMERGENCY],
        callback=count[Outcome.CALLBACK],
        callbacks_open=sum(
            call.callback is not None and calls.is_called_back(call)
            for call in centre.calls.values()
        ),
        interrupted=count[Outcome.INTERRUPTED],
        operators=tuple(operator_line(centre, plan, number) for number in sorted(plan.operators)),
        queue=tuple(
            WaitingLine(
                call=call.id,
                number=call.number,
                queue=call.queue or "",
                dialled=call.first_dialled or call.dialled,
                since=call.queued or call.opened,
                priority=call.priority,
            )
            for call in sorted(waiting, key=lambda call: (call.queued or call.opened, call.id))
            if call.phase is Phase.WAITING
        ),
        queues=tuple(
            _queue(centre, plan, queue, in_queues[queue.name]) for queue in plan.queues.values()
        ),
    )


def reason_title(plan: Plan, reason: str | None) -> str | None:
    """What staff read for a not-ready reason."""
    if reason is None:
        return None
    if reason in plan.not_ready_reasons:
        return plan.not_ready_reasons[reason].title
    return SYSTEM_REASON_TITLES.get(SystemReason(reason)) if reason in set(SystemReason) else reason


def _queue(centre: Centre, plan: Plan, queue: Queue, waiting: list[Call]) -> QueueLine:
    team = plan.teams[queue.name]
    serving = [
        state.status
        for number, state in centre.operators.items()
        if number in team and state.status is not OperatorStatus.OFFLINE
    ]
    return QueueLine(
        name=queue.name,
        title=queue.title,
        waiting=len(waiting),
        longest_wait_since=min((call.queued for call in waiting if call.queued), default=None),
        ready=serving.count(OperatorStatus.READY),
        signed_in=len(serving),
    )


def operator_line(centre: Centre, plan: Plan, number: str) -> OperatorLine:
    """What one operator of the plan is doing."""
    operator = centre.operators.get(number, OperatorState(number=number))
    seat = plan.seats.get(operator.seat or "")
    order, reference = _order(centre, operator)
    return OperatorLine(
        number=number,
        name=plan.operators[number].name,
        seat=operator.seat,
        state=operator.status,
        since=operator.since,
        reason=reason_title(plan, operator.reason),
        call=operator.call,
        seat_title=None if seat is None else seat.title,
        supervision=_supervision(centre, number),
        order=order,
        reference=reference,
        talk=_talk(centre, operator),
    )


def _talk(centre: Centre, operator: OperatorState) -> TalkLine | None:
    call = centre.calls.get(operator.call or "")
    if call is None or operator.status is not OperatorStatus.TALKING:
        return None
    return TalkLine(
        leads=call.operator == operator.number,
        on_hold=call.aside,
        muted=call.muted,
        recording_paused=call.recording_paused(),
        parties=tuple(
            PartyLine(
                number=call.number_of(party),
                ringing=call.rings(party.leg),
                private=party.room is Room.PRIVATE,
            )
            for party in call.parties
        ),
        failed=tuple(
            FailedLine(leg.hotline or leg.party, leg.place, leg.outcome or "")
            for leg in call.legs
            if leg.role is LegRole.PARTNER and leg.ended is not None and leg.answered is None
        ),
    )


def _order(centre: Centre, operator: OperatorState) -> tuple[str | None, str | None]:
    """Number and reference of the call that the operator is offered, talks in or wraps up."""
    call, last = centre.calls.get(operator.call or ""), operator.last_order
    order: Call | OrderReference | None = None
    if call is not None:
        order = call if call.outbound is None else call.outbound.order
    elif last is not None and last.call == operator.call:
        order = last
    return (None, None) if order is None else (order.number, order.reference)


def _supervision(centre: Centre, operator: str) -> SupervisionLine | None:
    for each in centre.supervisions.values():
        if each.operator == operator and not each.ending:
            return SupervisionLine(each.by.name, each.mode, each.seat, each.answered)
    return None
