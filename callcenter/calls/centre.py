"""The core. Read this first: every event that can happen, and the function that handles it.

`step` is deterministic and atomic: the same state, event, plan and time always give the same
changes, and if a handler raises, nothing has changed. It does no I/O, reads no clock and knows no
Asterisk; time and plan come in, commands and order records come out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from callcenter.calls import call as calls
from callcenter.calls import features, operator, queueing
from callcenter.calls.commands import Command, Hangup
from callcenter.calls.events import (
    BecomeNotReady,
    BecomeReady,
    CallArrived,
    CallEndedOutside,
    CommandFailed,
    DeadlineReached,
    DigitPressed,
    Ending,
    Event,
    FeatureDialled,
    HangUp,
    LegAnswered,
    LegEnded,
    LegRinging,
    OrderNumbersTaken,
    PlanChanged,
    PlaybackFinished,
    SeatReachable,
    SignIn,
    SignOut,
    SipHeaders,
    SwitchReconciled,
)
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, Centre, Phase, answer_leg
from callcenter.calls.turn import Turn
from callcenter.numberplan.callers import identify
from callcenter.numberplan.decide import decide
from callcenter.numberplan.model import Action, Mode, Plan, Route
from callcenter.orders.record import Channel, LegRecord, LegRole, OrderRecord, Outcome

LOGIC_VERSION = 1
"""Raised whenever the same journal would give another state; the journal names it."""
KEEP_ENDED_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Result:
    """What one event led to."""

    commands: tuple[Command, ...] = ()
    records: tuple[OrderRecord, ...] = ()
    refusal: Refusal | None = None


def step(centre: Centre, event: Event, plan: Plan, now: float) -> Result:
    """Apply one event at `now` (seconds since 1970 UTC) under `plan`.

    Changes `centre` only when it returns. A person's request that is out of turn comes back as
    `Result.refusal`; an unexpected fact changes nothing and is no error.
    """
    turn = Turn(centre, plan, now)
    refusal = _handle(turn, event)
    queueing.match(turn)
    changes = turn.commit()
    return Result(changes.commands, changes.records, refusal)


def _handle(turn: Turn, event: Event) -> Refusal | None:
    """Which function handles which event."""
    match event:
        case CallArrived():
            _call_arrived(turn, event)
        case LegRinging():
            pass  # nothing waits for it: a leg that never rings ends by its time-out
        case LegAnswered():
            _leg_answered(turn, event)
        case LegEnded():
            _leg_ended(turn, event)
        case PlaybackFinished():
            _playback_finished(turn, event)
        case DigitPressed():
            _digit_pressed(turn, event)
        case CommandFailed():
            _command_failed(turn, event)
        case SeatReachable():
            operator.seat_reachable(turn, event)
        case FeatureDialled():
            return features.dialled(turn, event)
        case SwitchReconciled():
            _switch_reconciled(turn, event)
        case CallEndedOutside():
            _call_ended_outside(turn, event)
        case SignIn():
            return operator.sign_in(turn, event)
        case SignOut():
            return operator.sign_out(turn, event)
        case BecomeReady():
            return operator.become_ready(turn, event)
        case BecomeNotReady():
            return operator.become_not_ready(turn, event)
        case HangUp():
            return operator.hang_up(turn, event)
        case DeadlineReached():
            _deadline_reached(turn)
        case PlanChanged():
            turn.put_plan(event.plan)
        case OrderNumbersTaken():
            turn.order_numbers_taken(event.day, event.sequence)
    return None


# -- facts from the switch -------------------------------------------------------------------------


def _call_arrived(turn: Turn, event: CallArrived) -> None:
    if turn.call(event.call) is not None or turn.call_ended(event.call):
        return  # told twice
    plan = turn.plan
    caller = identify(event.headers, plan, event.trunk, event.dialled)
    at = datetime.fromtimestamp(turn.now, UTC)
    route = decide(plan, event.dialled, caller.e164, at, caller.diverted)
    leg = LegRecord(
        leg=event.call,
        role=LegRole.CALLER,
        party="" if caller.withheld else caller.e164 or caller.raw,
        place=event.trunk,
        began=turn.now,
    )
    full = _trunk_is_full(turn, event.trunk)
    call = Call(
        id=event.call,
        number=turn.next_order_number(),
        phase=Phase.GREETING,
        deadline=turn.now + calls.PROMPT_SECONDS,
        opened=turn.now,
        trunk=event.trunk,
        dialled=event.dialled,
        caller=caller.e164,
        caller_raw=caller.raw,
        caller_withheld=caller.withheld,
        first_dialled=_first_dialled(route, caller.first_dialled),
        hotline=route.number if route.mode is not None else None,
        hotline_service=route.service,
        owner=route.owner,
        legs=(leg,),
        targets=route.targets,
        after_answer_digits=route.after_answer_digits,
        after_answer_pause=route.after_answer_pause,
    )
    turn.put(call)
    turn.count_offered(turn.now)
    if full:
        calls.reject(turn, call, Ending.CONGESTION, Outcome.REJECTED)
        return
    match route.action:
        case Action.QUEUE:
            calls.enter_queue(turn, call, route.queue or "", route.announcement)
        case Action.FORWARD | Action.EMERGENCY:
            calls.forward(turn, call)
        case Action.ANNOUNCE:
            calls.announce(turn, call, route.announcement or "", Outcome.ANNOUNCED)
        case Action.REJECT:
            calls.reject(turn, call, Ending.UNALLOCATED, Outcome.REJECTED)


def _first_dialled(route: Route, told: str | None) -> str:
    """A number of its own for each hotline says most; else what the carrier tells."""
    has_own_number = route.mode not in (None, Mode.PRIMARY)
    return route.number if has_own_number or told is None else told


def _trunk_is_full(turn: Turn, name: str) -> bool:
    """Whether one more call would take a channel that is kept for emergencies."""
    trunk = turn.plan.trunks.get(name)
    return trunk is not None and turn.channels_used(name) >= trunk.channels - trunk.reserved


def _leg_answered(turn: Turn, event: LegAnswered) -> None:
    call = _call_of(turn, event.leg)
    if call is None or not call.has_live(event.leg):
        return
    call = turn.put(replace(call, legs=answer_leg(call.legs, event.leg, turn.now)))
    if event.leg != call.leg:
        turn.hang_up(call, event.leg if event.leg != call.id else None)
    elif call.phase is Phase.OFFERED:
        calls.operator_answered(turn, call)
    elif call.phase is Phase.FORWARDING:
        calls.partner_answered(turn, call)


def _leg_ended(turn: Turn, event: LegEnded) -> None:
    if turn.feature(event.leg) is not None:
        turn.drop_feature(event.leg)
        return
    call = _call_of(turn, event.leg)
    if call is not None and call.has_live(event.leg):
        _legs_ended(turn, call, (event.leg,), event.ending)


def _legs_ended(turn: Turn, call: Call, legs: tuple[str, ...], ending: Ending) -> None:
    """Some of the call's legs are gone; all are noted before any consequence is drawn."""
    for leg in legs:
        call = turn.leg_ended(call, leg, ending)
    if call.phase is Phase.ENDING:
        if not call.live():
            calls.all_gone(turn, call)
    elif call.id in legs:
        calls.caller_gone(turn, call)
    elif call.leg in legs:
        calls.other_leg_gone(turn, call, ending)


