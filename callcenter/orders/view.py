"""A work order as people and programs read it: times of Asia/Shanghai, withheld callers masked.

The API and `callcenter orders --json` give the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from callcenter.orders.entry import (
    REFUSAL_REASON_TITLES,
    REQUEST_TYPE_TITLES,
    RefusalReason,
    RequestType,
)
from callcenter.orders.numbers import shown
from callcenter.orders.outbound import Called, OutboundOutcome, OutboundRecord
from callcenter.orders.record import Barred, Channel, Gap, LegRecord, LegRole, OrderRecord, Outcome
from callcenter.orders.times import local
from callcenter.store.orders import EntryChange, EntryState, Order
from callcenter.store.recordings import Recording, RecordingKind, RemovedBecause

MASKED = "withheld"
"""Stands for the number of a caller who withheld it."""
_SAME = (
    *("call", "channel", "caller_withheld", "trunk", "dialled", "first_dialled", "hotline"),
    *("hotline_service", "owner", "queue", "operator", "outcome", "ended_by", "barred", "nuisance"),
    "voice_box",
    "reference",
)
"""Shown as they are kept."""


class View(BaseModel):
    """Base of what is shown."""

    model_config = ConfigDict(frozen=True)


class LegView(View):
    """One leg of the call."""

    role: LegRole
    party: str = Field(description="Operator's number, number dialled, or the caller's own.")
    place: str = Field(description="Seat or trunk.")
    began: datetime
    answered: datetime | None
    ended: datetime | None
    outcome: str | None = Field(description="How the leg ended; null while it is up.")
    hotline: str | None = Field(description="A partner's public number in the plan.")
    unit: str | None = Field(description="The handling unit behind a partner.")


class AnswerView(View):
    """What the caller answered to one question of the survey."""

    question: str = Field(description="Its name in the plan.")
    title: str = Field(description="What was asked.")
    key: str | None = Field(description="null for a comment, which was spoken.")
    meaning: str | None
    at: datetime
    recording: str | None = Field(description="The comment's: an id of `recordings`.")
    recording_url: str | None = Field(description="Where its sound is.")


class EntryView(View):
    """What was entered, and its version for the next change."""

    version: int = Field(description="0 while nothing was entered.")
    type: RequestType | None
    type_title: str | None
    category: str | None
    content: str | None
    answered_on_spot: bool | None
    refusal: RefusalReason | None
    refusal_title: str | None
    entered_by: str | None
    entered: datetime | None


class ChangeView(View):
    """One change of one field of the entry."""

    version: int
    field: str
    old: str | None
    new: str | None
    changed_by: str
    changed: datetime


class OrderView(View):
    """A work order."""

    number: str = Field(description="Day and sequence, as people say it.")
    full_number: str = Field(description="With the area in front.")
    call: str
    channel: Channel
    opened: datetime
    caller: str | None = Field(description="E.164; null when withheld or unreadable.")
    caller_raw: str | None = Field(description="As it came; null when withheld.")
    caller_withheld: bool
    trunk: str
    dialled: str = Field(description="As it came on the trunk.")
    first_dialled: str | None = Field(description="The number the citizen dialled.")
    reference: str | None = Field(description="The partner's, who sent us the caller.")
    hotline: str | None = Field(description="The number of the plan.")
    hotline_service: str | None
    owner: str | None
    queue: str | None
    operator: str | None
    queued: datetime | None
    answered: datetime | None
    ended: datetime | None
    wait_seconds: float | None = Field(description="In the queue, until an answer or the end.")
    talk_seconds: float | None = Field(
        description="From the answer until the last who answered had gone."
    )
    outcome: Outcome | None = Field(description="null while the call lives.")
    ended_by: str | None
    barred: Barred | None = Field(description="Why the caller was kept out or served last.")
    nuisance: str | None = Field(description="The operator who marked the call as a nuisance.")
    voice_box: str | None = Field(description="Where the caller was asked for a message.")
    voice_message: datetime | None = Field(description="When one was left.")
    answer_by: datetime | None = Field(description="Until when it must be answered.")
    message_answered: datetime | None = Field(description="When it was; null while it waits.")
    message_answered_by: str | None
    erased: datetime | None = Field(description="When what it said of people was erased.")
    legs: tuple[LegView, ...]
    answers: tuple[AnswerView, ...] = Field(description="To the survey after the talk.")
    entry: EntryView


class GapView(View):
    """A stretch of silence: the operator had paused the recording."""

    first: float = Field(description="Seconds from the recording's beginning.")
    last: float | None = Field(description="null: it was never ended.")


class RecordingView(View):
    """A recording of the call: what is in which file."""

    id: str
    file: str = Field(description="Below the folder of recordings.")
    url: str = Field(description="Where the sound is.")
    began: datetime
    seconds: float
    bytes: int
    sha256: str
    kind: RecordingKind = Field(description="The whole call, a message left in it, or a comment.")
    repaired: bool = Field(description="Asterisk was killed; its last seconds may be missing.")
    gaps: tuple[GapView, ...] = Field(description="When it was paused.")
    removed: datetime | None = Field(description="When the file was deleted; null while it is.")
    removed_because: RemovedBecause | None


class OutboundView(View):
    """A call that an operator made on the order's behalf."""

    call: str
    operator: str
    seat: str
    called: Called
    number: str
    began: datetime = Field(description="When the operator asked for it.")
    answered: datetime | None = Field(description="When the other side answered.")
    ended: datetime | None
    talk_seconds: float | None
    outcome: OutboundOutcome | None = Field(description="null while it lives.")
    ended_by: str | None
    recordings: tuple[RecordingView, ...]


