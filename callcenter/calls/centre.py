"""The core. Read this first: every event that can happen, and the function that handles it.

`step` is deterministic and atomic: the same state, event, plan and time always give the same
changes, and if a handler raises, nothing has changed. It does no I/O, reads no clock and knows no
Asterisk; time and plan come in, commands and order records come out.
"""

from __future__ import annotations

from callcenter.calls import (
    arranging,
    arrival,
    audit,
    callback,
    comment,
    cut_off,
    destination,
    features,
    first_dialled,
    forced,
    forgetting,
    missed,
    native,
    offers,
    operator,
    outbound,
    placing,
    protection,
    queueing,
    shift,
    supervision,
    survey,
    voice_mail,
    waiting,
)
from callcenter.calls import call as calls
from callcenter.calls.commands import ArriveAgain, Disconnect, Hangup
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
    LegRinging,
    MarkNuisance,
    MoveWaiting,
    MuteOperator,
    OrderNumbersTaken,
    PauseRecording,
    PersonsForgotten,
    PickFirstDialled,
    PlanChanged,
    PlaybackFinished,
    PressKeys,
    PullWaiting,
    RecordingFailed,
    RecordingFinished,
    Release,
    ReleaseSilent,
    Request,
    Resume,
    ResumeRecording,
    SeatEngaged,
    SeatReachable,
    SignIn,
    SignOut,
    Supervise,
    SwitchReconciled,
    TakeSeat,
    UnblockCaller,
    UnmuteOperator,
)
from callcenter.calls.index import Kind
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, Centre, ClockReading, Phase, answer_leg
from callcenter.calls.talk import aside, bring_in, parties, recording, scene
from callcenter.calls.turn import Result, Turn
from callcenter.numberplan.model import Plan
from callcenter.values import replace

LOGIC_VERSION = 3
"""Raised whenever the same journal would give another state; the journal names it."""
KEEP_ENDED_SECONDS = 24 * 3600.0
LATE_SECONDS = 60.0
"""News of a call come no later than that after Asterisk's record of its end."""


class StepError(Exception):
    """The core could not handle an event; nothing has changed."""

    def __init__(self, call: str | None, text: str) -> None:
        super().__init__(text)
        self.call = call
        """The call that it was about to change, if one can be told."""


def step(centre: Centre, event: Event, plan: Plan, now: float) -> Result:
    """Apply one event at `now` (seconds since 1970 UTC) under `plan`.

    Changes `centre` only when it returns. A person's request that is out of turn comes back as
    `Result.refusal`; an unexpected fact changes nothing and is no error.

    Raises:
        StepError: there is a fault in the core; it names the call that was being handled.
    """
    turn = Turn(centre, plan, now)
    turn.about = own_call(event)
    try:
        refusal = _handle(turn, event)
        if turn.has_news():
            _draw_conclusions(turn)
        return turn.commit(refusal)
    except Exception as error:
        centre.forget_index()
        raise StepError(turn.about, f"{type(error).__name__}: {error}") from error


def _draw_conclusions(turn: Turn) -> None:
    """What follows from any change, whichever event made it."""
    callback.callers_are_here(turn)
    supervision.settle(turn)
    queueing.distribute(turn)
    queueing.settle(turn)


def own_call(event: Event) -> str | None:
    """The call that a fact is about, by its leg's name; None for requests and for time."""
    call = getattr(event, "call", None) or getattr(event, "leg", None)
    return call.partition("_")[0] if isinstance(call, str) else None


def _handle(turn: Turn, event: Event) -> Refusal | None:
    """Which function handles which event."""
    match event:
        case CallArrived():
            _arrived(turn, event)
        case LegRinging():
            pass
        case LegAnswered():
            _leg_answered(turn, event)
        case LegEnded():
            _leg_ended(turn, event)
        case PlaybackFinished():
            _playback_finished(turn, event)
        case RecordingFinished() | RecordingFailed():
            _recorded(turn, event)
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
            native.record_seen(turn, event)
            if turn.calls_first_leg(event.call):  # if nothing told so before
                _leg_ended(turn, LegEnded(event.call, event.ending))
                native.ended_before(turn, event)
            _forget_ended(turn)
        case CallTakenOutside():
            native.taken(turn, event)
        case CallReturned():
            native.returned(turn, event)
        case CallLeft():
            native.left(turn, event)
        case CallDetoured():
            native.detour(turn, event)
        case CallGivenUp():
            native.give_up(turn, event)
        case SeatEngaged():
            operator.seat_engaged(turn, event)
        case DeadlineReached():
            _deadline_reached(turn)
        case ClockCompared() | PlanChanged() | OrderNumbersTaken() | PersonsForgotten():
            _told(turn, event)
        case Act():
            return _acted(turn, event)
        case _:
            return _requested(turn, event)
    return None


