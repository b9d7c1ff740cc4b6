"""A call's way through its phases: arrival, queue, talk, forward, announcement, end.

Each function takes the turn and the call and lays the call's next version over it. `centre.step`
says which event leads to which function.
"""

from __future__ import annotations

from dataclasses import replace

from callcenter import prompts
from callcenter.calls import operator as operators
from callcenter.calls.commands import (
    Answer,
    Connect,
    Disconnect,
    OutsideAddress,
    Ring,
    SendDigits,
    StartMusic,
    StopMusic,
)
from callcenter.calls.events import Ending
from callcenter.calls.state import Call, Phase, answer_leg
from callcenter.calls.turn import END_SECONDS, Turn
from callcenter.numberplan.model import ForwardFailures
from callcenter.orders.record import LegRole, Outcome

PROMPT_SECONDS = 60.0
"""No prompt is longer; a playback that has not finished by then is given up."""
MAX_FAILURES = 3

_TRY_NEXT = frozenset({Ending.UNREACHABLE, Ending.CONGESTION})
"""Failures of the trunk rather than of the number dialled: another trunk may do."""

_WITHOUT_OUTCOME = {
    Phase.INTRODUCING: Outcome.ANSWERED,
    Phase.TALKING: Outcome.ANSWERED,
    Phase.FORWARDED: Outcome.FORWARDED,
}


# -- the queue -------------------------------------------------------------------------------------


def enter_queue(turn: Turn, call: Call, queue: str, announcement: str | None) -> None:
    """Answer, say the announcement or the greeting, then wait."""
    greeting = announcement or turn.queue(queue).greeting
    call = _answer(turn, replace(call, queue=queue))
    if greeting is None:
        wait(turn, call)
    else:
        _speak(turn, call, Phase.GREETING, (greeting,))


def wait(turn: Turn, call: Call) -> None:
    """Wait with music. The wait counts from its first start: a returned caller is at the head."""
    queue = turn.queue(call.queue)
    queued = call.queued if call.queued is not None else turn.now
    turn.send(StartMusic(call.id, queue.music))
    turn.put(
        replace(
            call,
            phase=Phase.WAITING,
            playback=None,
            leg=None,
            queued=queued,
            deadline=max(queued + queue.max_wait_seconds, turn.now + END_SECONDS),
        )
    )


def waited_too_long(turn: Turn, call: Call) -> None:
    """The queue's limit is reached: an apology, then the end."""
    turn.send(StopMusic(call.id))
    announce(turn, call, turn.queue(call.queue).sorry, Outcome.TIMED_OUT)


def operator_answered(turn: Turn, call: Call) -> None:
    """The caller hears the operator's number (and so does the operator), then they talk."""
    operators.answered(turn, call)
    turn.send(StopMusic(call.id))
    call = replace(
        call,
        answered=turn.now if call.answered is None else call.answered,
        talked_with=call.operator,
    )
    if not turn.queue(call.queue).announce_operator:
        talk(turn, call)
        return
    words = prompts.operator_number(call.operator or "")
    if call.leg is not None:
        turn.play(call.leg, f"{call.leg}_p", words)
    _speak(turn, call, Phase.INTRODUCING, words)


def talk(turn: Turn, call: Call) -> None:
    """Connect caller and operator."""
    _connect(turn, replace(call, playback=None), Phase.TALKING)


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
    """Dial the next way to the number's own line; none left: an apology."""
    _forward_next(turn, call, Ending.UNREACHABLE)


def _forward_next(turn: Turn, call: Call, failed: Ending) -> None:
    seconds = turn.plan.limits.forward_ring_seconds
    targets = list(call.targets)
    while targets:
        target = targets.pop(0)
        trunk = turn.plan.trunks.get(target.trunk)
        if trunk is None:
            continue
        if turn.channels_used(trunk.name) >= trunk.channels - trunk.reserved:
            failed = Ending.CONGESTION
            continue
        if not call.caller_up:
            turn.send(Ring(call.id))
        call = turn.dial(
            replace(call, targets=tuple(targets)),
            OutsideAddress(trunk.name, target.digits),
            seconds=seconds,
        )
        turn.put(
            replace(
                call,
                phase=Phase.FORWARDING,
                deadline=turn.now + seconds + END_SECONDS,
            )
        )
        return
    apology = _apology(turn.plan.forward_failures, failed)
    announce(turn, replace(call, leg=None), apology, Outcome.FORWARD_FAILED)


