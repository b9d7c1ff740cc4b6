"""Leads a call to where the plan says; whoever decides that calls `go`.

Menus and voice boxes are places of this kind too: what happens in them comes through here.
"""

from __future__ import annotations

from callcenter.calls import arranging, menu, voice_mail
from callcenter.calls import call as calls
from callcenter.calls.commands import Guard
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
    to, _ = lead(turn.plan, to, turn.wall())
    if not call.guarded:  # came back from the dialplan in this very turn
        turn.send(Guard(call.id))
        call = replace(call, guarded=True)
    call = calls.hush(turn, call)
    until = call.menus_until if to.to is To.MENU else None
    call = replace(call, then=None, playback=None, menus_until=until)
    words = tuple(word for word in (announcement, to.prompt) if word is not None)
    match to.to:
        case To.QUEUE:
            calls.enter_queue(turn, call, to.name, words)
        case To.MENU:
            _follow(turn, call, menu.enter(turn, call, to.name, words))
        case To.VOICE_BOX:
            voice_mail.enter(turn, call, to.name, words)
        case To.PARTNER if words:
            calls.speak_first(turn, call, words, Destination(to.to, to.name))
        case To.PARTNER:
            _dial_partner(turn, call, to.name)
        case To.CALLBACK if words:
            calls.speak_first(turn, call, words, Destination(to.to, to.name))
        case To.CALLBACK:
            arranging.begin_instead(turn, call, to.name)
        case To.ANNOUNCE:
            calls.announce(turn, call, to.name, calls.talked_or(call, Outcome.ANNOUNCED))


def spoken(turn: Turn, call: Call) -> None:
    """The prompt that the phase waited for is over (or could not be played)."""
    match call.phase:
        case Phase.GREETING if call.then is not None:
            go(turn, call, call.then)
        case Phase.MENU:
            menu.said(turn, call)
        case Phase.VOICE_MAIL:
            voice_mail.said(turn, call)
        case _:
            calls.spoken(turn, call)


def deadline(turn: Turn, call: Call) -> None:
    """The phase lasted too long."""
    match call.phase:
        case Phase.GREETING:
            spoken(turn, call)
        case Phase.MENU:
            _follow(turn, call, menu.deadline(turn, call))
        case Phase.VOICE_MAIL:
            voice_mail.deadline(turn, call)
        case _:
            calls.deadline(turn, call)


def key_pressed(turn: Turn, call: Call, key: str) -> None:
    """The caller in a menu pressed a key."""
    _follow(turn, call, menu.pressed(turn, call, key))


def _follow(turn: Turn, call: Call, to: Destination | None) -> None:
    if to is not None:
        go(turn, turn.call(call.id) or call, to)


def _dial_partner(turn: Turn, call: Call, number: str) -> None:
    at = turn.wall()
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
