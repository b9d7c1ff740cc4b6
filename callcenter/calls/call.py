"""A call's way through its phases: arrival, queue, talk, forward, announcement, end.

Each function takes the turn and the call and lays the call's next version over it. `centre.step`
says which event leads to which function.
"""

from __future__ import annotations

from callcenter import prompts
from callcenter.calls import distribution, offers
from callcenter.calls import operator as operators
from callcenter.calls.commands import (
    Answer,
    Disconnect,
    Guard,
    OutsideAddress,
    Ring,
    SendDigits,
    Separate,
    StartMusic,
    StopMusic,
    StopPlaying,
    Unguard,
)
from callcenter.calls.events import Ending
from callcenter.calls.state import WITH_OPERATOR, Call, CallbackState, Phase, answer_leg
from callcenter.calls.talk import colleagues, recording, scene
from callcenter.calls.turn import END_SECONDS, Turn
from callcenter.numberplan.destination import Destination
from callcenter.numberplan.model import ForwardFailures
from callcenter.orders.record import LegRole, Outcome
from callcenter.values import replace

PROMPT_SECONDS = 60.0
"""No prompt is longer; a playback that has not finished by then is given up."""
MAX_FAILURES = 3

_TRY_NEXT = frozenset({Ending.UNREACHABLE, Ending.CONGESTION})
"""Failures of the trunk rather than of the number dialled: another trunk may do."""


# -- the queue -------------------------------------------------------------------------------------


def enter_queue(turn: Turn, call: Call, queue: str, words: tuple[str, ...] = ()) -> None:
    """Say these words, or else the greeting to who has heard none, then wait."""
    greeting = turn.queue(queue).greeting
    if not words and greeting is not None and call.queue is None:
        words = (greeting,)
    if call.queue is not None and call.queue != queue:
        call = replace(
            call, in_queue_since=turn.now
        )  # the place is kept, the limit is the new one's
    call = replace(call, queue=queue)
    if words:
        speak_first(turn, call, words, None)
    else:
        wait(turn, call)


def speak_first(turn: Turn, call: Call, words: tuple[str, ...], then: Destination | None) -> None:
    """Say something, then go on to `then`; None: to wait in the call's queue."""
    call = replace(answer(turn, stop_music(turn, call)), then=then)
    speak(turn, call, Phase.GREETING, words)


def wait(turn: Turn, call: Call) -> None:
    """Wait. This counts from its first start: a returned caller is at the head."""
    if call.outbound is not None:
        _called_in_vain(turn, call)
        return
    if is_called_back(call):
        keep_place(turn, call)
        return
    queue = turn.queue(call.queue)
    queued = call.queued if call.queued is not None else turn.now
    since = call.waits_since
    if since is None:
        own = call.talked_with is None and not call.place_taken
        since = queued if own else turn.now
    announce = queue.announce
    turn.put(
        replace(
            recording.goes_on(turn, scene.over(turn, call)),
            phase=Phase.WAITING,
            playback=call.playback if call.phase is Phase.OFFERED else None,
            announce_at=call.announce_at or (turn.now + announce.first if announce else None),
            leg=None,
            also=(),
            queued=queued,
            waits_since=since,
            deadline=max(
                max(since, call.in_queue_since or since) + queue.max_wait_seconds,
                turn.now + END_SECONDS,
            ),
        )
    )


def _called_in_vain(turn: Turn, call: Call) -> None:
    """Whom an operator has called waits in no queue: nobody is there for them any more."""
    turn.send(Guard(call.id))
    over = recording.goes_on(turn, scene.over(turn, call))
    call = replace(over, guarded=True, leg=None, operator=None)
    announce(turn, call, "outbound_broken", Outcome.ANSWERED)


def waited_too_long(turn: Turn, call: Call) -> None:
    """The queue's limit is reached: an apology, then the end."""
    outcome = talked_or(call, Outcome.TIMED_OUT)
    announce(turn, call, turn.queue(call.queue).sorry, outcome)


