"""From the journal to the state: the last snapshot, then every event after it, again."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from callcenter.calls.centre import LOGIC_VERSION, step
from callcenter.calls.codec import decode_centre, decode_event
from callcenter.calls.state import Centre
from callcenter.numberplan.loader import load_source
from callcenter.numberplan.model import Plan
from callcenter.store.journal import Journal

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Restored:
    """The state as the journal tells it, after event `seq`."""

    centre: Centre
    seq: int


async def restore(journal: Journal, plan: Plan) -> Restored:
    """Replay the journal. `plan` is the one in force now; older ones are read from the journal.

    Events that were rejected are passed over, as they changed nothing. An event that this version
    of the logic cannot handle any more is passed over too, and logged.
    """
    centre, seq = await _from_snapshot(journal)
    plans = {plan.hash: plan}
    while entries := await journal.entries_after(seq):
        for entry in entries:
            seq = entry.seq
            if entry.rejected is not None:
                continue
            if entry.plan not in plans:
                plans[entry.plan] = await _old_plan(journal, entry.plan) or plan
            try:
                event = decode_event(entry.kind, entry.body)
                step(centre, event, plans[entry.plan], entry.at)
            except Exception:
                log.exception("event_not_replayed", seq=seq, kind=entry.kind)
    return Restored(centre, seq)


async def _from_snapshot(journal: Journal) -> tuple[Centre, int]:
    snapshot = await journal.last_snapshot()
    if snapshot is None or snapshot.logic != LOGIC_VERSION:
        return Centre(), 0
    try:
        return decode_centre(snapshot.body), snapshot.seq
    except ValidationError as error:
        log.warning("snapshot_unreadable", seq=snapshot.seq, error=str(error))
        return Centre(), 0


async def _old_plan(journal: Journal, plan: str) -> Plan | None:
    source = await journal.plan(plan)
    if source is None:
        log.warning("plan_not_in_journal", plan=plan)
        return None
    return load_source(source)
