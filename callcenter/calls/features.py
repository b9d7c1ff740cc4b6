"""Feature codes: what operators dial or key in on a bare SIP phone.

`*` and digits are ours; in a talk all other digits go on to the other party.
"""

from __future__ import annotations

from callcenter.calls import first_dialled, outbound, protection, shift
from callcenter.calls import operator as operators
from callcenter.calls.commands import Answer, Hangup, SendDigits
from callcenter.calls.events import (
    AddPartner,
    Alternate,
    BecomeNotReady,
    BecomeReady,
    CallEmergency,
    CallForOrder,
    Consult,
    DigitPressed,
    DropPartner,
    ExtendWrapUp,
    FeatureDialled,
    Forward,
    Hold,
    Join,
    KeepCaller,
    LeaveCall,
    MarkNuisance,
    MuteOperator,
    PauseRecording,
    PickFirstDialled,
    PressKeys,
    ReleaseSilent,
    Resume,
    ResumeRecording,
    SignIn,
    SignOut,
    TakeSeat,
    UnmuteOperator,
)
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, FeatureCall, Phase
from callcenter.calls.talk import aside, bring_in, parties, recording
from callcenter.calls.turn import END_SECONDS, Turn
from callcenter.values import replace

FEATURE_SECONDS = 15.0
"""The longest a feature code's answer may take."""
BETWEEN_DIGITS_SECONDS = 3.0
LONGEST_CODE = 32
KEYS = frozenset("0123456789*#")

_WITH_KEYS = frozenset(
    {Phase.TALKING, Phase.TRANSFERRING, Phase.THREE_WAY, Phase.HELD, Phase.CONSULTING}
)

_REFUSED = {
    "seat_taken": "seat_taken",
    "already_signed_in": "already_signed_in",
    "not_signed_in": "not_signed_in",
    "wrong_pin": "pin_wrong",
    "unknown_operator": "pin_wrong",
    "unknown_code": "unknown_code",
    "unknown_order": "order_unknown",
}
"""What a refusal sounds like; every other one is `not_possible`."""


def dialled(turn: Turn, event: FeatureDialled) -> Refusal | None:
    """A seat called a feature code: do it, say what came of it, hang up."""
    wish = _wish(turn, event)
    if isinstance(wish, CallForOrder):
        found = outbound.wanted(turn, wish)
        refusal, said = (found if isinstance(found, Refusal) else None), "outbound_hang_up"
    elif isinstance(wish, Refusal):
        refusal, said = wish, ""
    else:
        refusal, said = _carry_out(turn, event.seat, event.code, pin_ok=event.pin_ok)
    if refusal is not None:
        wish = None
        said = _REFUSED.get(refusal.code, "not_possible")
    playback = f"{event.leg}_1"
    turn.send(Answer(event.leg))
    turn.play(event.leg, playback, (said,))
    turn.put_feature(
        FeatureCall(
            leg=event.leg,
            seat=event.seat,
            playback=playback,
            deadline=turn.now + FEATURE_SECONDS,
            wish=wish if isinstance(wish, CallForOrder) else None,
        )
    )
    return refusal


def gone(turn: Turn, feature: FeatureCall) -> None:
    """The seat's telephone is free again: for the call that was wished, if one was."""
    turn.drop_feature(feature.leg)
    if feature.wish is not None:  # what has become impossible meanwhile is left
        outbound.call_for_order(turn, feature.wish)


def answer_heard(turn: Turn, feature: FeatureCall) -> None:
    """The answer is spoken, or took too long: hang up; and forget the leg if even that fails."""
    turn.send(Hangup(feature.leg))
    if feature.ending and feature.deadline <= turn.now:
        turn.drop_feature(feature.leg)
        return
    turn.put_feature(replace(feature, ending=True, deadline=turn.now + FEATURE_SECONDS))


def reconnect(turn: Turn, feature: FeatureCall) -> None:
    """After a restart: the hang-up may not have been sent, the answer's end not been heard."""
    if feature.ending:
        turn.send(Hangup(feature.leg))
    else:
        until = min(feature.deadline, turn.now + END_SECONDS)
        turn.put_feature(replace(feature, deadline=until))


