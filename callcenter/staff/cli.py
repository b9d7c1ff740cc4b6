"""`callcenter pin`, `seat` and `token`: who may sign in, with what. All take effect at once."""

from __future__ import annotations

import json
import re
import secrets
import time
from typing import Annotated, NoReturn

import typer

from callcenter.asterisk.secrets import seat_password, set_seat_password
from callcenter.numberplan.loader import load
from callcenter.orders.cli import Rehearsal
from callcenter.orders.times import written
from callcenter.settings import Settings, SettingsError, load_settings
from callcenter.staff.pins import Pins
from callcenter.staff.roles import Role
from callcenter.staff.tokens import Origin, Tokens

pin_app = typer.Typer(help="Operators' PINs.", no_args_is_help=True)
seat_app = typer.Typer(help="Passwords of the seats' softphones.", no_args_is_help=True)
token_app = typer.Typer(help="Tokens for the HTTP API.", no_args_is_help=True)

OperatorNumber = Annotated[str, typer.Argument(help="The operator's number, like 001.")]

_OPERATOR = re.compile(r"[0-9]{3}")


@pin_app.command("reset")
def pin_reset(operator: OperatorNumber, rehearsal: Rehearsal = False) -> None:
    """Give an operator a new PIN and print it: it can be read only now."""
    settings = _settings(rehearsal)
    pin = Pins(settings.secrets).reset(_operator(operator, settings))
    Tokens(settings.secrets).revoke_signed_in(operator)
    typer.echo(pin)
    typer.echo(f"This is the PIN of {operator} from now on; it is not shown again.", err=True)


@pin_app.command("set")
def pin_set(
    operator: OperatorNumber,
    pin: Annotated[
        str,
        typer.Option(prompt="New PIN (4 to 12 digits)", hide_input=True, confirmation_prompt=True),
    ],
    rehearsal: Rehearsal = False,
) -> None:
    """Give an operator the PIN that is asked for."""
    settings = _settings(rehearsal)
    try:
        Pins(settings.secrets).set(_operator(operator, settings), pin)
    except ValueError as error:
        _stop(str(error))
    Tokens(settings.secrets).revoke_signed_in(operator)
    typer.echo(f"{operator} has a new PIN.", err=True)


@seat_app.callback()
def seats() -> None:
    """Passwords of the seats' softphones."""  # A callback keeps the word `password` necessary.


@seat_app.command("password")
def password(
    seat: Annotated[str, typer.Argument(help="The seat's name, like seat01.")],
    new: Annotated[bool, typer.Option("--new", help="Make another one first.")] = False,
    rehearsal: Rehearsal = False,
) -> None:
    """Print the password with which a seat's softphone registers."""
    settings = _settings(rehearsal)
    _check_seat(seat, settings)
    try:
        if new:
            set_seat_password(settings, seat, secrets.token_hex(12))
        typer.echo(seat_password(settings, seat))
    except ValueError as error:
        _stop(str(error))


@token_app.command("create")
def token_create(
    role: Annotated[Role, typer.Option(help="What the token lets its holder do.")],
    operator: Annotated[
        str | None, typer.Option(help="The operator's number; needed for the role operator.")
    ] = None,
    days: Annotated[float, typer.Option(min=0.01, max=3650, help="How long it lasts.")] = 30,
    rehearsal: Rehearsal = False,
) -> None:
    """Make a token and print it: it can be read only now."""
    settings = _settings(rehearsal)
    tokens = Tokens(settings.secrets)
    number = None if operator is None else _operator(operator, settings)
    try:
        text, token = tokens.create(
            role, number, Origin.COMMAND, now=time.time(), seconds=days * 86400
        )
    except ValueError as error:
        _stop(f"{error}: add --operator 001")
    typer.echo(text)
    note = f"Token {token.id}, until {written(token.expires)}; it is not shown again."
    typer.echo(note, err=True)


@token_app.command("list")
def token_list(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    rehearsal: Rehearsal = False,
) -> None:
    """List the tokens that are valid now."""
    now = time.time()
    tokens = [t for t in Tokens(_settings(rehearsal).secrets).all() if t.expires > now]
    if as_json:
        rows = [
            {
                "id": token.id,
                "role": token.role,
                "operator": token.operator,
                "origin": token.origin,
                "created": token.created,
                "expires": token.expires,
            }
            for token in tokens
        ]
        typer.echo(json.dumps(rows))
        return
    if not tokens:
        typer.echo("No tokens. `callcenter token create --role …` makes one.")
    for token in tokens:
        whom = token.operator or "-"
        typer.echo(f"{token.id}  {token.role:<13}  {whom:<3}  until {written(token.expires)}")


@token_app.command("revoke")
def token_revoke(
    token: Annotated[str, typer.Argument(help="The token's id, from `token list`.")],
    rehearsal: Rehearsal = False,
) -> None:
    """Make a token worthless at once."""
    if not Tokens(_settings(rehearsal).secrets).revoke(token):
        _stop(f"there is no token {token}: `callcenter token list` shows those there are")


def _settings(rehearsal: bool) -> Settings:
    try:
        settings = load_settings()
    except SettingsError as error:
        _stop(str(error))
    return settings.rehearsing(0.0) if rehearsal else settings


def _operator(number: str, settings: Settings) -> str:
    """The number, if there can be such an operator; a plan with errors keeps nobody out."""
    if not _OPERATOR.fullmatch(number):
        _stop(f"{number} is no operator's number: it has three digits, like 001")
    plan = load(settings.plan).plan
    if plan is not None and number not in plan.operators:
        _stop(f"the plan has no operator {number}: agents/operators.yaml lists those there are")
    return number


def _check_seat(name: str, settings: Settings) -> None:
    plan = load(settings.plan).plan
    if plan is not None and name not in plan.seats:
        _stop(f"the plan has no seat {name}: agents/seats.yaml lists those there are")


def _stop(message: str) -> NoReturn:
    typer.echo(f"callcenter: {message}", err=True)
    raise typer.Exit(1)
