"""Leads a call to where the plan says: a queue, a partner, a prompt. Whoever decides calls `go`."""

from __future__ import annotations

from datetime import UTC, datetime

from callcenter.calls import call as calls
from callcenter.calls.state import Call, Phase
from callcenter.calls.turn import Turn
from callcenter.numberplan.decide import way_to
from callcenter.numberplan.destination import Destination, To
from callcenter.numberplan.leading import lead
from callcenter.orders.record import Outcome
from callcenter.values import replace


def go(turn: Turn, call: Call, to: Destination, announcement: str | None = None) -> None:
    """Lead the caller to `to`, or to where the plan leads instead while that is closed.

    The caller may be waiting with music, hear a prompt, or be unanswered still; nobody may be
    ringing or talking. `announcement` is spoken before the destination's own prompt.
    """
    to, _ = lead(turn.plan, to, datetime.fromtimestamp(turn.now, UTC))
    call = replace(calls.hush(turn, call), then=None, playback=None)
    words = tuple(word for word in (announcement, to.prompt) if word is not None)
    match to.to:
        case To.QUEUE:
            calls.enter_queue(turn, call, to.name, words)
        case To.PARTNER if words:
            calls.speak_first(turn, call, words, Destination(to.to, to.name))
        case To.PARTNER:
            _dial_partner(turn, call, to.name)
        case To.ANNOUNCE:
            calls.announce(turn, call, to.name, _outcome(call, Outcome.ANNOUNCED))


def spoken(turn: Turn, call: Call) -> None:
    """What the phase waited for has been said, or takes too long."""
    if call.phase is Phase.GREETING and call.then is not None:
        go(turn, call, call.then)
    else:
        calls.spoken(turn, call)


def _dial_partner(turn: Turn, call: Call, number: str) -> None:
    at = datetime.fromtimestamp(turn.now, UTC)
    way = way_to(turn.plan, number, at, call.caller, call.diverted)
    calls.dial_out(
        turn,
        replace(
            call,
            targets=way.targets,
            partner_hotline=way.number,
            partner_unit=way.owner or way.service or "",
            after_answer_digits=way.after_answer_digits,
            after_answer_pause=way.after_answer_pause,
        ),
    )


def _outcome(call: Call, otherwise: Outcome) -> Outcome:
    """An order is answered once somebody talked, whatever comes after."""
    return Outcome.ANSWERED if call.talked_with is not None else otherwise
