"""Callers who keep others from being served: the blocklist, limits of calls, nuisances, silence.

Calls for emergency numbers are never touched, and a caller whose number is one of the plan (a
department that forwards its calls) is never kept out; nor is one who withheld the number, of whom
nothing is known. Who is kept out leaves an order as any other.
"""

from __future__ import annotations

from callcenter.calls import call as calls
from callcenter.calls.events import (
    BlockCaller,
    Ending,
    KeepCaller,
    MarkNuisance,
    ReleaseSilent,
    UnblockCaller,
)
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import WITH_OPERATOR, Block, BlockChange, Call, Phase, SilentRelease
from callcenter.calls.turn import Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.callers import normalised
from callcenter.numberplan.model import Action, Plan, Treatment
from callcenter.orders.record import Barred, Outcome
from callcenter.values import replace

KEPT_CHANGES = 500
"""So many changes of the blocklist are remembered."""
SHORTEST_PREFIX = 5
"""Digits, country code included: a shorter prefix would keep out a whole city."""
PREFIX = "*"
"""Ends a blocked prefix."""
BY_RULE = "rule"
"""Who blocks whom operators marked often enough."""
SILENT = "silent"
"""Who ended a call of whose caller nothing was heard."""


# -- who is let in ---------------------------------------------------------------------------------


def admit(turn: Turn, call: Call, action: Action) -> Call | None:
    """The call, if its caller is let in; None where it was refused or told why."""
    number = call.caller
    if number is None or action is Action.EMERGENCY or is_ours(turn.plan, number):
        return call
    rules = turn.plan.protection
    block = blocked(turn, number)
    if block is not None:
        return _bar(turn, call, Barred.BLOCKED, block.treatment, rules.blocked_prompt)
    if _calls_too_often(turn, number):
        return _bar(turn, call, Barred.LIMITED, rules.limited, rules.limited_prompt)
    return call


def is_ours(plan: Plan, number: str) -> bool:
    """Whether it is a number of the plan or a department's own line."""
    return plan.directory.find(number) is not None or plan.own_lines.find(number) is not None


def blocked(turn: Turn, number: str) -> Block | None:
    """The entry that keeps this number (E.164) out now; of several the most exact one."""
    found = turn.shield.blocks
    if not found:
        return None
    names = (number, *(number[:end] + PREFIX for end in range(len(number), 0, -1)))
    entries = (found[name] for name in names if name in found)
    return next((each for each in entries if each.until > turn.now), None)


def _bar(
    turn: Turn, call: Call, why: Barred, treatment: Treatment, prompt: str | None
) -> Call | None:
    call = turn.put(replace(call, barred=why))
    if treatment is Treatment.LAST:
        return turn.put(replace(call, last_in_line=True))
    if treatment is Treatment.ANNOUNCE and prompt is not None:
        calls.announce(turn, call, prompt, Outcome.REJECTED)
    else:
        calls.reject(turn, call, Ending.DECLINED, Outcome.REJECTED)
    return None


def _calls_too_often(turn: Turn, number: str) -> bool:
    """Whether some limit is reached; a call that is let in is remembered as long as it counts.

    Who is refused is not counted: as soon as the earlier calls are old enough, one is let in.
    """
    limits = turn.plan.protection.limits
    longest = max((limit.minutes for limit in limits), default=0.0) * 60
    turn.forget_callers(turn.now - longest)
    earlier = tuple(at for at in turn.recent_calls(number) if at > turn.now - longest)
    for limit in limits:
        if sum(at > turn.now - limit.minutes * 60 for at in earlier) >= limit.calls:
            return True
    if limits:
        turn.put_recent_calls(number, (*earlier, turn.now))
    return False


# -- the blocklist ---------------------------------------------------------------------------------


def block(turn: Turn, request: BlockCaller) -> Refusal | None:
    """Keep a number, or all that begin so, out for a while; a second time changes the entry."""
    number = as_entry(turn.plan, request.number)
    if number is None:
        sentence = f"“{request.number}”不是电话号码，请写完整号码，或至少五位的号段加星号。"
        return Refusal("not_a_number", sentence)
    if request.until <= turn.now:
        return Refusal("over_already", "截止时间已过，请填写将来的时间。")
    if is_ours(turn.plan, number) or number.lstrip("+") in turn.plan.emergencies:
        return Refusal("number_of_plan", f"{request.number}是本平台的号码，不能列入黑名单。")
    _put_block(
        turn,
        Block(
            number=number,
            since=turn.now,
            until=request.until,
            reason=request.reason,
            treatment=request.treatment,
            by=request.by,
        ),
    )
    return None


def unblock(turn: Turn, request: UnblockCaller) -> Refusal | None:
    """Let a number in again."""
    number = as_entry(turn.plan, request.number) or request.number
    entry = turn.shield.blocks.get(number)
    if entry is None or entry.until <= turn.now:
        return Refusal("not_blocked", f"黑名单中没有{request.number}，请核对。")
    rest = {name: each for name, each in turn.shield.blocks.items() if name != number}
    change = BlockChange(at=turn.now, by=request.by, number=number)
    turn.shield = replace(turn.shield, blocks=_current(turn, rest), changes=_with(turn, change))
    return None