def operator_answered(turn: Turn, call: Call) -> None:
    """The caller hears the operator's number (and so does the operator), then they talk."""
    operators.answered(turn, call)
    distribution.remember(turn, call)
    call = replace(
        answer(turn, stop_music(turn, call)),
        answered=turn.now if call.answered is None else call.answered,
        talked_with=call.operator,
        waits_since=None,
    )
    if not turn.queue(call.queue).announce_operator:
        talk(turn, call)
        return
    words = prompts.operator_number(call.operator or "")
    if call.leg is not None:
        turn.play(call.leg, f"{call.leg}_p", words)
    speak(turn, call, Phase.INTRODUCING, words)


def talk(turn: Turn, call: Call) -> None:
    """Connect caller and operator."""
    scene.go_on(turn, call if call.playback is None else replace(call, playback=None))


def back_to_queue(turn: Turn, call: Call, *, same_operator: bool = False) -> None:
    """The operator's side failed: to the head of the queue, never lost."""
    if same_operator:
        call = replace(
            call,
            preferred_operator=call.talked_with,
            preferred_until=turn.now + turn.plan.limits.same_operator_seconds,
        )
    wait(turn, replace(call, operator=None, digits="", digits_deadline=None))


# -- forward, announce, reject ---------------------------------------------------------------------


def forward(turn: Turn, call: Call) -> None:
    """Dial the number's own line; where no way leads there: an apology."""
    call = replace(call, partner_hotline=call.hotline or "", partner_unit=call.owner or "")
    dial_out(turn, call)


def dial_out(turn: Turn, call: Call) -> None:
    """Dial the call's `targets`. Meanwhile the caller hears ringing; who is answered, music."""
    _forward_next(turn, call, Ending.UNREACHABLE)


def _forward_next(turn: Turn, call: Call, failed: Ending) -> None:
    if call.caller_up:
        call = call if call.hears_music else start_music(turn, call)
    elif call.phase is not Phase.FORWARDING:
        turn.send(Ring(call.id))
    found = dial_next(turn, call, failed)
    if not isinstance(found, Ending):
        call, leg = found
        turn.put(replace(call, phase=Phase.FORWARDING, leg=leg))
        return
    if call.overflowed and call.queued is not None:  # the queue led here, and has them back
        back_to_queue(turn, call)
        return
    said = apology(turn.plan.forward_failures, found)
    outcome = talked_or(call, Outcome.FORWARD_FAILED)
    announce(turn, replace(call, leg=None), said, outcome)


def dial_next(
    turn: Turn, call: Call, failed: Ending, *, emergency: bool = False
) -> tuple[Call, str] | Ending:
    """Ring the first of the call's `targets` whose trunk has a channel; the call and its new leg.

    Returns `failed`, or that all trunks are full, where none is left. An emergency call may use
    the channels that trunks keep.
    """
    seconds = turn.plan.limits.forward_ring_seconds
    targets = list(call.targets)
    while targets:
        target = targets.pop(0)
        trunk = turn.plan.trunks.get(target.trunk)
        if trunk is None:
            continue
        if turn.is_full(trunk, emergency=emergency):
            failed = Ending.CONGESTION
            continue
        call = replace(
            call,
            target=target,
            targets=tuple(targets),
            deadline=turn.now + seconds + END_SECONDS,
        )
        return turn.dial(
            call,
            OutsideAddress(trunk.name, target.digits),
            seconds=seconds,
            hotline=call.partner_hotline,
            unit=call.partner_unit,
        )
    return failed


def ways_left(call: Call, ending: Ending) -> Call:
    """What may still be tried after a leg to the partner ended so.

    Busy and no answer hold on every trunk. A leg that was lost while we were away is no fault of
    the partner: the same way again.
    """
    if ending is Ending.LOST and call.target is not None:
        return replace(call, targets=(call.target, *call.targets))
    return call if ending in _TRY_NEXT else replace(call, targets=())