def _playback_finished(turn: Turn, event: PlaybackFinished) -> None:
    feature = turn.feature(event.leg)
    if feature is not None and event.playback == feature.playback and not feature.ending:
        features.answer_heard(turn, feature)
        return
    call = _call_of(turn, event.leg)
    if call is not None and call.playback == event.playback:
        calls.spoken(turn, call)


def _digit_pressed(turn: Turn, event: DigitPressed) -> None:
    call = _call_of(turn, event.leg)
    if call is not None:
        features.digit_pressed(turn, call, event)


def _command_failed(turn: Turn, event: CommandFailed) -> None:
    feature = turn.feature(event.leg)
    if feature is not None and event.command == "Play" and not feature.ending:
        features.answer_heard(turn, feature)
        return
    call = _call_of(turn, event.leg)
    if call is None:
        return
    if event.command == "Play" and event.leg == call.id and call.playback is not None:
        calls.spoken(turn, call)
    elif event.command == "Connect":
        calls.not_connected(turn, call)
    elif event.command == "Dial" and event.leg == call.leg:
        _leg_ended(turn, LegEnded(event.leg, Ending.UNREACHABLE))


def _switch_reconciled(turn: Turn, event: SwitchReconciled) -> None:
    """We were away. Legs that Asterisk no longer has are gone; legs that nobody knows go too."""
    there = set(event.legs)
    known: set[str] = set()
    for call in list(turn.calls()):
        live = tuple(leg.leg for leg in call.live())
        known.update(live)
        if gone := tuple(leg for leg in live if leg not in there):
            _legs_ended(turn, call, gone, Ending.LOST)
        still = turn.call(call.id)
        if still is not None:
            calls.reconnect(turn, still)
    for feature in list(turn.features()):
        known.add(feature.leg)
        if feature.leg not in there:
            turn.drop_feature(feature.leg)
    turn.send(*(Hangup(leg) for leg in sorted(there - known - set(event.arriving))))


