"""`callcenter recordings`: lists what was recorded, and checks that it is still the same."""

from __future__ import annotations

from typing import Annotated

import typer

from callcenter.orders.cli import Rehearsal, settings_for, with_store
from callcenter.orders.times import duration, written
from callcenter.recordings.check import findings
from callcenter.store.orders import OrderStore
from callcenter.store.recordings import KIND_NOTES, Recording, RecordingStore

app = typer.Typer(help="List and check recordings.", invoke_without_command=True)


@app.callback()
def recordings(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 100,
    rehearsal: Rehearsal = False,
) -> None:
    """List recordings, newest first."""
    if context.invoked_subcommand is not None:
        return

    async def read(store: OrderStore) -> tuple[tuple[Recording, ...], dict[str, str]]:
        table = RecordingStore(store.engine)
        found = await table.newest(limit)
        return found, await table.order_numbers({each.call for each in found})

    found, numbers = with_store(rehearsal, read)
    if not found:
        typer.echo("No recordings. Every call from a trunk leaves one when it ends.")
        return
    row = "{:<16}  {:<19}  {:>8}  {:>11}  {}"
    typer.echo(row.format("ORDER", "BEGAN", "LENGTH", "BYTES", "FILE"))
    for each in found:
        note = KIND_NOTES[each.kind]
        if each.removed is not None:
            note += f"  removed {written(each.removed)}: {each.removed_because}"
        elif each.repaired:
            note += "  repaired"
        typer.echo(
            row.format(
                numbers.get(each.call, "-"),
                written(each.began),
                duration(each.seconds),
                each.bytes,
                each.file + note,
            )
        )


@app.command()
def check(rehearsal: Rehearsal = False) -> None:
    """Compare every file with what was filed; exit code 1 if one is missing, changed or foreign."""
    folder = settings_for(rehearsal).recordings

    async def compare(store: OrderStore) -> int:
        wrong = 0
        async for finding in findings(folder, RecordingStore(store.engine)):
            wrong += 1
            typer.echo(f"{finding.fault}: {finding.file} {finding.text}".rstrip())
        return wrong

    wrong = with_store(rehearsal, compare)
    if wrong:
        typer.echo(f"Not as filed in {folder}: {wrong}.", err=True)
        raise typer.Exit(1)
    typer.echo(f"Every file in {folder} is as it was filed.")
