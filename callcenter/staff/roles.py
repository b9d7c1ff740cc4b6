"""Roles, from the start: what each may do is decided here alone.

An operator acts for themself and on orders they took; a team leader for all operators; an
administrator does everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a token lets its holder do."""

    OPERATOR = "operator"
    TEAM_LEADER = "team_leader"
    ADMINISTRATOR = "administrator"


ROLE_TITLES = {
    Role.OPERATOR: "话务员",
    Role.TEAM_LEADER: "班长",
    Role.ADMINISTRATOR: "管理员",
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: what a valid token says."""

    role: Role
    operator: str | None
    """The operator's number; None for a person without one."""
    token: str
    """The token's id, which is no secret."""
    expires: float
    """Seconds since 1970 UTC."""

    @property
    def name(self) -> str:
        """How changes are signed: the operator's number, or role and token."""
        return self.operator or f"{self.role}:{self.token}"

    def leads(self) -> bool:
        """Whether the holder sees and directs all operators and orders."""
        return self.role is not Role.OPERATOR

    def acts_for(self, operator: str) -> bool:
        """Whether the holder may sign that operator in, make them ready, end their call."""
        return self.leads() or self.operator == operator
