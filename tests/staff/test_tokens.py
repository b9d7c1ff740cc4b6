"""Tokens are shown once, kept as hashes, and end."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.staff.roles import Principal, Role
from callcenter.staff.tokens import Origin, Tokens


def test_a_token_says_who_asks_until_it_ends(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    text, kept = tokens.create(Role.OPERATOR, "001", Origin.PIN, now=100.0, seconds=50.0)
    assert tokens.verify(text, 149.0) == Principal(Role.OPERATOR, "001", kept.id, 150.0)
    assert tokens.verify(text, 150.0) is None
    assert tokens.verify(text + "x", 120.0) is None


def test_the_token_itself_is_kept_nowhere(tmp_path: Path) -> None:
    text, _ = Tokens(tmp_path).create(
        Role.ADMINISTRATOR, None, Origin.COMMAND, now=0.0, seconds=9.0
    )
    assert text not in (tmp_path / "tokens.json").read_text()


def test_what_a_command_makes_or_revokes_holds_at_once_in_the_server(tmp_path: Path) -> None:
    server, command = Tokens(tmp_path), Tokens(tmp_path)
    text, kept = command.create(Role.TEAM_LEADER, None, Origin.COMMAND, now=0.0, seconds=9.0)
    assert server.verify(text, 1.0) is not None
    assert command.revoke(kept.id)
    assert server.verify(text, 1.0) is None
    assert not command.revoke(kept.id)


def test_a_new_pin_ends_what_the_old_one_opened_and_nothing_else(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    texts = [
        tokens.create(Role.OPERATOR, operator, origin, now=0.0, seconds=9.0)[0]
        for operator, origin in (
            ("001", Origin.PIN),
            ("002", Origin.PIN),
            ("001", Origin.COMMAND),
        )
    ]
    tokens.revoke_signed_in("001")
    assert [tokens.verify(text, 1.0) is not None for text in texts] == [False, True, True]


def test_long_expired_tokens_are_swept_out(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    tokens.create(Role.OPERATOR, "001", Origin.PIN, now=0.0, seconds=1.0)
    tokens.create(Role.OPERATOR, "001", Origin.PIN, now=30 * 86400.0, seconds=1.0)
    assert len(tokens.all()) == 1


def test_an_operators_token_needs_the_operator(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs the operator's number"):
        Tokens(tmp_path).create(Role.OPERATOR, None, Origin.COMMAND, now=0.0, seconds=1.0)


def test_roles() -> None:
    operator = Principal(Role.OPERATOR, "001", "t", 0.0)
    leader = Principal(Role.TEAM_LEADER, None, "t", 0.0)
    assert operator.acts_for("001")
    assert not operator.acts_for("002")
    assert leader.acts_for("002")
    assert (operator.name, leader.name) == ("001", "team_leader:t")
