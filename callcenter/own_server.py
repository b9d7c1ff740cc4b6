"""Commands that ask the running server, which alone changes what goes on."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

import typer
from pydantic import BaseModel, ValidationError

from callcenter.clock import SHANGHAI
from callcenter.settings import Settings, SettingsError, load_settings
from callcenter.staff.roles import Role
from callcenter.staff.tokens import Origin, Tokens
from callcenter.web.api.errors import Problem

ANSWER_SECONDS = 10.0

Model = TypeVar("Model", bound=BaseModel)


class RefusedError(Exception):
    """The server refused, or does not answer; the text says which."""


def ask(
    command: str,
    method: str,
    path: str,
    answer: type[Model],
    body: Mapping[str, str | float] | None = None,
    *,
    rehearsal: bool,
) -> Model:
    """What the server answers to an administrator; ends the command with its sentence."""
    try:
        settings = load_settings()
        if rehearsal:
            settings = settings.rehearsing(0.0)
        return _ask(settings, method, path, answer, body)
    except (SettingsError, RefusedError) as error:
        typer.echo(f"callcenter {command}: {error}", err=True)
        raise typer.Exit(1) from error


def tell(lines: Iterable[str]) -> None:
    """Print them; nothing in them can move the cursor or colour the terminal."""
    for line in lines:
        typer.echo("".join(sign if sign.isprintable() else "?" for sign in line))


def written(moment: datetime) -> str:
    """To the minute, as clocks in the centre show it."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _ask(
    settings: Settings,
    method: str,
    path: str,
    answer: type[Model],
    body: Mapping[str, str | float] | None,
) -> Model:
    tokens = Tokens(settings.secrets)
    text, token = tokens.create(
        Role.ADMINISTRATOR, None, Origin.COMMAND, now=time.time(), seconds=60.0
    )
    request = urllib.request.Request(
        settings.web_url + path,
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {text}", "Content-Type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as opened:
            return answer.model_validate_json(opened.read())
    except urllib.error.HTTPError as error:
        told = _sentence(error.read()) or f"the server answered {error.code}"
        raise RefusedError(told) from error
    except (OSError, ValidationError) as error:
        raise RefusedError(
            f"{settings.web_url} does not answer ({error}): is script/server running?"
        ) from error
    finally:
        tokens.revoke(token.id)


def _sentence(answer: bytes) -> str | None:
    try:
        return Problem.model_validate_json(answer).message
    except ValidationError:
        return None
