"""A team leader listens to an operator's talk, whispers, barges in, or takes it over.

The team leader's softphone is rung like a seat's. While they listen, a leg that hears the
operator's telephone (a snoop) is in a bridge of its own with theirs: it follows the operator
through every bridge, and the talk does not know of it. Only who barges in is in the talk's bridge.
Each supervision has a deadline and ends with the operator's part in the call.
"""

from __future__ import annotations

from callcenter.calls import operator as operators
from callcenter.calls.commands import (
    Dial,
    Disconnect,
    Hangup,
    Join,
    Role,
    SeatAddress,
    Snoop,
)
from callcenter.calls.events import (
    Author,
    CommandFailed,
    Ending,
    EndSupervision,
    Supervise,
    SupervisionMode,
    SwitchReconciled,
)
from callcenter.calls.refusal import Refusal
from callcenter.calls.state import Call, Phase, Supervision
from callcenter.calls.talk import scene
from callcenter.calls.turn import END_SECONDS, Turn
from callcenter.calls.wallboard import OperatorStatus
from callcenter.orders.record import LegRecord, LegRole
from callcenter.values import replace

RING_SECONDS = 30.0
"""How long a team leader's softphone rings."""
MAX_FAILURES = 3
_IN_TALK = frozenset({SupervisionMode.BARGE, SupervisionMode.TAKE_OVER})
_TALKS = frozenset({Phase.TALKING, Phase.THREE_WAY})
_OVER = frozenset({Phase.ENDING, Phase.NATIVE})


# -- requests --------------------------------------------------------------------------------------


def supervise(turn: Turn, by: Author, request: Supervise) -> Refusal | None:
    """Ring the team leader, or let them take part in another way."""
    operator = turn.operator(request.operator)
    call = turn.call(operator.call) if operator.call is not None else None
    if request.operator not in turn.plan.operators:
        return Refusal("unknown_operator", f"没有工号{request.operator}，请核对。")
    target = None if call is None else _leg_of(call, request.operator)
    if operator.status is not OperatorStatus.TALKING or call is None or target is None:
        return Refusal("not_in_call", f"{request.operator}号当前没有通话。")
    if not _is_possible(request.mode, call, target):
        return Refusal("talk_busy", "正在报工号、转接或保持，暂时不能加入；请稍后再试，或先监听。")
    current = of_operator(turn, request.operator)
    if current is None:
        return _begin(turn, by, request, call, target)
    if current.by.name != by.name:
        return Refusal("already_supervised", f"{current.by.name}正在监听{request.operator}号。")
    if current.mode is not request.mode:
        current = turn.put_supervision(replace(current, mode=request.mode))
        if current.answered is not None:
            _take_part(turn, current)
    return None


def end(turn: Turn, by: Author, request: EndSupervision) -> Refusal | None:
    """Any team leader may end it."""
    current = of_operator(turn, request.operator)
    if current is None:
        return Refusal("not_supervised", f"没有人在监听{request.operator}号。")
    _end(turn, current)
    return None


def of_operator(turn: Turn, operator: str) -> Supervision | None:
    """Who takes part in that operator's talk, or is being rung for it."""
    found = (each for each in turn.supervisions() if each.operator == operator)
    return next((each for each in found if not each.ending), None)


def seats(turn: Turn) -> frozenset[str]:
    """Seats whose softphone a team leader uses: they are offered no call."""
    taken_over = {
        leg.place for call in turn.calls() for leg in call.live() if leg.role is LegRole.SUPERVISOR
    }
    return frozenset(taken_over | {each.seat for each in turn.supervisions()})


def _begin(turn: Turn, by: Author, request: Supervise, call: Call, target: str) -> Refusal | None:
    seat = _seat(turn, by, request.seat)
    if isinstance(seat, Refusal):
        return seat
    call, leg = _named(turn, call)
    turn.send(
        Dial(
            call=call.id,
            leg=leg,
            role=Role.SUPERVISOR,
            to=SeatAddress(seat),
            seconds=RING_SECONDS,
            caller_number=request.operator,
            caller_name=f"监听 {request.operator}",
        )
    )
    turn.put_supervision(
        Supervision(
            leg=leg,
            call=call.id,
            operator=request.operator,
            target=target,
            seat=seat,
            by=by,
            mode=request.mode,
            began=turn.now,
            deadline=turn.now + RING_SECONDS + END_SECONDS,
        )
    )
    return None