class WholeOrder(OrderView):
    """A work order with every change of what was entered, its recordings, and calls made for it."""

    changes: tuple[ChangeView, ...]
    recordings: tuple[RecordingView, ...]
    outbound: tuple[OutboundView, ...] = Field(description="Calls that operators made for it.")


def view(order: Order) -> OrderView:
    """The order as it is shown."""
    return OrderView.model_validate(_values(order))


def whole_view(
    order: Order,
    changes: Iterable[EntryChange],
    recordings: Iterable[Recording],
    outbound: Iterable[OutboundRecord],
) -> WholeOrder:
    """The order, how its entry came about, what was recorded of it and of calls made for it."""
    shown_changes = [
        ChangeView(
            version=change.version,
            field=change.field,
            old=change.old,
            new=change.new,
            changed_by=change.changed_by,
            changed=local(change.changed),
        )
        for change in changes
    ]
    number = shown(order.record.number)
    by_call: dict[str, list[RecordingView]] = {order.record.call: []}
    outbound = tuple(outbound)
    gaps = {order.record.call: order.record.gaps, **{made.call: made.gaps for made in outbound}}
    for each in recordings:
        shown_recording = recording_view(number, each, gaps.get(each.call, ()))
        by_call.setdefault(each.call, []).append(shown_recording)
    return WholeOrder.model_validate(
        _values(order)
        | {
            "changes": shown_changes,
            "recordings": by_call[order.record.call],
            "outbound": [_outbound(made, by_call.get(made.call, [])) for made in outbound],
        }
    )


def entry_view(state: EntryState) -> EntryView:
    """What was entered, as it is shown."""
    entry = state.entry
    return EntryView(
        version=state.version,
        type=entry.type,
        type_title=None if entry.type is None else REQUEST_TYPE_TITLES[entry.type],
        category=entry.category,
        content=entry.content,
        answered_on_spot=entry.answered_on_spot,
        refusal=entry.refusal,
        refusal_title=None if entry.refusal is None else REFUSAL_REASON_TITLES[entry.refusal],
        entered_by=state.entered_by,
        entered=_when(state.entered),
    )


