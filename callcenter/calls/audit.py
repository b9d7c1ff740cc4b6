"""Who did what to whom: one row of every act of a team leader, also of those that were refused.

Rows are kept as orders are: in the journal with the event that they are about, then in the order
store (store/audit.py).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime

from callcenter.calls.events import Act, Author, Led, Request
from callcenter.calls.refusal import Refusal
from callcenter.clock import SHANGHAI

ENDED = "supervision_ended"
"""The act with which the centre itself notes that a supervision is over."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One row. Nothing of it ever changes."""

    id: str
    """Its moment and number: no other row has it, whatever journal it came from."""
    at: float
    """Seconds since 1970 UTC."""
    who: str
    """An operator's number, or role and token."""
    address: str
    """Where the request came from."""
    act: str
    """`listen`, `whisper`, `release`: the request's name in small letters."""
    operator: str
    """About whom; empty where it is about a call alone."""
    call: str
    """The call that it is about; empty where there is none."""
    detail: str
    """What else was asked for: `seat=seat20`, parted by commas."""
    refusal: str
    """The reason's code; empty where the act was done."""


def allowed(act: Act) -> Refusal | None:
    """Why this person may not do that, if so."""
    if act.by.leads:
        return None
    return Refusal("not_a_team_leader", "只有班长和管理员可以这样做；请班长处理。")


def record_of(act: Act, *, call: str, now: float, number: int, refusal: str) -> AuditRecord:
    """The row of an act; `call` is the operator's at that time, unless the act names one."""
    asked = {each.name: getattr(act.request, each.name) for each in fields(act.request)}
    asked.pop("by", None)  # who acts, once more
    if "until" in asked:
        moment = datetime.fromtimestamp(asked["until"], SHANGHAI)
        asked["until"] = moment.isoformat(sep=" ", timespec="minutes")[:16]
    name = str(asked.pop("mode", "")) or _name(act.request)
    return AuditRecord(
        id=f"{now:.6f}-{number}",
        at=now,
        who=act.by.name,
        address=act.by.address,
        act=name,
        operator=str(asked.pop("operator", "")),
        call=str(asked.pop("call", call)),
        detail=_detail(asked),
        refusal=refusal,
    )


def failed_act(act: Act, now: float, seq: int) -> AuditRecord:
    """The row of an act on which the core failed; `seq` is its place in the journal."""
    row = record_of(act, call="", now=now, number=seq, refusal="internal_error")
    return replace(row, id=f"{row.id}-failed")


def ended(
    by: Author, *, operator: str, call: str, since: float, now: float, number: int
) -> AuditRecord:
    """The row of a supervision's end, however that came."""
    return AuditRecord(
        id=f"{now:.6f}-{number}",
        at=now,
        who=by.name,
        address=by.address,
        act=ENDED,
        operator=operator,
        call=call,
        detail=_detail({"seconds": round(max(0.0, now - since), 1)}),
        refusal="",
    )


def _detail(asked: dict[str, object]) -> str:
    given = {name: value for name, value in asked.items() if value not in ("", None)}
    return ", ".join(f"{name}={value}" for name, value in given.items())


def _name(request: Request | Led) -> str:
    letters = type(request).__name__
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in letters)[1:]