def _told(
    turn: Turn, event: ClockCompared | PlanChanged | OrderNumbersTaken | PersonsForgotten
) -> None:
    """What no call and no person brings about."""
    match event:
        case ClockCompared():
            turn.clock = ClockReading(event.at, event.boot, event.steady, event.ahead)
        case PlanChanged():
            turn.put_plan(event.plan)
        case OrderNumbersTaken():
            turn.order_numbers_taken(event.day, event.sequence)
        case PersonsForgotten():
            forgetting.forget(turn, event)


def _requested(turn: Turn, event: Request) -> Refusal | None:
    """Which function does what a person asks for."""
    match event:
        case SignIn():
            return operator.sign_in(turn, event)
        case TakeSeat():
            return shift.take_seat(turn, event)
        case ExtendWrapUp():
            return shift.extend_wrap_up(turn, event)
        case SignOut():
            return operator.sign_out(turn, event)
        case BecomeReady():
            return operator.become_ready(turn, event)
        case BecomeNotReady():
            return operator.become_not_ready(turn, event)
        case HangUp():
            return operator.hang_up(turn, event)
        case Forward():
            return bring_in.forward(turn, event)
        case AddPartner():
            return bring_in.add_partner(turn, event)
        case CallEmergency():
            return bring_in.call_emergency(turn, event)
        case LeaveCall():
            return parties.leave(turn, event)
        case DropPartner():
            return parties.drop(turn, event)
        case CallMissed():
            return missed.call_missed(turn, event)
        case CallForOrder():
            return outbound.call_for_order(turn, event)
        case CloseMissed():
            return missed.close_missed(turn, event)
        case Hold():
            return aside.hold(turn, event)
        case Resume():
            return aside.resume(turn, event)
        case MuteOperator():
            return aside.mute(turn, event)
        case UnmuteOperator():
            return aside.unmute(turn, event)
        case PressKeys():
            return features.press(turn, event)
        case PauseRecording():
            return recording.pause(turn, event)
        case ResumeRecording():
            return recording.resume(turn, event)
        case Consult():
            return bring_in.consult(turn, event)
        case Alternate():
            return aside.alternate(turn, event)
        case Join():
            return aside.join(turn, event)
        case PickFirstDialled():
            return first_dialled.pick(turn, event)
        case MarkNuisance():
            return protection.mark(turn, event)
        case ReleaseSilent():
            return protection.release_silent(turn, event)
        case KeepCaller():
            return protection.keep(turn, event)
        case BlockCaller():
            return protection.block(turn, event)
        case UnblockCaller():
            return protection.unblock(turn, event)
        case ChangePriority():
            return placing.change_priority(turn, event)
        case MoveWaiting():
            return placing.move_waiting(turn, event)


def _acted(turn: Turn, act: Act) -> Refusal | None:
    """Somebody acts on others: whether they may, and a row of it whatever comes of it."""
    about = turn.operator(getattr(act.request, "operator", ""))
    refusal = audit.allowed(act) or _led(turn, act.by, act.request)
    turn.audit(act, about.call or "", "" if refusal is None else refusal.code)
    return refusal


def _led(turn: Turn, by: Author, request: Request | Led) -> Refusal | None:
    """Which function does what only team leaders may ask for."""
    match request:
        case Supervise():
            return supervision.supervise(turn, by, request)
        case EndSupervision():
            return supervision.end(turn, by, request)
        case Release():
            return forced.release(turn, request)
        case ForceSignOut():
            return forced.sign_out(turn, request)
        case PullWaiting():
            return forced.pull(turn, request)
        case _:
            return _requested(turn, request)


# -- facts from the switch -------------------------------------------------------------------------


