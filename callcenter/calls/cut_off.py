"""Asterisk has ended under its calls and was started anew: none of them is there any more.

Nobody hung up, so whoever was to be served, or was being served, is to be called back.
"""

from __future__ import annotations

from callcenter.calls import call as calls
from callcenter.calls.events import Ending
from callcenter.calls.state import Call, Phase
from callcenter.calls.turn import Turn
from callcenter.orders.record import Outcome
from callcenter.values import replace

_IN_SERVICE = frozenset(
    {
        Phase.GREETING,
        Phase.MENU,
        Phase.WAITING,
        Phase.OFFERED,
        Phase.INTRODUCING,
        Phase.TALKING,
        Phase.TRANSFERRING,
        Phase.THREE_WAY,
        Phase.HELD,
        Phase.CONSULTING,
        Phase.FORWARDING,
        Phase.FORWARDED,
        Phase.ARRANGING,
    }
)
"""What callers came for is not done yet. What they have said in a survey or left as a message
stays, and whom we call is called again."""


def is_new(turn: Turn, switch: str) -> bool:
    """Whether another run of Asterisk than before tells which legs there are; noted from now on."""
    before = turn.switch
    if switch:
        turn.put_switch(switch)
    return bool(before and switch and switch != before)


def end(turn: Turn, call: Call, legs: tuple[str, ...]) -> bool:
    """These legs of the call are gone with Asterisk. Whether that has ended it."""
    if call.phase is Phase.NATIVE:
        turn.put(replace(call, cut_off=True))  # the record may have been written before
        return False
    if call.phase not in _IN_SERVICE or call.outbound is not None or call.id not in legs:
        return False
    for leg in legs:
        call = turn.leg_ended(call, leg, Ending.LOST)
    calls.end(turn, replace(call, cut_off=True), Outcome.INTERRUPTED, by="system")
    return True