def _values(order: Order) -> dict[str, object]:
    record, answer = order.record, order.message_answer
    return {
        **{name: getattr(record, name) for name in _SAME},
        "number": shown(record.number),
        "full_number": record.number,
        "opened": local(record.opened),
        "caller": None if record.caller_withheld else record.caller,
        "caller_raw": None if record.caller_withheld else record.caller_raw,
        "queued": _when(record.queued),
        "answered": _when(record.answered),
        "ended": _when(record.ended),
        "wait_seconds": _between(record.queued, record.answered or record.ended),
        "talk_seconds": _between(record.answered, _talked_until(record)),
        "voice_message": _when(record.voice_message),
        "answer_by": _when(record.answer_by),
        "message_answered": None if answer is None else local(answer.at),
        "message_answered_by": None if answer is None else answer.by,
        "erased": _when(order.erased),
        "legs": [_leg(record, leg) for leg in record.legs],
        "answers": [
            AnswerView(
                question=answer.question,
                title=answer.title,
                key=answer.key or None,
                meaning=answer.meaning or None,
                at=local(answer.at),
                recording=answer.recording or None,
                recording_url=_recording_url(shown(record.number), answer.recording)
                if answer.recording
                else None,
            )
            for answer in record.answers
        ],
        "entry": entry_view(order.entry),
    }


def _leg(record: OrderRecord, leg: LegRecord) -> LegView:
    hidden = leg.role is LegRole.CALLER and record.caller_withheld
    return LegView(
        role=leg.role,
        party=MASKED if hidden else leg.party,
        place=leg.place,
        began=local(leg.began),
        answered=_when(leg.answered),
        ended=_when(leg.ended),
        outcome=leg.outcome,
        hotline=leg.hotline or None,
        unit=leg.unit or None,
    )


def _recording_url(number: str, recording: str) -> str:
    return f"/api/v1/orders/{number}/recordings/{recording}"


def _outbound(made: OutboundRecord, recordings: list[RecordingView]) -> OutboundView:
    return OutboundView(
        call=made.call,
        operator=made.operator,
        seat=made.seat,
        called=made.called,
        number=made.number,
        began=local(made.began),
        answered=_when(made.answered),
        ended=_when(made.ended),
        talk_seconds=_between(made.answered, made.ended),
        outcome=made.outcome,
        ended_by=made.ended_by,
        recordings=tuple(recordings),
    )


def recording_view(number: str, recording: Recording, gaps: Iterable[Gap] = ()) -> RecordingView:
    """A recording as it is shown; `number` is its order's, as shown; `gaps` are the order's."""
    return RecordingView(
        id=recording.id,
        file=recording.file,
        url=_recording_url(number, recording.id),
        began=local(recording.began),
        seconds=recording.seconds,
        bytes=recording.bytes,
        sha256=recording.sha256,
        kind=recording.kind,
        repaired=recording.repaired,
        gaps=tuple(_gaps(gaps, recording)),
        removed=_when(recording.removed),
        removed_because=recording.removed_because,
    )


def _talked_until(record: OrderRecord) -> float | None:
    """When the talk was over: a survey may follow it."""
    if record.ended is None:
        return None
    far_ends = [leg for leg in record.legs if leg.role is not LegRole.CALLER and leg.answered]
    until = [record.ended if leg.ended is None else leg.ended for leg in far_ends]
    return min(record.ended, max(until, default=record.ended))


def _gaps(gaps: Iterable[Gap], recording: Recording) -> Iterator[GapView]:
    """The pauses that fall into this recording."""
    for gap in gaps:
        first = max(0.0, gap.began - recording.began)
        last = None if gap.ended is None else min(gap.ended - recording.began, recording.seconds)
        if first < recording.seconds and (last is None or last > 0):
            yield GapView(first=round(first, 3), last=None if last is None else round(last, 3))


def _when(moment: float | None) -> datetime | None:
    return None if moment is None else local(moment)


def _between(first: float | None, last: float | None) -> float | None:
    return None if first is None or last is None else round(last - first, 3)
