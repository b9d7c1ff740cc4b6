"""Addresses whose SIP messages are refused; administrators see them and let them in again."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from callcenter.attacks.bans import Sign
from callcenter.orders.times import local
from callcenter.staff.roles import Role
from callcenter.web.api.endpoint import Answer, Ask, Body, Endpoint, Nothing
from callcenter.web.api.errors import refuse


class LiftWish(BaseModel):
    """Which address to let in again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str = Field(min_length=2, max_length=45)


class BanView(BaseModel):
    """One address."""

    address: str
    since: datetime
    until: datetime
    why: Sign
    times: int = Field(description="The how manieth time in a row.")


class BanChangeView(BaseModel):
    """A ban begun, or lifted before its time."""

    at: datetime
    by: str = Field(description="Who lifted it; `rule`: it was banned.")
    address: str
    until: datetime | None = Field(description="null: lifted.")


class BanList(BaseModel):
    """Who is refused now, who would be but is needed, and the latest changes, newest first."""

    bans: tuple[BanView, ...]
    spared: tuple[str, ...] = Field(
        description="Too many tries came from these of late: trunks, softphones, or forged."
    )
    changes: tuple[BanChangeView, ...]


async def _list(ask: Ask[Nothing, Nothing]) -> Answer:
    _only_administrators(ask)
    return Answer(_view(ask))


async def _lift(ask: Ask[Nothing, LiftWish]) -> Answer:
    _only_administrators(ask)
    address = ask.body.address.strip()
    if not ask.services.attacks.lift(address, ask.principal.name):
        message = f"{address} 未被封禁，请对照封禁列表核对地址。"
        raise refuse(404, "not_banned", message, "address")
    return Answer(_view(ask))


def _only_administrators(ask: Ask[Nothing, Body]) -> None:
    if ask.principal.role is not Role.ADMINISTRATOR:
        raise refuse(403, "not_an_administrator", "只有管理员可以查看和解除封禁。")


def _view(ask: Ask[Nothing, Body]) -> BanList:
    attacks = ask.services.attacks
    attack = attacks.attack
    return BanList(
        bans=tuple(
            BanView(
                address=ban.address,
                since=local(ban.since),
                until=local(ban.until),
                why=ban.why,
                times=ban.times,
            )
            for ban in attacks.bans
        ),
        spared=() if attack is None else attack.spared,
        changes=tuple(
            BanChangeView(
                at=local(each.at),
                by=each.by,
                address=each.address,
                until=None if each.until is None else local(each.until),
            )
            for each in reversed(attacks.changes)
        ),
    )


_EXAMPLE: dict[str, JsonValue] = {
    "bans": [
        {
            "address": "203.0.113.7",
            "since": "2017-11-22T10:31:05+08:00",
            "until": "2017-11-22T11:31:05+08:00",
            "why": "unknown",
            "times": 1,
        }
    ],
    "spared": ["192.0.2.21"],
    "changes": [
        {
            "at": "2017-11-22T10:31:05+08:00",
            "by": "rule",
            "address": "203.0.113.7",
            "until": "2017-11-22T11:31:05+08:00",
        }
    ],
}

BANS = (
    Endpoint(
        method="GET",
        path="/bans",
        summary="Addresses whose SIP messages are refused now",
        handler=_list,
        query=Nothing,
        body=Nothing,
        answer=BanList,
        problems=(403,),
        example_answer=_EXAMPLE,
    ),
    Endpoint(
        method="POST",
        path="/bans/lift",
        summary="Let an address in again before its time",
        handler=_lift,
        query=Nothing,
        body=LiftWish,
        answer=BanList,
        problems=(403, 404),
        example_body={"address": "203.0.113.7"},
        example_answer={**_EXAMPLE, "bans": []},
    ),
)
