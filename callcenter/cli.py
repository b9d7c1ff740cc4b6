"""The `callcenter` command: the server's own commands, and the others (commands.py)."""

from __future__ import annotations

import asyncio
import gc
import sys
from datetime import datetime
from typing import Annotated

import typer

from callcenter.clock import SHANGHAI
from callcenter.realtime import start_first
from callcenter.settings import Settings, SettingsError, load_settings

SERVES = sys.argv[1:2] in (["serve"], ["controller"])
"""Whether this is a server's process: without the other commands it starts sooner."""

app = typer.Typer(
    help="The contact centre behind a city's 12345.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def serve(
    at: Annotated[
        str | None,
        typer.Option(help="Rehearse: let the clock go on from here, such as 2017-12-01T10:00."),
    ] = None,
) -> None:
    """Run Asterisk and the controller until Ctrl-C."""
    from callcenter.supervisor import serve as run  # noqa: PLC0415 - commands start faster without

    try:
        settings = load_settings()
        moment = None if at is None else _moment(at)
    except (SettingsError, ValueError) as error:
        print(f"callcenter serve: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    raise typer.Exit(run(settings, moment))


@app.command()
def controller() -> None:
    """Run the controller beside an Asterisk that runs already; `serve` does this by itself."""
    start_first()  # callers wait
    gc.disable()  # until all is there (app.spare_the_collector)
    from callcenter.app import PlanError, run_controller  # noqa: PLC0415
    from callcenter.asterisk.link import ReplacedError  # noqa: PLC0415

    try:
        settings = load_settings()
        asyncio.run(run_controller(settings))
    except* (SettingsError, PlanError) as group:
        for error in group.exceptions:
            print(f"callcenter controller: {error}", file=sys.stderr)
        sys.exit(1)
    except* ReplacedError:
        print("callcenter controller: another controller has taken over", file=sys.stderr)
        sys.exit(3)


@app.command()
def render() -> None:
    """Write Asterisk's configuration for the plan, without starting anything."""
    from callcenter.units import render_plan  # noqa: PLC0415

    raise typer.Exit(render_plan(_settings("render")))


@app.command()
def asterisk() -> None:
    """Run Asterisk alone, on what `render` wrote; `serve` does this by itself."""
    from callcenter.units import run_asterisk  # noqa: PLC0415

    raise typer.Exit(run_asterisk(_settings("asterisk")))


def _settings(command: str) -> Settings:
    try:
        return load_settings()
    except SettingsError as error:
        print(f"callcenter {command}: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"--at {text}: write a time such as 2017-12-01T10:00") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)


if not SERVES:
    from callcenter.commands import add_commands

    add_commands(app)


def main() -> None:
    """Entry point of the `callcenter` program."""
    app()
