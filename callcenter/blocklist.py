"""`callcenter block`: who is kept out. It asks the running server, which alone changes calls."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, NoReturn

import typer

from callcenter.clock import SHANGHAI
from callcenter.numberplan.model import Treatment
from callcenter.own_server import RefusedError, ask
from callcenter.settings import Settings, SettingsError, load_settings
from callcenter.web.api.blocklist import Blocklist

app = typer.Typer(help="Who is kept out, until when and why.", no_args_is_help=True)

_PATH = "/api/v1/blocklist"

Number = Annotated[str, typer.Argument(help="In any spelling; a prefix ends in *, in quotes.")]
Rehearsal = Annotated[bool, typer.Option("--rehearsal", help="The data of a rehearsal (--at).")]


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
    _tell(
        f"{each.number:<16}  until {_written(each.until)}  {each.treatment:<8}  "
        f"by {each.by}  {each.reason}"
        for each in found.blocks
    )
    if changes:
        _tell(
            f"{_written(each.at)}  {each.by}  {each.number}  "
            + ("let in again" if each.until is None else f"until {_written(each.until)}")
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
    """What the server answers to an administrator; ends the program with its sentence."""
    try:
        return ask(_settings(rehearsal), method, path, Blocklist, body)
    except RefusedError as error:
        _stop(str(error))


def _settings(rehearsal: bool) -> Settings:
    try:
        settings = load_settings()
    except SettingsError as error:
        _stop(str(error))
    return settings.rehearsing(0.0) if rehearsal else settings


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo("".join(sign if sign.isprintable() else "?" for sign in line))


def _written(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _stop(message: str) -> NoReturn:
    typer.echo(f"callcenter block: {message}", err=True)
    raise typer.Exit(1)