def _arrived(turn: Turn, event: CallArrived) -> None:
    """A call is here. Who was sent to arrive once more may have been with the dialplan meanwhile,
    and even back already: nobody but us looks after them."""
    call = turn.call(event.call)
    if call is not None and call.phase is Phase.NATIVE and call.has_live(call.id):
        native.come_back(turn, call, call.queued or call.opened)
    else:
        arrival.arrived(turn, event)


def _leg_answered(turn: Turn, event: LegAnswered) -> None:
    if supervision.answered(turn, event.leg):
        return
    call = _call_of(turn, event.leg)
    if call is None or not call.has_live(event.leg):
        turn.send(Hangup(event.leg))  # nobody waits for it any more, and nobody else would end it
        return
    rang = call.rings(event.leg)
    call = turn.put(replace(call, legs=answer_leg(call.legs, event.leg, turn.now)))
    if call.phase is Phase.OFFERED and event.leg in call.rung:
        call = offers.answered(turn, call, event.leg)
    party = call.party_at(event.leg)
    if party is not None and rang:
        parties.answered(turn, call, party)
    elif party is not None:
        return  # told twice
    elif call.phase is Phase.CALLING_BACK and event.leg == call.id:
        callback.citizen_answered(turn, call)
    elif call.phase in outbound.PHASES:
        outbound.leg_answered(turn, call, event.leg)
    elif event.leg != call.leg:
        turn.hang_up(call, event.leg if event.leg != call.id else None)
    elif call.phase is Phase.OFFERED and calls.is_called_back(call):
        callback.operator_answered(turn, call)
    elif call.phase is Phase.OFFERED:
        calls.operator_answered(turn, call)
    elif call.phase is Phase.FORWARDING:
        calls.partner_answered(turn, call)


def _leg_ended(turn: Turn, event: LegEnded) -> None:
    feature = turn.feature(event.leg)
    if feature is not None:
        features.gone(turn, feature)
        return
    if supervision.leg_ended(turn, event.leg):
        return
    call = _call_of(turn, event.leg)
    if call is not None and call.has_live(event.leg):
        if event.leg == call.id and event.ending is Ending.LOST:
            call = protection.lost(turn, call)
        _legs_ended(turn, call, (event.leg,), event.ending)


def _legs_ended(turn: Turn, call: Call, legs: tuple[str, ...], ending: Ending) -> None:
    """Some of the call's legs are gone; all are noted before any consequence is drawn."""
    for leg in legs:
        call = turn.leg_ended(call, leg, ending)
    if call.phase is Phase.ENDING:
        if not call.live():
            calls.all_gone(turn, call)
    elif call.phase is Phase.CALLING_BACK:
        call = offers.ended(turn, call, legs, ending)  # who was rung too, and was not the first
        if call.leg in legs:
            callback.operator_gone(turn, call, ending)
        elif call.id in legs:
            callback.citizen_gone(turn, call, ending)
    elif call.phase in outbound.PHASES:
        outbound.legs_ended(turn, call, legs, ending)
    elif call.id in legs:
        if call.phase is Phase.NATIVE:
            native.gone(turn, call)
        elif call.phase is Phase.VOICE_MAIL:
            voice_mail.caller_gone(turn, call)
        else:
            calls.caller_gone(turn, comment.left(turn, call))
    else:
        _others_ended(turn, call, legs, ending)


def _others_ended(turn: Turn, call: Call, legs: tuple[str, ...], ending: Ending) -> None:
    """Other legs are gone, perhaps several at once; the caller is there."""
    if call.phase is Phase.OFFERED or call.leg not in legs:
        call = offers.ended(turn, call, legs, ending)
    if call.leg in legs and call.parties:
        parties.operator_gone(turn, call, ending)
        call = turn.call(call.id) or call
    lost = [party for party in call.parties if party.leg in legs]
    for party in lost:
        parties.gone(turn, turn.call(call.id) or call, party, ending)
    call = turn.call(call.id) or call
    if call.leg in legs and not survey.begin(turn, call, ending):
        calls.other_leg_gone(turn, call, ending)


def _playback_finished(turn: Turn, event: PlaybackFinished) -> None:
    feature = turn.feature(event.leg)
    if feature is not None and event.playback == feature.playback and not feature.ending:
        features.answer_heard(turn, feature)
        return
    call = _call_of(turn, event.leg)
    if call is not None and call.playback == event.playback:
        _spoken(turn, call)


