"""`callcenter report`: sums of calls and of operators' work, by period."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Annotated, NoReturn

import typer

from callcenter.analytics.periods import By
from callcenter.analytics.report import CallFigures, Of, Report, WorkFigures
from callcenter.analytics.span import Span, SpanError, read_span
from callcenter.clock import SHANGHAI, Clock
from callcenter.orders.cli import Rehearsal, with_store
from callcenter.store.figures import FigureStore
from callcenter.store.orders import OrderStore

_CALLS = (
    *(("OFFERED", "offered"), ("ANSWERED", "answered"), ("IN TIME", "answered_in_time")),
    *(("ABANDONED", "abandoned"), ("SHORT", "abandoned_short"), ("TIMED OUT", "timed_out")),
    *(("FORWARDED", "forwarded"), ("IN PROGRESS", "in_progress")),
    *(("CONNECT %", "connect_rate"), ("SERVICE %", "service_level")),
    *(("WAIT", "wait_seconds"), ("LONGEST", "longest_wait_seconds")),
    *(("TALK", "talk_seconds"), ("WRAP-UP", "wrap_up_seconds")),
)
_WORK = (
    *(("OFFERS", "offers"), ("TAKEN", "taken"), ("MISSED", "missed")),
    *(("WITHDRAWN", "withdrawn"), ("SIGNED IN", "signed_in_seconds")),
    *(("READY", "in_ready_seconds"), ("RINGING", "in_ringing_seconds")),
    *(("TALK", "in_talking_seconds"), ("WRAP-UP", "in_wrap_up_seconds")),
    *(("NOT READY", "in_not_ready_seconds"),),
    *(("OCCUPIED %", "occupancy"), ("ANSWERED", "answered"), ("IN TIME", "answered_in_time")),
)
_WRITTEN = {By.QUARTER: "%Y-%m-%d %H:%M", By.HOUR: "%Y-%m-%d %H:%M", By.DAY: "%Y-%m-%d"}

Cell = str | int | float | None


def report(
    first: Annotated[
        str | None, typer.Option("--from", help="2017-12-01 or 2017-12-01T10:15; today.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help="That day is in it, a moment is the end; today.")
    ] = None,
    *,
    by: Annotated[By, typer.Option(help="How long a period is.")] = By.HOUR,
    of: Annotated[Of, typer.Option(help="Whose figures.")] = Of.HOTLINE,
    as_json: Annotated[bool, typer.Option("--json", help="As the API gives it.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="All figures, for a spreadsheet.")] = False,
    rehearsal: Rehearsal = False,
) -> None:
    """Sums of calls and operators' work: docs/figures.md says what each figure means."""
    if as_json and as_csv:
        _stop("--json and --csv: choose one of them")

    async def read(store: OrderStore) -> Report:
        figures = FigureStore(store.engine)
        # A rehearsal's clock is the server's own: then it is as late as what it filed last.
        now = await figures.newest() if rehearsal else round(Clock().now() * 1000)
        return await figures.report(_span(first, last, now), by, of, now)

    found = with_store(rehearsal, read)
    if as_json:
        typer.echo(found.model_dump_json())
    elif as_csv:
        typer.echo(as_table(found), nl=False)
    elif not found.rows:
        typer.echo("Nothing: no call arrived in that time, and nobody was signed in.")
    else:
        typer.echo(_table(found))


def as_table(found: Report) -> str:
    """All figures as CSV: a line for each row, times in Asia/Shanghai."""
    rows = [
        {"period": row.period.isoformat(), str(found.of): row.key, **flat(row.calls, row.work)}
        for row in found.rows
    ]
    names = list({name: None for row in rows for name in row})
    text = io.StringIO()
    writer = csv.DictWriter(text, names or ["period", str(found.of)], restval=0)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def flat(calls: CallFigures, work: WorkFigures | None) -> dict[str, Cell]:
    """The figures with the outcomes and states among them: `answered`, `in_ready_seconds`."""
    cells: dict[str, Cell] = calls.model_dump(mode="json", exclude={"outcomes"})
    cells |= {str(outcome): count for outcome, count in calls.outcomes.items()}
    if work is not None:
        cells |= work.model_dump(mode="json", exclude={"seconds"})
        cells |= {f"in_{state}_seconds": seconds for state, seconds in work.seconds.items()}
    return cells


def _span(first: str | None, last: str | None, now: int) -> Span:
    today = datetime.fromtimestamp(now / 1000, SHANGHAI).date().isoformat()
    try:
        return read_span(first or today, last or today)
    except SpanError as error:
        _stop(f"--{error.field}: {error}")


def _table(found: Report) -> str:
    columns = _WORK if found.of is Of.OPERATOR else _CALLS
    heads = ("PERIOD", str(found.of).upper(), *(head for head, _ in columns))
    written = _WRITTEN[found.by]
    rows = [
        (row.period.strftime(written), row.key or "-", flat(row.calls, row.work))
        for row in found.rows
    ]
    rows.append(("all", "", flat(found.total, found.total_work)))
    lines = [
        heads,
        *(
            (period, key, *(_cell(name, cells) for _, name in columns))
            for period, key, cells in rows
        ),
    ]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if place < 2 else text.rjust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cell(name: str, cells: dict[str, Cell]) -> str:
    value = cells.get(name, 0)
    if value is None:
        return "-"
    if name in {"connect_rate", "service_level", "occupancy"}:
        return f"{float(value) * 100:.2f}"
    return f"{value:.1f}" if name.endswith("_seconds") else str(value)


def _stop(message: str) -> NoReturn:
    typer.echo(f"callcenter: {message}", err=True)
    raise typer.Exit(1)
