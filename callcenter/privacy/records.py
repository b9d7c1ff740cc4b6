"""Records without what says who somebody is: what is counted in figures stays as it was.

Erased, not replaced by a pseudonym: whoever tries all telephone numbers finds the one behind any.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from callcenter.calls.audit import AuditRecord
from callcenter.orders.outbound import Called, OutboundRecord
from callcenter.orders.record import LegRecord, LegRole, OrderRecord

Ours = Callable[[str], bool]
"""Whether a number is the plan's own, and so nobody's."""
GONE = "erased"
_NUMBER = re.compile(r"\bnumber=[^,]*")
_WORDS = re.compile(r"\b(reason|result)=.*?(?=, \w+=|$)")
_ABOUT_CALLERS = frozenset({"block_caller", "unblock_caller", "close_missed", "call_missed"})


def without_person(record: OrderRecord, ours: Ours) -> OrderRecord:
    """The order without the caller, their reference elsewhere and what they said."""
    first = record.first_dialled
    return replace(
        record,
        caller=None,
        caller_raw="",
        first_dialled=first if first is not None and ours(first) else None,
        reference=None,
        legs=tuple(replace(leg, party="") if is_persons(leg) else leg for leg in record.legs),
        answers=tuple(replace(answer, recording="") for answer in record.answers),
    )


def is_persons(leg: LegRecord) -> bool:
    """Whether the leg's number is a caller's, or one that is not in the plan."""
    return leg.role is LegRole.CALLER or (leg.role is LegRole.PARTNER and not leg.hotline)


def called_nobody(record: OutboundRecord) -> OutboundRecord:
    """The call that an operator made, without the citizen's number; a unit's stays."""
    return record if record.called is Called.UNIT else replace(record, number="")


def about_nobody(row: AuditRecord) -> AuditRecord:
    """The row without a caller's number, and without what was written of the caller."""
    return replace(row, detail=detail_without_person(row.act, row.detail))


def detail_without_person(act: str, detail: str) -> str:
    """The same of a row's detail alone."""
    detail = _NUMBER.sub(f"number={GONE}", detail)
    if act not in _ABOUT_CALLERS:
        return detail
    return _WORDS.sub(lambda found: f"{found[1]}={GONE}", detail)
