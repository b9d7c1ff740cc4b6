"""`callcenter block`: who is kept out. It asks the running server, which alone changes calls."""

from __future__ import annotations

from typing import Annotated

import typer

from callcenter.numberplan.model import Treatment
from callcenter.orders.cli import Rehearsal
from callcenter.own_server import ask, tell, written
from callcenter.web.api.blocklist import Blocklist

app = typer.Typer(help="Who is kept out, until when and why.", no_args_is_help=True)

_PATH = "/api/v1/blocklist"

Number = Annotated[str, typer.Argument(help="In any spelling; a prefix ends in *, in quotes.")]


@app.command("list")
def list_(
    changes: Annotated[bool, typer.Option("--changes", help="Who changed what, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    rehearsal: Rehearsal = False,
) -> None:
    """List who is kept out now."""
    found = _ask(rehearsal, "GET", _PATH)
    if as_json:
        typer.echo(found.model_dump_json())
        return
    if not found.blocks:
        typer.echo("Nobody is kept out. `callcenter block add` keeps somebody out.")
    tell(
        f"{each.number:<16}  until {written(each.until)}  {each.treatment:<8}  "
        f"by {each.by}  {each.reason}"
        for each in found.blocks
    )
    if changes:
        tell(
            f"{written(each.at)}  {each.by}  {each.number}  "
            + ("let in again" if each.until is None else f"until {written(each.until)}")
            for each in found.changes
        )


@app.command()
def add(
    number: Number,
    reason: Annotated[str, typer.Option(help="Why; the list shows it.")],
    hours: Annotated[float, typer.Option(min=0.01, max=8784, help="For how long.")] = 24.0,
    treatment: Annotated[
        Treatment, typer.Option(help="What happens to the calls.")
    ] = Treatment.ANNOUNCE,
    rehearsal: Rehearsal = False,
) -> None:
    """Keep a number out; a second time changes the entry."""
    body: dict[str, str | float] = {
        "number": number,
        "hours": hours,
        "reason": reason,
        "treatment": treatment.value,
    }
    _ask(rehearsal, "POST", f"{_PATH}/block", body)
    typer.echo(f"{number} is kept out for {hours:g} h.", err=True)


@app.command()
def remove(number: Number, rehearsal: Rehearsal = False) -> None:
    """Let a number in again."""
    _ask(rehearsal, "POST", f"{_PATH}/unblock", {"number": number})
    typer.echo(f"{number} is let in again.", err=True)


def _ask(
    rehearsal: bool, method: str, path: str, body: dict[str, str | float] | None = None
) -> Blocklist:
    return ask("block", method, path, Blocklist, body, rehearsal=rehearsal)
