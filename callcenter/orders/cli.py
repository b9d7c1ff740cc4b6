"""`callcenter orders`: lists and shows work orders, while the server runs or not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, NoReturn, TypeVar

import typer
from sqlalchemy.exc import SQLAlchemyError

from callcenter.orders.numbers import is_call, is_number
from callcenter.orders.times import duration
from callcenter.orders.view import (
    MASKED,
    LegView,
    OrderView,
    WholeOrder,
    view,
    whole_view,
)
from callcenter.settings import Settings, SettingsError, load_settings
from callcenter.store.orders import OrderFilter, OrderNotFoundError, OrderStore
from callcenter.store.outbound import OutboundStore
from callcenter.store.recordings import KIND_NOTES, RecordingStore

app = typer.Typer(help="List and show work orders.", invoke_without_command=True)

T = TypeVar("T")

Rehearsal = Annotated[bool, typer.Option("--rehearsal", help="The data of a rehearsal (--at).")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.callback()
def orders(
    context: typer.Context,
    *,
    day: Annotated[
        str | None, typer.Option(help="Only this day of Asia/Shanghai, like 2017-11-22.")
    ] = None,
    number: Annotated[str | None, typer.Option(help="Only calls for this number.")] = None,
    caller: Annotated[
        str | None, typer.Option(help="Only this caller: the number or its last digits.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Only calls that still live.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 100,
    as_json: AsJson = False,
    rehearsal: Rehearsal = False,
) -> None:
    """List work orders, newest first."""
    if context.invoked_subcommand is not None:
        return
    wanted = OrderFilter(
        day=_day(day),
        caller=None if caller is None else _plain_digits(caller),
        hotline=number,
        open=open_,
    )

    async def read(store: OrderStore) -> tuple[list[OrderView], int]:
        page = await store.page(wanted, limit=limit)
        return [view(order) for order in page.orders], page.total

    found, total = with_store(rehearsal, read)
    if as_json:
        typer.echo(json.dumps([o.model_dump(mode="json") for o in found], ensure_ascii=False))
        return
    if not found:
        typer.echo("No orders. Every call leaves one; filters may hide it.")
        return
    typer.echo(_table(found))
    if total > len(found):
        typer.echo(f"{len(found)} of {total}; --limit {total} shows all.")


@app.command()
def show(
    number: Annotated[str, typer.Argument(help="20171122-0252, with or without the area.")],
    as_json: AsJson = False,
    rehearsal: Rehearsal = False,
) -> None:
    """Show everything that is known of one order."""
    if not is_number(number) and not is_call(number):
        _stop(f"{number} is no order number: write it like 20171122-0252")

    async def read(store: OrderStore) -> WholeOrder:
        order = await store.find(number)
        call = order.record.call
        made = await OutboundStore(store.engine).of_order(call)
        calls = (call, *(each.call for each in made))
        recordings = await RecordingStore(store.engine).of_calls(*calls)
        return whole_view(order, await store.changes(number), recordings, made)

    try:
        order = with_store(rehearsal, read)
    except OrderNotFoundError:
        _stop(f"there is no order {number}: `callcenter orders` lists those there are")
    if as_json:
        typer.echo(json.dumps(order.model_dump(mode="json"), ensure_ascii=False))
    else:
        typer.echo(_description(order))


def with_store(
    rehearsal: bool, read: Callable[[OrderStore], Awaitable[T]], *, read_only: bool = True
) -> T:
    """What `read` makes of the order store; ends the program with a sentence where it cannot."""
    store = OrderStore.of(settings_for(rehearsal), read_only=read_only)

    async def run() -> T:
        try:
            if not await store.exists():
                _stop(
                    f"there are no orders yet, or not of this version: start script/server, "
                    f"which makes {store} ready"
                )
            return await read(store)
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except (SQLAlchemyError, OSError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        _stop(f"{store} cannot be read: {reason}")


def settings_for(rehearsal: bool) -> Settings:
    """The settings; ends the program with a sentence where they are wrong."""
    try:
        settings = load_settings()
    except SettingsError as error:
        _stop(str(error))
    return settings.rehearsing(0.0) if rehearsal else settings


def _stop(message: str) -> NoReturn:
    typer.echo(f"callcenter: {message}", err=True)
    raise typer.Exit(1)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        _stop(f"--day {text}: write it like 2017-11-22")


def _plain_digits(number: str) -> str:
    """What the caller's E.164 number ends with: a trunk prefix 0 is not part of it."""
    return "".join(letter for letter in number if letter.isdigit()).removeprefix("00").lstrip("0")


def _table(found: Sequence[OrderView]) -> str:
    heads = ("ORDER", "OPENED", "CALLER", "DIALLED", "OPERATOR", "WAIT", "TALK", "OUTCOME", "TYPE")
    rows = [
        (
            order.number,
            _moment(order.opened),
            _caller(order),
            order.first_dialled or order.dialled,
            order.operator or "-",
            _seconds(order.wait_seconds),
            _seconds(order.talk_seconds),
            _outcome(order),
            str(order.entry.type or "-"),
        )
        for order in found
    ]
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    return _printable(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in (heads, *rows)
    )