def digit_pressed(turn: Turn, call: Call, event: DigitPressed) -> None:
    """The operator pressed a key in a talk."""
    if call.phase not in _WITH_KEYS or event.leg != call.leg:
        return
    if call.digits == event.digit == "*":  # a star is meant
        call = turn.put(replace(call, digits="", digits_deadline=None))
        _pass_on(turn, call, event.digit)
        return
    if not call.digits and event.digit != "*":
        _pass_on(turn, call, event.digit)
        return
    keyed = call.digits + event.digit
    if not _is_complete(turn, keyed) and len(keyed) < LONGEST_CODE:
        until = turn.now + BETWEEN_DIGITS_SECONDS
        turn.put(replace(call, digits=keyed, digits_deadline=until))
        return
    _do(turn, call, keyed)


def digits_timed_out(turn: Turn, call: Call) -> None:
    """No further key came: a number may be complete without `#`; all else is no code of ours."""
    _do(turn, call, call.digits)


def press(turn: Turn, request: PressKeys) -> Refusal | None:
    """Send keys to the far end, as `**` and digits do on a telephone."""
    call = turn.led_by(request.operator)
    if call is None or call.phase not in _WITH_KEYS:
        return Refusal("not_in_call", "当前没有通话。")
    if not set(request.keys) <= KEYS:
        return Refusal("not_keys", "按键只能是数字、星号和井号。")
    return None if _pass_on(turn, call, request.keys) else Refusal("nobody_hears", "对方没有接通。")


def _pass_on(turn: Turn, call: Call, keys: str) -> bool:
    """To whoever came last, whose menu may ask for it (I21); without one, to the caller.

    Whether there is anybody.
    """
    if call.phase is Phase.TRANSFERRING or call.leg is None:
        return False
    hear = next((room for room in (call.scene.talk, call.scene.private) if call.leg in room), ())
    parties = [party.leg for party in call.parties if party.leg in hear]
    if hear:
        turn.send(SendDigits(parties[-1] if parties else call.id, keys))
    return bool(hear)


def _do(turn: Turn, call: Call, keyed: str) -> None:
    seat = next((leg.place for leg in call.live() if leg.leg == call.leg), "")
    turn.put(replace(call, digits="", digits_deadline=None))
    operator = turn.operator_at(seat)
    refusal, said = _in_talk(turn, operator.number if operator else "", seat, keyed)
    current = turn.call(call.id)
    if refusal is not None:
        said = "unknown_code" if refusal.code == "unknown_code" else "not_possible"
    if current is None or not said or current.leg is None or not current.has_live(current.leg):
        return
    name = f"{current.id}_{current.names + 1}"
    turn.put(replace(current, names=current.names + 1))
    turn.play(current.leg, name, (said,))


def _is_complete(turn: Turn, keyed: str) -> bool:
    codes = turn.plan.feature_codes
    reasons = (reason.code for reason in turn.plan.not_ready_reasons.values())
    whole = {
        *(codes.ready, codes.sign_out, codes.emergency, codes.leave, codes.drop_partner),
        *(codes.silent, codes.nuisance),
        *(codes.hold, codes.alternate, codes.join, codes.mute, codes.recording),
        *(codes.not_ready + code for code in reasons),
    }
    return keyed in whole or (keyed.startswith(_with_number(turn)) and keyed.endswith("#"))


def _with_number(turn: Turn) -> tuple[str, ...]:
    codes = turn.plan.feature_codes
    return codes.forward, codes.three_way, codes.consult, codes.first_dialled


