"""Asterisk's hang-up causes (Q.850) and SIP codes, and the core's `Ending`, both ways."""

from __future__ import annotations

from callcenter.calls.events import Ending

_BY_SIP = {
    404: Ending.UNALLOCATED,
    408: Ending.UNREACHABLE,
    410: Ending.UNALLOCATED,
    480: Ending.NO_ANSWER,
    486: Ending.BUSY,
    503: Ending.CONGESTION,
    600: Ending.BUSY,
    603: Ending.DECLINED,
    604: Ending.UNALLOCATED,
}
_BY_CAUSE = {
    0: Ending.NORMAL,
    1: Ending.UNALLOCATED,
    16: Ending.NORMAL,
    17: Ending.BUSY,
    18: Ending.UNREACHABLE,
    19: Ending.NO_ANSWER,
    20: Ending.UNREACHABLE,
    21: Ending.DECLINED,
    26: Ending.NORMAL,
    27: Ending.UNREACHABLE,
    32: Ending.NORMAL,
    34: Ending.CONGESTION,
    38: Ending.UNREACHABLE,
    42: Ending.CONGESTION,
    44: Ending.LOST,
    127: Ending.NORMAL,
}
_TO_CAUSE = {
    Ending.NORMAL: 16,
    Ending.BUSY: 17,
    Ending.NO_ANSWER: 19,
    Ending.DECLINED: 21,
    Ending.UNREACHABLE: 20,
    Ending.UNALLOCATED: 1,
    Ending.CONGESTION: 34,
    Ending.LOST: 44,
}


def ending(cause: int, sip_code: int | None) -> Ending:
    """Why a leg ended.

    Args:
        cause: Q.850 cause of ChannelDestroyed.
        sip_code: the far end's final code, only when it really sent one (see asterisk/decode.py).
    """
    if sip_code in _BY_SIP:
        return _BY_SIP[sip_code]
    return _BY_CAUSE.get(cause, Ending.UNREACHABLE)


def hangup_cause(why: Ending) -> int:
    """The Q.850 cause for refusing or ending a leg; Asterisk makes the SIP code from it."""
    return _TO_CAUSE[why]
