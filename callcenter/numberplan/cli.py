"""`callcenter check`, `route` and `schema`: the number plan explained at the command line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from callcenter.clock import SHANGHAI, Clock
from callcenter.numberplan.decide import decide
from callcenter.numberplan.hours import calendar_note
from callcenter.numberplan.loader import load
from callcenter.numberplan.model import Action, Plan, Route
from callcenter.numberplan.parsed import HOURS
from callcenter.numberplan.problems import Problem
from callcenter.numberplan.schema import schemas, write_schemas
from callcenter.settings import SettingsError, load_settings

PlanFolder = Annotated[
    Path | None,
    typer.Option("--plan", help="Folder that holds dialplan/, agents/, trunks/, ivr_prompts/."),
]


def check(plan: PlanFolder = None) -> None:
    """Check the plan's files: every error, with its place and what to write instead."""
    loaded = load(_folder(plan))
    warnings = list(loaded.warnings)
    if loaded.plan is not None:
        note = calendar_note(loaded.plan, _now().year)
        if note is not None:
            warnings.append(Problem(HOURS, 1, 1, note))
    for error in loaded.errors:
        typer.echo(str(error))
    for warning in warnings:
        typer.echo(f"{warning.file}:{warning.line}:{warning.column}: warning: {warning.text}")
    if loaded.plan is None:
        typer.echo(f"{_counted(len(loaded.errors), 'error')}, {_counted(len(warnings), 'warning')}")
        raise typer.Exit(1)
    typer.echo(
        f"The plan is good: {len(loaded.plan.numbers)} numbers, "
        f"{len(loaded.plan.operators)} operators, {len(loaded.plan.seats)} seats, "
        f"{len(loaded.plan.trunks)} trunks; {_counted(len(warnings), 'warning')}"
    )


def route(
    number: Annotated[str | None, typer.Argument(help="As dialled, such as 051912345.")] = None,
    *,
    at: Annotated[
        str | None,
        typer.Option(
            help="Such as 2017-12-01T10:00; without zone it is Asia/Shanghai. Default: now."
        ),
    ] = None,
    caller: Annotated[str | None, typer.Option(help="The caller's number.")] = None,
    diverted: Annotated[
        list[str] | None,
        typer.Option(help="A number the call was forwarded from; repeat it for several."),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every number of the plan.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    plan: PlanFolder = None,
) -> None:
    """Tell what happens to a call for a number at a moment, and which lines say so."""
    if all_ == (number is not None):
        raise typer.BadParameter("write either a number or --all")
    moment = _moment(at)
    good = _good_plan(_folder(plan))
    numbers = tuple(good.numbers) if number is None else (number,)
    routes = [decide(good, each, caller, moment, diverted or ()) for each in numbers]
    if as_json:
        rows = [as_row(each) for each in routes]
        typer.echo(json.dumps(rows if all_ else rows[0], ensure_ascii=False))
    elif all_:
        for each in routes:
            typer.echo(_line(each))
    else:
        typer.echo(f"{routes[0].number} at {moment:%Y-%m-%d %H:%M %Z}")
        typer.echo(explanation(routes[0]))


def schema(
    out: Annotated[Path | None, typer.Option(help="Write one file for each here.")] = None,
) -> None:
    """Give the JSON Schemas of the plan's files, for editors."""
    if out is None:
        typer.echo(json.dumps(schemas(), ensure_ascii=False, indent=2, sort_keys=True))
        return
    try:
        written = write_schemas(out)
    except OSError as error:
        _stop(f"{out}: cannot be written ({error.strerror}); name a folder that can")
    for file in written:
        typer.echo(str(file))


def as_row(route: Route) -> dict[str, str | None]:
    """The route in one flat row: what is looked at from outside."""
    first = route.targets[0] if route.targets else None
    return {
        "number": route.number,
        "mode": route.mode,
        "state": route.state,
        "action": route.action,
        "target": first.digits if first else _place(route),
        "trunk": first.trunk if first else None,
        "owner": route.owner,
        "service": route.service,
        "announcement": route.announcement,
    }


def _place(route: Route) -> str | None:
    return route.queue or route.menu or route.voice_box or route.callback


def explanation(route: Route) -> str:
    """The route in words, a step a line, each with the file and line that says so."""
    lines = []
    for step in route.steps:
        place = f"  ({step.file}:{step.line})" if step.file else ""
        lines.append(f"  {step.text}{place}")
    lines.append(f"-> {_outcome(route)}")
    return "\n".join(lines)


def _outcome(route: Route) -> str:
    spoken = " and ".join(each for each in (route.announcement, route.prompt) if each)
    after = f" after {spoken}" if spoken else ""
    ways = " or ".join(f"{target.digits} on {target.trunk}" for target in route.targets)
    match route.action:
        case Action.QUEUE:
            return f"queue {route.queue}{after}"
        case Action.MENU:
            return f"menu {route.menu}{after}"
        case Action.CALLBACK:
            return f"callback by queue {route.callback}{after}"
        case Action.VOICE_MAIL:
            return f"voice box {route.voice_box}{after}"
        case Action.FORWARD:
            digits = route.after_answer_digits
            first = f"{route.partner}: " if route.partner else ""
            return f"forward to {first}{ways}{f', then press {digits}' if digits else ''}{after}"
        case Action.ANNOUNCE:
            return f"announce {route.announcement}, then hang up"
        case Action.EMERGENCY:
            return f"emergency call to {ways}"
    return "reject as unallocated"


def _line(route: Route) -> str:
    state = f"{route.mode}, {route.state}"
    return f"{route.number:10} {state:26} {_outcome(route)}  {route.owner} {route.service}"


def _folder(plan: Path | None) -> Path:
    if plan is not None:
        return plan
    try:
        return load_settings().plan
    except SettingsError as error:
        _stop(str(error))


def _good_plan(folder: Path) -> Plan:
    loaded = load(folder)
    if loaded.plan is None:
        _stop(*(str(error) for error in loaded.errors))
    return loaded.plan


def _moment(at: str | None) -> datetime:
    if at is None:
        return _now()
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise typer.BadParameter(f"--at {at}: write a time such as 2017-12-01T10:00") from error
    return moment.astimezone(SHANGHAI) if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _now() -> datetime:
    return Clock().datetime()


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _stop(*lines: str) -> NoReturn:
    _say_all(lines)
    raise typer.Exit(1)


def _say_all(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line, err=True)
