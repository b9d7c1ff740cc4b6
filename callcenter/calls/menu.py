"""Menus: the caller hears what can be chosen and presses a key, also while it is being said.

Nothing here leads a call on: who is to go somewhere is told where, and destination.py leads.
"""

from __future__ import annotations

from callcenter.calls import call as calls
from callcenter.calls.commands import StopPlaying
from callcenter.calls.state import Call, Phase
from callcenter.calls.turn import Turn
from callcenter.numberplan.destination import Destination, To
from callcenter.numberplan.model import Menu
from callcenter.values import replace


def enter(turn: Turn, call: Call, name: str, words: tuple[str, ...] = ()) -> Destination | None:
    """Say these words and the menu's choices.

    Where to go instead, if it is no longer there, or the caller has been in menus for too long.
    """
    menu = turn.plan.menus.get(name)
    if menu is None:
        return _way_out(turn, call)
    if _too_long(turn, call):
        return menu.otherwise
    if call.menus_until is None:
        call = replace(call, menus_until=turn.now + turn.plan.limits.menu_seconds)
    call = calls.answer(turn, calls.stop_music(turn, call))
    _say(turn, replace(call, menu=name, menu_repeats=0), menu, words)
    return None


def pressed(turn: Turn, call: Call, key: str) -> Destination | None:
    """Where the key leads; None: the choices are said again."""
    call = _hush(turn, call)
    menu = turn.plan.menus.get(call.menu or "")
    if menu is None:
        return _way_out(turn, call)
    choice = menu.choices.get(key)
    if choice is not None:
        return choice.destination
    return _again(turn, call, menu, menu.wrong)


def said(turn: Turn, call: Call) -> None:
    """All choices are said: the time for a key begins."""
    menu = turn.plan.menus.get(call.menu or "")
    seconds = 0.0 if menu is None else menu.seconds
    turn.put(replace(call, playback=None, deadline=turn.now + seconds))


def deadline(turn: Turn, call: Call) -> Destination | None:
    """No key came, or the end of the prompt was not told."""
    if call.playback is not None:
        said(turn, _hush(turn, call))
        return None
    menu = turn.plan.menus.get(call.menu or "")
    return _way_out(turn, call) if menu is None else _again(turn, call, menu, menu.none)


def _again(turn: Turn, call: Call, menu: Menu, why: str | None) -> Destination | None:
    if call.menu_repeats >= menu.repeats or _too_long(turn, call):
        return menu.otherwise
    words = () if why is None else (why,)
    _say(turn, replace(call, menu_repeats=call.menu_repeats + 1), menu, words)
    return None


def _say(turn: Turn, call: Call, menu: Menu, words: tuple[str, ...]) -> None:
    calls.speak(turn, call, Phase.MENU, (*words, menu.prompt))


def _too_long(turn: Turn, call: Call) -> bool:
    return call.menus_until is not None and call.menus_until <= turn.now


def _hush(turn: Turn, call: Call) -> Call:
    """End what is being said: who knows the key need not hear it all."""
    if call.playback is not None:
        turn.send(StopPlaying(call.id, call.playback))
    return turn.put(replace(call, playback=None))


def _way_out(turn: Turn, call: Call) -> Destination:
    """An edit took the menu out of the plan while callers were in it."""
    number = turn.plan.numbers.get(call.hotline or "")
    queue = number.queue if number is not None else next(iter(turn.plan.queues), "")
    return Destination(To.QUEUE, queue)