def _description(order: WholeOrder) -> str:
    entry = order.entry
    on_spot = {True: "answered", False: "not answered", None: "-"}
    facts = [
        ("Order", f"{order.number} ({order.full_number})"),
        ("Opened", f"{_moment(order.opened)}, by {order.channel}"),
        ("Caller", _caller(order) + ("" if order.caller else _raw(order))),
        ("Dialled", f"{order.first_dialled or 'unknown'}; on trunk {order.trunk}: {order.dialled}"),
        ("Hotline", _joined(order.hotline, order.hotline_service, order.owner)),
        ("Queue", f"{order.queue or '-'}, waited {_seconds(order.wait_seconds)}"),
        ("Operator", order.operator or "-"),
        ("Answered", _moment(order.answered)),
        ("Ended", f"{_moment(order.ended)}, by {order.ended_by or '-'}"),
        ("Talked", _seconds(order.talk_seconds)),
        ("Outcome", str(order.outcome or "open")),
        ("Message", _message(order)),
        ("Type", _joined(entry.type, entry.type_title)),
        ("Category", entry.category or "-"),
        ("Content", entry.content or "-"),
        ("On the spot", on_spot[entry.answered_on_spot]),
        ("Refused", _joined(entry.refusal, entry.refusal_title)),
    ]
    if order.barred is not None:
        facts.append(("Kept out", order.barred))
    if order.reference is not None:
        facts.append(("Reference", f"{order.reference}, of the partner on trunk {order.trunk}"))
    if order.nuisance is not None:
        facts.append(("Nuisance", f"marked by {order.nuisance}"))
    lines = [f"{name:<12} {value}" for name, value in facts]
    if entry.version:
        lines.append(f"{'Entered':<12} {_moment(entry.entered)}, by {entry.entered_by}")
    lines.append("Legs")
    lines += [_leg(leg) for leg in order.legs]
    if order.answers:
        lines.append("Survey")
    lines += [
        f"  {_moment(each.at)}  {each.title}: "
        + (f"{each.key} {each.meaning}" if each.recording is None else f"said in {each.recording}")
        for each in order.answers
    ]
    if order.recordings:
        lines.append("Recordings")
    lines += [
        f"  {duration(each.seconds):<9} {each.bytes} bytes in {each.file}"
        + KIND_NOTES[each.kind]
        + (f"  removed {_moment(each.removed)}" if each.removed else f"  {each.sha256}")
        for each in order.recordings
    ]
    if order.outbound:
        lines.append("Calls made for it")
    lines += [
        f"  {_moment(made.began)}  {made.operator} called {made.number} ({made.called}): "
        f"{made.outcome or 'open'}, talked {_seconds(made.talk_seconds)}"
        + "".join(f"  {each.file}" for each in made.recordings)
        for made in order.outbound
    ]
    if order.changes:
        lines.append("Changes")
    lines += [
        f"  {_moment(change.changed)}  {change.changed_by}  {change.field}: "
        f"{change.old or '-'} -> {change.new or '-'}"
        for change in order.changes
    ]
    return _printable(lines)


def _leg(leg: LegView) -> str:
    line = (
        f"  {leg.role:<9} {leg.party:<15} at {leg.place:<10} began {_moment(leg.began)}"
        f"  answered {_moment(leg.answered)}  ended {_moment(leg.ended)}  {leg.outcome or 'up'}"
    )
    partner = " ".join(part for part in (leg.hotline, leg.unit) if part)
    return f"{line}  ({partner})" if partner else line


def _printable(lines: Iterable[str]) -> str:
    """The lines, without what a caller's headers could make a terminal do."""
    text = "\n".join(lines)
    return "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text)


def _caller(order: OrderView) -> str:
    if order.erased is not None:
        return "erased"
    return MASKED if order.caller_withheld else order.caller or "unknown"


def _outcome(order: OrderView) -> str:
    """With the moment by which a message must be answered, while it waits."""
    outcome = str(order.outcome or "open")
    if order.answer_by is None or order.message_answered is not None:
        return outcome
    return f"{outcome}, answer by {order.answer_by:%m-%d %H:%M}"


def _message(order: OrderView) -> str:
    if order.voice_message is None:
        return "-"
    left = f"{_moment(order.voice_message)} in {order.voice_box or '-'}"
    if order.message_answered is not None:
        answered = _moment(order.message_answered)
        return f"{left}, answered {answered} by {order.message_answered_by}"
    return f"{left}, to be answered by {_moment(order.answer_by)}"


def _raw(order: OrderView) -> str:
    return f" ({order.caller_raw})" if order.caller_raw else ""


def _joined(*parts: str | None) -> str:
    return " ".join(str(part) for part in parts if part) or "-"


def _moment(moment: datetime | None) -> str:
    return "-" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)