def _spoken(turn: Turn, call: Call) -> None:
    """What was told is over, or could not be told."""
    match call.phase:
        case Phase.WAITING | Phase.OFFERED:
            waiting.spoken(turn, call)
        case Phase.ARRANGING:
            arranging.spoken(turn, call)
        case Phase.CALLING_BACK:
            callback.told(turn, replace(call, playback=None))
        case Phase.CALLING_OUT:
            outbound.told(turn, replace(call, playback=None))
        case Phase.SURVEY:
            survey.spoken(turn, call)
        case _:
            destination.spoken(turn, call)


def _recorded(turn: Turn, event: RecordingFinished | RecordingFailed) -> None:
    call = _call_of(turn, event.leg)
    if call is None or call.recording != event.recording:
        return
    if call.phase is Phase.SURVEY:
        survey.commented(turn, call, event.spoken if isinstance(event, RecordingFinished) else 0.0)
    elif isinstance(event, RecordingFinished):
        voice_mail.finished(turn, call, event)
    else:
        voice_mail.failed(turn, call)


def _digit_pressed(turn: Turn, event: DigitPressed) -> None:
    call = _call_of(turn, event.leg)
    if call is None:
        return
    if call.phase is Phase.MENU and event.leg == call.id:
        destination.key_pressed(turn, call, event.digit)
    elif call.phase is Phase.SURVEY and event.leg == call.id:
        survey.key_pressed(turn, call, event.digit)
    elif event.leg == call.id:
        arranging.key_pressed(turn, call, event.digit)
    else:
        features.digit_pressed(turn, call, event)


def _command_failed(turn: Turn, event: CommandFailed) -> None:
    feature = turn.feature(event.leg)
    if feature is not None and event.command == "Play" and not feature.ending:
        features.answer_heard(turn, feature)
        return
    call = _call_of(turn, event.leg)
    if call is None or supervision.command_failed(turn, event):
        return
    to_operator = call.phase in (Phase.CALLING_BACK, Phase.CALLING_OUT)
    told = (call.leg if to_operator else call.id) or call.id
    if event.command in ("MuteRecording", "UnmuteRecording"):
        recording.not_done(turn, call, event.command)
    elif event.command == "Play" and event.leg == told and call.playback is not None:
        _spoken(turn, call)
    elif event.command == "RecordMessage" and call.recording is not None:
        _recorded(turn, RecordingFailed(call.id, call.recording, event.reason))
    elif event.command == "Connect" and call.parties and call.leg is not None:
        parties.not_connected(turn, call)
    elif event.command == "Connect":
        calls.not_connected(turn, call)
    elif event.command == "Dial" and event.leg in call.in_use():
        _leg_ended(turn, LegEnded(event.leg, Ending.UNREACHABLE))


def _switch_reconciled(turn: Turn, event: SwitchReconciled) -> None:
    """We were away. Legs that Asterisk no longer has are gone; legs that nobody knows go too.

    A caller whom nobody knows, as the news of the arrival was lost with us, arrives once more.
    """
    anew = cut_off.is_new(turn, event.switch)
    there = set(event.legs)
    known: set[str] = set()
    for call in list(turn.calls()):
        turn.about = call.id
        live = tuple(leg.leg for leg in call.live())
        known.update(live)
        gone = tuple(leg for leg in live if leg not in there and leg not in event.outside)
        if call.id in event.outside:
            for leg in gone:
                turn.leg_ended(turn.call(call.id) or call, leg, Ending.LOST)
            native.take(turn, turn.call(call.id) or call)
        elif call.phase is Phase.NATIVE and call.id in there and call.id not in event.arriving:
            native.come_back(turn, call, call.queued or call.opened)
        if gone and not (anew and cut_off.end(turn, turn.call(call.id) or call, gone)):
            _legs_ended(turn, turn.call(call.id) or call, gone, Ending.LOST)
        still = turn.call(call.id)
        if still is not None:
            calls.reconnect(turn, still, is_up=still.id in (*event.up, *event.answered))
            _answer_again(turn, turn.call(call.id) or still)
            voice_mail.reconnect(turn, turn.call(still.id) or still)
            still = turn.call(call.id)
        if still is not None and still.phase is Phase.SURVEY:
            survey.reconnect(turn, still)
    for leg in event.answered:
        own = _call_of(turn, leg)
        if own is not None and own.rings(leg):
            turn.about = own.id
            _leg_answered(turn, LegAnswered(leg))
    turn.about = None
    for feature in list(turn.features()):
        known.add(feature.leg)
        if feature.leg in there:
            features.reconnect(turn, feature)
        else:
            features.gone(turn, feature)
    known |= supervision.reconnect(turn, event)
    for leg in sorted(there - known - set(event.arriving)):
        unheard = leg in event.callers and not turn.call_ended(leg)
        turn.send(ArriveAgain(leg) if unheard else Hangup(leg))
    used = {bridge for call in turn.calls() for bridge in scene.bridges(call)}
    used |= supervision.bridges(turn)
    turn.send(*(Disconnect(bridge) for bridge in event.bridges if bridge not in used))