def apology(prompt: ForwardFailures, failed: Ending) -> str:
    """What is said of a partner who could not be reached."""
    match failed:
        case Ending.BUSY | Ending.DECLINED:
            return prompt.busy
        case Ending.NO_ANSWER:
            return prompt.no_answer
        case _:
            return prompt.unreachable


def forward_failed(turn: Turn, call: Call, ending: Ending) -> None:
    """Busy, not answered, refused or unreachable."""
    _forward_next(turn, ways_left(call, ending), ending)


def partner_answered(turn: Turn, call: Call) -> None:
    """The own line answered: connect, and send the digits that reach the right desk."""
    call = answer(turn, replace(call, answered=turn.now))
    call = scene.go_on(turn, call)
    press_digits(turn, call, call.leg)


def press_digits(turn: Turn, call: Call, leg: str | None) -> None:
    """Send the keys that reach the right desk behind the partner's number (I21)."""
    if call.after_answer_digits and leg is not None:
        turn.send(SendDigits(leg, call.after_answer_digits, call.after_answer_pause))


def announce(turn: Turn, call: Call, prompt: str, outcome: Outcome) -> None:
    """Say one last thing, then hang up."""
    call = answer(turn, stop_music(turn, replace(call, next_outcome=outcome)))
    speak(turn, call, Phase.ANNOUNCING, (prompt,))


def reject(turn: Turn, call: Call, ending: Ending, outcome: Outcome) -> None:
    """Refuse the caller's leg with the code for `ending`."""
    end(turn, call, outcome, by="system", ending=ending)


# -- the end ---------------------------------------------------------------------------------------


def end(
    turn: Turn, call: Call, outcome: Outcome, *, by: str, ending: Ending = Ending.NORMAL
) -> None:
    """Settle the outcome, hang up every leg that is left, and wait for them to go."""
    if call.outcome is None:
        call = replace(call, outcome=outcome, ended_by=call.ended_by or by)
    elif call.ended is None:  # called back after its end
        call = replace(call, ended_by=by)
    for leg in call.live():
        turn.hang_up(call, leg.leg, ending if leg.role is LegRole.CALLER else Ending.NORMAL)
    if call.phase in WITH_OPERATOR:
        operators.start_wrap_up(turn, call)
    colleagues.all_gone(turn, call)
    call = turn.put(
        replace(
            recording.closed(turn, call),
            phase=Phase.ENDING,
            parties=(),
            deadline=turn.now + END_SECONDS,
            ended=turn.now if call.ended is None else call.ended,
            digits="",
            digits_deadline=None,
            playback=None,
        )
    )
    if not call.live():
        all_gone(turn, call)


def all_gone(turn: Turn, call: Call) -> None:
    """The last leg of an ended call is gone."""
    operators.let_go(turn, call)
    turn.send(*(Disconnect(bridge) for bridge in scene.bridges(call)))
    if is_called_back(call):
        keep_place(turn, call)
    else:
        turn.finish(call)


def is_called_back(call: Call) -> bool:
    """Whether the caller has gone and is to be called back."""
    wished = call.callback is not None and call.callback.state is CallbackState.OPEN
    return wished and not call.has_live(call.id) and call.outcome is not None


def keep_place(turn: Turn, call: Call) -> None:
    """Nobody is on the line: the place in the queue waits for an operator."""
    assert call.callback is not None  # is_called_back
    seconds = END_SECONDS if call.live() else max(1.0, call.callback.due - turn.now)
    turn.put(
        replace(
            scene.over(turn, call),
            phase=Phase.CALLBACK,
            deadline=turn.now + seconds,
            ended=None,
            leg=None,
            operator=None,
            bridge=None,
            playback=None,
            announce_at=None,
            guarded=False,
            hears_music=False,
            failures=0,
        )
    )


