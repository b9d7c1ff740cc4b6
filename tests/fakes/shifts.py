"""Operators' changes and orders of one morning, for tests of figures."""

from __future__ import annotations

from dataclasses import replace

from callcenter.analytics.record import OfferEnd, StateChange
from callcenter.orders.record import OrderRecord, Outcome
from tests.fakes.orders import ENDED, another

SIGN_IN = 1_511_316_600_000
"""2017-11-22 10:10:00 in Asia/Shanghai."""


def _change(
    seconds: float, state: str, call: str | None = None, offer: OfferEnd | None = None
) -> StateChange:
    at = SIGN_IN + round(seconds * 1000)
    seat = None if state == "offline" else "seat01"
    reason = "break" if state == "not_ready" else None
    return StateChange("001", at, state, reason, seat, call, offer)


SHIFT = (
    _change(0, "not_ready"),
    _change(100, "ready"),
    _change(200, "ringing", "call-1"),
    _change(204, "talking", "call-1", OfferEnd.TAKEN),
    _change(400, "wrap_up", "call-1"),
    _change(430, "ready"),
    _change(600, "ringing", "call-2"),
    _change(620, "not_ready", None, OfferEnd.MISSED),
    _change(700, "offline"),
)
"""A short shift of 001: one talk over the end of a quarter, one call missed."""


def _order(number: int, seconds: float, outcome: Outcome, wait: int | None) -> OrderRecord:
    opened = SIGN_IN / 1000 + seconds
    return replace(
        another(number),
        opened=opened,
        queued=None if wait is None else opened,
        ended=opened + 300.0,
        outcome=outcome,
        wait_ms=wait,
        answer_within=None if wait is None else 15.0,
    )


CALLS = (
    replace(_order(1, 190, Outcome.ANSWERED, 14_000), operator="001", answered=ENDED.answered),
    replace(_order(2, 590, Outcome.ABANDONED, 30_500), waited_again_ms=0),
    _order(3, 595, Outcome.ABANDONED, 2_000),
    _order(4, 650, Outcome.TIMED_OUT, 1_800_000),
    replace(_order(5, 660, Outcome.FORWARDED, None), hotline="12319", queue=None),
)
"""The calls of that time; the first one came in the quarter before the others."""