def _apology(prompt: ForwardFailures, failed: Ending) -> str:
    match failed:
        case Ending.BUSY | Ending.DECLINED:
            return prompt.busy
        case Ending.NO_ANSWER:
            return prompt.no_answer
        case _:
            return prompt.unreachable


def forward_failed(turn: Turn, call: Call, ending: Ending) -> None:
    """Busy, not answered, refused or unreachable."""
    if ending not in _TRY_NEXT:
        call = replace(call, targets=())
    _forward_next(turn, call, ending)


def partner_answered(turn: Turn, call: Call) -> None:
    """The own line answered: connect, and send the digits that reach the right desk."""
    call = _answer(turn, replace(call, answered=turn.now))
    _connect(turn, call, Phase.FORWARDED)
    if call.after_answer_digits and call.leg is not None:
        turn.send(SendDigits(call.leg, call.after_answer_digits, call.after_answer_pause))


def announce(turn: Turn, call: Call, prompt: str, outcome: Outcome) -> None:
    """Say one last thing, then hang up."""
    call = _answer(turn, replace(call, next_outcome=outcome))
    _speak(turn, call, Phase.ANNOUNCING, (prompt,))


def reject(turn: Turn, call: Call, ending: Ending, outcome: Outcome) -> None:
    """Refuse the caller's leg with the code for `ending`."""
    end(turn, call, outcome, by="system", ending=ending)


# -- the end ---------------------------------------------------------------------------------------


