"""What was recorded of an order's call, and of calls made for it: to be heard by who took it and by
who leads."""

from __future__ import annotations

from secrets import token_hex

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.calls.audit import AuditRecord
from callcenter.store.recordings import Recording, ids
from callcenter.web.api.endpoint import Ask, Endpoint, FileAnswer, Nothing
from callcenter.web.api.errors import refuse
from callcenter.web.api.orders import find_order, unavailable

log = structlog.get_logger(__name__)

HEARD = "hear_recording"
"""The act in the audit."""


async def _recording(ask: Ask[Nothing, Nothing]) -> FileAnswer:
    order = await find_order(ask)
    try:
        made = await ask.services.outbound.of_order(order.record.call)
        calls = (order.record.call, *(each.call for each in made))
        recordings = await ask.services.recordings.of_calls(*calls)
    except (SQLAlchemyError, OSError) as error:
        raise unavailable("请稍后再听。") from error
    wanted = ids(recordings).get(ask.path["id"])
    if wanted is None:
        message = f"工单{ask.path['number']}没有录音{ask.path['id']}，请从工单的 recordings 里选。"
        raise refuse(404, "unknown_recording", message)
    if wanted.removed is not None:
        message = "这段录音已超过保存期限，按规定删除，不能再听。"
        raise refuse(410, "recording_removed", message)
    file = ask.services.recordings_folder / wanted.file
    if not file.is_file():
        message = "录音文件不在存放的位置，请找管理员用 callcenter recordings check 查明。"
        raise refuse(404, "recording_missing", message)
    try:
        await ask.services.audit.note(_heard(ask, wanted, order.record.number))
    except (SQLAlchemyError, OSError) as error:
        raise unavailable("请稍后再听。") from error
    log.info(
        "recording_heard",
        who=ask.principal.name,
        role=str(ask.principal.role),
        order=order.record.number,
        call=wanted.call,
        file=wanted.file,
        range=ask.headers.get("Range"),
    )
    return FileAnswer(file)


def _heard(ask: Ask[Nothing, Nothing], recording: Recording, order: str) -> AuditRecord:
    """Who has listened to what: no sound is sent before this is kept."""
    now = ask.services.centre.clock.now()
    asked = {"file": recording.file, "order": order, "range": ask.headers.get("Range")}
    return AuditRecord(
        id=f"{now:.6f}-heard-{token_hex(4)}",
        at=now,
        who=ask.principal.name,
        address=ask.address,
        act=HEARD,
        operator="",
        call=recording.call,
        detail=", ".join(f"{name}={value}" for name, value in asked.items() if value),
        refusal="",
    )


RECORDINGS = (
    Endpoint(
        method="GET",
        path="/orders/{number}/recordings/{id}",
        summary="A recording's sound, whole or a range of it; who heard it is in the audit",
        handler=_recording,
        query=Nothing,
        body=Nothing,
        answer=Nothing,
        media="audio/wav",
        problems=(403, 404, 410, 503),
        headers=(("Range", "Which bytes, e.g. bytes=0-65535; all without it."),),
        example_answer={},
    ),
)