def caller_gone(turn: Turn, call: Call) -> None:
    """The caller's leg ended: the call is over, whatever it was doing."""
    if call.phase is Phase.ANNOUNCING and call.next_outcome is not None:
        outcome = call.next_outcome
    else:
        outcome = so_far(call)
    end(turn, call, outcome, by="caller")


def so_far(call: Call) -> Outcome:
    """What the call counts as if it ends now."""
    forwarded = call.phase is Phase.FORWARDED
    return talked_or(call, Outcome.FORWARDED if forwarded else Outcome.ABANDONED)


def talked_or(call: Call, otherwise: Outcome) -> Outcome:
    """An order is answered once an operator and the caller talked, whatever comes after."""
    return otherwise if call.talked_with is None else Outcome.ANSWERED


def other_leg_gone(turn: Turn, call: Call, ending: Ending) -> None:
    """The operator's or partner's leg ended, while the caller is still there."""
    match call.phase:
        case Phase.OFFERED if ending is Ending.LOST:
            # Nobody hung up: it was cut off while we were away, and is no fault of the operator.
            operators.leg_lost(turn, call)
            back_to_queue(turn, call)
        case Phase.OFFERED:
            operators.offer_failed(turn, call, call.operator or "", ending)
            back_to_queue(turn, call)
        case Phase.INTRODUCING | Phase.TALKING | Phase.HELD if ending is Ending.LOST:
            operators.leg_lost(turn, call)
            back_to_queue(turn, call, same_operator=True)
        case Phase.INTRODUCING:
            operators.offer_failed(turn, call, call.operator or "", ending)
            back_to_queue(turn, call)
        case Phase.TALKING | Phase.HELD:
            end(turn, call, Outcome.ANSWERED, by="operator")
        case Phase.FORWARDING:
            forward_failed(turn, call, ending)
        case Phase.FORWARDED:
            end(turn, call, so_far(call), by="partner")
        case _:
            pass


def deadline(turn: Turn, call: Call) -> None:
    """The phase lasted too long: what it waited for will not come."""
    match call.phase:
        case Phase.WAITING:
            waited_too_long(turn, call)
        case Phase.OFFERED:
            offers.timed_out(turn, call)
            back_to_queue(turn, call)
        case Phase.INTRODUCING:
            talk(turn, call)
        case Phase.TALKING:
            end(turn, call, Outcome.ANSWERED, by="system")
        case Phase.FORWARDING:
            turn.hang_up(call, call.leg, Ending.NO_ANSWER)
            forward_failed(turn, call, Ending.NO_ANSWER)
        case Phase.FORWARDED:
            end(turn, call, so_far(call), by="system")
        case Phase.ANNOUNCING:
            end(turn, call, call.next_outcome or Outcome.INTERRUPTED, by="system")
        case Phase.NATIVE:
            # Asterisk's record never came, and nobody talks that long.
            end(turn, call, Outcome.INTERRUPTED, by="system")
        case Phase.ENDING:
            _hang_up_again(turn, call)
        case _:
            pass


def spoken(turn: Turn, call: Call) -> None:
    """The prompt that the phase waited for is over (or could not be played)."""
    match call.phase:
        case Phase.GREETING:
            wait(turn, call)
        case Phase.INTRODUCING:
            talk(turn, call)
        case Phase.ANNOUNCING:
            end(turn, call, call.next_outcome or Outcome.INTERRUPTED, by="system")
        case _:
            pass


def not_connected(turn: Turn, call: Call) -> None:
    """The switch could not put the two together: back to the queue, or give up after some tries."""
    call = turn.put(replace(call, failures=call.failures + 1))
    turn.hang_up(call, call.leg)
    if call.phase is Phase.TALKING and call.failures < MAX_FAILURES:
        operators.start_wrap_up(turn, call)
        back_to_queue(turn, call)
    elif call.phase in (Phase.TALKING, Phase.FORWARDED):
        end(turn, call, Outcome.INTERRUPTED, by="system")


