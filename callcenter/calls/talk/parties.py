"""What becomes of a talk when somebody answers, cannot be had, or leaves.

Busy, no answer and the like give the caller back to the operator. What came of a party is kept on
its leg, with the unit behind the number (R25).
"""

from __future__ import annotations

from callcenter.calls import call as calls
from callcenter.calls import operator as operators
from callcenter.calls.events import DropPartner, Ending, LeaveCall
from callcenter.calls.party import Party, Room
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, Transfer
from callcenter.calls.talk import colleagues, recording, scene, whom
from callcenter.calls.turn import Turn
from callcenter.numberplan.model import ForwardFailures
from callcenter.orders.record import Outcome
from callcenter.values import replace

_OPERATOR_HEARS = ForwardFailures(
    busy="partner_busy", no_answer="partner_no_answer", unreachable="partner_unreachable"
)


# -- requests --------------------------------------------------------------------------------------


def leave(turn: Turn, request: LeaveCall) -> Refusal | None:
    """The operator leaves the others with the caller: whom they consulted, or whoever rings."""
    call = turn.led_by(request.operator)
    if call is None or not call.parties:
        return Refusal("no_partner", "当前没有第三方，不能退出；结束通话请挂断。")
    if call.transfer is Transfer.EMERGENCY:
        return Refusal("emergency_joining", "紧急号码尚未接通，不能让来电人独自等待。")
    turn.hang_up(call, call.leg)
    operator_gone(turn, call, Ending.NORMAL)
    return None


def drop(turn: Turn, request: DropPartner) -> Refusal | None:
    """The part of whoever came last, or is named, is over, or the ringing; the others go on."""
    call = turn.led_by(request.operator)
    if call is None or not call.parties:
        return Refusal("no_partner", "当前没有第三方可以挂断。")
    wanted = whom.as_written(request.number)
    found = [each for each in call.parties if wanted in ("", call.number_of(each))]
    if not found:
        return Refusal("not_in_talk", f"通话中没有{request.number}，请核对。")
    dropped = found[-1]
    turn.hang_up(call, dropped.leg)
    colleagues.gone(turn, call, dropped)
    scene.go_on(turn, replace(without(call, dropped), digits="", digits_deadline=None))
    return None


# -- facts -----------------------------------------------------------------------------------------


def answered(turn: Turn, call: Call, party: Party) -> None:
    """All talk; without the operator, the two of them."""
    colleagues.answered(turn, call, party)
    if call.leg is None:
        call = _heir(call, party)
    elif call.transfer is Transfer.THREE_WAY:
        call = replace(call, aside=False)
    call = scene.go_on(turn, replace(call, transfer=None))
    calls.press_digits(turn, call, party.leg)


def gone(turn: Turn, call: Call, party: Party, ending: Ending) -> None:
    """Busy, no answer, refused, unreachable; or the party left the talk."""
    if call.ringing() != party:
        colleagues.gone(turn, call, party)
        scene.go_on(turn, replace(without(call, party), digits="", digits_deadline=None))
        return
    left = calls.ways_left(call, ending)
    if party.emergency and ending is not Ending.LOST:
        left = call  # every trunk is tried, whatever the first one said
    dialled = calls.dial_next(turn, left, ending, emergency=party.emergency)
    if isinstance(dialled, Ending):
        _give_back(turn, call, party, dialled)
        return
    call, leg = dialled
    turn.put(
        replace(
            call,
            parties=tuple(
                replace(each, leg=leg) if each == party else each for each in call.parties
            ),
        )
    )


def operator_gone(turn: Turn, call: Call, ending: Ending) -> Call:
    """The operator hung up, or their line broke: the others go on."""
    if ending is Ending.LOST:
        operators.leg_lost(turn, call)
    else:
        operators.start_wrap_up(turn, call)
    call = replace(
        recording.goes_on(turn, call),
        leg=None,
        operator=None,
        aside=False,
        muted=False,
        digits="",
        digits_deadline=None,
    )
    rings = call.ringing()
    heirs = [each for each in call.parties if each != rings]
    if heirs and rings is not None:  # the caller is not alone without them
        turn.hang_up(call, rings.leg)
        colleagues.gone(turn, call, rings)
        call = without(call, rings)
    if heirs:
        call = _heir(call, max(heirs, key=lambda each: _fitness(call, each)))
    return scene.go_on(turn, call)


def deadline(turn: Turn, call: Call) -> None:
    """The ringing, the hold or the talk lasted too long."""
    rings = call.ringing()
    if rings is not None:
        turn.hang_up(call, rings.leg, Ending.NO_ANSWER)
        gone(turn, call, rings, Ending.NO_ANSWER)
    elif call.aside and not call.scene.talk:  # the caller is alone: the operator is back
        scene.go_on(turn, replace(call, aside=False))
    else:
        calls.end(turn, call, Outcome.ANSWERED, by="system")


def not_connected(turn: Turn, call: Call) -> None:
    """The switch could not bring all together: without the others, then."""
    for party in call.parties:
        turn.hang_up(call, party.leg)
    colleagues.all_gone(turn, call)
    alone = replace(call, parties=(), aside=False, transfer=None, digits="", digits_deadline=None)
    scene.go_on(turn, replace(alone, scene=replace(call.scene, talk=())))


def without(call: Call, party: Party) -> Call:
    """The call without that party."""
    rang = call.ringing() == party
    others = tuple(each for each in call.parties if each != party)
    consults = call.aside and any(each.room is Room.PRIVATE for each in others)
    return replace(call, parties=others, aside=consults, transfer=None if rang else call.transfer)


def _heir(call: Call, party: Party) -> Call:
    """Who takes the operator's place; all that are left are with the caller."""
    call = without(call, party)
    others = tuple(replace(each, room=Room.TALK) for each in call.parties)
    return replace(
        call,
        leg=party.leg,
        operator=party.operator or None,
        talked_with=party.operator or call.talked_with,
        aside=False,
        parties=others,
    )


def _fitness(call: Call, party: Party) -> tuple[bool, bool]:
    """A colleague leads the call on, rather than somebody outside."""
    return call.has_live(party.leg), bool(party.operator)


def _give_back(turn: Turn, call: Call, party: Party, ending: Ending) -> None:
    """The caller gets the operator back: in the talk, or before anybody else in the queue."""
    colleagues.gone(turn, call, party)
    if call.leg is None:
        calls.back_to_queue(turn, call, same_operator=True)
        return
    name = f"{call.id}_{call.names + 1}"
    call = replace(without(call, party), names=call.names + 1, digits="", digits_deadline=None)
    scene.go_on(turn, call)
    turn.play(call.leg or "", name, (calls.apology(_OPERATOR_HEARS, ending),))