def end(
    turn: Turn, call: Call, outcome: Outcome, *, by: str, ending: Ending = Ending.NORMAL
) -> None:
    """Settle the outcome, hang up every leg that is left, and wait for them to go."""
    if call.outcome is None:
        waited = (call.answered or turn.now) - (call.queued or turn.now)
        turn.count_outcome(
            call.opened, outcome, within_15s=outcome is Outcome.ANSWERED and waited <= 15.0
        )
        call = replace(call, outcome=outcome, ended_by=by)
    for leg in call.live():
        turn.hang_up(call, leg.leg, ending if leg.role is LegRole.CALLER else Ending.NORMAL)
    if call.phase in (Phase.INTRODUCING, Phase.TALKING):
        operators.start_wrap_up(turn, call)
    call = turn.put(
        replace(
            call,
            phase=Phase.ENDING,
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
    operators.offer_withdrawn(turn, call)
    if call.bridge is not None:
        turn.send(Disconnect(call.bridge))
    turn.finish(call)


def caller_gone(turn: Turn, call: Call) -> None:
    """The caller's leg ended: the call is over, whatever it was doing."""
    if call.phase is Phase.ANNOUNCING and call.next_outcome is not None:
        outcome = call.next_outcome
    else:
        outcome = _WITHOUT_OUTCOME.get(call.phase, Outcome.ABANDONED)
    end(turn, call, outcome, by="caller")


def other_leg_gone(turn: Turn, call: Call, ending: Ending) -> None:
    """The operator's or partner's leg ended, while the caller is still there."""
    match call.phase:
        case Phase.OFFERED if ending is Ending.LOST:
            # Nobody hung up: it was cut off while we were away, and is no fault of the operator.
            operators.leg_lost(turn, call)
            back_to_queue(turn, call)
        case Phase.OFFERED:
            operators.offer_failed(turn, call, ending)
            back_to_queue(turn, call)
        case Phase.INTRODUCING | Phase.TALKING if ending is Ending.LOST:
            operators.leg_lost(turn, call)
            back_to_queue(turn, call, same_operator=True)
        case Phase.INTRODUCING:
            operators.offer_failed(turn, call, ending)
            back_to_queue(turn, call)
        case Phase.TALKING:
            end(turn, call, Outcome.ANSWERED, by="operator")
        case Phase.FORWARDING:
            forward_failed(turn, call, ending)
        case Phase.FORWARDED:
            end(turn, call, Outcome.FORWARDED, by="partner")
        case _:
            pass


def deadline(turn: Turn, call: Call) -> None:
    """The phase lasted too long: what it waited for will not come."""
    match call.phase:
        case Phase.GREETING:
            wait(turn, call)
        case Phase.WAITING:
            waited_too_long(turn, call)
        case Phase.OFFERED:
            turn.hang_up(call, call.leg)
            operators.offer_failed(turn, call, Ending.NO_ANSWER)
            back_to_queue(turn, call)
        case Phase.INTRODUCING:
            talk(turn, call)
        case Phase.TALKING:
            end(turn, call, Outcome.ANSWERED, by="system")
        case Phase.FORWARDING:
            turn.hang_up(call, call.leg)
            forward_failed(turn, call, Ending.NO_ANSWER)
        case Phase.FORWARDED:
            end(turn, call, Outcome.FORWARDED, by="system")
        case Phase.ANNOUNCING:
            end(turn, call, call.next_outcome or Outcome.INTERRUPTED, by="system")
        case Phase.ENDING:
            _hang_up_again(turn, call)


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


def reconnect(turn: Turn, call: Call) -> None:
    """After a restart of ours: do again what the phase needs; all of it may be repeated."""
    match call.phase:
        case Phase.TALKING | Phase.FORWARDED if call.bridge and call.leg:
            _send_connect(turn, call, call.bridge)
        case Phase.WAITING:
            turn.send(StartMusic(call.id, turn.queue(call.queue).music))
        case Phase.ENDING:
            for leg in call.live():
                turn.hang_up(call, leg.leg)
        case Phase.GREETING | Phase.INTRODUCING | Phase.ANNOUNCING:
            # The end of the prompt may have been told while nobody listened.
            turn.put(replace(call, deadline=min(call.deadline, turn.now + END_SECONDS)))
        case _:
            pass


def _hang_up_again(turn: Turn, call: Call) -> None:
    if call.failures >= MAX_FAILURES:
        for leg in call.live():
            call = turn.leg_ended(call, leg.leg, Ending.LOST)
        all_gone(turn, call)
        return
    for leg in call.live():
        turn.hang_up(call, leg.leg)
    turn.put(replace(call, failures=call.failures + 1, deadline=turn.now + END_SECONDS))


def _answer(turn: Turn, call: Call) -> Call:
    """Answer the caller's leg, once."""
    if call.caller_up:
        return call
    turn.send(Answer(call.id))
    legs = answer_leg(call.legs, call.id, turn.now)
    return turn.put(replace(call, caller_up=True, legs=legs))


def _speak(turn: Turn, call: Call, phase: Phase, words: tuple[str, ...]) -> None:
    """Play to the caller; the phase lasts until that is over."""
    playback = f"{call.id}_{call.names + 1}"
    turn.play(call.id, playback, words)
    turn.put(
        replace(
            call,
            phase=phase,
            playback=playback,
            names=call.names + 1,
            deadline=turn.now + PROMPT_SECONDS,
        )
    )


def _connect(turn: Turn, call: Call, phase: Phase) -> None:
    bridge = call.bridge or f"{call.id}_b"
    _send_connect(turn, call, bridge)
    turn.put(
        replace(call, phase=phase, bridge=bridge, deadline=turn.now + turn.plan.limits.talk_seconds)
    )


def _send_connect(turn: Turn, call: Call, bridge: str) -> None:
    legs = tuple(leg.leg for leg in call.live() if leg.leg in (call.id, call.leg))
    own = tuple(leg.leg for leg in call.live() if leg.role is LegRole.OPERATOR)
    turn.send(Connect(call.id, bridge, legs, own_digits=tuple(leg for leg in own if leg in legs)))