def _seat(turn: Turn, by: Author, wanted: str) -> str | Refusal:
    """The seat that is rung: a free one, or where the team leader is signed in."""
    own = turn.operator(by.operator).seat if by.operator else None
    seat = wanted or own
    if not seat:
        return Refusal("no_seat", "您没有签入席位，请说明用哪个席位的话机（seat）。")
    if seat not in turn.plan.seats:
        return Refusal("unknown_seat", f"没有席位{seat}，请核对席位编号。")
    there = turn.operator_at(seat)
    if there is not None and there.number != by.operator:
        return Refusal("seat_taken", f"席位已由{there.number}号签入，请换一个席位。")
    busy = there is not None and there.status in operators.BUSY
    if busy or seat in seats(turn) or turn.seat_is_engaged(seat):
        return Refusal("seat_in_call", f"席位{seat}的话机正在通话，请先结束或换一个席位。")
    if not turn.seat_is_reachable(seat):
        return Refusal("seat_unreachable", f"席位{seat}的话机未注册，请检查话机。")
    return seat


# -- facts -----------------------------------------------------------------------------------------


def answered(turn: Turn, leg: str) -> bool:
    """A team leader has answered, or a snoop is there; whether that leg is one of these."""
    current = turn.supervision(leg)
    if current is not None:
        if current.answered is None and not current.ending:
            until = turn.now + turn.plan.limits.talk_seconds
            answered = replace(current, answered=turn.now, deadline=until)
            _take_part(turn, turn.put_supervision(answered))
        return True
    current = _with_snoop(turn, leg)
    if current is None:
        return False
    turn.send(Join(leg, current.bridge, make=False))
    return True


def leg_ended(turn: Turn, leg: str) -> bool:
    """The team leader hung up or cannot be reached, or the snoop is gone; whether it was one."""
    current = turn.supervision(leg)
    if current is not None:
        _end(turn, current, leg_is_gone=True)
        return True
    current = _with_snoop(turn, leg)
    if current is None:
        return False
    _end(turn, replace(current, snoop=None))  # the operator's leg is gone too, or soon told so
    return True


def command_failed(turn: Turn, event: CommandFailed) -> bool:
    """They could not be brought together; whether it was about a supervision."""
    current = turn.supervision(event.leg) or _with_snoop(turn, event.leg)
    if current is None:
        return False
    if event.command not in (Join.__name__, Snoop.__name__) or current.ending:
        return True
    if current.mode is SupervisionMode.BARGE and current.failures < MAX_FAILURES:
        failed = replace(current, mode=SupervisionMode.LISTEN, failures=current.failures + 1)
        _take_part(turn, turn.put_supervision(failed))
    else:
        _end(turn, current)
    return True


def deadlines(turn: Turn) -> None:
    """Not answered in time, listened for too long, or a hang-up of which nothing was heard."""
    for current in list(turn.supervisions()):
        if current.deadline > turn.now:
            continue
        if current.ending and current.failures >= MAX_FAILURES:
            turn.drop_supervision(current.leg)
        elif current.ending:
            turn.send(Hangup(current.leg))
            again = replace(current, failures=current.failures + 1)
            turn.put_supervision(replace(again, deadline=turn.now + END_SECONDS))
        else:
            _end(turn, current)


def settle(turn: Turn) -> None:
    """Supervisions end with the operator's part in the call; who barged into a talk that has
    changed its bridge listens to it."""
    for current in list(turn.supervisions()):
        call = turn.call(current.call)
        if current.ending:
            continue
        if call is None or call.phase in _OVER or not call.has_live(current.target):
            _end(turn, current)
        elif current.joined is not None and (
            not _talks(call, current.target) or call.bridge != current.joined
        ):
            listens = replace(current, mode=SupervisionMode.LISTEN)
            _take_part(turn, turn.put_supervision(listens))


def reconnect(turn: Turn, event: SwitchReconciled) -> frozenset[str]:
    """After a restart of ours: whose leg is gone is gone, all else is done again.

    Returns the legs that belong to supervisions.
    """
    there = set(event.legs)
    known: set[str] = set()
    for each in list(turn.supervisions()):
        known |= {each.leg} | ({each.snoop} if each.snoop is not None else set())
        current = each if each.snoop in there else replace(each, snoop=None)
        turn.put_supervision(current)
        if current.leg not in there:
            _end(turn, current, leg_is_gone=True)
        elif current.ending:
            turn.send(Hangup(current.leg))
        elif current.leg in event.answered and current.answered is None:
            answered(turn, current.leg)
        elif current.answered is not None:
            _take_part(turn, current, again=True)
    return frozenset(known)


def bridges(turn: Turn) -> frozenset[str]:
    """Bridges of their own."""
    return frozenset(each.bridge for each in turn.supervisions() if not each.ending)


# -- taking part -----------------------------------------------------------------------------------


