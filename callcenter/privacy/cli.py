"""`callcenter retention`: what a term would erase now, and orders that are kept all the same."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import Annotated, NoReturn

import typer

from callcenter.orders.cli import Rehearsal, settings_for, with_store
from callcenter.orders.times import written
from callcenter.settings import SHORTEST_TERM, Settings
from callcenter.store.orders import OrderNotFoundError, OrderStore
from callcenter.store.personal import Due, Hold, PersonalData

app = typer.Typer(
    help="What is erased of people, and which orders are kept.", invoke_without_command=True
)

Number = Annotated[str, typer.Argument(help="20171122-0252, with or without the area.")]
WHO = "command"
"""Who holds and releases, in the audit."""
_DAY = 86400.0


@app.callback()
def retention(
    context: typer.Context,
    *,
    days: Annotated[
        int | None,
        typer.Option(min=SHORTEST_TERM, help="Try this term in place of CALLCENTER_ORDERS_DAYS."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Needs not be given: this erases nothing.")
    ] = False,
    rehearsal: Rehearsal = False,
) -> None:
    """Tell what would be erased now, and which orders are on hold; the server erases."""
    if context.invoked_subcommand is not None:
        return
    del dry_run
    settings = settings_for(rehearsal)
    term = settings.orders_days if days is None else days
    before = time.time() + settings.clock_offset - term * _DAY

    async def read(store: OrderStore) -> tuple[Due, tuple[Hold, ...]]:
        table = PersonalData(store.engine)
        return await table.due(before), await table.holds()

    due, holds = with_store(rehearsal, read)
    if term:
        typer.echo(f"Closed before {written(before)} ({term} days):")
        typer.echo(f"  {due.orders} orders are to be erased")
        typer.echo(f"  {due.open} are not, as something of them is not over or newer")
        typer.echo(f"  {due.held} are not, as they are on hold")
        typer.echo(f"  {_events(settings, before)} events of the journal are to be forgotten")
    else:
        typer.echo("No term is set: nothing is erased. --days 730 tells what 730 days would erase.")
    for each in holds:
        reason = "".join(sign if sign.isprintable() else "?" for sign in each.reason)
        typer.echo(f"on hold  {each.order}  since {written(each.since)}  by {each.by}  {reason}")


@app.command()
def hold(
    number: Number,
    reason: Annotated[str, typer.Option(help="Why; the list shows it.")],
    rehearsal: Rehearsal = False,
) -> None:
    """Keep an order and its recordings as they are, however old; while the server runs or not."""
    now = time.time() + settings_for(rehearsal).clock_offset

    async def write(store: OrderStore) -> None:
        table = PersonalData(store.engine)
        await table.hold(number, who=WHO, reason=reason, now=now)

    try:
        with_store(rehearsal, write, read_only=False)
    except OrderNotFoundError:
        _unknown(number)
    typer.echo(f"{number} is kept until it is released.", err=True)


@app.command()
def release(number: Number, rehearsal: Rehearsal = False) -> None:
    """Let an order be erased in its time again."""
    now = time.time() + settings_for(rehearsal).clock_offset

    async def write(store: OrderStore) -> bool:
        return await PersonalData(store.engine).release(number, who=WHO, now=now)

    try:
        released = with_store(rehearsal, write, read_only=False)
    except OrderNotFoundError:
        _unknown(number)
    if not released:
        _stop(f"{number} is not on hold")
    typer.echo(f"{number} is erased in its time again.", err=True)


def _events(settings: Settings, before: float) -> int:
    """How many events of the journal are older."""
    file = settings.data / "journal.db"
    if not file.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            row = database.execute("SELECT count(*) FROM events WHERE at < ?", (before,))
            return int(row.fetchone()[0])
    except sqlite3.Error as error:
        _stop(f"{file} cannot be read: {error}")


def _unknown(number: str) -> NoReturn:
    _stop(f"there is no order {number}: `callcenter orders` lists those there are")


def _stop(message: str) -> NoReturn:
    typer.echo(f"callcenter retention: {message}", err=True)
    raise typer.Exit(1)