def _answer_again(turn: Turn, call: Call) -> None:
    if call.phase is Phase.ARRANGING:
        arranging.reconnect(turn, call)
    elif call.phase is Phase.CALLING_BACK:
        callback.reconnect(turn, call)
    elif call.phase in outbound.PHASES:
        outbound.reconnect(turn, call)


# -- time ----------------------------------------------------------------------------------------


def _deadline_reached(turn: Turn) -> None:
    """Handle everything that is due; one look at the clock may find several things."""
    index = turn.centre.index
    for _, call_id in sorted(
        (call.opened, each)
        for each in index.due_by(turn.now, Kind.CALL)
        if (call := turn.call(each)) is not None
    ):
        _call_due(turn, call_id)
    turn.about = None
    for leg in index.due_by(turn.now, Kind.FEATURE):
        feature = turn.feature(leg)
        if feature is not None and feature.deadline <= turn.now:
            features.answer_heard(turn, feature)
    supervision.deadlines(turn)
    for number in index.due_by(turn.now, Kind.OPERATOR):
        operator.deadline(turn, number)
    _forget_ended(turn)


def _forget_ended(turn: Turn) -> None:
    """Of calls long over nothing more can come."""
    for call_id, ended in turn.centre.ended_calls.items():
        if ended + KEEP_ENDED_SECONDS > turn.now:
            break  # the others ended later
        turn.line_seen(call_id)
    for call_id, filed in turn.centre.filed_calls.items():
        if filed + LATE_SECONDS > turn.now:
            break
        turn.forget(call_id)


def _call_due(turn: Turn, call_id: str) -> None:
    call = turn.call(call_id)
    if call is None:
        return
    turn.about = call_id
    if call.preferred_until is not None and call.preferred_until <= turn.now:
        call = turn.put(replace(call, preferred_until=None, preferred_operator=None))
    if call.look_at is not None and call.look_at <= turn.now:
        call = turn.put(replace(call, look_at=None))
    if call.recording_resumes is not None and call.recording_resumes <= turn.now:
        call = turn.put(recording.goes_on(turn, call))
    if call.digits_deadline is not None and call.digits_deadline <= turn.now:
        features.digits_timed_out(turn, call)
    current = turn.call(call_id)
    if current is not None and current.release and current.release.at <= turn.now:
        protection.silent_too_long(turn, current)
    current = turn.call(call_id)
    if current is None:
        return
    if current.deadline > turn.now:
        waiting.deadline(turn, current)
    else:
        _lasted_too_long(turn, current)


def _lasted_too_long(turn: Turn, call: Call) -> None:
    match call.phase:
        case _ if call.parties or call.phase is Phase.HELD:
            parties.deadline(turn, call)
        case Phase.ARRANGING:
            arranging.deadline(turn, call)
        case Phase.CALLBACK:
            callback.deadline(turn, call)
        case Phase.CALLING_BACK:
            callback.calling_deadline(turn, call)
        case Phase.RINGING_OPERATOR | Phase.CALLING_OUT:
            outbound.deadline(turn, call)
        case Phase.SURVEY:
            survey.deadline(turn, call)
        case _:
            destination.deadline(turn, call)


def _call_of(turn: Turn, leg: str) -> Call | None:
    """The call a leg belongs to: its name begins with the call's id."""
    return turn.call(leg.partition("_")[0])
