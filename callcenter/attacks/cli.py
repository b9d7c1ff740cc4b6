"""`callcenter ban`: whose SIP messages are refused. It asks the running server."""

from __future__ import annotations

from typing import Annotated

import typer

from callcenter.orders.cli import Rehearsal
from callcenter.own_server import ask, tell, written
from callcenter.web.api.bans import BanList

app = typer.Typer(help="Addresses whose SIP messages are refused.", no_args_is_help=True)

_PATH = "/api/v1/bans"


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
    tell(
        f"{ban.address:<15}  until {written(ban.until)}  {ban.why}  time {ban.times}"
        for ban in found.bans
    )
    tell(
        f"{address:<15}  too many tries, but not banned: it is needed, or was forged"
        for address in found.spared
    )
    if changes:
        tell(
            f"{written(each.at)}  {each.by}  {each.address}  "
            + ("lifted" if each.until is None else f"until {written(each.until)}")
            for each in found.changes
        )


@app.command()
def lift(address: str, rehearsal: Rehearsal = False) -> None:
    """Let an address in again."""
    _ask(rehearsal, "POST", f"{_PATH}/lift", {"address": address})
    typer.echo(f"{address} is let in again.", err=True)


def _ask(
    rehearsal: bool, method: str, path: str, body: dict[str, str | float] | None = None
) -> BanList:
    return ask("ban", method, path, BanList, body, rehearsal=rehearsal)
