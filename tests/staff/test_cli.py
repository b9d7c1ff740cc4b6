"""The commands that give out PINs, seat passwords and tokens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from callcenter.staff.cli import pin_app, seat_app, token_app
from callcenter.staff.pins import Pins
from callcenter.staff.roles import Role
from callcenter.staff.tokens import Origin, Tokens


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCENTER_DATA", str(tmp_path))


def run(app: Typer, *words: str, keys: str | None = None) -> Result:
    return CliRunner().invoke(app, words, input=keys)


async def test_one_command_gives_a_newcomer_a_pin(tmp_path: Path) -> None:
    result = run(pin_app, "reset", "001")
    assert result.exit_code == 0
    pin = result.stdout.strip()
    assert (await Pins(tmp_path / "secrets").verify("001", pin, 0.0)).ok


async def test_a_pin_is_asked_for_twice_and_not_printed(tmp_path: Path) -> None:
    result = run(pin_app, "set", "001", keys="246810\n246810\n")
    assert result.exit_code == 0
    assert "246810" not in result.output
    assert (await Pins(tmp_path / "secrets").verify("001", "246810", 0.0)).ok


def test_a_new_pin_signs_its_operator_out_of_the_api(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "secrets")
    text, _ = tokens.create(Role.OPERATOR, "001", Origin.PIN, now=0.0, seconds=9.0)
    run(pin_app, "reset", "001")
    assert tokens.verify(text, 1.0) is None


def test_a_rehearsal_has_pins_of_its_own(tmp_path: Path) -> None:
    assert run(pin_app, "reset", "001", "--rehearsal").exit_code == 0
    assert Pins(tmp_path / "rehearsal" / "secrets").known("001")
    assert not Pins(tmp_path / "secrets").known("001")


@pytest.mark.parametrize(
    ("app", "words", "sentence"),
    [
        (pin_app, ("reset", "1"), "1 is no operator's number: it has three digits, like 001"),
        (pin_app, ("set", "001", "--pin", "12"), "4 to 12 digits"),
        (pin_app, ("reset", "999"), "the plan has no operator 999"),
        (seat_app, ("password", "../x"), "the plan has no seat ../x"),
        (token_app, ("create", "--role", "operator"), "add --operator 001"),
        (token_app, ("revoke", "abcd"), "there is no token abcd"),
    ],
)
def test_what_cannot_be_done_is_said(app: Typer, words: tuple[str, ...], sentence: str) -> None:
    result = run(app, *words)
    assert result.exit_code == 1
    assert sentence in result.output


def test_a_seats_password_stays_until_a_new_one_is_wanted() -> None:
    first = run(seat_app, "password", "seat01").stdout
    assert run(seat_app, "password", "seat01").stdout == first
    assert run(seat_app, "password", "seat01", "--new").stdout != first


async def test_a_plan_with_errors_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLCENTER_PLAN", str(tmp_path))
    assert run(pin_app, "reset", "001").exit_code == 0
    assert run(seat_app, "password", "../x").exit_code == 1
    assert run(seat_app, "password", "seat01").exit_code == 0


def test_tokens_are_made_listed_and_revoked() -> None:
    text = run(token_app, "create", "--role", "team_leader", "--days", "1").stdout.strip()
    (kept,) = json.loads(run(token_app, "list", "--json").stdout)
    assert (kept["role"], kept["operator"], kept["origin"]) == ("team_leader", None, "command")
    assert text not in run(token_app, "list").stdout
    assert run(token_app, "revoke", kept["id"]).exit_code == 0
    assert json.loads(run(token_app, "list", "--json").stdout) == []