def as_entry(plan: Plan, written: str) -> str | None:
    """A number as E.164, or a prefix as `+86138*`; None where it is neither."""
    text = written.strip()
    if not text.endswith(PREFIX):
        return normalised(text, plan.area_code, plan.country_code)
    digits = "".join(letter for letter in text[:-1] if letter not in " -.()")
    if not (digits.removeprefix("+").isascii() and digits.removeprefix("+").isdigit()):
        return None
    if not digits.startswith("+"):
        digits = f"+{plan.country_code}{digits.lstrip('0')}"
    return digits + PREFIX if len(digits) > SHORTEST_PREFIX else None


def _put_block(turn: Turn, entry: Block) -> None:
    change = BlockChange(
        at=turn.now, by=entry.by, number=entry.number, until=entry.until, reason=entry.reason
    )
    blocks = {**_current(turn, turn.shield.blocks), entry.number: entry}
    turn.shield = replace(turn.shield, blocks=blocks, changes=_with(turn, change))


def _current(turn: Turn, blocks: dict[str, Block]) -> dict[str, Block]:
    """Without the entries whose time is over."""
    return {name: each for name, each in blocks.items() if each.until > turn.now}


def _with(turn: Turn, change: BlockChange) -> tuple[BlockChange, ...]:
    return (*turn.shield.changes, change)[-KEPT_CHANGES:]


# -- nuisances -------------------------------------------------------------------------------------


def mark(turn: Turn, request: MarkNuisance) -> Refusal | None:
    """The operator's present caller is a nuisance; marked often enough, the number is blocked."""
    call = _call_of(turn, request.operator)
    if call is None:
        return Refusal("not_in_call", "当前没有通话，不能标记骚扰电话。")
    if call.outbound is not None:
        return Refusal("not_a_callers", "这是外呼，不能标记骚扰电话。")
    if call.nuisance:
        return None
    turn.put(replace(call, nuisance=request.operator))
    rule = turn.plan.protection.nuisance
    if rule is None or call.caller is None or is_ours(turn.plan, call.caller):
        return None
    oldest = turn.now - rule.days * 86400
    marks = {
        number: tuple(at for at in times if at > oldest)
        for number, times in turn.shield.marks.items()
        if times[-1] > oldest
    }
    marks[call.caller] = (*marks.get(call.caller, ()), turn.now)
    turn.shield = replace(turn.shield, marks=marks)
    if len(marks[call.caller]) >= rule.marks:
        _put_block(
            turn,
            Block(
                number=call.caller,
                since=turn.now,
                until=turn.now + rule.block_hours * 3600,
                reason=f"{rule.days:g}天内被标记骚扰{len(marks[call.caller])}次",
                treatment=rule.treatment,
                by=BY_RULE,
            ),
        )
    return None


# -- silence ---------------------------------------------------------------------------------------


def release_silent(turn: Turn, request: ReleaseSilent) -> Refusal | None:
    """Nothing is heard of the caller: they are told, and the call ends a little later."""
    rule = turn.plan.protection.silent
    call = _call_of(turn, request.operator)
    if rule is None:
        return Refusal("no_rule", "没有设置无声来电的处理办法，请联系管理员。")
    if call is None or call.phase is not Phase.TALKING or call.leg is None:
        return Refusal("not_in_call", "当前没有与来电人通话，不能按无声来电处理。")
    if call.release is not None and call.release.leg == call.leg:
        return None
    turn.play(call.id, f"{call.id}_{call.names + 1}", (rule.prompt,))
    release = SilentRelease(leg=call.leg, at=turn.now + rule.seconds)
    turn.put(replace(call, names=call.names + 1, release=release))
    return None


def keep(turn: Turn, request: KeepCaller) -> Refusal | None:
    """The caller was heard after all."""
    call = _call_of(turn, request.operator)
    if call is None or call.release is None:
        return Refusal("not_released", "当前来电没有按无声来电处理，不用取消。")
    turn.put(replace(call, release=None))
    return None


def silent_too_long(turn: Turn, call: Call) -> None:
    """The time is over: the call ends, unless the talk has become another one meanwhile."""
    release, call = call.release, turn.put(replace(call, release=None))
    if release is not None and call.phase is Phase.TALKING and call.leg == release.leg:
        calls.end(turn, call, Outcome.ANSWERED, by=SILENT)


def lost(turn: Turn, call: Call) -> Call:
    """No audio at all came from the caller, so that Asterisk ended the leg."""
    return turn.put(replace(call, ended_by=SILENT)) if call.phase in WITH_OPERATOR else call


def _call_of(turn: Turn, operator: str) -> Call | None:
    """The call that the operator talks in."""
    state = turn.operator(operator)
    if state.status is not OperatorStatus.TALKING or state.call is None:
        return None
    return turn.call(state.call)