def reconnect(turn: Turn, call: Call, *, is_up: bool) -> None:
    """After a restart of ours: do again what may not have been done; all of it may be repeated.

    `is_up`: the caller's leg has been answered. To answer it again would do no harm, but Asterisk
    does so only when a prompt or message is over, and everything else of the call would wait, the
    dead man's switch too.
    """
    in_use = call.in_use()
    for each in call.live():
        if call.phase is Phase.ENDING or each.leg not in in_use:
            turn.hang_up(call, each.leg)
    if call.phase in (Phase.ENDING, Phase.NATIVE) or not call.has_live(call.id):
        return
    turn.send(Guard(call.id, call.is_in_talk) if call.guarded else Unguard(call.id))
    if call.caller_up and not is_up:
        turn.send(Answer(call.id))
    elif not call.caller_up and call.phase in (Phase.OFFERED, Phase.FORWARDING):
        turn.send(Ring(call.id))
    if not call.hears_music and call.phase in (Phase.WAITING, Phase.OFFERED):
        call = stop_music(turn, call)  # nobody knows how far the announcement came: music again
    if call.hears_music:
        if call.bridge is not None:
            turn.send(Separate(call.bridge, call.id))
        turn.send(StartMusic(call.id, turn.queue(call.queue).music))
    elif call.caller_up:
        turn.send(StopMusic(call.id))
    scene.show_again(turn, call)
    recording.tell_again(turn, call)
    if call.phase in (Phase.GREETING, Phase.INTRODUCING, Phase.ANNOUNCING, Phase.MENU):
        # The end of the prompt may have been told while nobody listened.
        turn.put(replace(call, deadline=min(call.deadline, turn.now + END_SECONDS)))


def _hang_up_again(turn: Turn, call: Call) -> None:
    if call.failures >= MAX_FAILURES:
        for leg in call.live():
            call = turn.leg_ended(call, leg.leg, Ending.LOST)
        all_gone(turn, call)
        return
    for leg in call.live():
        turn.hang_up(call, leg.leg)
    turn.put(replace(call, failures=call.failures + 1, deadline=turn.now + END_SECONDS))


def answer(turn: Turn, call: Call) -> Call:
    """Answer the caller's leg, once."""
    if call.caller_up:
        return call
    turn.send(Answer(call.id))
    legs = answer_leg(call.legs, call.id, turn.now)
    return turn.put(replace(call, caller_up=True, legs=legs))


def speak(
    turn: Turn, call: Call, phase: Phase, words: tuple[str, ...], *, tone: bool = False
) -> None:
    """Play to the caller; the phase lasts until that is over."""
    playback = f"{call.id}_{call.names + 1}"
    turn.play(call.id, playback, words, tone=tone)
    turn.put(
        replace(
            call,
            phase=phase,
            playback=playback,
            names=call.names + 1,
            deadline=turn.now + PROMPT_SECONDS,
        )
    )


def stop_music(turn: Turn, call: Call) -> Call:
    """End the caller's music, if there is any, or what is said in between."""
    call = hush(turn, call)
    if not call.hears_music:
        return call
    turn.send(StopMusic(call.id))
    return turn.put(replace(call, hears_music=False))


def hush(turn: Turn, call: Call) -> Call:
    """Cut short what a waiting caller hears between music."""
    if call.playback is None or call.phase not in (Phase.WAITING, Phase.OFFERED):
        return call
    turn.send(StopPlaying(call.id, call.playback))
    return turn.put(replace(call, playback=None))


def start_music(turn: Turn, call: Call) -> Call:
    """Let the caller hear music, outside any talk: the dead man's switch is armed."""
    if not call.guarded:
        turn.send(Guard(call.id))
    turn.send(StartMusic(call.id, turn.queue(call.queue).music))
    return turn.put(replace(call, guarded=True, hears_music=True))
