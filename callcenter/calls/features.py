"""Feature codes: what operators dial or key in on a bare SIP phone.

`*` and digits are ours; during a talk all other digits go on to the other party.
"""

from __future__ import annotations

from dataclasses import replace

from callcenter.calls import operator as operators
from callcenter.calls.commands import Answer, Hangup, SendDigits
from callcenter.calls.events import (
    BecomeNotReady,
    BecomeReady,
    DigitPressed,
    FeatureDialled,
    SignIn,
    SignOut,
)
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, FeatureCall, Phase
from callcenter.calls.turn import Turn

FEATURE_SECONDS = 15.0
"""The longest a feature code's answer may take."""
BETWEEN_DIGITS_SECONDS = 3.0

_REFUSED = {
    "seat_taken": "seat_taken",
    "already_signed_in": "already_signed_in",
    "not_signed_in": "not_signed_in",
    "wrong_pin": "pin_wrong",
    "unknown_operator": "pin_wrong",
    "unknown_code": "unknown_code",
}
"""What a refusal sounds like; every other one is `not_possible`."""


def dialled(turn: Turn, event: FeatureDialled) -> Refusal | None:
    """A seat called a feature code: do it, say what came of it, hang up."""
    refusal, said = _carry_out(turn, event.seat, event.code, pin_ok=event.pin_ok)
    if refusal is not None:
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
        )
    )
    return refusal


def answer_heard(turn: Turn, feature: FeatureCall) -> None:
    """The answer is spoken, or took too long: hang up; and forget the leg if even that fails."""
    if feature.ending and feature.deadline <= turn.now:
        turn.drop_feature(feature.leg)
        return
    turn.send(Hangup(feature.leg))
    turn.put_feature(replace(feature, ending=True, deadline=turn.now + FEATURE_SECONDS))


def digit_pressed(turn: Turn, call: Call, event: DigitPressed) -> None:
    """The operator pressed a key while talking."""
    if call.phase is not Phase.TALKING or event.leg != call.leg:
        return
    if not call.digits and event.digit != "*":
        turn.send(SendDigits(call.id, event.digit))
        return
    keyed = call.digits + event.digit
    seat = next((leg.place for leg in call.live() if leg.leg == event.leg), "")
    if not _is_complete(turn, keyed):
        until = turn.now + BETWEEN_DIGITS_SECONDS
        turn.put(replace(call, digits=keyed, digits_deadline=until))
        return
    refusal, said = _carry_out(turn, seat, keyed, pin_ok=False)
    _say_to_operator(turn, call, "not_possible" if refusal else said)


def digits_timed_out(turn: Turn, call: Call) -> None:
    """No further key came: what was keyed in is no code of ours."""
    _say_to_operator(turn, call, "unknown_code")


def _say_to_operator(turn: Turn, call: Call, prompt: str) -> None:
    name = f"{call.id}_{call.names + 1}"
    if call.leg is not None and call.has_live(call.leg):
        turn.play(call.leg, name, (prompt,))
    turn.put(replace(call, digits="", digits_deadline=None, names=call.names + 1))


def _is_complete(turn: Turn, keyed: str) -> bool:
    codes = turn.plan.feature_codes
    reasons = (reason.code for reason in turn.plan.not_ready_reasons.values())
    whole = {codes.ready, codes.sign_out, *(codes.not_ready + code for code in reasons)}
    return keyed in whole


def _carry_out(turn: Turn, seat: str, code: str, *, pin_ok: bool) -> tuple[Refusal | None, str]:
    """Do what the code says for whoever sits there; the prompt that confirms it."""
    codes = turn.plan.feature_codes
    operator = turn.operator_at(seat)
    number = operator.number if operator is not None else ""
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
