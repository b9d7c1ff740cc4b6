"""Calls that the fallback dialplan has: without a controller, or because the core failed on them.

Asterisk serves them by itself (asterisk-config/extensions.conf.j2); here they only keep their order
until Asterisk's own record tells how they ended, or the caller comes back to our queue.
"""

from __future__ import annotations

from callcenter.calls import call as calls
from callcenter.calls import callback, comment, outbound, voice_mail
from callcenter.calls import operator as operators
from callcenter.calls.arrival import new_call
from callcenter.calls.commands import Detour, Disconnect, Guard, Hangup
from callcenter.calls.events import (
    CallDetoured,
    CallEndedOutside,
    CallGivenUp,
    CallLeft,
    CallReturned,
    CallTakenOutside,
    Ending,
    Handled,
    SipHeaders,
)
from callcenter.calls.party import NOBODY
from callcenter.calls.state import Call, Centre, Phase, end_leg
from callcenter.calls.talk import colleagues, recording, scene
from callcenter.calls.turn import Turn
from callcenter.numberplan.decide import decide
from callcenter.numberplan.destination import To
from callcenter.numberplan.leading import without_keys
from callcenter.orders.record import LegRecord, LegRole, Outcome
from callcenter.values import replace

LONGEST_SECONDS = 6 * 3600.0
"""Nobody waits and talks longer there; by then we stop waiting for Asterisk's record."""
RECORD_SECONDS = 10.0
"""How long the record of a call that is gone may take to be read."""
ROUNDED_SECONDS = 2.0
"""Our own time of an end is better than a record's that is no older."""


# -- news ------------------------------------------------------------------------------------------


def taken(turn: Turn, event: CallTakenOutside) -> None:
    """The dialplan took a call that never reached us.

    Of a call that it has from us its line tells nothing new, and may be read after the return.
    """
    if turn.call(event.call) is None and not turn.call_ended(event.call):
        call, _ = new_call(turn, event, min(event.began, turn.now))
        take(turn, call)


def left(turn: Turn, event: CallLeft) -> None:
    """The dead man's switch took the caller: we were too slow."""
    call = turn.call(event.leg)
    if call is not None:
        take(turn, call)


def detour(turn: Turn, event: CallDetoured) -> None:
    """The core cannot go on with this call: the dialplan shall."""
    call = turn.call(event.call)
    if call is not None and call.outbound is not None:
        outbound.give_up(turn, call)
    elif call is not None and callback.is_under_way(call):
        callback.give_up(turn, call)
    elif call is not None and call.phase is not Phase.ENDING:
        if call.has_live(call.id):  # also if it was there before: it may have come back meanwhile
            turn.send(Detour(call.id))
        turn.put(replace(take(turn, call), detoured=True))


def give_up(turn: Turn, event: CallGivenUp) -> None:
    """Not even the detour works. Nothing here may depend on the state that the call is in."""
    call = turn.call(event.call)
    if call is None:
        return
    turn.send(Detour(call.id), *(Hangup(leg.leg) for leg in call.legs if leg.leg != call.id))
    for operator in list(turn.operators()):
        if operator.call == call.id:
            operators.free(turn, operator)
    legs = call.legs
    for leg in legs:
        legs = end_leg(legs, leg.leg, turn.now, Ending.LOST)
    turn.finish(
        replace(
            call,
            outcome=call.outcome or Outcome.INTERRUPTED,
            ended_by=call.ended_by or "system",
            ended=turn.now if call.ended is None else call.ended,
            legs=legs,
        )
    )


def returned(turn: Turn, event: CallReturned) -> None:
    """The caller waits with us again, with the wait that was."""
    call = turn.call(event.call)
    if turn.call_ended(event.call) or (call is not None and call.phase is Phase.ENDING):
        turn.send(Hangup(event.call))  # over for us, and nobody else looks after it
        return
    if call is None:
        call, _ = new_call(turn, event, min(event.began, turn.now))
    come_back(turn, call, min(event.queued, turn.now))


def may_come_back(centre: Centre, call_id: str) -> bool:
    """Whether a caller who waits with the dialplan is to be fetched: nobody whom we gave up."""
    call = centre.calls.get(call_id)
    return call_id not in centre.ended_calls if call is None else not call.detoured


def record_seen(turn: Turn, event: CallEndedOutside) -> None:
    """Asterisk's own line about a call's end: the witness for calls that we never saw."""
    call = turn.call(event.call)
    if call is None and turn.call_ended(event.call):
        turn.line_seen(event.call)
        return
    if call is None:
        call = _unseen(turn, event)
    call = turn.put(replace(call, line_written=True))
    if event.handled is not Handled.NOT:
        call = take(turn, call)  # while we were away, so that nobody told us
    if call.phase is Phase.NATIVE:
        _ended(turn, call, event)


def ended_before(turn: Turn, event: CallEndedOutside) -> None:
    """We were away when the caller went: the record says when that was, to the second."""
    call = turn.call(event.call)
    if call is None or call.ended != turn.now:
        return
    if not call.opened - ROUNDED_SECONDS < event.ended < turn.now - ROUNDED_SECONDS:
        return
    began = call.opened if call.answered is None else call.answered
    ended = max(event.ended, began)
    legs = (
        replace(each, ended=max(ended, each.began)) if each.ended == turn.now else each
        for each in call.legs
    )
    turn.put(replace(call, ended=ended, legs=tuple(legs)))


# -- what follows ----------------------------------------------------------------------------------


