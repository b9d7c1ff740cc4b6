"""The operator steps aside: hold, consult, alternate, join; and mutes their microphone."""

from __future__ import annotations

from callcenter.calls.commands import Mute, Unmute
from callcenter.calls.events import Alternate, Hold, Join, MuteOperator, Resume, UnmuteOperator
from callcenter.calls.party import Room
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, Phase
from callcenter.calls.talk import scene
from callcenter.calls.turn import Turn
from callcenter.values import replace

_NOT_IN_CALL = Refusal("not_in_call", "当前没有通话。")
_RINGING = Refusal("partner_ringing", "正在呼叫对方，请等待接通，或先停止呼叫。")
_NOBODY = Refusal("no_consultation", "当前没有单独商谈的对方。")


def hold(turn: Turn, request: Hold) -> Refusal | None:
    """The caller hears music (or the others in the talk); the operator is alone."""
    call = _talk_of(turn, request.operator)
    if isinstance(call, Refusal):
        return call
    if call.aside:
        return Refusal("on_hold", "来电人已在保持中。")
    _moves(turn, call, aside=True)
    return None


def resume(turn: Turn, request: Resume) -> Refusal | None:
    """The operator is with the caller again."""
    call = _talk_of(turn, request.operator)
    if isinstance(call, Refusal):
        return call
    if not call.aside:
        return Refusal("not_on_hold", "来电人不在保持中。")
    _moves(turn, call, aside=False)
    return None


def alternate(turn: Turn, request: Alternate) -> Refusal | None:
    """From the consultation to the caller, and back; whoever is left alone hears music."""
    call = _talk_of(turn, request.operator)
    if isinstance(call, Refusal):
        return call
    if not _consults(call):
        return _NOBODY
    _moves(turn, call, aside=not call.aside)
    return None


def join(turn: Turn, request: Join) -> Refusal | None:
    """Whom the operator consulted comes to the caller; all talk."""
    call = _talk_of(turn, request.operator)
    if isinstance(call, Refusal):
        return call
    if not _consults(call):
        return _NOBODY
    together = tuple(replace(party, room=Room.TALK) for party in call.parties)
    _moves(turn, replace(call, parties=together), aside=False)
    return None


def mute(turn: Turn, request: MuteOperator) -> Refusal | None:
    """Nobody hears the operator; keys are heard by us all the same."""
    return _mute(turn, request.operator, muted=True)


def unmute(turn: Turn, request: UnmuteOperator) -> Refusal | None:
    """The operator is heard again."""
    return _mute(turn, request.operator, muted=False)


def _mute(turn: Turn, operator: str, *, muted: bool) -> Refusal | None:
    call = turn.led_by(operator)
    if call is None or call.leg is None or call.phase is Phase.INTRODUCING:
        return _NOT_IN_CALL
    turn.send(Mute(call.leg) if muted else Unmute(call.leg))
    turn.put(replace(call, muted=muted))
    return None


def _moves(turn: Turn, call: Call, *, aside: bool) -> None:
    scene.go_on(turn, replace(call, aside=aside, digits="", digits_deadline=None))


def _talk_of(turn: Turn, operator: str) -> Call | Refusal:
    """The call in which the operator talks, where nobody is being rung."""
    call = turn.led_by(operator)
    if call is None or call.phase is Phase.INTRODUCING:
        return _NOT_IN_CALL
    return call if call.ringing() is None else _RINGING


def _consults(call: Call) -> bool:
    return any(party.room is Room.PRIVATE for party in call.parties)
