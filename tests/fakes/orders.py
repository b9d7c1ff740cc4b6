"""Order records as a call leaves them, for tests."""

from __future__ import annotations

from dataclasses import replace

from callcenter.orders.record import Channel, LegRecord, LegRole, OrderRecord, Outcome

MORNING = 1511317865.25
"""2017-11-22 10:31:05.25 in Asia/Shanghai."""

WAITING = OrderRecord(
    call="call-1",
    number="320481-20171122-0252",
    version=1,
    channel=Channel.PHONE,
    opened=MORNING,
    caller="+8651987200000",
    caller_raw="051987200000",
    caller_withheld=False,
    trunk="telecom",
    dialled="12345",
    first_dialled="12345",
    hotline="12345",
    hotline_service="政府公共服务热线",
    owner="政务办",
    queue="main",
    queued=MORNING + 4,
    legs=(LegRecord("call-1", LegRole.CALLER, "+8651987200000", "telecom", MORNING, MORNING),),
)
"""A call that waits in the queue."""

ENDED = replace(
    WAITING,
    version=4,
    operator="001",
    answered=MORNING + 9,
    ended=MORNING + 130,
    outcome=Outcome.ANSWERED,
    ended_by="caller",
    legs=(
        replace(WAITING.legs[0], ended=MORNING + 130, outcome="normal"),
        LegRecord(
            "call-1-2",
            LegRole.OPERATOR,
            "002",
            "seat02",
            MORNING + 4,
            None,
            MORNING + 6,
            "declined",
        ),
        LegRecord(
            "call-1-3",
            LegRole.OPERATOR,
            "001",
            "seat01",
            MORNING + 6,
            MORNING + 9,
            MORNING + 130,
            "normal",
        ),
    ),
)
"""The same call, declined by 002, answered by 001 and over."""


TRANSFERRED = replace(
    ENDED,
    version=5,
    legs=(
        *ENDED.legs,
        LegRecord(
            "call-1-4",
            LegRole.PARTNER,
            "051912319",
            "telecom",
            MORNING + 60,
            None,
            MORNING + 90,
            "no_answer",
            hotline="12319",
            unit="城管局",
        ),
    ),
)
"""The same call, in which 001 also tried a partner, who did not answer."""


def another(sequence: int, **changes: object) -> OrderRecord:
    """A further waiting call of that day."""
    fresh = replace(WAITING, call=f"call-{sequence}", number=f"320481-20171122-{sequence:04}")
    return replace(fresh, **changes)  # type: ignore[arg-type]