def _call_ended_outside(turn: Turn, event: CallEndedOutside) -> None:
    """Asterisk's own line about a call's end: the witness for calls that we never saw."""
    call = turn.call(event.call)
    if call is not None:
        call = turn.put(replace(call, line_written=True))
        if call.has_live(call.id):
            _leg_ended(turn, LegEnded(call.id, event.ending))
        return
    if turn.call_ended(event.call):
        turn.line_seen(event.call)
        return
    _file_outside(turn, event)


def _file_outside(turn: Turn, event: CallEndedOutside) -> None:
    plan = turn.plan
    at = datetime.fromtimestamp(event.began, UTC)
    headers = SipHeaders(from_=f"<sip:{event.caller}@line.invalid>")
    caller = identify(headers, plan, event.trunk, event.dialled)
    route = decide(plan, event.dialled, caller.e164, at)
    outcome = Outcome.EMERGENCY if event.emergency else Outcome.INTERRUPTED
    legs = [
        LegRecord(
            leg=event.call,
            role=LegRole.CALLER,
            party="" if caller.withheld else caller.e164 or caller.raw,
            place=event.trunk,
            began=event.began,
            answered=event.answered,
            ended=event.ended,
            outcome=event.ending.value,
        )
    ]
    if event.target:
        legs.append(
            LegRecord(
                leg=f"{event.call}_1",
                role=LegRole.PARTNER,
                party=event.dialled,
                place=event.target,
                began=event.began,
                answered=event.answered,
                ended=event.ended,
                outcome=event.ending.value,
            )
        )
    turn.count_offered(event.began)
    turn.count_outcome(event.began, outcome)
    turn.file(
        OrderRecord(
            call=event.call,
            number=turn.next_order_number(),
            version=1,
            channel=Channel.PHONE,
            opened=event.began,
            caller=caller.e164,
            caller_raw=caller.raw,
            caller_withheld=caller.withheld,
            trunk=event.trunk,
            dialled=event.dialled,
            first_dialled=_first_dialled(route, caller.first_dialled),
            hotline=route.number if route.mode is not None else None,
            hotline_service=route.service,
            owner=route.owner,
            answered=event.answered,
            ended=event.ended,
            outcome=outcome,
            ended_by="caller" if event.answered is not None else "system",
            legs=tuple(legs),
        )
    )


# -- time ----------------------------------------------------------------------------------------


def _deadline_reached(turn: Turn) -> None:
    """Handle everything that is due; one look at the clock may find several things."""
    for call_id in [call.id for call in turn.calls()]:
        call = turn.call(call_id)
        if call is None:
            continue
        if call.preferred_until is not None and call.preferred_until <= turn.now:
            call = turn.put(replace(call, preferred_until=None, preferred_operator=None))
        if call.digits_deadline is not None and call.digits_deadline <= turn.now:
            features.digits_timed_out(turn, call)
        current = turn.call(call_id)
        if current is not None and current.deadline <= turn.now:
            calls.deadline(turn, current)
    for feature in list(turn.features()):
        if feature.deadline <= turn.now:
            features.answer_heard(turn, feature)
    operator.deadlines(turn)
    for call_id, ended in turn.centre.ended_calls.items():
        if ended + KEEP_ENDED_SECONDS <= turn.now:
            turn.line_seen(call_id)


def _call_of(turn: Turn, leg: str) -> Call | None:
    """The call a leg belongs to: its name begins with the call's id."""
    return turn.call(leg.partition("_")[0])
