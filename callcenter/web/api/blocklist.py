"""The blocklist: who is kept out, until when and why; team leaders change it, which is audited."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from callcenter.calls.events import BlockCaller, Request, UnblockCaller
from callcenter.numberplan.model import Treatment
from callcenter.orders.times import local
from callcenter.web.api.endpoint import Answer, Ask, Body, Endpoint, Nothing
from callcenter.web.api.supervision import lead, only_leaders


class BlockWish(BaseModel):
    """Whom to keep out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str = Field(
        min_length=3, max_length=32, description="In any spelling; a prefix of 5 digits ends in *."
    )
    hours: float = Field(gt=0, le=8784, description="For how long, from now.")
    reason: str = Field(min_length=1, max_length=200)
    treatment: Treatment = Treatment.ANNOUNCE


class UnblockWish(BaseModel):
    """Whom to let in again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str = Field(min_length=3, max_length=32)


class BlockView(BaseModel):
    """One entry."""

    number: str = Field(description="E.164; a prefix ends in *.")
    since: datetime
    until: datetime
    reason: str
    treatment: Treatment
    by: str = Field(description="Who entered it; `rule`: it was marked as a nuisance often.")


class BlockChangeView(BaseModel):
    """One change."""

    at: datetime
    by: str
    number: str
    until: datetime | None = Field(description="null: taken out.")
    reason: str


class Blocklist(BaseModel):
    """Who is kept out now, and the latest changes, newest first."""

    blocks: tuple[BlockView, ...]
    changes: tuple[BlockChangeView, ...]


async def _list(ask: Ask[Nothing, Nothing]) -> Answer:
    only_leaders(ask)
    return Answer(_view(ask))


async def _block(ask: Ask[Nothing, BlockWish]) -> Answer:
    wish = ask.body
    return await _change(
        ask,
        BlockCaller(
            number=wish.number,
            until=ask.services.centre.clock.now() + wish.hours * 3600,
            reason=wish.reason.strip(),
            treatment=wish.treatment,
            by=ask.principal.name,
        ),
    )


async def _unblock(ask: Ask[Nothing, UnblockWish]) -> Answer:
    return await _change(ask, UnblockCaller(number=ask.body.number, by=ask.principal.name))


async def _change(ask: Ask[Nothing, Body], request: Request) -> Answer:
    await lead(ask, request)
    return Answer(_view(ask))


def _view(ask: Ask[Nothing, Body]) -> Blocklist:
    centre = ask.services.centre
    now, shield = centre.clock.now(), centre.shield
    return Blocklist(
        blocks=tuple(
            BlockView(
                number=each.number,
                since=local(each.since),
                until=local(each.until),
                reason=each.reason,
                treatment=each.treatment,
                by=each.by,
            )
            for each in sorted(shield.blocks.values(), key=lambda block: block.until)
            if each.until > now
        ),
        changes=tuple(
            BlockChangeView(
                at=local(each.at),
                by=each.by,
                number=each.number,
                until=None if each.until is None else local(each.until),
                reason=each.reason,
            )
            for each in reversed(shield.changes)
        ),
    )


_EXAMPLE: dict[str, JsonValue] = {
    "blocks": [
        {
            "number": "+8613800000000",
            "since": "2017-11-22T10:31:05+08:00",
            "until": "2017-11-25T10:31:05+08:00",
            "reason": "反复占线",
            "treatment": "announce",
            "by": "team_leader:1f2e3d4c",
        }
    ],
    "changes": [
        {
            "at": "2017-11-22T10:31:05+08:00",
            "by": "team_leader:1f2e3d4c",
            "number": "+8613800000000",
            "until": "2017-11-25T10:31:05+08:00",
            "reason": "反复占线",
        }
    ],
}

BLOCKLIST = (
    Endpoint(
        method="GET",
        path="/blocklist",
        summary="Who is kept out now, and who changed that",
        handler=_list,
        query=Nothing,
        body=Nothing,
        answer=Blocklist,
        problems=(403,),
        example_answer=_EXAMPLE,
    ),
    Endpoint(
        method="POST",
        path="/blocklist/block",
        summary="Keep a number, or all that begin so, out for a while",
        handler=_block,
        query=Nothing,
        body=BlockWish,
        answer=Blocklist,
        problems=(403,),
        example_body={
            "number": "13800000000",
            "hours": 72,
            "reason": "反复占线",
            "treatment": "announce",
        },
        example_answer=_EXAMPLE,
    ),
    Endpoint(
        method="POST",
        path="/blocklist/unblock",
        summary="Let a number in again",
        handler=_unblock,
        query=Nothing,
        body=UnblockWish,
        answer=Blocklist,
        problems=(403, 404),
        example_body={"number": "13800000000"},
        example_answer={**_EXAMPLE, "blocks": []},
    ),
)