def _take_part(turn: Turn, current: Supervision, *, again: bool = False) -> None:
    """Let the team leader take part as `mode` says; may be repeated."""
    call = turn.call(current.call)
    if call is None:
        return  # settle ends it
    if not _is_possible(current.mode, call, current.target):
        current = replace(current, mode=SupervisionMode.LISTEN)
    match current.mode:
        case SupervisionMode.BARGE:
            _barge(turn, current, call)
        case SupervisionMode.TAKE_OVER:
            _take_over(turn, current, call)
        case _:
            _listen(turn, current, call, again=again)


def _listen(turn: Turn, current: Supervision, call: Call, *, again: bool) -> None:
    """In a bridge with a snoop; each way of hearing needs a snoop of its own."""
    turn.send(Join(current.leg, current.bridge, make=True))
    if again and current.snoop is not None:
        turn.send(Join(current.snoop, current.bridge, make=False))
        return
    if current.snoop is not None:
        turn.send(Hangup(current.snoop))
    _, snoop = _named(turn, call)
    whisper = current.mode is SupervisionMode.WHISPER
    turn.send(Snoop(snoop, current.target, whisper=whisper))
    turn.put_supervision(replace(current, snoop=snoop, joined=None))


def _barge(turn: Turn, current: Supervision, call: Call) -> None:
    assert call.bridge is not None  # _talks
    if current.snoop is not None:
        turn.send(Hangup(current.snoop))
    turn.send(Join(current.leg, call.bridge, make=False))
    turn.put_supervision(replace(current, snoop=None, joined=call.bridge, barged=True))


def _take_over(turn: Turn, current: Supervision, call: Call) -> None:
    """The team leader's leg takes the place of the operator's, who is free to wrap up."""
    if current.snoop is not None:
        turn.send(Hangup(current.snoop))
    released = call.leg
    operators.start_wrap_up(turn, call)
    leader = turn.operator(current.by.operator) if current.by.operator else None
    number = leader.number if leader is not None and leader.seat == current.seat else None
    call = replace(
        call,
        legs=(*call.legs, _leg_record(current)),
        leg=current.leg,
        operator=number,
        talked_with=number or call.talked_with,
        digits="",
        digits_deadline=None,
    )
    scene.go_on(turn, replace(call, muted=False))
    turn.hang_up(call, released)
    turn.send(Disconnect(current.bridge))
    if leader is not None and number is not None:
        turn.put_operator(
            replace(
                leader,
                status=OperatorStatus.TALKING,
                since=turn.now,
                call=call.id,
                deadline=None,
                reason=None,
                reason_after=leader.reason,
            )
        )
    turn.drop_supervision(current.leg)


def _end(turn: Turn, current: Supervision, *, leg_is_gone: bool = False) -> None:
    """Hang up what is left of it."""
    if not current.ending:
        turn.supervision_ended(current)
        if current.snoop is not None:
            turn.send(Hangup(current.snoop))
        if current.answered is not None:
            turn.send(Disconnect(current.bridge))
        call = turn.call(current.call)
        if current.barged and call is not None:
            left = replace(_leg_record(current), ended=turn.now, outcome=Ending.NORMAL.value)
            turn.put(replace(call, legs=(*call.legs, left)))
    if leg_is_gone:
        turn.drop_supervision(current.leg)
        return
    turn.send(Hangup(current.leg))
    ending = replace(current, ending=True, snoop=None, joined=None, failures=0)
    turn.put_supervision(replace(ending, deadline=turn.now + END_SECONDS))


def _named(turn: Turn, call: Call) -> tuple[Call, str]:
    """A name for a leg of ours: it is none of the call's own legs."""
    name = f"{call.id}_v{call.names + 1}"
    return turn.put(replace(call, names=call.names + 1)), name


def _leg_record(current: Supervision) -> LegRecord:
    return LegRecord(
        leg=current.leg,
        role=LegRole.SUPERVISOR,
        party=current.by.name,
        place=current.seat,
        began=current.began,
        answered=current.answered,
    )


def _leg_of(call: Call, operator: str) -> str | None:
    """The operator's own leg: that of a colleague who was brought in is another than the call's."""
    colleague = next((each for each in call.parties if each.operator == operator), None)
    return call.leg if colleague is None else colleague.leg


def _is_possible(mode: SupervisionMode, call: Call, target: str) -> bool:
    """Whether that can be done now; only who leads the call can be relieved of it."""
    if mode not in _IN_TALK:
        return True
    leads = mode is not SupervisionMode.TAKE_OVER or call.leg == target
    return leads and _talks(call, target)


def _talks(call: Call, target: str) -> bool:
    """Whether that operator speaks with the caller, and nobody is rung."""
    return call.phase in _TALKS and target in call.scene.talk and call.has_live(target)


def _with_snoop(turn: Turn, leg: str) -> Supervision | None:
    return next((each for each in turn.supervisions() if each.snoop == leg), None)