def take(turn: Turn, call: Call) -> Call:
    """The dialplan has the caller: all else of the call ends, its operator is free."""
    if call.phase in (Phase.ENDING, Phase.NATIVE):
        return call
    for leg in call.live():
        if leg.leg != call.id:
            turn.hang_up(call, leg.leg)
    turn.send(*(Disconnect(bridge) for bridge in scene.bridges(call)))
    operators.release(turn, call)
    colleagues.all_gone(turn, call)
    return turn.put(
        replace(
            voice_mail.left(turn, comment.left(turn, recording.goes_on(turn, call))),
            phase=Phase.NATIVE,
            deadline=turn.now + LONGEST_SECONDS,
            leg=None,
            parties=(),
            aside=False,
            muted=False,
            scene=NOBODY,
            transfer=None,
            operator=None,
            playback=None,
            then=None,
            recording=None,
            recording_since=None,
            bridge=None,
            guarded=False,
            hears_music=False,
            digits="",
            digits_deadline=None,
            callback=None,
            announce_at=None,
            survey=None,
        )
    )


def come_back(turn: Turn, call: Call, queued: float) -> None:
    """From the dialplan's queue to ours."""
    call = take(turn, call)
    turn.send(Guard(call.id))  # whatever follows: it may not be music
    calls.wait(
        turn,
        replace(
            call,
            guarded=True,
            caller_up=True,
            detoured=False,
            ended_by=None,
            queue=_queue(turn, call),
            queued=call.queued if call.queued is not None else queued,
        ),
    )


def _queue(turn: Turn, call: Call) -> str:
    """The queue that the caller waits in, or would."""
    number = turn.plan.numbers.get(call.hotline or "")
    own = number.queue if number is not None else next(iter(turn.plan.queues), "")
    return call.queue or own


def gone(turn: Turn, call: Call) -> None:
    """The caller's leg is no more; the record should come soon."""
    turn.put(replace(call, deadline=min(call.deadline, turn.now + RECORD_SECONDS)))


def _unseen(turn: Turn, event: CallEndedOutside) -> Call:
    """A call of which nothing but its last line ever came."""
    headers = SipHeaders(from_=f"<sip:{event.caller}@line.invalid>")
    arrived = CallTakenOutside(event.call, event.trunk, event.dialled, headers, event.began)
    call, _ = new_call(turn, arrived, event.began)
    if event.target:
        leg = LegRecord(
            leg=f"{call.id}_{call.names + 1}",
            role=LegRole.PARTNER,
            party=event.dialled,
            place=event.target,
            began=event.began,
            answered=event.answered,
            ended=event.ended,
            outcome=event.ending.value,
        )
        call = replace(call, legs=(*call.legs, leg), names=call.names + 1)
    return take(turn, call)


def _ended(turn: Turn, call: Call, event: CallEndedOutside) -> None:
    """How the call ended there, and who answered."""
    if event.handled is Handled.QUEUE and call.queued is None:
        # Its greeting is part of the wait: the record does not tell the one from the other.
        call = replace(call, queue=_queue(turn, call), queued=call.opened, waits_since=call.opened)
    if event.answered is not None and event.seat:
        call = _answered_at(turn, call, event, event.answered)
    if event.handled is Handled.VOICE_MAIL:
        call = _message_left(turn, call, event)
    left = call.voice_message is not None
    outcome = _outcome(event, talked=call.talked_with is not None, left=left)
    answered = call.answered if call.answered is not None else _answer_time(event)
    legs = end_leg(call.legs, call.id, event.ended, event.ending)
    call = turn.put(replace(call, legs=legs, answered=answered, ended=event.ended))
    calls.end(turn, call, outcome, by="caller" if answered is not None else "system")


def _message_left(turn: Turn, call: Call, event: CallEndedOutside) -> Call:
    """The dialplan recorded a message: for the box that the plan names."""
    at = turn.wall(event.ended)
    to = decide(turn.plan, call.dialled, call.caller, at, call.diverted).destination
    to = None if to is None else without_keys(turn.plan, to, at)
    if to is not None and to.to is To.VOICE_BOX:
        call = replace(call, voice_box=to.name)
    return voice_mail.message_left(turn, call, event.ended)


def _outcome(event: CallEndedOutside, *, talked: bool, left: bool) -> Outcome:
    """What the call counts as, by what the dialplan did with it."""
    if event.emergency:
        return Outcome.EMERGENCY
    if talked:
        return Outcome.ANSWERED
    answered = event.answered is not None
    match event.handled:
        case Handled.QUEUE if answered:
            return Outcome.ANSWERED
        case Handled.FORWARD if answered:
            return Outcome.FORWARDED
        case _ if left:
            return Outcome.VOICE_MAIL
        case Handled.QUEUE:
            waited_out = event.ending is Ending.NO_ANSWER
            return Outcome.TIMED_OUT if waited_out else Outcome.ABANDONED
        case Handled.FORWARD:
            return Outcome.FORWARD_FAILED
        case Handled.ANNOUNCE:
            return Outcome.ANNOUNCED
        case Handled.VOICE_MAIL:
            return Outcome.VOICE_MAIL
        case Handled.REJECT:
            return Outcome.REJECTED
        case Handled.NOT:
            return Outcome.INTERRUPTED


def _answer_time(event: CallEndedOutside) -> float | None:
    """When a person answered; a prompt is no answer."""
    spoke = event.emergency or event.handled in (Handled.QUEUE, Handled.FORWARD)
    return event.answered if spoke else None


def _answered_at(turn: Turn, call: Call, event: CallEndedOutside, answered: float) -> Call:
    operator = turn.operator_at(event.seat)
    number = operator.number if operator is not None else ""
    leg = LegRecord(
        leg=f"{call.id}_{call.names + 1}",
        role=LegRole.OPERATOR,
        party=number,
        place=event.seat,
        began=answered,
        answered=answered,
        ended=event.ended,
        outcome=event.ending.value,
    )
    return replace(
        call, legs=(*call.legs, leg), names=call.names + 1, talked_with=number or call.talked_with
    )
