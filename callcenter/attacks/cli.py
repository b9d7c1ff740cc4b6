"""`callcenter ban`: whose SIP messages are refused. It asks the running server."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, NoReturn

import typer

from callcenter.clock import SHANGHAI
from callcenter.own_server import RefusedError, ask
from callcenter.settings import SettingsError, load_settings
from callcenter.web.api.bans import BanList

app = typer.Typer(help="Addresses whose SIP messages are refused.", no_args_is_help=True)

_PATH = "/api/v1/bans"

Rehearsal = Annotated[bool, typer.Option("--rehearsal", help="The data of a rehearsal (--at).")]


@app.command("list")
def list_(
    changes: Annotated[bool, typer.Option("--changes", help="The latest changes, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    rehearsal: Rehearsal = False,
) -> None:
    """List the addresses that are refused now."""
    found = _ask(rehearsal, "GET", _PATH)
    if as_json:
        typer.echo(found.model_dump_json())
        return
    if not found.bans:
        typer.echo("No address is refused.")
    for ban in found.bans:
        typer.echo(f"{ban.address:<15}  until {_written(ban.until)}  {ban.why}  time {ban.times}")
    for address in found.spared:
        typer.echo(f"{address:<15}  too many tries, but not banned: it is needed, or was forged")
    for each in found.changes if changes else ():
        what = "lifted" if each.until is None else f"until {_written(each.until)}"
        typer.echo(f"{_written(each.at)}  {each.by}  {each.address}  {what}")


@app.command()
def lift(address: str, rehearsal: Rehearsal = False) -> None:
    """Let an address in again."""
    _ask(rehearsal, "POST", f"{_PATH}/lift", {"address": address})
    typer.echo(f"{address} is let in again.", err=True)


def _ask(
    rehearsal: bool, method: str, path: str, body: dict[str, str | float] | None = None
) -> BanList:
    try:
        settings = load_settings()
        if rehearsal:
            settings = settings.rehearsing(0.0)
        return ask(settings, method, path, BanList, body)
    except (SettingsError, RefusedError) as error:
        _stop(str(error))


def _written(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _stop(message: str) -> NoReturn:
    typer.echo(f"callcenter ban: {message}", err=True)
    raise typer.Exit(1)
