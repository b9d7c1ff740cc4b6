"""`callcenter audit`: what team leaders did, while the server runs or not."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from callcenter.orders.cli import with_store
from callcenter.orders.times import written
from callcenter.store.audit import AuditFilter, AuditPage, AuditStore
from callcenter.store.orders import OrderStore

_TITLES = {
    "listen": "监听",
    "whisper": "密语",
    "barge": "强插",
    "take_over": "接管",
    "end_supervision": "停止监听",
    "supervision_ended": "监听结束",
    "release": "强拆",
    "become_ready": "强制示闲",
    "become_not_ready": "强制示忙",
    "sign_in": "代签入",
    "sign_out": "代签出",
    "force_sign_out": "强制签出",
    "hang_up": "代挂机",
    "move_waiting": "转队列",
    "change_priority": "调整优先级",
    "pull_waiting": "指派来电",
    "block_caller": "列入黑名单",
    "unblock_caller": "移出黑名单",
    "hear_recording": "听录音",
    "erase_personal_data": "清除个人信息",
    "hold_order": "保留工单",
    "release_order": "取消保留",
}


def act_title(act: str) -> str:
    """What staff call an act; its own name where they have no word of their own."""
    return _TITLES.get(act, act)


def audit(
    *,
    day: Annotated[
        str | None, typer.Option(help="Only this day of Asia/Shanghai, like 2017-11-22.")
    ] = None,
    who: Annotated[str | None, typer.Option(help="Only what this person did.")] = None,
    operator: Annotated[str | None, typer.Option(help="Only what is about this operator.")] = None,
    act: Annotated[str | None, typer.Option(help="Only this act, like whisper.")] = None,
    refused: Annotated[bool, typer.Option("--refused", help="Only what was refused.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    rehearsal: Annotated[
        bool, typer.Option("--rehearsal", help="The data of a rehearsal (--at).")
    ] = False,
) -> None:
    """List what team leaders did to operators and callers, newest first."""
    wanted = AuditFilter(
        day=None if day is None else _day(day),
        who=who,
        operator=operator,
        act=act,
        refused=True if refused else None,
    )

    async def read(store: OrderStore) -> AuditPage:
        return await AuditStore(store.engine).page(wanted, limit=limit)

    page = with_store(rehearsal, read)
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in page.rows], ensure_ascii=False))
        return
    if not page.rows:
        typer.echo("Nothing. Team leaders' acts are listed here; filters may hide them.")
        return
    for row in page.rows:
        what = f"{row.act} {row.operator or row.call}".strip()
        parts = (written(row.at), row.who, row.address, what, row.detail)
        line = "  ".join(part for part in parts if part)
        typer.echo(f"{line}  refused: {row.refusal}" if row.refusal else line)
    if page.total > len(page.rows):
        typer.echo(f"{len(page.rows)} of {page.total}; --limit {page.total} shows all.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        typer.echo(f"callcenter: --day {text}: write it like 2017-11-22", err=True)
        raise typer.Exit(1) from error