def _in_talk(turn: Turn, operator: str, seat: str, keyed: str) -> tuple[Refusal | None, str]:
    """Do what the code says; what confirms it, or nothing where the operator hears it anyway."""
    codes = turn.plan.feature_codes
    simple = _simple(turn, operator, keyed)
    if simple is not None:
        return simple
    if keyed == codes.emergency:
        return bring_in.call_emergency(turn, CallEmergency(operator)), ""
    if keyed == codes.leave:
        return parties.leave(turn, LeaveCall(operator)), ""
    if keyed == codes.drop_partner:
        return parties.drop(turn, DropPartner(operator)), ""
    if keyed == codes.nuisance:
        return protection.mark(turn, MarkNuisance(operator)), "caller_marked"
    if keyed == codes.silent:
        call = turn.call(turn.operator(operator).call or "")
        if call is not None and call.release is not None:
            return protection.keep(turn, KeepCaller(operator)), "caller_kept"
        return protection.release_silent(turn, ReleaseSilent(operator)), "caller_released"
    prefix = next((code for code in _with_number(turn) if keyed.startswith(code)), None)
    if prefix is None:
        return _carry_out(turn, seat, keyed, pin_ok=False)
    number = keyed.removeprefix(prefix).removesuffix("#")
    if prefix == codes.forward:
        return bring_in.forward(turn, Forward(operator, number)), ""
    if prefix == codes.consult:
        return bring_in.consult(turn, Consult(operator, number)), ""
    if prefix == codes.three_way:
        return bring_in.add_partner(turn, AddPartner(operator, number)), ""
    return first_dialled.pick(turn, PickFirstDialled(operator, number)), "number_noted"


def _simple(turn: Turn, operator: str, keyed: str) -> tuple[Refusal | None, str] | None:
    """Codes by which the operator steps aside and comes back, or is silent."""
    codes = turn.plan.feature_codes
    call = turn.led_by(operator)
    if keyed == codes.hold:
        if call is not None and call.aside:
            return aside.resume(turn, Resume(operator)), ""
        return aside.hold(turn, Hold(operator)), "on_hold"
    if keyed == codes.alternate:
        return aside.alternate(turn, Alternate(operator)), ""
    if keyed == codes.join:
        return aside.join(turn, Join(operator)), ""
    if keyed == codes.recording:
        if call is not None and call.recording_paused():
            return recording.resume(turn, ResumeRecording(operator)), "recording_resumed"
        return recording.pause(turn, PauseRecording(operator)), "recording_paused"
    if keyed == codes.mute:
        if call is not None and call.muted:
            return aside.unmute(turn, UnmuteOperator(operator)), "unmuted"
        return aside.mute(turn, MuteOperator(operator)), "muted"
    return None


def _wish(turn: Turn, event: FeatureDialled) -> CallForOrder | Refusal | None:
    """Whom the code wants called: the citizen of the operator's last order, or of the one named."""
    codes = turn.plan.feature_codes
    operator = turn.operator_at(event.seat)
    if event.code == codes.call_citizen:
        order = None if operator is None else operator.last_order
    elif event.code.startswith(codes.call_order):
        order = event.order
    else:
        return None
    if operator is None:
        return Refusal("not_signed_in", "席位尚未签入，请先签入。")
    if order is None:
        return Refusal("unknown_order", "没有找到工单，请核对编号。")
    return CallForOrder(operator.number, order)


def _carry_out(turn: Turn, seat: str, code: str, *, pin_ok: bool) -> tuple[Refusal | None, str]:
    """Do what the code says for whoever sits there; the prompt that confirms it."""
    codes = turn.plan.feature_codes
    operator = turn.operator_at(seat)
    number = operator.number if operator is not None else ""
    if code.startswith(codes.take_seat):
        if not pin_ok:
            return Refusal("wrong_pin", "工号或密码不对。"), ""
        return shift.take_seat(turn, TakeSeat(code.removeprefix(codes.take_seat), seat)), (
            "signed_in"
        )
    if code == codes.extend_wrap_up:
        return shift.extend_wrap_up(turn, ExtendWrapUp(number)), "wrap_up_extended"
    if code == codes.ready:
        return operators.become_ready(turn, BecomeReady(number)), "now_ready"
    if code == codes.sign_out:
        return operators.sign_out(turn, SignOut(number)), "signed_out"
    if code.startswith(codes.sign_in):
        if not pin_ok:
            return Refusal("wrong_pin", "工号或密码不对。"), ""
        request = SignIn(code.removeprefix(codes.sign_in), seat)
        return operators.sign_in(turn, request), "signed_in"
    if code.startswith(codes.not_ready):
        wanted = code.removeprefix(codes.not_ready)
        for reason in turn.plan.not_ready_reasons.values():
            if reason.code == wanted:
                request_ = BecomeNotReady(number, reason.name)
                return operators.become_not_ready(turn, request_), "now_not_ready"
    return Refusal("unknown_code", f"没有功能码{code}。"), ""
